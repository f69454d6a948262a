"""All SQL of the outbox: what is owed, who has taken it, what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from models.db import Db, encode_rows, fetch, put

# Every tenant gets its share of one claim; the live lane goes before bulk. SKIP LOCKED lets senders work side by side.
_CLAIM = text(
    """
    WITH picked AS MATERIALIZED (
        SELECT o.tenant_id, o.message_id
        FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, message_id FROM outbox
            WHERE tenant_id = t.id AND state = 'queued' AND due_at <= now()
              AND channel_id <> ALL(CAST(:resting AS uuid[]))
              AND (lane = 0 OR channel_id <> ALL(CAST(:resting_bulk AS uuid[])))
            ORDER BY lane, message_id LIMIT :share FOR UPDATE SKIP LOCKED
        ) o
    )
    UPDATE outbox o SET state = 'sending', claimed_at = now(), claimed_by = :sender, attempts = attempts + 1
    WHERE o.tenant_id = ANY(CAST(:tenants AS uuid[])) AND o.message_id = ANY(ARRAY(SELECT message_id FROM picked))
    RETURNING o.tenant_id, o.message_id, o.channel_id, o.lane, o.attempts, o.expires_at
    """
)
_STRANDED = text(
    """
    WITH picked AS MATERIALIZED (
        SELECT tenant_id, message_id FROM outbox
        WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND state <> 'queued' AND claimed_at < :before
        ORDER BY claimed_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET state = 'unknown', claimed_at = now(), claimed_by = :sender
    WHERE o.tenant_id = ANY(CAST(:tenants AS uuid[])) AND o.message_id = ANY(ARRAY(SELECT message_id FROM picked))
    RETURNING o.tenant_id, o.message_id, o.channel_id, o.lane, o.attempts, o.expires_at
    """
)
# Ids as arrays, here as everywhere on these tables: part of the index condition whatever the planner believes.
_MESSAGES = text(
    "SELECT id, address, body, status, contact_id, created_at, content, purpose FROM messages "
    "WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND id = ANY(CAST(:ids AS uuid[]))"
)
_THESE = "o.tenant_id = ANY(CAST(:tenants AS uuid[])) AND o.message_id = ANY(CAST(:ids AS uuid[]))"
_DONE = text(f"DELETE FROM outbox o WHERE {_THESE}")
_LATER = text(
    "UPDATE outbox o SET state = 'queued', due_at = r.due_at, claimed_at = NULL, claimed_by = NULL "
    "FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(message_id uuid, due_at timestamptz) "
    f"WHERE o.message_id = r.message_id AND {_THESE}"
)
_WAIT = text(
    "UPDATE outbox o SET state = 'queued', due_at = r.due_at, claimed_at = NULL, claimed_by = NULL, "
    "attempts = o.attempts - 1 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    f"AS r(message_id uuid, due_at timestamptz) WHERE o.message_id = r.message_id AND o.state = 'sending' AND {_THESE}"
)
# The message first, then what is owed: the same order as everywhere. Nothing is moved that has left, or that is not ours;
# one that was unknown and is claimed again was looked for at the provider, and is not there.
_MOVE = text(
    """
    WITH r AS (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
            AS x(message_id uuid, channel_id uuid, was uuid, note jsonb)
    ), moved AS (
        UPDATE messages m SET channel_id = r.channel_id, history = COALESCE(m.history, '[]'::jsonb) || r.note
        FROM r WHERE m.tenant_id = ANY(CAST(:tenants AS uuid[])) AND m.id = ANY(CAST(:ids AS uuid[]))
          AND m.id = r.message_id AND m.channel_id = r.was AND m.status IN ('queued', 'unknown') AND m.provider_message_id IS NULL
        RETURNING m.id
    )
    UPDATE outbox o SET channel_id = r.channel_id, state = 'queued', due_at = now(), claimed_at = NULL, claimed_by = NULL,
        attempts = o.attempts - 1
    FROM r JOIN moved ON moved.id = r.message_id
    WHERE o.tenant_id = ANY(CAST(:tenants AS uuid[])) AND o.message_id = ANY(CAST(:ids AS uuid[]))
      AND o.message_id = r.message_id AND o.state = 'sending' AND o.channel_id = r.was
    """
)
# The grace begins anew: a provider that was slow to answer may also be slow to show what it took.
_UNKNOWN = text(f"UPDATE outbox o SET state = 'unknown', claimed_at = now() WHERE {_THESE}")

_WITH_WORK = text("SELECT * FROM outbox_tenants()")
_WITH_STRANDED = text("SELECT * FROM claimed_tenants(CAST(:before AS timestamptz))")

Key = tuple[UUID, UUID]  # tenant, message


async def tenants_with_work(db: Db) -> list[UUID]:
    return [row[0] for row in await fetch(db, _WITH_WORK, {})]


async def tenants_with_stranded(db: Db, before: datetime) -> list[UUID]:
    return [row[0] for row in await fetch(db, _WITH_STRANDED, {"before": before})]


@dataclass(frozen=True, slots=True)
class Owed:
    """One send that somebody has taken: the outbox row and what its message says."""

    tenant_id: UUID
    message_id: UUID
    channel_id: UUID
    lane: int
    attempts: int
    address: str
    body: str
    status: str
    contact_id: UUID
    created_at: datetime
    content: Mapping[str, Any] | None = None
    purpose: str | None = None
    expires_at: datetime | None = None

    def validity_s(self, now: datetime) -> int:
        """For how long it is still worth sending; 0: for ever. Never 0 for what has an end."""
        return 0 if self.expires_at is None else max(1, int((self.expires_at - now).total_seconds()))

    def is_over(self, now: datetime) -> bool:
        """It is not worth sending any more."""
        return self.expires_at is not None and self.expires_at <= now


async def claim(
    db: Db,
    tenants: Sequence[UUID],
    sender: str,
    limit: int,
    resting: Sequence[UUID] = (),
    resting_bulk: Sequence[UUID] = (),
) -> list[Owed]:
    """Take up to `limit` queued sends, live lane first; no tenant gets more than its share while others wait.

    Nothing of the channels in `resting` is taken, and no bulk of those in `resting_bulk`.
    """
    share = max(1, limit // max(1, len(tenants)))
    values = {
        "tenants": list(tenants),
        "share": share,
        "sender": sender,
        "resting": list(resting),
        "resting_bulk": list(resting_bulk),
    }
    return await _with_messages(db, tenants, await fetch(db, _CLAIM, values))


async def stranded(db: Db, tenants: Sequence[UUID], sender: str, before: datetime, limit: int) -> list[Owed]:
    """Take over sends whose sender never said what became of them."""
    values = {"tenants": list(tenants), "before": before, "sender": sender, "limit": limit}
    return await _with_messages(db, tenants, await fetch(db, _STRANDED, values))


async def _with_messages(db: Db, tenants: Sequence[UUID], rows: Sequence[Any]) -> list[Owed]:
    if not rows:
        return []
    ids = [row.message_id for row in rows]
    found = {row.id: row for row in await fetch(db, _MESSAGES, {"tenants": list(tenants), "ids": ids})}
    owed = [
        Owed(
            row.tenant_id,
            row.message_id,
            row.channel_id,
            row.lane,
            row.attempts,
            m.address,
            m.body,
            m.status,
            m.contact_id,
            m.created_at,
            m.content,
            m.purpose,
            row.expires_at,
        )
        for row in rows
        if (m := found.get(row.message_id)) is not None
    ]
    return sorted(owed, key=lambda one: (one.lane, one.message_id))


def _these(keys: Sequence[Key]) -> dict[str, Any]:
    return {"tenants": list({tenant for tenant, _ in keys}), "ids": [message for _, message in keys]}


async def done(db: Db, keys: Sequence[Key]) -> None:
    """The provider has answered for good: nothing is owed any more."""
    if keys:
        await put(db, _DONE, _these(keys))


async def later(db: Db, keys: Sequence[Key], due_at: Sequence[datetime]) -> None:
    """Certainly not sent: try again at `due_at`."""
    if keys:
        rows = [
            {"message_id": message, "due_at": due} for (_, message), due in zip(keys, due_at, strict=True)
        ]
        await put(db, _LATER, _these(keys) | {"rows": encode_rows(rows)})


async def wait(db: Db, keys: Sequence[Key], due_at: Sequence[datetime]) -> None:
    """Claimed, but not tried: owed again at `due_at`, and the claim was no attempt."""
    if keys:
        rows = [
            {"message_id": message, "due_at": due} for (_, message), due in zip(keys, due_at, strict=True)
        ]
        await put(db, _WAIT, _these(keys) | {"rows": encode_rows(rows)})


async def move(db: Db, moves: Sequence[tuple[Owed, UUID, Mapping[str, Any]]]) -> None:
    """Claimed, but not tried: owed by another channel (its id) of the same kind; the note tells why in the history."""
    if moves:
        rows = [
            {"message_id": row.message_id, "channel_id": channel, "was": row.channel_id, "note": [note]}
            for row, channel, note in moves
        ]
        keys = [(row.tenant_id, row.message_id) for row, _, _ in moves]
        await put(db, _MOVE, _these(keys) | {"rows": encode_rows(rows)})


async def unknown(db: Db, keys: Sequence[Key]) -> None:
    """Perhaps sent: only reconciliation may decide."""
    if keys:
        await put(db, _UNKNOWN, _these(keys))


def backoff(attempts: int) -> timedelta:
    """Capped exponential wait before attempt `attempts` + 1: 0.5, 1, 2 … 60 s."""
    return timedelta(seconds=min(60.0, 0.5 * 2 ** max(0, attempts - 1)))
