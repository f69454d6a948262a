"""Short words for rules and tables, for the tests of routing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.flows.definition import read
from hub.routing.compiled import Targets
from hub.routing.fields import Message, routing_catalog
from hub.routing.loading import compile_all
from hub.routing.rule import Rule, Standing
from hub.routing.table import RoutingTable

ORDERS, CARE, GENERAL = UUID(int=1), UUID(int=2), UUID(int=3)
HOURS, SURVEY = UUID(int=8), UUID(int=9)
ANN, LINE, VIPS = UUID(int=31), UUID(int=41), UUID(int=51)
VERSION = UUID(int=61)
QUEUES = {ORDERS: "Orders", CARE: "Care", GENERAL: "General"}
TARGETS = Targets(QUEUES, {HOURS: "Hours", SURVEY: "Survey"}, {ANN: "Ann"})
CATALOG = routing_catalog(
    contact_catalog([AttributeSpec("city", "City", "text")], segments={VIPS: "VIPs"}),
    channels={LINE: "Main line"},
    queues=QUEUES,
)
WEDNESDAY = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)


def asks(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def keyword(*words: str) -> dict[str, Any]:
    return asks("message.keyword", "in", list(words))


def intent(label: str) -> dict[str, Any]:
    return asks("message.intent", "=", label)


def queue(queue_id: UUID, priority: int = 0) -> dict[str, Any]:
    return {"type": "queue", "queue_id": queue_id, "priority": priority}


def rule(number: int, tests: Sequence[Any], *actions: Mapping[str, Any], **more: Any) -> Rule:
    """The rule with the id `number`, called `r<number>`; its tests joined by "and"."""
    return Rule(
        id=UUID(int=number),
        name=more.pop("name", f"r{number}"),
        condition={"combinator": more.pop("combinator", "and"), "rules": list(tests)},
        actions=actions,
        **more,
    )


def table(rules: Sequence[Rule], **more: Any) -> RoutingTable:
    """The table of these rules; raises AssertionError for one that cannot be used."""
    placed = compile_all([Standing(rule=each) for each in rules], CATALOG, TARGETS)
    assert [each.problem for each in placed if each.problem] == []
    values: dict[str, Any] = {
        "flows": dict.fromkeys(TARGETS.flows, read(SAY)),
        "fallback_queue_id": GENERAL,
        "intent_version_id": VERSION,
        "segments": {VIPS: None},
        "users": TARGETS.users,
    }
    return RoutingTable("Acme", [each.active for each in placed if each.active], QUEUES, **(values | more))


SAY: dict[str, Any] = {"start": "say", "nodes": {"say": {"type": "send", "text": "9 to 19"}}}


def message(text: str = "hi", **changes: Any) -> Message:
    values: dict[str, Any] = {"channel_kind": "sms", "channel_id": LINE, "at": WEDNESDAY}
    return Message(text, **(values | changes))
