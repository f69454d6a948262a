from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.tenancy import audit_log
from hub.tenancy.audit_log import GENESIS, Record, append, canonical, link, verify
from models.db import Scope, transaction
from tests.hub.tenancy.conftest import Tree


def record(number: int) -> Record:
    return Record(
        "user:u1",
        "contact.erased",
        f"contact:{number}",
        {"n": number, "ok": True, "why": "ünïcode"},
        "192.0.2.1",
    )


def test_the_hash_is_the_one_of_the_reference() -> None:
    row = canonical(
        UUID("aaaaaaaa-0000-0000-0000-000000000000"),
        1,
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        Record("user:u1", "wallet.limit.set", "wallet:w1", {"from": "0.000000", "to": "5.000000"}),
    )
    assert row == (
        b'{"action":"wallet.limit.set","actor":"user:u1","at":"2026-01-02T03:04:05.000006Z",'
        b'"data":{"from":"0.000000","to":"5.000000"},"seq":1,"target":"wallet:w1",'
        b'"tenant_id":"aaaaaaaa-0000-0000-0000-000000000000"}'
    )
    assert link(GENESIS, row).hex() == "d72dacd1fbe1f8f8ce3a95ff206d5900497fd26ab5ab641e4628ffd19edee74e"


async def fill(engine: AsyncEngine, tenant: UUID, count: int) -> None:
    async def write(number: int) -> None:
        async with transaction(engine, Scope.of(tenant)) as db:
            await append(db, tenant, record(number))

    await asyncio.gather(*(write(number) for number in range(count)))


async def test_those_who_write_at_once_make_one_chain(engine: AsyncEngine, tree: Tree) -> None:
    await fill(engine, tree.north, 12)
    await fill(engine, tree.south, 2)
    async with transaction(engine, Scope.of(tree.north, tree.south)) as db:
        north, south = await verify(db, tree.north), await verify(db, tree.south)
        assert (north.rows, north.broken_seq, south.rows, south.broken_seq) == (12, None, 2, None)
        rows = await audit_log.page(db, tree.north, action="contact", target="", before=None, limit=50)
        assert [row.seq for row in rows] == list(range(12, 0, -1))
        assert north.head == bytes(rows[0].hash).hex()


@pytest.mark.parametrize(
    ("forgery", "broken"),
    [
        ("UPDATE audit_log SET actor = 'user:u2' WHERE tenant_id = %s AND seq = 3", 3),
        ("UPDATE audit_log SET data = data || '{\"ok\": false}' WHERE tenant_id = %s AND seq = 4", 4),
        ("UPDATE audit_log SET at = at + interval '1 microsecond' WHERE tenant_id = %s AND seq = 1", 1),
        ("UPDATE audit_log SET ip = '' WHERE tenant_id = %s AND seq = 2", 2),
        ("DELETE FROM audit_log WHERE tenant_id = %s AND seq = 2", 2),
        ("UPDATE audit_log SET seq = seq + 1 WHERE tenant_id = %s AND seq = 5", 5),
    ],
)
async def test_a_changed_chain_breaks_at_the_change(
    engine: AsyncEngine, tree: Tree, database_url: str, forgery: str, broken: int
) -> None:
    await fill(engine, tree.north, 5)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("SET search_path = app")
        superuser.execute(forgery, (tree.north,))  # type: ignore[call-overload]
    async with transaction(engine, Scope.of(tree.north)) as db:
        verdict = await verify(db, tree.north)
    assert (verdict.broken_seq, verdict.rows) == (broken, broken - 1)


@pytest.mark.parametrize("change", ["UPDATE audit_log SET actor = ''", "DELETE FROM audit_log"])
async def test_the_application_can_only_add(engine: AsyncEngine, tree: Tree, change: str) -> None:
    await fill(engine, tree.north, 1)
    with pytest.raises(ProgrammingError):
        async with transaction(engine, Scope.of(tree.north)) as db:
            await db.execute(text(change))
