"""The outbox: shares, lanes, claims that exclude each other, and what becomes of each."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from hub import outbox
from hub.ids import new_id
from models.conversations import messages
from models.conversations import outbox as table
from models.db import Scope, insert_rows, transaction

NOW = datetime.now(UTC)


async def owe(engine: AsyncEngine, tenant: UUID, count: int, lane: int = 1, **changes: Any) -> list[UUID]:
    """Messages with what is owed for them; returns their ids."""
    keys = [new_id() for _ in range(count)]
    channel = new_id()
    rows = [
        {
            "tenant_id": tenant,
            "id": key,
            "contact_id": new_id(),
            "channel_id": channel,
            "channel_kind": "sms",
            "direction": "out",
            "origin": "agent",
            "address": "+15550001",
            "body": "Hello",
            "status": "queued",
            "parts": 1,
            "price_micros": 0,
            "created_at": NOW,
        }
        for key in keys
    ]
    owed = [
        {
            "tenant_id": tenant,
            "message_id": key,
            "channel_id": channel,
            "lane": lane,
            "state": "queued",
            "due_at": NOW,
            "attempts": 0,
        }
        | changes
        for key in keys
    ]
    async with transaction(engine, Scope.of(tenant)) as db:
        await insert_rows(db, messages, rows)
        await insert_rows(db, table, owed)
    return keys


async def claim(engine: AsyncEngine, tenants: list[UUID], limit: int, sender: str = "s") -> list[Any]:
    async with transaction(engine, Scope.of(*tenants)) as db:
        return list(await outbox.claim(db, tenants, sender, limit))


async def test_live_goes_before_bulk_and_the_oldest_first(engine: AsyncEngine, tenant: UUID) -> None:
    bulk = await owe(engine, tenant, 3, lane=1)
    live = await owe(engine, tenant, 2, lane=0)
    assert [row.message_id for row in await claim(engine, [tenant], 4)] == live + bulk[:2]
    assert [row.message_id for row in await claim(engine, [tenant], 4)] == bulk[2:]
    assert await claim(engine, [tenant], 4) == []


async def test_a_claim_brings_what_a_send_needs(engine: AsyncEngine, tenant: UUID) -> None:
    await owe(engine, tenant, 1)
    (row,) = await claim(engine, [tenant], 1)
    assert (row.address, row.body, row.attempts) == ("+15550001", "Hello", 1)


async def test_tenants_share_a_claim(engine: AsyncEngine, tenant: UUID) -> None:
    quiet = new_id()
    await owe(engine, tenant, 50)
    await owe(engine, quiet, 5)
    async with transaction(engine, Scope.nothing()) as db:
        assert set(await outbox.tenants_with_work(db)) == {tenant, quiet}
    shares = Counter(row.tenant_id for row in await claim(engine, [tenant, quiet], 20))
    assert shares == {tenant: 10, quiet: 5}


async def test_two_senders_never_claim_the_same(engine: AsyncEngine, tenant: UUID) -> None:
    keys = await owe(engine, tenant, 60)
    claims = await asyncio.gather(*(claim(engine, [tenant], 10, f"s{n}") for n in range(6)))
    assert sorted(row.message_id for rows in claims for row in rows) == keys


@pytest.mark.parametrize(
    "changes", [{"due_at": NOW + timedelta(hours=1)}, {"due_at": "infinity"}, {"state": "unknown"}]
)
async def test_what_is_not_due_stays(engine: AsyncEngine, tenant: UUID, changes: dict[str, Any]) -> None:
    await owe(engine, tenant, 1, **changes)
    assert await claim(engine, [tenant], 10) == []


async def test_what_becomes_of_a_claim(engine: AsyncEngine, tenant: UUID) -> None:
    done, later, dark = await owe(engine, tenant, 3)
    await claim(engine, [tenant], 3)
    async with transaction(engine, Scope.of(tenant)) as db:
        await outbox.done(db, [(tenant, done)])
        await outbox.later(db, [(tenant, later)], [NOW - timedelta(seconds=1)])
        await outbox.unknown(db, [(tenant, dark)])
        rows = {row.message_id: row for row in await db.execute(select(table))}
    assert set(rows) == {later, dark}
    assert (rows[later].state, rows[later].claimed_by, rows[later].attempts) == ("queued", None, 1)
    assert rows[dark].state == "unknown"
    assert [row.attempts for row in await claim(engine, [tenant], 3)] == [2]


async def test_an_unknown_outcome_gets_its_whole_grace(engine: AsyncEngine, tenant: UUID) -> None:
    (key,) = await owe(engine, tenant, 1)
    await claim(engine, [tenant], 1)
    old = NOW - timedelta(hours=1)
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(update(table).values(claimed_at=old))
        await outbox.unknown(db, [(tenant, key)])
        claimed_at = (await db.execute(select(table.c.claimed_at))).scalar_one()
    assert claimed_at > old + timedelta(minutes=50)


async def test_what_a_dead_sender_left_is_taken_over_once(engine: AsyncEngine, tenant: UUID) -> None:
    keys = await owe(engine, tenant, 3)
    await claim(engine, [tenant], 2)
    before = NOW - timedelta(minutes=30)
    async with transaction(engine, Scope.nothing()) as db:
        assert await outbox.tenants_with_stranded(db, before) == []
    async with transaction(engine, Scope.of(tenant)) as db:
        long_ago = NOW - timedelta(hours=1)
        await db.execute(update(table).where(table.c.state == "sending").values(claimed_at=long_ago))
    async with transaction(engine, Scope.nothing()) as db:
        assert await outbox.tenants_with_stranded(db, before) == [tenant]

    async def take(name: str) -> list[UUID]:
        async with transaction(engine, Scope.of(tenant)) as db:
            rows = await outbox.stranded(db, [tenant], name, before, 10)
            await asyncio.sleep(0.05)
            return [row.message_id for row in rows]

    taken = await asyncio.gather(take("a"), take("b"))
    assert sorted(key for rows in taken for key in rows) == keys[:2], "what is queued is nobody's"


def test_waits_grow_and_end() -> None:
    waits = [outbox.backoff(attempt).total_seconds() for attempt in range(1, 12)]
    assert waits[:3] == [0.5, 1.0, 2.0]
    assert waits == sorted(waits)
    assert waits[-1] == 60.0
