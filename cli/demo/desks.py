"""Queues, flows and rules of a tenant, made when missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.flows.definition import dump, read
from hub.ids import new_id
from models.db import Scope, insert_rows, transaction
from models.routing import flows, queues, routing_rules


async def ensure_queues(engine: AsyncEngine, tenant_id: UUID, names: Sequence[str]) -> dict[str, UUID]:
    """Queue ids by name, made when missing."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        rows = [
            {"tenant_id": tenant_id, "id": new_id(), "name": name, "created_at": datetime.now(UTC)}
            for name in names
        ]
        await insert_rows(db, queues, rows, "ON CONFLICT (tenant_id, name) DO NOTHING")
        found = await db.execute(select(queues.c.name, queues.c.id).where(queues.c.tenant_id == tenant_id))
        return {row.name: row.id for row in found}


async def ensure_flow(engine: AsyncEngine, tenant_id: UUID, name: str, definition: Mapping[str, Any]) -> UUID:
    """A checked flow by name, made when missing."""
    document = dump(read(definition))
    row = {
        "tenant_id": tenant_id,
        "id": new_id(),
        "name": name,
        "definition": document,
        "created_at": datetime.now(UTC),
    }
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await insert_rows(db, flows, [row], "ON CONFLICT (tenant_id, name) DO NOTHING")
        query = select(flows.c.id).where(flows.c.tenant_id == tenant_id, flows.c.name == name)
        flow_id: UUID = (await db.execute(query)).scalar_one()
        return flow_id


async def ensure_rules(engine: AsyncEngine, tenant_id: UUID, rules: Sequence[Mapping[str, Any]]) -> None:
    """The routing table, written once: {"kind", "match"?, "threshold"?, "queue_id" or "flow_id"} in order."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        if (await db.execute(select(routing_rules.c.id).limit(1))).first() is not None:
            return
        rows = [
            {
                "tenant_id": tenant_id,
                "id": new_id(),
                "position": position,
                "kind": rule["kind"],
                "match": rule.get("match", ""),
                "threshold": rule.get("threshold", 0.0),
                "queue_id": rule.get("queue_id"),
                "flow_id": rule.get("flow_id"),
            }
            for position, rule in enumerate(rules, start=1)
        ]
        await insert_rows(db, routing_rules, rows)
