"""The call that a session is in: which one, how far it is, what it has still to hear. Pure.

A call asks for one document after the other, and each is the answer to a turn. What the flow says between two questions
of the call (a webhook has answered) waits in `queue` for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter

from hub.flows.effects import CallStep, Effect
from hub.flows.nodes.call_base import PLACING
from hub.flows.session import Session
from hub.voice.script import STEPS_MAX, WORDS_CHARS_MAX, Call, Gather, HangUp, Pause, Say, Step

TURNS_MAX = 500
"""Of one call: a flow that goes round in a call ends it."""
HOLD_MAX = timedelta(seconds=60)
"""So long the contact is kept on the phone while the flow waits for a time or a receipt; for more the call ends."""
LASTS_MAX = timedelta(hours=3)
"""A call whose end nobody told is taken for over then: longer than the longest call."""
Ending = Literal["ask", "hold", "desk", "end"]
_STEP: TypeAdapter[Step] = TypeAdapter(Step)


@dataclass(frozen=True, slots=True)
class Line:
    """A call as its row has it. `provider_call_id` of one that came in."""

    id: UUID
    channel_id: UUID
    address: str
    direction: str = "out"
    provider_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """`turn`: the next question of the call. `holding`: it waits for the flow, and asks again by itself."""

    line: Line
    turn: int = 0
    holding: bool = False
    queue: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.line.id.hex,
            "channel_id": self.line.channel_id.hex,
            "address": self.line.address,
            "direction": self.line.direction,
            "turn": self.turn,
        }
        if self.holding:
            found["holding"] = True
        if self.queue:
            found["queue"] = [step.model_dump(mode="json") for step in self.queue]
        return found

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> OnCall | None:
        if not value:
            return None
        line = Line(UUID(value["id"]), UUID(value["channel_id"]), value["address"], value["direction"])
        queue = tuple(_STEP.validate_python(step) for step in value.get("queue", ()))
        return cls(line, value["turn"], value.get("holding", False), queue)


def spoken(effects: Iterable[Effect]) -> tuple[Step, ...]:
    """What a sprint does in the call, up to its end."""
    found: list[Step] = []
    for effect in effects:
        if isinstance(effect, CallStep):
            found.append(effect.step)
            if isinstance(effect.step, HangUp):
                break
    return tuple(found)


def ending(session: Session | None, now: datetime) -> Ending:
    """How the call goes on behind what was said. Waits that nobody stands on the phone for end it."""
    if session is None or session.is_stuck or not session.on_call or session.waiting is None:
        return "end"
    waiting = session.waiting
    match waiting.kind:
        case "call":
            return "end" if waiting.data.get(PLACING) else "ask"
        case "webhook":
            return "hold"
        case "time" | "delivery":
            soon = waiting.until is not None and waiting.until - now <= HOLD_MAX
            return "hold" if soon else "end"
    return "end"


def awaits_answer(session: Session) -> bool:
    """It has had a call placed, and waits until that is answered."""
    waiting = session.waiting
    return waiting is not None and waiting.kind == "call" and bool(waiting.data.get(PLACING))


def script(steps: Sequence[Step]) -> Call:
    """A document's steps as a script: what is beyond the limits of one is not said."""
    found: list[Step] = []
    words = 0
    for step in steps:
        said = [step] if isinstance(step, Say) else list(step.prompt) if isinstance(step, Gather) else []
        words += sum(len(each.text) * each.loop for each in said if isinstance(each, Say))
        if words > WORDS_CHARS_MAX or len(found) + len(said) >= STEPS_MAX:
            break
        found.append(step)
    return Call(steps=tuple(found) or (Pause(seconds=1),))
