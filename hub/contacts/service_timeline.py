"""Use cases of the timeline: a page of everything about one contact, and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_timeline
from hub.contacts.consents import CHANNELS
from hub.contacts.service_common import activity, locked, missing
from hub.contacts.timeline import (
    EVENT,
    KINDS,
    MESSAGE,
    Entry,
    Place,
    check_kinds,
    decode,
    encode,
    merge,
    place_around,
    place_of_event,
    place_of_id,
)
from hub.errors import Forbidden, Invalid, NotFound

NOTE_CHARS_MAX = 4_000


@dataclass(eq=False)
class NotYourNote(Forbidden):
    """Only its author may change a note."""

    code: ClassVar[str] = "not-your-note"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a timeline. At most one of `before`, `after` (cursors) and `around` (a moment)."""

    kinds: Sequence[str] = ()
    channel: str = ""
    before: str = ""
    after: str = ""
    around: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries, newest first, the cursors beyond both ends (None: nothing lies there), names to show, and calls by message."""

    tenant_id: UUID
    entries: list[Entry]
    older: str | None
    newer: str | None
    campaigns: dict[UUID, str]
    flows: dict[UUID, str]
    calls: dict[UUID, Row[Any]]


async def page(db: AsyncConnection, readable: Iterable[UUID], contact_id: UUID, wanted: Wanted) -> Timeline:
    """One page. Raises NotFound, ContactMerged, ContactErased or Invalid.

    `around` gives what happened up to that moment; what came later is beyond `newer`.
    """
    if sum(map(bool, (wanted.before, wanted.after, wanted.around))) > 1:
        raise Invalid("give one of before, after and around", "?before")
    if wanted.channel and wanted.channel not in CHANNELS:
        raise Invalid(f"a channel is one of {', '.join(CHANNELS)}", "?channel")
    kinds = check_kinds(wanted.kinds)
    tenants = list(readable)
    contact = await store.get(db, tenants, contact_id)
    if contact is None:
        raise await missing(db, tenants, contact_id)
    before = decode(wanted.before, "before") if wanted.before else None
    after = decode(wanted.after, "after") if wanted.after else None
    if wanted.around is not None:
        before = place_around(wanted.around)
    # One more tells whether there is more; one more again for the cursor's own entry on the way up.
    limit = wanted.limit + 2
    sources = await _sources(db, contact.tenant_id, contact_id, kinds, wanted.channel, before, after, limit)
    if after is not None:
        sources = [[entry for entry in source if entry.place > after] for source in sources]
    found = merge(sources, wanted.limit + 1, newest_first=after is None)
    more, entries = len(found) > wanted.limit, found[: wanted.limit]
    if after is not None:
        entries.reverse()
    older = more if after is None else bool(entries)
    newer = more if after is not None else before is not None
    campaigns, flows = await _names(db, contact.tenant_id, entries)
    spoken = [e.row.id for e in entries if e.kind == MESSAGE and e.row.channel_kind == "voice"]
    return Timeline(
        contact.tenant_id,
        entries,
        encode(entries[-1].place) if older and entries else None,
        encode(entries[0].place) if newer and entries else None,
        campaigns,
        flows,
        await store_timeline.calls(db, contact.tenant_id, spoken),
    )


async def _sources(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    kinds: frozenset[str],
    channel: str,
    before: Place | None,
    after: Place | None,
    limit: int,
) -> list[list[Entry]]:
    found: list[list[Entry]] = []
    if kinds & {MESSAGE, "campaign"}:
        rows = await store_timeline.messages(
            db,
            tenant_id,
            contact_id,
            before=before,
            after=after,
            limit=limit,
            channel=channel,
            campaigns_only=MESSAGE not in kinds,
        )
        found.append([Entry(place_of_id(row.id), MESSAGE, row) for row in rows])
    if channel:
        return found  # nothing but messages goes over a channel
    others = kinds - {MESSAGE, EVENT}
    if others:
        every = len(others) == len(KINDS) - 2
        rows = await store_timeline.activities(
            db,
            tenant_id,
            contact_id,
            before=before,
            after=after,
            limit=limit,
            kinds=None if every else sorted(others),
        )
        found.append([Entry(place_of_id(row.id), row.kind, row) for row in rows])
    if EVENT in kinds:
        rows = await store_timeline.events(db, tenant_id, contact_id, before=before, after=after, limit=limit)
        found.append([Entry(place_of_event(row.at, row.id), EVENT, row) for row in rows])
    return found


async def _names(
    db: AsyncConnection, tenant_id: UUID, entries: Sequence[Entry]
) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """Names of the campaigns and flows that messages came from."""
    sent = [e.row for e in entries if e.kind == MESSAGE and e.row.origin_id is not None]
    campaigns = await store_timeline.campaign_names(
        db, tenant_id, (row.origin_id for row in sent if row.origin == "campaign")
    )
    flows = await store_timeline.flow_names(
        db, tenant_id, (row.origin_id for row in sent if row.origin == "flow")
    )
    return campaigns, flows


async def add_note(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, body: str, actor: str) -> Row[Any]:
    """Write a note into the timeline. Raises NotFound or Invalid."""
    await locked(db, tenant_id, contact_id)
    row = activity(tenant_id, contact_id, "note", actor, {"body": _body(body)})
    await store.insert_activities(db, [row])
    return await _note(db, tenant_id, contact_id, row["id"])


async def edit_note(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID, body: str, actor: str
) -> Row[Any]:
    """Change one's own note. Raises NotFound, NotYourNote or Invalid."""
    row = await _own(db, tenant_id, contact_id, note_id, actor)
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    data = {**row.data, "body": _body(body), "edited_at": at}
    await store_timeline.set_data(db, tenant_id, contact_id, note_id, orjson.dumps(data).decode())
    return await _note(db, tenant_id, contact_id, note_id)


async def delete_note(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID, actor: str, *, anyone_s: bool
) -> None:
    """Take a note away: one's own, or anybody's for those who may write contacts. Raises NotFound or NotYourNote."""
    if anyone_s:
        await _note(db, tenant_id, contact_id, note_id)
    else:
        await _own(db, tenant_id, contact_id, note_id, actor)
    await store_timeline.delete(db, tenant_id, contact_id, note_id)


def _body(body: str) -> str:
    body = body.strip()
    if not 0 < len(body) <= NOTE_CHARS_MAX:
        raise Invalid(f"a note has 1 to {NOTE_CHARS_MAX} characters", "/body")
    return body


async def _note(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID) -> Row[Any]:
    row = await store_timeline.note(db, tenant_id, contact_id, note_id)
    if row is None:
        raise NotFound("there is no such note")
    return row


async def _own(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID, actor: str) -> Row[Any]:
    row = await _note(db, tenant_id, contact_id, note_id)
    if row.actor != actor:
        raise NotYourNote()
    return row
