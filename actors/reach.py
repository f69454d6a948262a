"""Which numbers RCS does not reach: asked of the provider for one person or for a whole batch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

from redis.asyncio import Redis

from hub.channels import GOOGLE_RCS
from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.http import ProviderClient
from hub.channels.rcs_capabilities import Capabilities
from hub.directory import Directory
from hub.errors import HubError
from hub.failover.attempts import Person
from hub.failover.plan import Step

FEW = 20  # so many are asked one by one: that also tells what their handsets show


class Reach:
    """One a process."""

    def __init__(
        self, client: ProviderClient, redis: Redis, account: Callable[[Channel], Awaitable[Account]]
    ) -> None:
        self._account = account
        self._capabilities = Capabilities(GOOGLE_RCS, client, redis)

    async def unreachable(
        self, steps: Iterable[Step], people: Sequence[Person], directory: Directory
    ) -> frozenset[tuple[UUID, str]]:
        """(channel, number) that RCS does not reach; when nobody can tell, it is tried."""
        found: set[tuple[UUID, str]] = set()
        for step in steps:
            channel = directory.channels.get(step.channel_id)
            if channel is None or channel.kind is not ChannelKind.RCS:
                continue
            numbers = sorted({number for person in people if (number := person.address(channel.kind))})
            missing = await self._missing(channel, numbers)
            found |= {(channel.id, number) for number in missing}
        return frozenset(found)

    async def _missing(self, channel: Channel, numbers: Sequence[str]) -> set[str]:
        if not numbers:
            return set()
        try:
            account = await self._account(channel)
            if len(numbers) > FEW:
                return set(numbers) - await self._capabilities.reachable(account, channel, numbers)
            features = await asyncio.gather(
                *(self._capabilities.of(account, channel, number) for number in numbers)
            )
            return {number for number, shown in zip(numbers, features, strict=True) if not shown}
        except (HubError, OSError):
            return set()
