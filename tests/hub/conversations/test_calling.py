"""Calls that come in and flows, in one turn: who speaks in them, and what is no answer to a flow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hub.conversations.state import CallTurn, Conversation, FlowCall, FlowInput, FlowWork, Inbound, Turn
from hub.conversations.turn import turn
from hub.flows.definition import read
from hub.flows.inputs import Call
from hub.flows.on_call import TURNS_MAX
from hub.routing.compiled import Targets
from hub.routing.fields import NO_RECORD
from hub.routing.loading import compile_all
from hub.routing.rule import Standing
from hub.routing.table import RoutingTable
from hub.voice.script import Gather, Say
from tests.hub.routing.rules import CATALOG, asks, rule

TENANT, CONTACT, LINE, GENERAL = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=13)
MENU, OUTER, WRITES, STUCK, CALL = UUID(int=21), UUID(int=22), UUID(int=23), UUID(int=24), UUID(int=50)
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def document(nodes: list[tuple[str, dict[str, Any]]], edges: str) -> dict[str, Any]:
    """Nodes n1, n2, … behind a start; an edge is `n1.port>n2`."""
    joined = [{"source": "start", "target": "n1"}]
    for edge in edges.split():
        source, _, target = edge.partition(">")
        place, _, port = source.partition(".")
        joined.append({"source": place, "port": port or "next", "target": target})
    made = [{"id": f"n{nth}", "type": kind, "data": data} for nth, (kind, data) in enumerate(nodes, 1)]
    return {"spec_version": 2, "nodes": [{"id": "start", "type": "start"}, *made], "edges": joined}


ASK = ("gather", {"text": "Again?", "retries": 0})
FLOWS = {
    MENU: document([("say", {"text": "Hello"}), ASK], "n1>n2 n2.answer>n2 n2.silence>n2"),
    OUTER: document([("sub_flow", {"flow_id": "flw_0000000000000000000000000n"})], ""),
    STUCK: document([("say", {"text": "{{ nothing.at_all }}"})], ""),
    WRITES: document([("ask", {"content": {"type": "text", "text": "Yes?"}})], ""),
}


def table(flow: UUID) -> RoutingTable:
    flows = {key: read(value) for key, value in FLOWS.items()}
    targets = Targets({GENERAL: "General"}, {key: str(key) for key in flows}, {})
    rules = [rule(1, [asks("message.channel_kind", "=", "voice")], {"type": "flow", "flow_id": flow})]
    placed = compile_all([Standing(rule=each) for each in rules], CATALOG, targets)
    active = [each.active for each in placed if each.active]
    made = RoutingTable("Acme", active, {GENERAL: "General"}, flows, GENERAL, None)
    made.book.tenant.flows = {key.hex: value for key, value in flows.items()}
    return made


def run(state: Conversation, event: Any, flow: UUID = MENU) -> Turn:
    return turn(state, event, table(flow), record=NO_RECORD)


def calls(**content: Any) -> Inbound:
    told = {"type": "call", **content}
    return Inbound(CALL, "in:CA1", LINE, "voice", "+15550001", "Incoming call", "CA1", NOW, told)


@pytest.mark.parametrize("flow", [MENU, OUTER])
def test_who_calls_hears_the_flow_at_once(flow: UUID) -> None:
    result = run(Conversation(TENANT, CONTACT), calls(), flow)
    (told,) = [effect for effect in result.effects if isinstance(effect, CallTurn)]
    assert (told.turn, told.ending, told.begins, told.line.provider_call_id) == (1, "ask", True, "CA1")
    first, second = told.script.steps
    assert first == Say(text="Hello")
    assert isinstance(second, Gather)
    (one,) = result.state.sessions
    assert one.call is not None
    assert (one.call.line.id, one.session.on_call) == (CALL, True)


def test_who_calls_a_flow_that_cannot_go_on_comes_to_people() -> None:
    result = run(Conversation(TENANT, CONTACT), calls(), STUCK)
    (told,) = [effect for effect in result.effects if isinstance(effect, CallTurn)]
    assert (told.ending, result.state.status, result.state.queue_id) == ("desk", "open", GENERAL)
    (one,) = result.state.sessions
    assert (one.call, one.session.is_stuck, one.session.on_call) == (None, True, False)


def test_a_call_that_somebody_else_has_answered_is_called_back() -> None:
    result = run(Conversation(TENANT, CONTACT), calls(late=True))
    (work,) = [effect for effect in result.effects if isinstance(effect, FlowWork)]
    assert (work.kind, work.payload["purpose"]) == ("dial", "transactional")
    assert not any(isinstance(effect, CallTurn) for effect in result.effects)


def test_a_flow_without_voice_leaves_the_call_to_its_script() -> None:
    result = run(Conversation(TENANT, CONTACT), calls(), WRITES)
    assert not any(isinstance(effect, CallTurn) for effect in result.effects)
    (waits,) = result.state.sessions
    assert waits.call is None
    again = run(result.state, calls()._replace(message_id=UUID(int=51)), WRITES)
    assert again.routing is not None
    assert again.routing["reason"] != "answer to a flow", "a call is no answer to a question"
    assert again.state.sessions == result.state.sessions


def asked(state: Conversation, number: int, given: Call | None = None) -> FlowCall:
    (one,) = state.sessions
    assert one.call is not None
    return FlowCall(one.id, one.call.line, number, given, NOW)


def test_a_turn_counts_once_and_a_call_does_not_go_on_for_ever() -> None:
    state = run(Conversation(TENANT, CONTACT), calls()).state
    again = run(state, asked(state, 0, Call(happened="answered")))
    assert (again.unchanged, again.answer and again.answer["status"]) == (True, "again")
    (one,) = state.sessions
    assert one.call is not None
    late = replace(one, call=replace(one.call, turn=TURNS_MAX - 1))
    state.sessions = (late,)
    result = run(state, asked(state, TURNS_MAX - 1, Call(happened="silence")))
    (told,) = [effect for effect in result.effects if isinstance(effect, CallTurn)]
    assert (told.turn, told.ending) == (TURNS_MAX, "end")
    over = FlowInput(one.id, Call(happened="hung_up", call=CALL.hex), NOW)
    done = run(result.state, over)
    assert [each.status for each in done.ran] == ["ended"], "it hears that the call is over"


def test_the_end_of_another_call_is_no_news() -> None:
    state = run(Conversation(TENANT, CONTACT), calls()).state
    (one,) = state.sessions
    result = run(state, FlowInput(one.id, Call(happened="hung_up", call=UUID(int=9).hex), NOW))
    assert (result.unchanged, result.answer and result.answer["status"]) == (True, "ignored")
