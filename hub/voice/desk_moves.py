"""What each event does to a call at the desk. Pure; see `hub.voice.desk`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.voice.desk import (
    CONTACT,
    KEYS_MAX,
    LEGS_MAX,
    OVER,
    RING,
    TALKING,
    CallContact,
    CallMoved,
    CancelConsult,
    Complete,
    Consult,
    DeskCall,
    Drop,
    Event,
    Give,
    GiveUp,
    HangUp,
    Hold,
    Keys,
    Leg,
    LegGone,
    LegNamed,
    LegUp,
    Listen,
    Look,
    Mute,
    NotYourCall,
    PassOn,
    Phase,
    Result,
    Resume,
    Ring,
    Role,
    Spoke,
    StopListening,
    Take,
    WantCallback,
)


def _require(result: Result, *phases: Phase) -> None:
    if result.call.phase not in phases:
        raise CallMoved(f"the call is {result.call.phase.value}")


def _require_agent(result: Result, user_id: UUID) -> None:
    if result.call.agent_id != user_id:
        raise NotYourCall("somebody else has the call, or nobody")


def _ring(result: Result, role: Role, user_id: UUID, address: str, at: datetime, muted: bool = False) -> Leg:
    if len(result.call.legs) >= LEGS_MAX:
        raise CallMoved("the call has had too many lines")
    number = max(leg.number for leg in result.call.legs) + 1
    leg = result.put(Leg(number=number, role=role, user_id=user_id, address=address, muted=muted, since=at))
    result.effects.append(Ring(leg))
    return leg


def _drop(result: Result, leg: Leg | None, at: datetime) -> None:
    if leg is not None:
        result.effects.append(Drop(result.put(leg, state="over", since=at)))


def _look(result: Result, number: int = CONTACT) -> None:
    leg = result.call.leg(number)
    if leg is not None and leg.state == "up":
        result.effects.append(Look(leg))


def _end(result: Result, at: datetime, outcome: str, user_id: UUID | None = None) -> None:
    """The call is over for everybody."""
    for leg in result.call.legs:
        if leg.state in ("ringing", "up"):
            _drop(result, leg, at)
    seconds = 0 if result.call.answered_at is None else int((at - result.call.answered_at).total_seconds())
    result.move(Phase.ENDED, at, ended_at=at, outcome=outcome, consulted_id=None)
    result.did("ended", at, user_id, outcome=outcome, seconds=seconds)


def _back(result: Result, at: datetime, why: str) -> None:
    """The agent did not come: the call waits again, or the callback does."""
    call, agent_id = result.call, result.call.agent_id
    contact = call.leg(CONTACT)
    result.did("unanswered", at, agent_id, why=why)
    if call.direction == "out" and (contact is None or contact.state != "up"):
        _end(result, at, "unanswered")
        return
    waits = contact is not None and contact.state == "up"
    result.move(Phase.QUEUED if waits else Phase.CALLBACK, at, agent_id=None)
    result.effects.append(Give(None, "their phone did not answer the call"))


def _take(result: Result, event: Take) -> Result:
    _require(result, Phase.QUEUED, Phase.CALLBACK)
    result.move(Phase.CONNECTING, event.at, agent_id=event.user_id)
    _ring(result, "agent", event.user_id, event.address, event.at)
    result.did("taken", event.at, event.user_id)
    return result


def _named(result: Result, event: LegNamed) -> Result:
    leg = result.call.leg(event.number)
    if leg is None or leg.sid:
        return result
    leg = result.put(leg, sid=event.sid)
    if leg.state == "over":  # given up before the provider had named it
        result.effects.append(Drop(leg))
    return result


def _up(result: Result, event: LegUp) -> Result:
    call, leg = result.call, result.call.leg(event.number)
    if leg is None or leg.state in ("up", "over") or call.phase in OVER:
        return result
    leg = result.put(leg, state="up", sid=leg.sid or event.sid, since=event.at)
    if leg.role == "agent" and call.phase is Phase.CONNECTING:
        contact = call.leg(CONTACT)
        if contact is not None and contact.state == "up":
            _connect(result, event.at)
        else:
            result.move(Phase.CALLING, event.at)
            if contact is not None:
                result.put(contact, state="ringing", sid="", since=event.at)
            result.effects.append(CallContact())
    elif leg.role == "contact" and call.phase is Phase.CALLING:
        _connect(result, event.at)
    elif leg.role == "listener":
        result.did("listening", event.at, leg.user_id)
    return result


def _connect(result: Result, at: datetime) -> None:
    call = result.call
    again = call.answered_at is not None
    result.move(Phase.CONNECTED, at, answered_at=call.answered_at or at)
    result.did("connected", at, call.agent_id, again=again)
    _look(result)
    if call.agent_id is not None:
        result.effects.append(Spoke(call.agent_id))


def _gone(result: Result, event: LegGone) -> Result:
    call, leg = result.call, result.call.leg(event.number)
    if leg is None or leg.state in ("over", "none"):
        return result
    result.put(leg, state="over", since=event.at)
    if call.phase in OVER:
        return result
    match leg.role:
        case "contact":
            _contact_gone(result, event)
        case "agent" if leg.user_id == call.agent_id:
            _agent_gone(result, event)
        case "consulted" if call.phase is Phase.CONSULTING:
            result.did("consulted_gone", event.at, leg.user_id, why=event.why)
            result.move(Phase.HELD, event.at, consulted_id=None)
    return result


def _contact_gone(result: Result, event: LegGone) -> None:
    match result.call.phase:
        case Phase.CALLBACK:
            return  # as it was said
        case Phase.QUEUED | Phase.CONNECTING:
            _end(result, event.at, "abandoned")
        case Phase.CALLING:
            _end(result, event.at, event.why)
        case _:
            _end(result, event.at, "completed")


def _agent_gone(result: Result, event: LegGone) -> None:
    call = result.call
    consulted = call.leg_of("consulted")
    match call.phase:
        case Phase.CONNECTING:
            _back(result, event.at, event.why)
        case Phase.CONSULTING if consulted is not None and consulted.state == "up":
            _hand_over(result, consulted, event.at)  # who hangs up between two has handed over
        case Phase.CONNECTED | Phase.HELD | Phase.CONSULTING | Phase.CALLING:
            _end(result, event.at, "completed" if call.answered_at else "unanswered")


def _hold(result: Result, event: Hold) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED)
    result.move(Phase.HELD, event.at)
    result.did("held", event.at, event.user_id)
    _look(result)
    return result


def _resume(result: Result, event: Resume) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.HELD)
    result.move(Phase.CONNECTED, event.at)
    result.did("resumed", event.at, event.user_id)
    _look(result)
    return result


def _mute(result: Result, event: Mute) -> Result:
    _require_agent(result, event.user_id)
    _require(result, *TALKING)
    leg = result.call.leg_of("agent", user_id=event.user_id)
    if leg is not None and leg.muted != event.muted:
        result.put(leg, muted=event.muted)
        _look(result, leg.number)
    return result


def _keys(result: Result, event: Keys) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED)
    contact = result.call.leg(CONTACT)
    if contact is None or len(contact.press) + len(event.keys) > KEYS_MAX:
        raise CallMoved("too many keys at once")
    result.put(contact, press=contact.press + event.keys)
    result.did("keys", event.at, event.user_id, keys=event.keys)
    _look(result)
    return result


def _pass_on(result: Result, event: PassOn) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED, Phase.HELD)
    result.did("transferred", event.at, event.user_id, to=event.to or event.forward, note=event.note)
    _drop(result, result.call.leg_of("agent", user_id=event.user_id), event.at)
    if event.forward:
        result.move(Phase.FORWARDED, event.at, forward=event.forward, note=event.note)
    else:
        result.move(Phase.QUEUED, event.at, agent_id=None, note=event.note)
    _look(result)
    return result


def _consult(result: Result, event: Consult) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED, Phase.HELD)
    if event.other_id == event.user_id:
        raise CallMoved("a call is passed on to somebody else")
    result.move(Phase.CONSULTING, event.at, consulted_id=event.other_id, note=event.note)
    _ring(result, "consulted", event.other_id, event.address, event.at)
    result.did("consulting", event.at, event.user_id, to=event.to)
    _look(result)
    return result


def _complete(result: Result, event: Complete) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONSULTING)
    consulted = result.call.leg_of("consulted")
    if consulted is None or consulted.state != "up":
        raise CallMoved("the other phone has not answered yet")
    _drop(result, result.call.leg_of("agent", user_id=event.user_id), event.at)
    _hand_over(result, consulted, event.at)
    return result


def _hand_over(result: Result, consulted: Leg, at: datetime) -> None:
    """Whoever was asked is the call's agent now."""
    before = result.call.agent_id
    result.put(consulted, role="agent")
    result.set(agent_id=consulted.user_id, consulted_id=None)
    result.did("handed_over", at, before, to_user_id=str(consulted.user_id))
    result.effects.append(Give(consulted.user_id, result.call.note))
    _connect(result, at)


def _cancel(result: Result, event: CancelConsult) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONSULTING)
    _drop(result, result.call.leg_of("consulted"), event.at)
    result.move(Phase.CONNECTED, event.at, consulted_id=None)
    result.did("resumed", event.at, event.user_id)
    _look(result)
    return result


def _hang_up(result: Result, event: HangUp) -> Result:
    if result.call.phase in OVER:
        raise CallMoved("the call is over")
    if event.user_id is not None:
        _require_agent(result, event.user_id)
    outcome = "completed" if result.call.answered_at else "unanswered"
    _end(result, event.at, outcome, event.user_id)
    return result


def _listen(result: Result, event: Listen) -> Result:
    _require(result, *TALKING)
    if result.call.agent_id == event.user_id or result.call.consulted_id == event.user_id:
        raise CallMoved("you are in the call already")
    if result.call.leg_of("listener", user_id=event.user_id) is not None:
        raise CallMoved("you listen already")
    _ring(result, "listener", event.user_id, event.address, event.at, muted=True)
    return result


def _stop(result: Result, event: StopListening) -> Result:
    leg = result.call.leg_of("listener", user_id=event.user_id)
    if leg is None:
        raise CallMoved("you do not listen to this call")
    _drop(result, leg, event.at)
    return result


def _want_callback(result: Result, event: WantCallback) -> Result:
    if result.call.phase is Phase.QUEUED:
        result.move(Phase.CALLBACK, event.at)
        result.did("callback", event.at)
    return result


def _give_up(result: Result, event: GiveUp) -> Result:
    if result.call.phase is Phase.QUEUED:
        result.move(Phase.VOICEMAIL, event.at, ended_at=event.at, outcome="voicemail")
        result.did("voicemail", event.at)
    return result


def overdue(result: Result, at: datetime) -> Result:
    """Somebody looks at the call: a phone that has rung for too long, whatever became of it, did not answer."""
    call = result.call
    for leg in call.legs:
        if leg.role != "contact" and leg.state == "ringing" and at - leg.since >= RING:
            _drop(result, leg, at)
            if leg.user_id == call.agent_id and call.phase is Phase.CONNECTING:
                _back(result, at, "no-answer")
            elif leg.role == "consulted" and call.phase is Phase.CONSULTING:
                result.did("consulted_gone", at, leg.user_id, why="no-answer")
                result.move(Phase.HELD, at, consulted_id=None)
    return result


MOVES: Mapping[type[Any], Callable[[Result, Any], Result]] = {
    Take: _take,
    LegUp: _up,
    LegNamed: _named,
    LegGone: _gone,
    Hold: _hold,
    Resume: _resume,
    Mute: _mute,
    Keys: _keys,
    PassOn: _pass_on,
    Consult: _consult,
    Complete: _complete,
    CancelConsult: _cancel,
    HangUp: _hang_up,
    Listen: _listen,
    StopListening: _stop,
    WantCallback: _want_callback,
    GiveUp: _give_up,
}


def advance(call: DeskCall, event: Event) -> Result:
    """One event. Raises CallMoved or NotYourCall when a person asks for what cannot be; news never raises."""
    return MOVES[type(event)](Result(call), event)


def outgoing(user_id: UUID, address: str, at: datetime) -> Result:
    """An agent calls the contact: the agent's phone first."""
    leg = Leg(number=CONTACT, role="contact", state="none", since=at)
    call = DeskCall(phase=Phase.CALLBACK, direction="out", legs=(leg,), since=at, waited_from=at)
    return advance(call, Take(user_id, address, at))
