"""Which rule has a message, as tables; and that looking up is the same as looking at every rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.conditions.predicate import Facts
from hub.flows.definition import Flow, read
from hub.ids import encode_id
from hub.routing.compiled import To
from hub.routing.fields import NOTHING_HEARD, Heard, Message, Record, values_of
from hub.routing.table import RoutingTable
from tests.hub.routing.rules import (
    ANN,
    CARE,
    GENERAL,
    HOURS,
    LINE,
    ORDERS,
    SURVEY,
    VIPS,
    WEDNESDAY,
    asks,
    intent,
    keyword,
    message,
    queue,
    rule,
    table,
)

FLOOR = 0.35
FLOW = {"type": "flow", "flow_id": HOURS}
VIP = Record(Facts(tags=frozenset({"vip"}), segments=frozenset({VIPS})), {}, UUID(int=71))
TABLE = table(
    [
        rule(1, [keyword("Opening  Hours", "hours")], FLOW),
        rule(2, [asks("message.wording", "containsAny", ["refund", "money back"])], queue(CARE, 2)),
        rule(3, [asks("segment", "in", encode_id("seg", VIPS)), intent("order_status")], queue(CARE, 1)),
        rule(4, [intent("order_status"), asks("message.confidence", ">=", 0.2)], queue(ORDERS)),
        rule(5, [intent("thanks")], {"type": "close"}),
        rule(6, [asks("message.channel_kind", "=", "voice")], {"type": "agent", "user_id": ANN}),
        rule(7, [asks(f"queue.{encode_id('que', ORDERS)}", ">", 10)], queue(CARE, -1)),
    ],
    waiting={f"queue.{encode_id('que', ORDERS)}": 0},
)
FULL = replace(TABLE, waiting={f"queue.{encode_id('que', ORDERS)}": 11})
ROUTES: list[tuple[RoutingTable, Message, Heard, Record, int | None, To, str]] = [
    (TABLE, message("HOURS!"), NOTHING_HEARD, VIP, 1, To(flow_id=HOURS), "rule “r1” (keyword hours)"),
    (
        TABLE,
        message("I want my MONEY, back."),
        Heard("thanks", 0.9),
        VIP,
        2,
        To(CARE, priority=2),
        "rule “r2”",
    ),
    (TABLE, message("refunded"), NOTHING_HEARD, VIP, None, To(GENERAL), "no rule matches → fallback"),
    (
        TABLE,
        message(),
        Heard("order_status", 0.9),
        VIP,
        3,
        To(CARE, priority=1),
        "rule “r3” (intent order_status 0.90)",
    ),
    (
        TABLE,
        message(),
        Heard("order_status", 0.25),
        VIP,
        4,
        To(ORDERS),
        "rule “r4” (intent order_status 0.25)",
    ),
    (
        TABLE,
        message(),
        Heard("order_status", 0.1),
        VIP,
        None,
        To(GENERAL),
        "intent order_status 0.10 < 0.35 → fallback",
    ),
    (TABLE, message(), Heard("thanks", 0.36), VIP, 5, To(closed=True), "rule “r5” (intent thanks 0.36)"),
    (TABLE, message(), Heard("thanks", 0.34), VIP, None, To(GENERAL), "intent thanks 0.34 < 0.35 → fallback"),
    (
        TABLE,
        message(),
        Heard("gossip", 0.8),
        VIP,
        None,
        To(GENERAL),
        "no rule for intent gossip 0.80 → fallback",
    ),
    (TABLE, message(channel_kind="voice"), NOTHING_HEARD, VIP, 6, To(user_id=ANN), "rule “r6”"),
    (FULL, message(), NOTHING_HEARD, VIP, 7, To(CARE, priority=-1), "rule “r7”"),
]


@pytest.mark.parametrize(("which", "said", "heard", "record", "number", "to", "reason"), ROUTES)
def test_the_first_rule_that_holds_has_the_message(
    which: RoutingTable,
    said: Message,
    heard: Heard,
    record: Record,
    number: int | None,
    to: To,
    reason: str,
) -> None:
    route = which.route(said, heard, FLOOR, record)
    assert (None if route.rule is None else route.rule.id.int) == number
    assert (route.to, route.reason) == (to, reason)


def test_without_any_queue_the_reason_is_told() -> None:
    route = table([], fallback_queue_id=None).route(message(), Heard("thanks", 0.9))
    assert (route.to, route.reason) == (To(), "no rule for intent thanks 0.90; there is no queue")


def test_a_rule_that_goes_on_lets_the_next_be_looked_at() -> None:
    tag = {"type": "tag", "tag": "wrote"}
    rules = [
        rule(1, [], tag, **{"continue": True}),
        rule(2, [keyword("hours")], FLOW),
        rule(3, [keyword("hi")], {"type": "answer", "text": "Hello"}),
    ]
    told = [each.id.int for each in table(rules).route(message("hours")).acting]
    assert told == [1, 2]
    only_answers = table(rules).route(message("hi"))
    assert [each.id.int for each in only_answers.acting] == [1, 3]
    assert (only_answers.to, only_answers.reason) == (To(GENERAL), "rule “r3” (keyword hi) → fallback")
    assert [each.id.int for each in table(rules).route(message("else")).acting] == [1]


def test_rules_that_lead_to_no_people_are_passed_over_when_a_flow_gave_up() -> None:
    rules = [rule(1, [], FLOW), rule(2, [], {"type": "close"}), rule(3, [keyword("hi")], queue(CARE))]
    assert table(rules).route(message("hi"), people_only=True).to == To(CARE)


FIELDS = [
    (asks("message.text", "contains", "PARCEL"), message("my parcel"), True),
    (asks("message.text", "null"), message(""), True),
    (asks("message.wording", "contains", "my parcel"), message("Where is MY — parcel?"), True),
    (asks("message.wording", "contains", "arc"), message("parcel"), False),
    (asks("message.wording", "containsNone", ["a", "b"]), message("c"), True),
    (asks("message.keyword", "notIn", ["hours"]), message("hours"), False),
    (asks("message.keyword", "notIn", ["hours"]), message("x" * 200), True),
    (asks("message.channel", "=", encode_id("chn", LINE)), message(), True),
    (asks("message.channel", "=", encode_id("chn", LINE)), message(channel_id=None), False),
    (asks("message.first", "=", True), message(first=True), True),
    (asks("message.first", "=", True), message(), False),
    (asks("message.campaign", "=", encode_id("cmp", UUID(int=71))), message(), True),
    (asks("message.intent", "null"), message(), True),
    (asks("message.confidence", "null"), message(), True),
    (asks("time.hour", "between", [9, 10]), message(), True),
    (asks("time.hour", "between", [9, 10]), message(at=WEDNESDAY.replace(hour=11)), False),
    (asks("time.weekday", "in", ["wednesday", "friday"]), message(), True),
    (asks("time.weekday", "in", ["sunday"]), message(), False),
    (asks("tag", "has", "vip"), message(), True),
]


@pytest.mark.parametrize(("condition", "said", "held"), FIELDS)
def test_what_a_rule_may_ask(condition: Any, said: Message, held: bool) -> None:
    route = table([rule(1, [condition], queue(CARE))]).route(said, record=VIP)
    assert (route.rule is not None) is held


# (rules, text, record) → the rule that has the message before its intent is known
DECIDED: list[tuple[list[Any], str, int | None]] = [
    ([keyword("hours")], "hours", 1),
    ([intent("a"), keyword("hours")], "hours", None),
    ([keyword("hours"), intent("a")], "hours", 1),
    ([intent("a")], "hours", None),
    ([asks("message.intent", "!=", "a")], "hours", None),
    ([asks("tag", "has", "vip")], "hi", 1),
    ([asks("tag", "has", "other"), keyword("hi")], "hi", 2),
]


@pytest.mark.parametrize(("conditions", "text", "number"), DECIDED)
def test_what_is_decided_without_the_intent(conditions: list[Any], text: str, number: int | None) -> None:
    rules = [rule(place, [each], queue(CARE)) for place, each in enumerate(conditions, start=1)]
    found = table(rules).decided(message(text), VIP)
    assert (None if found is None else found.id.int) == number


def test_a_rule_whose_other_tests_fail_does_not_wait_for_the_intent() -> None:
    rules = [
        rule(1, [intent("a"), asks("tag", "has", "other")], queue(CARE)),
        rule(2, [keyword("hi")], queue(ORDERS)),
    ]
    found = table(rules).decided(message("hi"), VIP)
    assert found is not None
    assert found.id.int == 2


@pytest.mark.parametrize(
    ("condition", "action", "spares"),
    [
        (keyword("hi"), queue(CARE), True),
        (asks("tag", "has", "vip"), queue(CARE), False),
        (asks("tag", "has", "vip"), FLOW, True),
        (asks("tag", "has", "vip"), {"type": "close"}, True),
    ],
)
def test_people_see_the_intent_unless_the_words_said_enough(
    condition: Any, action: Any, spares: bool
) -> None:
    found = table([rule(1, [condition], action)]).decided(message("hi"), VIP)
    assert found is not None
    assert found.spares_classifier is spares


def test_queues_are_found_by_name_whatever_its_case() -> None:
    assert TABLE.queue_ids["orders"] == ORDERS


WORDS = ["hours", "stop it", "refund", "hi"]
INTENTS = ["a", "b", "c"]
CONDITIONS = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(lambda words: keyword(*words)),
    st.sampled_from(INTENTS).map(intent),
    st.lists(st.sampled_from(INTENTS), min_size=1, max_size=2).map(
        lambda each: asks("message.intent", "notIn", each)
    ),
    st.lists(st.sampled_from(INTENTS), min_size=1, max_size=2).map(
        lambda each: asks("message.intent", "in", each)
    ),
    st.sampled_from([0.3, 0.5, 0.7]).map(lambda least: asks("message.confidence", ">=", least)),
    st.sampled_from(WORDS).map(lambda word: asks("message.wording", "contains", word)),
    st.sampled_from(["vip", "new"]).map(lambda tag: asks("tag", "has", tag)),
    st.just(asks("message.first", "=", True)),
    st.just(asks("message.intent", "null")),
)
GROUPS = st.builds(
    lambda rules, combinator, turned: {"combinator": combinator, "not": turned, "rules": rules},
    st.lists(CONDITIONS, min_size=1, max_size=3),
    st.sampled_from(["and", "or"]),
    st.booleans(),
)
RULES = st.lists(
    st.tuples(
        st.lists(st.one_of(CONDITIONS, GROUPS), max_size=3),
        st.sampled_from(["and", "or"]),
        st.sampled_from([queue(ORDERS), queue(CARE, 1), {"type": "close"}, {"type": "tag", "tag": "t"}]),
        st.booleans(),
    ),
    max_size=12,
)
MESSAGES = st.builds(
    message, st.sampled_from([*WORDS, "Hours!", "please refund it", ""]), first=st.booleans()
)
HEARD = st.one_of(
    st.just(NOTHING_HEARD),
    st.builds(Heard, st.sampled_from([*INTENTS, "d"]), st.sampled_from([0.1, 0.35, 0.5, 0.9])),
)
RECORDS = st.sets(st.sampled_from(["vip", "new"])).map(lambda tags: Record(Facts(tags=frozenset(tags))))


def naive(which: RoutingTable, said: Message, heard: Heard, record: Record) -> tuple[list[int], int | None]:
    """(the rules that went on, the rule that has it): a walk through all rules, every condition looked at."""
    passed: list[int] = []
    for each in which.rules:
        counts = each.asks_confidence or heard.confidence >= FLOOR
        values = values_of(said, heard if counts else NOTHING_HEARD, record, {}, which.fields)
        facts = replace(record.facts, values={**record.facts.values, **values})
        if each.holds(facts, said.at, which.segments, intent=True, contact=True):
            if not each.goes_on:
                return passed, each.id.int
            passed.append(each.id.int)
    return passed, None


@given(RULES, MESSAGES, HEARD, RECORDS)
def test_looking_up_is_the_same_as_looking_at_every_rule(
    drawn: list[Any], said: Message, heard: Heard, record: Record
) -> None:
    which = table(
        [
            rule(
                number,
                tests,
                action,
                combinator=combinator,
                **{"continue": goes_on and action["type"] == "tag"},
            )
            for number, (tests, combinator, action, goes_on) in enumerate(drawn, start=1)
        ]
    )
    route = which.route(said, heard, FLOOR, record)
    found = [each.id.int for each in route.passed], None if route.rule is None else route.rule.id.int
    assert found == naive(which, said, heard, record)
    early = which.decided(said, record)
    assert early is None or early.id.int == found[1], "what is decided early is decided so whatever is heard"


def starting(flow: UUID, trigger: dict[str, Any]) -> dict[UUID, Flow]:
    nodes = [{"id": "here", "type": "start", "data": {"trigger": trigger}}, {"id": "end", "type": "end"}]
    edges = [{"source": "here", "target": "end"}]
    return {flow: read({"spec_version": 2, "nodes": nodes, "edges": edges})}


def test_a_flow_that_waits_for_the_words_comes_before_all_rules() -> None:
    flows = starting(SURVEY, {"kind": "keyword", "words": ["Win", "hours"]})
    found = replace(TABLE, flows={**TABLE.flows, **flows})
    assert found.route(message("  WIN!")).to == To(flow_id=SURVEY, start="here")
    assert found.route(message("hours")).to == To(flow_id=SURVEY, start="here")
    assert found.route(message("hours"), people_only=True).to == To(GENERAL)
    assert found.route(message("win what")).to == To(GENERAL)
    assert not found.needs_intent(message("win"))
    assert found.needs_intent(message("win what"))
    twice = replace(TABLE, flows={**flows, **starting(HOURS, {"kind": "keyword", "words": ["win"]})})
    assert twice.route(message("win")).to == To(flow_id=HOURS, start="here")


def test_a_flow_that_waits_for_the_intent_comes_after_all_rules() -> None:
    flows = {
        **starting(SURVEY, {"kind": "intent", "intent": "refund"}),
        **starting(HOURS, {"kind": "intent", "intent": "order_status", "threshold": 0.9}),
    }
    found = replace(TABLE, flows=flows)
    asked = found.route(message(), Heard("refund", 0.8), FLOOR)
    assert (asked.to, asked.rule) == (To(flow_id=SURVEY, start="here"), None)
    assert found.route(message(), Heard("refund", 0.2), FLOOR).to == To(GENERAL)
    assert found.route(message(), Heard("order_status", 0.95), FLOOR).to == To(ORDERS)  # a rule has it
    bare = table([], flows=flows)
    assert bare.route(message(), Heard("order_status", 0.95), FLOOR).to == To(flow_id=HOURS, start="here")
    assert bare.route(message(), Heard("order_status", 0.8), FLOOR).to == To(GENERAL)
    assert bare.route(message(), Heard("refund", 0.8), FLOOR, people_only=True).to == To(GENERAL)
