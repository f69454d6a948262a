"""Walks the catalog of a migrated database: a table, function or view that forgets the rules fails the build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

APP = "'app'::regnamespace"
TENANT_COLUMNS = {"tenants": "id", "tenant_closure": "descendant_id"}


@pytest.fixture
def catalog(database_url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(database_url) as db:
        yield db


def tables(catalog: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
    rows = catalog.execute(
        f"SELECT relname FROM pg_class WHERE relnamespace = {APP} AND relkind IN ('r', 'p') ORDER BY 1"
    )
    return [row[0] for row in rows if row[0] != "alembic_version"]


def test_every_table_belongs_to_a_tenant(catalog: psycopg.Connection[tuple[Any, ...]]) -> None:
    with_tenant = {
        row[0]
        for row in catalog.execute(
            f"SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = {APP} "
            "AND a.attname = 'tenant_id' AND a.attnotnull AND NOT a.atthasdef AND c.relkind IN ('r', 'p')"
        )
    }
    assert set(tables(catalog)) - with_tenant == set(TENANT_COLUMNS)


def test_row_level_security_is_on_and_forced_everywhere(catalog: psycopg.Connection[tuple[Any, ...]]) -> None:
    rows = catalog.execute(
        f"SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace = {APP} "
        "AND relkind IN ('r', 'p') AND relname <> 'alembic_version'"
    ).fetchall()
    assert rows
    assert [name for name, on, forced in rows if not (on and forced)] == []


def test_every_table_has_the_four_policies_of_the_application_and_no_careless_one(
    catalog: psycopg.Connection[tuple[Any, ...]],
) -> None:
    for table in tables(catalog):
        column = TENANT_COLUMNS.get(table, "tenant_id")
        rows = catalog.execute(
            "SELECT cmd, qual, with_check FROM pg_policies WHERE schemaname = 'app' AND tablename = %s "
            "AND roles = '{hub_app}'",
            (table,),
        ).fetchall()
        assert sorted(row[0] for row in rows) == ["DELETE", "INSERT", "SELECT", "UPDATE"], table
        for command, qual, check in rows:
            side = "read_tenants" if command == "SELECT" else "write_tenants"
            for expression in filter(None, (qual, check)):
                assert side in expression, (table, command)
                assert f"({column} = ANY" in expression, (table, command)
                assert "SELECT" in expression, (table, command)  # once a statement, not once a row
        others = catalog.execute(
            "SELECT policyname, cmd, roles::text FROM pg_policies WHERE schemaname = 'app' AND tablename = %s "
            "AND roles <> '{hub_app}'",
            (table,),
        ).fetchall()
        assert others == [("lookup", "SELECT", "{hub_owner}")], table


def test_every_table_has_an_index_led_by_its_tenant(catalog: psycopg.Connection[tuple[Any, ...]]) -> None:
    led = {
        (row[0], row[1])
        for row in catalog.execute(
            "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            f"JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE c.relnamespace = {APP}"
        )
    }
    missing = [t for t in tables(catalog) if (t, TENANT_COLUMNS.get(t, "tenant_id")) not in led]
    assert missing == []


def test_foreign_keys_carry_the_tenant(catalog: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Foreign-key checks bypass row-level security: only the tenant in the key keeps them inside one."""
    rows = catalog.execute(
        "SELECT c.conrelid::regclass::text, c.conname, ARRAY(SELECT a.attname::text FROM pg_attribute a "
        "WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) FROM pg_constraint c "
        f"WHERE c.contype = 'f' AND c.connamespace = {APP}"
    ).fetchall()
    assert rows
    bad = [
        name
        for table, name, columns in rows
        if table.split(".")[-1] not in TENANT_COLUMNS and "tenant_id" not in columns
    ]
    assert bad == []


def test_functions_with_their_owner_s_rights_have_a_fixed_path_and_no_public_caller(
    catalog: psycopg.Connection[tuple[Any, ...]],
) -> None:
    rows = catalog.execute(
        "SELECT p.oid::regprocedure::text, p.proconfig::text, has_function_privilege('public', p.oid, 'EXECUTE'), "
        f"pg_get_userbyid(p.proowner) FROM pg_proc p WHERE p.pronamespace = {APP} AND p.prosecdef"
    ).fetchall()
    assert rows
    for name, config, public, owner in rows:
        assert "search_path=app, pg_temp" in (config or ""), name
        assert not public, name
        assert owner == "hub_owner", name


def test_the_application_owns_nothing_and_can_bypass_nothing(
    catalog: psycopg.Connection[tuple[Any, ...]],
) -> None:
    assert catalog.execute(
        "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'hub_app'"
    ).fetchone() == (0,)
    assert catalog.execute(
        "SELECT count(*) FROM pg_proc WHERE pg_get_userbyid(proowner) = 'hub_app'"
    ).fetchone() == (0,)
    for role in ("hub_app", "hub_owner"):
        row = catalog.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s",
            (role,),
        ).fetchone()
        assert row == (False, False, False, False), role
    memberships = catalog.execute(
        "SELECT count(*) FROM pg_auth_members m WHERE pg_get_userbyid(m.member) = 'hub_app'"
    ).fetchone()
    assert memberships == (0,)


def test_views_run_with_the_rights_of_their_reader_and_there_are_no_copies(
    catalog: psycopg.Connection[tuple[Any, ...]],
) -> None:
    rows = catalog.execute(
        f"SELECT relname, relkind, reloptions::text FROM pg_class WHERE relnamespace = {APP} AND relkind IN ('v', 'm')"
    ).fetchall()
    assert [
        name for name, kind, options in rows if kind == "m" or "security_invoker=true" not in (options or "")
    ] == []


def test_the_ledger_grants_no_change(catalog: psycopg.Connection[tuple[Any, ...]]) -> None:
    rights = {
        row[0]
        for row in catalog.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'app' "
            "AND table_name = 'ledger_entries' AND grantee = 'hub_app'"
        )
    }
    assert rights == {"SELECT", "INSERT"}
