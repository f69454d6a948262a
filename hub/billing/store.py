"""All SQL of billing.

Lock order: the wallet row first, always, then holds, settlements and ledger rows. Every transaction that moves money of
a wallet begins with `lock_wallet`, so two of them never wait for each other crosswise, and each later statement of the
transaction (READ COMMITTED takes a new snapshot a statement) sees all that earlier owners of the lock committed. Insert
first, wallet last would hold the lock for less time, but nobody queues for it: a wallet has one writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.billing import statements as sql
from hub.billing.holds import HoldRequest, StoredHold
from hub.billing.pricing import Rate, RateTable
from hub.ids import new_id
from models import billing
from models.db import insert_rows, run_rows


@dataclass(frozen=True, slots=True)
class WalletState:
    """A wallet's row. Amounts in micros of `currency`."""

    currency: str
    balance_micros: int
    held_micros: int
    credit_limit_micros: int
    overdrawn: bool
    late_captures: int

    @property
    def available_micros(self) -> int:
        return self.balance_micros + self.credit_limit_micros - self.held_micros


@dataclass(frozen=True, slots=True)
class Settled:
    """What one drain of the settlements did; `drained` rows were taken, `late` of the captures came after their hold."""

    captured_micros: int = 0
    released_micros: int = 0
    captures: int = 0
    releases: int = 0
    late: int = 0
    drained: int = 0


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of the journal: an amount moved from the debit to the credit account."""

    id: UUID
    transaction_id: UUID
    source_type: str
    source_id: UUID
    kind: str
    debit_account: str
    credit_account: str
    amount_micros: int
    currency: str
    note: str
    created_at: datetime


def wallet_account(tenant_id: UUID) -> str:
    return f"wallet:{tenant_id.hex}"


async def take_epoch(db: AsyncConnection, tenant_id: UUID) -> int | None:
    """Become the wallet's writer: every earlier writer's batches fail from now on. None without a wallet."""
    epoch = (await db.execute(sql.TAKE_EPOCH, {"tenant": tenant_id})).scalar()
    return None if epoch is None else int(epoch)


async def lock_wallet(db: AsyncConnection, tenant_id: UUID, epoch: int | None) -> WalletState | None:
    """Lock the wallet's row until the end of the transaction; None when it is gone or has a newer writer than `epoch`."""
    row = (await db.execute(sql.LOCK, {"tenant": tenant_id, "epoch": epoch})).first()
    return None if row is None else WalletState(*row[:6])


async def read_wallet(db: AsyncConnection, tenant_id: UUID) -> WalletState | None:
    row = (await db.execute(sql.READ, {"tenant": tenant_id})).first()
    return None if row is None else WalletState(*row)


async def stored_holds(
    db: AsyncConnection, tenant_id: UUID, requests: Sequence[HoldRequest]
) -> dict[UUID, StoredHold]:
    ids = "{" + ",".join(str(request.hold_id) for request in requests) + "}"
    rows = await db.execute(sql.STORED_HOLDS, {"tenant": tenant_id, "ids": ids})
    return {row[0]: StoredHold(*row) for row in rows}


async def insert_holds(
    db: AsyncConnection, tenant_id: UUID, new: Sequence[tuple[HoldRequest, StoredHold]]
) -> None:
    """Write granted holds and move their sum to held. The caller holds the wallet's lock and knows the ids are free."""
    if not new:
        return
    rows: list[Mapping[str, Any]] = [
        {
            "id": request.hold_id,
            "kind": request.kind,
            "amount": row.amount_micros,
            "fingerprint": row.fingerprint,
            "granted": row.granted,
            "ttl_s": request.ttl_s,
        }
        for request, row in new
    ]
    await run_rows(db, sql.HOLD, rows, tenant=tenant_id)


async def settle(
    db: AsyncConnection, tenant_id: UUID, currency: str, most: int, hold_id: UUID | None = None
) -> Settled:
    """Book up to `most` settlements of the wallet, or of one hold. The caller holds the wallet's lock."""
    values = {
        "tenant": tenant_id,
        "wallet": wallet_account(tenant_id),
        "currency": currency,
        "most": most,
        "hold": hold_id,
    }
    row = (await db.execute(sql.SETTLE, values)).one()
    return Settled(*(int(value) for value in row))


async def expire_holds(db: AsyncConnection, tenant_id: UUID, most: int) -> tuple[int, int]:
    """End open holds past their time (database clock). Returns their number and the micros given back."""
    row = (await db.execute(sql.EXPIRE, {"tenant": tenant_id, "most": most})).one()
    return int(row[0]), int(row[1])


async def close_block(db: AsyncConnection, tenant_id: UUID, hold_id: UUID) -> int:
    """End an open block hold. Returns the micros given back; 0 when it was not open."""
    return int((await db.execute(sql.CLOSE_BLOCK, {"tenant": tenant_id, "hold": hold_id})).one()[1])


async def top_up_rows(db: AsyncConnection, tenant_id: UUID, source_id: UUID) -> dict[int, tuple[int, str]]:
    """The rows of an earlier top-up by leg (0 net, 1 tax): amount and currency."""
    rows = await db.execute(sql.TOP_UP_ROWS, {"tenant": tenant_id, "source": source_id})
    return {row[0]: (int(row[1]), row[2]) for row in rows}


async def insert_entries(db: AsyncConnection, tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert journal rows; each has the needed columns of ledger_entries but tenant and id."""
    full = [{"tenant_id": tenant_id, "id": new_id(), **row} for row in rows]
    await insert_rows(db, billing.ledger_entries, full)


async def credit_wallet(db: AsyncConnection, tenant_id: UUID, amount_micros: int) -> WalletState:
    return WalletState(*(await db.execute(sql.CREDIT, {"tenant": tenant_id, "amount": amount_micros})).one())


async def set_credit_limit(db: AsyncConnection, tenant_id: UUID, limit_micros: int) -> WalletState:
    return WalletState(*(await db.execute(sql.SET_LIMIT, {"tenant": tenant_id, "limit": limit_micros})).one())


async def create_wallet(db: AsyncConnection, tenant_id: UUID, currency: str, limit_micros: int) -> None:
    """Make the wallet; one that exists stays as it is."""
    await db.execute(sql.CREATE_WALLET, {"tenant": tenant_id, "currency": currency, "limit": limit_micros})


async def entries(db: AsyncConnection, tenant_id: UUID, most: int, before: UUID | None) -> list[LedgerEntry]:
    """The journal, newest first, without the memo rows of releases."""
    rows = await db.execute(sql.ENTRIES, {"tenant": tenant_id, "most": most, "before": before})
    return [LedgerEntry(*row) for row in rows]


async def load_rates(db: AsyncConnection, tenant_id: UUID) -> RateTable:
    """The rates that may apply to the tenant: its own cards (level 0) and its ancestors' (1, 2, …)."""
    rows = await db.execute(sql.RATES, {"tenant": tenant_id})
    return RateTable(Rate(*row) for row in rows)


async def card_named(db: AsyncConnection, tenant_id: UUID, name: str) -> UUID | None:
    return (await db.execute(sql.CARD, {"tenant": tenant_id, "name": name})).scalar()


async def insert_card(
    db: AsyncConnection,
    tenant_id: UUID,
    name: str,
    channel_kind: str,
    currency: str,
    prices: Mapping[str, Decimal],
    seconds: tuple[int, int] = (60, 60),
) -> UUID:
    """Version 1 of a card with one rate a prefix, for any category. `seconds`: of calls, the first and each next step."""
    card_id = new_id()
    card = {
        "tenant_id": tenant_id,
        "id": card_id,
        "name": name,
        "channel_kind": channel_kind,
        "currency": currency,
    }
    await insert_rows(db, billing.rate_cards, [card])
    rates = [
        {
            "tenant_id": tenant_id,
            "id": new_id(),
            "card_id": card_id,
            "prefix": prefix,
            "price": price,
            "free": price == 0,
            "initial_s": seconds[0],
            "increment_s": seconds[1],
        }
        for prefix, price in prices.items()
    ]
    await insert_rows(db, billing.rates, rates)
    return card_id
