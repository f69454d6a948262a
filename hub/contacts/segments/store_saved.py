"""SQL of saved segments: rows, versions, members, and who uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.sql import CompiledCondition
from hub.ids import encode_id
from models.db import insert_rows
from models.segments import segment_versions, segments

# The conditions of a tenant change one at a time: two saves at once could close a circle that neither sees.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:tenant_id AS text), 4713))")
_INSERT_MEMBERS = text(
    "INSERT INTO segment_members (tenant_id, segment_id, contact_id) SELECT c.tenant_id, :segment_id, c.id FROM contacts c "
    "WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING"
)
_DELETE_MEMBERS = text(
    "DELETE FROM segment_members WHERE tenant_id = :tenant_id AND segment_id = :segment_id "
    "AND contact_id = ANY(CAST(:ids AS uuid[]))"
)
_KNOWN = text("SELECT count(*) FROM contacts WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))")
_MEMBERS = text(
    "SELECT count(*) FROM segment_members WHERE tenant_id = :tenant_id AND segment_id = :segment_id"
)
_FREEZE = (
    "INSERT INTO segment_members (tenant_id, segment_id, contact_id) "
    "SELECT c.tenant_id, :segment_id, c.id FROM contacts c WHERE {condition}"
)
_CAMPAIGN_USES = text(
    "SELECT id, name FROM campaigns WHERE tenant_id = :tenant_id AND status IN ('draft', 'running', 'paused') "
    "AND audience ->> 'segment_id' = :public_id ORDER BY id"
)
_SEGMENT_USES = text(
    "SELECT id, name FROM segments WHERE tenant_id = :tenant_id AND archived_at IS NULL AND id <> :segment_id "
    "AND position(:public_id IN CAST(condition AS text)) > 0 ORDER BY name"
)
_FLOW_USES = text(
    "SELECT id, name FROM flows WHERE tenant_id = :tenant_id AND definition IS NOT NULL "
    "AND position(:public_id IN CAST(definition AS text)) > 0 ORDER BY name LIMIT 50"
)
_RULE_USES = text(
    "SELECT CAST(r.value ->> 'id' AS uuid) AS id, r.value ->> 'name' AS name FROM rule_lists x "
    "CROSS JOIN LATERAL jsonb_array_elements(x.document -> 'rules') WITH ORDINALITY AS r(value, place) "
    "WHERE x.tenant_id = :tenant_id AND position(:public_id IN CAST(r.value -> 'condition' AS text)) > 0 ORDER BY r.place"
)


def _is(tenant_id: UUID, segment_id: UUID) -> tuple[Any, Any]:
    return segments.c.tenant_id == tenant_id, segments.c.id == segment_id


async def hold(db: AsyncConnection, tenant_id: UUID) -> None:
    """Let nobody else change the tenant's segments until the transaction ends."""
    await db.execute(_ONE_AT_A_TIME, {"tenant_id": str(tenant_id)})


async def get(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> Row[Any] | None:
    return (await db.execute(select(segments).where(*_is(tenant_id, segment_id)))).one_or_none()


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    search: str,
    kind: str | None,
    archived: bool,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Segments, newest first."""
    query = select(segments).where(segments.c.tenant_id == tenant_id)
    query = query.where(segments.c.archived_at.is_not(None) if archived else segments.c.archived_at.is_(None))
    if search:
        query = query.where(segments.c.name.icontains(search, autoescape=True))
    if kind is not None:
        query = query.where(segments.c.kind == kind)
    if after is not None:
        query = query.where(segments.c.id < after)
    return (await db.execute(query.order_by(segments.c.id.desc()).limit(limit))).all()


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, segments, [row])


async def change(db: AsyncConnection, tenant_id: UUID, segment_id: UUID, **values: Any) -> None:
    await db.execute(update(segments).where(*_is(tenant_id, segment_id)).values(**values))


async def insert_version(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, segment_versions, [row])


async def versions(db: AsyncConnection, tenant_id: UUID, segment_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """The newest versions."""
    where = segment_versions.c.tenant_id == tenant_id, segment_versions.c.segment_id == segment_id
    query = select(segment_versions).where(*where).order_by(segment_versions.c.version.desc()).limit(limit)
    return (await db.execute(query)).all()


async def version(db: AsyncConnection, tenant_id: UUID, segment_id: UUID, number: int) -> Row[Any] | None:
    where = segment_versions.c.tenant_id == tenant_id, segment_versions.c.segment_id == segment_id
    query = select(segment_versions).where(*where, segment_versions.c.version == number)
    return (await db.execute(query)).one_or_none()


async def add_members(
    db: AsyncConnection, tenant_id: UUID, segment_id: UUID, contact_ids: Sequence[UUID]
) -> tuple[int, int]:
    """(added, unknown); who is in already is neither."""
    if not contact_ids:
        return 0, 0
    ids = list(set(contact_ids))
    values = {"tenant_id": tenant_id, "segment_id": segment_id, "ids": ids}
    known = (await db.execute(_KNOWN, values)).scalar_one()
    added = (await db.execute(_INSERT_MEMBERS, values)).rowcount
    return added, len(ids) - known


async def remove_members(
    db: AsyncConnection, tenant_id: UUID, segment_id: UUID, contact_ids: Sequence[UUID]
) -> int:
    if not contact_ids:
        return 0
    values = {"tenant_id": tenant_id, "segment_id": segment_id, "ids": list(contact_ids)}
    return (await db.execute(_DELETE_MEMBERS, values)).rowcount


async def members(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> int:
    """How many there are now: whoever was erased since is out."""
    values = {"tenant_id": tenant_id, "segment_id": segment_id}
    return int((await db.execute(_MEMBERS, values)).scalar_one())


async def freeze(db: AsyncConnection, segment_id: UUID, condition: CompiledCondition) -> int:
    """Make everybody of a condition a member; returns how many."""
    query = text(_FREEZE.format(condition=condition.sql))
    return (await db.execute(query, {**condition.values, "segment_id": segment_id})).rowcount


async def uses(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> list[dict[str, str]]:
    """{kind, id, name} of everything that works with the segment: open campaigns, other segments, published
    flows, routing rules."""
    values = {"tenant_id": tenant_id, "segment_id": segment_id, "public_id": encode_id("seg", segment_id)}
    campaigns = await db.execute(_CAMPAIGN_USES, values)
    found = [{"kind": "campaign", "id": encode_id("cmp", row.id), "name": row.name} for row in campaigns]
    others = await db.execute(_SEGMENT_USES, values)
    found += [{"kind": "segment", "id": encode_id("seg", row.id), "name": row.name} for row in others]
    flows = await db.execute(_FLOW_USES, values)
    found += [{"kind": "flow", "id": encode_id("flw", row.id), "name": row.name} for row in flows]
    rules = await db.execute(_RULE_USES, values)
    found += [{"kind": "routing_rule", "id": encode_id("rul", row.id), "name": row.name} for row in rules]
    return found
