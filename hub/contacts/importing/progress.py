"""How far an import is: counts and checkpoint in its row, written with the block they speak of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts.importing import store
from hub.contacts.importing.prepared import Prepared
from hub.contacts.importing.service import NO_TOTALS
from hub.contacts.importing.stage import Outcome
from models.db import Scope, transaction

SHOW_EVERY_S = 0.5
MANY = 10_000

_ADD = text(
    "UPDATE imports SET rows_done = rows_done + :rows, totals = totals || jsonb_build_object("
    + ", ".join(
        f"'{name}', COALESCE((totals ->> '{name}')::bigint, 0) + :{name}" for name in NO_TOTALS
    ).replace("::bigint", "\\:\\:bigint")
    + "), checkpoint = CASE WHEN :writing THEN jsonb_build_object('ranges', COALESCE(checkpoint -> 'ranges', '[]') "
    "|| CAST(:range AS jsonb)) ELSE checkpoint END "
    "WHERE tenant_id = :tenant_id AND id = :id AND state = :state AND cancel_asked = 0 "
    "AND NOT (:writing AND COALESCE(checkpoint -> 'ranges', '[]') @> CAST(:range AS jsonb)) RETURNING id"
)
_UNDONE = text(
    "UPDATE imports SET rows_done = rows_done + :done, totals = jsonb_set(totals, '{undo}', CAST(:undo AS jsonb)), "
    "checkpoint = jsonb_set(checkpoint, '{undo}', CAST(:place AS jsonb)) "
    "WHERE tenant_id = :tenant_id AND id = :id AND state = 'undoing'"
)


def ranges(row: Row[Any]) -> list[tuple[int, int]]:
    """First and last row of the blocks that are written."""
    return [(first, last) for first, last in (row.checkpoint or {}).get("ranges", [])]


async def restart(db: AsyncConnection, row: Row[Any]) -> None:
    """A dry run begins at the first row, also after a crash: it has written nothing that matters."""
    await store.clear_errors(db, row.tenant_id, row.id)
    await store.set_import(db, row.tenant_id, row.id, totals=NO_TOTALS, rows_done=0)


async def add(
    db: AsyncConnection, row: Row[Any], block: Prepared, outcome: Outcome, *, writing: bool
) -> bool:
    """Count a block. False, and the caller must roll back, when the import was canceled or another worker wrote it."""
    counts = {name: getattr(outcome, name) for name in NO_TOTALS}
    values = {
        "tenant_id": row.tenant_id,
        "id": row.id,
        "rows": block.rows,
        "writing": writing,
        "state": "running" if writing else "checking",
        "range": orjson.dumps([[block.first, block.last]]).decode(),
    }
    return (await db.execute(_ADD, {**values, **counts})).first() is not None


async def finish(
    engine: AsyncEngine, row: Row[Any], state: str, problem: dict[str, Any] | None = None
) -> None:
    """Write the end of the work; its commit waits for the disk, and with it for all blocks before."""
    async with transaction(engine, Scope.of(row.tenant_id)) as db:
        current = await store.get(db, row.tenant_id, row.id, lock=True)
        if current is None or current.state not in ("checking", "running", "undoing"):
            return
        values: dict[str, Any] = {
            "state": state,
            "error": problem,
            "finished_at": datetime.now(UTC),
            "cancel_asked": 0,
        }
        if state in ("checked", "completed"):
            values["rows_total"] = current.rows_done
        await store.set_import(db, row.tenant_id, row.id, **values)


async def refresh_statistics(engine: AsyncEngine, row: Row[Any]) -> None:
    """Let the planner know what a large import has written, before somebody asks for it."""
    async with transaction(engine, Scope.of(row.tenant_id)) as db:
        current = await store.get(db, row.tenant_id, row.id)
        if current is not None and current.totals.get("created", 0) >= MANY:
            await db.execute(text("SELECT analyze_contacts()"))


async def add_undone(
    db: AsyncConnection, row: Row[Any], done: int, undo: dict[str, int], phase: str, after: UUID
) -> None:
    place = {"phase": phase, "after": str(after)}
    values = {"tenant_id": row.tenant_id, "id": row.id, "done": done}
    await db.execute(
        _UNDONE, {**values, "undo": orjson.dumps(undo).decode(), "place": orjson.dumps(place).decode()}
    )
