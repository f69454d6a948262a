"""All SQL of routing rules: the lists with their versions, the lengths of queues, messages to try a list on."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import id_of_moment
from hub.routing.rule import Level, RuleList
from models.intents import intent_versions
from models.routing import agents, flows, queues, rule_list_versions, rule_lists
from models.tenancy import tenants, users

_LEVELS = text(
    "SELECT tenant_id, tenant, document, queues, flows FROM rule_lists_for(:tenant_id) ORDER BY distance"
)
_SAVE = text(
    """
    INSERT INTO rule_lists (tenant_id, document, version, updated_at, updated_by)
    VALUES (:tenant_id, CAST(:document AS jsonb), 1, :now, :who)
    ON CONFLICT (tenant_id) DO UPDATE SET document = EXCLUDED.document, version = rule_lists.version + 1,
        updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by
    WHERE rule_lists.version = :version RETURNING version
    """
)
_KEEP = text(
    "INSERT INTO rule_list_versions (tenant_id, version, document, created_at, created_by) "
    "VALUES (:tenant_id, :version, CAST(:document AS jsonb), :now, :who)"
)
_WAITING = text(
    "SELECT queue_id, count(*) AS waiting FROM conversations WHERE tenant_id = :tenant_id AND status = 'open' "
    "AND assignee_id IS NULL AND queue_id = ANY(CAST(:queues AS uuid[])) GROUP BY queue_id"
)
_RECENT = text(
    """
    SELECT m.id, m.contact_id, m.channel_id, m.channel_kind, m.body, m.intent, m.confidence, m.created_at, c.name,
        NOT EXISTS (SELECT FROM messages e WHERE e.tenant_id = m.tenant_id AND e.contact_id = m.contact_id
            AND e.id < m.id AND e.direction = 'in') AS first
    FROM messages m JOIN contacts c ON c.tenant_id = m.tenant_id AND c.id = m.contact_id
    WHERE m.tenant_id = :tenant_id AND m.id >= :since AND m.direction = 'in'
    ORDER BY m.id DESC LIMIT :limit
    """
)


async def levels(db: AsyncConnection, tenant_id: UUID) -> list[Level]:
    """The lists of the tenant and of those above it that have one, the nearest first."""
    rows = await db.execute(_LEVELS, {"tenant_id": tenant_id})
    return [
        Level(
            tenant_id=row.tenant_id,
            list=RuleList.model_validate(row.document),
            tenant=row.tenant,
            queues=row.queues or {},
            flows=row.flows or {},
        )
        for row in rows
    ]


async def own(db: AsyncConnection, tenant_id: UUID) -> Row[Any] | None:
    """The tenant's own list."""
    return (await db.execute(select(rule_lists).where(rule_lists.c.tenant_id == tenant_id))).one_or_none()


async def save(
    db: AsyncConnection, tenant_id: UUID, rules: RuleList, version: int, who: str, now: datetime
) -> int | None:
    """Write the list over `version` (0: there is none) and keep it as a version; None when it is another one."""
    document = json.dumps(rules.to_json())
    values = {"tenant_id": tenant_id, "document": document, "version": version, "who": who, "now": now}
    saved: int | None = (await db.execute(_SAVE, values)).scalar()
    if saved is not None:
        await db.execute(_KEEP, values | {"version": saved})
    return saved


async def versions(db: AsyncConnection, tenant_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """The newest versions, the newest first."""
    table = rule_list_versions
    query = select(table).where(table.c.tenant_id == tenant_id).order_by(table.c.version.desc()).limit(limit)
    return (await db.execute(query)).all()


async def version(db: AsyncConnection, tenant_id: UUID, number: int) -> Row[Any] | None:
    table = rule_list_versions
    query = select(table).where(table.c.tenant_id == tenant_id, table.c.version == number)
    return (await db.execute(query)).one_or_none()


async def waiting(db: AsyncConnection, tenant_id: UUID, queue_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many open conversations of each queue nobody has."""
    values = {"tenant_id": tenant_id, "queues": list(queue_ids)}
    rows = await db.execute(_WAITING, values)
    return dict.fromkeys(queue_ids, 0) | {row.queue_id: row.waiting for row in rows}


async def recent(db: AsyncConnection, tenant_id: UUID, since: datetime, limit: int) -> Sequence[Row[Any]]:
    """The newest messages from contacts since then, with what was understood of them."""
    values = {"tenant_id": tenant_id, "since": id_of_moment(since), "limit": limit}
    return (await db.execute(_RECENT, values)).all()


async def queue_names(db: AsyncConnection, tenant_id: UUID) -> dict[UUID, str]:
    """Those that are in use, by name."""
    query = select(queues.c.id, queues.c.name).where(
        queues.c.tenant_id == tenant_id, queues.c.archived_at.is_(None)
    )
    return {row.id: row.name for row in await db.execute(query.order_by(queues.c.name))}


async def flow_documents(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(id, name, definition, version) of those that are published."""
    query = select(flows.c.id, flows.c.name, flows.c.definition, flows.c.version).where(
        flows.c.tenant_id == tenant_id, flows.c.definition.is_not(None)
    )
    return (await db.execute(query)).all()


async def active_people(db: AsyncConnection, tenant_id: UUID) -> dict[UUID, str]:
    """Who can be given a conversation: people, and bots that are agents."""
    query = select(users.c.id, users.c.name).where(users.c.tenant_id == tenant_id, users.c.status == "active")
    found = {row.id: row.name for row in await db.execute(query.order_by(users.c.name))}
    bots = select(agents.c.id, agents.c.name).where(agents.c.tenant_id == tenant_id, agents.c.kind == "bot")
    return found | {row.id: row.name for row in await db.execute(bots)}


async def intents(db: AsyncConnection, tenant_id: UUID) -> list[str]:
    """The labels of the model that is live."""
    query = (
        select(intent_versions.c.labels)
        .join(tenants, tenants.c.intent_version_id == intent_versions.c.id)
        .where(tenants.c.id == tenant_id, intent_versions.c.tenant_id == tenant_id)
    )
    return list((await db.execute(query)).scalar() or ())
