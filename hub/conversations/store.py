"""All SQL of conversations and messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, and_, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conversations.desk import Handling
from hub.conversations.state import Conversation, Inbound, Turn, Understood
from hub.flows import inside
from hub.ids import new_id
from models.contacts import activities, consents, contact_tags, contacts
from models.conversations import conversations, messages
from models.db import Db, Insert, fetch, insert_rows, put

Key = tuple[UUID, UUID]  # tenant, contact

_SAVED = [
    "tenant_id",
    "contact_id",
    "version",
    "status",
    "queue_id",
    "assignee_id",
    "session",
    "opted_out",
    "channel_id",
    "address",
    "last_text",
    "last_direction",
    "last_at",
    "last_inbound_at",
    "unread",
    "intent",
    "confidence",
    "reason",
    "opened_at",
    "closed_at",
    "priority",
    "waiting_since",
    "offered_to",
    "offered_until",
    "due_at",
    "desk",
]
_UPDATES = ", ".join(f"{name} = EXCLUDED.{name}" for name in _SAVED[2:])
_SAVE = (
    f"ON CONFLICT (tenant_id, contact_id) DO UPDATE SET {_UPDATES} "
    "WHERE conversations.version = EXCLUDED.version - 1 RETURNING tenant_id, contact_id"
)
_LOAD = text(
    f"""
    SELECT c.tenant_id AS key_tenant, c.id AS key_contact, c.name AS contact_name,
           {", ".join(f"v.{name}" for name in _SAVED[2:])}, o.kinds AS consent_kinds
    FROM contacts c
    LEFT JOIN conversations v ON v.tenant_id = c.tenant_id AND v.contact_id = c.id
        AND v.tenant_id = ANY(CAST(:tenants AS uuid[])) AND v.contact_id = ANY(CAST(:contacts AS uuid[]))
    LEFT JOIN (
        SELECT n.tenant_id, n.contact_id, jsonb_agg(channel_kind) AS kinds FROM consents n
        WHERE n.tenant_id = ANY(CAST(:tenants AS uuid[])) AND n.contact_id = ANY(CAST(:contacts AS uuid[]))
          AND n.purpose = 'all' AND n.state = 'opted_out' GROUP BY 1, 2
    ) o ON o.tenant_id = c.tenant_id AND o.contact_id = c.id
    WHERE c.tenant_id = ANY(CAST(:tenants AS uuid[])) AND c.id = ANY(CAST(:contacts AS uuid[]))
    """
)


def from_row(row: Any, tenant_id: UUID, contact_id: UUID) -> Conversation:
    """A row of the conversations table, joined with `contact_name`, to the state in memory."""
    return Conversation(
        tenant_id,
        contact_id,
        row.version,
        row.status,
        row.queue_id,
        row.assignee_id,
        inside.from_json(row.session, contact_id),
        frozenset(row.opted_out),
        row.channel_id,
        row.address,
        row.last_text,
        row.last_direction,
        row.last_at,
        row.last_inbound_at,
        row.unread,
        row.intent,
        row.confidence,
        row.reason,
        row.opened_at,
        row.closed_at,
        row.priority,
        row.waiting_since,
        row.offered_to,
        row.offered_until,
        row.due_at,
        Handling.from_json(row.desk),
        row.contact_name,
    )


async def load(db: Db, keys: Iterable[Key]) -> dict[Key, Conversation]:
    """`load_query` and `loaded` in a transaction that goes on."""
    wanted = set(keys)
    return loaded(await fetch(db, *load_query(wanted)), wanted)


def load_query(keys: Iterable[Key]) -> tuple[TextClause, dict[str, Any]]:
    """The query of these contacts' conversations; `loaded` reads its rows."""
    wanted = set(keys)
    tenants = list({tenant for tenant, _ in wanted})
    return _LOAD, {"tenants": tenants, "contacts": [contact for _, contact in wanted]}


def loaded(rows: Iterable[Any], keys: Iterable[Key]) -> dict[Key, Conversation]:
    """The conversations, new ones where there is no row yet; unknown contacts are left out."""
    wanted = set(keys)
    found: dict[Key, Conversation] = {}
    for row in rows:
        key = (row.key_tenant, row.key_contact)
        if key not in wanted:
            continue
        if row.version is None:
            fresh = Conversation(*key, opted_out=frozenset(row.consent_kinds or ()), name=row.contact_name)
            found[key] = fresh
        else:
            found[key] = state = from_row(row, *key)
            state.opted_out = frozenset(
                row.consent_kinds or ()
            )  # the consents are the truth; the column is for lists
    return found


def _row(state: Conversation) -> dict[str, Any]:
    return {
        "tenant_id": state.tenant_id,
        "contact_id": state.contact_id,
        "version": state.version,
        "status": state.status,
        "queue_id": state.queue_id,
        "assignee_id": state.assignee_id,
        "session": inside.to_json(state.sessions),
        "opted_out": state.opted_out,
        "channel_id": state.channel_id,
        "address": state.address,
        "last_text": state.last_text,
        "last_direction": state.last_direction,
        "last_at": state.last_at,
        "last_inbound_at": state.last_inbound_at,
        "unread": state.unread,
        "intent": state.intent,
        "confidence": state.confidence,
        "reason": state.reason,
        "opened_at": state.opened_at,
        "closed_at": state.closed_at,
        "priority": state.priority,
        "waiting_since": state.waiting_since,
        "offered_to": state.offered_to,
        "offered_until": state.offered_until,
        "due_at": state.due_at,
        "desk": None if state.desk is None else state.desk.to_json(),
    }


def saves(states: Iterable[Conversation]) -> Insert:
    """States whose `version` is one above what they were read at; answers the (tenant, contact) that were fresh.

    A key that is missing from the answer was changed by somebody else: drop it, load it, run the turn again.
    """
    return Insert(conversations, [_row(state) for state in states], _SAVE, exact=True)


def inbound_row(event: Inbound, state: Conversation, turn: Turn, understood: Understood) -> dict[str, Any]:
    """The `messages` row of an inbound text; same keys as `hub.door.message_row`."""
    return {
        "tenant_id": state.tenant_id,
        "id": event.message_id,
        "contact_id": state.contact_id,
        "channel_id": event.channel_id,
        "channel_kind": event.channel_kind,
        "direction": "in",
        "origin": "contact",
        "origin_id": None,
        "address": event.address,
        "body": event.text,
        "status": "received",
        "reason": None,
        "error_code": None,
        "provider_message_id": event.provider_message_id,
        "parts": 1,
        "price_micros": 0,
        "currency": None,
        "rate_id": None,
        "hold_id": None,
        "intent": understood.intent,
        "confidence": understood.confidence if understood.intent is not None else None,
        "intent_version_id": understood.version_id,
        "routing": turn.routing,
        "created_at": event.at,
        "content": event.content,
        "purpose": None,
        "category": None,
        "plan": None,
        "first_id": None,
        "history": None,
    }


def consent_changes(rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Consent changes; the newest wins."""
    latest = {(row["tenant_id"], row["contact_id"], row["channel_kind"], row["purpose"]): row for row in rows}
    return Insert(
        consents,
        list(latest.values()),
        "ON CONFLICT (tenant_id, contact_id, channel_kind, purpose) DO UPDATE SET state = EXCLUDED.state, "
        "source = EXCLUDED.source, proof = EXCLUDED.proof, changed_at = EXCLUDED.changed_at, "
        "changed_by = EXCLUDED.changed_by",
    )


def tags(rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Tags for contacts; one that is there already stays."""
    return Insert(contact_tags, rows, "ON CONFLICT DO NOTHING")


_JOINED = conversations.join(
    contacts,
    and_(contacts.c.tenant_id == conversations.c.tenant_id, contacts.c.id == conversations.c.contact_id),
)


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    status: str | None,
    queue_id: UUID | None = None,
    assignee_id: UUID | None = None,
    offered_to: UUID | None = None,
    unassigned: bool = False,
    search: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """Conversations, newest first; one more than `limit` when there are more."""
    query = select(conversations, contacts.c.name.label("contact_name")).select_from(_JOINED)
    query = query.where(conversations.c.tenant_id == tenant_id)
    query = (
        query.where(conversations.c.status == status)
        if status
        else query.where(conversations.c.status != "idle")
    )
    if queue_id is not None:
        query = query.where(conversations.c.queue_id == queue_id)
    if assignee_id is not None:
        query = query.where(conversations.c.assignee_id == assignee_id)
    if offered_to is not None:
        query = query.where(conversations.c.offered_to == offered_to)
    if unassigned:
        query = query.where(conversations.c.assignee_id.is_(None))
    if search:
        pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        fields = (contacts.c.name, conversations.c.address, conversations.c.last_text)
        query = query.where(or_(*(field.ilike(pattern) for field in fields)))
    if after is not None:
        query = query.where(tuple_(conversations.c.last_at, conversations.c.contact_id) < tuple_(*after))
    query = query.order_by(conversations.c.last_at.desc(), conversations.c.contact_id.desc()).limit(limit + 1)
    return [from_row(row, row.tenant_id, row.contact_id) for row in await db.execute(query)]


async def last_at(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> datetime | None:
    where = (conversations.c.tenant_id == tenant_id, conversations.c.contact_id == contact_id)
    return (await db.execute(select(conversations.c.last_at).where(*where))).scalar()


async def counts(db: AsyncConnection, tenant_id: UUID, user_id: UUID | None) -> Sequence[Any]:
    """Open conversations by queue: (queue_id, open, unassigned, mine, unread)."""
    mine = conversations.c.assignee_id == user_id
    query = (
        select(
            conversations.c.queue_id,
            func.count().label("open"),
            func.count().filter(conversations.c.assignee_id.is_(None)).label("unassigned"),
            func.count().filter(mine).label("mine"),
            func.count().filter(conversations.c.unread > 0).label("unread"),
        )
        .where(conversations.c.tenant_id == tenant_id, conversations.c.status == "open")
        .group_by(conversations.c.queue_id)
    )
    return (await db.execute(query)).all()


async def resting(db: AsyncConnection, tenant_id: UUID) -> dict[str, int]:
    """How many conversations there are that are not open: by status."""
    status = conversations.c.status
    query = select(status, func.count()).where(
        conversations.c.tenant_id == tenant_id, status.in_(("snoozed", "waiting", "closed"))
    )
    return {row[0]: row[1] for row in await db.execute(query.group_by(status))}


async def thread(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, *, before: UUID | None, limit: int
) -> list[Any]:
    """Messages of one conversation, newest first; one more than `limit` when there are more."""
    query = select(messages).where(messages.c.tenant_id == tenant_id, messages.c.contact_id == contact_id)
    query = query.where(messages.c.next_id.is_(None))  # of several attempts the one that stands
    if before is not None:
        query = query.where(messages.c.id < before)
    return list((await db.execute(query.order_by(messages.c.id.desc()).limit(limit + 1))).all())


_REPLIED = text(
    "SELECT m.* FROM inbox i JOIN messages m ON m.tenant_id = i.tenant_id AND m.id = CAST(i.payload ->> 'message_id' AS uuid) "
    "WHERE i.tenant_id = :tenant_id AND i.channel_id = :channel_id AND i.event_key = :event_key"
)


async def replied(db: AsyncConnection, tenant_id: UUID, request_id: UUID | None) -> Any:
    """The message that an agent's reply with this request id became."""
    key = f"reply:{request_id.hex}" if request_id else ""
    values = {"tenant_id": tenant_id, "channel_id": UUID(int=0), "event_key": key}
    return (await db.execute(_REPLIED, values)).one()


_SUPPRESS = text(
    """
    UPDATE conversations SET version = version + 1, opted_out = opted_out || to_jsonb(CAST(:kind AS text))
    WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND NOT opted_out ? :kind
    """
)


async def suppress(db: Db, tenant_id: UUID, contact_id: UUID, kind: str, code: str, at: datetime) -> None:
    """The provider says this person must not be written to on this channel: same effect as their own STOP."""
    row = {
        "tenant_id": tenant_id,
        "contact_id": contact_id,
        "channel_kind": kind,
        "purpose": "all",
        "state": "opted_out",
        "source": "provider",
        "proof": code,
        "changed_at": at,
        "changed_by": "provider",
    }
    await insert_rows(db, *consent_changes([row])[:3])
    data = {"channel_kind": kind, "purpose": "all", "after": "opted_out", "source": "provider", "proof": code}
    happened = {"tenant_id": tenant_id, "contact_id": contact_id, "id": new_id(), "at": at, "kind": "consent"}
    await insert_rows(db, activities, [happened | {"actor": "system", "data": data}])
    await put(db, _SUPPRESS, {"tenant_id": tenant_id, "contact_id": contact_id, "kind": kind})
