"""The flows that a contact is inside of, as its conversation carries them. Pure.

Who gets the contact's reply: the session that asked last and still waits for an answer. The sessions stand in the order
in which they last asked, so that this is the last one that takes it; the others keep waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from hub.flows.on_call import OnCall
from hub.flows.session import Session
from hub.ids import uuid_of

SESSIONS_MAX = 20
"""How many flows a contact may be inside of."""


def refusal(rule: str, live: int, here: bool, been: bool) -> str:
    """Why a contact may not begin a flow; empty when it may.

    `rule`: its start's, of re-entry; `live`: how many flows the contact is inside of; `here`: this one is among them;
    `been`: this one was ever begun.
    """
    if live >= SESSIONS_MAX:
        return f"a contact is in at most {SESSIONS_MAX} flows at once"
    if rule != "always" and here:
        return "the contact is inside of this flow"
    return "the contact has been through this flow" if rule == "once" and been else ""


@dataclass(frozen=True, slots=True)
class Inside:
    """One live session. `steps`: how many of its steps are logged; `call`: the call that it is in."""

    id: UUID
    session: Session
    steps: int = 0
    call: OnCall | None = None

    @property
    def flow_id(self) -> UUID:
        return uuid_of(self.session.flow_id)

    @property
    def awaits_reply(self) -> bool:
        """It waits for what the contact writes, as far as one can tell without its flow."""
        session = self.session
        if session.waiting is None:
            return not session.is_stuck
        return session.waiting.kind == "reply"

    @property
    def hears(self) -> bool:
        """It takes, or at least remembers, what the contact writes now."""
        waiting = self.session.waiting
        return self.awaits_reply or (waiting is not None and not self.awaits_people)

    @property
    def awaits_people(self) -> bool:
        return self.session.waiting is not None and self.session.waiting.kind == "people"


NONE: tuple[Inside, ...] = ()


def to_json(sessions: Sequence[Inside]) -> dict[str, Any] | None:
    """The conversation's column: null where there is nothing."""
    if not sessions:
        return None
    return {"sessions": [_one(each) for each in sessions]}


def _one(each: Inside) -> dict[str, Any]:
    call = {} if each.call is None else {"call": each.call.to_json()}
    return {"id": each.id.hex, "steps": each.steps, **each.session.to_json(), **call}


def from_json(value: Mapping[str, Any] | None, contact_id: UUID) -> tuple[Inside, ...]:
    """The inverse. Also reads the form of a contact that could be in one flow only, whose session had no id."""
    if not value:
        return NONE
    if "sessions" not in value:
        return tuple(_old(value, contact_id))
    found = []
    for each in value["sessions"]:
        session = Session.from_json(each)
        if session is not None:
            call = OnCall.from_json(each.get("call"))
            found.append(Inside(UUID(each["id"]), session, each.get("steps", 0), call))
    return tuple(found)


def _old(value: Mapping[str, Any], contact_id: UUID) -> Iterable[Inside]:
    session = Session.from_json(value)
    if session is not None:
        yield Inside(uuid5(contact_id, session.flow_id), session)


def put(sessions: Sequence[Inside], changed: Inside, *, asked: bool) -> tuple[Inside, ...]:
    """With the changed (or new) session: last when it has just asked, else at its place."""
    if asked or all(each.id != changed.id for each in sessions):
        return (*without(sessions, changed.id), changed)
    return tuple(changed if each.id == changed.id else each for each in sessions)


def without(sessions: Sequence[Inside], session_id: UUID) -> tuple[Inside, ...]:
    return tuple(each for each in sessions if each.id != session_id)
