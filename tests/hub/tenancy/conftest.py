"""A small tree for the tests of tenancy: two organizations, the first with two sub-organizations."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

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


@pytest.fixture
async def tree(engine: AsyncEngine) -> Tree:
    return await plant(engine)
