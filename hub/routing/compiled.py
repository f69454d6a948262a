"""A rule made ready for many messages: its condition planned, its targets found, what it hangs on known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.conditions import nodes
from hub.conditions.catalog import Catalog
from hub.conditions.errors import ConditionInvalid
from hub.conditions.nodes import Node, Not
from hub.conditions.plan import plan
from hub.conditions.predicate import Facts, Ready, Segments, answer, ready
from hub.routing.fields import (
    CONFIDENCE,
    INTENT,
    KEYWORD,
    OF_TEXT,
    WORDING,
    is_of_intent,
    is_of_message,
)
from hub.routing.rule import AddTag, Answer, CloseIt, Standing, Tell, ToAgent, ToFlow, ToQueue
from hub.templates.render import Template, TemplateInvalid, compile_template

Anchor = tuple[str, str]
"""A field of the message, or TAG, and what it has: what rules are looked up by."""
TAG = "tag"
_RANKS = {KEYWORD: 0, INTENT: 1, WORDING: 2, TAG: 3}


@dataclass(frozen=True, slots=True)
class To:
    """Where a conversation goes: to a queue, a flow or a person; or nowhere, as it is closed.

    `start`: the node where the flow begins; empty: the flow's own.
    """

    queue_id: UUID | None = None
    flow_id: UUID | None = None
    user_id: UUID | None = None
    closed: bool = False
    priority: int = 0
    start: str = ""

    @property
    def is_people(self) -> bool:
        return self.queue_id is not None or self.user_id is not None


@dataclass(frozen=True, slots=True)
class Targets:
    """What the rules of a tenant may name: its queues and flows, and the people who can be given a conversation."""

    queues: Mapping[UUID, str]
    flows: Mapping[UUID, str]
    users: Mapping[UUID, str]
    hooks: Mapping[UUID, str] = field(default_factory=dict)
    """The enabled webhook endpoints."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """`anchors`: it can only hold where one of these is there (None: no such bound); `exact`: and then it does hold.

    `tags` are for the contact, `labels` for the conversation. `to` None: it decides nothing. `test`, `early`: the whole condition, and what of it needs no intent.
    """

    id: UUID
    name: str
    node: Node
    test: Ready
    early: Ready
    to: To | None
    goes_on: bool
    tags: tuple[str, ...]
    labels: tuple[str, ...]
    hooks: tuple[UUID, ...]
    answers: tuple[Template, ...]
    anchors: frozenset[Anchor] | None
    exact: bool
    asks_intent: bool
    asks_confidence: bool
    asks_text: bool
    asks_contact: bool
    fields: frozenset[str]

    @property
    def spares_classifier(self) -> bool:
        """Whether nobody needs to know the intent of a message that this rule decides: its words have said enough, or no
        person will look at it.
        """
        return self.asks_text or (self.to is not None and not self.to.is_people)

    def holds(
        self, facts: Facts, now: datetime, segments: Segments, *, intent: bool, contact: bool
    ) -> bool | None:
        """In three values: `intent`, `contact` say what is known."""

        def unknown(test: nodes.Test) -> bool:
            return (not intent and is_of_intent(test)) or (not contact and not is_of_message(test))

        return answer(self.node, facts, now, segments, unknown)


class Unusable(Exception):
    """A rule that cannot be used; the argument says why, for people."""


def compile_rule(
    standing: Standing, catalog: Catalog, targets: Targets, segments: Segments | None = None
) -> CompiledRule:
    """Raises Unusable for one whose condition or target is not there (any more), or not in this tenant."""
    rule = standing.rule
    try:
        node = plan(rule.condition, catalog)
        answers = tuple(compile_template(each.text) for each in rule.actions if isinstance(each, Answer))
    except (ConditionInvalid, TemplateInvalid) as error:
        raise Unusable(error.detail) from None
    found = list(tests_in(node))
    fields = frozenset(test.field for test in found if isinstance(test, nodes.Value))
    return CompiledRule(
        id=rule.id,
        name=rule.name,
        node=node,
        test=ready(node, segments),
        early=ready(without_intent(node), segments),
        to=_target(standing, targets),
        goes_on=rule.continue_,
        tags=tuple(each.tag for each in rule.actions if isinstance(each, AddTag) and each.on == "contact"),
        labels=tuple(each.tag for each in rule.actions if isinstance(each, AddTag) and each.on != "contact"),
        hooks=tuple(each.endpoint_id for each in told_by(standing) if each.endpoint_id in targets.hooks),
        answers=answers,
        anchors=anchors(node),
        exact=only_values(node, KEYWORD) or only_values(node, INTENT),
        asks_intent=any(is_of_intent(test) for test in found),
        asks_confidence=CONFIDENCE in fields,
        asks_text=bool(fields & OF_TEXT),
        asks_contact=not all(is_of_message(test) for test in found) or any(a.variables for a in answers),
        fields=fields,
    )


def told_by(standing: Standing) -> list[Tell]:
    """The webhooks of a rule. Of one from above none: the endpoints are those of the tenant that wrote it."""
    if standing.source is not None:
        return []
    return [each for each in standing.rule.actions if isinstance(each, Tell)]


def _target(standing: Standing, targets: Targets) -> To | None:
    """Raises Unusable. A rule from above means the queue or flow of this tenant that has the same name."""
    match standing.rule.decision, standing.source:
        case None, _:
            return None
        case CloseIt(), _:
            return To(closed=True)
        case ToQueue(queue_id=key, priority=priority), source:
            names = None if source is None else source.queues
            return To(queue_id=_same(key, targets.queues, names, "queue"), priority=priority)
        case ToFlow(flow_id=key), source:
            names = None if source is None else source.flows
            return To(flow_id=_same(key, targets.flows, names, "flow"))
        case ToAgent(user_id=key), _:
            if key not in targets.users:
                raise Unusable("this person is not in the workspace (any more)")
            return To(user_id=key)
        case decision, _:
            raise TypeError(f"{type(decision).__name__} decides nothing")


def _same(key: UUID, own: Mapping[UUID, str], above: Mapping[UUID, str] | None, what: str) -> UUID:
    if above is None:
        if key not in own:
            raise Unusable(f"its {what} is not there any more")
        return key
    name = above.get(key, "")
    found = next((each for each, called in own.items() if called.casefold() == name.casefold()), None)
    if found is None:
        raise Unusable(f"there is no {what} {name!r} in this workspace")
    return found


def tests_in(node: Node) -> Iterator[nodes.Test]:
    """Every test of a plan."""
    match node:
        case nodes.All(each) | nodes.Any_(each):
            for one in each:
                yield from tests_in(one)
        case Not(inner):
            yield from tests_in(inner)
        case _:
            yield node


def anchors(node: Node) -> frozenset[Anchor] | None:
    """Of these facts at least one must be there for the condition to hold; None: it may hold without any of them.

    Of several that must hold together the one is taken that most messages lack.
    """
    match node:
        case nodes.OneOf(field, values) if values is not None and field in (KEYWORD, INTENT):
            return frozenset((field, value) for value in values)
        case nodes.Text(field, "contains", (words,)) if field == WORDING:
            return frozenset({(field, words.split()[0])})
        case nodes.Tag(tag):
            return frozenset({(TAG, tag)})
        case nodes.All(each):
            bounds = [bound for one in each if (bound := anchors(one)) is not None]
            return min(bounds, key=_rank, default=None)
        case nodes.Any_(each) if each:
            parts = [anchors(one) for one in each]
            known = [part for part in parts if part is not None]
            return frozenset().union(*known) if len(known) == len(parts) else None
        case _:
            return None


def _rank(bound: frozenset[Anchor]) -> tuple[int, int]:
    return max((_RANKS[kind] for kind, _ in bound), default=-1), len(bound)


def only_values(node: Node, field: str) -> bool:
    """Whether the condition is nothing but `field` having one of some values."""
    match node:
        case nodes.OneOf(name, values):
            return name == field and values is not None
        case nodes.All((only,)):
            return only_values(only, field)
        case nodes.Any_(each) if each:
            return all(only_values(one, field) for one in each)
        case _:
            return False


def without_intent(node: Node) -> Node:
    """What of the condition can be asked before the intent is known: if it does not hold, neither does the condition."""
    conjuncts = node.nodes if isinstance(node, nodes.All) else (node,)
    return nodes.All(tuple(one for one in conjuncts if not any(map(is_of_intent, tests_in(one)))))
