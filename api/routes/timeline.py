"""The timeline of a contact, and the notes in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.people import Announce, require_any
from api.requests import HubRoute
from api.routes.mentions import TellMentioned
from api.schemas import timeline as schemas
from api.schemas.common import ContactId, Limit, NoteId
from hub.contacts import mentions, service_timeline
from hub.contacts.service_timeline import Timeline, Wanted
from hub.contacts.timeline import EVENT, MESSAGE, Entry, steps
from hub.conversations.views import instant
from hub.errors import Invalid
from hub.ids import encode_id
from hub.money import format_micros
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/contacts/{contact_id}", tags=["contacts"], route_class=HubRoute)

Reader = Annotated[Caller, require("contacts:read")]
NoteWriter = Annotated[Caller, require_any("contacts:write", "inbox:write")]
KINDS_CHARS_MAX = 400


@router.get("/timeline", operation_id="get_timeline")
async def timeline(
    contact_id: ContactId,
    db: Db,
    caller: Reader,
    kinds: Annotated[
        str,
        Query(max_length=KINDS_CHARS_MAX, description="Only these kinds, with commas: message,note,event."),
    ] = "",
    channel: Annotated[
        Literal["", "sms", "whatsapp", "rcs", "voice"], Query(description="Only messages of this channel.")
    ] = "",
    limit: Limit = 50,
    before: Annotated[str, Query(max_length=64, description="`next_cursor` of the page before.")] = "",
    after: Annotated[str, Query(max_length=64, description="`newer_cursor`: the page above.")] = "",
    around: Annotated[
        str,
        Query(max_length=40, description="What happened up to this moment, or to the end of this day (UTC)."),
    ] = "",
) -> schemas.TimelinePage:
    """Everything about a contact on all channels, newest first; a page costs the same at any depth.

    Without inbox:read the bodies of messages are left out (null), but for those of campaigns with campaigns:read.
    """
    words = [word.strip() for word in kinds.split(",") if word.strip()]
    found = await service_timeline.page(
        db, caller.readable, contact_id, Wanted(words, channel, before, after, _moment(around), limit)
    )
    people = await names.actors(db, list(caller.readable), _actors(found.entries))
    return schemas.TimelinePage(
        items=[_entry(entry, found, people, caller) for entry in found.entries],
        next_cursor=found.older,
        newer_cursor=found.newer,
    )


def _moment(around: str) -> datetime | None:
    """`2026-01-02` to the end of that day in UTC, an RFC 3339 instant to itself."""
    if not around:
        return None
    try:
        if len(around) == 10:
            return datetime.combine(date.fromisoformat(around), time.max, UTC)
        found = datetime.fromisoformat(around)
        if found.tzinfo is None:
            raise ValueError
        return found
    except ValueError:
        raise Invalid(
            "a date such as 2026-01-02, or an instant such as 2026-01-02T03:04:05Z", "?around"
        ) from None


@router.post("/notes", status_code=201, operation_id="add_note")
async def add_note(
    contact_id: ContactId,
    body: schemas.NewNote,
    db: Db,
    caller: NoteWriter,
    announce: Announce,
    tell: TellMentioned,
) -> schemas.Entry:
    """Write a note about the contact for your colleagues. Who is named in it, as in `@Meera Joshi`, is told."""
    row = await service_timeline.add_note(db, caller.tenant_id, contact_id, body.body, caller.principal)
    tell(await _mentioned(db, caller, contact_id, row))
    announce(contact_id)
    return await _note(db, caller, row)


@router.patch("/notes/{note_id}", operation_id="edit_note")
async def edit_note(
    contact_id: ContactId,
    note_id: NoteId,
    body: schemas.NewNote,
    db: Db,
    caller: NoteWriter,
    announce: Announce,
    tell: TellMentioned,
) -> schemas.Entry:
    """Change a note of your own; it shows when it was changed. Who is named in it now is told, once."""
    row = await service_timeline.edit_note(
        db, caller.tenant_id, contact_id, note_id, body.body, caller.principal
    )
    tell(await _mentioned(db, caller, contact_id, row))
    announce(contact_id)
    return await _note(db, caller, row)


@router.delete("/notes/{note_id}", status_code=204, operation_id="delete_note")
async def delete_note(
    contact_id: ContactId, note_id: NoteId, db: Db, caller: NoteWriter, announce: Announce
) -> None:
    """Take a note away: your own, or anybody's with contacts:write."""
    await service_timeline.delete_note(
        db,
        caller.tenant_id,
        contact_id,
        note_id,
        caller.principal,
        anyone_s=caller.may("contacts:write"),
    )
    await mentions.forget(db, caller.tenant_id, contact_id, note_id)
    announce(contact_id)


async def _mentioned(db: AsyncConnection, caller: Caller, contact_id: UUID, note: Any) -> list[UUID]:
    return await mentions.keep(db, caller.tenant_id, contact_id, note, caller.principal, datetime.now(UTC))


async def _note(db: AsyncConnection, caller: Caller, row: Any) -> schemas.Entry:
    people = await names.actors(db, list(caller.readable), [row.actor])
    return _activity(row, people)


def _actors(entries: list[Entry]) -> set[str]:
    words = {entry.row.actor for entry in entries if entry.kind not in (MESSAGE, EVENT)}
    agents = (e.row for e in entries if e.kind == MESSAGE and e.row.origin == "agent" and e.row.origin_id)
    return words | {f"user:{row.origin_id}" for row in agents}


def _entry(entry: Entry, page: Timeline, people: dict[str, names.Actor], caller: Caller) -> schemas.Entry:
    if entry.kind == MESSAGE:
        return _message(entry.row, page, people, caller)
    if entry.kind == EVENT:
        row = entry.row
        data = {"name": row.name, "properties": row.properties, "received_at": instant(row.received_at)}
        return schemas.Entry(id=encode_id("evt", row.id), kind=EVENT, at=row.at, actor=None, data=data)
    return _activity(entry.row, people)


def _activity(row: Any, people: dict[str, names.Actor]) -> schemas.Entry:
    prefix = "nte" if row.kind == "note" else "act"
    return schemas.Entry(
        id=encode_id(prefix, row.id),
        kind=row.kind,
        at=row.at,
        actor=schemas.Who.model_validate(people[row.actor]),
        data=row.data,
    )


def _message(row: Any, page: Timeline, people: dict[str, names.Actor], caller: Caller) -> schemas.Entry:
    may_read = caller.may("inbox:read") or (row.origin == "campaign" and caller.may("campaigns:read"))
    named = page.campaigns if row.origin == "campaign" else page.flows if row.origin == "flow" else {}
    name = named.get(row.origin_id)
    data = {
        "direction": row.direction,
        "channel_kind": row.channel_kind,
        "address": row.address,
        "body": row.body if may_read else None,
        "status": row.status,
        "reason": row.reason,
        "error_code": row.error_code,
        "steps": [{"status": step["status"], "at": instant(step["at"])} for step in steps(row)],
        "parts": row.parts,
        "price": format_micros(row.price_micros),
        "currency": row.currency,
        "intent": row.intent,
        "confidence": row.confidence,
        "origin": row.origin,
        "campaign": {"id": encode_id("cmp", row.origin_id), "name": name}
        if row.origin == "campaign" and row.origin_id
        else None,
        "flow": {"id": encode_id("flw", row.origin_id), "name": name}
        if row.origin == "flow" and row.origin_id
        else None,
        "call": _call(page.calls.get(row.id)),
    }
    return schemas.Entry(
        id=encode_id("msg", row.id), kind=MESSAGE, at=row.created_at, actor=_author(row, people), data=data
    )


def _call(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    name = encode_id("cal", row.id)
    recording = f"/v1/calls/{name}/recording" if row.recording_url else None
    return {"id": name, "status": row.status, "duration_s": row.duration_s, "recording_url": recording}


def _author(row: Any, people: dict[str, names.Actor]) -> schemas.Who:
    if row.origin == "agent" and row.origin_id:
        return schemas.Who.model_validate(people[f"user:{row.origin_id}"])
    return schemas.Who(kind="contact" if row.direction == "in" else row.origin, id=None, name="")
