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
# Those of other flows, too, that went into this one as a sub-flow and have not come back.
_STANDING = text(
    """
    SELECT node, status, count(*) AS count FROM (
        SELECT node, status FROM flow_sessions WHERE tenant_id = :tenant_id AND flow_id = :flow_id
            AND version = :version AND status IN ('waiting', 'stuck')
        UNION ALL
        SELECT f.frame ->> 1, s.status FROM flow_sessions s, jsonb_array_elements(s.state -> 'inside') AS f(frame)
        WHERE s.tenant_id = :tenant_id AND s.flow_id <> :flow_id AND s.status IN ('waiting', 'stuck')
            AND s.id IN (SELECT session_id FROM flow_steps WHERE tenant_id = :tenant_id AND flow_id = :flow_id AND version = :version)
            AND f.frame ->> 0 = :hex AND COALESCE(CAST(f.frame ->> 2 AS int), 0) IN (0, :version)
    ) x GROUP BY node, status
    """
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
_LIVED = text(
    "SELECT s.id, s.contact_id, s.version, s.state, s.status, s.started_at, s.ended_at, c.name "
    "FROM flow_sessions s JOIN contacts c ON c.tenant_id = s.tenant_id AND c.id = s.contact_id "
    "WHERE s.tenant_id = :tenant_id AND s.flow_id = :flow_id AND s.started_at >= :since "
    "ORDER BY s.id DESC LIMIT :most"
)
_PASSED = text(
    "SELECT session_id, node, port, at FROM flow_steps WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND session_id = ANY(CAST(:sessions AS uuid[])) ORDER BY session_id, seq"
)
_HEARD = text(
    "SELECT contact_id, created_at, body, content, intent, confidence FROM messages WHERE tenant_id = :tenant_id "
    "AND contact_id = ANY(CAST(:contacts AS uuid[])) AND direction = 'in' AND created_at >= :since "
    "ORDER BY contact_id, id LIMIT :most"
)
_BEGAN = text(
    "SELECT id, created_at, body, content, intent, confidence FROM messages WHERE tenant_id = :tenant_id "
    "AND id = ANY(CAST(:sessions AS uuid[])) AND direction = 'in'"
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
    """(node, status, count) of the sessions that are inside now, those of flows that entered this one among them."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "version": version, "hex": flow_id.hex}
    return (await db.execute(_STANDING, values)).all()


async def medians(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, version: int) -> Sequence[Any]:
    """(node, port, median_s) over the newest sessions."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "version": version}
    return (await db.execute(_MEDIANS, {**values, "most": SAMPLE, "least": SEEN_MIN})).all()


async def inside(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Sequence[Any]:
    """(version, count) of the sessions that are inside now, the newest version first."""
    return (await db.execute(_VERSIONS, {"tenant_id": tenant_id, "flow_id": flow_id})).all()


async def lived(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, since: datetime, most: int
) -> Sequence[Any]:
    """The newest sessions that began since then, with their contacts' names."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "since": since, "most": most}
    return (await db.execute(_LIVED, values)).all()


async def passed(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, sessions: Sequence[UUID]
) -> Sequence[Any]:
    """(session_id, node, port, at) of these sessions' steps, in order; no port: arrived at."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "sessions": list(sessions)}
    return (await db.execute(_PASSED, values)).all()


async def heard(
    db: AsyncConnection, tenant_id: UUID, contacts: Sequence[UUID], since: datetime, most: int
) -> Sequence[Any]:
    """What these contacts wrote since then, in order."""
    values = {"tenant_id": tenant_id, "contacts": list(contacts), "since": since, "most": most}
    return (await db.execute(_HEARD, values)).all()


async def began(db: AsyncConnection, tenant_id: UUID, sessions: Sequence[UUID]) -> Sequence[Any]:
    """The messages that began these sessions: a session that a message begins has its id."""
    return (await db.execute(_BEGAN, {"tenant_id": tenant_id, "sessions": list(sessions)})).all()
