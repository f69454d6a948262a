"""All SQL of attempts: what is due, what a person can be reached by, the chain of one message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.whatsapp_window import WINDOW
from hub.failover.attempts import Person
from hub.ids import id_of_moment
from models.conversations import failovers, messages
from models.db import Db, insert_rows, put

_TENANTS = text("SELECT * FROM failover_tenants(:now)")
_AT_ONCE = text(
    "UPDATE failovers SET due_at = now() WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) "
    "AND message_id = ANY(CAST(:ids AS uuid[])) AND due_at > now()"
)


_WHATSAPP_AT = text(
    """
    SELECT c.id AS contact_id, m.at FROM unnest(CAST(:contacts AS uuid[])) AS c(id)
    CROSS JOIN LATERAL (
        SELECT max(created_at) AS at FROM messages WHERE tenant_id = :tenant_id AND contact_id = c.id
          AND direction = 'in' AND channel_kind = 'whatsapp' AND id > :since
    ) m WHERE m.at IS NOT NULL
    """
)
_PEOPLE = text(
    """
    SELECT c.id, c.time_zone, a.addresses, o.refused
    FROM contacts c
    LEFT JOIN (
        SELECT contact_id, jsonb_object_agg(kind, address) AS addresses FROM (
            SELECT DISTINCT ON (contact_id, kind) contact_id, kind, address FROM contact_addresses
            WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[]))
            ORDER BY contact_id, kind, position, created_at, address
        ) first GROUP BY contact_id
    ) a ON a.contact_id = c.id
    LEFT JOIN (
        SELECT contact_id, jsonb_agg(jsonb_build_array(channel_kind, purpose)) AS refused FROM consents
        WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:contacts AS uuid[])) AND state = 'opted_out'
        GROUP BY contact_id
    ) o ON o.contact_id = c.id
    WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:contacts AS uuid[]))
    """
)


async def whatsapp_at(
    db: AsyncConnection, tenant_id: UUID, contact_ids: Sequence[UUID], now: datetime
) -> dict[UUID, datetime]:
    """When these contacts last wrote by WhatsApp, as far as that may matter."""
    values = {"tenant_id": tenant_id, "contacts": list(contact_ids), "since": id_of_moment(now - 2 * WINDOW)}
    return {row.contact_id: row.at for row in await db.execute(_WHATSAPP_AT, values)}


async def people(
    db: AsyncConnection, tenant_id: UUID, contact_ids: Sequence[UUID], now: datetime
) -> dict[UUID, Person]:
    """Whom attempts are for; who is not there is left out."""
    rows = (await db.execute(_PEOPLE, {"tenant_id": tenant_id, "contacts": list(contact_ids)})).all()
    wrote = await whatsapp_at(db, tenant_id, [row.id for row in rows], now)
    return {
        row.id: Person(
            row.id,
            row.addresses or {},
            frozenset((kind, purpose) for kind, purpose in row.refused or ()),
            wrote.get(row.id),
            row.time_zone,
        )
        for row in rows
    }


async def person(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, now: datetime) -> Person | None:
    """Whom an attempt is for; None when the contact is not there or has no address."""
    found = (await people(db, tenant_id, [contact_id], now)).get(contact_id)
    return found if found is not None and found.addresses else None


async def tenants_due(db: AsyncConnection, now: datetime) -> list[UUID]:
    """Tenants with plans to look at, before any tenant is in scope."""
    return list((await db.execute(_TENANTS, {"now": now})).scalars())


async def due(
    db: AsyncConnection, tenants: Sequence[UUID], now: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """(tenant, message) of plans to look at, the longest due first."""
    query = (
        select(failovers.c.tenant_id, failovers.c.message_id)
        .where(failovers.c.tenant_id.in_(tenants), failovers.c.due_at <= now)
        .order_by(failovers.c.due_at)
        .limit(limit)
    )
    return [(row.tenant_id, row.message_id) for row in await db.execute(query)]


async def take(db: AsyncConnection, tenant_id: UUID, message_id: UUID) -> Row[Any] | None:
    """The attempt with `due_at` of its plan, both locked; None when somebody else has it or its plan is over."""
    query = (
        select(messages, failovers.c.due_at)
        .join(
            failovers,
            (failovers.c.tenant_id == messages.c.tenant_id) & (failovers.c.message_id == messages.c.id),
        )
        .where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
        .with_for_update(skip_locked=True)
    )
    return (await db.execute(query)).one_or_none()


async def watch(db: Db, plans: Sequence[tuple[UUID, UUID, datetime]]) -> None:
    """Have the plans of attempts (tenant, message) looked at then."""
    rows = [{"tenant_id": tenant, "message_id": message, "due_at": due} for tenant, message, due in plans]
    await insert_rows(db, failovers, rows, "ON CONFLICT DO NOTHING")


async def look_again(db: AsyncConnection, tenant_id: UUID, message_id: UUID, due_at: datetime) -> None:
    where = (failovers.c.tenant_id == tenant_id, failovers.c.message_id == message_id)
    await db.execute(update(failovers).where(*where).values(due_at=due_at))


async def close(db: AsyncConnection, tenant_id: UUID, message_id: UUID) -> None:
    """An attempt's plan is over."""
    where = (failovers.c.tenant_id == tenant_id, failovers.c.message_id == message_id)
    await db.execute(delete(failovers).where(*where))


async def hand_on(db: AsyncConnection, tenant_id: UUID, message_id: UUID, next_id: UUID) -> None:
    """The next attempt has taken over."""
    where = (messages.c.tenant_id == tenant_id, messages.c.id == message_id)
    await db.execute(update(messages).where(*where).values(next_id=next_id))


async def at_once(db: Db, keys: Sequence[tuple[UUID, UUID]]) -> None:
    """Plans of attempts whose fate is decided are looked at now."""
    if keys:
        values = {"tenants": list({tenant for tenant, _ in keys}), "ids": [key for _, key in keys]}
        await put(db, _AT_ONCE, values)


async def chain(db: AsyncConnection, tenant_id: UUID, message_id: UUID) -> list[Any]:
    """The message and its later attempts in the order in which they were made; any of their ids will do."""
    first = (
        select(messages.c.first_id)
        .where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
        .scalar_subquery()
    )
    wanted = or_(
        messages.c.id == message_id,
        messages.c.first_id == message_id,
        messages.c.id == first,
        messages.c.first_id == first,
    )
    query = select(messages).where(messages.c.tenant_id == tenant_id, wanted)
    return list((await db.execute(query.order_by(messages.c.created_at, messages.c.id))).all())


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    contact_id: UUID | None,
    status: str | None,
    direction: str | None,
    after: UUID | None,
    limit: int,
) -> list[Any]:
    """Messages, newest first, one more than `limit`; of a chain only the attempt that stands."""
    query = select(messages).where(messages.c.tenant_id == tenant_id, messages.c.next_id.is_(None))
    for column, value in (("contact_id", contact_id), ("status", status), ("direction", direction)):
        if value is not None:
            query = query.where(messages.c[column] == value)
    if after is not None:
        query = query.where(messages.c.id < after)
    return list((await db.execute(query.order_by(messages.c.id.desc()).limit(limit + 1))).all())
