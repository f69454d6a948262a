from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.conditions.model import read
from hub.conditions.parse import WordsInvalid, parse
from hub.conditions.words import canonical, words
from hub.ids import encode_id, new_id
from tests.hub.conditions import people

SEGMENT, CAMPAIGN = new_id(), new_id()
CATALOG = contact_catalog(
    [
        AttributeSpec("city", "City", "text"),
        AttributeSpec("age", "Age", "number"),
        AttributeSpec("gold", "Gold member", "boolean"),
        AttributeSpec("joined", "Joined", "date"),
        AttributeSpec("and_more", "And more", "text"),
    ],
    segments={SEGMENT: "Lapsed people"},
    campaigns={CAMPAIGN: "Winback"},
)


def group(*rules: Any, combinator: str = "and", turned: bool = False) -> dict[str, Any]:
    return {"combinator": combinator, "not": turned, "rules": list(rules)}


def rule(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


WEEK = {"amount": 7, "unit": "days"}
CASES = [
    (group(), "everyone"),
    (group(turned=True), "no one"),
    (
        group(
            rule("attribute.city", "=", "Pune"),
            group(rule("tag", "has", "vip"), rule("last_inbound_at", "inLast", WEEK), combinator="or"),
            group(rule("segment", "in", encode_id("seg", SEGMENT)), turned=True),
        ),
        'city is Pune and (tag is vip or last inbound in the last 7 days) and not (in segment "Lapsed people")',
    ),
    (group(rule("attribute.city", "in", ["New Delhi", "Pune"])), 'city is any of "New Delhi", Pune'),
    (group(rule("attribute.city", "=", "and")), 'city is "and"'),
    (group(rule("attribute.city", "null")), "city is unknown"),
    (group(rule("attribute.age", "between", [18, 30.5])), "age is between 18 and 30.5"),
    (group(rule("attribute.gold", "=", True)), "gold member is true"),
    (group(rule("attribute.joined", "<", "2026-01-31")), "joined is before 2026-01-31"),
    (group(rule("attribute.and_more", "contains", 'a "b"')), 'attribute.and_more contains "a \\"b\\""'),
    (group(rule("consent.sms", "=", "opted_in")), "SMS consent is opted in"),
    (group(rule("reachable", "notOn", "rcs")), "unreachable on rcs"),
    (
        group(rule("campaign", "receivedNotAnswered", encode_id("cmp", CAMPAIGN))),
        "received but did not answer campaign Winback",
    ),
    (
        group(rule("message.inbound", "happened", {"at_least": 2, "within": WEEK, "channel": "whatsapp"})),
        "wrote to us at least 2 times in the last 7 days on whatsapp",
    ),
    (
        group(rule("message.outbound", "didNotHappen", {"within": {"amount": 1, "unit": "hours"}})),
        "was not sent a message in the last 1 hour",
    ),
    (
        group(
            rule(
                "event.order placed",
                "happened",
                {
                    "where": [
                        {"property": "amount", "operator": ">=", "value": 100},
                        {"property": "plan", "operator": "=", "value": "100"},
                        {"property": "paid", "operator": "=", "value": True},
                    ]
                },
            )
        ),
        'event "order placed" happened with (amount is at least 100 and plan is "100" and paid is true)',
    ),
    (group(rule("event.clicked", "didNotHappen")), "event clicked did not happen"),
]


@pytest.mark.parametrize(("condition", "said"), CASES, ids=[said for _, said in CASES])
def test_conditions_read_well_and_are_read_back(condition: dict[str, Any], said: str) -> None:
    assert words(read(condition), CATALOG) == said
    assert parse(said, CATALOG) == canonical(read(condition))


@settings(max_examples=1_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(condition=people.CONDITIONS)
def test_words_stand_for_one_condition(condition: dict[str, Any]) -> None:
    said = words(read(condition), people.CATALOG)
    again = parse(said, people.CATALOG)
    assert again == canonical(read(condition)), said
    assert words(again, people.CATALOG) == said


@pytest.mark.parametrize(
    ("said", "position", "detail"),
    [
        ("", 0, "a field is expected here"),
        ("town is Pune", 0, "a field is expected here"),
        ("city was Pune", 5, "a comparison is expected here"),
        ("city is", 7, "a value is expected here"),
        ("city is Pune and tag is vip or tag is new", 28, "use brackets"),
        ("(city is Pune", 13, '")" is expected here'),
        ('city is "Pune', 8, "a quotation mark is not closed"),
        ("age is at least many", 16, "a number is expected here"),
        ("last inbound in the last 7 moons", 27, "minutes, hours, days or weeks"),
        ("in segment Missing", 11, "there is no segment of this name"),
        ("city is Pune Delhi", 13, 'only "and", "or" or the end'),
        ("(" * 1_000 + "city is Pune" + ")" * 1_000, 7, "groups nest at most 8 deep"),
    ],
)
def test_an_error_says_where(said: str, position: int, detail: str) -> None:
    with pytest.raises(WordsInvalid) as caught:
        parse(said, CATALOG)
    assert caught.value.position == position
    assert detail in caught.value.detail


def test_a_rule_that_nobody_knows_any_more_has_words_too() -> None:
    gone = group(rule("attribute.gone", "=", "x"), rule("tag", "has", "vip"))
    assert words(read(gone), CATALOG) == 'attribute.gone = "x" and tag is vip'
