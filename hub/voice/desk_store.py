"""All SQL of calls at the desk, and of the phones that agents have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.voice.store import Place
from hub.voice.words import WORDS_MAX
from models.calls import agent_phones, call_words, desk_calls
from models.db import insert_rows

LIVE_MAX = 500

_PLACE = text("SELECT tenant_id, channel_id, account_id FROM desk_call_place(:id)")
_OVERDUE = text("SELECT tenant_id, id FROM desk_calls_overdue(:before, :most)")
# With what a screen shows of it: who is called, and who is asked about it.
_SHOWN = (
    "SELECT d.*, c.name AS contact_name, v.address AS contact_address, v.assignee_id, v.offered_to, v.offered_until, "
    "k.recording_url, k.recording_s FROM desk_calls d LEFT JOIN calls k ON k.tenant_id = d.tenant_id AND k.id = d.id "
    "LEFT JOIN contacts c ON c.tenant_id = d.tenant_id AND c.id = d.contact_id "
    "LEFT JOIN conversations v ON v.tenant_id = d.tenant_id AND v.contact_id = d.contact_id "
    "WHERE d.tenant_id = :tenant_id "
)
_LIVE = text(_SHOWN + "AND d.phase NOT IN ('ended', 'voicemail') ORDER BY d.id LIMIT :limit")
_ONE = text(_SHOWN + "AND d.id = :id")
_OF_CONTACT = text(_SHOWN + "AND d.contact_id = :contact_id ORDER BY d.id DESC LIMIT :limit")
_AHEAD = text(
    "SELECT count(*)::int FROM desk_calls WHERE tenant_id = :tenant_id AND phase IN ('queued', 'callback') "
    "AND queue_id IS NOT DISTINCT FROM CAST(:queue_id AS uuid) AND waited_from < :since AND id <> :id"
)
# An erased person says nothing any more, and a call that is endless is not written down without end.
_SAY = text(
    "INSERT INTO call_words (tenant_id, id, call_id, contact_id, key, at, sequence, speaker, user_id, body, confidence) "
    "SELECT c.tenant_id, CAST(:id AS uuid), CAST(:call_id AS uuid), c.id, CAST(:key AS text), CAST(:at AS timestamptz), "
    "CAST(:sequence AS integer), CAST(:speaker AS text), CAST(:user_id AS uuid), CAST(:body AS text), CAST(:confidence AS float) "
    "FROM contacts c WHERE c.tenant_id = :tenant_id AND c.id = :contact_id AND (SELECT count(*) FROM call_words w "
    "WHERE w.tenant_id = :tenant_id AND w.call_id = :call_id) < :most ON CONFLICT DO NOTHING RETURNING *"
)
# The search finds it beside messages: hub/search.
_TERMS = text(
    "INSERT INTO message_terms (tenant_id, message_id, terms) "
    "VALUES (:tenant_id, :id, terms_of(:tenant_id, :body)) ON CONFLICT DO NOTHING"
)
_PUT_PHONE = text(
    "INSERT INTO agent_phones (tenant_id, user_id, address, updated_at) VALUES (:tenant_id, :user_id, :address, :now) "
    "ON CONFLICT (tenant_id, user_id) DO UPDATE SET address = EXCLUDED.address, updated_at = EXCLUDED.updated_at"
)


async def place(db: AsyncConnection, call_id: UUID) -> Place | None:
    """Whose call it is, found before any tenant is known."""
    row = (await db.execute(_PLACE, {"id": call_id})).one_or_none()
    return None if row is None else Place(row.tenant_id, row.channel_id, row.account_id)


async def overdue(db: AsyncConnection, before: datetime, most: int) -> Sequence[Any]:
    """(tenant_id, id) of calls in which a phone has rung for too long, of all tenants."""
    return (await db.execute(_OVERDUE, {"before": before, "most": most})).all()


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Write a call at the desk; one that is there already stays as it is."""
    await insert_rows(db, desk_calls, [row], "ON CONFLICT DO NOTHING")


async def lock(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> Row[Any] | None:
    """The row, locked until the end of the transaction."""
    query = select(desk_calls).where(desk_calls.c.tenant_id == tenant_id, desk_calls.c.id == call_id)
    return (await db.execute(query.with_for_update())).one_or_none()


async def change(db: AsyncConnection, tenant_id: UUID, call_id: UUID, values: Mapping[str, Any]) -> None:
    where = (desk_calls.c.tenant_id == tenant_id, desk_calls.c.id == call_id)
    more = {"version": desk_calls.c.version + 1}
    await db.execute(desk_calls.update().where(*where).values(**values, **more))


async def shown(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> Row[Any] | None:
    return (await db.execute(_ONE, {"tenant_id": tenant_id, "id": call_id})).one_or_none()


async def live(db: AsyncConnection, tenant_id: UUID) -> Sequence[Row[Any]]:
    """Calls that are not over, the oldest first."""
    return (await db.execute(_LIVE, {"tenant_id": tenant_id, "limit": LIVE_MAX})).all()


async def of_contact(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, limit: int
) -> Sequence[Row[Any]]:
    """A contact's calls at the desk, the newest first."""
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "limit": limit}
    return (await db.execute(_OF_CONTACT, values)).all()


async def ahead(
    db: AsyncConnection, tenant_id: UUID, queue_id: UUID | None, call_id: UUID, since: datetime
) -> int:
    """How many calls of the queue came before this one and still wait, those that are to be called back included."""
    values = {"tenant_id": tenant_id, "queue_id": queue_id, "id": call_id, "since": since}
    found: int = (await db.execute(_AHEAD, values)).scalar_one()
    return found


async def say(db: AsyncConnection, row: Mapping[str, Any]) -> Row[Any] | None:
    """Write down what was said; None: it is known, or there is no place for it."""
    written = (await db.execute(_SAY, {**row, "most": WORDS_MAX})).one_or_none()
    if written is not None:
        await db.execute(_TERMS, {name: row[name] for name in ("tenant_id", "id", "body")})
    return written


async def words(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> Sequence[Row[Any]]:
    """All that was said in a call, in its order."""
    query = select(call_words).where(call_words.c.tenant_id == tenant_id, call_words.c.call_id == call_id)
    return (await db.execute(query.order_by(call_words.c.at, call_words.c.sequence))).all()


async def phone(db: AsyncConnection, tenant_id: UUID, user_id: UUID) -> str:
    """The agent's phone, or ""."""
    query = select(agent_phones.c.address).where(
        agent_phones.c.tenant_id == tenant_id, agent_phones.c.user_id == user_id
    )
    return (await db.execute(query)).scalar() or ""


async def put_phone(db: AsyncConnection, tenant_id: UUID, user_id: UUID, address: str, now: datetime) -> None:
    """Set the agent's phone; "" forgets it."""
    if address:
        values = {"tenant_id": tenant_id, "user_id": user_id, "address": address, "now": now}
        await db.execute(_PUT_PHONE, values)
        return
    where = (agent_phones.c.tenant_id == tenant_id, agent_phones.c.user_id == user_id)
    await db.execute(agent_phones.delete().where(*where))
