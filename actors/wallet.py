"""WalletHost: the wallets of many tenants in one process, one writer each, group commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import text

from actors.host import host_names, owner
from actors.mailbox import Mailbox
from actors.runtime import counts
from actors.shell import Shell
from hub import realtime
from hub.billing.service import wallet_view
from hub.billing.store import WalletState
from hub.billing.wallet import HoldAnswer, HoldRequest, WalletWriter, WriterFenced
from hub.money import format_micros
from hub.settings import Settings
from models.db import Scope, is_retryable, transaction

BATCH_MAX = 500
BATCH_DELAY_MS = 2.0
ROUND_S = 0.25
EXPIRE_EVERY_S = 5.0
FENCED_RETRIES_MAX = 3

Result = TypeVar("Result")
log = structlog.get_logger()


class WalletHost(Shell):
    """Answers only after the commit. Calls carry the caller's ids: a call that failed may be sent again unchanged.

    Another copy of this host may live for a while: the writer epoch in PostgreSQL lets only the newest write.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self._names = host_names("wallet", counts(settings)["wallet"])
        self._writers: dict[UUID, WalletWriter] = {}
        self._boxes: dict[UUID, Mailbox[HoldRequest, HoldAnswer]] = {}
        self._locks: dict[UUID, asyncio.Lock] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._settle_for_ever()),
            asyncio.create_task(self._expire_for_ever()),
        ]

    async def hold(self, tenant_id: UUID, requests: Sequence[HoldRequest]) -> list[HoldAnswer]:
        """Holds in order, committed together with whatever else waits for this wallet."""
        box = self._boxes.get(tenant_id)
        if box is None:

            async def apply(batch: list[HoldRequest]) -> Sequence[HoldAnswer]:
                return await self._write(tenant_id, lambda writer: writer.apply(batch))

            box = self._boxes[tenant_id] = Mailbox(
                apply, batch_max=BATCH_MAX, delay_ms=BATCH_DELAY_MS, in_flight=1
            )
        return await asyncio.gather(*(box.ask(request) for request in requests))

    async def close_block(self, tenant_id: UUID, hold_id: UUID) -> None:
        await self._write(tenant_id, lambda writer: writer.close_block(hold_id))

    async def top_up(
        self, tenant_id: UUID, source_id: UUID, amount_micros: int, currency: str, reference: str
    ) -> Any:
        """Money in; the same `source_id` twice is booked once."""
        answer = await self._write(
            tenant_id, lambda writer: writer.top_up(source_id, amount_micros, currency, reference=reference)
        )
        await self._announce(tenant_id)
        return answer

    async def drain(self, tenant_id: UUID) -> None:
        """Book all settlements that wait for this wallet."""
        while (await self._write(tenant_id, lambda writer: writer.settle())).drained:
            pass

    async def _write(self, tenant_id: UUID, action: Callable[[WalletWriter], Awaitable[Result]]) -> Result:
        """Run one transaction of the tenant's writer, alone; reopen the writer when a newer copy has fenced it."""
        async with self._locks.setdefault(tenant_id, asyncio.Lock()):
            for attempt in range(FENCED_RETRIES_MAX):
                writer = self._writers.get(tenant_id)
                try:
                    if writer is None:
                        writer = WalletWriter(self.engine, tenant_id)
                        await writer.open()
                        self._writers[tenant_id] = writer
                    return await action(writer)
                except WriterFenced:
                    self._writers.pop(tenant_id, None)
                    if attempt == FENCED_RETRIES_MAX - 1:
                        raise
                except Exception as error:
                    if not is_retryable(error) or attempt == FENCED_RETRIES_MAX - 1:
                        raise
        raise AssertionError("unreachable")

    async def _announce(self, tenant_id: UUID) -> None:
        async with transaction(self.engine, Scope.of(tenant_id)) as db:
            wallet = await wallet_view(db, tenant_id)
        event = {"type": "wallet.updated", "wallet": _shown(wallet)}
        await realtime.publish(self.redis, [(tenant_id, event)])

    async def _mine(self, question: str) -> list[UUID]:
        """The tenants a lookup function names whose wallets live here."""
        async with transaction(self.engine, Scope.nothing()) as db:
            tenants = (await db.execute(text(f"SELECT * FROM {question}()"))).scalars().all()
        return [tenant for tenant in tenants if owner(tenant.bytes, self._names) == self.name]

    async def _for_ever(self, every_s: float, once: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await once()
            except Exception:
                log.exception("wallet_round_failed", host=self.name)
            await asyncio.sleep(every_s)

    async def _settle_for_ever(self) -> None:
        await self._for_ever(ROUND_S, self._settle_round)

    async def _settle_round(self) -> None:
        for tenant_id in await self._mine("settlement_tenants"):
            await self._write(tenant_id, lambda writer: writer.settle())
            await self._announce(tenant_id)

    async def _expire_for_ever(self) -> None:
        await self._for_ever(EXPIRE_EVERY_S, self._expire_round)

    async def _expire_round(self) -> None:
        for tenant_id in await self._mine("expired_hold_tenants"):
            await self._write(tenant_id, lambda writer: writer.expire())


def _shown(wallet: WalletState) -> dict[str, Any]:
    """The wallet as the API shows it."""
    return {
        "balance": format_micros(wallet.balance_micros),
        "held": format_micros(wallet.held_micros),
        "available": format_micros(wallet.available_micros),
        "credit_limit": format_micros(wallet.credit_limit_micros),
        "currency": wallet.currency,
        "overdrawn": wallet.overdrawn,
    }
