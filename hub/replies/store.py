"""All SQL of saved replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import insert_rows
from models.replies import saved_replies, saved_reply_uses

# Own ones and those of tenants above, the nearest first: of one shortcut the nearest stands.
_FOR = text("SELECT * FROM saved_replies_for(:tenant_id) ORDER BY distance, name, id LIMIT :limit")
_USED = text(
    "INSERT INTO saved_reply_uses (tenant_id, reply_id, intent, uses, last_at) "
    "VALUES (:tenant_id, :reply_id, :intent, 1, :at) ON CONFLICT (tenant_id, reply_id, intent) "
    "DO UPDATE SET uses = saved_reply_uses.uses + 1, last_at = EXCLUDED.last_at"
)


async def visible(db: AsyncConnection, tenant_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """What a tenant's agents may use."""
    return (await db.execute(_FOR, {"tenant_id": tenant_id, "limit": limit})).all()


async def one(db: AsyncConnection, tenant_id: UUID, reply_id: UUID, *, lock: bool = False) -> Row[Any] | None:
    query = select(saved_replies).where(
        saved_replies.c.tenant_id == tenant_id, saved_replies.c.id == reply_id
    )
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def count(db: AsyncConnection, tenant_id: UUID) -> int:
    query = select(func.count()).select_from(saved_replies).where(saved_replies.c.tenant_id == tenant_id)
    return int((await db.execute(query)).scalar_one())


async def taken(db: AsyncConnection, tenant_id: UUID, shortcut: str, but: UUID | None) -> bool:
    """Whether another reply of the tenant has this shortcut."""
    query = select(saved_replies.c.id).where(
        saved_replies.c.tenant_id == tenant_id, saved_replies.c.shortcut == shortcut
    )
    found = (await db.execute(query)).scalar_one_or_none()
    return found is not None and found != but


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, saved_replies, [row])


async def change(db: AsyncConnection, tenant_id: UUID, reply_id: UUID, **values: Any) -> None:
    where = (saved_replies.c.tenant_id == tenant_id, saved_replies.c.id == reply_id)
    await db.execute(update(saved_replies).where(*where).values(**values))


async def remove(db: AsyncConnection, tenant_id: UUID, reply_id: UUID) -> None:
    """The reply, and how often the tenant's own agents used it."""
    for table, column in (
        (saved_reply_uses, saved_reply_uses.c.reply_id),
        (saved_replies, saved_replies.c.id),
    ):
        await db.execute(delete(table).where(table.c.tenant_id == tenant_id, column == reply_id))


async def uses(db: AsyncConnection, tenant_id: UUID, intent: str) -> dict[UUID, int]:
    """How often each reply was used for an intent."""
    query = select(saved_reply_uses.c.reply_id, saved_reply_uses.c.uses).where(
        saved_reply_uses.c.tenant_id == tenant_id, saved_reply_uses.c.intent == intent
    )
    return {row.reply_id: row.uses for row in await db.execute(query)}


async def used(db: AsyncConnection, tenant_id: UUID, reply_id: UUID, intent: str, at: datetime) -> None:
    values = {"tenant_id": tenant_id, "reply_id": reply_id, "intent": intent, "at": at}
    await db.execute(_USED, values)
