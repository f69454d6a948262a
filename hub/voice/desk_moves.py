"""What people do with a call at the desk, and every event's move. Pure; see `hub.voice.desk`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.voice.desk import (
    CONTACT,
    KEYS_MAX,
    OVER,
    TALKING,
    CallBack,
    CallMoved,
    CancelConsult,
    Complete,
    Consult,
    DeskCall,
    Event,
    ForwardGone,
    GiveUp,
    HangUp,
    Hold,
    Keep,
    Keys,
    Leg,
    LegGone,
    LegNamed,
    LegUp,
    Listen,
    Mute,
    NotYourCall,
    PassOn,
    Phase,
    Pressed,
    Result,
    Resume,
    StopListening,
    Take,
    Tick,
    WantCallback,
)
from hub.voice.desk_legs import (
    drop,
    end,
    forward_gone,
    gone,
    hand_over,
    keep,
    look,
    named,
    pressed,
    ring,
    tick,
    up,
)


def _require(result: Result, *phases: Phase) -> None:
    if result.call.phase not in phases:
        raise CallMoved(f"the call is {result.call.phase.value}")


def _require_agent(result: Result, user_id: UUID) -> None:
    if result.call.agent_id != user_id:
        raise NotYourCall("somebody else has the call, or nobody")


def _take(result: Result, event: Take) -> Result:
    _require(result, Phase.QUEUED, Phase.CALLBACK)
    result.move(Phase.CONNECTING, event.at, agent_id=event.user_id)
    ring(result, "agent", event.user_id, event.address, event.at)
    result.did("taken", event.at, event.user_id)
    return result


def _hold(result: Result, event: Hold) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED)
    result.move(Phase.HELD, event.at)
    result.did("held", event.at, event.user_id)
    look(result)
    return result


def _resume(result: Result, event: Resume) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.HELD)
    result.move(Phase.CONNECTED, event.at)
    result.did("resumed", event.at, event.user_id)
    look(result)
    return result


def _mute(result: Result, event: Mute) -> Result:
    _require_agent(result, event.user_id)
    _require(result, *TALKING)
    leg = result.call.leg_of("agent", user_id=event.user_id)
    if leg is not None and leg.muted != event.muted:
        result.put(leg, muted=event.muted)
        look(result, leg.number)
    return result


def _keys(result: Result, event: Keys) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED)
    contact = result.call.leg(CONTACT)
    if contact is None or len(contact.press) + len(event.keys) > KEYS_MAX:
        raise CallMoved("too many keys at once")
    result.put(contact, press=contact.press + event.keys)
    result.did("keys", event.at, event.user_id, keys=event.keys)
    look(result)
    return result


def _pass_on(result: Result, event: PassOn) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED, Phase.HELD)
    result.did("transferred", event.at, event.user_id, to=event.to or event.forward, note=event.note)
    drop(result, result.call.leg_of("agent", user_id=event.user_id), event.at)
    if event.forward:
        result.move(Phase.FORWARDED, event.at, forward=event.forward, note=event.note)
    else:
        result.move(Phase.QUEUED, event.at, agent_id=None, note=event.note)
    look(result)
    return result


def _consult(result: Result, event: Consult) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONNECTED, Phase.HELD)
    if event.other_id == event.user_id:
        raise CallMoved("a call is passed on to somebody else")
    result.move(Phase.CONSULTING, event.at, consulted_id=event.other_id, note=event.note)
    ring(result, "consulted", event.other_id, event.address, event.at)
    result.did("consulting", event.at, event.user_id, to=event.to)
    look(result)
    return result


def _complete(result: Result, event: Complete) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONSULTING)
    consulted = result.call.leg_of("consulted")
    if consulted is None or consulted.state != "up":
        raise CallMoved("the other phone has not answered yet")
    drop(result, result.call.leg_of("agent", user_id=event.user_id), event.at)
    hand_over(result, consulted, event.at)
    return result


def _cancel(result: Result, event: CancelConsult) -> Result:
    _require_agent(result, event.user_id)
    _require(result, Phase.CONSULTING)
    drop(result, result.call.leg_of("consulted"), event.at)
    result.move(Phase.CONNECTED, event.at, consulted_id=None)
    result.did("resumed", event.at, event.user_id)
    look(result)
    return result


def _hang_up(result: Result, event: HangUp) -> Result:
    if result.call.phase in OVER:
        raise CallMoved("the call is over")
    if event.user_id is not None:
        _require_agent(result, event.user_id)
    outcome = "completed" if result.call.answered_at else "unanswered"
    end(result, event.at, outcome, event.user_id)
    return result


def _listen(result: Result, event: Listen) -> Result:
    _require(result, *TALKING)
    if result.call.agent_id == event.user_id or result.call.consulted_id == event.user_id:
        raise CallMoved("you are in the call already")
    if result.call.leg_of("listener", user_id=event.user_id) is not None:
        raise CallMoved("you listen already")
    ring(result, "listener", event.user_id, event.address, event.at, muted=True)
    return result


def _stop(result: Result, event: StopListening) -> Result:
    leg = result.call.leg_of("listener", user_id=event.user_id)
    if leg is None:
        raise CallMoved("you do not listen to this call")
    drop(result, leg, event.at)
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


def _call_back(result: Result, event: CallBack) -> Result:
    _require(result, Phase.CALLBACK)
    result.move(Phase.ENDED, event.at, ended_at=event.at, outcome="called_back")
    return result


MOVES: Mapping[type[Any], Callable[[Result, Any], Result]] = {
    Take: _take,
    LegUp: up,
    LegNamed: named,
    LegGone: gone,
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
    ForwardGone: forward_gone,
    Pressed: pressed,
    Keep: keep,
    CallBack: _call_back,
    Tick: tick,
}


def advance(call: DeskCall, event: Event) -> Result:
    """One event. Raises CallMoved or NotYourCall when a person asks for what cannot be; news never raises."""
    return MOVES[type(event)](Result(call), event)


def advance_all(call: DeskCall, *events: Event) -> Result:
    """Several events, one after the other."""
    whole = Result(call)
    for event in events:
        result = advance(whole.call, event)
        whole.call = result.call
        whole.effects += result.effects
        whole.log += result.log
    return whole


def outgoing(
    user_id: UUID, address: str, at: datetime, waited_from: datetime | None = None, callback: bool = False
) -> Result:
    """An agent calls the contact: the agent's phone first. `callback`: somebody has waited for it since `waited_from`."""
    leg = Leg(number=CONTACT, role="contact", state="none", since=at)
    call = DeskCall(
        phase=Phase.CALLBACK,
        direction="out",
        legs=(leg,),
        since=at,
        waited_from=waited_from or at,
        callback=callback,
    )
    return advance(call, Take(user_id, address, at))
