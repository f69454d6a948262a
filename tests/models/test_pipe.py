"""Transactions on raw connections: all or nothing, row-level security, and connections that survive errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from hub.ids import new_id
from models.contacts import contact_tags, contacts
from models.db import Insert, Scope, app_url, fetch, insert_rows
from models.pipe import Pool, pipeline, read, write

COUNT = text("SELECT count(*) AS n FROM contacts")


@pytest.fixture
async def pool(database_url: str, secret_key: str) -> AsyncIterator[Pool]:
    made = Pool(app_url(database_url, secret_key), size=2, application_name="test")
    yield made
    await made.close()


def row(tenant: UUID, contact_id: UUID | None = None, name: str = "Ann") -> dict[str, Any]:
    return {"tenant_id": tenant, "id": contact_id or new_id(), "name": name}


async def count(pool: Pool, tenant: UUID) -> int:
    (found,) = await read(pool, Scope.of(tenant), COUNT, {})
    return int(found.n)


KEPT = "ON CONFLICT DO NOTHING RETURNING id"


async def test_write_takes_all_inserts_or_none(pool: Pool, tenant: UUID) -> None:
    first, second = row(tenant), row(tenant, name="NUL \0 and 'quotes'")
    tag = {"tenant_id": tenant, "contact_id": first["id"], "tag": "vip"}
    tags = Insert(contact_tags, [tag], "ON CONFLICT DO NOTHING")
    inserts = [Insert(contacts, [first], KEPT, exact=True), tags, Insert(contacts, [])]
    assert await write(pool, Scope.of(tenant), inserts)
    for _ in range(5):  # also as a prepared statement
        again = [Insert(contacts, [first, second], KEPT, exact=True), tags]
        assert not await write(pool, Scope.of(tenant), again)
    assert await count(pool, tenant) == 1


async def test_write_stays_in_its_scope(pool: Pool, tenant: UUID) -> None:
    for scope in (Scope.nothing(), Scope.of(new_id())):
        with pytest.raises(DBAPIError):
            await write(pool, scope, [Insert(contacts, [row(tenant)], KEPT, exact=True)])
    assert await write(pool, Scope.of(tenant), [Insert(contacts, [row(tenant)], KEPT, exact=True)])
    assert [found.n for found in await read(pool, Scope.nothing(), COUNT, {})] == [0]
    assert await count(pool, tenant) == 1


async def test_a_pipeline_commits_at_its_end_and_forgets_its_scope(pool: Pool, tenant: UUID) -> None:
    async with pipeline(pool, Scope.of(tenant)) as db:
        assert await insert_rows(db, contacts, [row(tenant)]) == []
        kept = await insert_rows(db, contacts, [row(tenant)], KEPT)
        assert len(kept) == 1
        assert (await fetch(db, COUNT, {}))[0].n == 2
    assert await count(pool, tenant) == 2


async def test_a_pipeline_rolls_back_on_any_error(pool: Pool, tenant: UUID) -> None:
    async def stopped() -> None:
        async with pipeline(pool, Scope.of(tenant)) as db:
            await insert_rows(db, contacts, [row(tenant)])
            raise KeyError

    async def refused() -> None:
        twice = row(tenant)
        async with pipeline(pool, Scope.of(tenant)) as db:
            await insert_rows(db, contacts, [row(tenant)])
            await insert_rows(db, contacts, [twice])
            await insert_rows(db, contacts, [twice])  # the error comes back with the commit

    with pytest.raises(KeyError):
        await stopped()
    with pytest.raises(DBAPIError) as caught:
        await refused()
    assert caught.value.orig is not None
    assert await count(pool, tenant) == 0


async def test_what_no_row_can_hold_is_a_data_error(pool: Pool, tenant: UUID) -> None:
    with pytest.raises(DataError):
        await read(pool, Scope.of(tenant), text("SELECT CAST(:value AS int) AS n"), {"value": "many"})
    assert await count(pool, tenant) == 0


async def test_more_callers_than_connections(pool: Pool, tenant: UUID) -> None:
    scope = Scope.of(tenant)
    done = await asyncio.gather(
        *(write(pool, scope, [Insert(contacts, [row(tenant)], KEPT, exact=True)]) for _ in range(20))
    )
    assert all(done)
    assert await count(pool, tenant) == 20


async def test_a_cancelled_transaction_leaves_nothing_behind(pool: Pool, tenant: UUID) -> None:
    async def slow() -> None:
        async with pipeline(pool, Scope.of(tenant)) as db:
            await insert_rows(db, contacts, [row(tenant)])
            await fetch(db, text("SELECT pg_sleep(30)"), {})

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count(pool, tenant) == 0


async def test_lost_connections_are_an_error_once(pool: Pool, tenant: UUID, database_url: str) -> None:
    assert await asyncio.gather(count(pool, tenant), count(pool, tenant)) == [0, 0]
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test' "
            "AND datname = current_database()"
        )
    with pytest.raises(OperationalError) as caught:
        await count(pool, tenant)
    assert caught.value.connection_invalidated
    assert await count(pool, tenant) == 0
