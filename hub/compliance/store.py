"""All SQL of compliance: the tenants' policies, and how often contacts were written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.compliance.policy import Caps
from hub.contacts.consents import MARKETING
from hub.ids import id_of_moment
from models.channels import channels
from models.compliance import messaging_policies

DAY, WEEK = timedelta(days=1), timedelta(days=7)

_LEVELS = text("SELECT tenant_id, policy FROM messaging_policies_for(:tenant_id) ORDER BY distance")
_SAVE = text(
    "INSERT INTO messaging_policies (tenant_id, policy, version, updated_at, updated_by) "
    "VALUES (:tenant_id, CAST(:policy AS jsonb), 1, :now, :who) ON CONFLICT (tenant_id) DO UPDATE SET "
    "policy = EXCLUDED.policy, version = messaging_policies.version + 1, updated_at = EXCLUDED.updated_at, "
    "updated_by = EXCLUDED.updated_by WHERE messaging_policies.version = :version RETURNING version"
)
# Whoever writes a marketing message to a contact waits here for the one before: the count that follows has seen it.
_HOLD = text(
    "SELECT id FROM contacts WHERE tenant_id = :tenant_id AND id = ANY(CAST(:contacts AS uuid[])) "
    "ORDER BY id FOR NO KEY UPDATE"
)
# A message over several channels counts once: by its first attempt.
_COUNTS = text(
    """
    SELECT c.id AS contact_id, n.day, n.week FROM unnest(CAST(:contacts AS uuid[])) AS c(id)
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE m.created_at > :day) AS day, count(*) AS week FROM messages m
        WHERE m.tenant_id = :tenant_id AND m.contact_id = c.id AND m.id > :since AND m.created_at > :week
          AND m.direction = 'out' AND m.purpose = :purpose AND m.first_id IS NULL AND m.status <> 'refused'
    ) n WHERE n.week > 0
    """
)


async def levels(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(tenant, policy) of the tenant and of those above it that set one, the nearest first."""
    return (await db.execute(_LEVELS, {"tenant_id": tenant_id})).all()


async def own(db: AsyncConnection, tenant_id: UUID) -> Any | None:
    """The tenant's own policy, or None."""
    query = select(messaging_policies).where(messaging_policies.c.tenant_id == tenant_id)
    return (await db.execute(query)).one_or_none()


async def channel_kinds(db: AsyncConnection, tenant_id: UUID) -> dict[UUID, str]:
    """The kinds of the tenant's own channels."""
    rows = await db.execute(select(channels.c.id, channels.c.kind).where(channels.c.tenant_id == tenant_id))
    return {row.id: row.kind for row in rows}


async def save(
    db: AsyncConnection, tenant_id: UUID, policy: str, version: int, who: str, now: datetime
) -> int | None:
    """Write the policy (JSON text) over `version` (0: none is there); the new version, None when it is another one."""
    values = {"tenant_id": tenant_id, "policy": policy, "version": version, "who": who, "now": now}
    return (await db.execute(_SAVE, values)).scalar()


async def over_cap(
    db: AsyncConnection, tenant_id: UUID, caps: Caps, contact_ids: Sequence[UUID], now: datetime
) -> dict[int, str]:
    """Which of these messages would be one too many: place → the limit in words. A contact may stand there often.

    The contacts are held until the transaction ends, so that two campaigns at once count one after the other.
    """
    if not caps or not contact_ids:
        return {}
    wanted = list(dict.fromkeys(contact_ids))
    values = {"tenant_id": tenant_id, "contacts": wanted}
    await db.execute(_HOLD, values)
    windows = {"day": now - DAY, "week": now - WEEK, "since": id_of_moment(now - WEEK - DAY)}
    rows = await db.execute(_COUNTS, values | windows | {"purpose": MARKETING})
    seen = {row.contact_id: [int(row.day), int(row.week)] for row in rows}
    found: dict[int, str] = {}
    for place, contact_id in enumerate(contact_ids):
        counted = seen.setdefault(contact_id, [0, 0])
        if caps.per_day is not None and counted[0] >= caps.per_day:
            found[place] = f"{caps.per_day} marketing messages within 24 hours are the limit"
        elif caps.per_week is not None and counted[1] >= caps.per_week:
            found[place] = f"{caps.per_week} marketing messages within 7 days are the limit"
        else:
            counted[0] += 1
            counted[1] += 1
    return found
