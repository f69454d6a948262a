"""SQL of the floor: who waits, who has what, who may take what, what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conversations.desk import NOTHING, Handling, is_unanswered
from hub.conversations.state import Conversation
from hub.routing.floor import NOBODY, Agent
from hub.tenancy.permissions import may_answer

_OPEN = """
    SELECT v.contact_id, v.version, v.queue_id, v.assignee_id, v.offered_to, v.priority, v.waiting_since, v.desk,
           v.last_direction, v.status, COALESCE(c.kind, 'sms') AS kind
    FROM conversations v LEFT JOIN channels c ON c.tenant_id = v.tenant_id AND c.id = v.channel_id
    WHERE v.tenant_id = :tenant_id
"""
_FLOOR = text(_OPEN + " AND v.status = 'open'")
_SOME = text(_OPEN + " AND v.contact_id = ANY(CAST(:ids AS uuid[]))")
_PEOPLE = text(
    """
    SELECT u.id, u.roles, a.capacity, a.skills, a.weights FROM users u
    LEFT JOIN agents a ON a.tenant_id = u.tenant_id AND a.id = u.id
    WHERE u.tenant_id = :tenant_id AND u.status = 'active'
    UNION ALL
    SELECT id, NULL, capacity, skills, weights FROM agents WHERE tenant_id = :tenant_id AND kind = 'bot'
    """
)
_MEMBERS = text("SELECT queue_id, user_id FROM queue_members WHERE tenant_id = :tenant_id")
_QUEUES = text("SELECT id FROM queues WHERE tenant_id = :tenant_id AND archived_at IS NULL")
_DUE = text("SELECT tenant_id, contact_id FROM due_conversations(:before, :most)")


class Standing(NamedTuple):
    """A conversation as the floor sees it. `agent_id`: who has it or, when `asked`, is asked about it."""

    contact_id: UUID
    version: int
    open: bool
    queue_id: UUID | None
    agent_id: UUID | None
    asked: bool
    unanswered: bool
    channel_kind: str
    priority: int
    waiting_since: datetime | None
    last_agent: UUID | None
    refused: frozenset[UUID]
    refused_until: datetime | None


def standing(state: Conversation, channel_kind: str) -> Standing:
    """Of a state in memory."""
    kept = state.desk or NOTHING
    return Standing(
        state.contact_id,
        state.version,
        state.status == "open",
        state.queue_id,
        state.assignee_id or state.offered_to,
        state.assignee_id is None and state.offered_to is not None,
        is_unanswered(state.last_direction, kept),
        channel_kind,
        state.priority,
        state.waiting_since,
        kept.last_agent,
        frozenset(kept.refused) or NOBODY,
        kept.refused_until,
    )


def _of_row(row: Any) -> Standing:
    kept = Handling.from_json(row.desk) or NOTHING
    return Standing(
        row.contact_id,
        row.version,
        row.status == "open",
        row.queue_id,
        row.assignee_id or row.offered_to,
        row.assignee_id is None and row.offered_to is not None,
        is_unanswered(row.last_direction, kept),
        row.kind,
        row.priority,
        row.waiting_since,
        kept.last_agent,
        frozenset(kept.refused) or NOBODY,
        kept.refused_until,
    )


async def open_conversations(db: AsyncConnection, tenant_id: UUID) -> list[Standing]:
    """All that wait and all that somebody has."""
    return [_of_row(row) for row in await db.execute(_FLOOR, {"tenant_id": tenant_id})]


async def some_conversations(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> list[Standing]:
    rows = await db.execute(_SOME, {"tenant_id": tenant_id, "ids": list(ids)})
    return [_of_row(row) for row in rows]


async def able_agents(db: AsyncConnection, tenant_id: UUID) -> dict[UUID, Agent]:
    """Everybody who may answer conversations, present or not. A queue with members is theirs, others are everybody's."""
    values = {"tenant_id": tenant_id}
    members: dict[UUID, set[UUID]] = {}
    for row in await db.execute(_MEMBERS, values):
        members.setdefault(row.queue_id, set()).add(row.user_id)
    queues = set((await db.execute(_QUEUES, values)).scalars())
    found: dict[UUID, Agent] = {}
    for row in await db.execute(_PEOPLE, values):
        if row.roles is not None and not may_answer(row.roles):
            continue
        found[row.id] = _agent(row, frozenset(q for q in queues if row.id in members.get(q, {row.id})))
    return found


def _agent(row: Any, queues: frozenset[UUID]) -> Agent:
    plain = Agent(row.id, queues=queues)
    if row.capacity is None:
        return plain
    skills: Mapping[str, int] = row.skills
    return Agent(row.id, row.capacity, skills, row.weights, queues)


async def due(db: AsyncConnection, before: datetime, most: int) -> Sequence[Any]:
    """(tenant_id, contact_id) of conversations that something is due for, the longest due first, of all tenants."""
    return (await db.execute(_DUE, {"before": before, "most": most})).all()
