"""Tells the screens that flows moved: which ones, at most once a second a host, whatever happens in them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import structlog
from redis.asyncio import Redis

from hub import realtime
from hub.conversations.state import Turn
from hub.ids import encode_id

EVERY_S = 1.0
FLOWS_MAX = 200  # an event names so many at most; of more, the screens ask by themselves

log = structlog.get_logger()


class FlowNews:
    """One a host. To note a turn costs next to nothing, and nothing is told where no flow ran."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._moved: set[tuple[UUID, UUID]] = set()

    def note(self, turns: Iterable[Turn]) -> None:
        """What these committed turns did to flows."""
        for turned in turns:
            if turned.ran:
                self._moved.update((turned.state.tenant_id, ran.inside.flow_id) for ran in turned.ran)

    async def tell(self) -> None:
        """What was noted since the last time."""
        if not self._moved:
            return
        moved, self._moved = self._moved, set()
        by_tenant: dict[UUID, list[str]] = defaultdict(list)
        for tenant_id, flow_id in moved:
            by_tenant[tenant_id].append(encode_id("flw", flow_id))
        events = [
            (tenant_id, {"type": "flows.moved", "flow_ids": sorted(flows)[:FLOWS_MAX]})
            for tenant_id, flows in by_tenant.items()
        ]
        await realtime.publish(self._redis, events)

    async def run_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.tell()
            except Exception:
                log.exception("flow_news_failed")
