"""Checks of the servers that the hub uses: its own, or those named by HUB_DATABASE_URL, HUB_REDIS_URL and
RAY_ADDRESS.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import redis
from sqlalchemy.engine import URL

from cli.checks import Check
from cli.local.processes import answers_ok
from hub.errors import HubError
from hub.settings import Settings
from models.db import OWNER_ROLE, SCHEMA, admin_url, app_url
from models.migrate import head_revision

CLOCK_S_MAX = 2.0
REDIS_MIN = (7, 0)
PING_S_MAX = 5.0
NOT_RUNNING = "not running here"

ROLE_SQL = """
SELECT r.rolsuper OR r.rolbypassrls OR pg_has_role(current_user, %(owner)s, 'MEMBER'),
       (SELECT string_agg(c.relname, ', ' ORDER BY c.relname)
          FROM pg_class c
         WHERE c.relnamespace = to_regnamespace(%(schema)s)
           AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND EXISTS (SELECT 1 FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity))
  FROM pg_roles r WHERE r.rolname = current_user
"""


def server_checks(settings: Settings) -> Iterator[Check]:
    """Every check that needs a server. They are skipped, not failed, when no hub runs and none is named."""
    if settings.database_url:
        yield from _database(settings)
    else:
        yield Check("database", "skip", NOT_RUNNING)
    yield _redis(settings.redis_url) if settings.redis_url else Check("redis", "skip", NOT_RUNNING)
    yield from _ray_and_gateway(settings)


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _database(settings: Settings) -> Iterator[Check]:
    try:
        with psycopg.connect(_plain(admin_url(settings.database_url)), connect_timeout=5) as db:
            major, there = db.execute(
                "SELECT current_setting('server_version_num')::int / 10000, clock_timestamp()"
            ).fetchone() or (0, None)
            versions = db.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.alembic_version",)).fetchone()
            found = None
            if versions and versions[0]:
                found = db.execute(f"SELECT version_num FROM {SCHEMA}.alembic_version").fetchone()
    except psycopg.Error as fault:
        yield Check(
            "database", "fail", _first_line(fault), "start the hub with hub up, or mend HUB_DATABASE_URL"
        )
        return
    yield Check(
        "database",
        "ok" if major >= 15 else "fail",
        f"PostgreSQL {major}",
        "" if major >= 15 else "use PostgreSQL 15 or newer",
    )
    revision, head = (found[0] if found else "none"), head_revision()
    same = revision == head
    yield Check(
        "schema",
        "ok" if same else "fail",
        f"revision {revision}" + ("" if same else f", the code knows {head}"),
        "hub migrate",
    )
    off_s = abs((datetime.now(UTC) - there).total_seconds()) if there else 0.0
    text = f"{off_s:.2f} s from the database's"
    yield Check(
        "clock", "ok" if off_s <= CLOCK_S_MAX else "fail", text, "let both machines follow a time server"
    )
    if same:
        yield _row_level_security(settings)


def _row_level_security(settings: Settings) -> Check:
    """Row-level security must hold the application's role, and every table that has a tenant."""
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    try:
        with psycopg.connect(_plain(url), connect_timeout=5) as db:
            asked = {"owner": OWNER_ROLE, "schema": SCHEMA}
            mighty, open_tables = db.execute(ROLE_SQL, asked).fetchone() or (True, None)
    except psycopg.Error as fault:
        return Check(
            "row-level security",
            "fail",
            _first_line(fault),
            "hub migrate (it sets the role's password from HUB_SECRET_KEY)",
        )
    if mighty:
        return Check(
            "row-level security",
            "fail",
            "the application's role can bypass it",
            "hub migrate, and take the role's extra rights away",
        )
    if open_tables:
        return Check("row-level security", "fail", f"not forced on: {open_tables}", "hub migrate")
    return Check(
        "row-level security",
        "ok",
        "forced on every tenant table, and the application's role cannot bypass it",
    )


def _redis(url: str) -> Check:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            about = client.info("server")
            memory = client.info("memory")
    except redis.RedisError as fault:
        return Check("redis", "fail", _first_line(fault), "start the hub with hub up, or mend HUB_REDIS_URL")
    name = "Valkey" if "valkey_version" in about else "Redis"
    number = str(about.get("valkey_version") or about["redis_version"])
    if tuple(int(part) for part in str(about["redis_version"]).split(".")[:2]) < REDIS_MIN:
        return Check("redis", "fail", f"{name} {number}", "use Redis 7 or newer, or Valkey")
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return Check(
            "redis",
            "warn",
            f"{name} {number}, policy {policy}",
            "set maxmemory-policy noeviction: streams must not vanish",
        )
    return Check("redis", "ok", f"{name} {number}")


def _ray_and_gateway(settings: Settings) -> Iterator[Check]:
    if not settings.ray_address:
        yield Check("ray", "skip", NOT_RUNNING)
        return
    yield _hosts(settings)
    up = answers_ok(f"{settings.public_url}/healthz", 5.0)
    yield Check(
        "gateway", "ok" if up else "fail", settings.public_url, "" if up else "see var/logs/gateway.log"
    )


def _hosts(settings: Settings) -> Check:
    """Ask every named host whether it lives, in a process that joins Ray for the moment."""
    from actors import runtime

    try:
        alive, missing = runtime.ping_hosts(settings, PING_S_MAX)
    except (HubError, ConnectionError, RuntimeError, TimeoutError, OSError, ValueError) as fault:
        return Check("ray", "fail", _first_line(fault), "start the hub with hub up, or mend RAY_ADDRESS")
    if missing:
        return Check(
            "ray",
            "fail",
            f"hosts that do not answer: {', '.join(missing)}",
            "see var/logs/ray.log, then restart hub up",
        )
    return Check("ray", "ok", f"{settings.ray_address}, {len(alive)} hosts answer")


def _first_line(fault: Exception) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0]
