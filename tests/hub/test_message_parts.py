"""Receipts of parts, in the database: each moves its part, and all together the message."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.channels import parts_store
from models.db import Scope, transaction
from tests.hub.test_deliveries import LINE, NOW, OTHER_LINE, Book


@pytest.fixture
def parted(engine: AsyncEngine, tenant: UUID) -> Book:
    return Book(engine, tenant)


async def sent(book: Book, *ids: str) -> UUID:
    """A message whose parts were taken under these ids."""
    message_id = await book.message(parts=len(ids))
    rows = [
        {
            "tenant_id": book.tenant,
            "message_id": message_id,
            "part": number,
            "channel_id": LINE,
            "provider_message_id": name,
            "status": "sent",
            "at": NOW,
        }
        for number, name in enumerate(ids, 1)
    ]
    async with transaction(book.engine, Scope.of(book.tenant)) as db:
        await parts_store.record(db, rows)
    await book.apply([book.report("sent", message_id)])
    return message_id


async def test_a_message_is_delivered_with_its_last_part(parted: Book) -> None:
    message_id = await sent(parted, "a1", "a2")
    await parted.apply([parted.report("delivered", None, "a2")])
    assert (await parted.row(message_id)).status == "sent"
    await parted.apply([parted.report("delivered", None, "a2"), parted.report("delivered", None, "a1")])
    row = await parted.row(message_id)
    assert (row.status, row.provider_message_id) == ("delivered", None)


async def test_one_part_that_fails_for_good_fails_the_message(parted: Book) -> None:
    message_id = await sent(parted, "b1", "b2")
    await parted.apply(
        [parted.report("delivered", None, "b1"), parted.report("undelivered", None, "b2", error_code="005")]
    )
    row = await parted.row(message_id)
    assert (row.status, row.error_code) == ("undelivered", "005")


async def test_a_receipt_of_another_line_or_an_unknown_part_is_not_matched(parted: Book) -> None:
    message_id = await sent(parted, "c1", "c2")
    reports = [
        parted.report("delivered", None, "c1", channel_id=OTHER_LINE),
        parted.report("delivered", None, "c9"),
    ]
    assert (await parted.apply(reports)).unmatched == [0, 1]
    assert (await parted.row(message_id)).status == "sent"
