"""SQL of running flows: sessions, their steps and goals, and the work that they left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import Db, Insert, fetch, insert_rows
from models.flow_runs import flow_goals, flow_sessions, flow_steps, flow_work

LIVE = ("waiting", "stuck")
_CHANGES = (
    "version",
    "state",
    "status",
    "node",
    "reason",
    "outcome",
    "due_at",
    "steps",
    "updated_at",
    "ended_at",
)
_SAVE = "ON CONFLICT (tenant_id, id) DO UPDATE SET " + ", ".join(
    f"{name} = EXCLUDED.{name}" for name in _CHANGES
)
_HISTORY = text(
    "SELECT DISTINCT contact_id, flow_id, CASE WHEN key = ANY(CAST(:keys AS text[])) THEN key END AS key "
    "FROM flow_sessions WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[]))"
)
_VERSIONS = text(
    "SELECT v.flow_id, v.version, v.document FROM unnest(CAST(:flows AS uuid[]), CAST(:versions AS int[])) "
    "AS w(flow_id, version) JOIN flow_versions v ON v.tenant_id = :tenant_id AND v.flow_id = w.flow_id "
    "AND v.version = w.version"
)
_TENANTS_DUE = text("SELECT * FROM flow_tenants_due(:before)")
# Leased, not taken: a host that dies with it leaves it to the next look.
_TIMERS = text(
    """
    WITH picked AS MATERIALIZED (
        SELECT s.tenant_id, s.id, s.due_at FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, id, due_at FROM flow_sessions WHERE tenant_id = t.id AND due_at <= :now
            ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
        ) s
    )
    UPDATE flow_sessions s SET due_at = :lease FROM picked p WHERE s.tenant_id = p.tenant_id AND s.id = p.id
    RETURNING s.tenant_id, s.contact_id, s.id, s.status, CAST(s.state -> 'waiting' ->> 'token' AS int) AS token,
        CAST(s.state -> 'waiting' ->> 'until' AS timestamptz) AS until
    """
)
_CLAIM = text(
    """
    WITH picked AS MATERIALIZED (
        SELECT w.tenant_id, w.id FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
        CROSS JOIN LATERAL (
            SELECT tenant_id, id FROM flow_work WHERE tenant_id = t.id AND due_at <= :now AND kind <> 'webhook'
            ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED
        ) w
    )
    UPDATE flow_work w SET due_at = :lease, attempts = attempts + 1 FROM picked p
    WHERE w.tenant_id = p.tenant_id AND w.id = p.id
    RETURNING w.tenant_id, w.id, w.contact_id, w.session_id, w.kind, w.payload, w.attempts, w.created_at
    """
)
_WITH_WEBHOOKS = text(
    "SELECT t.id FROM unnest(CAST(:tenants AS uuid[])) AS t(id) WHERE EXISTS (SELECT FROM flow_work w "
    "WHERE w.tenant_id = t.id AND w.kind = 'webhook' AND w.due_at <= :now)"
)
_CLAIM_WEBHOOKS = text(
    """
    WITH picked AS MATERIALIZED (
        SELECT w.tenant_id, w.id FROM unnest(CAST(:tenants AS uuid[]), CAST(:shares AS int[])) AS t(id, share)
        CROSS JOIN LATERAL (
            SELECT tenant_id, id FROM flow_work WHERE tenant_id = t.id AND due_at <= :now AND kind = 'webhook'
            AND id <> ALL(CAST(:asking AS uuid[])) ORDER BY due_at, id LIMIT t.share FOR UPDATE SKIP LOCKED
        ) w
    )
    UPDATE flow_work w SET due_at = :lease, attempts = attempts + 1 FROM picked p
    WHERE w.tenant_id = p.tenant_id AND w.id = p.id RETURNING w.tenant_id, w.id, w.payload, w.attempts
    """
)
_DONE = text(
    "DELETE FROM flow_work WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND id = ANY(CAST(:ids AS uuid[]))"
)
_ANSWERED = text(
    "UPDATE flow_work SET kind = 'input', payload = CAST(:payload AS jsonb), due_at = :due_at, attempts = 0 "
    "WHERE tenant_id = :tenant_id AND id = :id"
)
# A wait that is another one by now has its own end; this one's is over.
_QUIET = text(
    "UPDATE flow_sessions SET due_at = NULL WHERE tenant_id = :tenant_id AND id = :id AND due_at = :lease"
)
_CHANGING = text(
    "SELECT id, version, in_flight FROM flows WHERE tenant_id = :tenant_id AND in_flight IS NOT NULL LIMIT 20"
)
_BEHIND = text(
    "SELECT id, contact_id FROM flow_sessions WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND version < :version AND status IN ('waiting', 'stuck') AND id > :after ORDER BY id LIMIT :most"
)
_CHANGED = text(
    "UPDATE flows SET in_flight = NULL WHERE tenant_id = :tenant_id AND id = :id AND version = :version"
)
_END_OTHERS = text(
    "UPDATE flow_sessions SET status = 'exited', reason = :reason, due_at = NULL, ended_at = now(), updated_at = now() "
    "WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[])) AND flow_id = :flow_id "
    "AND status IN ('waiting', 'stuck')"
)
_LOST = text(
    "UPDATE flow_sessions SET status = 'exited', reason = :reason, due_at = NULL, ended_at = now(), updated_at = now() "
    "WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[])) AND status IN ('waiting', 'stuck')"
)


def sessions(rows: Sequence[Mapping[str, Any]]) -> Insert:
    """New sessions, and what became of those that are there."""
    return Insert(flow_sessions, rows, _SAVE)


def new_sessions(rows: Sequence[Mapping[str, Any]]) -> Insert:
    return Insert(flow_sessions, rows)


def steps(rows: Sequence[Mapping[str, Any]]) -> Insert:
    return Insert(flow_steps, rows, "ON CONFLICT DO NOTHING")


def goals(rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Each once a session."""
    return Insert(flow_goals, rows, "ON CONFLICT DO NOTHING")


def work(rows: Sequence[Mapping[str, Any]]) -> Insert:
    return Insert(flow_work, rows, "ON CONFLICT DO NOTHING")


def history_query(
    tenant_id: UUID, contacts: Collection[UUID], keys: Collection[str]
) -> tuple[TextClause, dict[str, Any]]:
    """(contact_id, flow_id, key) of the flows that contacts have been in; of the keys only these."""
    return _HISTORY, {"tenant_id": tenant_id, "contacts": list(contacts), "keys": list(keys)}


async def documents(
    db: AsyncConnection, tenant_id: UUID, wanted: Iterable[tuple[UUID, int]]
) -> Sequence[Any]:
    """(flow_id, version, document) of published versions."""
    pairs = list(wanted)
    values = {
        "tenant_id": tenant_id,
        "flows": [flow for flow, _ in pairs],
        "versions": [version for _, version in pairs],
    }
    return (await db.execute(_VERSIONS, values)).all()


async def tenants_due(db: AsyncConnection, now: datetime) -> list[UUID]:
    """Tenants with something to do for their flows, before any is in scope."""
    return list((await db.execute(_TENANTS_DUE, {"before": now})).scalars())


async def timers(
    db: AsyncConnection, tenants: Sequence[UUID], now: datetime, lease: datetime, most: int
) -> Sequence[Any]:
    """Lease sessions whose time is up, at most so many a tenant."""
    values = {"tenants": list(tenants), "now": now, "lease": lease, "most": most}
    return (await db.execute(_TIMERS, values)).all()


async def claim(
    db: AsyncConnection, tenants: Sequence[UUID], now: datetime, lease: datetime, most: int
) -> Sequence[Any]:
    """Lease work that is due but for webhooks, at most so much a tenant, the oldest first."""
    values = {"tenants": list(tenants), "now": now, "lease": lease, "most": most}
    rows = (await db.execute(_CLAIM, values)).all()
    return sorted(rows, key=lambda row: row.id)


async def with_webhooks(db: AsyncConnection, tenants: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those of the tenants who have a webhook to ask."""
    return list((await db.execute(_WITH_WEBHOOKS, {"tenants": list(tenants), "now": now})).scalars())


async def claim_webhooks(
    db: AsyncConnection, shares: Mapping[UUID, int], asking: Collection[UUID], now: datetime, lease: datetime
) -> Sequence[Any]:
    """Lease webhooks that are asked at once, at most its share of each tenant; none of those that are being asked."""
    values = {"tenants": list(shares), "shares": list(shares.values()), "asking": list(asking)}
    return (await db.execute(_CLAIM_WEBHOOKS, {**values, "now": now, "lease": lease})).all()


async def done(db: AsyncConnection, keys: Iterable[tuple[UUID, UUID]]) -> None:
    """Forget work of (tenant, id)."""
    pairs = list(keys)
    if pairs:
        values = {"tenants": list({tenant for tenant, _ in pairs}), "ids": [key for _, key in pairs]}
        await db.execute(_DONE, values)


async def answered(db: AsyncConnection, tenant_id: UUID, work_id: UUID, payload: str, now: datetime) -> None:
    """Work became what its session must hear of it."""
    values = {"tenant_id": tenant_id, "id": work_id, "payload": payload, "due_at": now}
    await db.execute(_ANSWERED, values)


async def add_work(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, flow_work, rows, "ON CONFLICT DO NOTHING")


async def lost(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID], reason: str) -> None:
    """Sessions that their contact's conversation does not know (any more)."""
    await db.execute(_LOST, {"tenant_id": tenant_id, "ids": list(ids), "reason": reason})


_RECEIPTS = text(
    "SELECT tenant_id, id, contact_id, session_id, kind, payload FROM flow_work WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) "
    "AND id = ANY(CAST(:ids AS uuid[])) AND kind IN ('receipt', 'call')"
)


async def receipts(db: Db, tenants: Collection[UUID], message_ids: Collection[UUID]) -> Sequence[Any]:
    """Which of these messages' fates a session waits for; `call`: of calls, whose end it hears by itself, once they were dialled."""
    return await fetch(db, _RECEIPTS, {"tenants": list(tenants), "ids": list(message_ids)})


async def quiet(db: AsyncConnection, tenant_id: UUID, session_id: UUID, lease: datetime) -> None:
    """Nothing waits for this timer: it is not looked at again."""
    await db.execute(_QUIET, {"tenant_id": tenant_id, "id": session_id, "lease": lease})


async def changing(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(id, version, in_flight) of flows whose earlier sessions are being moved or ended."""
    return (await db.execute(_CHANGING, {"tenant_id": tenant_id})).all()


async def behind(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, version: int, after: UUID, most: int
) -> Sequence[Any]:
    """(id, contact_id) of live sessions in earlier versions."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "version": version, "after": after, "most": most}
    return (await db.execute(_BEHIND, values)).all()


async def changed(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, version: int) -> None:
    """All of them are done."""
    await db.execute(_CHANGED, {"tenant_id": tenant_id, "id": flow_id, "version": version})


async def end_others(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, contacts: Sequence[UUID], reason: str
) -> None:
    """End what these contacts are inside of in this flow."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id, "contacts": list(contacts), "reason": reason}
    await db.execute(_END_OTHERS, values)
