"""SQL of sessions as screens read them: lists, one with its steps, how many are in flight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.flows.store_runs import LIVE
from models.flow_runs import flow_goals, flow_sessions, flow_steps
from models.routing import flows

STEPS_SHOWN_MAX = 500
_AS_SUB_FLOW = text(
    """
    SELECT COALESCE(CAST(f.frame ->> 2 AS int), 0) AS version, f.frame ->> 1 AS node, s.status, count(*) AS count
    FROM flow_sessions s, jsonb_array_elements(s.state -> 'inside') AS f(frame)
    WHERE s.tenant_id = :tenant_id AND s.flow_id <> :flow_id AND s.status IN ('waiting', 'stuck')
        AND s.id IN (SELECT session_id FROM flow_steps WHERE tenant_id = :tenant_id AND flow_id = :flow_id)
        AND f.frame ->> 0 = :hex GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    flow_id: UUID | None,
    *,
    status: str | None,
    node: str | None = None,
    version: int | None = None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Sessions of a flow, or of all, the newest first, without their state."""
    table = flow_sessions
    columns = [column for column in table.c if column.name != "state"]
    query = select(*columns).where(table.c.tenant_id == tenant_id)
    if flow_id is not None:
        query = query.where(table.c.flow_id == flow_id)
    if status is not None:
        query = query.where(table.c.status == status)
    if node is not None:
        query = query.where(table.c.node == node)
    if version is not None:
        query = query.where(table.c.version == version)
    if after is not None:
        query = query.where(table.c.id < after)
    return (await db.execute(query.order_by(table.c.id.desc()).limit(limit))).all()


async def get(db: AsyncConnection, tenant_id: UUID, session_id: UUID) -> Row[Any] | None:
    where = flow_sessions.c.tenant_id == tenant_id, flow_sessions.c.id == session_id
    return (await db.execute(select(flow_sessions).where(*where))).one_or_none()


async def steps(db: AsyncConnection, tenant_id: UUID, session_id: UUID) -> Sequence[Row[Any]]:
    """The last of its steps, in their order."""
    table = flow_steps
    where = table.c.tenant_id == tenant_id, table.c.session_id == session_id
    query = select(table).where(*where).order_by(table.c.seq.desc()).limit(STEPS_SHOWN_MAX)
    return list(reversed((await db.execute(query)).all()))


async def goals(db: AsyncConnection, tenant_id: UUID, session_id: UUID) -> Sequence[Row[Any]]:
    where = flow_goals.c.tenant_id == tenant_id, flow_goals.c.session_id == session_id
    return (await db.execute(select(flow_goals).where(*where).order_by(flow_goals.c.at))).all()


async def in_flight(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Sequence[Any]:
    """(version, node, status, count) of live sessions."""
    table = flow_sessions
    group = table.c.version, table.c.node, table.c.status
    query = select(*group, func.count().label("count")).where(
        table.c.tenant_id == tenant_id, table.c.flow_id == flow_id, table.c.status.in_(LIVE)
    )
    return (await db.execute(query.group_by(*group).order_by(*group))).all()


async def as_sub_flow(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Sequence[Any]:
    """(version, node, status, count) of live sessions of other flows that are inside of this one as a sub-flow."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "hex": flow_id.hex}
    return (await db.execute(_AS_SUB_FLOW, values)).all()


async def stuck(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(flow_id, name, count) of the flows with sessions that are stuck, the most first."""
    table = flow_sessions
    count = func.count().label("count")
    same = (flows.c.tenant_id == table.c.tenant_id) & (flows.c.id == table.c.flow_id)
    query = (
        select(table.c.flow_id, flows.c.name, count)
        .join(flows, same)
        .where(table.c.tenant_id == tenant_id, table.c.status == "stuck")
        .group_by(table.c.flow_id, flows.c.name)
        .order_by(count.desc(), flows.c.name)
    )
    return (await db.execute(query)).all()
