"""The facts of a few contacts, for the predicate."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions import nodes
from hub.conditions.predicate import EventFact, Facts, MessageFact, facts_of_attributes

_PERSON = text(
    """
    SELECT c.id AS contact_id, c.name, c.language, c.time_zone, c.created_at, c.attributes::text AS attributes,
           v.last_inbound_at
    FROM contacts c LEFT JOIN conversations v ON v.tenant_id = c.tenant_id AND v.contact_id = c.id
    WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[]))
    """
)


def _of(columns: str, table: str, more: str = "") -> TextClause:
    return text(
        f"SELECT contact_id, {columns} FROM {table} WHERE tenant_id = :tenant_id "
        f"AND contact_id = ANY(CAST(:ids AS uuid[])){more}"
    )


_TAGS = _of("tag", "contact_tags")
_ADDRESSES = _of("kind, address", "contact_addresses", " ORDER BY kind, position, created_at, address")
_CONSENTS = _of("channel_kind, purpose, state", "consents")
_MEMBERS = _of("segment_id", "segment_members")
_EVENTS = _of(
    "name, at, properties::text AS properties",
    "contact_events",
    " AND name = ANY(CAST(:names AS text[])) ORDER BY at",
)
_MESSAGES = _of(
    "direction, channel_kind, created_at, status, origin, origin_id", "messages", " ORDER BY created_at"
)
_LAUNCHES = text(
    "SELECT id, launched_at FROM campaigns WHERE tenant_id = :tenant_id AND id = ANY(CAST(:campaigns AS uuid[]))"
)


async def facts_of(
    db: AsyncConnection,
    tenant_id: UUID,
    contact_ids: Sequence[UUID],
    *,
    events: Sequence[str],
    campaigns: Sequence[UUID],
) -> dict[UUID, Facts]:
    """The facts of those contacts that exist, with the events of these names and the launches of these campaigns."""
    ids = {"tenant_id": tenant_id, "ids": list(contact_ids)}

    async def grouped(query: TextClause, **values: Any) -> dict[UUID, list[Any]]:
        found: dict[UUID, list[Any]] = defaultdict(list)
        for row in await db.execute(query, {**ids, **values}):
            found[row.contact_id].append(row)
        return found

    people = await grouped(_PERSON)
    tags, addresses, consents = await grouped(_TAGS), await grouped(_ADDRESSES), await grouped(_CONSENTS)
    members, messages = await grouped(_MEMBERS), await grouped(_MESSAGES)
    happened = await grouped(_EVENTS, names=list(events)) if events else {}
    rows = (
        await db.execute(_LAUNCHES, {"tenant_id": tenant_id, "campaigns": list(campaigns)})
        if campaigns
        else ()
    )
    launches = {row.id: row.launched_at for row in rows}
    return {
        contact_id: Facts(
            values=_values(person),
            tags=frozenset(row.tag for row in tags[contact_id]),
            addresses=[(row.kind, row.address) for row in addresses[contact_id]],
            consents=[(row.channel_kind, row.purpose, row.state) for row in consents[contact_id]],
            segments=frozenset(row.segment_id for row in members[contact_id]),
            events=[
                EventFact(row.name, row.at, _json(row.properties)) for row in happened.get(contact_id, ())
            ],
            messages=[_message(row) for row in messages[contact_id]],
            launches=launches,
        )
        for contact_id, [person] in people.items()
    }


def _values(person: Any) -> dict[str, Any]:
    return {
        "name": person.name,
        "language": person.language,
        "time_zone": person.time_zone,
        "created_at": person.created_at,
        "last_inbound_at": person.last_inbound_at,
        **facts_of_attributes(_json(person.attributes)),
    }


def _json(words: str) -> Any:
    """JSON with its numbers as they are written: PostgreSQL compares all their digits."""
    return json.loads(words, parse_float=Decimal)


def _message(row: Any) -> MessageFact:
    return MessageFact(
        row.direction,
        row.channel_kind,
        row.created_at,
        row.direction == "in" or row.status in nodes.TAKEN,
        row.origin_id if row.origin == "campaign" and row.direction == "out" else None,
    )
