"""What the engine does with a flow beyond one node: sprints, waits, sub-flows, stuck sessions, and what always holds."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.content import Text
from hub.conditions.text import normalize
from hub.flows.definition import Flow, read
from hub.flows.effects import AddTag, Effect, HandOver, SendMessage
from hub.flows.engine import INSIDE_MAX, STEPS_PER_SPRINT_MAX, Sprint, accepts, advance, begin_at, expects
from hub.flows.inputs import INPUT, Begin, Input, Reply, Resume, TimeUp
from hub.flows.nodes import NODES
from hub.flows.session import Session
from hub.flows.world import Tenant, World
from hub.ids import encode_id
from tests.hub.flows.drawn import INPUTS, flows

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SURVEY: dict[str, Any] = {  # in the first form, which is read for ever
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
    return read(SURVEY | changes)


def chain(*nodes: tuple[str, dict[str, Any]], extra: tuple[dict[str, Any], ...] = ()) -> Flow:
    """Nodes n0, n1 … behind a start, joined by their first ports."""
    listed = [{"id": "start", "type": "start"}]
    listed += [{"id": f"n{nth}", "type": kind, "data": data} for nth, (kind, data) in enumerate(nodes)]
    ports = ["next", *((NODES[kind].model_validate(data).out_ports() or [""])[0] for kind, data in nodes)]
    names = ["start", *(f"n{nth}" for nth in range(len(nodes)))]
    edges = [
        {"source": a, "port": port, "target": b}
        for (a, b), port in zip(itertools.pairwise(names), ports, strict=False)
    ]
    return read({"spec_version": 2, "nodes": listed, "edges": [*edges, *extra]})


def run(
    which: Flow, session: Session, what: Input, now: datetime = NOW, world: World | None = None
) -> Sprint:
    return advance(which, session, what, now, random.Random(1), world)


def said(text: str) -> SendMessage:
    return SendMessage(Text(text=text))


def test_a_sprint_ends_where_a_node_waits() -> None:
    sprint = run(flow(), begin_at("f", flow(), origin="c"), Begin())
    assert sprint.effects == (said("Interested?"),)
    assert sprint.path == ("start", "ask", "answer")
    assert sprint.session is not None
    assert (sprint.session.place, sprint.session.origin) == (("f", "answer"), "c")


ANSWERS: list[tuple[str, tuple[Effect, ...], tuple[str, ...]]] = [
    ("yes", (said("Thank you"), AddTag("interested")), ("answer", "thank", "tag")),
    ("  YES!! ", (said("Thank you"), AddTag("interested")), ("answer", "thank", "tag")),
    ("sure   THING.", (said("Thank you"), AddTag("interested")), ("answer", "thank", "tag")),
    ("no", (), ("answer",)),  # an unconnected port ends the flow
    ("what is this?", (HandOver("Care"),), ("answer", "person")),
    ("", (HandOver("Care"),), ("answer", "person")),
    ("yes please", (HandOver("Care"),), ("answer", "person")),
]


@pytest.mark.parametrize(("reply", "effects", "path"), ANSWERS)
def test_a_reply_leaves_by_its_port(reply: str, effects: tuple[Effect, ...], path: tuple[str, ...]) -> None:
    sprint = run(flow(), Session("f", "answer"), Reply(text=reply))
    assert (sprint.session, sprint.effects, sprint.path, sprint.status) == (None, effects, path, "ended")


def test_a_session_stored_in_the_first_form_goes_on() -> None:
    old = {"flow_id": "f", "node": "answer", "variables": {"code": "A1"}, "origin": "c"}
    session = Session.from_json(old)
    assert session is not None
    assert session.to_json() == old
    assert run(flow(), session, Reply(text="y")).status == "ended"
    assert Session.from_json(None) is None
    assert Session.from_json({}) is None


def test_two_answers_in_the_same_second_answer_two_questions_or_one_is_for_nobody() -> None:
    two = chain(("ask", {"save_as": "first"}), ("ask", {"save_as": "second"}))
    session = run(two, begin_at("f", two), Begin()).session
    assert session is not None
    session = run(two, session, Reply(text="a")).session
    assert session is not None
    assert session.variables == {"first": "a"}
    assert run(two, session, Reply(text="b")).status == "ended"
    waits = chain(("wait", {"duration": {"amount": 1, "unit": "days"}}))
    session = run(waits, begin_at("f", waits), Begin()).session
    assert session is not None
    assert run(waits, session, Reply(text="b")) == Sprint(session, status="ignored")


def test_a_reply_of_100_kB_leaves_a_small_session() -> None:
    other = {"source": "n0", "port": "other", "target": "n1"}
    asks = chain(("ask", {"save_as": "said"}), ("wait", {"duration": {"amount": 1}}), extra=(other,))
    sprint = run(asks, Session("f", "n0"), Reply(text="x" * 100_000))
    assert sprint.session is not None
    assert sprint.session.variables == {"said": "x" * 1_000}
    assert len(json.dumps(sprint.session.to_json())) < 3_000


def loop(size: int) -> Flow:
    back = {"source": f"n{size - 1}", "target": "n0"}
    return chain(*[("tag", {"tag": "t"})] * size, extra=(back,))


@pytest.mark.parametrize("size", [1, 2, STEPS_PER_SPRINT_MAX])
def test_a_flow_that_never_waits_is_stopped_and_undone(size: int) -> None:
    sprint = run(loop(size), begin_at("f", loop(size)), Begin())
    assert (sprint.status, sprint.effects) == ("stuck", ())
    assert f"more than {STEPS_PER_SPRINT_MAX} steps" in sprint.reason


STUCK = ("set", {"target": "variable", "name": "x", "value": "{{ city }}"})


def test_a_stuck_session_keeps_what_was_done_and_is_resumed() -> None:
    which = chain(("tag", {"tag": "t"}), STUCK, ("tag", {"tag": "u"}))
    sprint = run(which, begin_at("f", which), Begin())
    assert (sprint.status, sprint.effects, sprint.reason) == ("stuck", (AddTag("t"),), "'city' is undefined")
    stuck = sprint.session
    assert stuck is not None
    assert stuck.is_stuck
    assert Session.from_json(json.loads(json.dumps(stuck.to_json()))) == stuck
    assert not accepts(which, stuck, Reply(text="hello"))
    assert run(which, stuck, Resume()).status == "stuck"
    mended = replace(stuck, variables={"city": "Pune"})
    assert run(which, mended, Resume()).effects == (AddTag("u"),)
    assert run(which, stuck, Resume(node="n2")).effects == (AddTag("u"),)
    assert run(which, stuck, Resume(node="gone")).status == "stuck"


def test_a_node_that_is_gone_is_found_out_by_the_reply() -> None:
    sprint = run(flow(), Session("f", "old"), Reply(text="yes"))
    assert (sprint.status, sprint.reason) == ("stuck", "the flow has no node 'old' any more")


def sub(target: int) -> tuple[str, dict[str, Any]]:
    return ("sub_flow", {"flow_id": encode_id("flw", UUID(int=target))})


def test_a_wait_inside_a_sub_flow_comes_back_out() -> None:
    inner = chain(("ask", {"save_as": "said"}), ("end", {}))
    outer = chain(sub(2), ("send", {"content": {"type": "text", "text": "{{ said }}!"}}))
    world = World(Tenant(flows={UUID(int=2).hex: inner}))
    session = run(outer, begin_at("f", outer), Begin(), world=world).session
    assert session is not None
    assert session.inside == ((UUID(int=2).hex, "n0", 0),)
    again = Session.from_json(json.loads(json.dumps(session.to_json())))
    assert again == session
    sprint = run(outer, session, Reply(text="hi"), world=world)
    assert (sprint.status, sprint.effects) == ("ended", (said("hi!"),))
    ways = [(step.node, step.port) for step in sprint.steps]
    assert ways[-3:] == [("n1", ""), ("n0", "next"), ("n1", "next")], (
        "who comes back leaves the sub-flow's node"
    )


def test_who_is_inside_of_a_sub_flow_goes_through_the_version_that_they_entered() -> None:
    inner, key = chain(("ask", {"save_as": "said"}), ("tag", {"tag": "old"})), UUID(int=2).hex
    outer = chain(sub(2))
    session = run(
        outer, begin_at("f", outer), Begin(), world=World(Tenant(flows={key: inner}, versions={key: 1}))
    ).session
    assert session is not None
    assert session.inside == ((key, "n0", 1),)
    after = chain(("hand_over", {}))
    kept = Tenant(flows={key: after}, versions={key: 2}, older={(key, 1): inner})
    assert run(outer, session, Reply(text="hi"), world=World(kept)).effects == (AddTag("old"),)
    gone = Tenant(flows={}, versions={}, older={(key, 1): inner})
    assert (
        run(outer, session, Reply(text="hi"), world=World(gone)).reason
        == f"the sub-flow {encode_id('flw', UUID(key))} is gone"
    )


def test_flows_do_not_enter_themselves_nor_each_other_without_end() -> None:
    many = {UUID(int=nth).hex: chain(sub(nth + 1)) for nth in range(1, 20)}
    for start, which in ((many[UUID(int=1).hex], 1), (chain(sub(9)), 9)):
        flows_ = many if which == 1 else {UUID(int=9).hex: chain(sub(9))}
        sprint = run(start, begin_at(UUID(int=1).hex, start), Begin(), world=World(Tenant(flows=flows_)))
        assert sprint.status == "stuck"
        assert f"at most {INSIDE_MAX} deep" in sprint.reason


@pytest.mark.parametrize(
    ("node", "text", "expected"),
    [("answer", "Yes.", True), ("answer", "perhaps", False), ("ask", "yes", False), ("old", "yes", False)],
)
def test_an_expected_answer_needs_no_classifier(node: str, text: str, expected: bool) -> None:
    assert expects(flow(), Session("f", node), text) is expected


def test_a_flow_that_looks_at_intents_has_every_reply_classified() -> None:
    ask = ("ask", {"kind": "choice", "choices": [{"name": "yes"}]})
    yes = {"source": "n0", "port": "yes", "target": "n1"}
    nodes = [("intent", {"intents": [{"intent": "order"}]}), ("tag", {"tag": "t"})]
    for node, wanted in zip(nodes, (False, True), strict=True):
        whole = read(
            {
                "spec_version": 2,
                "nodes": [
                    {"id": "s", "type": "start"},
                    {"id": "n0", "type": ask[0], "data": ask[1]},
                    {"id": "n1", "type": node[0], "data": node[1]},
                ],
                "edges": [{"source": "s", "target": "n0"}, yes],
            }
        )
        assert expects(whole, Session("f", "n0"), "yes") is wanted


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  Yes ", "yes"),
        ("YES !", "yes"),
        ("y\tE\ns", "y e s"),
        ("Straße.", "strasse"),
        ("...", ""),
        ("", ""),
    ],
)
def test_normalize(text: str, plain: str) -> None:
    assert normalize(text) == plain


# --- what holds for every flow --------------------------------------------------------------------------------


@given(flows(), st.lists(INPUTS, max_size=12), st.integers(0, 3))
def test_every_run_is_bounded_repeatable_and_survives_its_storage(
    which: Flow, inputs: list[dict[str, Any]], seed: int
) -> None:
    session: Session | None = begin_at("f", which)
    now = NOW
    given_: Any = Begin()
    for raw in [None, *inputs]:
        if session is None:
            return
        if raw is not None:
            token = session.waiting.token if session.waiting else 0
            tokens = {"token": token} if raw["type"] in ("time_up", "webhook", "delivery") else {}
            given_ = INPUT.validate_python(raw | tokens)
            now += timedelta(hours=1)
            if isinstance(given_, TimeUp) and session.waiting and session.waiting.until:
                now = max(now, session.waiting.until)
        sprint = advance(which, session, given_, now, random.Random(seed))
        assert sprint == advance(which, session, given_, now, random.Random(seed)), "the same once more"
        assert len(sprint.steps) <= STEPS_PER_SPRINT_MAX
        if sprint.status == "ignored":
            assert sprint.session == session
            assert not accepts(which, session, given_)
        session = sprint.session
        if session is not None:
            stored = json.dumps(session.to_json())
            assert Session.from_json(json.loads(stored)) == session
            assert len(stored) < 20_000
            assert session.is_stuck == bool(session.reason)
            assert session.is_stuck or session.waiting is not None


@given(flows())
def test_a_timer_is_for_the_wait_that_is_left(which: Flow) -> None:
    sprint = run(which, begin_at("f", which), Begin())
    timers = {effect.token: effect.at for effect in sprint.effects if type(effect).__name__ == "StartTimer"}
    waiting = sprint.session.waiting if sprint.session else None
    expected = {waiting.token: waiting.until} if waiting and waiting.until else {}
    assert timers == expected
