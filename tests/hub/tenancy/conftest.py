"""A small tree for the tests of tenancy: two organizations, the first with two sub-organizations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.tenancy.tree import NewTenant, create_tenant
from models.db import Scope, transaction


@dataclass(frozen=True, slots=True)
class Tree:
    platform: UUID
    acme: UUID
    north: UUID
    south: UUID
    rival: UUID

    @property
    def all(self) -> tuple[UUID, ...]:
        return self.platform, self.acme, self.north, self.south, self.rival


async def plant(engine: AsyncEngine) -> Tree:
    mark = uuid4().hex[:10]

    async def new(kind: str, name: str, parent: UUID | None) -> UUID:
        scope = Scope.of(parent) if parent else Scope.nothing()
        async with transaction(engine, scope) as db:
            return await create_tenant(db, scope, parent, NewTenant(name, kind, f"{name.lower()}-{mark}"))

    platform = await new("platform", "Platform", None)
    acme = await new("organization", "Acme", platform)
    north = await new("sub_organization", "North", acme)
    south = await new("sub_organization", "South", acme)
    rival = await new("organization", "Rival", platform)
    return Tree(platform, acme, north, south, rival)


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
async def tree(engine: AsyncEngine) -> Tree:
    return await plant(engine)
