"""Use cases of saved replies. Each takes `db` and never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store as contact_store
from hub.conversations import store as conversation_store
from hub.conversations.state import Conversation
from hub.directory import Directory
from hub.errors import Conflict, NotFound
from hub.ids import new_id
from hub.intents import corrections
from hub.replies import store
from hub.replies.reply import REPLIES_MAX, Ranked, Reply, check, ranked, variables


@dataclass(eq=False)
class ShortcutTaken(Conflict):
    """Another saved reply has this shortcut."""

    code: ClassVar[str] = "shortcut-taken"


async def held(db: AsyncConnection, tenant_id: UUID, reply_id: UUID, *, lock: bool = False) -> Row[Any]:
    """A reply of the tenant's own. Raises NotFound."""
    row = await store.one(db, tenant_id, reply_id, lock=lock)
    if row is None:
        raise NotFound("there is no such saved reply of this tenant")
    return row


async def create(
    db: AsyncConnection, tenant_id: UUID, values: Mapping[str, Any], actor: str, now: datetime
) -> UUID:
    """Raises Invalid, ShortcutTaken, or Conflict when there are too many."""
    fields = check(values)
    if await store.count(db, tenant_id) >= REPLIES_MAX:
        raise Conflict(f"a tenant has at most {REPLIES_MAX} saved replies")
    if await store.taken(db, tenant_id, fields["shortcut"], None):
        raise ShortcutTaken(f"/{fields['shortcut']} is taken")
    reply_id = new_id()
    stamp = {"version": 1, "created_at": now, "updated_at": now, "updated_by": actor}
    await store.insert(db, {"tenant_id": tenant_id, "id": reply_id, **fields, **stamp})
    return reply_id


async def change(
    db: AsyncConnection, row: Row[Any], values: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Raises Invalid or ShortcutTaken."""
    fields = check(values)
    if "shortcut" in fields and await store.taken(db, row.tenant_id, fields["shortcut"], row.id):
        raise ShortcutTaken(f"/{fields['shortcut']} is taken")
    stamp = {"version": row.version + 1, "updated_at": now, "updated_by": actor}
    await store.change(db, row.tenant_id, row.id, **fields, **stamp)


async def visible(db: AsyncConnection, tenant_id: UUID) -> list[Row[Any]]:
    """Own and inherited ones; of one shortcut the nearest."""
    found: dict[str, Row[Any]] = {}
    for row in await store.visible(db, tenant_id, 4 * REPLIES_MAX):
        found.setdefault(row.shortcut, row)
    return sorted(found.values(), key=lambda row: (row.folder.casefold(), row.name.casefold(), row.id))


async def for_conversation(
    db: AsyncConnection, directory: Directory, contact_id: UUID, user_id: UUID | None, search: str
) -> list[Ranked]:
    """The replies with this contact's and this agent's values, the best first. Raises NotFound."""
    state = await _conversation(db, directory.tenant_id, contact_id)
    contact = await contact_store.get(db, [directory.tenant_id], contact_id)
    if contact is None:
        raise NotFound("there is no such conversation")
    agent = directory.users.get(user_id, "") if user_id else ""
    context = variables({"name": contact.name}, state.address, agent, directory.brand, contact.attributes)
    replies = [
        Reply(row.id, row.name, row.shortcut, row.folder, row.body, tuple(row.intents), row.distance > 0)
        for row in await visible(db, directory.tenant_id)
    ]
    intent = await corrections.of_last(db, directory.tenant_id, contact_id) or state.intent
    used = await store.uses(db, directory.tenant_id, intent) if intent else {}
    return ranked(replies, context, intent, used, search)


async def used(db: AsyncConnection, tenant_id: UUID, reply_id: UUID, contact_id: UUID, now: datetime) -> None:
    """Count a use for what the conversation is about. Raises NotFound."""
    state = await _conversation(db, tenant_id, contact_id)
    if reply_id not in {row.id for row in await visible(db, tenant_id)}:
        raise NotFound("there is no such saved reply")
    intent = await corrections.of_last(db, tenant_id, contact_id) or state.intent
    await store.used(db, tenant_id, reply_id, intent or "", now)


async def _conversation(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> Conversation:
    found = await conversation_store.load(db, [(tenant_id, contact_id)])
    if not found:
        raise NotFound("there is no such conversation")
    return found[tenant_id, contact_id]
