"""What an author is told before a flow runs."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.flows.definition import Flow, read
from hub.flows.engine import advance, begin_at
from hub.flows.inputs import Begin
from hub.flows.preflight import Surroundings, inspect
from hub.ids import encode_id
from tests.hub.flows.drawn import flows

CATALOG = contact_catalog([AttributeSpec("city", "City", "text")])


def text(said: str) -> dict[str, Any]:
    return {"content": {"type": "text", "text": said}}


def flow(nodes: dict[str, tuple[str, dict[str, Any]]], *edges: str) -> Flow:
    """Edges as `a>b` or `a.port>b`; `s` is the start."""
    listed = [{"id": "s", "type": "start"}]
    listed += [{"id": place, "type": kind, "data": data} for place, (kind, data) in nodes.items()]
    joined = []
    for edge in edges:
        source, _, target = edge.partition(">")
        place, _, port = source.partition(".")
        joined.append({"source": place, "port": port or "next", "target": target})
    return read({"spec_version": 2, "nodes": listed, "edges": joined})


ASK = ("ask", {"save_as": "said"})
INTENT = ("intent", {"intents": [{"intent": "refund"}]})
HEEDLESS = read(
    {
        "spec_version": 2,
        "nodes": [
            {"id": "s", "type": "start", "data": {"trigger": {"kind": "api"}}},
            {"id": "a", "type": "tag", "data": {"tag": "t"}},
            {"id": "b", "type": "intent", "data": INTENT[1]},
            {"id": "c", "type": "end"},
        ],
        "edges": [
            {"source": "s", "target": "a"},
            {"source": "a", "target": "b"},
            {"source": "b", "port": "other", "target": "c"},
        ],
    }
)
TEMPLATE = ("send", {"content": {"type": "template", "name": "winback", "language": "en"}})
OWN = UUID(int=1)
SUB = ("sub_flow", {"flow_id": encode_id("flw", UUID(int=2))})
BACK = flow({"a": ("sub_flow", {"flow_id": encode_id("flw", OWN)})}, "s>a")
HOURS = read({"spec_version": 2, "nodes": [{"id": "k", "type": "start", "data": {"trigger": {"kind": "keyword", "words": ["Hours "]}}}, {"id": "e", "type": "end"}],
              "edges": [{"source": "k", "target": "e"}]})  # fmt: skip
LINE = encode_id("chn", UUID(int=9))
SPLIT = ("split", {"arms": [{"name": "A", "weight": 1}, {"name": "B", "weight": 1}], "test": {"goal": "won"}})


def started(trigger: dict[str, Any], then: tuple[str, dict[str, Any]]) -> Flow:
    """A start `k` with this trigger, and what follows it."""
    nodes = [
        {"id": "k", "type": "start", "data": {"trigger": trigger}},
        {"id": "a", "type": then[0], "data": then[1]},
    ]
    return read({"spec_version": 2, "nodes": nodes, "edges": [{"source": "k", "target": "a"}]})


CASES: list[tuple[str, Flow, Surroundings, list[tuple[str, str, str]]]] = [
    ("fine", flow({"a": ("send", text("Hi {{ city }}"))}, "s>a"), Surroundings(CATALOG, {"sms"}), []),
    ("nothing follows", flow({}), Surroundings(), [("s", "error", "dead-end")]),
    ("half joined", flow({"a": ASK, "b": ("end", {})}, "s>a", "a.answer>b"), Surroundings(), [("a", "warning", "dead-end")]),
    ("unreachable", flow({"a": ("end", {}), "b": ("tag", {"tag": "t"})}, "s>a"), Surroundings(), [("b", "warning", "unreachable")]),
    ("loop", flow({"a": ("tag", {"tag": "t"}), "b": ("tag", {"tag": "u"})}, "s>a", "a>b", "b>a"), Surroundings(), [("a", "error", "loop-without-wait")]),
    ("loop that waits", flow({"a": ASK, "b": ("tag", {"tag": "t"})}, "s>a", "a.answer>b", "a.other>b", "b>a"), Surroundings(), []),
    ("unknown value", flow({"a": ("send", text("{{ town }}"))}, "s>a"), Surroundings(CATALOG), [("a", "error", "unknown-value")]),
    ("set on one way", flow({"a": ("split", {"arms": [{"name": "A", "weight": 1}, {"name": "B", "weight": 1}]}), "b": ("set", {"target": "variable", "name": "x", "value": "1"}), "c": ("send", text("{{ x }}"))},
                            "s>a", "a.A>b", "a.B>c", "b>c"), Surroundings(CATALOG), [("c", "warning", "not-always-set")]),
    ("set on all ways", flow({"a": ASK, "b": ("send", text("{{ said }}"))}, "s>a", "a.answer>b", "a.other>b"), Surroundings(CATALOG), []),
    ("nobody asked", HEEDLESS, Surroundings(), [("b", "warning", "dead-end"), ("b", "warning", "no-reply")]),
    ("somebody asked", flow({"a": ("ask", {}), "b": INTENT, "c": ("end", {})}, "s>a", "a.answer>b", "a.other>b", "b.refund>c", "b.other>c"), Surroundings(), []),
    ("no channel", flow({"a": ("send", text("x") | {"channels": [{"channel": "rcs"}, {"channel": "sms"}]})}, "s>a"), Surroundings(channels={"sms"}), [("a", "error", "no-channel")]),
    ("no voice", flow({"a": ("say", {"text": "x"})}, "s>a"), Surroundings(channels={"sms"}), [("a", "error", "no-channel")]),
    ("no template", flow({"a": TEMPLATE}, "s>a"), Surroundings(templates={("winback", "de"): "approved"}), [("a", "error", "no-template")]),
    ("pending", flow({"a": TEMPLATE}, "s>a"), Surroundings(templates={("winback", "en"): "pending"}), [("a", "error", "template-not-approved")]),
    ("queue", flow({"a": ("hand_over", {"queue": "Care"})}, "s>a"), Surroundings(queues={"orders"}), [("a", "error", "unknown-queue")]),
    ("intent", flow({"a": ("intent", {"intents": [{"intent": "x"}]})}, "s>a"), Surroundings(intents={"y"}), [("a", "warning", "unknown-intent")]),
    ("no model", flow({"a": ("intent", {"intents": [{"intent": "x"}]})}, "s>a"), Surroundings(intents=set()), [("a", "warning", "no-model")]),
    ("asked again by a template", flow({"a": ("ask", {**text("x"), "retry_content": TEMPLATE[1]["content"]})}, "s>a"), Surroundings(templates={("winback", "en"): "paused"}), [("a", "warning", "dead-end"), ("a", "error", "template-not-approved")]),
    ("calls by a line that is gone", flow({"a": ("call", {"channel": LINE})}, "s>a"), Surroundings(channels={"voice"}), [("a", "warning", "dead-end"), ("a", "error", "no-channel")]),
    ("calls by its line", flow({"a": ("call", {"channel": LINE})}, "s>a"), Surroundings(channels={"voice", LINE}), [("a", "warning", "dead-end")]),
    ("goal that nobody comes to", flow({"g": ("goal", {"name": "won"}), "a": SPLIT}, "s>g", "g>a"), Surroundings(), [("a", "warning", "goal-not-reached")]),
    ("goal behind it", flow({"a": SPLIT, "g": ("goal", {"name": "won"})}, "s>a", "a.A>g", "a.B>g"), Surroundings(), []),
    ("goal in a sub-flow", flow({"a": SPLIT, "b": SUB}, "s>a", "a.A>b", "a.B>b"), Surroundings(flows={UUID(int=2).hex: flow({"g": ("goal", {"name": "won"})}, "s>g")}), []),
    ("campaign without its question", started({"kind": "campaign"}, ("send", text("x"))), Surroundings(), [("k", "warning", "no-opening")]),
    ("campaign with its question", started({"kind": "campaign"}, ("ask", {})), Surroundings(), [("a", "warning", "dead-end")]),
    ("begun by an intent of no model", started({"kind": "intent", "intent": "x"}, ("end", {})), Surroundings(intents=set()), [("k", "warning", "no-model")]),
    ("condition", flow({"a": ("branch", {"cases": [{"name": "c", "condition": {"rules": [{"field": "attribute.x", "operator": "=", "value": "1"}]}}]})}, "s>a"), Surroundings(CATALOG), [("a", "error", "unknown-attribute")]),
    ("attribute", flow({"a": ("set", {"name": "x", "value": "1"})}, "s>a"), Surroundings(CATALOG), [("a", "error", "unknown-attribute")]),
    ("word of an older flow", HOURS, Surroundings(flows={UUID(int=1).hex: HOURS, UUID(int=3).hex: HOURS}, names={UUID(int=1).hex: "Opening times"}, own_id=UUID(int=2)), [("k", "warning", "keyword-taken")]),
    ("word of its own", HOURS, Surroundings(flows={UUID(int=2).hex: HOURS}, own_id=UUID(int=2)), []),
    ("sub-flow", flow({"a": SUB}, "s>a"), Surroundings(flows={}), [("a", "error", "unknown-flow")]),
    ("round", flow({"a": SUB}, "s>a"), Surroundings(flows={UUID(int=2).hex: BACK}, own_id=OWN), [("a", "error", "flow-cycle")]),
    ("money", flow({"a": ("send", text("x")), "b": ("send", text("y"))}, "s>a", "a>b"), Surroundings(audience=10, price_micros={"sms": 50_000}, available_micros=999_999, currency="EUR"), [("s", "warning", "not-funded")]),
    ("enough money", flow({"a": ("send", text("x")), "b": ("send", text("y"))}, "s>a", "a>b"), Surroundings(audience=10, price_micros={"sms": 50_000}, available_micros=1_000_000, currency="EUR"), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("which", "around", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_an_author_is_told(which: Flow, around: Surroundings, expected: list[tuple[str, str, str]]) -> None:
    found = inspect(which, around)
    assert [(each.node, each.severity, each.code) for each in found] == expected
    assert all(each.words for each in found)


def test_a_sub_flow_that_is_gone_is_named() -> None:
    (found,) = inspect(flow({"a": SUB}, "s>a"), Surroundings(flows={}))
    assert SUB[1]["flow_id"] in found.words


@given(flows())
def test_a_flow_without_such_loops_is_never_stopped_for_its_length(which: Flow) -> None:
    if any(each.code == "loop-without-wait" for each in inspect(which)):
        return
    sprint = advance(which, begin_at("f", which), Begin(), datetime(2026, 3, 2, tzinfo=UTC), Random(1))
    assert "steps without waiting" not in sprint.reason
