"""All SQL of intent model versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import NotFound
from models.intents import intent_versions
from models.tenancy import tenants

_SHOWN = [column for column in intent_versions.c if column.name != "artifact"]


async def load_artifact(db: AsyncConnection, tenant_id: UUID, version_id: UUID) -> bytes:
    """The model file of a version. Raises NotFound."""
    where = (intent_versions.c.tenant_id == tenant_id, intent_versions.c.id == version_id)
    artifact = (await db.execute(select(intent_versions.c.artifact).where(*where))).scalar()
    if artifact is None:
        raise NotFound("there is no such intent model version")
    return bytes(artifact)


async def insert(db: AsyncConnection, tenant_id: UUID, row: Mapping[str, Any]) -> int:
    """Write a version under the tenant's next number; returns the number."""
    # The tenant's row lock gives numbers out one by one.
    await db.execute(select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())
    where = intent_versions.c.tenant_id == tenant_id
    last = (await db.execute(select(func.max(intent_versions.c.number)).where(where))).scalar()
    number = (last or 0) + 1
    await db.execute(intent_versions.insert().values(tenant_id=tenant_id, number=number, **row))
    return number


async def versions(db: AsyncConnection, tenant_id: UUID) -> list[Any]:
    """All versions without their model files, newest first."""
    query = (
        select(*_SHOWN)
        .where(intent_versions.c.tenant_id == tenant_id)
        .order_by(intent_versions.c.number.desc())
    )
    return list((await db.execute(query)).all())


async def publish(db: AsyncConnection, tenant_id: UUID, version_id: UUID) -> None:
    """Make a version the live one; the former one is retired. Raises NotFound."""
    mine = intent_versions.c.tenant_id == tenant_id
    found = (
        await db.execute(select(intent_versions.c.id).where(mine, intent_versions.c.id == version_id))
    ).scalar()
    if found is None:
        raise NotFound("there is no such intent model version")
    live = intent_versions.c.status == "live"
    await db.execute(update(intent_versions).where(mine, live).values(status="retired"))
    chosen = intent_versions.c.id == version_id
    await db.execute(
        update(intent_versions).where(mine, chosen).values(status="live", published_at=func.now())
    )
    await db.execute(update(tenants).where(tenants.c.id == tenant_id).values(intent_version_id=version_id))
