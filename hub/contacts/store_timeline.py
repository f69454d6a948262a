"""SQL of timelines: one page of each source, by the index that holds its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.timeline import Place, id_bound

_MESSAGES = (
    "SELECT id, channel_id, channel_kind, direction, origin, origin_id, address, body, status, reason, error_code, parts, "
    "price_micros, currency, intent, confidence, created_at, sent_at, delivered_at, read_at, failed_at FROM messages "
    "WHERE tenant_id = :tenant_id AND contact_id = :contact_id{where} ORDER BY id {way} LIMIT :limit"
)
# A message that is a call has its id; what a person brought by calling has the provider's.
_CALLS = text(
    """
    SELECT m.id AS message_id, c.id, c.status, c.duration_s, c.recording_url FROM messages m
    JOIN calls c ON c.tenant_id = m.tenant_id AND c.id = m.id
    WHERE m.tenant_id = :tenant_id AND m.id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT m.id, c.id, c.status, c.duration_s, c.recording_url FROM messages m
    JOIN calls c ON c.tenant_id = m.tenant_id AND c.channel_id = m.channel_id AND c.provider_call_id = m.provider_message_id
    WHERE m.tenant_id = :tenant_id AND m.id = ANY(CAST(:ids AS uuid[])) AND m.direction = 'in'
    """
)
_ACTIVITIES = (
    "SELECT id, at, kind, actor, data FROM activities "
    "WHERE tenant_id = :tenant_id AND contact_id = :contact_id{where} ORDER BY id {way} LIMIT :limit"
)
_EVENTS = (
    "SELECT id, name, at, received_at, properties FROM contact_events "
    "WHERE tenant_id = :tenant_id AND contact_id = :contact_id{where} ORDER BY at {way}, id {way} LIMIT :limit"
)
_CAMPAIGNS = text(
    "SELECT id, name FROM campaigns WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))"
)
_FLOWS = text("SELECT id, name FROM flows WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))")
_ACTIVITY = text(
    "SELECT id, at, kind, actor, data FROM activities WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND id = :id "
    "AND kind = 'note' FOR UPDATE"
)
_SET_DATA = text(
    "UPDATE activities SET data = CAST(:data AS jsonb) WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND id = :id"
)
_DELETE = text(
    "DELETE FROM activities WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND id = :id"
)


def _ids(before: Place | None, after: Place | None) -> tuple[str, dict[str, Any]]:
    """The part of an index of ids that lies before or after a place."""
    if before is not None:
        return " AND id < :bound", {"bound": id_bound(before)}
    if after is not None:
        # From the place on; the entry of the cursor itself is dropped by who merges.
        return " AND id >= :bound", {"bound": id_bound(after)}
    return "", {}


def _way(after: Place | None) -> str:
    return "ASC" if after is not None else "DESC"


async def messages(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    before: Place | None,
    after: Place | None,
    limit: int,
    channel: str = "",
    campaigns_only: bool = False,
) -> Sequence[Row[Any]]:
    where, values = _ids(before, after)
    if channel:
        where += " AND channel_kind = :channel"
        values["channel"] = channel
    if campaigns_only:
        where += " AND origin = 'campaign'"
    values |= {"tenant_id": tenant_id, "contact_id": contact_id, "limit": limit}
    return (await db.execute(text(_MESSAGES.format(where=where, way=_way(after))), values)).all()


async def calls(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The calls of messages that are calls, by message."""
    if not ids:
        return {}
    rows = await db.execute(_CALLS, {"tenant_id": tenant_id, "ids": list(ids)})
    return {row.message_id: row for row in rows}


async def activities(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    before: Place | None,
    after: Place | None,
    limit: int,
    kinds: Iterable[str] | None = None,
) -> Sequence[Row[Any]]:
    where, values = _ids(before, after)
    if kinds is not None:
        where += " AND kind = ANY(CAST(:kinds AS text[]))"
        values["kinds"] = list(kinds)
    values |= {"tenant_id": tenant_id, "contact_id": contact_id, "limit": limit}
    return (await db.execute(text(_ACTIVITIES.format(where=where, way=_way(after))), values)).all()


async def events(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    before: Place | None,
    after: Place | None,
    limit: int,
) -> Sequence[Row[Any]]:
    where, values = "", {"tenant_id": tenant_id, "contact_id": contact_id, "limit": limit}
    edge = before or after
    if edge is not None:
        sign = "<" if before is not None else ">"
        where = f" AND at {sign}= :at AND (at, id) {sign} (:at, :id)"
        values |= {"at": edge.moment, "id": edge.id}
    return (await db.execute(text(_EVENTS.format(where=where, way=_way(after))), values)).all()


async def campaign_names(db: AsyncConnection, tenant_id: UUID, ids: Iterable[UUID]) -> dict[UUID, str]:
    return await _names(db, _CAMPAIGNS, tenant_id, ids)


async def flow_names(db: AsyncConnection, tenant_id: UUID, ids: Iterable[UUID]) -> dict[UUID, str]:
    return await _names(db, _FLOWS, tenant_id, ids)


async def _names(db: AsyncConnection, query: Any, tenant_id: UUID, ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted = list(set(ids))
    rows = await db.execute(query, {"tenant_id": tenant_id, "ids": wanted}) if wanted else ()
    return {row.id: row.name for row in rows}


async def note(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID) -> Row[Any] | None:
    """One note, locked."""
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "id": note_id}
    return (await db.execute(_ACTIVITY, values)).one_or_none()


async def set_data(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID, data: str) -> None:
    """Replace an activity's data by this JSON text."""
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "id": note_id, "data": data}
    await db.execute(_SET_DATA, values)


async def delete(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID) -> None:
    await db.execute(_DELETE, {"tenant_id": tenant_id, "contact_id": contact_id, "id": note_id})
