"""All SQL of the search: the words of new messages filled in, and messages found by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.ids import id_of_moment
from models.db import insert_rows
from models.search import search_marks

LOOK_BACK = timedelta(seconds=90)  # a message may become visible that long after its id was made
MARK_EVERY = timedelta(minutes=5)  # of tenants in which nothing happens
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)

# What campaigns send says the same to everybody: answers to it are found, itself it is not.
_FILL = text(
    """
    WITH fresh AS (
        SELECT m.tenant_id, m.id, m.body FROM unnest(CAST(:tenants AS uuid[]), CAST(:marks AS uuid[])) AS k(tenant_id, upto)
        CROSS JOIN LATERAL (
            SELECT x.tenant_id, x.id, x.body FROM messages x
            WHERE x.tenant_id = k.tenant_id AND x.id > k.upto AND x.body <> '' AND x.origin <> 'campaign'
              AND NOT EXISTS (SELECT 1 FROM message_terms t WHERE t.tenant_id = x.tenant_id AND t.message_id = x.id)
            ORDER BY x.id LIMIT :limit) AS m)
    INSERT INTO message_terms (tenant_id, message_id, terms)
    SELECT tenant_id, id, terms_of(tenant_id, body) FROM fresh ON CONFLICT DO NOTHING RETURNING tenant_id, message_id
    """
)
_FIND = text("SELECT id FROM search_messages(:tenant_id, :words, :above, :below, :kind, :way, :most)")

_FOUND = text(
    """
    SELECT m.id, m.contact_id, c.name AS contact_name, m.address, m.channel_kind, m.direction, m.origin, m.created_at, m.body,
        CAST(NULL AS uuid) AS call_id
    FROM messages m JOIN contacts c ON c.tenant_id = m.tenant_id AND c.id = m.contact_id
    WHERE m.tenant_id = :tenant_id AND m.id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT w.id, w.contact_id, c.name, COALESCE(k.address, ''), 'voice', CASE w.speaker WHEN 'contact' THEN 'in' ELSE 'out' END,
        w.speaker, w.at, w.body, w.call_id
    FROM call_words w JOIN contacts c ON c.tenant_id = w.tenant_id AND c.id = w.contact_id
    LEFT JOIN calls k ON k.tenant_id = w.tenant_id AND k.id = w.call_id
    WHERE w.tenant_id = :tenant_id AND w.id = ANY(CAST(:ids AS uuid[]))
    ORDER BY 1 DESC
    """
)


async def fill(db: AsyncConnection, tenants: Sequence[UUID], now: datetime, limit: int) -> int:
    """Fill in the words of at most `limit` messages of each tenant. Returns how many were filled in."""
    held = await db.execute(select(search_marks).where(search_marks.c.tenant_id.in_(tenants)))
    known = {row.tenant_id: row.upto for row in held}
    marks = [known.get(tenant, FIRST) for tenant in tenants]
    rows = (await db.execute(_FILL, {"tenants": list(tenants), "marks": marks, "limit": limit})).all()
    filled: dict[UUID, list[UUID]] = {}
    for row in rows:
        filled.setdefault(row.tenant_id, []).append(row.message_id)
    changes = _marks(tenants, known, filled, now, limit)
    conflict = "ON CONFLICT (tenant_id) DO UPDATE SET upto = EXCLUDED.upto"
    await insert_rows(db, search_marks, changes, conflict)
    return len(rows)


def _marks(
    tenants: Sequence[UUID],
    known: Mapping[UUID, UUID],
    filled: Mapping[UUID, Sequence[UUID]],
    now: datetime,
    limit: int,
) -> list[dict[str, Any]]:
    """How far each tenant is now. What may still become visible stays above the mark."""
    settled, old = id_of_moment(now - LOOK_BACK), id_of_moment(now - LOOK_BACK - MARK_EVERY)
    found = []
    for tenant in tenants:
        ids = filled.get(tenant, ())
        before = known.get(tenant, FIRST)
        upto = min(settled, max(ids)) if len(ids) == limit else settled
        if upto > before and (ids or before < old):
            found.append({"tenant_id": tenant, "upto": upto})
    return found


async def find(
    db: AsyncConnection,
    tenant_id: UUID,
    words: Sequence[str],
    *,
    channel: str | None,
    direction: str | None,
    since: datetime | None,
    until: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Messages, and what was said in calls (`call_id`), that have all the words, with their contact's name, the newest first.

    `since` counts in, `until` does not; `after` is the last message of the page before.
    """
    ends = [each for each in (after, id_of_moment(until) if until else None) if each is not None]
    values = {
        "tenant_id": tenant_id,
        "words": list(words),
        "above": id_of_moment(since) if since else FIRST,
        "below": min(ends, default=LAST),
        "kind": channel,
        "way": direction,
        "most": limit,
    }
    ids = list((await db.execute(_FIND, values)).scalars())
    if not ids:
        return []
    return (await db.execute(_FOUND, {"tenant_id": tenant_id, "ids": ids})).all()
