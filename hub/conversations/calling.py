"""Flows in a call, inside a turn: what a sprint says becomes the call's next document. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.conversations.state import CallTurn, FlowCall, Inbound, Turn
from hub.flows import effects, inside
from hub.flows.book import FlowBook
from hub.flows.definition import Flow
from hub.flows.engine import Sprint
from hub.flows.inputs import Call
from hub.flows.inside import Inside
from hub.flows.nodes import SubFlow
from hub.flows.on_call import TURNS_MAX, Ending, Line, OnCall, ending, script, spoken
from hub.ids import decode_id
from hub.voice.script import HangUp, Play, Say, Step

CALL = "call"
LATE = "late"
"""Mark of a call's arrival that the conversation hears of when somebody else has answered it already."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The call that asks for its next document. `begins`: it has come in with this turn."""

    given: Call | None = None
    heard: Mapping[str, Any] | None = None
    begins: bool = False


def asking(event: FlowCall) -> Asking:
    return Asking(event.given, event.heard)


def is_call(event: Inbound) -> bool:
    """Whether the message says that the contact calls."""
    return event.content is not None and event.content.get("type") == CALL


def arrived(event: Inbound) -> OnCall | None:
    """The call that the contact is in with this message; it has the message's id."""
    if not is_call(event) or (event.content or {}).get(LATE):
        return None
    sid = event.provider_message_id
    return OnCall(Line(event.message_id, event.channel_id, event.address, "in", sid))


def speaks(flow: Flow, book: FlowBook) -> bool:
    """Whether the flow, or one that it enters, speaks in calls."""
    seen: set[UUID] = set()
    waiting = [flow]
    while waiting:
        for node in waiting.pop().nodes.values():
            if node.group == "Voice":
                return True
            if isinstance(node, SubFlow):
                flow_id = decode_id("flw", node.flow_id)
                if flow_id in book.flows and flow_id not in seen:
                    seen.add(flow_id)
                    waiting.append(book.flows[flow_id])
    return False


def said(result: Turn, before: Inside, after: Inside, sprint: Sprint, at: datetime, asks: Asking | None) -> Inside:  # fmt: skip
    """The session after a sprint in a call. What was said is the next document of a call that asks for one, or ends by
    it; else it waits until the call asks.
    """
    call = after.call
    assert call is not None, "it is in a call"
    steps = (*call.queue, *spoken(sprint.effects))
    if asks is None and ending(sprint.session, at) != "end":
        return replace(after, call=replace(call, queue=steps))
    asks = asks or Asking()
    if asks.heard is not None:
        asks = replace(asks, heard={**asks.heard, "step": before.session.node})
    taken = (*_happened(before, asks.given), *_taken(call.queue), *_passed(sprint))
    ends = ending(sprint.session, at)
    if ends == "end" and _wants_people(call, sprint) and not (steps and isinstance(steps[-1], HangUp)):
        ends = "desk"
    return _told(result, after, steps, taken, asks, ends)


def _wants_people(call: OnCall, sprint: Sprint) -> bool:
    """The flow hands over, or cannot go on with somebody who has called us."""
    if sprint.status == "stuck":
        return call.line.direction == "in"
    return any(isinstance(effect, effects.HandOver) for effect in sprint.effects)


def collect(result: Turn, one: Inside, at: datetime, asks: Asking) -> bool:
    """The call asks, and nothing has happened in it. False: it has still nothing to hear, and is held."""
    call = one.call
    assert call is not None, "it is in a call"
    if call.holding and not call.queue and ending(one.session, at) == "hold":
        return False
    after = _told(result, one, call.queue, tuple(_taken(call.queue)), asks, ending(one.session, at))
    result.state.sessions = inside.put(result.state.sessions, after, asked=False)
    return True


def _told(
    result: Turn,
    after: Inside,
    steps: tuple[Step, ...],
    taken: tuple[Mapping[str, Any], ...],
    asks: Asking,
    ends: Ending,
) -> Inside:
    """Write the document; the session leaves a call that ends by it."""
    call = after.call
    assert call is not None, "it is in a call"
    turn = call.turn + 1
    following: OnCall | None = None
    if ends in ("ask", "hold"):
        following = replace(call, turn=turn, holding=ends == "hold", queue=())
        if turn >= TURNS_MAX:  # the session hears that the call is over when it is
            ends = "end"
    by = asks.given.value if asks.given is not None and asks.given.happened == "answered" else ""
    result.effects.append(
        CallTurn(after.id, call.line, turn, script(steps), ends, taken, asks.heard, by, asks.begins)
    )
    if following is None:
        return replace(after, session=replace(after.session, on_call=False), call=None)
    return replace(after, call=following)


def _happened(before: Inside, given: Call | None) -> Iterator[Mapping[str, Any]]:
    """The call's answer, for people."""
    if given is None:
        return
    step = before.session.node
    match given.happened:
        case "answered":
            yield {"step": "", "did": "answered", "by": given.value}
        case "keys":
            yield {"step": step, "did": "answer", "digits": given.value}
        case "speech":
            yield {"step": step, "did": "answer", "speech": given.value}
        case "dialled":
            yield {"step": step, "did": "dialled", "status": given.value}
        case other:
            yield {"step": step, "did": other}


def _passed(sprint: Sprint) -> Iterator[Mapping[str, Any]]:
    """What was said, with the node that said it."""
    begin = 0
    for step in sprint.steps:
        for effect in sprint.effects[begin : max(begin, step.asked)]:
            if isinstance(effect, effects.CallStep):
                yield from _taken((effect.step,), step.node)
        begin = max(begin, step.asked)


def _taken(steps: tuple[Step, ...], node: str = "") -> Iterator[Mapping[str, Any]]:
    for step in steps:
        if isinstance(step, Say | Play):
            yield {"step": node, "did": step.type}
