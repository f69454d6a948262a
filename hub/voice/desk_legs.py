"""What becomes of a call at the desk when one of its legs rings, answers or is over. Pure; see `hub.voice.desk`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.voice.desk import (
    CONTACT,
    LEGS_MAX,
    OVER,
    RING,
    CallContact,
    CallMoved,
    Drop,
    ForwardGone,
    Give,
    Keep,
    Leg,
    LegGone,
    LegNamed,
    LegUp,
    Look,
    Phase,
    Pressed,
    Result,
    Ring,
    Role,
    Spoke,
    Tick,
)


def ring(result: Result, role: Role, user_id: UUID, address: str, at: datetime, muted: bool = False) -> Leg:
    if len(result.call.legs) >= LEGS_MAX:
        raise CallMoved("the call has had too many lines")
    number = max(leg.number for leg in result.call.legs) + 1
    leg = result.put(Leg(number=number, role=role, user_id=user_id, address=address, muted=muted, since=at))
    result.effects.append(Ring(leg))
    return leg


def drop(result: Result, leg: Leg | None, at: datetime) -> None:
    if leg is not None:
        result.effects.append(Drop(result.put(leg, state="over", since=at)))


def look(result: Result, number: int = CONTACT) -> None:
    leg = result.call.leg(number)
    if leg is not None and leg.state == "up":
        result.effects.append(Look(leg))


def end(result: Result, at: datetime, outcome: str, user_id: UUID | None = None) -> None:
    """The call is over for everybody."""
    for leg in result.call.legs:
        if leg.state in ("ringing", "up"):
            drop(result, leg, at)
    seconds = 0 if result.call.answered_at is None else int((at - result.call.answered_at).total_seconds())
    result.move(Phase.ENDED, at, ended_at=at, outcome=outcome, consulted_id=None)
    kept = {"kept": True} if result.call.told else {}
    result.did("ended", at, user_id, outcome=outcome, seconds=seconds, **kept)


def back(result: Result, at: datetime, why: str) -> None:
    """The agent did not come: the call waits again, or the callback does."""
    call, agent_id = result.call, result.call.agent_id
    contact = call.leg(CONTACT)
    result.did("unanswered", at, agent_id, why=why)
    if call.direction == "out" and not call.callback:
        end(result, at, "unanswered")
        return
    waits = contact is not None and contact.state == "up"
    result.move(Phase.QUEUED if waits else Phase.CALLBACK, at, agent_id=None)
    result.effects.append(Give(None, "their phone did not answer the call"))


def connect(result: Result, at: datetime) -> None:
    call = result.call
    again = call.answered_at is not None
    result.move(Phase.CONNECTED, at, answered_at=call.answered_at or at)
    result.did("connected", at, call.agent_id, again=again)
    look(result)
    if call.agent_id is not None:
        result.effects.append(Spoke(call.agent_id))


def hand_over(result: Result, consulted: Leg, at: datetime) -> None:
    """Whoever was asked is the call's agent now."""
    before = result.call.agent_id
    result.put(consulted, role="agent")
    result.set(agent_id=consulted.user_id, consulted_id=None)
    result.did("handed_over", at, before, to_user_id=str(consulted.user_id))
    result.effects.append(Give(consulted.user_id, result.call.note, before))
    connect(result, at)


def named(result: Result, event: LegNamed) -> Result:
    leg = result.call.leg(event.number)
    if leg is None or leg.sid:
        return result
    leg = result.put(leg, sid=event.sid)
    if leg.state == "over":  # given up before the provider had named it
        result.effects.append(Drop(leg))
    return result


def up(result: Result, event: LegUp) -> Result:
    call, leg = result.call, result.call.leg(event.number)
    if leg is None or leg.state in ("up", "over") or call.phase in OVER:
        return result
    leg = result.put(leg, state="up", sid=leg.sid or event.sid, since=event.at)
    if leg.role == "agent" and call.phase is Phase.CONNECTING:
        contact = call.leg(CONTACT)
        if contact is not None and contact.state == "up":
            connect(result, event.at)
        else:
            result.move(Phase.CALLING, event.at)
            if contact is not None:
                result.put(contact, state="ringing", sid="", since=event.at)
            result.effects.append(CallContact())
    elif leg.role == "contact" and call.phase is Phase.CALLING:
        connect(result, event.at)
    elif leg.role == "listener":
        result.did("listening", event.at, leg.user_id)
    return result


def gone(result: Result, event: LegGone) -> Result:
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
            end(result, event.at, "abandoned")
        case Phase.CALLING:
            end(result, event.at, event.why)
        case _:
            end(result, event.at, "completed")


def _agent_gone(result: Result, event: LegGone) -> None:
    call = result.call
    consulted = call.leg_of("consulted")
    match call.phase:
        case Phase.CONNECTING:
            back(result, event.at, event.why)
        case Phase.CONSULTING if consulted is not None and consulted.state == "up":
            hand_over(result, consulted, event.at)  # who hangs up between two has handed over
        case Phase.CONNECTED | Phase.HELD | Phase.CONSULTING | Phase.CALLING:
            end(result, event.at, "completed" if call.answered_at else "unanswered")


def forward_gone(result: Result, event: ForwardGone) -> Result:
    if result.call.phase is not Phase.FORWARDED:
        return result
    result.set(
        recorded=False, transcribed=False
    )  # it ended where it was passed on: nobody there had been told
    if event.why in ("completed", "answered"):
        end(result, event.at, "completed")
        return result
    result.did("unanswered", event.at, why=event.why, to=result.call.forward)
    result.move(Phase.QUEUED, event.at, agent_id=None, forward="")
    result.effects.append(Give(None, "the number it was passed on to did not answer"))
    return result


def pressed(result: Result, event: Pressed) -> Result:
    leg = result.call.leg(event.number)
    if leg is not None and leg.press:
        result.put(leg, press="")
    return result


def keep(result: Result, event: Keep) -> Result:
    """Once a call: what ended when it was passed on outside does not begin again."""
    if result.call.told or not (event.recorded or event.transcribed):
        return result
    result.set(told=True, recorded=event.recorded, transcribed=event.transcribed)
    result.did("recorded" if event.recorded else "transcribed", event.at)
    return result


def tick(result: Result, event: Tick) -> Result:
    call, at = result.call, event.at
    for leg in call.legs:
        if leg.role != "contact" and leg.state == "ringing" and at - leg.since >= RING:
            drop(result, leg, at)
            if leg.user_id == call.agent_id and call.phase is Phase.CONNECTING:
                back(result, at, "no-answer")
            elif leg.role == "consulted" and call.phase is Phase.CONSULTING:
                result.did("consulted_gone", at, leg.user_id, why="no-answer")
                result.move(Phase.HELD, at, consulted_id=None)
    return result
