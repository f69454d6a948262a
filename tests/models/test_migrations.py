"""Migrations and models say the same, and an upgrade may run again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from models import metadata
from models.db import APP_ROLE, SCHEMA, admin_url
from models.migrate import current_revision, head_revision, upgrade

# Tables without a tenant: the version table is Alembic's own.
NOT_PROTECTED = {"alembic_version"}


def test_models_and_migrations_agree(database_url: str) -> None:
    engine = create_engine(admin_url(database_url), connect_args={"options": f"-csearch_path={SCHEMA}"})
    try:
        with engine.connect() as db:

            def ours(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
                return not (kind == "table" and name in NOT_PROTECTED)

            context = MigrationContext.configure(db, opts={"compare_type": True, "include_object": ours})
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()


def test_columns_keep_their_nullability_and_defaults(database_url: str) -> None:
    found: set[tuple[str, str]] = set()
    with psycopg.connect(database_url) as db:
        rows = db.execute(
            "SELECT table_name, column_name, is_nullable, column_default FROM information_schema.columns "
            "WHERE table_schema = %s",
            (SCHEMA,),
        ).fetchall()
    for table, column, nullable, default in rows:
        if table in NOT_PROTECTED:
            continue
        model = metadata.tables[table].c[column]
        if model.computed is not None:  # PostgreSQL keeps its expression elsewhere
            continue
        if model.nullable != (nullable == "YES") or (model.server_default is None) != (default is None):
            found.add((table, column))
    assert found == set()


def test_every_table_is_protected_and_the_application_owns_nothing(database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        rows = db.execute(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, r.rolname FROM pg_class c "
            "JOIN pg_roles r ON r.oid = c.relowner JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relkind IN ('r', 'p')",
            (SCHEMA,),
        ).fetchall()
        role = db.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s",
            (APP_ROLE,),
        ).fetchone()
    assert [name for name, protected, _ in rows if not protected and name not in NOT_PROTECTED] == []
    assert [name for name, _, owner in rows if owner == APP_ROLE] == []
    assert role == (False, False, False, False)
    assert {name for name, _, _ in rows} - NOT_PROTECTED == set(metadata.tables)


def test_an_upgrade_may_run_again_and_from_two_places(database_url: str, secret_key: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda _: upgrade(database_url, secret_key), range(2)))
    assert ends == [head_revision()] * 2
    engine = create_engine(admin_url(database_url), connect_args={"options": f"-csearch_path={SCHEMA}"})
    try:
        with engine.connect() as db:
            assert current_revision(db) == head_revision()
            assert db.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    finally:
        engine.dispose()
