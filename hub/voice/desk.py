"""A call at the desk: who waits, who talks, who listens, who is being rung. Pure: state and event to state and effects.

    queued → connecting → connected ⇄ held ⇄ consulting → ended
       ↓ callback → calling ↗            ↓ forwarded, queued (passed on), voicemail

A call has one agent at most, and only `Take` and a finished transfer make somebody its agent. Its lines are legs: leg 0 is
the contact's, the others are phones that the hub has rung. What a leg hears follows from the state alone (`scene_of`), so a
carrier of calls that is told to look again always finds what is true now, however late it looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from hub.errors import Conflict, Forbidden

RING = timedelta(seconds=40)  # how long an agent's phone may ring before the call goes back
LEGS_MAX = 30  # of one call, those that are over included
KEYS_MAX = 32


class Phase(StrEnum):
    QUEUED = "queued"  # waits for an agent, with sound
    CALLBACK = "callback"  # has hung up and keeps the place
    CONNECTING = "connecting"  # an agent took it; their phone rings
    CALLING = "calling"  # the agent is on the line, the contact is being rung
    CONNECTED = "connected"
    HELD = "held"
    CONSULTING = "consulting"  # the contact is held, the agent talks with whom the call may go to
    FORWARDED = "forwarded"  # with a number outside
    VOICEMAIL = "voicemail"  # nobody came: the script takes a message
    ENDED = "ended"


OVER = frozenset({Phase.ENDED, Phase.VOICEMAIL})
TALKING = frozenset({Phase.CONNECTED, Phase.HELD, Phase.CONSULTING})
CONTACT = 0

Role = Literal["contact", "agent", "consulted", "listener"]
LegState = Literal["none", "ringing", "up", "over"]
Scene = Literal["wait", "room", "hold", "forward", "script", "end"]


class Leg(BaseModel):
    """One line of the call. `address` is empty for the contact's: the call itself knows it. `press`: keys still to be sent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    role: Role
    user_id: UUID | None = None
    address: str = ""
    state: LegState = "ringing"
    sid: str = ""
    muted: bool = False
    press: str = ""
    since: datetime


class DeskCall(BaseModel):
    """The state of one call at the desk. `agent_id`: who has it. `note`: what the last who had it said of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    phase: Phase
    direction: Literal["in", "out"]
    legs: tuple[Leg, ...]
    since: datetime
    waited_from: datetime
    callback: bool = False  # an outbound call that somebody waits for
    agent_id: UUID | None = None
    consulted_id: UUID | None = None
    forward: str = ""
    note: str = ""
    told: bool = False  # the contact has heard that the call is kept
    recorded: bool = False
    transcribed: bool = False
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""

    def leg(self, number: int) -> Leg | None:
        return next((leg for leg in self.legs if leg.number == number), None)

    def leg_of(self, *roles: Role, user_id: UUID | None = None) -> Leg | None:
        """The living leg of this role, or of this person in it."""
        for leg in self.legs:
            if leg.role in roles and leg.state in ("ringing", "up") and user_id in (None, leg.user_id):
                return leg
        return None


@dataclass(frozen=True, slots=True)
class Take:
    """An agent answers; `address` is the phone that is rung for them."""

    user_id: UUID
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegUp:
    number: int
    sid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegNamed:
    """The provider has taken a leg and gave it its id."""

    number: int
    sid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegGone:
    """A leg is over; `why`: completed, busy, no-answer, failed, canceled."""

    number: int
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Resume:
    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Mute:
    user_id: UUID
    muted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Keys:
    user_id: UUID
    keys: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PassOn:
    """Without asking first: to whoever the conversation is given to, or to a number outside."""

    user_id: UUID
    at: datetime
    to: str = ""  # for the log: a name
    forward: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Consult:
    """Ask another agent first: the contact is held, their phone is rung."""

    user_id: UUID
    other_id: UUID
    address: str
    at: datetime
    to: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Complete:
    """The other agent takes it; who asked leaves the call."""

    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class CancelConsult:
    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class HangUp:
    user_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Listen:
    """A supervisor hears the call and is not heard."""

    user_id: UUID
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StopListening:
    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class WantCallback:
    at: datetime


@dataclass(frozen=True, slots=True)
class ForwardGone:
    """The talk with the number outside is over, or it never began (`why` busy, no-answer, failed)."""

    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pressed:
    """The keys of this leg are on their way."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """The contact is told that the call is recorded, transcribed or both, and it is from then on."""

    recorded: bool
    transcribed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """Somebody looks at the call: a phone that has rung for too long, whatever became of it, did not answer."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CallBack:
    """An agent takes somebody who wanted to be called back: that is a call of its own."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody came in time: a message may be left."""

    at: datetime


Event = (
    Take | LegUp | LegNamed | LegGone | Hold | Resume | Mute | Keys | PassOn | Consult | Complete
    | CancelConsult | HangUp | Listen | StopListening | WantCallback | GiveUp | ForwardGone | Pressed | Keep | Tick | CallBack
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ring:
    """Call this leg's phone."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Look:
    """Let this leg look again at what it is to hear."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Drop:
    """End this leg."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class CallContact:
    """Let the contact's phone ring: a call that goes through the one door out."""


@dataclass(frozen=True, slots=True)
class Give:
    """The conversation changes hands; `user_id` None: back to its queue. `by`: who gave it; None: nobody did."""

    user_id: UUID | None
    note: str = ""
    by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Spoke:
    """Agent and contact talk now: the contact is answered."""

    user_id: UUID


Effect = Ring | Look | Drop | CallContact | Give | Spoke


@dataclass(slots=True)
class Result:
    """`log`: what people will read of it, oldest first: {"did", …}; `told`: the same for the contact's timeline."""

    call: DeskCall
    effects: list[Effect] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)

    def set(self, **values: Any) -> None:
        self.call = self.call.model_copy(update=values)

    def move(self, phase: Phase, at: datetime, **values: Any) -> None:
        self.set(phase=phase, since=at, **values)

    def put(self, leg: Leg, **values: Any) -> Leg:
        """Change a leg, or add it."""
        leg = leg.model_copy(update=values)
        others = [each for each in self.call.legs if each.number != leg.number]
        self.set(legs=tuple(sorted((*others, leg), key=lambda each: each.number)))
        return leg

    def did(self, what: str, at: datetime, user_id: UUID | None = None, **more: Any) -> None:
        line: dict[str, Any] = {"did": what, "at": at.isoformat(), **more}
        if user_id is not None:
            line["user_id"] = str(user_id)
        self.log.append(line)


@dataclass(eq=False)
class CallMoved(Conflict):
    """The call is not in a state for that."""

    code: ClassVar[str] = "call-state"


@dataclass(eq=False)
class NotYourCall(Forbidden):
    """Somebody else has the call."""

    code: ClassVar[str] = "not-your-call"


def arrived(sid: str, at: datetime) -> DeskCall:
    """A contact calls and waits."""
    leg = Leg(number=CONTACT, role="contact", state="up", sid=sid, since=at)
    return DeskCall(phase=Phase.QUEUED, direction="in", legs=(leg,), since=at, waited_from=at)


def scene_of(call: DeskCall, number: int) -> Scene:
    """What a leg is to hear now."""
    leg = call.leg(number)
    if leg is None or (leg.state == "over" and leg.role != "contact"):
        return "end"
    if call.phase is Phase.VOICEMAIL:
        return "script" if number == CONTACT else "end"
    if call.phase in OVER:
        return "end"
    if number != CONTACT:
        return "room"
    match call.phase:
        case Phase.QUEUED | Phase.CONNECTING:
            return "wait"
        case Phase.CONNECTED | Phase.CALLING:
            return "room"
        case Phase.HELD | Phase.CONSULTING:
            return "hold"
        case Phase.FORWARDED:
            return "forward"
    return "end"
