"""What row-level security does and does not do: each row of the reference's table, as raw SQL by the application role."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.ids import new_id
from models.db import Scope, bind, sqlstate, transaction

DENIED = "42501"


@pytest.fixture
async def contact(engine: AsyncEngine, tree) -> UUID:
    """A contact of North."""
    contact_id = new_id()
    async with transaction(engine, Scope.of(tree.north)) as db:
        await db.execute(
            text("INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :id, 'Asha')"),
            {"tenant": tree.north, "id": contact_id},
        )
    return contact_id


async def count(engine: AsyncEngine, scope: Scope, where: str = "true", **values: object) -> int:
    async with transaction(engine, scope) as db:
        return (await db.execute(text(f"SELECT count(*) FROM contacts WHERE {where}"), values)).scalar_one()


async def refused(engine: AsyncEngine, scope: Scope, statement: str, **values: object) -> str | None:
    """The SQLSTATE with which a statement is refused."""
    with pytest.raises(DBAPIError) as caught:
        async with transaction(engine, scope) as db:
            await db.execute(text(statement), values)
    return sqlstate(caught.value)


async def test_without_a_tenant_there_are_no_rows(engine: AsyncEngine, contact: UUID) -> None:
    async with engine.connect() as db:  # no scope was ever bound to this transaction
        assert (await db.execute(text("SELECT count(*) FROM contacts"))).scalar_one() == 0
    assert await count(engine, Scope.nothing()) == 0


async def test_another_tenant_s_row_is_not_there_even_by_id(engine: AsyncEngine, tree, contact: UUID) -> None:
    for other in (tree.south, tree.rival, tree.platform, tree.acme):
        assert await count(engine, Scope.of(other), "id = :id", id=contact) == 0


async def test_a_parent_reads_its_subtree_only_with_that_scope(
    engine: AsyncEngine, tree, contact: UUID
) -> None:
    subtree = Scope(read=frozenset({tree.acme, tree.north, tree.south}), write=frozenset({tree.acme}))
    assert await count(engine, Scope.of(tree.acme), "id = :id", id=contact) == 0
    assert await count(engine, subtree, "id = :id", id=contact) == 1


async def test_nobody_inserts_as_another_tenant(engine: AsyncEngine, tree) -> None:
    statement = "INSERT INTO contacts (tenant_id, id) VALUES (:tenant, :id)"
    assert await refused(engine, Scope.of(tree.north), statement, tenant=tree.south, id=new_id()) == DENIED


async def test_nobody_moves_a_row_to_another_tenant(engine: AsyncEngine, tree, contact: UUID) -> None:
    statement = "UPDATE contacts SET tenant_id = :tenant WHERE id = :id"
    assert await refused(engine, Scope.of(tree.north), statement, tenant=tree.south, id=contact) == DENIED


@pytest.mark.parametrize("statement", ["UPDATE contacts SET name = 'x'", "DELETE FROM contacts"])
async def test_a_parent_writes_nothing_below_it(
    engine: AsyncEngine, tree, contact: UUID, statement: str
) -> None:
    subtree = Scope(read=frozenset({tree.acme, tree.north, tree.south}), write=frozenset({tree.acme}))
    async with transaction(engine, subtree) as db:
        assert (await db.execute(text(statement))).rowcount == 0
    assert await count(engine, Scope.of(tree.north), "id = :id AND name = 'Asha'", id=contact) == 1


async def test_a_foreign_key_cannot_point_into_another_tenant(
    engine: AsyncEngine, tree, contact: UUID
) -> None:
    statement = "INSERT INTO conversations (tenant_id, contact_id) VALUES (:tenant, :contact)"
    assert (
        await refused(engine, Scope.of(tree.south), statement, tenant=tree.south, contact=contact) == "23503"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE hub_owner",
        "ALTER TABLE contacts DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant_read ON contacts",
        "CREATE POLICY open ON contacts FOR SELECT USING (true)",
        "TRUNCATE contacts CASCADE",
        "ALTER ROLE hub_app BYPASSRLS",
        "GRANT hub_owner TO hub_app",
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION all_rows() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_the_application_role_cannot_loosen_the_rules(
    engine: AsyncEngine, tree, statement: str
) -> None:
    assert await refused(engine, Scope.of(tree.north), statement) == DENIED


@pytest.mark.parametrize(
    "verb", ["UPDATE ledger_entries SET amount_micros = 1", "DELETE FROM ledger_entries"]
)
async def test_the_ledger_is_written_once(engine: AsyncEngine, tree, verb: str) -> None:
    assert await refused(engine, Scope.of(tree.north), verb) == DENIED


async def test_switching_row_security_off_is_an_error_not_a_bypass(
    engine: AsyncEngine, tree, contact: UUID
) -> None:
    async with transaction(engine, Scope.of(tree.rival)) as db:
        await db.execute(text("SET LOCAL row_security = off"))
        with pytest.raises(DBAPIError) as caught:
            await db.execute(text("SELECT * FROM contacts"))
        assert sqlstate(caught.value) == DENIED


async def test_copy_into_a_protected_table_is_not_supported(engine: AsyncEngine, tree) -> None:
    assert await refused(engine, Scope.of(tree.north), "COPY contacts (tenant_id, id) FROM STDIN") == "0A000"


async def test_a_predicate_cannot_probe_hidden_rows(engine: AsyncEngine, tree, contact: UUID) -> None:
    """A division by zero would be raised for the hidden row if it were looked at before the policy."""
    probe = "1 / (CASE WHEN name = 'Asha' THEN 0 ELSE 1 END) > 0"
    assert await count(engine, Scope.of(tree.rival), probe) == 0


async def test_a_unique_key_does_not_tell_that_a_value_exists_elsewhere(engine: AsyncEngine, tree) -> None:
    for tenant in (tree.north, tree.south):
        contact_id = new_id()
        async with transaction(engine, Scope.of(tenant)) as db:
            values = {"tenant": tenant, "id": contact_id}
            await db.execute(text("INSERT INTO contacts (tenant_id, id) VALUES (:tenant, :id)"), values)
            await db.execute(
                text(
                    "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id) VALUES (:tenant, 'phone', '+447700900001', :id)"
                ),
                values,
            )


async def test_the_lookup_functions_are_the_only_way_in_before_a_tenant_is_known(
    engine: AsyncEngine, tree
) -> None:
    async with transaction(engine, Scope.nothing()) as db:
        assert (await db.execute(text("SELECT count(*) FROM tenants"))).scalar_one() == 0
        assert (await db.execute(text("SELECT count(*) FROM users"))).scalar_one() == 0
        found = (await db.execute(text("SELECT subtree(:id)"), {"id": tree.acme})).scalar_one()
        assert set(found) == {tree.acme, tree.north, tree.south}


async def test_a_pooled_connection_forgets_its_tenant(engine: AsyncEngine, tree, contact: UUID) -> None:
    """After a commit, an error, a cancelled query and a savepoint, the next transaction starts with nothing."""

    async def failing(db: AsyncConnection) -> None:
        await db.execute(text("SELECT 1 / 0"))

    async def cancelled(db: AsyncConnection) -> None:
        task = asyncio.ensure_future(db.execute(text("SELECT pg_sleep(5)")))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    async def savepoint(db: AsyncConnection) -> None:
        async with db.begin_nested():
            await bind(db, Scope.of(tree.north, tree.south))
        raise RuntimeError

    for trouble in (failing, cancelled, savepoint):
        with pytest.raises((DBAPIError, asyncio.CancelledError, RuntimeError)):
            async with transaction(engine, Scope.of(tree.north)) as db:
                await trouble(db)
        for _ in range(engine.pool.size()):
            async with engine.connect() as db:
                assert (await db.execute(text("SELECT count(*) FROM contacts"))).scalar_one() == 0


async def test_a_hundred_interleaved_transactions_see_their_own_tenant(
    engine: AsyncEngine, tree, contact: UUID
) -> None:
    async def seen(tenant: UUID) -> set[UUID]:
        async with transaction(engine, Scope.of(tenant)) as db:
            await db.execute(text("SELECT pg_sleep(0.001)"))
            rows = await db.execute(text("SELECT DISTINCT tenant_id FROM contacts"))
            return set(rows.scalars())

    found = await asyncio.gather(*(seen(tree.all[n % 5]) for n in range(100)))
    for n, tenants in enumerate(found):
        assert tenants <= {tree.all[n % 5]}
    assert found[2] == {tree.north}
