"""Migrations, forward only: roles and schema first, then Alembic as the owner role."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from models.db import APP_ROLE, OWNER_ROLE, SCHEMA, admin_url, app_password

_LOCK = 7_114_220_001  # one migration at a time over all nodes


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _prepare(db: Connection, secret_key: str) -> None:
    """Create the roles and the schema when missing, and set the application role's password."""
    for role, options in ((OWNER_ROLE, "NOLOGIN"), (APP_ROLE, "LOGIN NOINHERIT")):
        exists = db.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
        verb = "ALTER" if exists else "CREATE"
        db.execute(text(f"{verb} ROLE {role} {options} NOCREATEDB NOCREATEROLE"))
    db.execute(text(f"ALTER ROLE {APP_ROLE} PASSWORD '{app_password(secret_key)}'"))
    db.execute(text(f"GRANT {OWNER_ROLE} TO CURRENT_USER"))
    db.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {OWNER_ROLE}"))
    db.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {APP_ROLE}"))


def upgrade(database_url: str, secret_key: str) -> str:
    """Bring the database to the head revision; returns it. Safe to call from several processes at once."""
    engine = create_engine(admin_url(database_url), connect_args={"options": f"-csearch_path={SCHEMA}"})
    try:
        with engine.begin() as db:
            db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _prepare(db, secret_key)
            db.execute(text(f"SET LOCAL ROLE {OWNER_ROLE}"))
            config = _config()
            config.attributes["connection"] = db
            command.upgrade(config, "head")
            return current_revision(db) or ""
    finally:
        engine.dispose()


def current_revision(db: Connection) -> str | None:
    """The revision the database is at, or None before the first migration."""
    return MigrationContext.configure(db, opts={"version_table_schema": SCHEMA}).get_current_revision()


def head_revision() -> str:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""
