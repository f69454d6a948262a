"""What the rules would do with one message, and with many: every answer shown, nothing done. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.compliance.keywords import command_of
from hub.conditions import nodes
from hub.conditions.model import Group
from hub.conditions.plan import plan_rule
from hub.conditions.predicate import Facts, answer
from hub.conditions.vocabulary import Vocabulary
from hub.conditions.words import rule_words
from hub.ids import encode_id
from hub.routing.compiled import CompiledRule, To
from hub.routing.fields import (
    NO_RECORD,
    NOTHING_HEARD,
    Heard,
    Message,
    Record,
    is_of_intent,
    is_of_message,
    values_of,
)
from hub.routing.loading import LoadedRules, PlacedRule
from hub.routing.table import RoutingTable

MOVED_SHOWN_MAX = 200

Missing = Literal["intent", "contact"]


@dataclass(frozen=True, slots=True)
class Tried:
    """`rules`: every rule in its order with its result (None: unknown, as `missing` is not given) and the tree of it.

    `rule_id` None: no rule has it; `to` None: it cannot be said. `command`: a word such as STOP came before all rules.
    """

    rules: Sequence[dict[str, Any]]
    to: To | None
    rule_id: UUID | None
    reason: str
    missing: Missing | None
    command: str | None
    tags: Sequence[str]
    answers: Sequence[str]


def try_message(
    loaded: LoadedRules, message: Message, heard: Heard | None, record: Record | None, floor: float
) -> Tried:
    """The way of one message through all rules. `heard`, `record` None: not known."""
    table = loaded.table
    asked = _Asked(loaded, message, heard, record, floor)
    rows = [_row(each, asked) for each in loaded.rules]
    command = command_of(message.text, False, table.words)
    if command is not None:
        reason = f"{command.command.upper()} command"
        return Tried(rows, None, None, reason, None, command.command.value, (), ())
    started = table.starts.by_words(message) is not None
    for row in () if started else rows:
        if row["counts"] and row["result"] is None:
            missing: Missing = "contact" if record is None and row["asks_contact"] else "intent"
            return Tried(
                rows, None, row["id"], f"rule “{row['name']}” hangs on the {missing}", missing, None, (), ()
            )
        if row["counts"] and row["result"] and not row["goes_on"]:
            break
    route = table.route(message, heard or NOTHING_HEARD, floor, record or NO_RECORD)
    return Tried(
        rows,
        route.to,
        None if route.rule is None else route.rule.id,
        route.reason,
        None,
        None,
        [tag for rule in route.acting for tag in (*rule.tags, *rule.labels)],
        [answer.source for rule in route.acting for answer in rule.answers],
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    loaded: LoadedRules
    message: Message
    heard: Heard | None
    record: Record | None
    floor: float

    def facts(self, rule: CompiledRule) -> Facts:
        heard, record = self.heard or NOTHING_HEARD, self.record or NO_RECORD
        counts = rule.asks_confidence or heard.confidence >= self.floor
        table = self.loaded.table
        values = values_of(
            self.message,
            heard if counts else NOTHING_HEARD,
            record,
            table.waiting,
            table.fields | rule.fields,
        )
        return replace(record.facts, values={**record.facts.values, **values})

    def unknown(self, test: nodes.Test) -> bool:
        if is_of_intent(test):
            return self.heard is None
        return self.record is None and not is_of_message(test)


def _row(placed: PlacedRule, asked: _Asked) -> dict[str, Any]:
    rule, source, compiled = placed.standing.rule, placed.standing.source, placed.compiled
    row: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "from_tenant": None if source is None else source.tenant,
        "enabled": rule.enabled,
        "problem": placed.problem,
        "counts": placed.active is not None,
        "goes_on": rule.continue_,
        "asks_contact": compiled is not None and compiled.asks_contact,
        "result": None,
        "tree": None,
    }
    if compiled is not None:
        facts = asked.facts(compiled)
        row["tree"] = _tree(rule.condition, asked, facts, Vocabulary(asked.loaded.catalog))
        row["result"] = row["tree"]["result"]
    return row


def _tree(group: Group, asked: _Asked, facts: Facts, vocabulary: Vocabulary) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for item in group.rules:
        if isinstance(item, Group):
            items.append(_tree(item, asked, facts, vocabulary))
            continue
        node = plan_rule(item, vocabulary.catalog)
        said = answer(node, facts, asked.message.at, asked.loaded.table.segments, asked.unknown)
        items.append({**item.model_dump(mode="json"), "result": said, "words": rule_words(item, vocabulary)})
    results = [item["result"] for item in items]
    if group.combinator == "or" and results:
        joined = True if True in results else None if None in results else False
    else:
        joined = False if False in results else None if None in results else True
    turned = None if joined is None else joined != group.not_
    return {"combinator": group.combinator, "not": group.not_, "rules": items, "result": turned}


@dataclass(frozen=True, slots=True)
class Past:
    """A message that was written, with what was understood of it then and what is known of its contact now."""

    id: UUID
    contact_id: UUID
    contact_name: str
    message: Message
    heard: Heard
    record: Record


@dataclass(frozen=True, slots=True)
class Moved:
    past: Past
    before: To
    after: To
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class BackTest:
    """How many messages each rule has, by its id (None: no rule), with the rules as they are and as they would be."""

    messages: int
    since: datetime
    complete: bool
    before: Counter[UUID | None]
    after: Counter[UUID | None]
    moved: int
    shown: Sequence[Moved]


def back_test(
    past: Sequence[Past],
    current: RoutingTable,
    draft: RoutingTable,
    floor: float,
    *,
    since: datetime,
    complete: bool,
) -> BackTest:
    """Each message as if it began a conversation. Commands such as STOP are left out: no rule ever sees them."""
    before: Counter[UUID | None] = Counter()
    after: Counter[UUID | None] = Counter()
    moved = looked_at = 0
    shown: list[Moved] = []
    for each in past:
        if command_of(each.message.text, False, current.words) is not None:
            continue
        looked_at += 1
        was = current.route(each.message, each.heard, floor, each.record)
        now = draft.route(each.message, each.heard, floor, each.record)
        before[None if was.rule is None else was.rule.id] += 1
        after[None if now.rule is None else now.rule.id] += 1
        if was.to != now.to:
            moved += 1
            if len(shown) < MOVED_SHOWN_MAX:
                shown.append(Moved(each, was.to, now.to, was.reason, now.reason))
    return BackTest(looked_at, since, complete, before, after, moved, shown)


def outcome(to: To, table: RoutingTable, flows: dict[UUID, str]) -> dict[str, Any]:
    """Where a conversation goes, for screens: kind, id and name of the target, priority."""
    if to.closed:
        return {"type": "close", "id": None, "name": "", "priority": 0}
    if to.flow_id is not None:
        return {
            "type": "flow",
            "id": encode_id("flw", to.flow_id),
            "name": flows.get(to.flow_id, ""),
            "priority": 0,
        }
    if to.user_id is not None:
        return {
            "type": "agent",
            "id": encode_id("usr", to.user_id),
            "name": table.users.get(to.user_id, ""),
            "priority": 0,
        }
    if to.queue_id is None:
        return {"type": "none", "id": None, "name": "", "priority": 0}
    return {
        "type": "queue",
        "id": encode_id("que", to.queue_id),
        "name": table.queues.get(to.queue_id, ""),
        "priority": to.priority,
    }
