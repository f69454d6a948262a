"""All SQL of the media library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import insert_rows
from models.media import media

LEASE = timedelta(minutes=3)  # how long a worker may take before another one tries

_FILE = text("SELECT * FROM media_file(:id)")
_CLAIM = text(
    """
    UPDATE media m SET due_at = :lease, attempts = attempts + 1
    WHERE m.tenant_id = :tenant AND m.id IN (
        SELECT id FROM media WHERE tenant_id = :tenant AND status = 'pending' AND due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING m.*
    """
)


async def insert(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New media; one that is there already is left alone."""
    await insert_rows(db, media, rows, "ON CONFLICT DO NOTHING")


async def one(db: AsyncConnection, tenant_id: UUID, media_id: UUID) -> Row[Any] | None:
    where = (media.c.tenant_id == tenant_id, media.c.id == media_id)
    return (await db.execute(select(media).where(*where))).one_or_none()


async def page(
    db: AsyncConnection, tenant_id: UUID, *, source: str | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Media of a tenant, newest first by id."""
    query = select(media).where(media.c.tenant_id == tenant_id)
    if source:
        query = query.where(media.c.source == source)
    if after is not None:
        query = query.where(media.c.id < after)
    return (await db.execute(query.order_by(media.c.id.desc()).limit(limit))).all()


async def file(db: AsyncConnection, media_id: UUID) -> Row[Any] | None:
    """Whose a medium is and what it is: asked for by a link, before any tenant is known."""
    return (await db.execute(_FILE, {"id": media_id})).one_or_none()


async def delete(db: AsyncConnection, tenant_id: UUID, media_id: UUID) -> bool:
    where = (media.c.tenant_id == tenant_id, media.c.id == media_id)
    gone = await db.execute(media.delete().where(*where).returning(media.c.id))
    return gone.first() is not None


async def uses(db: AsyncConnection, tenant_id: UUID, sha256: str) -> int:
    """How many media have this content."""
    where = (media.c.tenant_id == tenant_id, media.c.sha256 == sha256)
    return len((await db.execute(select(media.c.id).where(*where).limit(2))).all())


async def claim(db: AsyncConnection, tenant_id: UUID, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Pending media that are due, leased to the caller."""
    values = {"tenant": tenant_id, "now": now, "lease": now + LEASE, "limit": limit}
    return (await db.execute(_CLAIM, values)).all()


async def change(db: AsyncConnection, tenant_id: UUID, media_id: UUID, **values: Any) -> None:
    where = (media.c.tenant_id == tenant_id, media.c.id == media_id)
    await db.execute(media.update().where(*where).values(**values))
