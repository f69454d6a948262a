"""The undo of an import to its end, a batch a transaction; it goes on where it was after a crash."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row

from hub.contacts.importing import progress, store, undo
from hub.contacts.importing.ids import uuid7_texts
from hub.contacts.importing.work import Job, tell
from hub.ids import encode_id
from models.db import transaction

CREATED, CHANGED = "created", "changed"
MARGIN = timedelta(hours=1)  # between the clocks of gateway and worker, which both made ids


async def take_back(job: Job) -> None:
    """Remove what the import created, then restore what it changed."""
    row = job.row
    place = row.checkpoint["undo"]
    counts = {"removed": 0, "restored": 0, "kept": 0, **row.totals.get("undo", {})}
    shown = time.monotonic()
    phase = place["phase"]
    after = UUID(place["after"]) if place["after"] else _bound(row.started_at - MARGIN)
    while True:
        found = await _batch(job, phase, after, counts)
        if found is None:
            if phase == CHANGED:
                break
            phase, after = CHANGED, UUID(int=0)
            continue
        after, counts = found
        if time.monotonic() - shown > progress.SHOW_EVERY_S:
            shown = time.monotonic()
            await tell(job)
    await progress.finish(job.engine, row, "undone")
    await tell(job)


async def _batch(
    job: Job, phase: str, after: UUID, counts: dict[str, int]
) -> tuple[UUID, dict[str, int]] | None:
    row = job.row
    async with transaction(job.engine, job.scope) as db:
        current = await store.get(db, job.tenant_id, row.id, lock=True)
        if current is None or current.state != "undoing":
            return None
        if phase == CREATED:
            done = await undo.remove_created(db, job.tenant_id, row.id, after, _last(row))
        else:
            done = await undo.restore_changed(
                db,
                job.tenant_id,
                row.id,
                after,
                actor=row.created_by,
                activity=_activity(row),
                activity_ids=uuid7_texts(time.time_ns() // 1_000_000, undo.BATCH),
            )
        if done is None:
            return None
        what = "removed" if phase == CREATED else "restored"
        counts = {**counts, what: counts[what] + done.done - done.kept, "kept": counts["kept"] + done.kept}
        await progress.add_undone(db, row, done.done, counts, phase, done.after)
    return done.after, counts


def _activity(row: Row[Any]) -> str:
    told = {"import_id": encode_id("imp", row.id), "file": row.name, "action": "undone"}
    return orjson.dumps(told).decode()


def _last(row: Row[Any]) -> UUID:
    ended = row.checkpoint.get("ended")
    return _bound((datetime.fromisoformat(ended) if ended else datetime.now(row.started_at.tzinfo)) + MARGIN)


def _bound(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
