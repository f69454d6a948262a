"""All SQL of what begins flows, but that of segments' snapshots."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.sql import CompiledCondition
from models.db import insert_rows
from models.flow_triggers import flow_begins, flow_schedules, flow_triggers

ZONES_MAX = 600
"""There are about 500 names of zones."""

_TENANTS = text("SELECT * FROM flow_trigger_tenants(:before)")
_ZONES = text(
    "SELECT DISTINCT time_zone FROM contacts WHERE tenant_id = :tenant_id AND time_zone <> '' LIMIT :most"
)
_BY_EVENTS = text(
    """
    INSERT INTO flow_begins (tenant_id, id, flow_id, node, contact_id, key, trigger, given, due_at)
    SELECT e.tenant_id, gen_random_uuid(), t.flow_id, t.node, e.contact_id, 'event:' || t.node || ':' || e.id, 'event',
           e.properties, :now
    FROM contact_events e JOIN flow_triggers t ON t.tenant_id = e.tenant_id AND t.kind = 'event' AND t.event = e.name
    WHERE e.tenant_id = :tenant_id AND e.id = ANY(CAST(:ids AS uuid[]))
    ON CONFLICT (tenant_id, flow_id, contact_id, key) DO NOTHING
    """
)
_FIRE = """
    WITH people AS (
        SELECT c.id FROM contacts c WHERE {condition} AND c.tenant_id = :tenant_id
            AND (CAST(:reached AS uuid) IS NULL OR c.id > :reached) {zone} ORDER BY c.id LIMIT :most
    ), put AS (
        INSERT INTO flow_begins (tenant_id, id, flow_id, node, contact_id, key, trigger, due_at)
        SELECT :tenant_id, gen_random_uuid(), :flow_id, :node, id, :key, 'schedule', :now FROM people
        ON CONFLICT (tenant_id, flow_id, contact_id, key) DO NOTHING
    )
    SELECT count(*) AS seen, (SELECT id FROM people ORDER BY id DESC LIMIT 1) AS last FROM people
"""
# So many a tenant, so that one with a million leaves room for the others. Leased: a host that dies leaves them to the next.
_CLAIM = text(
    """
    WITH picked AS MATERIALIZED (
        SELECT b.tenant_id, b.id FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, id FROM flow_begins WHERE tenant_id = t.id AND due_at <= :now
            ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
        ) b
    )
    UPDATE flow_begins b SET due_at = :leased, attempts = b.attempts + 1 FROM picked p
    WHERE b.tenant_id = p.tenant_id AND b.id = p.id
    RETURNING b.tenant_id, b.id, b.flow_id, b.node, b.contact_id, b.key, b.trigger, b.given, b.attempts
    """
)
_KNOWN_KEYS = text(
    "SELECT contact_id, key FROM flow_sessions WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND key = ANY(CAST(:keys AS text[])) UNION SELECT contact_id, key FROM flow_begins "
    "WHERE tenant_id = :tenant_id AND flow_id = :flow_id AND key = ANY(CAST(:keys AS text[]))"
)
_WHERE_THEY_ARE = text(
    """
    SELECT contact_id, count(*) FILTER (WHERE live) AS live, COALESCE(bool_or(live) FILTER (WHERE flow_id = :flow_id), false) AS here,
           bool_or(flow_id = :flow_id) AS been
    FROM (
        SELECT contact_id, flow_id, status IN ('waiting', 'stuck') AS live FROM flow_sessions
        WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[]))
        UNION ALL
        SELECT contact_id, flow_id, true FROM flow_begins
        WHERE tenant_id = :tenant_id AND flow_id = :flow_id AND contact_id = ANY(CAST(:contacts AS uuid[]))
    ) x GROUP BY contact_id
    """
)


async def tenants(db: AsyncConnection, before: datetime) -> list[UUID]:
    """Those for whom something is due."""
    return list((await db.execute(_TENANTS, {"before": before})).scalars())


# Triggers and schedules of a flow


async def forget(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> None:
    """Drop what a flow waits for, but not who is to begin already."""
    for table in (flow_triggers, flow_schedules):
        await db.execute(delete(table).where(table.c.tenant_id == tenant_id, table.c.flow_id == flow_id))


async def add_triggers(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, flow_triggers, rows)


async def triggers(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Sequence[Row[Any]]:
    where = flow_triggers.c.tenant_id == tenant_id, flow_triggers.c.flow_id == flow_id
    return (await db.execute(select(flow_triggers).where(*where))).all()


async def schedules(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Sequence[Row[Any]]:
    where = flow_schedules.c.tenant_id == tenant_id, flow_schedules.c.flow_id == flow_id
    order = flow_schedules.c.next_at, flow_schedules.c.node, flow_schedules.c.zone
    return (await db.execute(select(flow_schedules).where(*where).order_by(*order))).all()


async def add_schedules(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Those that are there already stay as they are."""
    await insert_rows(db, flow_schedules, rows, "ON CONFLICT DO NOTHING")


async def zones(db: AsyncConnection, tenant_id: UUID) -> list[str]:
    """The names of the zones that contacts have."""
    return list((await db.execute(_ZONES, {"tenant_id": tenant_id, "most": ZONES_MAX})).scalars())


async def due_schedule(db: AsyncConnection, tenant_id: UUID, now: datetime) -> Row[Any] | None:
    """One that is due or in the middle of firing, held."""
    where = flow_schedules.c.tenant_id == tenant_id, flow_schedules.c.next_at <= now
    query = select(flow_schedules).where(*where).order_by(flow_schedules.c.next_at).limit(1)
    return (await db.execute(query.with_for_update(skip_locked=True))).one_or_none()


async def change_schedule(db: AsyncConnection, row: Row[Any], **values: Any) -> None:
    table = flow_schedules.c
    where = table.tenant_id == row.tenant_id, table.flow_id == row.flow_id
    await db.execute(
        update(flow_schedules).where(*where, table.node == row.node, table.zone == row.zone).values(**values)
    )


async def drop_schedule(db: AsyncConnection, row: Row[Any]) -> None:
    table = flow_schedules.c
    where = table.tenant_id == row.tenant_id, table.flow_id == row.flow_id
    await db.execute(delete(flow_schedules).where(*where, table.node == row.node, table.zone == row.zone))


async def fire(
    db: AsyncConnection,
    row: Row[Any],
    condition: CompiledCondition,
    key: str,
    *,
    of_zone: bool,
    rest: Sequence[str],
    now: datetime,
    most: int,
) -> tuple[int, UUID | None]:
    """Let the next `most` of the segment begin; returns how many were seen and the last one.

    `of_zone`: only those whose clock it is; of the tenant's row those are all but the ones in `rest`.
    """
    values: dict[str, Any] = {
        "tenant_id": row.tenant_id,
        "flow_id": row.flow_id,
        "node": row.node,
        "key": key,
    }
    values |= {"reached": row.reached, "most": most, "now": now}
    zone = ""
    if of_zone and row.zone:
        zone, values["zone"] = "AND c.time_zone = :zone", row.zone
    elif of_zone:
        zone, values["rest"] = "AND NOT c.time_zone = ANY(CAST(:rest AS text[]))", list(rest)
    query = text(_FIRE.format(condition=condition.sql, zone=zone))
    found = (await db.execute(query, {**condition.values, **values})).one()
    return found.seen, found.last


# Who is to begin


async def begin_for_events(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID], now: datetime) -> int:
    """The contacts of these events begin the flows that wait for them, with the events' properties. Returns how many do."""
    if not ids:
        return 0
    values = {"tenant_id": tenant_id, "ids": list(ids), "now": now}
    return (await db.execute(_BY_EVENTS, values)).rowcount


async def add_begins(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Returns the ids of those that were not there yet."""
    suffix = "ON CONFLICT (tenant_id, flow_id, contact_id, key) DO NOTHING RETURNING id"
    return {row.id for row in await insert_rows(db, flow_begins, rows, suffix)}


async def known_keys(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, keys: Sequence[str]
) -> set[tuple[UUID, str]]:
    """(contact, key) of the sessions that these keys began, or are to begin."""
    rows = await db.execute(_KNOWN_KEYS, {"tenant_id": tenant_id, "flow_id": flow_id, "keys": list(keys)})
    return {(row.contact_id, row.key) for row in rows}


async def where_they_are(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, contacts: Collection[UUID]
) -> dict[UUID, Any]:
    """By contact, as far as it was ever in a flow or is to begin this one: `live` flows it is inside of, whether it is
    `here`, whether it has `been` here.
    """
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "contacts": list(contacts)}
    return {row.contact_id: row for row in (await db.execute(_WHERE_THEY_ARE, values)).all()}


async def claim_begins(
    db: AsyncConnection, tenant_ids: Sequence[UUID], now: datetime, lease: timedelta, most: int
) -> Sequence[Row[Any]]:
    """Those who are to begin now, leased: at most `most` a tenant, its oldest."""
    values = {"tenants": list(tenant_ids), "now": now, "leased": now + lease, "most": most}
    return (await db.execute(_CLAIM, values)).all()


async def done_begins(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> None:
    where = flow_begins.c.tenant_id == tenant_id, flow_begins.c.id.in_(list(ids))
    await db.execute(delete(flow_begins).where(*where))


async def put_off_begins(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID], at: datetime) -> None:
    """Let them begin at another time than the end of their lease."""
    if ids:
        where = flow_begins.c.tenant_id == tenant_id, flow_begins.c.id.in_(list(ids))
        await db.execute(update(flow_begins).where(*where).values(due_at=at))
