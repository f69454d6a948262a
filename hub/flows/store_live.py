"""SQL of a running flow in figures: ways taken, who stands where, how long nodes take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

SAMPLE = 2_000
"""Sessions whose steps are timed: the newest ones."""
SEEN_MIN = 5
"""A median of fewer is no figure."""

_TAKEN = text(
    "SELECT node, port, count(*) AS count FROM flow_steps WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND version = :version AND port <> '' GROUP BY node, port"
)
_TAKEN_BETWEEN = text(
    "SELECT node, port, count(*) AS count FROM flow_steps WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND version = :version AND port <> '' AND at >= :since AND at < :until GROUP BY node, port"
)
_STANDING = text(
    "SELECT node, status, count(*) AS count FROM flow_sessions WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND version = :version AND status IN ('waiting', 'stuck') GROUP BY node, status"
)
# A node is come to when the one before it is left, in the same instant: so the time between two ports is the node's.
_MEDIANS = text(
    """
    WITH newest AS MATERIALIZED (
        SELECT id FROM flow_sessions WHERE tenant_id = :tenant_id AND flow_id = :flow_id AND version = :version
        ORDER BY id DESC LIMIT :most
    ), timed AS (
        SELECT s.node, s.port, extract(epoch FROM s.at - lag(s.at) OVER (PARTITION BY s.session_id ORDER BY s.seq)) AS took
        FROM newest n JOIN flow_steps s ON s.tenant_id = :tenant_id AND s.session_id = n.id
        WHERE s.port <> '' AND s.flow_id = :flow_id AND s.version = :version
    )
    SELECT node, port, percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median_s FROM timed
    WHERE took IS NOT NULL GROUP BY node, port HAVING count(*) >= :least
    """
)
_VERSIONS = text(
    "SELECT version, count(*) AS count FROM flow_sessions WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND status IN ('waiting', 'stuck') GROUP BY version ORDER BY version DESC"
)


async def taken(
    db: AsyncConnection,
    tenant_id: UUID,
    flow_id: UUID,
    version: int,
    since: datetime | None,
    until: datetime | None,
) -> Sequence[Any]:
    """(node, port, count) of the ways that were gone, in a part of the time or ever."""
    values: dict[str, Any] = {"tenant_id": tenant_id, "flow_id": flow_id, "version": version}
    if since is None and until is None:
        return (await db.execute(_TAKEN, values)).all()
    values |= {"since": since or "-infinity", "until": until or "infinity"}
    return (await db.execute(_TAKEN_BETWEEN, values)).all()


async def standing(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, version: int) -> Sequence[Any]:
    """(node, status, count) of the sessions that are inside now."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "version": version}
    return (await db.execute(_STANDING, values)).all()


async def medians(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, version: int) -> Sequence[Any]:
    """(node, port, median_s) over the newest sessions."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "version": version}
    return (await db.execute(_MEDIANS, {**values, "most": SAMPLE, "least": SEEN_MIN})).all()


async def inside(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Sequence[Any]:
    """(version, count) of the sessions that are inside now, the newest version first."""
    return (await db.execute(_VERSIONS, {"tenant_id": tenant_id, "flow_id": flow_id})).all()
