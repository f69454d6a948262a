"""JobsHost: long work for many tenants that no person waits for at a socket: imports as Ray tasks, and work at providers."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from actors.flow_trigger_work import FlowTriggerWork
from actors.host import host_names, owner
from actors.import_task import run_import
from actors.ports import Conversations
from actors.provider_work import ProviderWork
from actors.runtime import counts, submit
from actors.search_work import SearchWork
from actors.shell import Shell
from actors.webhook_work import WebhookWork
from hub.clock import SystemClock
from hub.contacts.importing import store
from hub.errors import HubError
from hub.settings import Settings
from models.db import Scope, transaction

LOOK_EVERY_S = 0.5
FORGET_EVERY_S = 3_600.0
FILES_KEPT = timedelta(days=30)
WAIT_AFTER_FAILURE_S = 2.0
IMPORTS_AT_ONCE = 2

log = structlog.get_logger()


class JobsHost(Shell):
    """Keeps nothing that matters: after a restart it reads what is unfinished and drives it on.

    At most two imports at once, of different tenants as long as two tenants have one.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.clock = SystemClock()
        self._names = host_names("jobs", counts(settings)["jobs"])
        self._driving: dict[UUID, tuple[UUID, asyncio.Task[None]]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self._provider_work = ProviderWork(settings, self.engine)
        self._asking: asyncio.Task[None] | None = None
        self._webhook_work = WebhookWork(settings, self.engine)
        self._telling: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look_for_ever())
        self._forgetting = asyncio.create_task(self._forget_for_ever())
        self._asking = asyncio.create_task(self._provider_work.run_for_ever())
        webhooks = self._webhook_work
        self._telling = [
            asyncio.create_task(webhooks.run_for_ever()),
            asyncio.create_task(webhooks.forget_for_ever()),
            asyncio.create_task(SearchWork(self.engine).run_for_ever()),
            asyncio.create_task(FlowTriggerWork(self.engine, Conversations(self.settings)).run_for_ever()),
        ]

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("jobs_look_failed", host=self.name)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _forget_for_ever(self) -> None:
        while self.name == self._names[0]:
            try:
                await self.forget_files()
            except Exception:
                log.exception("files_not_forgotten", host=self.name)
            await asyncio.sleep(FORGET_EVERY_S)

    async def forget_files(self) -> None:
        """Drop the files of imports that nobody has worked with for FILES_KEPT: what they did stays, and can be undone."""
        async with transaction(self.engine, Scope.nothing()) as db:
            tenants = (await db.execute(text("SELECT tenant_ids()"))).scalar_one()
        for tenant_id in tenants:
            async with transaction(self.engine, Scope.of(tenant_id)) as db:
                await store.forget_files(db, tenant_id, self.clock.now() - FILES_KEPT)

    async def _look(self) -> None:
        """Drive the imports of ours that nobody drives yet."""
        for key in [key for key, (_, task) in self._driving.items() if task.done()]:
            del self._driving[key]
        async with transaction(self.engine, Scope.nothing()) as db:
            rows = await store.active(db)
        busy = {tenant_id for tenant_id, _ in self._driving.values()}
        for row in sorted(rows, key=lambda row: (row.tenant_id in busy, row.id)):
            if len(self._driving) >= IMPORTS_AT_ONCE:
                return
            if row.id not in self._driving and owner(row.id.bytes, self._names) == self.name:
                task = asyncio.create_task(self._drive(row.tenant_id, row.id))
                self._driving[row.id] = (row.tenant_id, task)

    async def _drive(self, tenant_id: UUID, import_id: UUID) -> None:
        """One task to its end. Whatever ends it, the next look finds what is left to do."""
        try:
            ended = await submit(run_import, self.settings, tenant_id, import_id, retries=0)
            if ended == "busy":  # a task that lost its host goes on by itself
                await asyncio.sleep(WAIT_AFTER_FAILURE_S)
        except HubError as error:
            log.warning("import_task_failed", import_id=str(import_id), error=error.code)
            await asyncio.sleep(WAIT_AFTER_FAILURE_S)
        except Exception:
            log.exception("import_task_failed", import_id=str(import_id))
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(WAIT_AFTER_FAILURE_S)
