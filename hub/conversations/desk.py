"""What happens to a conversation at the desk: offers, snoozes, clocks; and what is kept of it between turns. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Offer:
    """Ask an agent whether they take a conversation that waits, until `until`."""

    user_id: UUID
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Accept:
    """An agent takes what they were offered, or what waits and is offered to nobody."""

    user_id: UUID
    at: datetime
    name: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Decline:
    user_id: UUID
    at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """An agent is away or gone: what they were offered, or have not answered, goes back to its queue."""

    user_id: UUID
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """The time that the conversation waited for has come: whatever is due by `at` happens, once."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Snooze:
    until: datetime
    at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class WaitForContact:
    """It is the contact's turn: the service level's clocks stand still until they write."""

    at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class SetPriority:
    priority: int
    at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class SetTags:
    """Tags to put on and to take off, as `tagging.clean` leaves them."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """An agent talks with the contact on the phone: that answers whatever they wrote or rang for."""

    user_id: UUID
    at: datetime


DeskEvent = Offer | Accept | Decline | GiveBack | Due | Snooze | WaitForContact | SetPriority | SetTags | Talk


@dataclass(frozen=True, slots=True)
class Handling:
    """What the desk knows of one conversation beside its columns: kept as JSON, never changed in place.

    `respond_by` and `resolve_by` are the targets while their clocks run; while they stand still, what is left of them
    is in `respond_left_s` and `resolve_left_s` (open seconds). `woken_at`: when its sleep ended, until somebody answers. `visited`: the queues it overflowed from. `asked_at`: when the
    contact was last asked how it was; while an answer is waited for, `score_until` says how long, the other three for whom.
    """

    started_at: datetime | None = None
    respond_by: datetime | None = None
    resolve_by: datetime | None = None
    respond_left_s: float | None = None
    resolve_left_s: float | None = None
    paused_at: datetime | None = None
    paused_s: float = 0.0
    responded: bool = False
    breached: tuple[str, ...] = ()
    refused: tuple[UUID, ...] = ()
    refused_until: datetime | None = None
    visited: tuple[UUID, ...] = ()
    overflow_at: datetime | None = None
    snoozed_until: datetime | None = None
    woken_at: datetime | None = None
    last_agent: UUID | None = None
    wrap_up: str | None = None
    asked_at: datetime | None = None
    score_until: datetime | None = None
    score_queue: UUID | None = None
    score_agent: UUID | None = None
    score_language: str = ""

    def to_json(self) -> dict[str, Any] | None:
        """Only what is not as usual; None when nothing is."""
        found = {name: value for name in _NAMES if (value := getattr(self, name)) != getattr(NOTHING, name)}
        return found or None

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Handling | None:
        """The inverse, also of a document that has been through JSON."""
        if not document:
            return None
        return cls(
            **{name: _READ.get(name, _as_is)(value) for name, value in document.items() if name in _NAMES}
        )


def _as_is(value: Any) -> Any:
    return value


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _id(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _ids(value: Any) -> tuple[UUID, ...]:
    return tuple(map(_id, value))


_NAMES = tuple(field.name for field in fields(Handling))
_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        (
            "started_at",
            "respond_by",
            "resolve_by",
            "paused_at",
            "refused_until",
            "overflow_at",
            "snoozed_until",
            "woken_at",
            "asked_at",
            "score_until",
        ),
        _instant,
    ),
    **dict.fromkeys(("last_agent", "score_queue", "score_agent"), _id),
    "breached": tuple,
    "refused": _ids,
    "visited": _ids,
}
NOTHING = Handling()


def is_unanswered(last_direction: str, kept: Handling | None) -> bool:
    """Whether it is the agent's turn: the contact wrote last, or what slept until now is to be done."""
    return last_direction == "in" or (kept is not None and kept.woken_at is not None)


class Moved(NamedTuple):
    """Something to count: a row of `queue_events`. `seconds`: how long what ended by it had lasted."""

    kind: str
    at: datetime
    queue_id: UUID | None
    agent_id: UUID | None = None
    seconds: float | None = None
    detail: str | None = None
