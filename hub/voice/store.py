"""All SQL of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.base import Channel
from hub.channels.store import channel_from_row
from models.billing import settlements
from models.calls import calls
from models.conversations import messages, outbox
from models.db import insert_rows

_PLACE = text("SELECT tenant_id, channel_id, account_id FROM call_place(:id)")
_CHANNEL = text("SELECT * FROM voice_channel_of_account(:account, :address)")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose call it is, found before any tenant is known."""

    tenant_id: UUID
    channel_id: UUID
    account_id: UUID


async def place(db: AsyncConnection, call_id: UUID) -> Place | None:
    row = (await db.execute(_PLACE, {"id": call_id})).one_or_none()
    return None if row is None else Place(row.tenant_id, row.channel_id, row.account_id)


async def channel(db: AsyncConnection, account_id: UUID, provider_address: str) -> Channel | None:
    """The voice channel that has this number at this account, whoever's it is."""
    row = (await db.execute(_CHANNEL, {"account": account_id, "address": provider_address})).one_or_none()
    return None if row is None else channel_from_row(row)


async def lock(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> Row[Any] | None:
    """The call's row, locked until the end of the transaction. Lock order: the call, then its message."""
    query = select(calls).where(calls.c.tenant_id == tenant_id, calls.c.id == call_id)
    return (await db.execute(query.with_for_update())).one_or_none()


async def get(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> Row[Any] | None:
    query = select(calls).where(calls.c.tenant_id == tenant_id, calls.c.id == call_id)
    return (await db.execute(query)).one_or_none()


async def by_provider_id(
    db: AsyncConnection, tenant_id: UUID, channel_id: UUID, provider_call_id: str
) -> Row[Any] | None:
    query = select(calls).where(
        calls.c.tenant_id == tenant_id,
        calls.c.channel_id == channel_id,
        calls.c.provider_call_id == provider_call_id,
    )
    return (await db.execute(query)).one_or_none()


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Write a call; one that is there already (by id, or by its provider's id) stays as it is."""
    await insert_rows(db, calls, [row], "ON CONFLICT DO NOTHING")


async def change(db: AsyncConnection, tenant_id: UUID, call_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Write columns of a locked call; returns the row after it."""
    where = (calls.c.tenant_id == tenant_id, calls.c.id == call_id)
    row: Row[Any] = (await db.execute(calls.update().where(*where).values(**values).returning(calls))).one()
    return row


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    contact_id: UUID | None,
    status: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Newest first, one more than `limit`."""
    query = select(calls).where(calls.c.tenant_id == tenant_id)
    if contact_id is not None:
        query = query.where(calls.c.contact_id == contact_id)
    if status is not None:
        query = query.where(calls.c.status == status)
    if after is not None:
        query = query.where(calls.c.id < after)
    return (await db.execute(query.order_by(calls.c.id.desc()).limit(limit + 1))).all()


async def outcome(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """What the messages of outbound calls say: a call that never left has no news of its own."""
    query = select(
        messages.c.id, messages.c.status, messages.c.reason, messages.c.error_code, messages.c.currency,
        messages.c.price_micros, messages.c.origin,
    ).where(messages.c.tenant_id == tenant_id, messages.c.id.in_(ids))  # fmt: skip
    return {row.id: row for row in await db.execute(query)}


async def capture(db: AsyncConnection, tenant_id: UUID, call_id: UUID, price_micros: int) -> None:
    """Charge the call's message the real price, once: beyond its hold the wallet books it as an overrun."""
    where = (messages.c.tenant_id == tenant_id, messages.c.id == call_id, messages.c.settlement.is_(None))
    changed = await db.execute(
        messages.update()
        .where(*where)
        .values(price_micros=price_micros, settlement="captured")
        .returning(messages.c.hold_id)
    )
    row = changed.one_or_none()
    if row is None or row.hold_id is None:
        return
    settlement = {
        "tenant_id": tenant_id,
        "message_id": call_id,
        "hold_id": row.hold_id,
        "kind": "capture",
        "amount_micros": price_micros,
        "revenue_account": "revenue:voice",
    }
    await insert_rows(db, settlements, [settlement], "ON CONFLICT DO NOTHING")


async def withdraw(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> bool:
    """Take a call back that no sender has taken yet. False when it is too late."""
    where = (outbox.c.tenant_id == tenant_id, outbox.c.message_id == call_id, outbox.c.state == "queued")
    return (
        await db.execute(outbox.delete().where(*where).returning(outbox.c.message_id))
    ).first() is not None


async def sent_as(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> str | None:
    """The provider's id that the sender wrote down with the call's message."""
    query = select(messages.c.provider_message_id).where(
        messages.c.tenant_id == tenant_id, messages.c.id == call_id
    )
    return (await db.execute(query)).scalar()
