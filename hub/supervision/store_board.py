"""SQL of the wallboard: counts of one tenant, each in one pass over what is under way or of today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import id_of_moment

SKEW = timedelta(hours=1)  # an event's id is made a little after, or by another clock than, its moment

_STANDING = text(
    """
    SELECT queue_id,
           count(*) FILTER (WHERE status = 'open' AND assignee_id IS NULL)::int AS waiting,
           count(*) FILTER (WHERE status = 'open' AND assignee_id IS NOT NULL)::int AS handled,
           count(*) FILTER (WHERE status = 'snoozed')::int AS snoozed,
           count(*) FILTER (WHERE status = 'waiting')::int AS waiting_for_contact,
           min(waiting_since) FILTER (WHERE status = 'open' AND assignee_id IS NULL) AS waiting_since
    FROM conversations WHERE tenant_id = :tenant_id AND status IN ('open', 'snoozed', 'waiting') GROUP BY queue_id
    """
)
_HELD = text(
    """
    SELECT v.agent_id, COALESCE(c.kind, 'sms') AS kind, sum(v.open)::int AS open, sum(v.offered)::int AS offered
    FROM (
        SELECT COALESCE(assignee_id, offered_to) AS agent_id, channel_id, count(assignee_id) AS open,
               count(*) - count(assignee_id) AS offered
        FROM conversations WHERE tenant_id = :tenant_id AND status = 'open' AND (assignee_id IS NOT NULL OR offered_to IS NOT NULL)
        GROUP BY 1, 2
    ) v LEFT JOIN channels c ON c.tenant_id = :tenant_id AND c.id = v.channel_id GROUP BY 1, 2
    """
)
# The ids of queue events are made in the order of time: those of today are a range of the primary key.
_TODAY = text(
    """
    SELECT queue_id,
           count(*) FILTER (WHERE kind = 'entered')::int AS entered,
           count(*) FILTER (WHERE kind = 'answered')::int AS answered,
           count(*) FILTER (WHERE kind = 'answered' AND detail = 'in_time')::int AS in_time,
           count(*) FILTER (WHERE kind = 'answered' AND detail = 'late')::int AS late,
           count(*) FILTER (WHERE kind = 'closed')::int AS closed,
           count(*) FILTER (WHERE kind = 'breached')::int AS breached
    FROM queue_events WHERE tenant_id = :tenant_id AND id >= :first AND at >= :since GROUP BY queue_id
    """
)
_MESSAGES = text(
    "SELECT channel_kind, direction, status, count(*)::int AS count FROM messages "
    "WHERE tenant_id = :tenant_id AND id >= :first GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


async def standing(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    """By queue, None among them: waiting, handled, snoozed, waiting_for_contact, waiting_since (the longest)."""
    return (await db.execute(_STANDING, {"tenant_id": tenant_id})).all()


async def held(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    """By agent and kind of channel: open ones that they have, and ones that they are asked about."""
    return (await db.execute(_HELD, {"tenant_id": tenant_id})).all()


async def happened(db: AsyncConnection, tenant_id: UUID, since: datetime) -> Sequence[Row[Any]]:
    """By queue, None among them: entered, answered, in_time, late, closed, breached since then."""
    values = {"tenant_id": tenant_id, "since": since, "first": id_of_moment(since - SKEW)}
    return (await db.execute(_TODAY, values)).all()


async def messages(db: AsyncConnection, tenant_id: UUID, since: datetime) -> Sequence[Row[Any]]:
    """channel_kind, direction, status, count of what was made since then."""
    return (await db.execute(_MESSAGES, {"tenant_id": tenant_id, "first": id_of_moment(since)})).all()
