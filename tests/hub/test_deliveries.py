"""Reports to messages, in the database: matching, order inside a batch, and the money each decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.channels.delivery import Status
from hub.deliveries import Applied, Report, apply
from hub.ids import new_id
from models.billing import settlements
from models.conversations import messages
from models.db import Scope, insert_rows, transaction

LINE, OTHER_LINE = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Book:
    """A tenant's messages and what is reported of them."""

    def __init__(self, engine: AsyncEngine, tenant: UUID) -> None:
        self.engine, self.tenant = engine, tenant

    async def message(self, **changes: Any) -> UUID:
        row: dict[str, Any] = {
            "tenant_id": self.tenant,
            "id": new_id(),
            "contact_id": new_id(),
            "channel_id": LINE,
            "channel_kind": "sms",
            "direction": "out",
            "origin": "agent",
            "address": "+15550001",
            "body": "Hello",
            "status": "queued",
            "parts": 1,
            "price_micros": 100,
            "hold_id": new_id(),
            "created_at": NOW,
        }
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            await insert_rows(db, messages, [row | changes])
        identifier: UUID = (row | changes)["id"]
        return identifier

    def report(
        self, status: str, message_id: UUID | None, provider_id: str | None = None, **changes: Any
    ) -> Report:
        values: dict[str, Any] = {
            "tenant_id": self.tenant,
            "channel_id": LINE,
            "message_id": message_id,
            "provider_message_id": provider_id,
            "status": Status(status),
            "at": NOW,
        }
        return Report(**(values | changes))

    async def apply(self, reports: Sequence[Report], careful: bool = False) -> Applied:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return await apply(db, reports, careful)

    async def row(self, message_id: UUID) -> Any:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return (await db.execute(select(messages).where(messages.c.id == message_id))).one()

    async def owed(self) -> list[tuple[str, int]]:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            rows = await db.execute(select(settlements.c.kind, settlements.c.amount_micros))
            return [(row.kind, row.amount_micros) for row in rows]


@pytest.fixture
def book(engine: AsyncEngine, tenant: UUID) -> Book:
    return Book(engine, tenant)


async def test_nothing_reported_is_nothing_done(book: Book) -> None:
    assert await book.apply([]) == Applied([], [])


async def test_reports_find_their_message_by_our_id_or_by_the_providers(book: Book) -> None:
    first, second = await book.message(), await book.message(provider_message_id="P2")
    found = await book.apply(
        [
            book.report("sent", first, "P1"),
            book.report("delivered", None, "P2"),
            book.report("delivered", None, "P2", channel_id=OTHER_LINE),
            book.report("delivered", None, "P3"),
            book.report("delivered", new_id()),
            book.report("delivered", None, None),
        ]
    )
    assert found.unmatched == [2, 3, 4, 5]
    assert {row.id: row.status for row in found.changed} == {first: "sent", second: "delivered"}
    assert (await book.row(first)).provider_message_id == "P1"


async def test_a_batch_is_applied_in_its_order_and_moves_a_message_once(book: Book) -> None:
    message_id = await book.message()
    times = [NOW + timedelta(seconds=n) for n in range(4)]
    statuses = ["sent", "delivered", "sent", "read"]
    found = await book.apply(
        [book.report(status, message_id, "P1", at=at) for status, at in zip(statuses, times, strict=True)]
    )
    assert [row.status for row in found.changed] == ["read"]
    row = await book.row(message_id)
    assert (row.sent_at, row.delivered_at, row.read_at, row.failed_at) == (times[0], times[1], times[3], None)
    assert await book.owed() == [("capture", 100)]


async def test_read_implies_sent_and_delivered(book: Book) -> None:
    message_id = await book.message()
    await book.apply([book.report("read", message_id)])
    row = await book.row(message_id)
    assert (row.sent_at, row.delivered_at, row.read_at) == (NOW, NOW, NOW)


async def test_times_that_were_written_are_not_moved(book: Book) -> None:
    message_id = await book.message()
    await book.apply([book.report("sent", message_id)])
    await book.apply([book.report("delivered", message_id, at=NOW + timedelta(hours=1))])
    row = await book.row(message_id)
    assert (row.sent_at, row.delivered_at) == (NOW, NOW + timedelta(hours=1))


async def test_a_late_delivery_wins_over_a_failure_but_costs_nothing(book: Book) -> None:
    message_id = await book.message()
    await book.apply([book.report("failed", message_id, error_code="30008", reason="unknown error")])
    await book.apply([book.report("delivered", message_id)])
    row = await book.row(message_id)
    assert (row.status, row.settlement, row.error_code) == ("delivered", "released", "30008")
    assert await book.owed() == [("release", 100)]


@pytest.mark.parametrize(
    ("changes", "owed"),
    [
        ({}, [("capture", 100)]),
        ({"price_micros": 0, "hold_id": None}, []),
        ({"settlement": "captured"}, []),
        ({"channel_kind": "whatsapp"}, []),
    ],
)
async def test_only_an_open_paid_message_asks_for_money(
    book: Book, changes: dict[str, Any], owed: list[tuple[str, int]]
) -> None:
    message_id = await book.message(**changes)
    await book.apply([book.report("sent", message_id)])
    assert await book.owed() == owed


@pytest.mark.parametrize("changes", [{"direction": "in", "status": "received"}, {"status": "refused"}])
async def test_what_no_provider_has_is_not_moved(book: Book, changes: dict[str, Any]) -> None:
    message_id = await book.message(**changes)
    found = await book.apply([book.report("delivered", message_id)])
    assert found.changed == []
    assert (await book.row(message_id)).status == changes["status"]
    assert await book.owed() == []


async def test_an_id_belongs_to_the_message_that_had_it_first(book: Book) -> None:
    first, second = await book.message(provider_message_id="P1"), await book.message()
    with pytest.raises(IntegrityError):
        await book.apply([book.report("sent", second, "P1")])
    await book.apply([book.report("sent", second, "P1")], careful=True)
    assert (await book.row(second)).provider_message_id is None
    assert (await book.row(first)).status == "queued"


async def test_another_tenant_is_out_of_reach(book: Book, engine: AsyncEngine) -> None:
    message_id = await book.message()
    stranger = new_id()
    async with transaction(engine, Scope.of(stranger)) as db:
        found = await apply(
            db, [book.report("sent", message_id, tenant_id=stranger), book.report("sent", message_id)]
        )
    assert found == Applied([], [0, 1])


async def test_a_tenant_cannot_report_on_anothers_message_in_the_same_batch(
    book: Book, engine: AsyncEngine
) -> None:
    """A host's batch has many tenants in scope: a reference in a receipt is the provider's word, not a right."""
    message_id = await book.message(provider_message_id="P1")
    stranger = new_id()
    async with transaction(engine, Scope.of(stranger, book.tenant)) as db:
        found = await apply(
            db,
            [
                book.report("failed", message_id, tenant_id=stranger),
                book.report("failed", None, "P1", tenant_id=stranger),
                book.report("sent", message_id),
            ],
        )
    assert found.unmatched == [0, 1]
    assert (await book.row(message_id)).status == "sent"


async def test_of_two_messages_that_claim_one_id_in_one_batch_the_first_has_it(book: Book) -> None:
    first, second = await book.message(), await book.message()
    await book.apply([book.report("sent", first, "P1"), book.report("sent", second, "P1")], careful=True)
    rows = [await book.row(first), await book.row(second)]
    assert [row.status for row in rows] == ["sent", "sent"]
    assert [row.provider_message_id for row in rows] == ["P1", None]
