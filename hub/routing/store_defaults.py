"""All SQL of the defaults of queues."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.routing.queue_defaults import Level, QueueDefaults
from models.routing import queue_defaults

_LEVELS = text("SELECT tenant_id, tenant, document FROM queue_defaults_for(:tenant_id) ORDER BY distance")
_SAVE = text(
    "INSERT INTO queue_defaults (tenant_id, document, version, updated_at, updated_by) "
    "VALUES (:tenant_id, CAST(:document AS jsonb), 1, :now, :who) ON CONFLICT (tenant_id) DO UPDATE SET "
    "document = EXCLUDED.document, version = queue_defaults.version + 1, updated_at = EXCLUDED.updated_at, "
    "updated_by = EXCLUDED.updated_by WHERE queue_defaults.version = :version RETURNING version"
)


async def levels(db: AsyncConnection, tenant_id: UUID) -> list[Level]:
    """Those of the tenant and of all above it that say something, the nearest first."""
    rows = await db.execute(_LEVELS, {"tenant_id": tenant_id})
    return [
        Level(row.tenant_id, row.tenant, QueueDefaults.model_validate(row.document)) for row in rows.all()
    ]


async def own(db: AsyncConnection, tenant_id: UUID) -> Row[Any] | None:
    """What the tenant itself says, or None."""
    query = select(queue_defaults).where(queue_defaults.c.tenant_id == tenant_id)
    return (await db.execute(query)).one_or_none()


async def save(
    db: AsyncConnection, tenant_id: UUID, defaults: QueueDefaults, version: int, who: str, now: datetime
) -> int | None:
    """Write over `version` (0: there are none); the new version, or None when somebody was faster."""
    values = {"tenant_id": tenant_id, "document": defaults.model_dump_json(), "version": version}
    return (await db.execute(_SAVE, values | {"who": who, "now": now})).scalar()
