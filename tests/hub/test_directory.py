"""What a process remembers of a tenant: a channel that was just added is known to who asks for it by its id."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.directory import Directories
from hub.ids import new_id
from models.db import Scope, transaction


async def add(engine: AsyncEngine, tenant: UUID, status: str = "active") -> UUID:
    channel_id = new_id()
    values = {"tenant": tenant, "id": channel_id, "account": new_id(), "status": status}
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(
            text(
                "INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address, status) "
                "VALUES (:tenant, :id, :account, 'sms', 'twilio', 'Shop', '+15550001234', '+15550001234', :status)"
            ),
            values,
        )
    return channel_id


async def test_a_channel_that_was_just_added_is_known_when_it_is_asked_for(
    engine: AsyncEngine, tenant: UUID
) -> None:
    directories = Directories(engine, ttl_s=600.0)
    assert (await directories.one(tenant)).channels == {}
    channel_id = await add(engine, tenant)
    assert (await directories.one(tenant)).channels == {}
    known = await directories.knowing([(tenant, channel_id)])
    assert list(known[tenant].channels) == [channel_id]


async def test_an_archived_channel_is_named_but_not_sent_by(engine: AsyncEngine, tenant: UUID) -> None:
    channel_id = await add(engine, tenant, "archived")
    directory = await Directories(engine).one(tenant)
    assert directory.channels == {}
    assert directory.former_channels[channel_id].name == "Shop"
