"""Each broken invariant is planted by the database's superuser in a transaction that is rolled back, and exactly that finding is expected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.billing.audit import CHECKS, Finding, audit, run_checks
from hub.billing.holds import HoldRequest
from hub.ids import new_id
from models.db import admin_url
from tests.hub.billing.ledger_script import Ledger, named, owe

CONTACT, CHANNEL, QUEUE = named("contact"), named("channel"), named("queue")
PAID, OPEN = named("paid"), named("open")


class Planter:
    """Notes statements that break a rule; the superuser runs them, past row-level security."""

    def __init__(self, tenant: UUID) -> None:
        self.tenant = tenant
        self.statements: list[tuple[str, tuple[Any, ...]]] = []

    def run(self, statement: str, *values: Any) -> None:
        self.statements.append((statement, values))

    async def carry_out(self, db: AsyncConnection) -> None:
        for statement, values in self.statements:
            await db.exec_driver_sql(statement, values)
        self.statements.clear()

    def insert(self, table: str, **row: Any) -> None:
        row = {"tenant_id": self.tenant, **row}
        places = ", ".join(["%s"] * len(row))
        self.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())

    def message(self, message_id: UUID, status: str = "sent", **more: Any) -> None:
        row = {
            "contact_id": CONTACT,
            "channel_id": CHANNEL,
            "channel_kind": "sms",
            "direction": "out",
            "origin": "agent",
        }
        row |= {"address": "+1", "body": "x", "status": status, "price_micros": 500, **more}
        self.insert("messages", id=message_id, **row)

    def entry(self, **more: Any) -> None:
        row = {
            "id": new_id(),
            "transaction_id": new_id(),
            "source_type": "adjustment",
            "source_id": new_id(),
            "kind": "fix",
        }
        row |= {
            "debit_account": "bank",
            "credit_account": "psp_clearing:manual",
            "amount_micros": 5,
            "currency": "EUR",
        }
        self.insert("ledger_entries", **{**row, **more})


@pytest.fixture
async def superuser(database_url: str) -> AsyncIterator[AsyncConnection]:
    admin = create_async_engine(admin_url(database_url), connect_args={"options": "-csearch_path=app"})
    async with admin.connect() as db:
        yield db
    await admin.dispose()


@pytest.fixture
async def books(engine: AsyncEngine, tenant: UUID, superuser: AsyncConnection) -> Ledger:
    """A tenant in order: a paid message, an open hold, a message that waits for its sender, a settlement that waits."""
    ledger = await Ledger(engine, tenant).open()
    await ledger.writer.top_up(new_id(), 10_000, "EUR", 1_900)
    waiting = named("waiting")
    await ledger.writer.apply([HoldRequest(name, "single", (500,), 900) for name in (PAID, OPEN, waiting)])
    await owe(engine, tenant, "capture", PAID, PAID, 500)
    await ledger.writer.settle()
    await owe(engine, tenant, "capture", waiting, waiting, 500)
    plant = Planter(tenant)
    plant.insert("contacts", id=CONTACT)
    plant.message(PAID, "delivered", sent_at="2026-01-01")
    plant.message(OPEN, "queued")
    plant.insert("outbox", message_id=OPEN, channel_id=CHANNEL, lane=0)
    plant.message(waiting)
    plant.message(named("free"), "read", price_micros=0)
    plant.message(named("accepted"), "sent", channel_kind="whatsapp")
    plant.message(named("late truth"), "delivered", settlement="released", failed_at="2026-01-01")
    plant.message(named("in"), "received", direction="in")
    plant.insert("queues", id=QUEUE, name="q")
    plant.insert("conversations", contact_id=CONTACT, status="open", queue_id=QUEUE)
    async with superuser.begin():
        await plant.carry_out(superuser)
    return ledger


async def test_books_in_order(engine: AsyncEngine, books: Ledger) -> None:
    assert await audit(engine) == []


def ledger_amount(plant: Planter) -> None:
    plant.run("ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_amount")
    plant.entry(amount_micros=-5)


def ledger_accounts(plant: Planter) -> None:
    plant.run("ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_two_accounts")
    plant.entry(debit_account="bank", credit_account="bank")


def mixed_currencies(plant: Planter) -> None:
    transaction_id = new_id()
    plant.entry(transaction_id=transaction_id)
    plant.entry(transaction_id=transaction_id, currency="USD")


def balance(plant: Planter) -> None:
    plant.run("UPDATE wallets SET balance_micros = balance_micros + 1")


def held(plant: Planter) -> None:
    plant.run("UPDATE wallets SET held_micros = held_micros + 1")


def below_limit(plant: Planter) -> None:
    plant.run("ALTER TABLE wallets DROP CONSTRAINT ck_wallets_available")
    plant.run("UPDATE wallets SET balance_micros = 600")  # 1,000 are held
    plant.entry(debit_account=f"wallet:{plant.tenant.hex}", amount_micros=8_900)


def capture_beyond(plant: Planter) -> None:
    plant.run("ALTER TABLE holds DROP CONSTRAINT ck_holds_remainder")
    plant.run("UPDATE holds SET released_micros = 1 WHERE id = %s", PAID)


def resolved_twice(plant: Planter) -> None:
    plant.run("UPDATE holds SET captured_micros = 499, released_micros = 1 WHERE id = %s", PAID)


def unresolved(plant: Planter) -> None:
    plant.run("UPDATE holds SET state = 'voided', released_micros = 100 WHERE id = %s", OPEN)
    plant.run("UPDATE wallets SET held_micros = held_micros - 500")


def duplicate_rows(plant: Planter) -> None:
    plant.run("ALTER TABLE ledger_entries DROP CONSTRAINT uq_ledger_entries_source")
    source = new_id()
    plant.entry(source_id=source)
    plant.entry(source_id=source)


def charged_twice(plant: Planter) -> None:
    wallet = f"wallet:{plant.tenant.hex}"
    plant.run("UPDATE wallets SET balance_micros = balance_micros - 500")
    plant.run("UPDATE messages SET price_micros = 1000 WHERE id = %s", PAID)
    plant.entry(
        source_type="message", source_id=PAID, kind="late_capture", debit_account=wallet, amount_micros=500
    )


def sent_unpaid(plant: Planter) -> None:
    plant.message(named("unpaid"), "sent")


def delivered_unpaid(plant: Planter) -> None:
    plant.message(named("unpaid"), "delivered", channel_kind="whatsapp")


def released_but_sent(plant: Planter) -> None:
    plant.message(named("unpaid"), "sent", settlement="released")


def wrong_charge(plant: Planter) -> None:
    plant.run("UPDATE messages SET price_micros = 501 WHERE id = %s", PAID)


def charge_without_message(plant: Planter) -> None:
    plant.run("DELETE FROM messages WHERE id = %s", PAID)


def charge_of_unsent(plant: Planter) -> None:
    plant.run("UPDATE messages SET status = 'refused', sent_at = NULL WHERE id = %s", PAID)


def foreign_currency(plant: Planter) -> None:
    plant.run("UPDATE wallets SET balance_micros = balance_micros + 5")
    plant.entry(credit_account=f"wallet:{plant.tenant.hex}", currency="USD")


def foreign_wallet(plant: Planter) -> None:
    plant.entry(debit_account="psp_clearing:manual", credit_account=f"wallet:{new_id().hex}")


def outbox_alone(plant: Planter) -> None:
    plant.insert("outbox", message_id=named("nothing"), channel_id=CHANNEL, lane=0)


def message_alone(plant: Planter) -> None:
    plant.run("DELETE FROM outbox")


def conversation_alone(plant: Planter) -> None:
    plant.run("UPDATE conversations SET queue_id = NULL")


def given_to(plant: Planter, roles: list[str], status: str = "active") -> None:
    plant.insert("users", id=OPEN, email="a@b.c", name="A", password_hash="", roles=roles, status=status)
    plant.run("UPDATE conversations SET assignee_id = %s", OPEN)


def with_a_leaver(plant: Planter) -> None:
    given_to(plant, ["support_agent"], "suspended")


def with_a_reader(plant: Planter) -> None:
    given_to(plant, ["analyst", "org_admin"])


def woken_for_a_stranger(plant: Planter) -> None:
    plant.run("UPDATE conversations SET assignee_id = %s, last_direction = 'out'", OPEN)
    plant.run("""UPDATE conversations SET desk = '{"woken_at": "2026-01-01T00:00:00Z"}'""")


def queue_archived(plant: Planter) -> None:
    plant.run("UPDATE queues SET archived_at = now()")
    plant.run("UPDATE conversations SET status = 'snoozed'")


def queue_gone(plant: Planter) -> None:
    plant.run("DELETE FROM queues")


PLANTED = [
    (ledger_amount, "I1", "fix moves -5 from bank to psp_clearing:manual"),
    (ledger_accounts, "I1", "fix moves 5 from bank to bank"),
    (mixed_currencies, "I1", "one transaction in several currencies"),
    (balance, "I2", "balance 9501, journal 9500"),
    (held, "I3", "held 1001, open holds 1000"),
    (below_limit, "I4", "available -400, not marked overdrawn"),
    (capture_beyond, "I5", "captured: captured 500 and released 1 of 500"),
    (resolved_twice, "I5", "captured 499, journal 500"),
    (unresolved, "I5", "voided: captured 0 and released 100 of 500"),
    (duplicate_rows, "I6", "2 rows of adjustment fix"),
    (charged_twice, "I6", "charged inside its hold and again after it"),
    (sent_unpaid, "I7", "sent, price 500, charged 0"),
    (delivered_unpaid, "I7", "delivered, price 500, charged 0"),
    (released_but_sent, "I7", "sent, price 500, charged 0"),
    (wrong_charge, "I7", "delivered, price 501, charged 500"),
    (charge_without_message, "I8", "capture of 500 for a message that is missing"),
    (charge_of_unsent, "I8", "capture of 500 for a message that is refused"),
    (foreign_currency, "I11", "an entry in USD, the wallet is kept in EUR"),
    (foreign_wallet, "I13", "from psp_clearing:manual"),
    (outbox_alone, "outbox-without-message", "queued"),
    (message_alone, "message-without-outbox", "queued"),
    (conversation_alone, "conversation-without-owner", "open, in no queue and with nobody"),
    (with_a_leaver, "conversation-with-nobody-able", "unanswered, with somebody who may not answer"),
    (with_a_reader, "conversation-with-nobody-able", "unanswered, with somebody who may not answer"),
    (woken_for_a_stranger, "conversation-with-nobody-able", "unanswered, with somebody who may not answer"),
    (queue_archived, "conversation-in-no-queue", "snoozed, in a queue that is archived"),
    (queue_gone, "conversation-in-no-queue", "open, in a queue that does not exist"),
]


async def test_each_planted_violation_is_the_one_found(
    tenant: UUID, books: Ledger, superuser: AsyncConnection, subtests: pytest.Subtests
) -> None:
    for spoil, code, detail in PLANTED:
        plant = Planter(tenant)
        spoil(plant)
        await plant.carry_out(superuser)
        found = await run_checks(superuser)
        await superuser.rollback()
        with subtests.test(spoil.__name__):
            assert [(finding.code, finding.tenant_id) for finding in found] == [(code, tenant)]
            assert detail in found[0].detail
    assert await run_checks(superuser) == []


async def test_who_may_answer_has_what_they_have(
    tenant: UUID, books: Ledger, superuser: AsyncConnection
) -> None:
    plant = Planter(tenant)
    given_to(plant, ["analyst", "support_agent"])
    await plant.carry_out(superuser)
    assert await run_checks(superuser) == []
    plant.run("DELETE FROM users")
    plant.insert("agents", id=OPEN, kind="bot", name="B")
    await plant.carry_out(superuser)
    assert await run_checks(superuser) == []
    plant.run("DELETE FROM agents")
    plant.run(
        "UPDATE conversations SET last_direction = 'out'"
    )  # answered: it stays until the contact writes
    plant.run("UPDATE queues SET archived_at = now()")
    plant.run("UPDATE conversations SET status = 'closed'")
    await plant.carry_out(superuser)
    assert await run_checks(superuser) == []


def test_every_check_is_planted() -> None:
    assert {code for _, code, _ in PLANTED} == set(CHECKS)


async def test_the_audit_looks_at_every_tenant(
    engine: AsyncEngine, tenant: UUID, books: Ledger, superuser: AsyncConnection
) -> None:
    other = new_id()
    plant = Planter(tenant)
    plant.run("UPDATE conversations SET queue_id = NULL")
    plant.run(
        "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (%s, 'organization', 'O', 'other', 0)",
        other,
    )
    plant.run("INSERT INTO wallets (tenant_id, currency, balance_micros) VALUES (%s, 'USD', 7)", other)
    async with superuser.begin():
        await plant.carry_out(superuser)
    found = await audit(engine)
    assert found[0] == Finding("I2", other, "wallet", "balance 7, journal 0")
    assert [(finding.code, finding.tenant_id) for finding in found[1:]] == [
        ("conversation-without-owner", tenant)
    ]
