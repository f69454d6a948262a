"""A gateway over a real PostgreSQL and a real Valkey, without actor hosts, and a small tree of tenants with people."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from cli.demo.runs import Run
from hub.ids import new_id
from hub.settings import Settings
from hub.tenancy import store
from hub.tenancy.keys import hash_secret
from hub.tenancy.permissions import ROLES
from hub.tenancy.tree import NewTenant, create_tenant
from models.db import Scope, transaction
from tests.api.whole_hub import Org, Provider, client
from tests.conftest import HubStack

PASSWORD = "parley-demo"


@pytest.fixture
async def provider(hub_stack: HubStack, run: Run) -> AsyncIterator[Provider]:
    """The providers towards the module's own tenant, which its fixture `run` makes."""
    async with client(hub_stack.settings) as http:
        yield Provider(hub_stack.settings, run, http)


@pytest.fixture
async def org(hub_stack: HubStack, run: Run) -> AsyncIterator[Org]:
    """The module's own tenant as a program with its API key."""
    async with client(hub_stack.settings, Authorization=f"Bearer {run.key}") as http:
        yield Org(hub_stack.settings, run, http)


@pytest.fixture
async def carrier(hub_stack: HubStack) -> AsyncIterator[httpx2.AsyncClient]:
    """The whole hub's local carrier; what a test makes its handsets do is forgotten after it."""
    async with httpx2.AsyncClient(base_url=hub_stack.settings.carrier_url, trust_env=False) as http:
        before = (await http.get("/carrier/behaviours")).json()
        yield http
        await http.put("/carrier/behaviours", json=before)


@cache
def password_hash() -> str:
    """One hash for everybody: hashing is what sign-in tests pay for, not what every fixture must."""
    return PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),)).hash(PASSWORD)


def client_of(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    # An address of its own: sign-in attempts are counted by address on the server that all tests share.
    transport = httpx2.ASGITransport(app=app, client=(f"2001:db8::{uuid4().hex[:4]}:{uuid4().hex[:4]}", 1234))
    return httpx2.AsyncClient(transport=transport, base_url="http://gateway.example", headers=headers)


@dataclass(frozen=True, slots=True)
class World:
    """Tenants with one user of each role: `email("north", "support_agent")`."""

    app: FastAPI
    mark: str
    tenants: dict[str, UUID]
    users: dict[tuple[str, str], UUID]

    def email(self, tenant: str, role: str) -> str:
        return f"{role}.{tenant}.{self.mark}@example.com"

    async def sign_in(self, tenant: str, role: str) -> httpx2.AsyncClient:
        """A client with a session cookie and its CSRF token; the session is made below the password check."""
        tenant_id, token, csrf_token, now = self.tenants[tenant], uuid4().hex, uuid4().hex, datetime.now(UTC)
        async with transaction(self.app.state.engine, Scope.of(tenant_id)) as db:
            row = {
                "tenant_id": tenant_id,
                "token_hash": hash_secret(token),
                "user_id": self.users[tenant, role],
                "acting_tenant_id": tenant_id,
                "csrf_token": csrf_token,
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + timedelta(hours=1),
            }
            await store.insert_session(db, row)
        client = client_of(self.app, **{"X-CSRF-Token": csrf_token})
        client.cookies.set("hub_session", token)
        return client

    async def program(self, tenant: str, *scopes: str, role: str = "org_admin") -> httpx2.AsyncClient:
        """A client with an API key that an admin of the tenant made."""
        async with await self.sign_in(tenant, role) as admin:
            answer = await admin.post("/v1/api-keys", json={"name": "program", "scopes": list(scopes)})
        assert answer.status_code == 201, answer.text
        return client_of(self.app, Authorization=f"Bearer {answer.json()['key']}")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """One database for all tests of this folder: each has tenants of its own, and a database a test would cost more."""
    server = os.environ["TEST_DATABASE_URL"]
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name} TEMPLATE hub_template STRATEGY file_copy")
        yield f"{server.rpartition('/')[0]}/{name}"
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings, connect_hub=False)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def world(app: FastAPI, engine: AsyncEngine) -> World:
    mark = uuid4().hex[:10]
    tenants: dict[str, UUID] = {}
    users: dict[tuple[str, str], UUID] = {}
    for name, kind, above in (
        ("platform", "platform", None),
        ("acme", "organization", "platform"),
        ("north", "sub_organization", "acme"),
        ("south", "sub_organization", "acme"),
        ("rival", "organization", "platform"),
    ):
        scope = Scope.of(tenants[above]) if above else Scope.nothing()
        async with transaction(engine, scope) as db:
            new = NewTenant(name.title(), kind, f"{name}-{mark}", default_country="GB")
            tenants[name] = await create_tenant(db, scope, tenants[above] if above else None, new)
            rows: list[dict[str, Any]] = [
                {
                    "tenant_id": tenants[name],
                    "id": new_id(),
                    "email": f"{role}.{name}.{mark}@example.com",
                    "name": f"{role} of {name}",
                    "password_hash": password_hash(),
                    "roles": [role],
                }
                for role in ROLES
            ]
            await store.insert_users(db, rows)
            users |= {(name, row["roles"][0]): row["id"] for row in rows}
    return World(app, mark, tenants, users)
