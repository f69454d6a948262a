"""Read ticks and typing dots at the person's handset, where the channel has them. Best effort: nobody waits for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.channels import MARKING, PREPARING
from hub.channels.base import Account, Channel
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.clock import Clock
from hub.directory import Directories
from hub.errors import HubError
from hub.ids import id_of_moment
from models.db import Scope, transaction

READ_S = 24 * 3600  # one read mark a message
TYPING_S = 20  # dots last 25 s at WhatsApp, less at others

log = structlog.get_logger()

# The window of both channels is a day; what is older shows no ticks any more.
_LAST = text(
    """
    SELECT id, channel_id, address, provider_message_id FROM messages
    WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND direction = 'in' AND id > :since
      AND provider_message_id IS NOT NULL
    ORDER BY id DESC LIMIT 1
    """
)


class Marks:
    """One a process."""

    def __init__(
        self,
        engine: AsyncEngine,
        redis: Redis,
        client: ProviderClient,
        directories: Directories,
        account: Callable[[Channel], Awaitable[Account]],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._redis = redis
        self._client = client
        self._directories = directories
        self._account = account
        self._clock = clock

    async def read(self, tenant_id: UUID, contact_id: UUID) -> bool:
        """Mark the person's last message as read. Whether a mark was sent; never raises."""
        return await self._mark(tenant_id, contact_id, "read", READ_S)

    async def typing(self, tenant_id: UUID, contact_id: UUID) -> bool:
        """Show that somebody is writing. Whether a mark was sent; never raises."""
        return await self._mark(tenant_id, contact_id, "typing", TYPING_S)

    async def _mark(self, tenant_id: UUID, contact_id: UUID, mark: str, once_in_s: int) -> bool:
        try:
            return await self._try(tenant_id, contact_id, mark, once_in_s)
        except (HubError, SendRefused, SendOutcomeUnknown, SQLAlchemyError, RedisError, OSError) as error:
            log.info("mark_not_sent", mark=mark, error=type(error).__name__)
            return False

    async def _try(self, tenant_id: UUID, contact_id: UUID, mark: str, once_in_s: int) -> bool:
        since = id_of_moment(self._clock.now() - timedelta(seconds=READ_S))
        values = {"tenant_id": tenant_id, "contact_id": contact_id, "since": since}
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            last = (await db.execute(_LAST, values)).one_or_none()
        if last is None:
            return False
        channel = (await self._directories.one(tenant_id)).channels.get(last.channel_id)
        if channel is None or (key := (channel.provider, channel.kind)) not in MARKING:
            return False
        if not await self._redis.set(f"mark:{mark}:{last.id}", b"1", nx=True, ex=once_in_s):
            return False
        account = await self._account(channel)
        if key in PREPARING:
            account = await PREPARING[key].prepare(self._client, account)
        make = MARKING[key].read_mark if mark == "read" else MARKING[key].typing_mark
        status, _ = await self._client.post(make(account, channel, last.address, last.provider_message_id))
        return 200 <= status < 300
