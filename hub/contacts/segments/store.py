"""All SQL of segments but that of the conditions themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.sql import CompiledCondition

CHOICES_MAX = 1_000

_ZONE = text("SELECT time_zone FROM tenants WHERE id = :tenant_id")
_ATTRIBUTES = text(
    "SELECT id, key, label, type, choices, indexed FROM attribute_definitions WHERE tenant_id = :tenant_id ORDER BY position, key"
)
_NAMED = text(
    "SELECT id, name, kind, condition, version FROM segments WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[])) "
    "AND archived_at IS NULL"
)
_CAMPAIGNS = text(
    "SELECT id, name FROM campaigns WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))"
)
_SEGMENT_CHOICES = text(
    "SELECT id, name FROM segments WHERE tenant_id = :tenant_id AND archived_at IS NULL ORDER BY name LIMIT :limit"
)
_CAMPAIGN_CHOICES = text(
    "SELECT id, name FROM campaigns WHERE tenant_id = :tenant_id ORDER BY id DESC LIMIT :limit"
)
# One index look-up a distinct value instead of a walk over all rows.
_TAG_CHOICES = text(
    """
    WITH RECURSIVE t AS (
        (SELECT tag FROM contact_tags WHERE tenant_id = :tenant_id ORDER BY tag LIMIT 1)
        UNION ALL
        SELECT (SELECT n.tag FROM contact_tags n WHERE n.tenant_id = :tenant_id AND n.tag > t.tag ORDER BY n.tag LIMIT 1)
        FROM t WHERE t.tag IS NOT NULL
    )
    SELECT tag FROM t WHERE tag IS NOT NULL LIMIT :limit
    """
)
_LIMITS = text(
    "SELECT set_config('statement_timeout', :timeout, true), set_config('work_mem', :memory, true), "
    "set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)
_REACH = """
    SELECT count(*) AS total,
        count(*) FILTER (WHERE r.phone AND NOT COALESCE(o.sms, false)) AS sms,
        count(*) FILTER (WHERE (r.phone OR r.whatsapp) AND NOT COALESCE(o.whatsapp, false)) AS whatsapp,
        count(*) FILTER (WHERE (r.phone OR r.rcs) AND NOT COALESCE(o.rcs, false)) AS rcs,
        count(*) FILTER (WHERE (r.phone OR r.sip) AND NOT COALESCE(o.voice, false)) AS voice,
        count(*) FILTER (WHERE NOT COALESCE(
            (r.phone AND NOT COALESCE(o.sms, false))
            OR ((r.phone OR r.whatsapp) AND NOT COALESCE(o.whatsapp, false))
            OR ((r.phone OR r.rcs) AND NOT COALESCE(o.rcs, false))
            OR ((r.phone OR r.sip) AND NOT COALESCE(o.voice, false)), false)) AS unreachable
    FROM (
        SELECT s.id, bool_or(a.kind = 'phone') AS phone, bool_or(a.kind = 'whatsapp') AS whatsapp,
               bool_or(a.kind = 'rcs') AS rcs, bool_or(a.kind = 'sip') AS sip
        FROM (SELECT c.id FROM contacts c WHERE {condition}) s
        LEFT JOIN contact_addresses a ON a.tenant_id = :tenant_id AND a.contact_id = s.id GROUP BY s.id
    ) r
    LEFT JOIN (
        SELECT n.contact_id, bool_or(n.channel_kind = 'sms') AS sms, bool_or(n.channel_kind = 'whatsapp') AS whatsapp,
               bool_or(n.channel_kind = 'rcs') AS rcs, bool_or(n.channel_kind = 'voice') AS voice
        FROM consents n WHERE n.tenant_id = :tenant_id AND n.state = 'opted_out' AND n.purpose IN ('all', 'marketing')
        GROUP BY n.contact_id
    ) o ON o.contact_id = r.id
"""


_PEOPLE = text(
    """
    SELECT c.id, c.name, c.language, c.attributes, c.created_at, v.last_inbound_at,
        (SELECT a.address FROM contact_addresses a WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.id AND a.kind = 'phone'
         ORDER BY a.position, a.created_at, a.address LIMIT 1) AS phone,
        ARRAY(SELECT t.tag FROM contact_tags t WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id ORDER BY t.tag) AS tags
    FROM contacts c LEFT JOIN conversations v ON v.tenant_id = c.tenant_id AND v.contact_id = c.id
    WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[])) ORDER BY c.id DESC
    """
)


async def limit(db: AsyncConnection, *, timeout_ms: int, memory: str) -> None:
    """For the rest of this transaction: how long a statement may run and how much memory a hash or sort may take.
    Plans are made for the values at hand: one plan for all values is a bad one for most.
    """
    await db.execute(_LIMITS, {"timeout": str(timeout_ms), "memory": memory})


async def time_zone(db: AsyncConnection, tenant_id: UUID) -> str:
    return (await db.execute(_ZONE, {"tenant_id": tenant_id})).scalar() or "UTC"


async def attributes(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    return (await db.execute(_ATTRIBUTES, {"tenant_id": tenant_id})).all()


async def named(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Those of the segments that exist and are not archived."""
    return (await db.execute(_NAMED, {"tenant_id": tenant_id, "ids": list(ids)})).all() if ids else []


async def campaigns(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    return (await db.execute(_CAMPAIGNS, {"tenant_id": tenant_id, "ids": list(ids)})).all() if ids else []


async def segment_choices(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    """(id, name) by name."""
    return (await db.execute(_SEGMENT_CHOICES, {"tenant_id": tenant_id, "limit": CHOICES_MAX})).all()


async def campaign_choices(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    """(id, name), newest first."""
    return (await db.execute(_CAMPAIGN_CHOICES, {"tenant_id": tenant_id, "limit": CHOICES_MAX})).all()


async def tag_choices(db: AsyncConnection, tenant_id: UUID) -> Sequence[str]:
    return (await db.execute(_TAG_CHOICES, {"tenant_id": tenant_id, "limit": CHOICES_MAX})).scalars().all()


async def count(db: AsyncConnection, condition: CompiledCondition) -> int:
    query = text(f"SELECT count(*) FROM contacts c WHERE {condition.sql}")
    return int((await db.execute(query, dict(condition.values))).scalar_one())


async def count_by_channel(db: AsyncConnection, tenant_id: UUID, condition: CompiledCondition) -> Row[Any]:
    """(total, sms, whatsapp, rcs, voice, unreachable) in one pass."""
    query = text(_REACH.format(condition=condition.sql))
    return (await db.execute(query, {**condition.values, "tenant_id": tenant_id})).one()


async def sample(db: AsyncConnection, condition: CompiledCondition, most: int) -> Sequence[UUID]:
    """The ids of some contacts, the newest first."""
    query = text(f"SELECT c.id FROM contacts c WHERE {condition.sql} ORDER BY c.id DESC LIMIT :sample_limit")
    return (await db.execute(query, {**condition.values, "sample_limit": most})).scalars().all()


async def people(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """A few contacts as a list shows them, the newest first."""
    return (await db.execute(_PEOPLE, {"tenant_id": tenant_id, "ids": list(ids)})).all() if ids else []
