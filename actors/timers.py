"""TimersHost: what must happen later, from durable rows: inbox events that no host could take, attempts that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import text

from actors.attempts import Attempts
from actors.client import Hub
from actors.flow_work import FlowWork
from actors.inbound import Inbounds
from actors.messages import event_from_payload
from actors.ports import Wallets
from actors.shell import Shell
from hub.channels import store as channel_store
from hub.clock import SystemClock
from hub.directory import Directories
from hub.errors import HubError
from hub.flows.asking import Asker
from hub.settings import Settings
from hub.webhooks.endpoint import allowed_hosts
from models.db import Scope, transaction

EVERY_S = 1.0
WAIT_S = 2.0  # younger rows may still be on their way through the gateway
GIVE_UP = timedelta(hours=6)
LIMIT = 500

log = structlog.get_logger()


class TimersHost(Shell):
    """Sweeps. Redelivery is harmless: inbox rows are unique by (channel, provider event id)."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.clock = SystemClock()
        self.directories = Directories(self.engine)
        self.inbounds = Inbounds(self.pool, settings)
        self.attempts = Attempts(
            settings, self.engine, self.redis, Wallets(settings), self.directories, self.clock
        )
        self.flow_work = FlowWork(
            self.engine,
            self.inbounds.conversations,
            self.attempts,
            self.directories,
            self.clock,
            Asker(allowed_hosts(settings.webhook_hosts)),
        )
        self.hub = Hub(settings, self.engine, self.redis, self.clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._every_second(self.sweep, "sweep_failed")),
            asyncio.create_task(self._every_second(self.attempts.sweep, "failover_sweep_failed")),
            asyncio.create_task(self.flow_work.run_for_ever()),
            asyncio.create_task(self._every_second(self.hub.calls.desk.sweep, "call_sweep_failed")),
        ]

    async def _every_second(self, sweep: Callable[[], Awaitable[Any]], failed: str) -> None:
        """Sweep for ever. What goes wrong is logged as `failed`; the next sweep finds the rows again."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await sweep()
            except Exception:
                log.exception(failed, host=self.name)

    async def sweep(self) -> int:
        """Deliver pending inbox events once. Returns how many were looked at."""
        before = self.clock.now() - timedelta(seconds=WAIT_S)
        async with transaction(self.engine, Scope.nothing()) as db:
            rows = await db.execute(text("SELECT * FROM inbox_tenants(:before)"), {"before": before})
            tenants = list(rows.scalars())
        if not tenants:
            return 0
        async with transaction(self.engine, Scope.of(*tenants)) as db:
            events = await channel_store.pending(db, before, LIMIT)
        known = {row.tenant_id for row in events}  # read each once, not once an event
        await asyncio.gather(*map(self.directories.one, known), return_exceptions=True)
        answers = await asyncio.gather(*(self._deliver(row) for row in events), return_exceptions=True)
        for row, answer in zip(events, answers, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, HubError):
                log.error("redelivery_failed", error=type(answer).__name__)
            if self.clock.now() - row.received_at > GIVE_UP:
                async with transaction(self.engine, Scope.of(row.tenant_id)) as db:
                    reason = "no message matched" if row.kind == "report" else "could not be delivered"
                    await channel_store.give_up(db, row.tenant_id, row.channel_id, row.event_key, reason)
        return len(events)

    async def _deliver(self, row: Any) -> Any:
        directory = await self.directories.one(row.tenant_id)
        channel = directory.channels.get(row.channel_id)
        if channel is None:
            async with transaction(self.engine, Scope.of(row.tenant_id)) as db:
                await channel_store.give_up(
                    db, row.tenant_id, row.channel_id, row.event_key, "the channel is gone"
                )
            return None
        event = event_from_payload(row.kind, row.event_key, row.payload)
        return await self.inbounds.deliver(channel, event, row.received_at, kept=True)
