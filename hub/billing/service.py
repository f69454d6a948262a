"""Use cases of billing that run in the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.billing import store
from hub.billing.pricing import PREFIX_DIGITS_MAX
from hub.billing.store import LedgerEntry, WalletState, wallet_account
from hub.errors import Conflict, Invalid, NotFound
from hub.money import MICROS_MAX

PAGE_MAX = 200
NOTE_CHARS_MAX = 200
PRICE_PLACES = Decimal("0.000000001")
PRICE_MAX = Decimal(1_000_000)
_CURRENCY = re.compile(r"[A-Z]{3}")
_PREFIX = re.compile(rf"[0-9]{{0,{PREFIX_DIGITS_MAX}}}")


@dataclass(frozen=True, slots=True)
class TopUp:
    """A booked top-up and the wallet after it. `replayed`: the same top-up had been booked before."""

    transaction_id: UUID
    amount_micros: int
    tax_micros: int
    wallet: WalletState
    replayed: bool


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A page of the journal, newest first."""

    items: list[LedgerEntry]
    has_more: bool


async def wallet_view(db: AsyncConnection, tenant_id: UUID) -> WalletState:
    """The wallet as it is now; for showing, never for deciding. Raises NotFound."""
    wallet = await store.read_wallet(db, tenant_id)
    if wallet is None:
        raise NotFound("this tenant has no wallet")
    return wallet


async def list_transactions(
    db: AsyncConnection, tenant_id: UUID, limit: int = 50, starting_after: UUID | None = None
) -> EntryPage:
    """The wallet's journal, newest first; `starting_after` is the id of the last entry seen. Limit 1 to 200."""
    if not 1 <= limit <= PAGE_MAX:
        raise Invalid(f"limit is from 1 to {PAGE_MAX}", "limit")
    found = await store.entries(db, tenant_id, limit + 1, starting_after)
    return EntryPage(found[:limit], len(found) > limit)


async def ensure_wallet(
    db: AsyncConnection, tenant_id: UUID, currency: str, credit_limit_micros: int = 0
) -> WalletState:
    """The tenant's wallet, made when missing. Raises Conflict when it exists in another currency."""
    _require_currency(currency)
    _require_limit(credit_limit_micros)
    await store.create_wallet(db, tenant_id, currency, credit_limit_micros)
    wallet = await wallet_view(db, tenant_id)
    if wallet.currency != currency:
        raise Conflict(f"the wallet is kept in {wallet.currency}")
    return wallet


async def ensure_rate_card(
    db: AsyncConnection,
    tenant_id: UUID,
    name: str,
    channel_kind: str,
    currency: str,
    prices: Mapping[str, Decimal],
    seconds: tuple[int, int] = (60, 60),
) -> UUID:
    """The id of the card `name`, made with one price (main units a part) a prefix when missing; `""` is any number.

    Of calls the price is for a minute, and time is counted as `seconds` (the first ones, then steps of) say.

    A card that exists is left as it is: cards are immutable once used. A price of 0 is an explicit free rate.
    """
    _require_currency(currency)
    for prefix, unit in prices.items():
        if not _PREFIX.fullmatch(prefix):
            raise Invalid(f"{prefix!r} is not a number's beginning", "prefix")
        if not unit.is_finite() or not 0 <= unit <= PRICE_MAX or unit != unit.quantize(PRICE_PLACES):
            raise Invalid("a price is a decimal from 0 to 1000000 of at most 9 places", "price")
    existing = await store.card_named(db, tenant_id, name)
    return existing or await store.insert_card(db, tenant_id, name, channel_kind, currency, prices, seconds)


async def top_up(
    db: AsyncConnection,
    tenant_id: UUID,
    source_id: UUID,
    amount_micros: int,
    currency: str,
    tax_micros: int = 0,
    reference: str = "",
) -> TopUp:
    """Pay in without being the wallet's writer (seeding, a gateway): the row lock is enough, no epoch is taken.

    Raises NotFound, and what `book_top_up` raises.
    """
    wallet = await store.lock_wallet(db, tenant_id, None)
    if wallet is None:
        raise NotFound("this tenant has no wallet")
    return await book_top_up(db, tenant_id, wallet, source_id, amount_micros, currency, tax_micros, reference)


async def book_top_up(
    db: AsyncConnection,
    tenant_id: UUID,
    wallet: WalletState,
    source_id: UUID,
    amount_micros: int,
    currency: str,
    tax_micros: int,
    reference: str,
) -> TopUp:
    """Dr psp_clearing:manual gross → Cr wallet net + Cr tax_payable; the caller has locked `wallet`.

    `source_id` is the caller's and becomes the transaction's id: the same top-up again is answered from the journal.
    Raises Invalid for an amount that is not positive or another currency, Conflict for a used id.
    """
    _check_top_up(wallet, amount_micros, currency, tax_micros, reference)
    before = await store.top_up_rows(db, tenant_id, source_id)
    legs = {0: (amount_micros, currency)} | ({1: (tax_micros, currency)} if tax_micros else {})
    if before:
        if before != legs:
            raise Conflict("this id belongs to another top-up")
        return TopUp(source_id, amount_micros, tax_micros, wallet, replayed=True)
    accounts = {0: wallet_account(tenant_id), 1: "tax_payable:manual"}
    rows = [
        {
            "transaction_id": source_id,
            "source_type": "top_up",
            "source_id": source_id,
            "kind": "top_up",
            "leg": leg,
            "debit_account": "psp_clearing:manual",
            "credit_account": accounts[leg],
            "amount_micros": micros,
            "currency": currency,
            "note": reference,
        }
        for leg, (micros, _) in legs.items()
    ]
    await store.insert_entries(db, tenant_id, rows)
    wallet = await store.credit_wallet(db, tenant_id, amount_micros)
    return TopUp(source_id, amount_micros, tax_micros, wallet, replayed=False)


async def change_credit_limit(db: AsyncConnection, tenant_id: UUID, limit_micros: int) -> WalletState:
    """Set the limit; below what is in use it blocks new holds and voids nothing. The caller has locked the wallet."""
    _require_limit(limit_micros)
    return await store.set_credit_limit(db, tenant_id, limit_micros)


def _check_top_up(
    wallet: WalletState, amount_micros: int, currency: str, tax_micros: int, reference: str
) -> None:
    if amount_micros <= 0:
        raise Invalid("a top-up is more than nothing", "amount")
    if tax_micros < 0:
        raise Invalid("tax is not negative", "tax")
    if (
        max(amount_micros, tax_micros) > MICROS_MAX // 4
        or wallet.balance_micros + amount_micros > MICROS_MAX // 2
    ):
        raise Invalid("the amount is too large", "amount")
    if currency != wallet.currency:
        raise Invalid(f"the wallet is kept in {wallet.currency}", "currency")
    if len(reference) > NOTE_CHARS_MAX:
        raise Invalid(f"a reference has at most {NOTE_CHARS_MAX} characters", "reference")


def _require_currency(currency: str) -> None:
    if not _CURRENCY.fullmatch(currency):
        raise Invalid("a currency is a code of three capital letters", "currency")


def _require_limit(limit_micros: int) -> None:
    if not 0 <= limit_micros <= MICROS_MAX // 4:
        raise Invalid("a credit limit is not negative and not too large", "credit_limit")
