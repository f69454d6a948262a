"""All SQL of the outbox: what is owed, who has taken it, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import encode_rows

# Every tenant gets its share of one claim; the live lane goes before bulk. SKIP LOCKED lets senders work side by side.
_CLAIM = text(
    """
    WITH picked AS (
        SELECT o.tenant_id, o.message_id
        FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, message_id FROM outbox
            WHERE tenant_id = t.id AND state = 'queued' AND due_at <= now()
            ORDER BY lane, message_id LIMIT :share FOR UPDATE SKIP LOCKED
        ) o
    ), claimed AS (
        UPDATE outbox o SET state = 'sending', claimed_at = now(), claimed_by = :sender, attempts = attempts + 1
        FROM picked p WHERE o.tenant_id = p.tenant_id AND o.message_id = p.message_id
        RETURNING o.tenant_id, o.message_id, o.channel_id, o.lane, o.attempts
    )
    SELECT c.*, m.address, m.body, m.contact_id FROM claimed c
    JOIN messages m ON m.tenant_id = c.tenant_id AND m.id = c.message_id
    ORDER BY c.lane, c.message_id
    """
)
_KEYS = "jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(tenant_id uuid, message_id uuid, due_at timestamptz)"
_MATCH = "o.tenant_id = r.tenant_id AND o.message_id = r.message_id"
_DONE = text(f"DELETE FROM outbox o USING {_KEYS} WHERE {_MATCH}")
_LATER = text(
    f"UPDATE outbox o SET state = 'queued', due_at = r.due_at, claimed_at = NULL, claimed_by = NULL FROM {_KEYS} WHERE {_MATCH}"
)
# The grace begins anew: a provider that was slow to answer may also be slow to show what it took.
_UNKNOWN = text(f"UPDATE outbox o SET state = 'unknown', claimed_at = now() FROM {_KEYS} WHERE {_MATCH}")
_STRANDED = text(
    """
    WITH picked AS (
        SELECT tenant_id, message_id FROM outbox
        WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND state <> 'queued' AND claimed_at < :before
        ORDER BY claimed_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE outbox o SET state = 'unknown', claimed_at = now(), claimed_by = :sender
        FROM picked p WHERE o.tenant_id = p.tenant_id AND o.message_id = p.message_id
        RETURNING o.tenant_id, o.message_id, o.channel_id, o.attempts
    )
    SELECT t.*, m.address, m.body, m.status, m.contact_id, m.created_at FROM taken t
    JOIN messages m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
    """
)

Key = tuple[UUID, UUID]  # tenant, message


async def tenants_with_work(db: AsyncConnection) -> list[UUID]:
    return list((await db.execute(text("SELECT * FROM outbox_tenants()"))).scalars())


async def tenants_with_stranded(db: AsyncConnection, before: datetime) -> list[UUID]:
    return list(
        (await db.execute(text("SELECT * FROM claimed_tenants(:before)"), {"before": before})).scalars()
    )


async def claim(db: AsyncConnection, tenants: Sequence[UUID], sender: str, limit: int) -> Sequence[Any]:
    """Take up to `limit` queued sends; no tenant gets more than its share while others wait."""
    share = max(1, limit // max(1, len(tenants)))
    names = "{" + ",".join(map(str, tenants)) + "}"
    return (await db.execute(_CLAIM, {"tenants": names, "share": share, "sender": sender})).all()


async def stranded(
    db: AsyncConnection, tenants: Sequence[UUID], sender: str, before: datetime, limit: int
) -> Sequence[Any]:
    """Take over sends whose sender never said what became of them."""
    names = "{" + ",".join(map(str, tenants)) + "}"
    values = {"tenants": names, "before": before, "sender": sender, "limit": limit}
    return (await db.execute(_STRANDED, values)).all()


async def _run(
    db: AsyncConnection, statement: TextClause, keys: Sequence[Key], due_at: Sequence[datetime] = ()
) -> None:
    if keys:
        rows: list[dict[str, Any]] = [
            {"tenant_id": tenant, "message_id": message} for tenant, message in keys
        ]
        for row, due in zip(rows, due_at, strict=False):
            row["due_at"] = due
        await db.execute(statement, {"rows": encode_rows(rows)})


async def done(db: AsyncConnection, keys: Sequence[Key]) -> None:
    """The provider has answered for good: nothing is owed any more."""
    await _run(db, _DONE, keys)


async def later(db: AsyncConnection, keys: Sequence[Key], due_at: Sequence[datetime]) -> None:
    """Certainly not sent: try again at `due_at`."""
    await _run(db, _LATER, keys, due_at)


async def unknown(db: AsyncConnection, keys: Sequence[Key]) -> None:
    """Perhaps sent: only reconciliation may decide."""
    await _run(db, _UNKNOWN, keys)


def backoff(attempts: int) -> timedelta:
    """Capped exponential wait before attempt `attempts` + 1: 0.5, 1, 2 … 60 s."""
    return timedelta(seconds=min(60.0, 0.5 * 2 ** max(0, attempts - 1)))
