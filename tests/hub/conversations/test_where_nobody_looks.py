"""No conversation stays where nobody looks: in a queue that is put away, or with somebody who may not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hub.conversations.state import Conversation, Event, Inbound, MarkRead, Reopen
from hub.conversations.turn import turn
from tests.hub.routing.rules import ANN, CARE, GENERAL, keyword, queue, rule, table

BOB = UUID(int=4_711)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = [
    rule(1, [keyword("care")], queue(CARE)),
    rule(2, [keyword("ann")], {"type": "agent", "user_id": ANN}),
]
AWAY = table(RULES, archived=frozenset({CARE}))
UNABLE = table(RULES, unable=frozenset({ANN, BOB}))


def conversation(**changes: Any) -> Conversation:
    return replace(Conversation(UUID(int=7), UUID(int=8), queue_id=CARE), **changes)


def says(text: str) -> Inbound:
    return Inbound(UUID(int=20), "k", UUID(int=21), "sms", "+15550001", text, "p", NOON)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (conversation(status="closed"), Reopen(NOON)),
        (conversation(status="closed", assignee_id=ANN), Reopen(NOON)),
        (conversation(status="closed"), says("care")),
        (conversation(status="snoozed"), says("hello")),
        (conversation(status="open"), MarkRead(NOON)),
    ],
)
def test_a_queue_that_is_put_away_counts_for_none(state: Conversation, event: Event) -> None:
    after = turn(state, event, AWAY).state
    assert (after.status, after.queue_id, after.assignee_id) == ("open", GENERAL, state.assignee_id)
    assert after.reason.endswith("; its queue is archived")


def test_without_another_queue_it_stays_and_what_is_closed_does() -> None:
    alone = table(RULES, archived=frozenset({CARE}), fallback_queue_id=None)
    assert turn(conversation(status="closed"), Reopen(NOON), alone).state.queue_id == CARE
    assert turn(conversation(status="closed"), MarkRead(NOON), AWAY).state.queue_id == CARE


@pytest.mark.parametrize("status", ["open", "snoozed", "waiting"])
def test_who_may_not_answer_any_more_loses_it_when_the_contact_writes(status: str) -> None:
    state = conversation(status=status, assignee_id=BOB, last_direction="out")
    kept = turn(state, says("hello"), AWAY).state
    assert (kept.assignee_id, kept.status) == (BOB, "open")
    result = turn(state, says("hello"), UNABLE)
    assert (result.state.assignee_id, result.state.queue_id) == (None, CARE)
    assert result.state.waiting_since == NOON
    assert result.state.reason == "back in the queue: the agent may not answer any more"
    assert [each.kind for each in result.happened] == ["assigned"]
    alone = table(RULES, unable=frozenset({BOB}), fallback_queue_id=None)
    assert turn(replace(state, queue_id=None), says("hello"), alone).state.assignee_id == BOB


def test_a_rule_gives_nothing_to_who_may_not_answer() -> None:
    assert turn(conversation(), says("ann"), AWAY).state.assignee_id == ANN
    after = turn(conversation(), says("ann"), UNABLE).state
    assert (after.assignee_id, after.queue_id) == (None, GENERAL)
