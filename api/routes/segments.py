"""Saved segments: dynamic ones by a condition, static ones by a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.deps import Db, Who, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import segments as schemas
from api.schemas.common import PAGE_DEFAULT, Limit, SegmentId
from hub import realtime
from hub.conditions.words import words
from hub.contacts.segments import loading, service, service_saved, store_saved
from hub.contacts.segments.segment import Change, NewSegment
from hub.errors import Stale
from hub.ids import encode_id
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/segments", tags=["segments"], route_class=HubRoute)

Reader = Annotated[Caller, require("contacts:read")]
Writer = Annotated[Caller, require("contacts:write")]
SEARCH_CHARS_MAX = 80


def _announcer(request: Request, background: BackgroundTasks, caller: Who) -> Callable[[UUID], None]:
    def announce(segment_id: UUID) -> None:
        event = {"type": "segment.updated", "segment_id": encode_id("seg", segment_id)}
        background.add_task(realtime.publish, request.app.state.redis, [(caller.tenant_id, event)])

    return announce


Announce = Annotated[Callable[[UUID], None], Depends(_announcer)]


@router.get("", operation_id="list_segments")
async def segment_list(
    db: Db,
    caller: Reader,
    search: str = "",
    kind: schemas.Kind | None = None,
    archived: bool = False,
    limit: Limit = PAGE_DEFAULT,
    starting_after: SegmentId | None = None,
) -> schemas.SegmentPage:
    """Newest first. `search` is a piece of the name."""
    rows = await store_saved.page(
        db,
        caller.tenant_id,
        search=search[:SEARCH_CHARS_MAX],
        kind=kind,
        archived=archived,
        after=starting_after,
        limit=limit + 1,
    )
    items = await _shown(db, caller, rows[:limit])
    return schemas.SegmentPage(items=items, has_more=len(rows) > limit)


@router.post("", status_code=201, operation_id="create_segment")
async def create_segment(
    body: schemas.NewSegment, db: Db, caller: Writer, response: Response, announce: Announce
) -> schemas.Segment:
    """Save a segment. 409 `segment-exists` when the name is taken; 422 names the place of what is wrong in a condition."""
    new = NewSegment(body.name, body.description, body.kind, body.condition, body.contact_ids)
    segment_id = await service_saved.create(
        db, caller.tenant_id, new, created_by=caller.principal, now=datetime.now(UTC)
    )
    announce(segment_id)
    return await _one(db, caller, segment_id, response)


@router.get("/{segment_id}", operation_id="get_segment")
async def segment(segment_id: SegmentId, db: Db, caller: Reader, response: Response) -> schemas.Segment:
    return await _one(db, caller, segment_id, response)


@router.patch("/{segment_id}", operation_id="update_segment")
async def update_segment(
    segment_id: SegmentId,
    body: schemas.PatchSegment,
    db: Db,
    caller: Writer,
    response: Response,
    announce: Announce,
    if_match: IfMatch = None,
) -> schemas.Segment:
    """Change name, description or condition; earlier conditions stay as versions."""
    row = await service_saved.held(db, caller.tenant_id, segment_id)
    await _match(db, caller, if_match, row)
    asked = Change(body.name, body.description, body.condition)
    await service_saved.change(db, row, asked, changed_by=caller.principal, now=datetime.now(UTC))
    announce(segment_id)
    return await _one(db, caller, segment_id, response)


@router.delete("/{segment_id}", status_code=204, operation_id="archive_segment")
async def archive_segment(segment_id: SegmentId, db: Db, caller: Writer, announce: Announce) -> None:
    """Put a segment away. 409 `segment-in-use` lists the `uses` that keep it: open campaigns, segments, routing rules."""
    if await service_saved.archive(db, caller.tenant_id, segment_id, now=datetime.now(UTC)):
        announce(segment_id)


@router.get("/{segment_id}/versions", operation_id="list_segment_versions")
async def segment_versions(segment_id: SegmentId, db: Db, caller: Reader) -> schemas.SegmentVersions:
    """The conditions that the segment had, the newest first."""
    await service_saved.get(db, caller.tenant_id, segment_id)
    most = service_saved.VERSIONS_SHOWN_MAX
    rows = await store_saved.versions(db, caller.tenant_id, segment_id, most + 1)
    conditions = [service.condition_of(row) for row in rows[:most]]
    catalog = await loading.spoken(db, caller.tenant_id, conditions)
    people = await _people(db, caller, rows)
    items = [
        schemas.SegmentVersion(
            version=row.version,
            condition=condition,
            words=words(condition, catalog),
            created_by=people[row.created_by],
            created_at=row.created_at,
        )
        for row, condition in zip(rows, conditions, strict=False)
    ]
    return schemas.SegmentVersions(items=items, has_more=len(rows) > most)


@router.post("/{segment_id}/restore", operation_id="restore_segment")
async def restore_segment(
    segment_id: SegmentId,
    body: schemas.RestoreIn,
    db: Db,
    caller: Writer,
    response: Response,
    announce: Announce,
) -> schemas.Segment:
    """Make an earlier version's condition the newest version."""
    row = await service_saved.held(db, caller.tenant_id, segment_id)
    await service_saved.restore(db, row, body.version, changed_by=caller.principal, now=datetime.now(UTC))
    announce(segment_id)
    return await _one(db, caller, segment_id, response)


@router.post("/{segment_id}/freeze", status_code=201, operation_id="freeze_segment")
async def freeze_segment(
    segment_id: SegmentId,
    body: schemas.FreezeIn,
    db: Db,
    caller: Writer,
    response: Response,
    announce: Announce,
) -> schemas.Segment:
    """A new static segment with the members of this moment."""
    frozen = await service_saved.freeze(
        db, caller.tenant_id, segment_id, body.name, created_by=caller.principal, now=datetime.now(UTC)
    )
    announce(frozen)
    return await _one(db, caller, frozen, response)


@router.post("/{segment_id}/members", operation_id="change_segment_members")
async def change_members(
    segment_id: SegmentId, body: schemas.MembersIn, db: Db, caller: Writer, announce: Announce
) -> schemas.MembersChanged:
    """Add contacts to a static segment and take others out, up to 10,000 each."""
    row = await service_saved.held(db, caller.tenant_id, segment_id)
    added, removed, unknown = await service_saved.change_members(
        db, row, body.add, body.remove, now=datetime.now(UTC)
    )
    announce(segment_id)
    members = await store_saved.members(db, caller.tenant_id, segment_id)
    return schemas.MembersChanged(added=added, removed=removed, unknown=unknown, members=members)


@router.get("/{segment_id}/usage", operation_id="get_segment_usage")
async def segment_usage(segment_id: SegmentId, db: Db, caller: Reader) -> schemas.SegmentUses:
    """What works with the segment: open campaigns, other segments, routing rules."""
    await service_saved.get(db, caller.tenant_id, segment_id)
    uses = await store_saved.uses(db, caller.tenant_id, segment_id)
    return schemas.SegmentUses(items=[schemas.SegmentUse.model_validate(use) for use in uses], has_more=False)


async def _one(db: AsyncConnection, caller: Caller, segment_id: UUID, response: Response) -> schemas.Segment:
    row = await service_saved.get(db, caller.tenant_id, segment_id)
    etags.mark(response, row.version)
    [shown] = await _shown(db, caller, [row])
    if row.condition is None:
        shown.members = await store_saved.members(db, caller.tenant_id, segment_id)
    return shown


async def _shown(db: AsyncConnection, caller: Caller, rows: Sequence[Any]) -> list[schemas.Segment]:
    conditions = {row.id: service.condition_of(row) for row in rows if row.condition is not None}
    catalog = await loading.spoken(db, caller.tenant_id, list(conditions.values()))
    people = await _people(db, caller, rows)
    return [
        schemas.Segment(
            **{
                **row._mapping,
                "condition": conditions.get(row.id),
                "words": words(conditions[row.id], catalog) if row.id in conditions else None,
                "created_by": people[row.created_by],
            }
        )
        for row in rows
    ]


async def _people(db: AsyncConnection, caller: Caller, rows: Sequence[Any]) -> dict[str, str]:
    known = await names.actors(db, list(caller.readable), {row.created_by for row in rows})
    return {word: actor.name or actor.kind for word, actor in known.items()}


async def _match(db: AsyncConnection, caller: Caller, if_match: str | None, row: Any) -> None:
    """Compare If-Match with the held segment's version; a stale one is told who changed it and when."""
    try:
        etags.match(if_match, row.version)
    except Stale:
        last = await store_saved.version(db, caller.tenant_id, row.id, row.version)
        people = await _people(db, caller, [last]) if last is not None else {}
        by = people[last.created_by] if last is not None else ""
        etags.match(if_match, row.version, by, row.updated_at)
