"""One PostgreSQL and one Valkey a run, shared by all workers; a fresh database a test; one whole hub for those that need it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.demo.seed import seed
from cli.demo.workspace import PASSWORD
from cli.local.stack import LocalStack
from hub.ids import new_id
from hub.settings import Settings
from models.db import app_url, make_engine
from models.migrate import upgrade

TEMPLATE = "hub_template"
_stack: LocalStack | None = None


def _admin(url: str, **changes: str) -> str:
    return make_conninfo(**{**conninfo_to_dict(url), **changes})


def pytest_configure(config: pytest.Config) -> None:
    """Only the controlling process starts servers; xdist workers inherit its environment."""
    global _stack
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    _stack = LocalStack(with_gateway=False, with_carrier=False, with_ray=False, migrate=False)
    _stack.start()
    os.environ["TEST_DATABASE_URL"] = _stack.database_url
    os.environ["TEST_REDIS_URL"] = _stack.redis_url
    os.environ["TEST_SECRET_KEY"] = _stack.secret_key
    with psycopg.connect(_stack.database_url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {TEMPLATE}")
    upgrade(_named(TEMPLATE), _stack.secret_key)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _stack is not None:
        _stack.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the whole hub stay in one worker, so that the run starts it once."""
    for item in items:
        if "hub_stack" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("hub"))


def _named(database: str) -> str:
    base, _, _ = os.environ["TEST_DATABASE_URL"].rpartition("/")
    return f"{base}/{database}"


@pytest.fixture(scope="session")
def secret_key() -> str:
    return os.environ["TEST_SECRET_KEY"]


@pytest.fixture
def database_url() -> Iterator[str]:
    """A fresh, migrated database; the role is the server's superuser."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        yield _named(name)
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def engine(database_url: str, secret_key: str) -> AsyncIterator[AsyncEngine]:
    """As the application role: row-level security applies."""
    engine = make_engine(app_url(database_url, secret_key), pool=10)
    yield engine
    await engine.dispose()


@pytest.fixture
def redis_url() -> str:
    return os.environ["TEST_REDIS_URL"]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The shared server; keys carry the tenant, and every test has tenants of its own."""
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def settings(database_url: str, redis_url: str, secret_key: str) -> Settings:
    """Settings of a hub on the test's own database."""
    return Settings(database_url=database_url, redis_url=redis_url, secret_key=secret_key)


@pytest.fixture
def tenant(database_url: str) -> UUID:
    """A tenant at the root of its own tree."""
    tenant_id = new_id()
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("SET search_path = app")
        db.execute(
            "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (%s, 'organization', 'Acme', %s, 0)",
            (tenant_id, str(tenant_id)),
        )
        db.execute("INSERT INTO tenant_closure VALUES (%s, %s, 0)", (tenant_id, tenant_id))
    return tenant_id


@dataclass(frozen=True)
class HubStack:
    """A whole running hub with the demo data."""

    stack: LocalStack
    settings: Settings
    password: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stack, name)  # public_url, carrier_url, database_url, pids(), …


@pytest.fixture(scope="session")
def hub_stack() -> Iterator[HubStack]:
    """Gateway, carrier, Ray hosts and demo data, on own servers."""
    with LocalStack() as stack:
        settings = Settings(**_fields(stack.env))
        asyncio.run(seed(settings))
        yield HubStack(stack, settings, PASSWORD)


def _fields(env: dict[str, str]) -> dict[str, Any]:
    renamed = {name.removeprefix("HUB_").lower(): value for name, value in env.items()}
    return {name: value for name, value in renamed.items() if name in Settings.model_fields}
