"""A conversation of ten thousand messages is paged whole."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.conversations import store
from hub.ids import new_id
from models.db import Scope, transaction

MESSAGES, PAGE = 10_000, 200

_CONTACT = text("INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant_id, :contact_id, 'Ann')")
_FILL = text(
    "INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, address, body, status) "
    "SELECT :tenant_id, i, :contact_id, :channel_id, 'sms', 'in', 'contact', '+15550001', n::text, 'received' "
    "FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS t(i, n)"
)


async def bodies(db: AsyncConnection, tenant: UUID, contact: UUID) -> list[int]:
    """The texts of the thread, the newest first, page by page."""
    found: list[int] = []
    before: UUID | None = None
    while True:
        rows = await store.thread(db, tenant, contact, before=before, limit=PAGE)
        assert len(rows) <= PAGE + 1
        found += [int(row.body) for row in rows[:PAGE]]
        if len(rows) <= PAGE:
            return found
        before = rows[PAGE - 1].id


async def test_every_message_comes_once(engine: AsyncEngine, tenant: UUID) -> None:
    contact, ids = new_id(), [new_id() for _ in range(MESSAGES)]
    values = {"tenant_id": tenant, "contact_id": contact, "channel_id": new_id(), "ids": ids}
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(_CONTACT, values)
        await db.execute(_FILL, values)
        assert await bodies(db, tenant, contact) == list(range(MESSAGES, 0, -1))
