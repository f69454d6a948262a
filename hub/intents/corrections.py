"""Corrected intents: what people say a message means, kept as training data beside what the model said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict, Invalid, NotFound
from models.conversations import messages
from models.db import insert_rows
from models.intents import intent_corrections as corrections
from models.intents import intent_versions
from models.tenancy import tenants

_PUT = (
    "ON CONFLICT (tenant_id, message_id) DO UPDATE SET intent = EXCLUDED.intent, "
    "corrected_by = EXCLUDED.corrected_by, corrected_at = EXCLUDED.corrected_at RETURNING *"
)
_LAST = text(
    "SELECT c.intent FROM intent_corrections c WHERE c.tenant_id = :tenant_id AND c.message_id = ("
    "SELECT m.id FROM messages m WHERE m.tenant_id = :tenant_id AND m.contact_id = :contact_id AND m.direction = 'in' "
    "ORDER BY m.id DESC LIMIT 1)"
)


async def labels(db: AsyncConnection, tenant_id: UUID) -> list[str]:
    """The intents that the tenant's live model knows, in order; none without a model."""
    query = (
        select(intent_versions.c.labels)
        .select_from(
            tenants.join(
                intent_versions,
                (intent_versions.c.tenant_id == tenants.c.id)
                & (intent_versions.c.id == tenants.c.intent_version_id),
            )
        )
        .where(tenants.c.id == tenant_id)
    )
    return sorted((await db.execute(query)).scalar() or ())


async def correct(
    db: AsyncConnection, tenant_id: UUID, message_id: UUID, intent: str, actor: str, now: datetime
) -> Row[Any]:
    """Say what a contact's message means; said again, the last word counts.

    Raises NotFound, Invalid for an intent that the live model does not know, and Conflict for a message without a text
    or of the hub's own.
    """
    query = select(messages.c.body, messages.c.direction, messages.c.intent, messages.c.intent_version_id)
    found = (
        await db.execute(query.where(messages.c.tenant_id == tenant_id, messages.c.id == message_id))
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such message")
    if found.direction != "in" or not found.body.strip():
        raise Conflict("only a text that a contact wrote has an intent")
    if intent not in await labels(db, tenant_id):
        raise Invalid("an intent that the live model knows", "/intent")
    row = {
        "tenant_id": tenant_id,
        "message_id": message_id,
        "text": found.body,
        "was": found.intent,
        "intent": intent,
        "version_id": found.intent_version_id,
        "corrected_by": actor,
        "corrected_at": now,
    }
    (kept,) = await insert_rows(db, corrections, [row], _PUT)
    return kept  # type: ignore[no-any-return]


async def take_back(db: AsyncConnection, tenant_id: UUID, message_id: UUID) -> None:
    """What the model said counts again. Raises NotFound where nothing was corrected."""
    where = (corrections.c.tenant_id == tenant_id, corrections.c.message_id == message_id)
    gone = await db.execute(delete(corrections).where(*where).returning(corrections.c.message_id))
    if gone.first() is None:
        raise NotFound("the intent of this message was not corrected")


async def of_messages(
    db: AsyncConnection, tenant_id: UUID, message_ids: Sequence[UUID]
) -> dict[UUID, Row[Any]]:
    """The corrections among these messages."""
    if not message_ids:
        return {}
    query = select(corrections).where(
        corrections.c.tenant_id == tenant_id, corrections.c.message_id.in_(message_ids)
    )
    return {row.message_id: row for row in await db.execute(query)}


async def of_last(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> str | None:
    """What somebody said the contact's last message means, or None."""
    values = {"tenant_id": tenant_id, "contact_id": contact_id}
    found: str | None = (await db.execute(_LAST, values)).scalar()
    return found


async def page(db: AsyncConnection, tenant_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Corrections, the newest first; one more than `limit` when there are more. Raises NotFound for a foreign cursor."""
    query = select(corrections).where(corrections.c.tenant_id == tenant_id)
    if after is not None:
        edge = (await of_messages(db, tenant_id, [after])).get(after)
        if edge is None:
            raise NotFound("there is no such correction to start after")
        place = tuple_(corrections.c.corrected_at, corrections.c.message_id)
        query = query.where(place < tuple_(edge.corrected_at, edge.message_id))
    query = query.order_by(corrections.c.corrected_at.desc(), corrections.c.message_id.desc())
    return (await db.execute(query.limit(limit + 1))).all()


async def rows(db: AsyncConnection, tenant_id: UUID) -> list[tuple[str, str]]:
    """All (text, intent), the oldest first: what a training reads."""
    query = select(corrections.c.text, corrections.c.intent).where(corrections.c.tenant_id == tenant_id)
    return [(row.text, row.intent) for row in await db.execute(query.order_by(corrections.c.corrected_at))]
