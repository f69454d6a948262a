"""SQL of queues and agents as people set them up, and of how a queue does right now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import insert_rows
from models.routing import agents, queue_members, queues

QUEUES_MAX = 500
AGENTS_MAX = 1_000
PACE_S = 1800  # how far back the pace of a queue is measured
RATED_DAYS = 30  # scores are few: they are looked at over longer

_COLUMNS = (
    "SELECT q.tenant_id, q.id, q.name, q.settings, q.version, q.created_at, q.updated_at, q.updated_by, q.archived_at, "
    "COALESCE((SELECT jsonb_agg(jsonb_build_object('id', u.id, 'name', u.name) ORDER BY u.name, u.id) FROM queue_members m "
    "JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id WHERE m.tenant_id = q.tenant_id AND m.queue_id = q.id), "
    "'[]') AS members FROM queues q WHERE q.tenant_id = ANY (:tenants) "
)
_LIST = text(_COLUMNS + "AND (q.archived_at IS NOT NULL) = :archived ORDER BY q.name, q.id LIMIT :limit")
_ONE = text(_COLUMNS + "AND q.id = :id")
_HOLD = text("SELECT id FROM queues WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE")
_CHANGE = text(
    "UPDATE queues SET name = :name, settings = CAST(:settings AS jsonb), version = version + 1, updated_at = :now, "
    "updated_by = :by, archived_at = :archived_at WHERE tenant_id = :tenant_id AND id = :id"
)
_LEAVE = text("DELETE FROM queue_members WHERE tenant_id = :tenant_id AND queue_id = :id")
_TAKEN = text("SELECT 1 FROM queues WHERE tenant_id = :tenant_id AND name = :name AND id <> :id")
_KNOWN_QUEUES = text(
    "SELECT id FROM queues WHERE tenant_id = :tenant_id AND id = ANY (CAST(:ids AS uuid[])) AND archived_at IS NULL"
)
_KNOWN_USERS = text(
    "SELECT id FROM users WHERE tenant_id = :tenant_id AND id = ANY (CAST(:ids AS uuid[])) AND status = 'active'"
)
_USES = text(
    """
    SELECT 'conversations' AS kind, count(*)::int AS count FROM conversations
    WHERE tenant_id = :tenant_id AND queue_id = :id AND status NOT IN ('idle', 'closed')
    UNION ALL SELECT 'rules', COALESCE(sum(
        (SELECT count(*) FROM jsonb_array_elements(document -> 'rules') r
         WHERE r -> 'actions' @> jsonb_build_array(jsonb_build_object('queue_id', CAST(:id AS text))))
        + COALESCE((document ->> 'fallback_queue_id' = CAST(:id AS text))::int, 0)
    ), 0)::int FROM rule_lists WHERE tenant_id = :tenant_id
    UNION ALL SELECT 'queues', count(*)::int FROM queues WHERE tenant_id = :tenant_id AND id <> :id AND archived_at IS NULL
        AND CAST(:id AS text) IN (settings #>> '{overflow,queue_id}', settings #>> '{breach,queue_id}', settings #>> '{after_hours,queue_id}')
    """
)
_NOW = text(
    """
    SELECT count(*) FILTER (WHERE assignee_id IS NULL AND status = 'open')::int AS waiting,
           count(*) FILTER (WHERE assignee_id IS NOT NULL AND status = 'open')::int AS handled,
           count(*) FILTER (WHERE status = 'snoozed')::int AS snoozed,
           count(*) FILTER (WHERE status = 'waiting')::int AS waiting_for_contact,
           min(waiting_since) FILTER (WHERE status = 'open') AS waiting_since
    FROM conversations WHERE tenant_id = :tenant_id AND queue_id = :id AND status IN ('open', 'snoozed', 'waiting')
    """
)
_PACE = text(
    """
    SELECT count(*) FILTER (WHERE kind IN ('accepted', 'assigned'))::int AS taken,
           (avg(seconds) FILTER (WHERE kind IN ('accepted', 'assigned')))::float AS wait_s,
           count(*) FILTER (WHERE kind = 'breached')::int AS breached
    FROM queue_events WHERE tenant_id = :tenant_id AND queue_id = :id AND at >= :since
    """
)
_RATED = text(
    """
    SELECT count(*)::int AS rated, avg(CAST(detail AS int))::float AS mean_score
    FROM queue_events WHERE tenant_id = :tenant_id AND queue_id = :id AND at >= :since AND kind = 'rated'
    """
)
_AGENTS = text(
    """
    SELECT w.id, w.kind, w.name, w.roles, a.capacity, COALESCE(a.skills, '{}') AS skills, COALESCE(a.weights, '{}') AS weights,
           COALESCE(a.version, 0) AS version,
           (SELECT count(*) FROM conversations v WHERE v.tenant_id = :tenant_id AND v.assignee_id = w.id AND v.status = 'open')::int AS open
    FROM (
        SELECT id, 'person' AS kind, name, roles FROM users WHERE tenant_id = :tenant_id AND status = 'active'
        UNION ALL SELECT id, kind, name, NULL FROM agents WHERE tenant_id = :tenant_id AND kind = 'bot'
    ) w LEFT JOIN agents a ON a.tenant_id = :tenant_id AND a.id = w.id
    WHERE CAST(:id AS uuid) IS NULL OR w.id = :id
    ORDER BY w.name, w.id LIMIT :limit
    """
)
_SKILLS = text(
    """
    SELECT DISTINCT skill FROM (
        SELECT jsonb_object_keys(skills) AS skill FROM agents WHERE tenant_id = :tenant_id
        UNION ALL SELECT jsonb_object_keys(settings -> 'skills') FROM queues
        WHERE tenant_id = :tenant_id AND jsonb_typeof(settings -> 'skills') = 'object'
    ) s ORDER BY skill LIMIT 500
    """
)


async def page(db: AsyncConnection, tenants: Sequence[UUID], archived: bool) -> Sequence[Row[Any]]:
    """Queues with their members, by name."""
    values = {"tenants": list(tenants), "archived": archived, "limit": QUEUES_MAX}
    return (await db.execute(_LIST, values)).all()


async def one(db: AsyncConnection, tenants: Sequence[UUID], queue_id: UUID) -> Row[Any] | None:
    return (await db.execute(_ONE, {"tenants": list(tenants), "id": queue_id})).first()


async def hold(db: AsyncConnection, tenant_id: UUID, queue_id: UUID) -> None:
    """Nobody else changes this queue until the transaction ends."""
    await db.execute(_HOLD, {"tenant_id": tenant_id, "id": queue_id})


async def taken(db: AsyncConnection, tenant_id: UUID, name: str, queue_id: UUID) -> bool:
    """Whether another queue has this name."""
    values = {"tenant_id": tenant_id, "name": name, "id": queue_id}
    return (await db.execute(_TAKEN, values)).first() is not None


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, queues, [row])


async def change(db: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Write name, settings (JSON text or None) and archived_at; the version grows."""
    await db.execute(_CHANGE, values)


async def set_members(db: AsyncConnection, tenant_id: UUID, queue_id: UUID, ids: Sequence[UUID]) -> None:
    """Exactly these people serve the queue; with none everybody does."""
    await db.execute(_LEAVE, {"tenant_id": tenant_id, "id": queue_id})
    rows = [{"tenant_id": tenant_id, "queue_id": queue_id, "user_id": user_id} for user_id in ids]
    await insert_rows(db, queue_members, rows)


async def known_queues(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    return set((await db.execute(_KNOWN_QUEUES, {"tenant_id": tenant_id, "ids": list(ids)})).scalars())


async def known_users(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    return set((await db.execute(_KNOWN_USERS, {"tenant_id": tenant_id, "ids": list(ids)})).scalars())


async def uses(db: AsyncConnection, tenant_id: UUID, queue_id: UUID) -> dict[str, int]:
    """What needs the queue: how many of each kind."""
    rows = await db.execute(_USES, {"tenant_id": tenant_id, "id": queue_id})
    return {row.kind: row._mapping["count"] for row in rows if row._mapping["count"]}


async def now_in(db: AsyncConnection, tenant_id: UUID, queue_id: UUID) -> Row[Any]:
    """waiting, handled, snoozed, waiting_for_contact, waiting_since (the longest)."""
    return (await db.execute(_NOW, {"tenant_id": tenant_id, "id": queue_id})).one()


async def pace(db: AsyncConnection, tenant_id: UUID, queue_id: UUID, since: datetime) -> Row[Any]:
    """taken, wait_s (mean, of those taken), breached, since then."""
    return (await db.execute(_PACE, {"tenant_id": tenant_id, "id": queue_id, "since": since})).one()


async def ratings(db: AsyncConnection, tenant_id: UUID, queue_id: UUID, since: datetime) -> Row[Any]:
    """rated, mean_score (1 to 5, None when nobody was asked or answered), since then."""
    return (await db.execute(_RATED, {"tenant_id": tenant_id, "id": queue_id, "since": since})).one()


async def agent_rows(
    db: AsyncConnection, tenant_id: UUID, agent_id: UUID | None = None
) -> Sequence[Row[Any]]:
    """People who are active and bots, by name; `roles` of a bot is None, `version` 0 where nothing was set."""
    values = {"tenant_id": tenant_id, "id": agent_id, "limit": AGENTS_MAX}
    return (await db.execute(_AGENTS, values)).all()


async def put_agent(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Write what is set of an agent; the version grows."""
    await insert_rows(
        db,
        agents,
        [row],
        "ON CONFLICT (tenant_id, id) DO UPDATE SET name = EXCLUDED.name, capacity = EXCLUDED.capacity, "
        "skills = EXCLUDED.skills, weights = EXCLUDED.weights, version = agents.version + 1",
    )


async def skills(db: AsyncConnection, tenant_id: UUID) -> list[str]:
    """Every skill that a queue needs or somebody has."""
    return list((await db.execute(_SKILLS, {"tenant_id": tenant_id})).scalars())
