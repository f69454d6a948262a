"""Delivers webhooks from durable rows: at once, and again after what failed.

Whoever receives one twice knows it by its id: a worker that died after its call leaves a row that is sent again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.channels.secrets import unseal
from hub.clock import Clock, SystemClock
from hub.ids import encode_id
from hub.settings import Settings
from hub.webhooks import store
from hub.webhooks.endpoint import GIVE_UP_AFTER, allowed_hosts, due_again
from hub.webhooks.sending import GONE, TIMEOUT_S, Attempt, Poster, secrets_of
from models.db import Scope, transaction

EVERY_S = 1.0
FORGET_EVERY_S = 3_600.0
AT_ONCE = 64
ENDPOINT_AT_ONCE = 4
CLAIMED = 20  # of one endpoint at a time; their slots fit into the lease

log = structlog.get_logger()


class WebhookWork:
    """One a jobs host; rows are leased, so several do not send one thing together."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        clock: Clock | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._engine = engine
        self._secret = settings.secret_key.get_secret_value()
        self._clock = clock or SystemClock()
        self._poster = Poster(allowed_hosts(settings.webhook_hosts), timeout_s)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._busy: dict[UUID, asyncio.Task[None]] = {}

    async def run_for_ever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("webhook_work_failed")
            if self._busy:
                await asyncio.wait(self._busy.values(), timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(EVERY_S)

    async def forget_for_ever(self) -> None:
        while True:
            try:
                await self.forget()
            except Exception:
                log.exception("webhooks_not_forgotten")
            await asyncio.sleep(FORGET_EVERY_S)

    async def close(self) -> None:
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        await self._poster.close()

    async def forget(self) -> None:
        """Drop what is older than the log is kept, of all tenants."""
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = (await db.execute(text("SELECT tenant_ids()"))).scalar_one()
        if tenants:
            async with transaction(self._engine, Scope.of(*tenants)) as db:
                await store.forget(db, tenants, self._clock.now())

    async def look(self) -> int:
        """Begin what is due of endpoints that have nothing under way. Returns how many deliveries that is."""
        for key in [key for key, task in self._busy.items() if task.done()]:
            del self._busy[key]
        now = self._clock.now()
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = await store.tenants_due(db, now)
        began = 0
        for tenant_id in tenants:
            async with transaction(self._engine, Scope.of(tenant_id)) as db:
                rows = await store.claim(db, tenant_id, now, CLAIMED, self._busy)
            by_endpoint: dict[UUID, list[Any]] = {}
            for row in rows:
                by_endpoint.setdefault(row.endpoint_id, []).append(row)
            for endpoint_id, group in by_endpoint.items():
                self._busy[endpoint_id] = asyncio.create_task(self._endpoint(group))
            began += len(rows)
        return began

    async def settle(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._busy.values())

    async def _endpoint(self, rows: list[Any]) -> None:
        """Deliver the claimed rows of one endpoint, the oldest first."""
        places = asyncio.Semaphore(ENDPOINT_AT_ONCE)

        async def one(row: Any) -> None:
            async with places, self._slots:
                try:
                    await self._deliver(row)
                except Exception:  # the lease runs out, and the row is tried again
                    log.exception("webhook_not_delivered", id=str(row.id))

        await asyncio.gather(*(one(row) for row in sorted(rows, key=lambda row: row.id)))

    async def _deliver(self, row: Any) -> None:
        now = self._clock.now()
        opened = unseal(row.secrets, secret_key=self._secret, row_id=row.endpoint_id)
        both = row.old_secret_until is not None and row.old_secret_until > now
        secrets = secrets_of(opened, both=both)
        name = encode_id("whd", row.id)
        attempt = await self._poster.post(row.url, secrets, name, row.body.encode(), int(now.timestamp()))
        await self._record(row, attempt)

    async def _record(self, row: Any, attempt: Attempt) -> None:
        now = self._clock.now()
        values: dict[str, Any] = {
            "status_code": attempt.status_code,
            "error": attempt.error or None,
            "answer": attempt.answer or None,
            "took_ms": attempt.took_ms,
        }
        if attempt.taken:
            values |= {"state": "delivered", "done_at": now}
        else:
            due = due_again(row.began_at, row.attempts, now, random.random(), attempt.retry_after_s)
            if due is None or attempt.status_code == GONE:
                values |= {"state": "failed", "done_at": now}
            else:
                values |= {"due_at": due}
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            await store.change_delivery(db, row.tenant_id, row.id, **values)
            await self._judge(db, row, attempt, now)

    async def _judge(self, db: AsyncConnection, row: Any, attempt: Attempt, now: datetime) -> None:
        """What the attempt says of its endpoint; written only when it changes something."""
        change: Mapping[str, Any] = {}
        if attempt.taken:
            if row.failing_since is not None:
                change = {"failing_since": None}
        elif attempt.status_code == GONE:
            change = {"enabled": False, "disabled_reason": "it answered 410: gone"}
        elif row.failing_since is None:
            change = {"failing_since": now}
        elif now - row.failing_since > GIVE_UP_AFTER:
            reason = f"nothing was taken for {GIVE_UP_AFTER.days} days; last: {attempt.error}"
            change = {"enabled": False, "disabled_reason": reason}
        if change:
            await store.change_endpoint(db, row.tenant_id, row.endpoint_id, **change)
