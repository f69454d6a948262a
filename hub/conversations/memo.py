"""What is remembered of a conversation between turns, beside its columns and its desk: kept as JSON. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Answered(NamedTuple):
    """The last answer of a person or a program. `text` as short as the list shows it; `name` of who wrote it."""

    message_id: UUID
    user_id: UUID | None
    name: str
    at: datetime
    text: str


class Burst(NamedTuple):
    """How many messages came since `since`; `until`: so long it counts as a flood."""

    since: datetime
    messages: int
    until: datetime | None = None


class HandedOn(NamedTuple):
    """What somebody wrote for whoever gets the conversation. `actor` as the audit writes it."""

    text: str
    actor: str
    at: datetime


class Memo(NamedTuple):
    """Every part None: nothing is remembered."""

    answered: Answered | None = None
    burst: Burst | None = None
    handed_on: HandedOn | None = None

    def to_json(self) -> dict[str, Any] | None:
        """Only what there is; None when there is nothing."""
        found = {name: part._asdict() for name, part in self._asdict().items() if part is not None}
        if self.burst is not None and self.burst.until is None:
            del found["burst"]  # a count that says nothing yet is not worth writing with every message
        return found or None


NO_MEMO = Memo()
_INSTANTS = frozenset({"at", "since", "until"})
_IDS = frozenset({"message_id", "user_id"})


def memo_from_json(document: Mapping[str, Any] | None) -> Memo:
    """The inverse of `to_json`, also of a document that has been through JSON."""
    if not document:
        return NO_MEMO
    answered, burst, handed = (_read(document.get(name)) for name in Memo._fields)
    return Memo(
        Answered(**answered) if answered else None,
        Burst(**burst) if burst else None,
        HandedOn(**handed) if handed else None,
    )


def _read(part: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in (part or {}).items()}


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in _INSTANTS:
        return datetime.fromisoformat(value)
    return UUID(value) if name in _IDS else value
