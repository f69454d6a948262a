"""The routing table as a table."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.routing.table import Rule, build

ORDERS, CARE, GENERAL = UUID(int=1), UUID(int=2), UUID(int=3)
FLOW = UUID(int=9)
QUEUES = {ORDERS: "Orders", CARE: "Care", GENERAL: "General"}


def rule(number: int, kind: str, match: str = "", threshold: float = 0.0, queue: UUID | None = None) -> Rule:
    return Rule(UUID(int=100 + number), kind, match, threshold, queue, None if queue else FLOW)


RULES = [
    rule(1, "keyword", "Opening  Hours"),
    rule(2, "keyword", "opening hours", queue=CARE),
    rule(3, "intent", "order_status", 0.5, ORDERS),
    rule(4, "intent", "order_status", 0.1, CARE),
    rule(5, "intent", "thanks", 0.0, CARE),
    rule(6, "fallback", queue=GENERAL),
    rule(7, "fallback", queue=CARE),
]
TABLE = build("Acme", RULES, QUEUES, {}, None)

ROUTES = [
    ("order_status", 0.9, 0.35, 103, ORDERS, "intent order_status 0.90 ≥ 0.50"),
    ("order_status", 0.5, 0.35, 103, ORDERS, "intent order_status 0.50 ≥ 0.50"),
    ("order_status", 0.49, 0.35, 106, GENERAL, "intent order_status 0.49 < 0.50 → fallback"),
    ("thanks", 0.36, 0.35, 105, CARE, "intent thanks 0.36 ≥ 0.35"),
    ("thanks", 0.34, 0.35, 106, GENERAL, "intent thanks 0.34 < 0.35 → fallback"),
    ("refund", 0.99, 0.35, 106, GENERAL, "no rule for intent refund → fallback"),
    (None, 0.0, 0.35, 106, GENERAL, "no intent recognised → fallback"),
]


@pytest.mark.parametrize(("intent", "confidence", "floor", "number", "queue", "reason"), ROUTES)
def test_route(
    intent: str | None, confidence: float, floor: float, number: int, queue: UUID, reason: str
) -> None:
    route = TABLE.route(intent, confidence, floor)
    assert (route.rule_id, route.queue_id, route.reason) == (UUID(int=number), queue, reason)


def test_without_rules_nobody_is_chosen_but_the_reason_is_told() -> None:
    route = build("Acme", [], {}, {}, None).route("thanks", 0.9, 0.3)
    assert (route.rule_id, route.queue_id, route.flow_id) == (None, None, None)
    assert route.reason == "no rule for intent thanks; no fallback rule"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("opening hours", 101),
        ("  OPENING\nhours!", 101),
        ("opening hours?", None),
        ("what are your opening hours", None),
        ("", None),
        ("opening hours" + " " * 200, None),
    ],
)
def test_a_keyword_is_the_whole_message(text: str, number: int | None) -> None:
    found = TABLE.keyword(text)
    assert (None if found is None else found.id.int) == number


def test_queues_are_found_by_name_whatever_its_case() -> None:
    assert TABLE.queue_ids["orders"] == ORDERS


VIPS, STAFF = UUID(int=51), UUID(int=52)
NARROW = build(
    "Acme",
    [
        Rule(UUID(int=201), "intent", "refund", 0.0, CARE, None, VIPS),
        Rule(UUID(int=202), "intent", "refund", 0.0, GENERAL, None),
        Rule(UUID(int=203), "keyword", "canteen", 0.0, None, FLOW, STAFF),
        Rule(UUID(int=204), "fallback", "", 0.0, ORDERS, None, STAFF),
        Rule(UUID(int=205), "fallback", "", 0.0, GENERAL, None),
    ],
    QUEUES,
    {},
    None,
)


@pytest.mark.parametrize(
    ("member_of", "refund", "nothing", "canteen"),
    [
        (frozenset(), 202, 205, None),
        (frozenset({VIPS}), 201, 205, None),
        (frozenset({STAFF}), 202, 204, 203),
        (frozenset({VIPS, STAFF}), 201, 204, 203),
    ],
)
def test_rules_of_a_segment_are_for_its_members(
    member_of: frozenset[UUID], refund: int, nothing: int, canteen: int | None
) -> None:
    table = NARROW.narrowed(member_of)
    assert table.route("refund", 0.9, 0.3).rule_id == UUID(int=refund)
    assert table.route(None, 0.0, 0.3).rule_id == UUID(int=nothing)
    found = table.keyword("canteen")
    assert (found.id.int if found else None) == canteen
    assert NARROW.segment_ids == {VIPS, STAFF}
    assert NARROW.narrowed(member_of) is table
