"""SQL of segments that flows wait for: who was in one when it was last looked at, and who has joined or left since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.sql import CompiledCondition
from models.flow_triggers import segment_snapshots

_KEEP = text(
    "INSERT INTO segment_snapshots (tenant_id, segment_id, look_at) SELECT s.tenant_id, s.id, :now FROM segments s "
    "WHERE s.tenant_id = :tenant_id AND s.id = ANY(CAST(:ids AS uuid[])) ON CONFLICT (tenant_id, segment_id) "
    "DO UPDATE SET look_at = LEAST(segment_snapshots.look_at, EXCLUDED.look_at)"
)
_PRUNE = text(
    "DELETE FROM segment_snapshots n WHERE n.tenant_id = :tenant_id AND NOT EXISTS (SELECT FROM flow_triggers t "
    "WHERE t.tenant_id = n.tenant_id AND t.segment_id = n.segment_id)"
)
_SOON = text(
    "UPDATE segment_snapshots SET look_at = LEAST(look_at, :now) WHERE tenant_id = :tenant_id AND segment_id = :segment_id"
)
_DUE = text(
    """
    SELECT n.*, s.condition, s.version AS now_version, s.archived_at FROM segment_snapshots n
    JOIN segments s ON s.tenant_id = n.tenant_id AND s.id = n.segment_id
    WHERE n.tenant_id = :tenant_id AND n.look_at <= :now ORDER BY n.look_at LIMIT 1 FOR UPDATE OF n SKIP LOCKED
    """
)
_COMPARE = """
    WITH inside AS MATERIALIZED (
        SELECT c.id FROM contacts c WHERE {condition} AND c.tenant_id = :tenant_id
    ), joined AS (
        SELECT i.id FROM inside i WHERE NOT EXISTS (SELECT FROM segment_snapshot_members m
            WHERE m.tenant_id = :tenant_id AND m.segment_id = :segment_id AND m.contact_id = i.id) LIMIT :most
    ), gone AS (
        SELECT m.contact_id AS id FROM segment_snapshot_members m WHERE m.tenant_id = :tenant_id AND m.segment_id = :segment_id
            AND NOT EXISTS (SELECT FROM inside i WHERE i.id = m.contact_id) LIMIT :most
    ), put AS (
        INSERT INTO segment_snapshot_members (tenant_id, segment_id, contact_id)
        SELECT :tenant_id, :segment_id, id FROM joined ON CONFLICT DO NOTHING
    ), dropped AS (
        DELETE FROM segment_snapshot_members m USING gone WHERE m.tenant_id = :tenant_id AND m.segment_id = :segment_id
            AND m.contact_id = gone.id
    ), begun AS (
        INSERT INTO flow_begins (tenant_id, id, flow_id, node, contact_id, key, trigger, given, due_at)
        SELECT :tenant_id, gen_random_uuid(), t.flow_id, t.node, w.id, t.kind || ':' || t.node || ':' || :mark, 'segment',
               jsonb_build_object('segment', CAST(:name AS text)), :now
        FROM flow_triggers t JOIN (SELECT id, 'entry' AS kind FROM joined UNION ALL SELECT id, 'exit' FROM gone) w
            ON w.kind = t.kind
        WHERE :fires AND t.tenant_id = :tenant_id AND t.segment_id = :segment_id
        ON CONFLICT (tenant_id, flow_id, contact_id, key) DO NOTHING
    )
    SELECT (SELECT count(*) FROM joined) AS joined, (SELECT count(*) FROM gone) AS gone
"""
# Those who were there when a flow was published that asks for them: each once, however often it is published again.
_WHOLE = text(
    """
    WITH asked AS (
        UPDATE flow_triggers SET whole = false WHERE tenant_id = :tenant_id AND segment_id = :segment_id AND whole
        RETURNING flow_id, node
    )
    INSERT INTO flow_begins (tenant_id, id, flow_id, node, contact_id, key, trigger, given, due_at)
    SELECT :tenant_id, gen_random_uuid(), a.flow_id, a.node, m.contact_id, 'present:' || a.node || ':' || :name, 'segment',
           jsonb_build_object('segment', CAST(:name AS text)), :now
    FROM asked a JOIN segment_snapshot_members m ON m.tenant_id = :tenant_id AND m.segment_id = :segment_id
    ON CONFLICT (tenant_id, flow_id, contact_id, key) DO NOTHING
    """
)


async def keep(db: AsyncConnection, tenant_id: UUID, segment_ids: Sequence[UUID], now: datetime) -> None:
    """Have these segments looked at from now on; those that are already are looked at soon."""
    if segment_ids:
        await db.execute(_KEEP, {"tenant_id": tenant_id, "ids": list(segment_ids), "now": now})


async def prune(db: AsyncConnection, tenant_id: UUID) -> None:
    """Forget the segments that no flow waits for any more."""
    await db.execute(_PRUNE, {"tenant_id": tenant_id})


async def look_soon(db: AsyncConnection, tenant_id: UUID, segment_id: UUID, now: datetime) -> None:
    await db.execute(_SOON, {"tenant_id": tenant_id, "segment_id": segment_id, "now": now})


async def due(db: AsyncConnection, tenant_id: UUID, now: datetime) -> Row[Any] | None:
    """A snapshot that is due, held, with the segment's condition and version (`now_version`)."""
    return (await db.execute(_DUE, {"tenant_id": tenant_id, "now": now})).one_or_none()


async def compare(
    db: AsyncConnection,
    row: Row[Any],
    condition: CompiledCondition,
    *,
    name: str,
    fires: bool,
    now: datetime,
    most: int,
) -> tuple[int, int]:
    """Bring the snapshot up to the present, by at most `most` people each way; who joined or left begins the flows that
    wait for that, where it `fires`. Returns how many joined and left.
    """
    values = {"tenant_id": row.tenant_id, "segment_id": row.segment_id, "name": name, "fires": fires}
    values |= {"now": now, "mark": now.isoformat(), "most": most}
    found = (
        await db.execute(text(_COMPARE.format(condition=condition.sql)), {**condition.values, **values})
    ).one()
    return found.joined, found.gone


async def begin_present(db: AsyncConnection, row: Row[Any], name: str, now: datetime) -> None:
    """Let those in the snapshot begin the flows that ask for them and have not had them."""
    values = {"tenant_id": row.tenant_id, "segment_id": row.segment_id, "name": name, "now": now}
    await db.execute(_WHOLE, values)


async def change(db: AsyncConnection, tenant_id: UUID, segment_id: UUID, **values: Any) -> None:
    where = segment_snapshots.c.tenant_id == tenant_id, segment_snapshots.c.segment_id == segment_id
    await db.execute(update(segment_snapshots).where(*where).values(**values))


async def get(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> Row[Any] | None:
    where = segment_snapshots.c.tenant_id == tenant_id, segment_snapshots.c.segment_id == segment_id
    return (await db.execute(select(segment_snapshots).where(*where))).one_or_none()
