"""The one writer of a wallet: batches in, one transaction a batch. A plain class; a host gives it a mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.billing import service, store
from hub.billing.holds import HoldAnswer, HoldRequest, decide
from hub.billing.service import TopUp
from hub.billing.store import Settled, WalletState
from hub.errors import NotFound, Unavailable
from models.db import RETRIES_MAX, Scope, is_retryable, transaction

__all__ = [
    "Expired",
    "HoldAnswer",
    "HoldRequest",
    "Settled",
    "TopUp",
    "WalletState",
    "WalletWriter",
    "WriterFenced",
]

SETTLE_MAX = 5_000
EXPIRE_MAX = 5_000
RETRY_DELAY_S = 0.02

T = TypeVar("T")


@dataclass(eq=False)
class WriterFenced(Unavailable):
    """Another writer has taken over this wallet."""

    code: ClassVar[str] = "writer-fenced"


@dataclass(frozen=True, slots=True)
class Expired:
    """Holds that ended, and the micros that went back to available."""

    holds: int
    released_micros: int


class WalletWriter:
    """Holds, settlements and top-ups of one wallet.

    Promise: a call that returns has committed. A call that raises WriterFenced has written nothing: drop the writer and
    open a new one. After any other error the batch may have committed; the same batch again is harmless, as every row
    is found again by its id. Lost connections and deadlocks are retried here for that reason. Calls may overlap: the
    wallet's row lock puts them in order. No balance is kept in memory, so nothing goes stale.
    """

    def __init__(self, engine: AsyncEngine, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self._engine = engine
        self._scope = Scope.of(tenant_id)
        self._epoch = -1  # of no writer: used before open() it reads as fenced

    async def open(self) -> None:
        """Take the wallet over from any earlier writer. Raises NotFound when the tenant has no wallet."""
        async with transaction(self._engine, self._scope) as db:
            epoch = await store.take_epoch(db, self.tenant_id)
        if epoch is None:
            raise NotFound("this tenant has no wallet")
        self._epoch = epoch

    async def apply(self, requests: Sequence[HoldRequest]) -> list[HoldAnswer]:
        """Answer a batch of hold requests, in their order, in one transaction. Raises WriterFenced."""
        if not requests:
            return []

        async def work(db: AsyncConnection, wallet: WalletState) -> list[HoldAnswer]:
            stored = await store.stored_holds(db, self.tenant_id, requests)
            decision = decide(wallet.available_micros, wallet.overdrawn, stored, requests)
            await store.insert_holds(db, self.tenant_id, decision.new)
            return decision.answers

        return await self._turn(work)

    async def settle(self, limit: int = SETTLE_MAX) -> Settled:
        """Book up to `limit` waiting settlements: captures to the journal, releases back to available.

        A message is charged once, however often its settlement arrives. A capture whose hold has ended is booked as
        `late_capture`, the part beyond an open hold as `overrun`: the service was rendered, so both may take the
        wallet below its limit, which marks it overdrawn. Call again while `drained` equals `limit`.
        """

        async def work(db: AsyncConnection, wallet: WalletState) -> Settled:
            return await store.settle(db, self.tenant_id, wallet.currency, limit)

        return await self._turn(work)

    async def expire(self, limit: int = EXPIRE_MAX) -> Expired:
        """End the open holds whose time is over by the database's clock."""

        async def work(db: AsyncConnection, wallet: WalletState) -> Expired:
            return Expired(*await store.expire_holds(db, self.tenant_id, limit))

        return await self._turn(work)

    async def close_block(self, hold_id: UUID) -> int:
        """Book what waits for this block hold, then end it. Returns the micros given back, 0 if it had ended."""

        async def work(db: AsyncConnection, wallet: WalletState) -> int:
            before = await store.settle(db, self.tenant_id, wallet.currency, SETTLE_MAX, hold_id)
            while before.drained == SETTLE_MAX:
                before = await store.settle(db, self.tenant_id, wallet.currency, SETTLE_MAX, hold_id)
            return await store.close_block(db, self.tenant_id, hold_id)

        return await self._turn(work)

    async def top_up(
        self, source_id: UUID, amount_micros: int, currency: str, tax_micros: int = 0, reference: str = ""
    ) -> TopUp:
        """Pay `amount_micros` (net) in. See `service.book_top_up`."""

        async def work(db: AsyncConnection, wallet: WalletState) -> TopUp:
            return await service.book_top_up(
                db, self.tenant_id, wallet, source_id, amount_micros, currency, tax_micros, reference
            )

        return await self._turn(work)

    async def set_credit_limit(self, limit_micros: int) -> WalletState:
        """Set how far below zero the balance may go. Raises Invalid when negative."""

        async def work(db: AsyncConnection, wallet: WalletState) -> WalletState:
            return await service.change_credit_limit(db, self.tenant_id, limit_micros)

        return await self._turn(work)

    async def _turn(self, work: Callable[[AsyncConnection, WalletState], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                async with transaction(self._engine, self._scope) as db:
                    wallet = await store.lock_wallet(db, self.tenant_id, self._epoch)
                    if wallet is None:
                        raise WriterFenced("another writer has taken over this wallet")
                    return await work(db, wallet)
            except DBAPIError as error:
                attempt += 1
                if attempt == RETRIES_MAX or not (is_retryable(error) or error.connection_invalidated):
                    raise
                await asyncio.sleep(RETRY_DELAY_S * 2**attempt)
