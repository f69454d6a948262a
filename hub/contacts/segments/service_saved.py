"""Use cases of saved segments: make, change, restore, freeze, archive, explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.model import Group, dump, read
from hub.contacts.segments import explain as explanation
from hub.contacts.segments import service, store, store_facts, store_saved
from hub.contacts.segments.loading import Loaded, load
from hub.contacts.segments.segment import (
    DYNAMIC,
    STATIC,
    Change,
    NewSegment,
    SegmentArchived,
    SegmentExists,
    SegmentInUse,
    check_description,
    check_members,
    check_name,
    check_new,
)
from hub.errors import Invalid, NotFound
from hub.flows.triggers import store_snapshots
from hub.ids import new_id

FREEZE_TIMEOUT_MS = 120_000
VERSIONS_SHOWN_MAX = 200


async def create(
    db: AsyncConnection, tenant_id: UUID, new: NewSegment, *, created_by: str, now: datetime
) -> UUID:
    """Save a segment. Raises Invalid, ConditionInvalid, or SegmentExists when the name is taken."""
    name, description = check_new(new)
    await store_saved.hold(db, tenant_id)
    if new.condition is not None:
        await load(db, tenant_id, new.condition, now=now, pointer=service.POINTER, strict=True)
    segment_id = new_id()
    await _insert(db, tenant_id, segment_id, name, description, new, created_by)
    if new.kind == STATIC:
        await store_saved.add_members(db, tenant_id, segment_id, new.contact_ids)
        await _recount(db, tenant_id, segment_id)
    return segment_id


async def _insert(
    db: AsyncConnection,
    tenant_id: UUID,
    segment_id: UUID,
    name: str,
    description: str,
    new: NewSegment,
    created_by: str,
) -> None:
    condition = None if new.condition is None else dump(new.condition)
    row = {
        "tenant_id": tenant_id,
        "id": segment_id,
        "name": name,
        "description": description,
        "kind": new.kind,
        "condition": condition,
        "version": 1,
        "members": 0 if new.kind == STATIC else None,
        "created_by": created_by,
    }
    try:
        await store_saved.insert(db, {name: value for name, value in row.items() if value is not None})
    except IntegrityError as error:
        raise SegmentExists(f"there is already a segment {name!r}") from error
    if condition is not None:
        await _remember(db, tenant_id, segment_id, 1, condition, created_by)


async def _remember(
    db: AsyncConnection, tenant_id: UUID, segment_id: UUID, version: int, condition: Any, created_by: str
) -> None:
    row = {
        "tenant_id": tenant_id,
        "segment_id": segment_id,
        "version": version,
        "condition": condition,
        "created_by": created_by,
    }
    await store_saved.insert_version(db, row)


async def get(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> Row[Any]:
    """A segment, archived or not. Raises NotFound."""
    row = await store_saved.get(db, tenant_id, segment_id)
    if row is None:
        raise NotFound("there is no such segment")
    return row


async def held(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> Row[Any]:
    """A segment that is about to be changed: nobody else changes one meanwhile. Raises NotFound, SegmentArchived."""
    await store_saved.hold(db, tenant_id)
    row = await get(db, tenant_id, segment_id)
    if row.archived_at is not None:
        raise SegmentArchived("an archived segment does not change any more")
    return row


async def change(
    db: AsyncConnection, row: Row[Any], asked: Change, *, changed_by: str, now: datetime
) -> None:
    """Change a held segment; a new condition is a new version. Raises Invalid, SegmentCycle, SegmentExists."""
    values: dict[str, Any] = {"version": row.version + 1, "updated_at": now}
    if asked.name is not None:
        values["name"] = check_name(asked.name)
    if asked.description is not None:
        values["description"] = check_description(asked.description)
    if asked.condition is not None:
        if row.kind == STATIC:
            raise Invalid("a static segment has no condition", service.POINTER)
        await load(
            db, row.tenant_id, asked.condition, now=now, pointer=service.POINTER, strict=True, own=row.id
        )
        values["condition"] = dump(asked.condition)
        await _remember(db, row.tenant_id, row.id, row.version + 1, values["condition"], changed_by)
    try:
        await store_saved.change(db, row.tenant_id, row.id, **values)
    except IntegrityError as error:
        raise SegmentExists(f"there is already a segment {asked.name!r}") from error


async def restore(
    db: AsyncConnection, row: Row[Any], version: int, *, changed_by: str, now: datetime
) -> None:
    """Make a held segment's condition that of an earlier version, as a new version. Raises NotFound."""
    earlier = await store_saved.version(db, row.tenant_id, row.id, version)
    if earlier is None:
        raise NotFound("there is no such version")
    await change(db, row, Change(condition=read(earlier.condition)), changed_by=changed_by, now=now)


async def freeze(
    db: AsyncConnection, tenant_id: UUID, segment_id: UUID, name: str, *, created_by: str, now: datetime
) -> UUID:
    """A new static segment with the members that a segment has now. Raises NotFound, SegmentTooSlow."""
    source = await held(db, tenant_id, segment_id)
    condition = await service.condition_sql(db, tenant_id, source.id, now=now)
    frozen = new_id()
    new = NewSegment(name, f"Members of {source.name} on {now:%Y-%m-%d}", STATIC)
    await _insert(db, tenant_id, frozen, check_name(name), new.description, new, created_by)
    await store.limit(db, timeout_ms=FREEZE_TIMEOUT_MS, memory=service.COUNT_MEMORY)
    try:
        count = await store_saved.freeze(db, frozen, condition)
    except DBAPIError as error:
        raise service.too_slow(error) from error
    await store_saved.change(db, tenant_id, frozen, members=count)
    return frozen


async def change_members(
    db: AsyncConnection,
    row: Row[Any],
    add: Sequence[UUID],
    remove: Sequence[UUID],
    *,
    now: datetime,
) -> tuple[int, int, int]:
    """(added, removed, unknown) of a held static segment. Raises Invalid for a dynamic one."""
    if row.kind == DYNAMIC:
        raise Invalid("the members of a dynamic segment follow from its condition", "")
    check_members(add, "/add")
    check_members(remove, "/remove")
    added, unknown = await store_saved.add_members(db, row.tenant_id, row.id, add)
    removed = await store_saved.remove_members(db, row.tenant_id, row.id, remove)
    await _recount(db, row.tenant_id, row.id)
    await store_saved.change(db, row.tenant_id, row.id, updated_at=now)
    await store_snapshots.look_soon(db, row.tenant_id, row.id, now)
    return added, removed, unknown


async def _recount(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> None:
    members = await store_saved.members(db, tenant_id, segment_id)
    await store_saved.change(db, tenant_id, segment_id, members=members)


async def archive(db: AsyncConnection, tenant_id: UUID, segment_id: UUID, *, now: datetime) -> bool:
    """Put a segment away; False when it was already. Raises NotFound, or SegmentInUse with its uses."""
    await store_saved.hold(db, tenant_id)
    row = await get(db, tenant_id, segment_id)
    if row.archived_at is not None:
        return False
    uses = await store_saved.uses(db, tenant_id, segment_id)
    if uses:
        names = ", ".join(use["name"] for use in uses[:3])
        raise SegmentInUse(f"it is used by {names}{' and more' if len(uses) > 3 else ''}", tuple(uses))
    await store_saved.change(db, tenant_id, segment_id, archived_at=now)
    return True


async def explain(
    db: AsyncConnection, tenant_id: UUID, condition: Group | UUID, contact_id: UUID, *, now: datetime
) -> dict[str, Any]:
    """Why a contact is in a condition or segment, or is not: the condition as a tree of answers. Raises NotFound."""
    loaded = await _loaded(db, tenant_id, condition, now)
    plans = [loaded.plan, *(plan for plan in loaded.segments.values() if plan is not None)]
    found = await store_facts.facts_of(
        db,
        tenant_id,
        [contact_id],
        events=sorted({name for plan in plans for name in explanation.events_in(plan)}),
        campaigns=sorted({each for plan in plans for each in explanation.campaigns_in(plan)}),
    )
    if contact_id not in found:
        raise NotFound("there is no such contact")
    return explanation.explain(loaded, found[contact_id])


async def _loaded(db: AsyncConnection, tenant_id: UUID, condition: Group | UUID, now: datetime) -> Loaded:
    if not isinstance(condition, UUID):
        return await load(db, tenant_id, condition, now=now, pointer=service.POINTER, strict=True)
    row = await get(db, tenant_id, condition)
    return await load(db, tenant_id, service.condition_of(row), now=now)
