"""The timeline of a contact: kinds of entries, cursors, and how the sources merge into one order. Pure.

Messages, activities and events are kept apart, each in the order of an index. An entry's place is (microsecond, id):
messages and activities have the millisecond of their UUIDv7, events the time they say they happened. So a page reads at
most one page of each source, however long the timeline is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.errors import Invalid

MESSAGE, EVENT = "message", "event"
KINDS = (
    "message",
    "event",
    "note",
    "attributes",
    "tags",
    "address",
    "consent",
    "merge",
    "unmerge",
    "import",
    "assigned",
    "transferred",
    "closed",
    "reopened",
    "rated",
    "call",
    "flow",
    "campaign",
)
"""`campaign` also finds the messages of campaigns."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID_BITS = 80  # of a UUIDv7 below its milliseconds


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands: microseconds since 1970, then its id."""

    at_us: int
    id: UUID

    @property
    def moment(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.at_us)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a source at its place. `kind` is one of KINDS."""

    place: Place
    kind: str
    row: Any


def place_of_id(identifier: UUID) -> Place:
    """The place of a message or an activity: its UUIDv7 says the millisecond."""
    return Place((identifier.int >> _ID_BITS) * 1000, identifier)


def place_of_event(at: datetime, identifier: UUID) -> Place:
    return Place(_microseconds(at), identifier)


def place_around(at: datetime) -> Place:
    """The first place after everything of that moment."""
    return Place(_microseconds(at) + 1, UUID(int=0))


def _microseconds(at: datetime) -> int:
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def id_bound(place: Place) -> UUID:
    """Ids of messages and activities below this one stand before `place`, all others at it or after it."""
    milliseconds, rest = divmod(max(place.at_us, 0), 1000)
    if rest:
        return _floor(milliseconds + 1)
    own = place.id.int >> _ID_BITS
    if own == milliseconds:
        return place.id
    return _floor(milliseconds + 1 if own > milliseconds else milliseconds)


def _floor(milliseconds: int) -> UUID:
    return UUID(int=min(milliseconds, 2**48 - 1) << _ID_BITS)


def encode(place: Place) -> str:
    """A cursor: opaque to the reader."""
    packed = place.at_us.to_bytes(8, "big", signed=True) + place.id.bytes
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(cursor: str, parameter: str) -> Place:
    """The inverse of `encode`. Raises Invalid."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        packed = b""
    if len(packed) != 24:
        raise Invalid("not a cursor of this timeline", f"?{parameter}")
    return Place(int.from_bytes(packed[:8], "big", signed=True), UUID(bytes=packed[8:]))


def merge(sources: Sequence[Sequence[Entry]], limit: int, *, newest_first: bool) -> list[Entry]:
    """The first `limit` entries of all sources together, in order."""
    everything = sorted(
        (e for source in sources for e in source), key=lambda e: e.place, reverse=newest_first
    )
    return everything[:limit]


def check_kinds(kinds: Sequence[str]) -> frozenset[str]:
    """The wanted kinds; none means all. Raises Invalid for a word that is none."""
    for kind in kinds:
        if kind not in KINDS:
            raise Invalid(f"a kind is one of {', '.join(KINDS)}", "?kinds")
    return frozenset(kinds) or frozenset(KINDS)


def steps(row: Any) -> list[dict[str, Any]]:
    """What happened to a message, in order: [{status, at}]."""
    if row.direction == "in":
        return [{"status": "received", "at": row.created_at}]
    found = [{"status": "queued" if row.status != "refused" else "refused", "at": row.created_at}]
    for status, at in (("sent", row.sent_at), ("delivered", row.delivered_at), ("read", row.read_at)):
        if at is not None:
            found.append({"status": status, "at": at})
    if row.failed_at is not None:
        failed = row.status if row.status in ("failed", "undelivered", "expired") else "failed"
        found.append({"status": failed, "at": row.failed_at})
    return sorted(found, key=lambda step: step["at"])
