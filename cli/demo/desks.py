"""Queues, flows and rules of a tenant, made when missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.conditions.model import Group
from hub.conditions.model import Rule as ConditionRule
from hub.flows.definition import dump, read
from hub.ids import new_id
from hub.routing import service, store_rules
from hub.routing.fields import CONFIDENCE, INTENT, KEYWORD
from hub.routing.floor import CAPACITY
from hub.routing.queue import QueueSettings
from hub.routing.rule import Rule, RuleList, ToFlow, ToQueue
from models.db import Scope, insert_rows, transaction
from models.routing import flows, queues


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


async def ensure_settings(
    engine: AsyncEngine, tenant_id: UUID, settings: Mapping[UUID, QueueSettings]
) -> None:
    """The settings of queues that have none yet."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        for queue_id, each in settings.items():
            where = (queues.c.tenant_id == tenant_id, queues.c.id == queue_id, queues.c.settings.is_(None))
            await db.execute(update(queues).where(*where).values(settings=each.model_dump(mode="json")))


async def ensure_skills(engine: AsyncEngine, tenant_id: UUID, skills: Mapping[str, int]) -> None:
    """Everybody who answers conversations has these skills, unless something is set for them."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        for row in await service.agents(db, tenant_id):
            if row.kind == "person" and row.version == 0:
                await service.set_agent(db, tenant_id, row, CAPACITY, skills, {}, None)


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


def keyword_rule(word: str, *, queue_id: UUID | None = None, flow_id: UUID | None = None) -> Rule:
    """Who writes exactly this word comes into the queue or the flow."""
    condition = Group(rules=[ConditionRule(field=KEYWORD, operator="in", value=[word])])
    return Rule(
        id=new_id(), name=f"Keyword {word}", condition=condition, actions=(_target(queue_id, flow_id),)
    )


def intent_rule(intent: str, queue_id: UUID, confidence: float | None = None) -> Rule:
    """What means this, with at least this confidence (None: the hub's own floor), comes into the queue."""
    tests: list[ConditionRule | Group] = [ConditionRule(field=INTENT, operator="=", value=intent)]
    if confidence is not None:
        tests.append(ConditionRule(field=CONFIDENCE, operator=">=", value=confidence))
    target = ToQueue(queue_id=queue_id)
    return Rule(id=new_id(), name=f"Intent {intent}"[:80], condition=Group(rules=tests), actions=(target,))


def _target(queue_id: UUID | None, flow_id: UUID | None) -> ToQueue | ToFlow:
    if queue_id is not None:
        return ToQueue(queue_id=queue_id)
    assert flow_id is not None
    return ToFlow(flow_id=flow_id)


async def ensure_rules(
    engine: AsyncEngine, tenant_id: UUID, rules: Sequence[Rule], fallback_queue_id: UUID
) -> None:
    """The rules and the queue of everything else, written once."""
    document = RuleList(rules=tuple(rules), fallback_queue_id=fallback_queue_id)
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await store_rules.save(db, tenant_id, document, 0, "system", datetime.now(UTC))
