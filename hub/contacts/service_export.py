"""A person's own copy of what is kept about them (Articles 15 and 20): one JSON document, or a ZIP with CSV tables."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_timeline
from hub.contacts.exporting.cells import guarded
from hub.contacts.service_common import missing
from hub.contacts.timeline import steps
from hub.conversations.views import instant
from hub.ids import encode_id
from hub.money import format_micros
from hub.tenancy import audit_log

FORMAT = "parley.contact/1"
ROWS_MAX = 1_000_000

_CAMPAIGNS = text(
    "SELECT k.id, k.name, k.launched_at FROM campaigns k JOIN campaign_recipients r ON r.tenant_id = k.tenant_id "
    "AND r.campaign_id = k.id AND r.contact_id = :contact_id WHERE k.tenant_id = :tenant_id ORDER BY k.id"
)
_SEGMENTS = text(
    "SELECT s.id, s.name FROM segments s JOIN segment_members m ON m.tenant_id = s.tenant_id AND m.segment_id = s.id "
    "WHERE m.tenant_id = :tenant_id AND m.contact_id = :contact_id ORDER BY s.name"
)
_CONVERSATION = text(
    "SELECT status, tags, last_at, last_inbound_at, intent, opened_at, closed_at FROM conversations "
    "WHERE tenant_id = :tenant_id AND contact_id = :contact_id"
)


async def document(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, record: audit_log.Record
) -> dict[str, Any]:
    """Everything that this database keeps of one contact; the audit log says who took it. Raises NotFound."""
    contact = await store.get(db, [tenant_id], contact_id)
    if contact is None:
        raise await missing(db, [tenant_id], contact_id)
    values = {"tenant_id": tenant_id, "contact_id": contact_id}
    no_edge: dict[str, Any] = {"before": None, "after": None, "limit": ROWS_MAX}
    found = {
        "format": FORMAT,
        "exported_at": instant(datetime.now(UTC)),
        "contact": {
            "id": encode_id("con", contact.id),
            "name": contact.name,
            "language": contact.language,
            "time_zone": contact.time_zone,
            "attributes": contact.attributes,
            "tags": contact.tags,
            "created_at": instant(contact.created_at),
            "updated_at": instant(contact.updated_at),
        },
        "addresses": contact.addresses,
        "consents": _rows(await store.consents_of(db, tenant_id, contact_id)),
        "conversation": _rows((await db.execute(_CONVERSATION, values)).all()),
        "messages": [
            _message(row) for row in await store_timeline.messages(db, tenant_id, contact_id, **no_edge)
        ],
        "events": [
            {
                "id": encode_id("evt", row.id),
                "name": row.name,
                "at": instant(row.at),
                "properties": row.properties,
            }
            for row in await store_timeline.events(db, tenant_id, contact_id, **no_edge)
        ],
        "activities": [
            {"at": instant(row.at), "kind": row.kind, "data": row.data}
            for row in await store_timeline.activities(db, tenant_id, contact_id, **no_edge)
        ],
        "campaigns": [
            {"id": encode_id("cmp", row.id), "name": row.name, "launched_at": instant(row.launched_at)}
            for row in await db.execute(_CAMPAIGNS, values)
        ],
        "segments": [
            {"id": encode_id("seg", row.id), "name": row.name} for row in await db.execute(_SEGMENTS, values)
        ],
    }
    await audit_log.append(db, tenant_id, record)
    return found


def _rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            name: instant(value) if isinstance(value, datetime) else value
            for name, value in row._mapping.items()
        }
        for row in rows
    ]


def _message(row: Any) -> dict[str, Any]:
    return {
        "id": encode_id("msg", row.id),
        "at": instant(row.created_at),
        "direction": row.direction,
        "channel": row.channel_kind,
        "address": row.address,
        "body": row.body,
        "status": row.status,
        "reason": row.reason,
        "steps": [{"status": step["status"], "at": instant(step["at"])} for step in steps(row)],
        "parts": row.parts,
        "price": format_micros(row.price_micros),
        "currency": row.currency,
        "intent": row.intent,
        "confidence": row.confidence,
        "origin": row.origin,
    }


def as_json(found: Mapping[str, Any]) -> bytes:
    return orjson.dumps(found, option=orjson.OPT_INDENT_2)


def as_zip(found: Mapping[str, Any]) -> bytes:
    """The document as `contact.json`, and each of its parts as a table that a spreadsheet opens."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("contact.json", as_json(found))
        for name, part in found.items():
            if isinstance(part, dict):
                archive.writestr(f"{name}.csv", _table([part]))
            elif isinstance(part, list):
                archive.writestr(f"{name}.csv", _table(part))
    return packed.getvalue()


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV of RFC 4180. A cell that a spreadsheet would take for a formula begins with `'`."""
    written = io.StringIO()
    writer = csv.writer(written)
    names = list(rows[0]) if rows else []
    writer.writerow(names)
    writer.writerows([guarded(_cell(row[name])) for name in names] for row in rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return orjson.dumps(value).decode()
