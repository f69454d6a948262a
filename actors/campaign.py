"""CampaignHost: the running campaigns of many tenants; each spawns send tasks, bounded in flight."""

from __future__ import annotations

import asyncio
import contextlib
import time
from uuid import UUID

import structlog
from sqlalchemy import text

from actors.host import host_names, owner
from actors.runtime import counts, submit
from actors.send_task import UNFUNDED, BatchResult, send_batch, warm
from actors.shell import Shell
from hub import realtime
from hub.billing.store import read_wallet
from hub.campaigns import service, store
from hub.campaigns.campaign import UNFUNDED as NO_MONEY
from hub.clock import SystemClock
from hub.directory import Directories
from hub.errors import Conflict, HubError
from hub.settings import Settings
from models.db import Scope, transaction

LOOK_EVERY_S = 1.0
PROGRESS_EVERY_S = 1.0
PROGRESS_SHARE = 30  # of the time may go into counting: one part in so many
WAIT_S = 0.1
IDLE_S = 0.5  # all is written: what is left are the senders, or the end of quiet hours

log = structlog.get_logger()


class CampaignHost(Shell):
    """Keeps nothing that matters: after a restart it reads which campaigns run and goes on at their pending batches."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.clock = SystemClock()
        self.directories = Directories(self.engine)
        self._names = host_names("campaign", counts(settings)["campaign"])
        self._driving: dict[UUID, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look_for_ever())
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        """Workers for the first campaign. Without them it only starts later, so a failure is no more than logged."""
        calls = [submit(warm, self.settings) for _ in range(self.settings.send_batches_in_flight)]
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(answer, BaseException):
                log.warning("send_task_not_warm", error=type(answer).__name__)

    async def wake(self) -> None:
        """Something was launched, resumed or topped up: look now."""
        self._woken.set()

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("campaign_look_failed", host=self.name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)
            self._woken.clear()

    async def _look(self) -> None:
        """Drive every running campaign of ours that nobody drives yet."""
        async with transaction(self.engine, Scope.nothing()) as db:
            rows = (await db.execute(text("SELECT tenant_id, id FROM active_campaigns()"))).all()
        for row in rows:
            task = self._driving.get(row.id)
            if owner(row.id.bytes, self._names) == self.name and (task is None or task.done()):
                self._driving[row.id] = asyncio.create_task(self._drive(row.tenant_id, row.id))
        for campaign_id in [key for key, task in self._driving.items() if task.done()]:
            del self._driving[campaign_id]

    async def _drive(self, tenant_id: UUID, campaign_id: UUID) -> None:
        """One campaign until it pauses, ends or is canceled."""
        flying: dict[int, asyncio.Future[BatchResult]] = {}
        next_show = 0.0
        try:
            while await self._step(tenant_id, campaign_id, flying):
                began = time.monotonic()
                if began > next_show:
                    await self._show(tenant_id, campaign_id)
                    # It counts all messages of the campaign: the more there are, the seldomer.
                    lasted = time.monotonic() - began
                    next_show = began + max(PROGRESS_EVERY_S, PROGRESS_SHARE * lasted)
            if flying:
                await asyncio.wait(flying.values())
            await self._show(tenant_id, campaign_id)
        except Exception:
            log.exception("campaign_failed", campaign=str(campaign_id))

    async def _step(
        self, tenant_id: UUID, campaign_id: UUID, flying: dict[int, asyncio.Future[BatchResult]]
    ) -> bool:
        """Start batches, wait a moment, look at what came back. False when there is nothing left to drive."""
        limit = self.settings.send_batches_in_flight
        most = 2 * limit * self.settings.send_batch  # the senders have work until somebody looks again
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            campaign = await store.get(db, tenant_id, campaign_id)
            if campaign is None or campaign.status != "running":
                return False
            pending = await store.pending_batches(db, tenant_id, campaign_id, limit)
            waiting = await store.backlog(db, tenant_id, most)
            if not pending and not flying and not await store.owes(db, tenant_id, campaign_id):
                await store.set_status(
                    db, tenant_id, campaign_id, status="completed", finished_at=self.clock.now()
                )
                return False
        for first in pending:
            # Bounded in flight twice: tasks at work, and messages in the outbox that no provider has yet.
            if len(flying) < limit and first not in flying and waiting < most:
                call = submit(send_batch, self.settings, tenant_id, campaign_id, first)
                flying[first] = asyncio.ensure_future(call)
        if not flying:
            await asyncio.sleep(WAIT_S if pending else IDLE_S)
            return True
        done, _ = await asyncio.wait(flying.values(), timeout=WAIT_S * 5, return_when=asyncio.FIRST_COMPLETED)
        for first in [key for key, future in flying.items() if future in done]:
            await self._finished(tenant_id, campaign_id, flying.pop(first))
        return True

    async def _finished(
        self, tenant_id: UUID, campaign_id: UUID, future: asyncio.Future[BatchResult]
    ) -> None:
        try:
            result = future.result()
        except HubError as error:
            log.warning("send_task_failed", campaign=str(campaign_id), error=error.code)
            await asyncio.sleep(WAIT_S * 5)
            return
        except Exception:
            log.exception("send_task_failed", campaign=str(campaign_id))
            await asyncio.sleep(WAIT_S * 10)
            return
        if result.state == UNFUNDED:
            await self._out_of_money(tenant_id, campaign_id, result.needed_micros)

    async def _out_of_money(self, tenant_id: UUID, campaign_id: UUID, needed_micros: int) -> None:
        """Pause, unless a top-up came since: looked at behind the pause, so that none slips in between."""
        try:
            async with transaction(self.engine, Scope.of(tenant_id)) as db:
                await service.pause(db, tenant_id, campaign_id, NO_MONEY)
                wallet = await read_wallet(db, tenant_id)
                if wallet is not None and wallet.available_micros >= needed_micros:
                    await service.resume(db, tenant_id, campaign_id)
        except Conflict:
            pass  # somebody paused or canceled it in the meantime

    async def _show(self, tenant_id: UUID, campaign_id: UUID) -> None:
        directory = await self.directories.one(tenant_id)
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, campaign_id)
            view = await service.view(db, row, directory, self.clock.now())
        await realtime.publish(self.redis, [(tenant_id, {"type": "campaign.updated", "campaign": view})])
