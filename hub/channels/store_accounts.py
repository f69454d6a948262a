"""All SQL of provider accounts and channels as people manage them. The transaction's scope bounds every statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import id_of_moment
from models.channels import channels, provider_accounts
from models.db import insert_rows
from models.media import message_templates

ACCOUNTS_MAX = 200
CHANNELS_MAX = 500
ARCHIVED = "archived"

# A row that is written anew has another xmin: the version of a channel, which has no column for one.
_CHANNEL = (*channels.c, literal_column("channels.xmin::text::bigint").label("version"))

# Queued ones are in the outbox; those that left lately and have no outcome yet are in the newest part of the messages.
_UNDER_WAY = text(
    "SELECT (SELECT count(*) FROM outbox WHERE tenant_id = :tenant_id AND channel_id = :channel_id) + "
    "(SELECT count(*) FROM messages WHERE tenant_id = :tenant_id AND id >= :since AND channel_id = :channel_id "
    "AND status IN ('sending', 'unknown'))"
)
_COUNTS = (
    "SELECT status, error_code, min(reason) AS reason, count(*) AS day, "
    "count(*) FILTER (WHERE id >= :hour) AS hour, max({at}) AS last_at FROM {table} "
    "WHERE tenant_id = :tenant_id AND id >= :day AND channel_id = :channel_id AND direction = 'out' "
    "GROUP BY status, error_code"
)
_MESSAGES = text(_COUNTS.format(table="messages", at="COALESCE(failed_at, created_at)"))
_CALLS = text(_COUNTS.format(table="calls", at="COALESCE(ended_at, created_at)"))


async def accounts(db: AsyncConnection, tenants: Sequence[UUID]) -> Sequence[Row[Any]]:
    """By name; at most ACCOUNTS_MAX."""
    query = (
        select(provider_accounts)
        .where(provider_accounts.c.tenant_id.in_(tenants))
        .order_by(provider_accounts.c.name, provider_accounts.c.id)
        .limit(ACCOUNTS_MAX)
    )
    return (await db.execute(query)).all()


async def account(
    db: AsyncConnection, tenants: Sequence[UUID], account_id: UUID, *, lock: bool = False
) -> Row[Any] | None:
    query = select(provider_accounts).where(
        provider_accounts.c.tenant_id.in_(tenants), provider_accounts.c.id == account_id
    )
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def insert_account(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, provider_accounts, [row])


async def update_account(
    db: AsyncConnection, tenant_id: UUID, account_id: UUID, values: Mapping[str, Any]
) -> None:
    where = (provider_accounts.c.tenant_id == tenant_id, provider_accounts.c.id == account_id)
    changed = {**values, "version": provider_accounts.c.version + 1}
    await db.execute(provider_accounts.update().where(*where).values(**changed))


async def delete_account(db: AsyncConnection, tenant_id: UUID, account_id: UUID) -> None:
    """The account with its credentials, and our copies of its templates."""
    for table, key in ((message_templates, "account_id"), (provider_accounts, "id")):
        await db.execute(table.delete().where(table.c.tenant_id == tenant_id, table.c[key] == account_id))


async def channel_rows(
    db: AsyncConnection, tenants: Sequence[UUID], account_id: UUID | None = None
) -> Sequence[Row[Any]]:
    """Those in use, by kind and name; at most CHANNELS_MAX."""
    query = select(*_CHANNEL).where(channels.c.tenant_id.in_(tenants), channels.c.status != ARCHIVED)
    if account_id is not None:
        query = query.where(channels.c.account_id == account_id)
    query = query.order_by(channels.c.kind, channels.c.name, channels.c.id).limit(CHANNELS_MAX)
    return (await db.execute(query)).all()


async def channel(
    db: AsyncConnection, tenants: Sequence[UUID], channel_id: UUID, *, lock: bool = False
) -> Row[Any] | None:
    """A channel in use."""
    query = select(*_CHANNEL).where(
        channels.c.tenant_id.in_(tenants), channels.c.id == channel_id, channels.c.status != ARCHIVED
    )
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def put_channel(db: AsyncConnection, row: Mapping[str, Any]) -> UUID | None:
    """Insert a channel, or bring an archived one of the same tenant back under its old id; None: it is taken."""
    found = await insert_rows(
        db,
        channels,
        [row],
        "ON CONFLICT (account_id, provider_address, kind) DO UPDATE SET name = EXCLUDED.name, "
        "address = EXCLUDED.address, status = EXCLUDED.status WHERE channels.status = 'archived' "
        "AND channels.tenant_id = EXCLUDED.tenant_id RETURNING id",
    )
    return found[0].id if found else None


async def update_channel(
    db: AsyncConnection, tenant_id: UUID, channel_id: UUID, values: Mapping[str, Any]
) -> None:
    where = (channels.c.tenant_id == tenant_id, channels.c.id == channel_id)
    await db.execute(channels.update().where(*where).values(**values))


async def under_way(db: AsyncConnection, tenant_id: UUID, channel_id: UUID, since: datetime) -> int:
    """How many messages of a channel wait, or left since `since` without an outcome."""
    values = {"tenant_id": tenant_id, "channel_id": channel_id, "since": id_of_moment(since)}
    return int((await db.execute(_UNDER_WAY, values)).scalar_one())


async def outcomes(
    db: AsyncConnection, tenant_id: UUID, channel_id: UUID, hour: datetime, day: datetime, *, calls: bool
) -> Sequence[Row[Any]]:
    """(status, error_code, reason, day, hour, last_at) of what was sent since `day`, how much of it since `hour`."""
    values = {
        "tenant_id": tenant_id,
        "channel_id": channel_id,
        "hour": id_of_moment(hour),
        "day": id_of_moment(day),
    }
    return (await db.execute(_CALLS if calls else _MESSAGES, values)).all()


async def lent(db: AsyncConnection, owner_id: UUID, account_id: UUID) -> int:
    """How many channels of other tenants in scope use the account."""
    query = select(func.count()).where(
        channels.c.account_id == account_id, channels.c.tenant_id != owner_id, channels.c.status != ARCHIVED
    )
    return int((await db.execute(query)).scalar_one())
