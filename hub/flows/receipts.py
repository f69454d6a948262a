"""What becomes of messages that sessions wait for: from a moved message to the session's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.channels.delivery import FINAL_FAILURES, Status
from hub.deliveries import Changed
from hub.flows import store_runs
from hub.ids import new_id
from models.db import Db

ORIGIN = "flow"
_NEWS: Mapping[Status, str] = {Status.SENT: "sent", Status.DELIVERED: "delivered", Status.READ: "read"}


async def note(db: Db, changed: Sequence[Changed], now: datetime) -> None:
    """Write what sessions must hear of these messages, in the transaction that moved them."""
    news: dict[UUID, str] = {}
    for one in changed:
        if one.origin == ORIGIN and (said := news_of(one)):
            news[one.first_id or one.id] = said
    if not news:
        return
    rows = await store_runs.receipts(db, {one.tenant_id for one in changed}, news)
    await store_runs.add_work(
        db,
        [
            input_row(row, delivery(row, news[row.id]), now)
            for row in rows
            if row.kind == "receipt" or news[row.id] == "failed"
        ],
    )


def news_of(one: Changed) -> str:
    """`sent`, `delivered`, `read` or `failed`; empty for what is no news, and while another attempt may take over."""
    status = Status(one.status)
    if status in FINAL_FAILURES:
        return "" if one.planned else "failed"
    return _NEWS.get(status, "")


def delivery(row: Any, status: str) -> dict[str, Any]:
    """The input; of a call that never left: that it failed."""
    if row.kind in ("dial", "call"):
        return {"type": "call", "happened": "failed", "token": row.payload["token"], "call": row.id.hex}
    return {"type": "delivery", "token": row.payload["token"], "status": status}


def input_row(row: Any, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Work that tells the session of another row of work."""
    return {
        "tenant_id": row.tenant_id,
        "id": new_id(),
        "contact_id": row.contact_id,
        "session_id": row.session_id,
        "kind": "input",
        "payload": payload,
        "due_at": now,
        "attempts": 0,
        "created_at": now,
    }
