"""Colleagues who are named in notes: `@Meera Joshi` is told, and finds it in her list until she has read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import NotFound
from hub.ids import new_id
from models.contacts import activities, contacts, mentions
from models.db import insert_rows
from models.tenancy import users

MENTIONS_MAX = 50  # in one note


def named_in(body: str, people: Mapping[UUID, str]) -> list[UUID]:
    """Who is named with an @ in a text, in the order of their first naming; a longer name wins over its beginning.

    >>> ann, anne = UUID(int=1), UUID(int=2)
    >>> named_in("@anne lee, please; @Ann?", {ann: "Ann", anne: "Anne Lee"}) == [anne, ann]
    True
    """
    text = body.casefold()
    by_length = sorted(people.items(), key=lambda each: -len(each[1]))
    found: dict[UUID, int] = {}
    at = text.find("@")
    while at >= 0:
        rest = text[at + 1 :]
        longest = 0
        for user_id, name in by_length:
            wanted = name.casefold()
            if not wanted or len(wanted) < longest or not _begins(rest, wanted):
                continue
            longest = len(wanted)
            found.setdefault(user_id, at)
        at = text.find("@", at + 1)
    return sorted(found, key=lambda user_id: found[user_id])[:MENTIONS_MAX]


def _begins(text: str, name: str) -> bool:
    """Whether `text` begins with the whole of a name, not with a part of a longer word."""
    return text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()


async def keep(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note: Row[Any], actor: str, now: datetime
) -> list[UUID]:
    """Write down who a note names, and drop whom it names no more. Returns those it names for the first time.

    Who names themselves is not told.
    """
    query = select(users.c.id, users.c.name).where(users.c.tenant_id == tenant_id, users.c.status == "active")
    people = {row.id: row.name for row in await db.execute(query) if f"user:{row.id}" != actor}
    wanted = named_in(note.data.get("body", ""), people)
    this = (
        mentions.c.tenant_id == tenant_id,
        mentions.c.contact_id == contact_id,
        mentions.c.note_id == note.id,
    )
    known = set((await db.execute(select(mentions.c.user_id).where(*this))).scalars())
    if gone := known - set(wanted):
        await db.execute(delete(mentions).where(*this, mentions.c.user_id.in_(gone)))
    fresh = [user_id for user_id in wanted if user_id not in known]
    rows = [
        {
            "tenant_id": tenant_id,
            "id": new_id(),
            "user_id": user_id,
            "note_id": note.id,
            "contact_id": contact_id,
            "mentioned_by": actor,
            "at": now,
        }
        for user_id in fresh
    ]
    await insert_rows(db, mentions, rows)
    return fresh


async def forget(db: AsyncConnection, tenant_id: UUID, contact_id: UUID, note_id: UUID) -> None:
    """A note is gone: nobody is named by it."""
    where = (
        mentions.c.tenant_id == tenant_id,
        mentions.c.contact_id == contact_id,
        mentions.c.note_id == note_id,
    )
    await db.execute(delete(mentions).where(*where))


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    user_id: UUID,
    *,
    unread: bool,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """A person's mentions with their notes, the newest first; one more than `limit` when there are more."""
    note = and_(
        activities.c.tenant_id == mentions.c.tenant_id,
        activities.c.contact_id == mentions.c.contact_id,
        activities.c.id == mentions.c.note_id,
    )
    contact = and_(contacts.c.tenant_id == mentions.c.tenant_id, contacts.c.id == mentions.c.contact_id)
    query = (
        select(mentions, activities.c.data, contacts.c.name.label("contact_name"))
        .select_from(mentions.join(activities, note).join(contacts, contact))
        .where(mentions.c.tenant_id == tenant_id, mentions.c.user_id == user_id)
    )
    if unread:
        query = query.where(mentions.c.read_at.is_(None))
    if after is not None:
        query = query.where(mentions.c.id < after)
    return (await db.execute(query.order_by(mentions.c.id.desc()).limit(limit + 1))).all()


async def count_unread(db: AsyncConnection, tenant_id: UUID, user_id: UUID) -> int:
    query = select(func.count()).where(
        mentions.c.tenant_id == tenant_id, mentions.c.user_id == user_id, mentions.c.read_at.is_(None)
    )
    return int((await db.execute(query)).scalar_one())


async def read(
    db: AsyncConnection, tenant_id: UUID, user_id: UUID, mention_id: UUID | None, now: datetime
) -> None:
    """Mark one as read, or all. Raises NotFound for one that is not theirs."""
    where = [mentions.c.tenant_id == tenant_id, mentions.c.user_id == user_id]
    if mention_id is not None:
        where.append(mentions.c.id == mention_id)
    done = update(mentions).where(*where).values(read_at=func.coalesce(mentions.c.read_at, now))
    changed = (await db.execute(done)).rowcount
    if mention_id is not None and changed == 0:
        raise NotFound("there is no such mention of yours")
