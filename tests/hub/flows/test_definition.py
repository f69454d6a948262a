"""What a flow's document must be: limits, faults by node and place, older forms."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.flows.definition import CHARS_MAX, NODES_MAX, Flow, dump, read
from hub.flows.engine import advance, begin_at
from hub.flows.faults import FlowInvalid
from hub.flows.inputs import Begin
from hub.ids import encode_id
from tests.hub.flows.drawn import flows

SAY = {"content": {"type": "text", "text": "x"}}


def document(*nodes: dict[str, Any], edges: Any = (), **more: Any) -> dict[str, Any]:
    return {"spec_version": 2, "nodes": [{"id": "s", "type": "start"}, *nodes], "edges": list(edges), **more}


def node(kind: str, data: Any, place: str = "n") -> dict[str, Any]:
    return {"id": place, "type": kind, "data": data}


def edge(source: str, target: str, port: str = "next") -> dict[str, Any]:
    return {"source": source, "port": port, "target": target}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# (document, pointers of the faults, in order)
WRONG: list[tuple[str, Any, list[str]]] = [
    ("no object", [], [""]),
    ("deep", document(node("send", {"content": deep(10_000)})), [""]),
    ("10 MB", document(node("send", {"content": {"type": "text", "text": "x" * 10_000_000}})), [""]),
    ("many values", document(node("send", {"content": list(range(200_000))})), [""]),
    ("future", {"spec_version": 3, "nodes": []}, ["/spec_version"]),
    ("version", {"spec_version": "2", "nodes": []}, ["/spec_version"]),
    ("no nodes", {"spec_version": 2}, ["/nodes"]),
    ("no start", {"spec_version": 2, "nodes": []}, ["/nodes"]),
    ("extra", document(colour="red"), ["/colour"]),
    ("too many", document(*[node("tag", {"tag": "t"}, str(n)) for n in range(NODES_MAX)]), ["/nodes"]),
    ("unknown type", document(node("teleport", {})), ["/nodes/1/type"]),
    ("no id", document({"type": "tag"}), ["/nodes/1/id"]),
    ("twice", document(node("end", {}, "s")), ["/nodes/1/id"]),
    ("node is a text", document("n"), ["/nodes/1"]),  # type: ignore[arg-type]
    ("empty text", document(node("send", {"content": {"type": "text", "text": ""}})), ["/nodes/1/data/content/text"]),
    ("template", document(node("send", {"content": {"type": "text", "text": "{% for x in y %}"}})), ["/nodes/1/data/content/text"]),
    ("unknown field", document(node("send", SAY | {"colour": "red"})), ["/nodes/1/data/colour"]),
    ("channel", document(node("send", SAY | {"channels": [{"channel": "fax"}]})), ["/nodes/1/data/channels/0/channel"]),
    ("language", document(node("say", {"text": "x", "language": "English, please"})), ["/nodes/1/data/language"]),
    ("line", document(node("call", {"channel": "sms"})), ["/nodes/1/data/channel"]),
    ("variable", document(node("ask", {"save_as": "__class__"})), ["/nodes/1/data/save_as"]),
    ("condition", document(node("branch", {"cases": [{"name": "a", "condition": {"rules": [1]}}]})), ["/nodes/1/data/cases/0/condition/rules/0", "/nodes/1/data/cases"]),
    ("inside the house", document(node("webhook", {"url": "http://169.254.169.254/latest"})), ["/nodes/1/data/url"]),
    ("host from a text", document(node("webhook", {"url": "https://{{ host }}/x"})), ["/nodes/1/data/url"]),
    ("file", document(node("webhook", {"url": "file:///etc/passwd"})), ["/nodes/1/data/url"]),
    ("two waits", document(node("wait", {"until": "2026-01-01", "duration": {"amount": 1}})), ["/nodes/1/data"]),
    ("long wait", document(node("wait", {"duration": {"amount": 400, "unit": "days"}})), ["/nodes/1/data/duration"]),
    ("no zone", document(node("wait", {"until": "2026-01-01T10:00:00"})), ["/nodes/1/data/until"]),
    ("trigger", document({"id": "b", "type": "start", "data": {"trigger": {"kind": "telepathy"}}}), ["/nodes/1/data/trigger"]),
    ("nowhere", document(edges=[edge("s", "gone")]), ["/edges/0/target"]),
    ("from nowhere", document(edges=[edge("gone", "s")]), ["/edges/0/source", "/edges/0/target"]),
    ("wrong port", document(node("end", {}), edges=[edge("s", "n", "maybe")]), ["/edges/0/port"]),
    ("no port", document(node("end", {}), edges=[edge("n", "n")]), ["/edges/0/port"]),
    ("joined twice", document(node("end", {}), edges=[edge("s", "n"), edge("s", "n")]), ["/edges/1/port"]),
    ("into a start", document(node("tag", {"tag": "t"}), edges=[edge("n", "s")]), ["/edges/0/target"]),
    ("all at once", document(node("tag", {}), node("ask", {"retries": 9}, "m"), edges=[edge("s", "x")]),
     ["/nodes/1/data/tag", "/nodes/2/data/retries", "/edges/0/target"]),
    ("first form", {"start": "nowhere", "nodes": {"a": {"type": "send", "text": ""}}, "edges": []},
     ["/nodes/1/data/content/text", "/edges/0/target"]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "places"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_everything_wrong_is_named_with_its_place(raw: Any, places: list[str]) -> None:
    with pytest.raises(FlowInvalid) as error:
        read(raw)
    assert [fault["pointer"] for fault in error.value.errors] == places
    assert all(fault["detail"] for fault in error.value.errors)


def test_a_fault_names_its_node() -> None:
    with pytest.raises(FlowInvalid) as error:
        read(document(node("tag", {}, "the tag")))
    assert [fault["node"] for fault in error.value.errors] == ["the tag"]


def test_comments_and_places_are_kept() -> None:
    whole = document(
        node("send", SAY) | {"position": {"x": 10.5, "y": -3}},
        edges=[edge("s", "n")],
        comments=[{"id": "c", "text": "Ask Ann", "node": "n", "position": {"x": 0, "y": 0}}],
    )
    found = dump(read(whole))
    assert found["nodes"][1]["position"] == {"x": 10.5, "y": -3}
    assert found["comments"][0]["text"] == "Ask Ann"
    assert found["nodes"][1]["data"] == SAY


@given(flows())
def test_a_flow_survives_its_storage(flow: Flow) -> None:
    assert read(json.loads(json.dumps(dump(flow)))) == flow


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["spec_version", "nodes", "edges", "start", "id", "type", "data", "source", "choices"]
            )
            | st.text(max_size=3),
            inner | st.sampled_from(["send", "ask", "wait_for_reply", "start"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from([1, 2, None]))
def test_no_document_does_more_than_be_refused(raw: Any, version: int | None) -> None:
    if isinstance(raw, dict) and version is not None:
        raw["spec_version"] = version
    with suppress(FlowInvalid):
        read(raw)


@pytest.mark.parametrize(
    "trigger",
    [
        {"kind": "any"},
        {"kind": "keyword", "words": ["hours"]},
        {"kind": "event", "event": "cart.left"},
        {"kind": "schedule", "at": "09:00:00", "segment_id": "seg_01kasw8qbefy09m6sc7n75yr3h"},
        {"kind": "campaign"},
        {"kind": "api"},
    ],
    ids=lambda trigger: trigger["kind"],
)
def test_what_begins_a_flow_survives_its_storage(trigger: dict[str, Any]) -> None:
    flow = read({"spec_version": 2, "nodes": [{"id": "s", "type": "start", "data": {"trigger": trigger}}]})
    assert read(dump(flow)) == flow


def test_texts_of_the_first_form_say_what_they_said() -> None:
    flow = read({"start": "a", "nodes": {"a": {"type": "send", "text": "100 {{ % }} {x}"}}})
    sprint = advance(flow, begin_at("f", flow), Begin(), datetime.now(UTC), random.Random(1))
    assert sprint.effects[0].content.text == "100 {{ % }} {x}"  # type: ignore[union-attr]


def test_a_flow_as_long_as_it_may_be_is_read() -> None:
    text = {"content": {"type": "text", "text": "x" * (CHARS_MAX // NODES_MAX - 100)}}
    nodes = [node("send", text, f"n{nth}") for nth in range(NODES_MAX - 1)]
    assert len(read(document(*nodes)).nodes) == NODES_MAX


def test_replies_are_classified_where_a_flow_that_is_entered_may_look_at_them() -> None:
    def made(kind: str, data: dict[str, Any]) -> Flow:
        nodes = [{"id": "s", "type": "start"}, {"id": "a", "type": kind, "data": data}]
        return read({"spec_version": 2, "nodes": nodes, "edges": [{"source": "s", "target": "a"}]})

    assert made("intent", {"intents": [{"intent": "refund"}]}).understands
    assert made("sub_flow", {"flow_id": encode_id("flw", UUID(int=7))}).understands
    assert not made("ask", {}).understands
