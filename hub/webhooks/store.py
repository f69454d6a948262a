"""All SQL of outgoing webhooks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.webhooks.endpoint import Subscription
from models.db import insert_rows
from models.webhooks import webhook_deliveries as deliveries
from models.webhooks import webhook_endpoints as endpoints

LEASE = timedelta(minutes=3)  # how long a worker may take before another one tries
LOG_KEPT = timedelta(days=30)

_TENANTS = text("SELECT * FROM webhook_tenants(:now)")
# A few of each endpoint: one that hangs delays nobody but itself.
_CLAIM = text(
    """
    UPDATE webhook_deliveries w SET due_at = :lease, attempts = w.attempts + 1
    FROM webhook_endpoints e CROSS JOIN LATERAL (
        SELECT id FROM webhook_deliveries d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id
          AND d.state = 'pending' AND d.due_at <= :now
        ORDER BY d.due_at LIMIT :limit FOR UPDATE SKIP LOCKED) AS due
    WHERE e.tenant_id = :tenant_id AND e.enabled AND NOT e.id = ANY(CAST(:busy AS uuid[]))
      AND w.tenant_id = e.tenant_id AND w.id = due.id
    RETURNING w.tenant_id, w.id, w.endpoint_id, w.event, w.body, w.attempts, w.began_at, e.url, e.secrets,
        e.old_secret_until, e.failing_since
    """
)
_AGAIN = text(
    """
    UPDATE webhook_deliveries SET state = 'pending', due_at = :now, began_at = :now, attempts = 0, status_code = NULL,
        error = NULL, answer = NULL, took_ms = NULL, done_at = NULL
    WHERE tenant_id = :tenant_id AND endpoint_id = :endpoint_id AND state <> 'pending'
    """
)
_FORGET = text(
    "DELETE FROM webhook_deliveries WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND created_at < :before"
)


async def subscriptions(db: AsyncConnection, tenant_id: UUID) -> list[Subscription]:
    """The enabled endpoints of a tenant."""
    query = select(endpoints.c.id, endpoints.c.events).where(
        endpoints.c.tenant_id == tenant_id, endpoints.c.enabled
    )
    rows = await db.execute(query.order_by(endpoints.c.id))
    return [Subscription(row.id, frozenset(row.events)) for row in rows]


async def endpoint_rows(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    """All endpoints of a tenant, the oldest first."""
    query = select(endpoints).where(endpoints.c.tenant_id == tenant_id).order_by(endpoints.c.id)
    return (await db.execute(query)).all()


async def endpoint(
    db: AsyncConnection, tenant_id: UUID, endpoint_id: UUID, *, lock: bool = False
) -> Row[Any] | None:
    query = select(endpoints).where(endpoints.c.tenant_id == tenant_id, endpoints.c.id == endpoint_id)
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def insert_endpoint(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, endpoints, [row])


async def change_endpoint(db: AsyncConnection, tenant_id: UUID, endpoint_id: UUID, **values: Any) -> None:
    where = (endpoints.c.tenant_id == tenant_id, endpoints.c.id == endpoint_id)
    await db.execute(update(endpoints).where(*where).values(**values))


async def delete_endpoint(db: AsyncConnection, tenant_id: UUID, endpoint_id: UUID) -> None:
    """The endpoint and its log."""
    for table, column in ((deliveries, deliveries.c.endpoint_id), (endpoints, endpoints.c.id)):
        await db.execute(delete(table).where(table.c.tenant_id == tenant_id, column == endpoint_id))


async def counts(db: AsyncConnection, tenant_id: UUID) -> dict[UUID, dict[str, int]]:
    """Deliveries by endpoint and state."""
    query = (
        select(deliveries.c.endpoint_id, deliveries.c.state, func.count().label("rows"))
        .where(deliveries.c.tenant_id == tenant_id)
        .group_by(deliveries.c.endpoint_id, deliveries.c.state)
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in await db.execute(query):
        found.setdefault(row.endpoint_id, {})[row.state] = row.rows
    return found


async def insert_deliveries(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, deliveries, rows)


async def log(
    db: AsyncConnection,
    tenant_id: UUID,
    endpoint_id: UUID,
    *,
    state: str | None,
    event: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Deliveries of an endpoint, newest first."""
    query = select(deliveries).where(
        deliveries.c.tenant_id == tenant_id, deliveries.c.endpoint_id == endpoint_id
    )
    if state:
        query = query.where(deliveries.c.state == state)
    if event:
        query = query.where(deliveries.c.event == event)
    if after is not None:
        query = query.where(deliveries.c.id < after)
    return (await db.execute(query.order_by(deliveries.c.id.desc()).limit(limit))).all()


async def delivery(
    db: AsyncConnection, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID
) -> Row[Any] | None:
    query = select(deliveries).where(
        deliveries.c.tenant_id == tenant_id,
        deliveries.c.endpoint_id == endpoint_id,
        deliveries.c.id == delivery_id,
    )
    return (await db.execute(query)).one_or_none()


async def again(
    db: AsyncConnection,
    tenant_id: UUID,
    endpoint_id: UUID,
    now: datetime,
    *,
    delivery_id: UUID | None = None,
    failed_since: datetime | None = None,
) -> int:
    """Let ended deliveries begin anew: one, or all that failed since a moment. Returns how many."""
    values = {"tenant_id": tenant_id, "endpoint_id": endpoint_id, "now": now}
    if delivery_id is not None:
        query = text(_AGAIN.text + " AND id = :id")
        return (await db.execute(query, {**values, "id": delivery_id})).rowcount
    query = text(_AGAIN.text + " AND state = 'failed' AND created_at >= :since")
    return (await db.execute(query, {**values, "since": failed_since})).rowcount


async def tenants_due(db: AsyncConnection, now: datetime) -> list[UUID]:
    """Who has deliveries that are due; asked before any tenant is known."""
    return list((await db.execute(_TENANTS, {"now": now})).scalars())


async def claim(
    db: AsyncConnection, tenant_id: UUID, now: datetime, limit: int, busy: Collection[UUID]
) -> Sequence[Row[Any]]:
    """At most `limit` due deliveries of each endpoint that is not busy, leased to the caller."""
    values = {"tenant_id": tenant_id, "now": now, "lease": now + LEASE, "limit": limit, "busy": list(busy)}
    return (await db.execute(_CLAIM, values)).all()


async def change_delivery(db: AsyncConnection, tenant_id: UUID, delivery_id: UUID, **values: Any) -> None:
    where = (deliveries.c.tenant_id == tenant_id, deliveries.c.id == delivery_id)
    await db.execute(update(deliveries).where(*where).values(**values))


async def forget(db: AsyncConnection, tenants: Sequence[UUID], now: datetime) -> int:
    """Drop what is older than the log is kept."""
    values = {"tenants": list(tenants), "before": now - LOG_KEPT}
    return (await db.execute(_FORGET, values)).rowcount
