"""What a provider is asked outside of sending: fetch what people sent, submit templates. From durable rows, at once or later.

Whoever does one twice changes nothing: a file has its content's name, a template its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.channels import store as channel_store
from hub.channels.base import Account
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.clock import Clock, SystemClock
from hub.errors import HubError
from hub.media import service as media
from hub.media import store as media_store
from hub.media.fetch import Fetcher, FetchRefused
from hub.media.kinds import kind_of
from hub.media.shelf import Shelf
from hub.settings import Settings
from hub.templates.provider_templates import service as templates
from hub.templates.provider_templates import store as template_store
from models.db import Scope, transaction

EVERY_S = 1.0
AT_ONCE = 4
LIMIT = 20
REASON_CHARS_MAX = 200
_TENANTS = text("SELECT * FROM provider_work_tenants(:now)")

log = structlog.get_logger()


class ProviderWork:
    """One a jobs host; rows are leased, so several do not do one thing together."""

    def __init__(self, settings: Settings, engine: AsyncEngine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._secret = settings.secret_key.get_secret_value()
        self._clock = clock or SystemClock()
        self._client = ProviderClient(AT_ONCE, settings.sender_timeout_s)
        self._fetcher = Fetcher()
        self._shelf = Shelf(settings.var_dir)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run_for_ever(self) -> None:
        while True:
            try:
                if await self.look() == 0:
                    await asyncio.sleep(EVERY_S)
            except Exception:
                log.exception("provider_work_failed")
                await asyncio.sleep(EVERY_S)

    async def close(self) -> None:
        await self._client.close()

    async def look(self) -> int:
        """Do what is due, once. Returns how many rows were looked at."""
        now = self._clock.now()
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = list((await db.execute(_TENANTS, {"now": now})).scalars())
        seen = 0
        for tenant_id in tenants:
            async with transaction(self._engine, Scope.of(tenant_id)) as db:
                files = await media_store.claim(db, tenant_id, now, LIMIT)
                wishes = await template_store.claim(db, tenant_id, now, LIMIT)
            work = [self._one(row, self._fetch) for row in files]
            work += [self._one(row, self._tell) for row in wishes]
            await asyncio.gather(*work)
            seen += len(work)
        return seen

    async def _one(self, row: Any, act: Callable[[Account, Any], Awaitable[None]]) -> None:
        async with self._slots:
            try:
                account = await self._account(row)
                await act(account, row)
            except HubError as error:
                log.warning("provider_work_refused", id=str(row.id), error=error.code)
            except Exception:  # the lease runs out, and the row is tried again
                log.exception("provider_work_row_failed", id=str(row.id))

    async def _account(self, row: Any) -> Account:
        async with transaction(self._engine, Scope.nothing()) as db:
            account = await channel_store.account(db, row.account_id, self._secret)
        if account is None:
            raise SendRefused("the provider account is not there any more", "no-account")
        return account

    async def _fetch(self, account: Account, row: Any) -> None:
        with self._shelf.draft() as draft:
            try:
                await media.fetch(self._client, self._fetcher, account, row, draft)
            except FetchRefused as refused:
                await self._media_refused(row, refused)
                return
            mime_type = draft.mime_type(row.filename)
            await self._shelf.keep(draft, row.tenant_id)
            values = {
                "status": "ready",
                "mime_type": mime_type,
                "kind": row.kind if row.kind == "document" else kind_of(mime_type),
                "sha256": draft.sha256,
                "size_bytes": draft.size,
                "due_at": None,
                "reason": None,
            }
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            await media_store.change(db, row.tenant_id, row.id, **values)

    async def _media_refused(self, row: Any, refused: FetchRefused) -> None:
        values: dict[str, Any] = {"reason": str(refused)[:REASON_CHARS_MAX]}
        if refused.retryable and row.attempts < media.ATTEMPTS_MAX:
            values["due_at"] = self._clock.now() + media.backoff(row.attempts)
        else:
            values |= {"status": "failed", "due_at": None}
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            await media_store.change(db, row.tenant_id, row.id, **values)

    async def _tell(self, account: Account, row: Any) -> None:
        try:
            values = await templates.tell(self._client, account, row)
        except SendOutcomeUnknown as unknown:
            values = self._again(row, str(unknown))
        except SendRefused as refused:
            if refused.retryable:
                values = self._again(row, str(refused))
            else:
                reason = str(refused)[:REASON_CHARS_MAX]
                values = {"wish": None, "due_at": None, "status": "FAILED", "reason": reason}
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            await template_store.change(db, row.tenant_id, row.id, **values)

    def _again(self, row: Any, reason: str) -> dict[str, Any]:
        values: dict[str, Any] = {"reason": reason[:REASON_CHARS_MAX]}
        if row.attempts < templates.ATTEMPTS_MAX:
            return values | {"due_at": self._clock.now() + media.backoff(row.attempts)}
        return values | {"wish": None, "due_at": None, "status": "FAILED"}
