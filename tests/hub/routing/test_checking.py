"""Which rules can never have a message; how lists of the tree stand together; rules in plain words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hub.conditions.model import Group, read
from hub.conditions.parse import parse
from hub.conditions.words import canonical, words
from hub.ids import encode_id
from hub.routing.checking import never_reached
from hub.routing.loading import compile_all, fallback_queue
from hub.routing.rule import Level, Rule, RuleList, Standing, in_order
from tests.hub.routing.rules import (
    CARE,
    CATALOG,
    GENERAL,
    LINE,
    ORDERS,
    QUEUES,
    TARGETS,
    asks,
    intent,
    keyword,
    queue,
    rule,
)

CLOSE = {"type": "close"}
TAG = {"type": "tag", "tag": "t"}
VIP = asks("tag", "has", "vip")
SURE = asks("message.confidence", ">=", 0.1)

# (the tests of an earlier rule, of a later one) → whether the later one is never reached
COVERED: list[tuple[list[Any], list[Any], bool]] = [
    ([], [VIP], True),
    ([VIP], [], False),
    ([VIP], [VIP, intent("a")], True),
    ([VIP, intent("a")], [VIP], False),
    ([keyword("hours", "open")], [keyword("Hours!")], True),
    ([keyword("hours")], [keyword("hours", "open")], False),
    ([asks("message.intent", "in", ["a", "b"])], [intent("b"), VIP], True),
    ([intent("a")], [intent("b")], False),
    ([intent("a")], [intent("a"), SURE], False),  # the later one hears what is below the floor
    ([asks("message.intent", "notNull", None)], [intent("a")], True),
]


@pytest.mark.parametrize(("earlier", "later", "covered"), COVERED)
def test_a_rule_behind_one_that_always_holds(earlier: list[Any], later: list[Any], covered: bool) -> None:
    rules = [rule(1, earlier, CLOSE), rule(2, later, CLOSE)]
    placed = compile_all([Standing(rule=each) for each in rules], CATALOG, TARGETS)
    found = never_reached([each.active for each in placed])
    assert [(each.place, each.by) for each in found] == ([(1, 0)] if covered else [])


def test_rules_that_go_on_or_are_off_cover_nothing() -> None:
    rules = [
        rule(1, [], TAG, **{"continue": True}),
        rule(2, [], CLOSE, enabled=False),
        rule(3, [], queue(CARE)),
    ]
    placed = compile_all([Standing(rule=each) for each in rules], CATALOG, TARGETS)
    assert never_reached([each.active for each in placed]) == []


def test_a_condition_that_cannot_hold_is_told() -> None:
    nobody = Rule(id=UUID(int=1), name="r1", condition={"not": True, "rules": []}, actions=(CLOSE,))
    placed = compile_all([Standing(rule=nobody)], CATALOG, TARGETS)
    (found,) = never_reached([each.active for each in placed])
    assert (found.place, found.by, found.detail) == (0, None, "“r1” can never hold")


TOP, MIDDLE, OWN = UUID(int=201), UUID(int=202), UUID(int=203)


def level(tenant: UUID, *rules: Rule, fallback: UUID | None = None) -> Level:
    names = {UUID(int=90): "care", UUID(int=91): "Legal"}
    return Level(
        tenant_id=tenant, list=RuleList(rules=rules, fallback_queue_id=fallback), tenant="x", queues=names
    )


def test_locked_rules_come_first_from_the_top_and_the_others_last_from_near() -> None:
    levels = [
        level(OWN, rule(1, [], CLOSE), rule(2, [], CLOSE, locked=True)),
        level(MIDDLE, rule(3, [], CLOSE), rule(4, [], CLOSE, locked=True)),
        level(TOP, rule(5, [], CLOSE, locked=True), rule(6, [], CLOSE)),
    ]
    order = in_order(levels, OWN)
    assert [each.rule.id.int for each in order] == [5, 4, 1, 2, 3, 6]
    assert [each.source is None for each in order] == [False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("own", "above", "found"),
    [
        (GENERAL, None, GENERAL),
        (None, UUID(int=90), CARE),
        (None, UUID(int=91), ORDERS),
        (UUID(int=99), None, ORDERS),
        (None, None, ORDERS),
    ],
)
def test_the_last_resort_is_a_queue_that_there_is(own: UUID | None, above: UUID | None, found: UUID) -> None:
    levels = [level(OWN, fallback=own), level(TOP, fallback=above)]
    assert fallback_queue(levels, OWN, QUEUES) == found
    assert fallback_queue(levels, OWN, {}) is None


WORDS = [
    (keyword("hours", "open now"), 'keyword is any of "hours", "open now"'),
    (asks("message.wording", "containsNone", ["refund"]), "wording contains none of refund"),
    (asks("message.channel", "=", encode_id("chn", LINE)), 'channel is "Main line"'),
    (asks("message.channel_kind", "in", ["sms", "rcs"]), "kind of channel is any of sms, rcs"),
    (asks("message.intent", "null", None), "intent is unknown"),
    (asks("message.first", "=", True), "first message is true"),
    (asks("time.weekday", "notIn", ["sunday"]), "weekday is none of sunday"),
    (asks(f"queue.{encode_id('que', CARE)}", ">=", 5), "care waiting is at least 5"),
]


@pytest.mark.parametrize(("condition", "said"), WORDS)
def test_conditions_of_messages_read_well_and_are_read_back(condition: Any, said: str) -> None:
    group: Group = read({"combinator": "and", "rules": [condition]})
    assert words(group, CATALOG) == said
    assert parse(said, CATALOG) == canonical(group)
