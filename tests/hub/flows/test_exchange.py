"""Flows from elsewhere, and as a picture."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.flows.definition import Flow, read
from hub.flows.faults import FlowInvalid
from hub.flows.picture import svg
from hub.flows.simulator import ACTION, Simulation, act
from hub.flows.textit import translate
from tests.hub.flows.drawn import flows

SURVEY = json.loads((Path(__file__).parent / "textit" / "survey.json").read_text())


def test_a_survey_of_another_tool_runs_here() -> None:
    [found] = translate(SURVEY)
    flow = read(found.document)
    played = Simulation("f", 1, datetime(2026, 3, 2, 10, tzinfo=UTC))
    for action in (
        {"do": "begin"},
        {"do": "reply", "text": "Yeah!"},
        {"do": "webhook", "status": 200},
    ):
        played = act(played, flow, ACTION.validate_python(action))
    begun, answered, called = played.frames
    assert begun.effects[0]["content"]["text"] == "Hi Ann, do you drink tea? Mail us: tea@shop.example"
    assert [each["title"] for each in begun.effects[0]["content"]["suggestions"]] == ["Yes", "No"]
    assert [each["type"] for each in answered.effects] == [
        "stop_timer",
        "add_tag",
        "set_attribute",
        "call_webhook",
        "start_timer",
    ]
    assert (answered.effects[2]["key"], answered.effects[2]["value"]) == ("drink", "Yes")
    assert answered.effects[3]["url"] == "https://shop.example/tea?who="
    assert called.effects[-1]["content"]["text"] == "Thank you. Sum: "
    assert (called.status, called.steps[-1][0]) == ("ended", "a4")


def test_the_report_says_what_is_not_as_it_was() -> None:
    [found] = translate(SURVEY)
    assert [(each.node, each.what) for each in found.report] == [
        ("a1", "'Yes' is now chosen by the whole reply, not by a word inside it (has_any_word)"),
        ("a2", "the action transfer_airtime has no like here and was left out"),
        ("a2", "say which values of the webhook's answer are kept: expressions read all of it there"),
        ("a4", "the expression @(1 + 2) is not known here and was left out"),
    ]
    assert len(found.document["comments"]) == len(found.report)


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"flows": []}, {"flows": [1]}, {"nodes": [], "spec_version": "11.0"}]
)
def test_what_is_no_export_is_refused(raw: Any) -> None:
    with pytest.raises(FlowInvalid):
        translate(raw)


PIECES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["a0", "c1", "switch", "send_msg", "has_any_word"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["uuid", "type", "actions", "router", "exits", "cases", "categories", "arguments", "name", "text", "wait", "groups", "destination_uuid", "exit_uuid", "category_uuid", "operand", "url", "headers"]),
        inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@given(st.lists(PIECES, max_size=4), PIECES)
def test_a_broken_export_breaks_nothing(nodes: list[Any], ui: Any) -> None:
    [found] = translate({"spec_version": "13.2.0", "nodes": nodes, "_ui": ui})
    assert found.document["nodes"]


@given(flows())
def test_a_picture_shows_every_node_and_is_well_formed(flow: Flow) -> None:
    root = ElementTree.fromstring(svg(flow, "A & <B>"))
    titles = [each.text for each in root.iter() if each.get("class") == "t"]
    assert titles == [node.title for node in flow.nodes.values()]
    assert len([each for each in root.iter() if each.get("class") == "e"]) == len(flow.edges)


def test_words_in_a_picture_are_never_markup() -> None:
    flow = read(
        {
            "spec_version": 2,
            "nodes": [
                {"id": "s", "type": "start"},
                {
                    "id": "a",
                    "type": "send",
                    "data": {"content": {"type": "text", "text": "<script>alert(1)</script>"}},
                },
            ],
            "comments": [{"id": "c", "text": '"><script>'}],
        }
    )
    assert "<script" not in svg(flow)
