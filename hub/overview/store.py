"""All SQL of the overview: reads over other modules' tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

QUEUES_MAX = 500
CAMPAIGNS_MAX = 20
INTENTS_MAX = 20

_CONVERSATIONS = text(
    "SELECT count(*) AS open, count(*) FILTER (WHERE assignee_id IS NULL) AS unassigned, "
    "count(*) FILTER (WHERE assignee_id = :user_id) AS mine, count(*) FILTER (WHERE unread > 0) AS unread "
    "FROM conversations WHERE tenant_id = ANY (:tenants) AND status = 'open'"
)
# Message ids are UUIDv7: those of today are a range of the primary key, whatever the age of the table.
_MESSAGES = text(
    "SELECT count(*) FILTER (WHERE direction = 'in') AS inbound, count(*) FILTER (WHERE direction = 'out') AS outbound, "
    "count(*) FILTER (WHERE direction = 'out' AND status IN ('delivered', 'read')) AS delivered, "
    "count(*) FILTER (WHERE direction = 'out' AND status IN ('undelivered', 'failed', 'expired')) AS failed, "
    "count(*) FILTER (WHERE status = 'refused') AS refused FROM messages "
    "WHERE tenant_id = ANY (:tenants) AND id >= :since"
)
_INTENTS = text(
    "SELECT intent, count(*) AS count FROM messages WHERE tenant_id = ANY (:tenants) AND id >= :since "
    "AND direction = 'in' AND intent IS NOT NULL GROUP BY intent ORDER BY count(*) DESC, intent LIMIT :limit"
)
_QUEUE_COUNTS = text(
    "SELECT q.id, q.name, count(c.contact_id) AS open, "
    "count(c.contact_id) FILTER (WHERE c.assignee_id IS NULL) AS unassigned FROM queues q "
    "LEFT JOIN conversations c ON c.tenant_id = q.tenant_id AND c.queue_id = q.id AND c.status = 'open' "
    "WHERE q.tenant_id = ANY (:tenants) AND q.archived_at IS NULL GROUP BY q.tenant_id, q.id, q.name ORDER BY q.name, q.id LIMIT :limit"
)
_CAMPAIGNS = text(
    "SELECT c.id, c.name, c.status, c.reason, c.recipients, c.recipients - (SELECT COALESCE(sum(b.messages + b.refused), 0) "
    "FROM campaign_batches b WHERE b.tenant_id = c.tenant_id AND b.campaign_id = c.id) AS pending FROM campaigns c "
    "WHERE c.tenant_id = ANY (:tenants) AND c.status IN ('running', 'paused') ORDER BY c.id DESC LIMIT :limit"
)
_UNROUTED = text(
    "SELECT id, account_id, event_key, reason, payload, received_at FROM unrouted_events "
    "WHERE tenant_id = ANY (:tenants) AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit"
)


def first_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: ids made from then on are not below it."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


async def conversation_counts(db: AsyncConnection, tenants: Sequence[UUID], user_id: UUID | None) -> Row[Any]:
    """open, unassigned, mine, unread among open conversations."""
    return (await db.execute(_CONVERSATIONS, {"tenants": list(tenants), "user_id": user_id})).one()


async def message_counts(db: AsyncConnection, tenants: Sequence[UUID], since: datetime) -> Row[Any]:
    """inbound, outbound, and of the outbound delivered, failed, refused."""
    return (await db.execute(_MESSAGES, {"tenants": list(tenants), "since": first_id(since)})).one()


async def intent_counts(db: AsyncConnection, tenants: Sequence[UUID], since: datetime) -> Sequence[Row[Any]]:
    values = {"tenants": list(tenants), "since": first_id(since), "limit": INTENTS_MAX}
    return (await db.execute(_INTENTS, values)).all()


async def queue_counts(db: AsyncConnection, tenants: Sequence[UUID]) -> Sequence[Row[Any]]:
    return (await db.execute(_QUEUE_COUNTS, {"tenants": list(tenants), "limit": QUEUES_MAX})).all()


async def live_campaigns(db: AsyncConnection, tenants: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Running and paused campaigns, newest first; `pending` recipients have no message yet."""
    return (await db.execute(_CAMPAIGNS, {"tenants": list(tenants), "limit": CAMPAIGNS_MAX})).all()


async def unrouted_events(
    db: AsyncConnection, tenants: Sequence[UUID], *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Newest first."""
    return (await db.execute(_UNROUTED, {"tenants": list(tenants), "after": after, "limit": limit})).all()
