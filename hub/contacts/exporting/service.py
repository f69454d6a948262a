"""Exports: contacts of a filter as a file that streams; who took what is told in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts import service_listing, store_attributes
from hub.contacts.exporting import columns as shapes
from hub.contacts.exporting import store
from hub.contacts.exporting.columns import Column
from hub.contacts.exporting.formats import Format
from hub.contacts.listing import Clauses, Filter
from hub.ids import encode_id
from hub.tenancy import audit_log
from hub.tenancy.audit_log import Record
from models.db import Scope, transaction

CHUNK = 2_000


async def begin(
    db: AsyncConnection,
    tenant_id: UUID,
    wanted: Filter,
    columns: str,
    *,
    kind: str,
    actor: str,
    ip: str,
) -> tuple[list[Column], Clauses]:
    """The columns and the filter, checked, and the row of the audit log. Raises Invalid, NotFound."""
    definitions = await store_attributes.definitions(db, tenant_id)
    found = shapes.chosen(columns, definitions)
    filters = await service_listing.filters_of(db, tenant_id, wanted)
    told = {
        "format": kind,
        "columns": [column.name for column in found],
        "segment": encode_id("seg", wanted.segment) if wanted.segment else "",
        "tag": wanted.tag,
        "searched": bool(wanted.search),
    }
    await audit_log.append(db, tenant_id, Record(actor, "contacts.exported", "contacts", told, ip))
    return found, filters


async def stream(
    engine: AsyncEngine, tenants: Sequence[UUID], filters: Clauses, columns: Sequence[Column], kind: Format
) -> AsyncIterator[bytes]:
    """The file in pieces, oldest contact first; a short transaction a piece, so that a slow reader holds nothing."""
    yield kind.begin(columns)
    scope = Scope(frozenset(tenants), frozenset())
    after: UUID | None = None
    while True:
        async with transaction(engine, scope) as db:
            ids = await service_listing.page_ids(db, tenants, filters, "created", after, CHUNK)
            rows = await store.these(db, tenants, ids) if ids else []
        if rows:
            yield await asyncio.to_thread(_piece, kind, rows, columns)
        if len(ids) < CHUNK:
            break
        after = ids[-1]
    yield kind.end()


def _piece(kind: Format, rows: Sequence[Row[Any]], columns: Sequence[Column]) -> bytes:
    return kind.rows([shapes.values(row, columns) for row in rows])
