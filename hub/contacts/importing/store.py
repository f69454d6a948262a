"""SQL of imports themselves: the row, the file in pieces, errors, fixes, the remembered mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.importing.limits import RowError
from models.db import insert_rows
from models.imports import import_chunks, import_errors, import_fixes, imports

_COLUMNS = (
    "tenant_id, id, name, state, size_bytes, file, options, totals, rows_done, rows_total, checkpoint, cancel_asked, "
    "error, created_by, created_at, started_at, finished_at"
)
_GET = f"SELECT {_COLUMNS} FROM imports WHERE tenant_id = :tenant_id AND id = :id"
_PAGE = text(
    f"SELECT {_COLUMNS} FROM imports WHERE tenant_id = :tenant_id AND (CAST(:after AS uuid) IS NULL OR id < :after) "
    "ORDER BY id DESC LIMIT :limit"
)
_CHUNK = text(
    "SELECT data FROM import_chunks WHERE tenant_id = :tenant_id AND import_id = :id AND number = :number"
)
_ERRORS = text(
    "SELECT row_number, place, column_name, code, value, detail FROM import_errors WHERE tenant_id = :tenant_id "
    "AND import_id = :id AND (row_number, place) > (:row, :place) ORDER BY row_number, place LIMIT :limit"
)
_ERRORS_STORED = text("SELECT count(*) FROM import_errors WHERE tenant_id = :tenant_id AND import_id = :id")
_FIXES = text(
    "SELECT row_number, cells FROM import_fixes WHERE tenant_id = :tenant_id AND import_id = :id ORDER BY row_number"
)
_FIX = text(
    "INSERT INTO import_fixes (tenant_id, import_id, row_number, cells) VALUES (:tenant_id, :id, :row, CAST(:cells AS jsonb)) "
    "ON CONFLICT (tenant_id, import_id, row_number) DO UPDATE SET cells = import_fixes.cells || excluded.cells"
)
_FIX_COUNT = text("SELECT count(*) FROM import_fixes WHERE tenant_id = :tenant_id AND import_id = :id")
_REMEMBER = text(
    "INSERT INTO import_mappings (tenant_id, header_hash, options, used_at) "
    "VALUES (:tenant_id, :hash, CAST(:options AS jsonb), now()) "
    "ON CONFLICT (tenant_id, header_hash) DO UPDATE SET options = excluded.options, used_at = now()"
)
_RECALL = text("SELECT options FROM import_mappings WHERE tenant_id = :tenant_id AND header_hash = :hash")
_ACTIVE = text("SELECT tenant_id, id FROM active_imports()")
_KEPT = text(
    "SELECT i.contact_id, i.before, i.after, c.name FROM import_changes i "
    "LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id "
    "WHERE i.tenant_id = :tenant_id AND i.import_id = :id AND i.contact_id > :after AND jsonb_exists(i.after, 'kept') "
    "ORDER BY i.contact_id LIMIT :limit"
)
_FORGET_FILES = text(
    "DELETE FROM import_chunks c USING imports i WHERE c.tenant_id = :tenant_id AND i.tenant_id = c.tenant_id "
    "AND i.id = c.import_id AND i.created_at < :before AND i.state NOT IN ('checking', 'running', 'undoing')"
)


async def create(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, imports, [row])


async def get(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, *, lock: bool = False
) -> Row[Any] | None:
    statement = text(_GET + (" FOR UPDATE" if lock else ""))
    return (await db.execute(statement, {"tenant_id": tenant_id, "id": import_id})).one_or_none()


async def page(db: AsyncConnection, tenant_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Newest first, one more than the limit."""
    return (await db.execute(_PAGE, {"tenant_id": tenant_id, "after": after, "limit": limit + 1})).all()


async def set_import(db: AsyncConnection, tenant_id: UUID, import_id: UUID, **values: Any) -> None:
    mine = (imports.c.tenant_id == tenant_id) & (imports.c.id == import_id)
    await db.execute(update(imports).where(mine).values(**values))


async def remove(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> None:
    """The import with its file, errors and fixes. Contacts stay."""
    await db.execute(delete(imports).where(imports.c.tenant_id == tenant_id, imports.c.id == import_id))


async def add_chunk(db: AsyncConnection, tenant_id: UUID, import_id: UUID, number: int, data: bytes) -> None:
    row = {"tenant_id": tenant_id, "import_id": import_id, "number": number, "data": data}
    await db.execute(insert(import_chunks).values(row))


async def chunk(db: AsyncConnection, tenant_id: UUID, import_id: UUID, number: int) -> bytes | None:
    values = {"tenant_id": tenant_id, "id": import_id, "number": number}
    found = (await db.execute(_CHUNK, values)).scalar_one_or_none()
    return None if found is None else bytes(found)


async def add_errors(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, header: Sequence[str], errors: Sequence[RowError]
) -> None:
    """Store what is wrong; the same row and place once."""
    rows = [
        {
            "tenant_id": tenant_id,
            "import_id": import_id,
            "row_number": error.row,
            "place": error.place,
            "column_name": header[error.place] if 0 <= error.place < len(header) else "",
            "code": error.code,
            "value": error.value,
            "detail": error.detail,
        }
        for error in errors
    ]
    await insert_rows(db, import_errors, rows, "ON CONFLICT DO NOTHING")


async def clear_errors(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> None:
    mine = (import_errors.c.tenant_id == tenant_id) & (import_errors.c.import_id == import_id)
    await db.execute(delete(import_errors).where(mine))


async def errors(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, *, after: tuple[int, int], limit: int
) -> Sequence[Row[Any]]:
    """By row and column; one more than the limit."""
    values = {"tenant_id": tenant_id, "id": import_id, "row": after[0], "place": after[1]}
    return (await db.execute(_ERRORS, {**values, "limit": limit + 1})).all()


async def errors_stored(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> int:
    return int((await db.execute(_ERRORS_STORED, {"tenant_id": tenant_id, "id": import_id})).scalar_one())


async def fixes(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> dict[int, dict[str, str]]:
    """Mended cells by row and column."""
    rows = await db.execute(_FIXES, {"tenant_id": tenant_id, "id": import_id})
    return {row.row_number: row.cells for row in rows}


async def fix_count(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> int:
    return int((await db.execute(_FIX_COUNT, {"tenant_id": tenant_id, "id": import_id})).scalar_one())


async def fix(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, row: int, cells: Mapping[str, str]
) -> None:
    values = {"tenant_id": tenant_id, "id": import_id, "row": row, "cells": orjson.dumps(cells).decode()}
    await db.execute(_FIX, values)


async def clear_fixes(db: AsyncConnection, tenant_id: UUID, import_id: UUID) -> None:
    mine = (import_fixes.c.tenant_id == tenant_id) & (import_fixes.c.import_id == import_id)
    await db.execute(delete(import_fixes).where(mine))


async def remember(db: AsyncConnection, tenant_id: UUID, header_hash: bytes, options: Any) -> None:
    values = {"tenant_id": tenant_id, "hash": header_hash, "options": orjson.dumps(options).decode()}
    await db.execute(_REMEMBER, values)


async def recall(db: AsyncConnection, tenant_id: UUID, header_hash: bytes) -> dict[str, Any] | None:
    """The options last used with this header."""
    found = (await db.execute(_RECALL, {"tenant_id": tenant_id, "hash": header_hash})).scalar_one_or_none()
    return found if found is None else dict(found)


async def active(db: AsyncConnection) -> Sequence[Row[Any]]:
    """(tenant_id, id) of all imports that a worker should be busy with, of every tenant."""
    return (await db.execute(_ACTIVE)).all()


async def kept(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, *, after: UUID, limit: int
) -> Sequence[Row[Any]]:
    """Contacts that an undo left as they are, with the reason."""
    values = {"tenant_id": tenant_id, "id": import_id, "after": after, "limit": limit + 1}
    return (await db.execute(_KEPT, values)).all()


async def forget_files(db: AsyncConnection, tenant_id: UUID, before: Any) -> None:
    await db.execute(_FORGET_FILES, {"tenant_id": tenant_id, "before": before})
