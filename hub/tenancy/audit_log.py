"""The audit log: one hash chain a tenant, written in the transaction of what it tells of, never changed after.

`hash = SHA-256(hash of the row before ‖ canonical JSON of this row)`; before the first row stand 32 zero bytes. Canonical:
keys sorted, separators `,` and `:`, UTF-8, an empty `ip` or `request_id` left out. The application may only insert. The
rows hold ids and keyed hashes, nothing of a person, so that an erasure leaves the chain whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.db import insert_rows
from models.tenancy import audit_log

GENESIS = bytes(32)
VERIFY_ROWS = 5_000

_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended('audit:' || CAST(:tenant AS text), 0))")
_HEAD = text("SELECT seq, hash FROM audit_log WHERE tenant_id = :tenant_id ORDER BY seq DESC LIMIT 1")
_COLUMNS = "SELECT seq, at, actor, action, target, ip, request_id, data, hash FROM audit_log "
_FORWARD = text(_COLUMNS + "WHERE tenant_id = :tenant_id AND seq > :after ORDER BY seq LIMIT :limit")
_PAGE = (
    _COLUMNS + "WHERE tenant_id = :tenant_id AND (CAST(:before AS bigint) IS NULL OR seq < :before){where} "
    "ORDER BY seq DESC LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Record:
    """What shall be told: who did what to which thing. `data` holds texts, whole numbers, booleans, lists and objects."""

    actor: str
    action: str
    target: str
    data: Mapping[str, Any]
    ip: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far a chain holds. `broken_seq` is the first row that does not fit, or None."""

    rows: int
    broken_seq: int | None
    head: str


def canonical(tenant_id: UUID, seq: int, at: datetime, record: Record) -> bytes:
    """The bytes of a row that its hash covers."""
    row = {
        "action": record.action,
        "actor": record.actor,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "data": record.data,
        "seq": seq,
        "target": record.target,
        "tenant_id": str(tenant_id),
    }
    row |= {name: value for name, value in (("ip", record.ip), ("request_id", record.request_id)) if value}
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(before: bytes, row: bytes) -> bytes:
    """The hash of a row after the hash of the one before it."""
    return hashlib.sha256(before + row).digest()


async def append(db: AsyncConnection, tenant_id: UUID, record: Record, now: datetime | None = None) -> int:
    """Write one row at the end of the tenant's chain; returns its number. Others who append wait for this commit."""
    await db.execute(_HOLD, {"tenant": str(tenant_id)})
    head = (await db.execute(_HEAD, {"tenant_id": tenant_id})).one_or_none()
    seq, before = (head.seq + 1, bytes(head.hash)) if head else (1, GENESIS)
    at = now or datetime.now(UTC)
    row = {
        "tenant_id": tenant_id,
        "seq": seq,
        "at": at,
        "actor": record.actor,
        "action": record.action,
        "target": record.target,
        "ip": record.ip,
        "request_id": record.request_id,
        "data": dict(record.data),
        "hash": link(before, canonical(tenant_id, seq, at, record)),
    }
    await insert_rows(db, audit_log, [row])
    return seq


async def verify(db: AsyncConnection, tenant_id: UUID) -> Verdict:
    """Compute the whole chain again. A missing row breaks it too; rows cut from its end do not: keep the head elsewhere."""
    seq, before = 0, GENESIS
    while True:
        values = {"tenant_id": tenant_id, "after": seq, "limit": VERIFY_ROWS}
        rows = (await db.execute(_FORWARD, values)).all()
        for row in rows:
            record = Record(row.actor, row.action, row.target, row.data, row.ip, row.request_id)
            wanted = link(before, canonical(tenant_id, row.seq, row.at, record))
            if row.seq != seq + 1 or wanted != bytes(row.hash):
                return Verdict(seq, seq + 1, before.hex())
            seq, before = row.seq, wanted
        if len(rows) < VERIFY_ROWS:
            return Verdict(seq, None, before.hex())


async def page(
    db: AsyncConnection, tenant_id: UUID, *, action: str, target: str, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Rows, newest first; `action` may be the beginning of one (`contact.`)."""
    where = ""
    values: dict[str, Any] = {"tenant_id": tenant_id, "before": before, "limit": limit}
    if action:
        where += " AND starts_with(action, :action)"
        values["action"] = action
    if target:
        where += " AND target = :target"
        values["target"] = target
    return (await db.execute(text(_PAGE.format(where=where)), values)).all()
