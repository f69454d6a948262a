"""The RouterHosts as other processes see them: told what changed, by tenant, when it is of use to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from actors.host import owner
from actors.mailbox import Mailbox
from actors.runtime import Peer, peers
from hub.conversations.state import Conversation
from hub.directory import Directory
from hub.errors import Unavailable
from hub.routing.people import People
from hub.routing.store import Standing, standing
from hub.settings import Settings

FLOORS_EVERY_S = 1.0
NEWS_MAX = 500
NEWS_DELAY_MS = 5.0
WAKE_S = 2.0

log = structlog.get_logger()
News = tuple[UUID, Standing]


class Routers:
    """Best effort: what a router was not told it reads from PostgreSQL within a minute. Costs nothing for tenants that
    nobody is at the desk of.
    """

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._peers = peers("router", settings)
        self._names = list(self._peers)
        self._people = People(redis)
        self._boxes = {name: self._box(peer) for name, peer in self._peers.items()}
        self.floors: frozenset[UUID] = frozenset()

    @staticmethod
    def _box(peer: Peer) -> Mailbox[News, None]:
        async def deliver(batch: list[News]) -> Sequence[None]:
            try:
                await peer.call("changed", batch)
            except Unavailable:
                log.warning("router_not_told", conversations=len(batch))
            return [None] * len(batch)

        return Mailbox(deliver, batch_max=NEWS_MAX, delay_ms=NEWS_DELAY_MS, in_flight=1, eager=False)

    async def watch(self) -> None:
        """For ever: know which tenants have a floor."""
        while True:
            try:
                self.floors = frozenset(await self._people.floors())
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("floors_unknown", error=type(error).__name__)
            await asyncio.sleep(FLOORS_EVERY_S)

    def note(self, states: Iterable[Conversation], directories: Mapping[UUID, Directory]) -> None:
        """Tell the tenants' routers of committed states; nobody waits for it."""
        if not self.floors:
            return
        for state in states:
            if state.tenant_id in self.floors:
                channels = directories[state.tenant_id].channels
                channel = channels.get(state.channel_id) if state.channel_id is not None else None
                kind = "sms" if channel is None else channel.kind.value
                name = owner(state.tenant_id.bytes, self._names)
                self._boxes[name].ask((state.tenant_id, standing(state, kind)))

    async def wake(self, tenant_id: UUID) -> None:
        """Somebody came or went; the router looks by itself within half a second anyway."""
        try:
            await self._peers[owner(tenant_id.bytes, self._names)].call("wake", timeout_s=WAKE_S)
        except Unavailable:
            return

    async def close(self) -> None:
        await asyncio.gather(*(box.close() for box in self._boxes.values()))
