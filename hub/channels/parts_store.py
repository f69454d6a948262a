"""All SQL of texts in parts: what became of each part that was sent, and parts that wait for the rest of their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.delivery import Status, advance
from hub.channels.sms_smpp import whole
from models.db import Db, encode_rows, fetch, insert_rows, put
from models.parts import inbound_parts, message_parts

_HOLDERS = text(
    "SELECT message_id, part, channel_id, provider_message_id FROM message_parts "
    "WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND channel_id = ANY(CAST(:channels AS uuid[])) "
    "AND provider_message_id = ANY(CAST(:providers AS text[]))"
)
_OF_MESSAGES = text(
    "SELECT tenant_id, message_id, part, channel_id, provider_message_id, status, provider_code, reason, at "
    "FROM message_parts WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND message_id = ANY(CAST(:ids AS uuid[])) "
    "ORDER BY message_id, part"
)
_MOVE = text(
    "UPDATE message_parts p SET status = r.status, provider_code = COALESCE(r.provider_code, p.provider_code), "
    "at = r.at FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(tenant_id uuid, message_id uuid, part smallint, status text, provider_code text, at timestamptz) "
    "WHERE p.tenant_id = r.tenant_id AND p.message_id = r.message_id AND p.part = r.part"
)
_WAITING = text("SELECT * FROM waiting_parts_tenants(CAST(:before AS timestamptz))")

Name = tuple[UUID, str]  # channel, the provider's id


class PartNews(NamedTuple):
    """What a provider says of one part of a message."""

    tenant_id: UUID
    message_id: UUID
    part: int
    status: Status
    at: datetime
    error_code: str | None


async def holders(db: Db, tenants: Sequence[UUID], names: Sequence[Name]) -> dict[Name, tuple[UUID, int]]:
    """Which (message, part) have these (channel, provider id)."""
    if not names:
        return {}
    channels, providers = (list(set(column)) for column in zip(*names, strict=True))
    values = {"tenants": list(set(tenants)), "channels": channels, "providers": providers}
    rows = await fetch(db, _HOLDERS, values)
    return {(row.channel_id, row.provider_message_id): (row.message_id, row.part) for row in rows}


async def of_messages(db: Db, tenants: Sequence[UUID], ids: Sequence[UUID]) -> Sequence[Any]:
    """The parts of these messages, in order; none for a message of a single part."""
    if not ids:
        return []
    return await fetch(db, _OF_MESSAGES, {"tenants": list(set(tenants)), "ids": list(set(ids))})


async def record(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what became of the parts of a send; told again, it replaces nothing."""
    await insert_rows(db, message_parts, rows, "ON CONFLICT DO NOTHING")


async def move(db: Db, news: Sequence[PartNews]) -> list[Status]:
    """Apply news of parts in their order; the state of the whole message after each. Their messages are locked."""
    rows = await of_messages(db, [one.tenant_id for one in news], [one.message_id for one in news])
    states: dict[UUID, dict[int, Status]] = {}
    for row in rows:
        states.setdefault(row.message_id, {})[row.part] = Status(row.status)
    moved: dict[tuple[UUID, int], dict[str, Any]] = {}
    answers = []
    for one in news:
        parts = states[one.message_id]
        status = advance(parts[one.part], one.status)
        if status is not parts[one.part]:
            parts[one.part] = status
            moved[one.message_id, one.part] = {
                "tenant_id": one.tenant_id,
                "message_id": one.message_id,
                "part": one.part,
                "status": status.value,
                "provider_code": one.error_code,
                "at": one.at,
            }
        answers.append(whole(list(parts.values())))
    if moved:
        await put(db, _MOVE, {"rows": encode_rows(list(moved.values()))})
    return answers


# -- what comes in


async def waiting_tenants(db: AsyncConnection, before: datetime) -> list[UUID]:
    """Tenants with parts that came before `before` and still wait."""
    return [row[0] for row in await fetch(db, _WAITING, {"before": before})]


class TextKey(NamedTuple):
    """Which text a part belongs to."""

    tenant_id: UUID
    channel_id: UUID
    sender: str
    reference: int
    total: int


def _of(key: TextKey) -> tuple[Any, ...]:
    columns = inbound_parts.c
    return (
        columns.tenant_id == key.tenant_id,
        columns.channel_id == key.channel_id,
        columns.sender == key.sender,
        columns.reference == key.reference,
        columns.total == key.total,
    )


async def parts_of_text(db: AsyncConnection, key: TextKey) -> list[Any]:
    """The parts that are here, in order."""
    return list(
        (await db.execute(select(inbound_parts).where(*_of(key)).order_by(inbound_parts.c.part))).all()
    )


async def keep_part(db: AsyncConnection, key: TextKey, part: int, data_coding: int, octets: bytes) -> None:
    """Let a part wait for the rest. A part that is here already stays as it is."""
    values = {**key._asdict(), "part": part, "data_coding": data_coding, "octets": octets}
    if not any(row.part == part for row in await parts_of_text(db, key)):
        await db.execute(inbound_parts.insert().values(values))


async def drop_text(db: AsyncConnection, key: TextKey) -> None:
    """The text is on its way: its parts are not needed any more."""
    await db.execute(delete(inbound_parts).where(*_of(key)))


async def old_texts(db: AsyncConnection, tenant_id: UUID, before: datetime, limit: int) -> list[TextKey]:
    """Texts whose first part came before `before`."""
    columns = inbound_parts.c
    keys = (columns.tenant_id, columns.channel_id, columns.sender, columns.reference, columns.total)
    found = await db.execute(
        select(*keys)
        .where(columns.tenant_id == tenant_id, columns.received_at < before)
        .distinct()
        .limit(limit)
    )
    return [TextKey(*row) for row in found]
