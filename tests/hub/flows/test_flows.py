"""Flows: what a definition must be, and what the engine does with one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.conditions.text import normalize
from hub.flows.definition import NODES_MAX, Flow
from hub.flows.effects import AddTag, HandOver, SendText
from hub.flows.engine import STEPS_PER_SPRINT_MAX, FlowFailed, Session, advance, expects
from hub.flows.nodes.wait_for_reply import WaitForReply

SURVEY: dict[str, Any] = {
    "start": "ask",
    "nodes": {
        "ask": {"type": "send", "text": "Interested?"},
        "answer": {
            "type": "wait_for_reply",
            "choices": {"yes": ["yes", "y", "Sure thing"], "no": ["no"]},
            "save_as": "said",
        },
        "thank": {"type": "send", "text": "Thank you"},
        "tag": {"type": "tag", "tag": "interested"},
        "person": {"type": "hand_over", "queue": "Care"},
    },
    "edges": [
        {"source": "ask", "port": "next", "target": "answer"},
        {"source": "answer", "port": "yes", "target": "thank"},
        {"source": "thank", "port": "next", "target": "tag"},
        {"source": "answer", "port": "other", "target": "person"},
    ],
}


def flow(**changes: Any) -> Flow:
    return Flow.model_validate(SURVEY | changes)


def loop(size: int) -> Flow:
    nodes = {str(n): {"type": "tag", "tag": "t"} for n in range(size)}
    edges = [{"source": str(n), "port": "next", "target": str((n + 1) % size)} for n in range(size)]
    return Flow.model_validate({"start": "0", "nodes": nodes, "edges": edges})


SEND = {"type": "send", "text": "x"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"start": "nowhere"}, "start: there is no node 'nowhere'"),
    ({"nodes": {}}, "nodes"),
    (
        {"edges": [{"source": "ask", "port": "next", "target": "gone"}]},
        "edges/0: joins a node that does not exist",
    ),
    (
        {"edges": [{"source": "gone", "port": "next", "target": "ask"}]},
        "edges/0: joins a node that does not exist",
    ),
    (
        {"edges": [{"source": "ask", "port": "yes", "target": "thank"}]},
        "edges/0: node 'ask' has no port 'yes'",
    ),
    (
        {"edges": [{"source": "person", "port": "next", "target": "ask"}]},
        "edges/0: node 'person' has no port 'next'",
    ),
    (
        {"edges": [{"source": "answer", "port": "maybe", "target": "ask"}]},
        "node 'answer' has no port 'maybe'",
    ),
    ({"edges": SURVEY["edges"] + SURVEY["edges"][:1]}, "port 'next' of 'ask' is joined twice"),
    ({"nodes": {"ask": {"type": "webhook", "url": "x"}}}, "ask"),
    ({"nodes": {"ask": SEND | {"colour": "red"}}}, "colour"),
    ({"nodes": {"ask": {"type": "send", "text": ""}}}, "text"),
    ({"nodes": {"ask": {"type": "send", "text": "x" * 1601}}}, "text"),
    ({"nodes": {"ask": {"type": "tag", "tag": "x" * 61}}}, "tag"),
    ({"nodes": {"ask": {"type": "wait_for_reply", "save_as": "__class__ "}}}, "save_as"),
    ({"nodes": {"ask": {"type": "wait_for_reply", "choices": {str(n): [] for n in range(21)}}}}, "choices"),
    ({"nodes": {"ask": {"type": "wait_for_reply", "choices": {"": ["x"]}}}}, "choices"),
    ({"spec_version": 2}, "spec_version"),
    ({"colour": "red"}, "colour"),
    ({"nodes": {str(n): SEND for n in range(NODES_MAX + 1)}, "start": "0", "edges": []}, "nodes"),
]


@pytest.mark.parametrize(("changes", "words"), WRONG)
def test_a_wrong_definition_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as error:
        flow(**changes)
    assert words in str(error.value)


def test_a_definition_survives_its_storage() -> None:
    assert Flow.model_validate(flow().model_dump()) == flow()
    assert Flow.model_validate_json(flow().model_dump_json()) == flow()


def begin(at: str = "ask") -> Session:
    return Session("f", at, {"kept": "1"}, "c")


def test_a_sprint_ends_where_a_node_waits() -> None:
    sprint = advance(flow(), begin(), None)
    assert sprint.effects == (SendText("Interested?"),)
    assert sprint.path == ("ask", "answer")
    assert sprint.session == Session("f", "answer", {"kept": "1"}, "c")


ANSWERS: list[tuple[str, tuple[Any, ...], tuple[str, ...]]] = [
    ("yes", (SendText("Thank you"), AddTag("interested")), ("answer", "thank", "tag")),
    ("  YES!! ", (SendText("Thank you"), AddTag("interested")), ("answer", "thank", "tag")),
    ("sure   THING.", (SendText("Thank you"), AddTag("interested")), ("answer", "thank", "tag")),
    ("no", (), ("answer",)),  # an unconnected port ends the flow
    ("what is this?", (HandOver("Care"),), ("answer", "person")),
    ("", (HandOver("Care"),), ("answer", "person")),
    ("yes please", (HandOver("Care"),), ("answer", "person")),
]


@pytest.mark.parametrize(("reply", "effects", "path"), ANSWERS)
def test_a_reply_leaves_by_its_port(reply: str, effects: tuple[Any, ...], path: tuple[str, ...]) -> None:
    sprint = advance(flow(), begin("answer"), reply)
    assert (sprint.session, sprint.effects, sprint.path) == (None, effects, path)


def test_a_reply_is_kept_cut_and_used_once() -> None:
    two = flow(
        nodes=SURVEY["nodes"] | {"again": {"type": "wait_for_reply", "save_as": "then"}},
        edges=[*SURVEY["edges"][:1], {"source": "answer", "port": "other", "target": "again"}],
    )
    sprint = advance(two, begin("answer"), "x" * 5000)
    assert sprint.session is not None
    assert sprint.session.node == "again"
    assert sprint.session.variables == {"kept": "1", "said": "x" * 1000}
    assert begin("answer").variables == {"kept": "1"}, "the session that came in is not changed"


@pytest.mark.parametrize("size", [1, 2, STEPS_PER_SPRINT_MAX])
def test_a_flow_that_never_waits_is_stopped(size: int) -> None:
    with pytest.raises(FlowFailed, match=f"more than {STEPS_PER_SPRINT_MAX} steps"):
        advance(loop(size), begin("0"), None)


def test_a_node_that_is_gone_fails_the_flow() -> None:
    with pytest.raises(FlowFailed, match="no node 'old'"):
        advance(flow(), begin("old"), "yes")


def test_a_session_survives_its_storage() -> None:
    assert Session.from_json(begin().to_json()) == begin()
    assert Session.from_json(None) is None
    assert Session.from_json({}) is None


@pytest.mark.parametrize(
    ("node", "text", "expected"),
    [("answer", "Yes.", True), ("answer", "perhaps", False), ("ask", "yes", False), ("old", "yes", False)],
)
def test_an_expected_answer_needs_no_classifier(node: str, text: str, expected: bool) -> None:
    assert expects(flow(), begin(node), text) is expected


@given(st.text(max_size=60))
def test_expects_and_run_agree(text: str) -> None:
    node = WaitForReply(choices={"yes": ["yes", "ja"], "Straße": []})
    session = Session("f", "a")
    one = Flow(start="a", nodes={"a": node})
    other = advance(one, session, text).path == ("a",) and not node.expects(text)
    assert other is (normalize(text) not in {"yes", "ja", normalize("Straße")})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  Yes ", "yes"),
        ("YES !", "yes"),
        ("y\tE\ns", "y e s"),
        ("Straße.", "strasse"),
        ("...", ""),
        ("", ""),
    ],
)
def test_normalize(text: str, said: str) -> None:
    assert normalize(text) == said
