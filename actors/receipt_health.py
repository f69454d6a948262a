"""Receipts tell how well an account delivers: counted in its health, a moment after they were applied."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.channels.health_store import HealthStore
from hub.deliveries import Ended
from hub.directory import Directories

EVERY_S = 1.0

log = structlog.get_logger()


class ReceiptHealth:
    """Of one host. Nothing waits for it, and what it cannot count is lost: a score, not a book."""

    def __init__(self, redis: Redis, directories: Directories) -> None:
        self._store = HealthStore(redis)
        self._directories = directories
        self._waiting: list[Ended] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, ended: Sequence[Ended]) -> None:
        """Count these with the next ones that come within a second."""
        if not ended:
            return
        self._waiting += ended
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(EVERY_S)
        await self.count()

    async def count(self) -> None:
        """Count what is noted, by account."""
        batch, self._waiting = self._waiting, []
        try:
            for account_id, (delivered, failed) in (await self._by_account(batch)).items():
                await self._store.ended(account_id, delivered, failed)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("health_unwritten", error=type(error).__name__)
        except Exception:
            log.exception("health_unwritten")

    async def _by_account(self, batch: Sequence[Ended]) -> Mapping[UUID, tuple[int, list[str]]]:
        directories = await self._directories.get({each.tenant_id for each in batch})
        delivered: dict[UUID, int] = defaultdict(int)
        failed: dict[UUID, list[str]] = defaultdict(list)
        for each in batch:
            channel = directories[each.tenant_id].channels.get(each.channel_id)
            if channel is None:
                continue
            if each.delivered:
                delivered[channel.account_id] += 1
            else:
                failed[channel.account_id].append(each.code)
        return {key: (delivered[key], failed[key]) for key in {*delivered, *failed}}

    async def close(self) -> None:
        """Count what is still noted."""
        if self._task is not None:
            self._task.cancel()
        await self.count()
