"""Rules of before the one list: what they become."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hub.ids import encode_id
from hub.routing.rule import RuleList

migration: Any = import_module("models.migrations.versions.0006_rules")
ORDERS, GENERAL, FLOW, VIPS = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


def row(number: int, kind: str, match: str = "", **more: Any) -> SimpleNamespace:
    values: dict[str, Any] = {"threshold": 0.0, "queue_id": None, "flow_id": None, "segment_id": None}
    return SimpleNamespace(id=UUID(int=100 + number), kind=kind, match=match, **(values | more))


def test_every_row_becomes_a_rule_in_the_order_in_which_it_was_looked_at() -> None:
    found = migration.converted(
        [
            row(1, "fallback", queue_id=GENERAL),
            row(2, "intent", "refund", queue_id=ORDERS, threshold=0.6, segment_id=VIPS),
            row(3, "intent", "refund", queue_id=GENERAL),
            row(4, "intent", "refund", queue_id=ORDERS),
            row(5, "keyword", "Opening  Hours", flow_id=FLOW),
            row(6, "keyword", "opening hours", queue_id=ORDERS),
            row(7, "fallback", queue_id=ORDERS, segment_id=VIPS),
        ]
    )
    rules = RuleList.model_validate(found)
    assert rules.fallback_queue_id == GENERAL
    assert [(each.id.int - 100, each.name, each.enabled) for each in rules.rules] == [
        (5, "Keyword Opening  Hours", True),
        (6, "Keyword opening hours", False),
        (2, "Intent refund", True),
        (3, "Intent refund", True),
        (4, "Intent refund", False),
        (7, "Everything else", False),
    ]
    (segment, intent, confidence) = rules.rules[2].condition.rules
    assert segment.model_dump() == {"field": "segment", "operator": "in", "value": encode_id("seg", VIPS)}
    assert intent.model_dump() == {"field": "message.intent", "operator": "=", "value": "refund"}
    assert confidence.model_dump() == {"field": "message.confidence", "operator": ">=", "value": 0.6}
    assert [each.actions[0].model_dump(exclude={"priority"}) for each in rules.rules[:2]] == [
        {"type": "flow", "flow_id": FLOW},
        {"type": "queue", "queue_id": ORDERS},
    ]


def test_without_a_fallback_nothing_is_made_up() -> None:
    assert migration.converted([]) == {"rules": [], "fallback_queue_id": None}
