"""Wallets, the list of transactions and rate cards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.billing import service, store
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import new_id
from hub.money import MICROS_MAX
from models.db import Scope, transaction
from tests.hub.billing.ledger_script import Ledger, owe


async def test_ensure_wallet_makes_it_once(engine: AsyncEngine, tenant: UUID) -> None:
    async with transaction(engine, Scope.of(tenant)) as db:
        with pytest.raises(NotFound):
            await service.wallet_view(db, tenant)
        made = await service.ensure_wallet(db, tenant, "EUR", 5)
        assert (made.currency, made.available_micros, made.credit_limit_micros) == ("EUR", 5, 5)
        assert (await service.ensure_wallet(db, tenant, "EUR")).credit_limit_micros == 5
        with pytest.raises(Conflict):
            await service.ensure_wallet(db, tenant, "USD")
        with pytest.raises(Invalid):
            await service.ensure_wallet(db, tenant, "eur")
        with pytest.raises(Invalid):
            await service.ensure_wallet(db, tenant, "EUR", -1)


async def test_top_up_without_a_writer_leaves_the_writer_in_office(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await Ledger(engine, tenant).open()
    source = new_id()
    for replayed in (False, True):
        async with transaction(engine, Scope.of(tenant)) as db:
            done = await service.top_up(db, tenant, source, 100, "EUR", 19, "cash")
        assert (done.transaction_id, done.replayed, done.wallet.balance_micros) == (source, replayed, 100)
    assert (await ledger.writer.settle()).drained == 0


@pytest.mark.parametrize(
    ("amount", "currency", "tax", "pointer"),
    [
        (0, "EUR", 0, "amount"),
        (-1, "EUR", 0, "amount"),
        (MICROS_MAX, "EUR", 0, "amount"),
        (1, "USD", 0, "currency"),
        (1, "EUR", -1, "tax"),
    ],
)
async def test_refused_top_ups(
    engine: AsyncEngine, tenant: UUID, amount: int, currency: str, tax: int, pointer: str
) -> None:
    await Ledger(engine, tenant).open()
    with pytest.raises(Invalid) as caught:
        async with transaction(engine, Scope.of(tenant)) as db:
            await service.top_up(db, tenant, new_id(), amount, currency, tax)
    assert caught.value.pointer == pointer


async def test_transactions_page_newest_first(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await Ledger(engine, tenant).open()
    sources = [new_id() for _ in range(3)]
    for micros, source in enumerate(sources, 1):
        await ledger.writer.top_up(source, micros, "EUR", reference=f"no {micros}\x00")
    message = new_id()
    await owe(engine, tenant, "capture", message, message, 2)
    await ledger.writer.settle()
    async with transaction(engine, Scope.of(tenant)) as db:
        page = await service.list_transactions(db, tenant, 2)
        assert ([entry.kind for entry in page.items], page.has_more) == (["late_capture", "top_up"], True)
        newest = page.items[0]
        assert (newest.source_id, newest.debit_account, newest.credit_account) == (
            message,
            store.wallet_account(tenant),
            "revenue:sms",
        )
        rest = await service.list_transactions(db, tenant, 2, page.items[-1].id)
        assert ([entry.transaction_id for entry in rest.items], rest.has_more) == (
            [sources[1], sources[0]],
            False,
        )
        assert rest.items[0].note.startswith("no 2")
        for limit in (0, 201):
            with pytest.raises(Invalid):
                await service.list_transactions(db, tenant, limit)


async def test_rates_come_from_the_tenant_and_its_ancestors(engine: AsyncEngine, tenant: UUID) -> None:
    prices = {"": Decimal("0.05"), "44": Decimal("0.0079"), "800": Decimal(0)}
    async with transaction(engine, Scope.of(tenant)) as db:
        card = await service.ensure_rate_card(db, tenant, "standard", "sms", "EUR", prices)
        assert await service.ensure_rate_card(db, tenant, "standard", "sms", "EUR", {"": Decimal(9)}) == card
    child = new_id()
    async with transaction(engine, Scope.of(child)) as db:
        await db.exec_driver_sql(
            "INSERT INTO tenants (id, parent_id, kind, name, slug, depth) VALUES (%s, %s, 'sub_organization', 'C', %s, 1)",
            (child, tenant, str(child)),
        )
        await db.exec_driver_sql(
            "INSERT INTO tenant_closure VALUES (%s, %s, 0), (%s, %s, 1)", (child, child, tenant, child)
        )
        own = await service.ensure_rate_card(db, child, "standard", "sms", "EUR", {"4479": Decimal("0.02")})
        table = await store.load_rates(db, child)
    rates = {
        digits: table.resolve("sms", digits, "*", date(2026, 1, 1))
        for digits in ("447900", "447700", "1415", "800")
    }
    assert [str(rate.price.normalize()) for rate in rates.values()] == ["0.02", "0.0079", "0.05", "0"]
    assert [rate.level for rate in rates.values()] == [0, 1, 1, 1]
    assert (rates["447900"].card_id, rates["1415"].card_id) == (own, card)


@pytest.mark.parametrize(
    "prices", [{"+44": Decimal(1)}, {"": Decimal(-1)}, {"": Decimal("1e-10")}, {"": Decimal("NaN")}]
)
async def test_refused_rate_cards(engine: AsyncEngine, tenant: UUID, prices: dict[str, Decimal]) -> None:
    async with transaction(engine, Scope.of(tenant)) as db:
        with pytest.raises(Invalid):
            await service.ensure_rate_card(db, tenant, "bad", "sms", "EUR", prices)
