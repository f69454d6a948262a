"""SQL of merges: everything that hangs on a contact, moved to another one and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.contacts import contact_merges, contacts
from models.conversations import conversations
from models.db import insert_rows

_CONVERSATIONS = text(
    "SELECT contact_id, to_jsonb(v) AS row FROM conversations v WHERE tenant_id = :tenant_id "
    "AND contact_id = ANY(CAST(:ids AS uuid[])) ORDER BY contact_id FOR UPDATE"
)
# FOR UPDATE, unlike a change: a host that is about to write for the loser waits here, and finds its contact gone.
_CONTACTS = text(
    "SELECT c.id, c.name, c.language, c.time_zone, c.attributes, c.version, c.created_at, c.updated_at, c.import_id, "
    "COALESCE((SELECT jsonb_agg(t.tag) FROM contact_tags t WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id), '[]') AS tags, "
    "COALESCE((SELECT jsonb_agg(to_jsonb(n)) FROM consents n WHERE n.tenant_id = c.tenant_id AND n.contact_id = c.id), '[]') "
    "AS consents FROM contacts c WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[])) ORDER BY c.id FOR UPDATE OF c"
)
_THIS = "tenant_id = :tenant_id AND contact_id = :loser"
_COUNT = text(
    f"SELECT (SELECT count(*) FROM messages WHERE {_THIS}) AS messages, (SELECT count(*) FROM contact_events WHERE {_THIS}) "
    f"AS events, (SELECT count(*) FROM activities WHERE {_THIS}) AS activities, (SELECT count(*) FROM segment_members "
    f"WHERE {_THIS}) AS segments, (SELECT count(*) FROM campaigns k JOIN campaign_recipients r ON r.tenant_id = k.tenant_id "
    "AND r.campaign_id = k.id AND r.contact_id = :loser WHERE k.tenant_id = :tenant_id) AS campaigns"
)
HISTORY = (
    "messages",
    "contact_events",
    "activities",
    "calls",
    "desk_calls",
    "call_words",
    "queue_events",
    "webhook_deliveries",
    "mentions",
    "flow_sessions",
    "flow_work",
)
_MOVE = {
    table: text(f"UPDATE {table} SET contact_id = :winner WHERE {_THIS} RETURNING id") for table in HISTORY
}
_BACK = {
    table: text(
        f"UPDATE {table} SET contact_id = :loser WHERE tenant_id = :tenant_id AND contact_id = :winner AND id = ANY(CAST(:ids AS uuid[]))"
    )
    for table in HISTORY
}
# Where both are in a segment or are to begin a flow for the same reason, the loser's row goes with its contact.
_TRIGGERS = (
    text(
        "INSERT INTO segment_snapshot_members (tenant_id, segment_id, contact_id) SELECT tenant_id, segment_id, :winner "
        f"FROM segment_snapshot_members WHERE {_THIS} ON CONFLICT DO NOTHING"
    ),
    text(
        f"UPDATE flow_begins b SET contact_id = :winner WHERE {_THIS} AND NOT EXISTS (SELECT FROM flow_begins w "
        "WHERE w.tenant_id = b.tenant_id AND w.flow_id = b.flow_id AND w.contact_id = :winner AND w.key = b.key)"
    ),
)
_JOIN_SEGMENTS = text(
    "INSERT INTO segment_members (tenant_id, segment_id, contact_id) SELECT tenant_id, segment_id, :winner FROM segment_members "
    f"WHERE {_THIS} ON CONFLICT DO NOTHING RETURNING segment_id"
)
_SEGMENTS = text(f"SELECT segment_id FROM segment_members WHERE {_THIS}")
_MEMBERS = text(
    "UPDATE segments SET members = members + :change WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[])) "
    "AND members IS NOT NULL"
)
_LEAVE_SEGMENTS = text(
    "DELETE FROM segment_members WHERE tenant_id = :tenant_id AND contact_id = :winner AND segment_id = ANY(CAST(:ids AS uuid[]))"
)
_ENTER_SEGMENTS = text(
    "INSERT INTO segment_members (tenant_id, segment_id, contact_id) SELECT s.tenant_id, s.id, :loser FROM segments s "
    "WHERE s.tenant_id = :tenant_id AND s.id = ANY(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING RETURNING segment_id"
)
# A campaign that has both keeps both rows: it counts what it planned. The loser's then names nobody.
_RECIPIENTS = text(
    "UPDATE campaign_recipients r SET contact_id = :winner FROM campaigns k WHERE k.tenant_id = :tenant_id AND r.tenant_id = k.tenant_id "
    "AND r.campaign_id = k.id AND r.contact_id = :loser AND NOT EXISTS (SELECT 1 FROM campaign_recipients w WHERE w.tenant_id = k.tenant_id "
    "AND w.campaign_id = k.id AND w.contact_id = :winner) RETURNING r.campaign_id"
)
_RECIPIENTS_BACK = text(
    "UPDATE campaign_recipients SET contact_id = :loser WHERE tenant_id = :tenant_id AND contact_id = :winner "
    "AND campaign_id = ANY(CAST(:ids AS uuid[]))"
)
_MOVE_ADDRESSES = text(
    "UPDATE contact_addresses a SET contact_id = :winner, position = :first + a.position WHERE a.tenant_id = :tenant_id AND a.contact_id = :loser"
)
_DELETE_CONTACT = text("DELETE FROM contacts WHERE tenant_id = :tenant_id AND id = :loser")
_DELETE_CONSENTS = text("DELETE FROM consents WHERE tenant_id = :tenant_id AND contact_id = :winner")
_MERGE = text("SELECT * FROM contact_merges WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE")
_UNDONE = text(
    "UPDATE contact_merges SET undone_at = now(), snapshot = '{}' WHERE tenant_id = :tenant_id AND id = :id"
)
_OWNERS = text(
    "SELECT kind, address, contact_id FROM contact_addresses WHERE tenant_id = :tenant_id "
    "AND kind = ANY(CAST(:kinds AS text[])) AND address = ANY(CAST(:addresses AS text[])) FOR UPDATE"
)
_GIVE_BACK = text(
    "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id, created_at, position) "
    "SELECT :tenant_id, w.kind, w.address, :loser, w.created_at, w.position FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS w(kind text, address text, created_at timestamptz, position smallint) "
    "ON CONFLICT (tenant_id, kind, address) DO UPDATE SET contact_id = EXCLUDED.contact_id, position = EXCLUDED.position"
)


async def lock_conversations(
    db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, dict[str, Any]]:
    """Rows as JSON, by contact; the hosts' next writes to them wait."""
    rows = await db.execute(_CONVERSATIONS, {"tenant_id": tenant_id, "ids": list(ids)})
    return {row.contact_id: row.row for row in rows}


async def lock_contacts(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """Contacts with tags and consents, held against everybody."""
    rows = await db.execute(_CONTACTS, {"tenant_id": tenant_id, "ids": list(ids)})
    return {row.id: row for row in rows}


async def counts(db: AsyncConnection, tenant_id: UUID, loser: UUID) -> Row[Any]:
    """How much hangs on a contact: messages, events, activities, segments, campaigns."""
    return (await db.execute(_COUNT, {"tenant_id": tenant_id, "loser": loser})).one()


async def move(db: AsyncConnection, table: str, tenant_id: UUID, loser: UUID, winner: UUID) -> list[UUID]:
    """Give the loser's rows of messages, contact_events or activities to the winner; returns their ids."""
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner}
    return list((await db.execute(_MOVE[table], values)).scalars())


async def move_back(
    db: AsyncConnection, table: str, tenant_id: UUID, loser: UUID, winner: UUID, ids: Sequence[UUID]
) -> int:
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner, "ids": list(ids)}
    return (await db.execute(_BACK[table], values)).rowcount if ids else 0


async def move_segments(
    db: AsyncConnection, tenant_id: UUID, loser: UUID, winner: UUID
) -> tuple[list[UUID], list[UUID]]:
    """(segments that the winner joined, all that the loser was in); a list with both has a member less."""
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner}
    all_of_them = list((await db.execute(_SEGMENTS, values)).scalars())
    joined = list((await db.execute(_JOIN_SEGMENTS, values)).scalars())
    both = [segment for segment in all_of_them if segment not in set(joined)]
    await count_members(db, tenant_id, both, -1)
    return joined, all_of_them


async def move_triggers(db: AsyncConnection, tenant_id: UUID, loser: UUID, winner: UUID) -> None:
    """What the loser is to begin, the winner begins; being in a segment in the loser's place is not joining it."""
    for statement in _TRIGGERS:
        await db.execute(statement, {"tenant_id": tenant_id, "loser": loser, "winner": winner})


async def count_members(db: AsyncConnection, tenant_id: UUID, segments: Sequence[UUID], change: int) -> None:
    if segments:
        await db.execute(_MEMBERS, {"tenant_id": tenant_id, "ids": list(segments), "change": change})


async def segments_back(
    db: AsyncConnection,
    tenant_id: UUID,
    loser: UUID,
    winner: UUID,
    joined: Sequence[UUID],
    all_of_them: Sequence[UUID],
) -> None:
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner}
    if joined:
        left = (await db.execute(_LEAVE_SEGMENTS, {**values, "ids": list(joined)})).rowcount
        if left:
            await count_members(db, tenant_id, joined, -1)
    if all_of_them:
        entered = (await db.execute(_ENTER_SEGMENTS, {**values, "ids": list(all_of_them)})).scalars()
        await count_members(db, tenant_id, list(entered), 1)


async def move_recipients(db: AsyncConnection, tenant_id: UUID, loser: UUID, winner: UUID) -> list[UUID]:
    """Put the winner into the campaigns that only the loser was in; returns which."""
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner}
    return list((await db.execute(_RECIPIENTS, values)).scalars())


async def recipients_back(
    db: AsyncConnection, tenant_id: UUID, loser: UUID, winner: UUID, campaigns: Sequence[UUID]
) -> None:
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner, "ids": list(campaigns)}
    if campaigns:
        await db.execute(_RECIPIENTS_BACK, values)


async def move_addresses(db: AsyncConnection, tenant_id: UUID, loser: UUID, winner: UUID, first: int) -> int:
    """The loser's addresses behind the winner's."""
    values = {"tenant_id": tenant_id, "loser": loser, "winner": winner, "first": first}
    return (await db.execute(_MOVE_ADDRESSES, values)).rowcount


async def delete_contact(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> None:
    """The row and what its foreign keys take along: tags, consents, values, memberships, the conversation."""
    await db.execute(_DELETE_CONTACT, {"tenant_id": tenant_id, "loser": contact_id})


async def delete_consents(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> None:
    await db.execute(_DELETE_CONSENTS, {"tenant_id": tenant_id, "winner": contact_id})


async def put_conversation(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Write a whole conversation over what is there."""
    names = ", ".join(f"{name} = EXCLUDED.{name}" for name in row if name not in ("tenant_id", "contact_id"))
    await insert_rows(db, conversations, [row], f"ON CONFLICT (tenant_id, contact_id) DO UPDATE SET {names}")


async def insert_contact(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, contacts, [row])


async def insert_merge(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, contact_merges, [row])


async def merge(db: AsyncConnection, tenant_id: UUID, merge_id: UUID) -> Row[Any] | None:
    return (await db.execute(_MERGE, {"tenant_id": tenant_id, "id": merge_id})).one_or_none()


async def mark_undone(db: AsyncConnection, tenant_id: UUID, merge_id: UUID) -> None:
    """Undone for good: what the undo needed is forgotten."""
    await db.execute(_UNDONE, {"tenant_id": tenant_id, "id": merge_id})


async def owners(
    db: AsyncConnection, tenant_id: UUID, addresses: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], UUID]:
    """Who has these (kind, address) now."""
    values = {
        "tenant_id": tenant_id,
        "kinds": sorted({row["kind"] for row in addresses}),
        "addresses": [row["address"] for row in addresses],
    }
    return {(row.kind, row.address): row.contact_id for row in await db.execute(_OWNERS, values)}


async def give_back(db: AsyncConnection, tenant_id: UUID, loser: UUID, rows: str) -> None:
    """Addresses (JSON rows) to the contact they belonged to; one that was taken away since is there again."""
    await db.execute(_GIVE_BACK, {"tenant_id": tenant_id, "loser": loser, "rows": rows})
