"""What is no condition is refused, by place; what is one never reaches the text of the SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.conditions.errors import ConditionInvalid
from hub.conditions.model import normal, read
from hub.conditions.nodes import All, Any_, InSegment, Not
from hub.conditions.plan import check, plan
from hub.conditions.sql import compile_condition
from hub.ids import new_id

CATALOG = contact_catalog(
    [
        AttributeSpec("city", "City", "text"),
        AttributeSpec("age", "Age", "number"),
        AttributeSpec("joined", "Joined", "date"),
        AttributeSpec("gold", "Gold", "boolean"),
        AttributeSpec("plan", "Plan", "choice", ("Basic", "Pro")),
    ]
)
DAYS = {"amount": 7, "unit": "days"}


def rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("wrong", "place", "code"),
    [
        (rule("name", "=", ""), "/value", "wrong-length"),
        (rule("name", "=", "x" * 201), "/value", "wrong-length"),
        (rule("name", "=", "a\0b"), "/value", "wrong-text"),
        (rule("name", "=", "\ud800"), "/value", "wrong-text"),
        (rule("name", "in", []), "/value", "wrong-length"),
        (rule("name", "in", ["a"] * 201), "/value", "wrong-length"),
        (rule("name", "in", "a,b"), "/value", "wrong-type"),
        (rule("name", "regex", "(a+)+$"), "/operator", "unknown-operator"),
        (rule("attribute.age", "=", "5"), "/value", "wrong-type"),
        (rule("attribute.age", "=", True), "/value", "wrong-type"),
        (rule("attribute.age", "=", float("nan")), "/value", "out-of-range"),
        (rule("attribute.age", "=", float("1e400")), "/value", "out-of-range"),
        (rule("attribute.age", "=", 10**400), "/value", "out-of-range"),
        (rule("attribute.age", "between", [5]), "/value", "wrong-type"),
        (rule("attribute.age", "between", [5, 1]), "/value", "turned-round"),
        (rule("attribute.joined", "=", "2026-02-30"), "/value", "no-such-date"),
        (rule("attribute.joined", "=", "31.01.2026"), "/value", "wrong-type"),
        (rule("attribute.joined", "=", "0001-01-01"), "/value", "out-of-range"),
        (rule("attribute.joined", "inLast", {"amount": 1, "unit": "hours"}), "/value/unit", "unknown-unit"),
        (rule("attribute.gold", "=", "true"), "/value", "wrong-type"),
        (rule("attribute.plan", "=", "Gold"), "/value", "unknown-choice"),
        (rule("attribute.none", "=", "x"), "/field", "unknown-attribute"),
        (rule("created_at", ">", "2026-01-01T00:00:00"), "/value", "wrong-type"),
        (rule("created_at", "inLast", {"amount": 0, "unit": "days"}), "/value/amount", "out-of-range"),
        (rule("created_at", "inLast", {"amount": 1.5, "unit": "days"}), "/value/amount", "wrong-type"),
        (rule("created_at", "inLast", {"amount": 10**9, "unit": "days"}), "/value/amount", "out-of-range"),
        (rule("country", "=", "XX"), "/value", "unknown-country"),
        (rule("consent.sms", "=", "maybe"), "/value", "unknown-choice"),
        (rule("consent.fax", "=", "none"), "/field", "unknown-field"),
        (rule("reachable", "on", "fax"), "/value", "unknown-choice"),
        (rule("segment", "in", "x"), "/value", "wrong-id"),
        (rule("campaign", "received", "cmp_" + "0" * 26), "/value", "unknown-campaign"),
        (rule("event. x", "happened"), "/field", "unknown-field"),
        (rule("event.x", "happened", {"at_least": 0}), "/value/at_least", "out-of-range"),
        (rule("event.x", "happened", {"channel": "sms"}), "/value/channel", "unknown-member"),
        (rule("event.x", "happened", {"within": {"amount": 1}}), "/value/within/unit", "unknown-unit"),
        (
            rule("event.x", "happened", {"where": [{"property": "a", "operator": "<", "value": "x"}]}),
            "/value/where/0/operator",
            "unknown-operator",
        ),
        (
            rule("event.x", "happened", {"where": [{"property": "", "operator": "="}]}),
            "/value/where/0/property",
            "wrong-text",
        ),
        (rule("message.inbound", "happened", {"channel": "fax"}), "/value/channel", "unknown-choice"),
        ({"field": 5, "operator": "="}, "/field", "missing"),
        ({"rules": []}, "/rules", "empty-group"),
        ({"rules": [], "combinator": "xor"}, "/combinator", "unknown-combinator"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(wrong: Any, place: str, code: str) -> None:
    raw = {"combinator": "and", "rules": [rule("tag", "has", "vip"), {"combinator": "or", "rules": [wrong]}]}
    with pytest.raises(ConditionInvalid) as caught:
        check(read(raw), CATALOG)
    first = caught.value.errors[0]
    assert (first["pointer"], first["code"]) == (f"/rules/1/rules/0{place}", code)


def test_everything_wrong_is_named_at_once() -> None:
    raw = {"rules": [rule("none", "=", 1), rule("name", "=", 1), {"rules": [rule("attribute.age", "~", 1)]}]}
    with pytest.raises(ConditionInvalid) as caught:
        check(read(raw), CATALOG, "/condition")
    assert [error["pointer"] for error in caught.value.errors] == [
        "/condition/rules/0/field",
        "/condition/rules/1/value",
        "/condition/rules/2/rules/0/operator",
    ]


def test_a_condition_of_any_depth_costs_what_the_limits_allow() -> None:
    deep: Any = rule("tag", "has", "vip")
    for _ in range(100_000):
        deep = {"rules": [deep]}
    with pytest.raises(ConditionInvalid) as caught:
        read(deep)
    assert caught.value.errors[0]["code"] == "too-deep"


@pytest.mark.parametrize("raw", [None, 5, "x", [], {"field": "name"}, {"rules": "x"}, {"rules": None}])
def test_what_is_no_group_is_refused(raw: Any) -> None:
    with pytest.raises(ConditionInvalid):
        read(raw)


def test_ids_of_the_builder_are_ignored() -> None:
    raw = {"id": "g-1", "combinator": "and", "rules": [{"id": "r-1", **rule("tag", "has", "vip")}]}
    assert read(raw).rules == read({"rules": [rule("tag", "has", "vip")]}).rules


def test_no_text_of_a_person_stands_in_the_sql() -> None:
    evil = "'; DROP TABLE contacts; --"
    raw = {
        "rules": [
            rule("name", "contains", evil),
            rule("tag", "has", evil),
            rule(
                f"event.{evil}", "happened", {"where": [{"property": evil, "operator": "=", "value": evil}]}
            ),
        ]
    }
    compiled = compile_condition(plan(read(raw), CATALOG), tenant_id=new_id(), now=datetime.now(UTC))
    assert "DROP" not in compiled.sql
    assert evil in compiled.values.values()


def test_segments_in_segments_have_a_limit() -> None:
    ids = [new_id() for _ in range(6)]
    catalog = contact_catalog(segments={each: str(each) for each in ids})
    three = {"combinator": "or", "rules": [rule("tag", "has", str(nth)) for nth in range(5)]}
    segments: dict[Any, Any] = {ids[0]: plan(read(three), catalog)}
    for inner, outer in pairwise(ids):
        segments[outer] = Any_((InSegment(inner), Not(InSegment(inner)), All((InSegment(inner),))))
    with pytest.raises(ConditionInvalid) as caught:
        compile_condition(InSegment(ids[-1]), tenant_id=new_id(), now=datetime.now(UTC), segments=segments)
    assert caught.value.errors[0]["code"] == "too-large"


def test_the_normal_form_drops_what_makes_no_difference() -> None:
    vip = rule("tag", "has", "vip")
    inside = {"combinator": "or", "rules": [{"combinator": "or", "rules": [vip]}]}
    assert normal(read(inside)) == read({"combinator": "and", "rules": [vip]})
    twice = {"not": True, "rules": [{"not": True, "rules": [vip]}]}
    assert normal(read(twice)) == read(twice)
