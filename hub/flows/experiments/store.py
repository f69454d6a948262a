"""All SQL of experiments: what their arms did, and what was decided of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import insert_rows
from models.experiments import flow_decisions, flow_experiments

OPT_OUT_WITHIN = timedelta(days=30)
"""Who opts out later does not do so because of the arm."""
VERSIONS_MAX = 200

_TENANTS = text("SELECT * FROM flow_experiment_tenants(:before)")
_VERSIONS = text(
    "SELECT version, created_at, jsonb_path_query_first(document, '$.nodes[*] ? (@.id == $id)', "
    "jsonb_build_object('id', CAST(:node AS text))) -> 'data' AS data FROM flow_versions "
    "WHERE tenant_id = :tenant_id AND flow_id = :flow_id ORDER BY version DESC LIMIT :most"
)
# People count once an arm, from the first time that they go there, and a message once, however often they went there before it.
# Whose session was erased stays counted.
_NUMBERS = text(
    """
    WITH steps AS (
        SELECT st.session_id, st.port AS arm, st.at, s.contact_id, s.ended_at, s.flow_id,
               COALESCE(s.contact_id, st.session_id) AS who
        FROM flow_steps st LEFT JOIN flow_sessions s ON s.tenant_id = st.tenant_id AND s.id = st.session_id
        WHERE st.tenant_id = :tenant_id AND st.flow_id = :flow_id AND st.node = :node AND st.port <> '' AND st.at >= :since
            AND (st.version = ANY(CAST(:versions AS int[])) OR s.flow_id <> st.flow_id)
    ), people AS (
        SELECT who, arm, contact_id, min(at) AS at FROM steps GROUP BY who, arm, contact_id
    ), converted AS (
        SELECT DISTINCT x.who, x.arm FROM steps x JOIN flow_goals g ON g.tenant_id = :tenant_id
            AND g.session_id = x.session_id AND g.name = :goal AND g.at >= x.at
    ), first AS (
        SELECT session_id, arm, contact_id, flow_id, ended_at, min(at) AS at FROM steps
        GROUP BY session_id, arm, contact_id, flow_id, ended_at
    ), owed AS (
        SELECT DISTINCT f.arm, m.id, m.price_micros FROM first f JOIN messages m ON m.tenant_id = :tenant_id
            AND m.contact_id = f.contact_id AND m.direction = 'out' AND m.origin = 'flow' AND m.origin_id = f.flow_id
            AND m.created_at >= f.at AND m.created_at <= COALESCE(f.ended_at + interval '1 minute', 'infinity')
            AND m.status NOT IN ('refused', 'failed')
    ), spent AS (
        SELECT arm, sum(price_micros) AS micros FROM owed GROUP BY arm
    )
    SELECT p.arm, count(*) AS entries,
        count(*) FILTER (WHERE EXISTS (SELECT FROM converted v WHERE v.who = p.who AND v.arm = p.arm)) AS conversions,
        count(*) FILTER (WHERE EXISTS (SELECT FROM consents n WHERE n.tenant_id = :tenant_id AND n.contact_id = p.contact_id
            AND n.state = 'opted_out' AND n.changed_at >= p.at AND n.changed_at < p.at + CAST(:within AS interval))) AS opt_outs,
        COALESCE((SELECT micros FROM spent WHERE spent.arm = p.arm), 0) AS cost_micros
    FROM people p GROUP BY p.arm
    """
)


async def tenants(db: AsyncConnection, before: datetime) -> list[UUID]:
    """Those who have experiments to look at."""
    return list((await db.execute(_TENANTS, {"before": before})).scalars())


async def versions(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, node: str) -> Sequence[Row[Any]]:
    """(version, created_at, data) of a node in the published versions, the newest first; data null where it is not there."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "node": node, "most": VERSIONS_MAX}
    return (await db.execute(_VERSIONS, values)).all()


async def numbers(
    db: AsyncConnection,
    tenant_id: UUID,
    flow_id: UUID,
    node: str,
    *,
    goal: str,
    versions: Sequence[int],
    since: datetime,
) -> Sequence[Row[Any]]:
    """(arm, entries, conversions, opt_outs, cost_micros) since an instant, in these versions of the flow."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "node": node, "goal": goal}
    values |= {"versions": list(versions), "since": since, "within": OPT_OUT_WITHIN}
    return (await db.execute(_NUMBERS, values)).all()


# Decisions


async def decisions(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, node: str) -> Sequence[Row[Any]]:
    """All of one node, the oldest first."""
    table = flow_decisions.c
    where = table.tenant_id == tenant_id, table.flow_id == flow_id, table.node == node
    return (await db.execute(select(flow_decisions).where(*where).order_by(table.id))).all()


async def all_decisions(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(flow_id, node, signature, kind, arm, at) of the tenant, the oldest first."""
    table = flow_decisions.c
    columns = table.flow_id, table.node, table.signature, table.kind, table.arm, table.at
    return (await db.execute(select(*columns).where(table.tenant_id == tenant_id).order_by(table.id))).all()


async def add_decision(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, flow_decisions, [row])


# Those that run


async def keep(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, nodes: Sequence[str], look_at: datetime
) -> None:
    """Look at these nodes of the flow, and at no others."""
    where = flow_experiments.c.tenant_id == tenant_id, flow_experiments.c.flow_id == flow_id
    await db.execute(delete(flow_experiments).where(*where))
    rows = [{"tenant_id": tenant_id, "flow_id": flow_id, "node": node, "look_at": look_at} for node in nodes]
    await insert_rows(db, flow_experiments, rows)


async def due(db: AsyncConnection, tenant_id: UUID, now: datetime) -> Row[Any] | None:
    """One that is to be looked at, held."""
    where = flow_experiments.c.tenant_id == tenant_id, flow_experiments.c.look_at <= now
    query = select(flow_experiments).where(*where).order_by(flow_experiments.c.look_at).limit(1)
    return (await db.execute(query.with_for_update(skip_locked=True))).one_or_none()


async def look_again(db: AsyncConnection, row: Row[Any], at: datetime) -> None:
    table = flow_experiments.c
    where = table.tenant_id == row.tenant_id, table.flow_id == row.flow_id, table.node == row.node
    await db.execute(update(flow_experiments).where(*where).values(look_at=at))
