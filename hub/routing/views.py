"""Rules in plain English and where they lead, for screens. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from hub.conditions.catalog import Catalog
from hub.conditions.words import EVERYONE, words
from hub.routing.loading import LoadedRules
from hub.routing.rule import (
    PRIORITIES,
    Action,
    AddTag,
    Answer,
    Rule,
    Standing,
    Tell,
    ToAgent,
    ToFlow,
    ToQueue,
)

EVERY_MESSAGE = "every message"


def condition_words(rule: Rule, catalog: Catalog) -> str:
    said = words(rule.condition, catalog)
    return EVERY_MESSAGE if said == EVERYONE else said


def does(standing: Standing, loaded: LoadedRules, flows: Mapping[UUID, str]) -> Sequence[str]:
    """What the actions do, one after the other."""
    source = standing.source
    queues = loaded.table.queues if source is None else source.queues
    named = flows if source is None else source.flows
    return [_does(action, queues, named, loaded.table.users) for action in standing.rule.actions]


def _does(
    action: Action, queues: Mapping[UUID, str], flows: Mapping[UUID, str], users: Mapping[UUID, str]
) -> str:
    match action:
        case ToQueue(queue_id=key, priority=priority):
            urgency = f", priority {PRIORITIES[priority]}" if priority else ""
            return f"queue {queues.get(key, 'that is gone')}{urgency}"
        case ToFlow(flow_id=key):
            return f"flow {flows.get(key, 'that is gone')}"
        case ToAgent(user_id=key):
            return f"to {users.get(key, 'somebody who is gone')}"
        case Answer(text=text):
            return f"answer “{text}”"
        case AddTag(tag=tag, on=on):
            return f"tag {tag}" if on == "contact" else f"tag the conversation {tag}"
        case Tell():
            return "tell a webhook"
        case _:
            return "close"
