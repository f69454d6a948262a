"""All SQL of custom events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.contacts import contact_events
from models.db import insert_rows

_EXISTING = text("SELECT id FROM contacts WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))")
_MERGED = text(
    "SELECT loser_id, winner_id FROM contact_merges WHERE tenant_id = :tenant_id AND loser_id = ANY(CAST(:ids AS uuid[])) "
    "AND undone_at IS NULL"
)
_BY_ADDRESS = text(
    "SELECT kind, address, contact_id FROM contact_addresses WHERE tenant_id = :tenant_id "
    "AND kind = ANY(CAST(:kinds AS text[])) AND address = ANY(CAST(:addresses AS text[]))"
)
_BY_VALUE = text(
    "SELECT attribute_id, value, contact_id FROM contact_values WHERE tenant_id = :tenant_id "
    "AND attribute_id = ANY(CAST(:attributes AS uuid[])) AND value = ANY(CAST(:values AS text[])) LIMIT :most"
)
# One look-up a name; the properties are those of its newest events.
_NAMES = text(
    """
    WITH RECURSIVE e AS (
        (SELECT name FROM contact_events WHERE tenant_id = :tenant_id ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT n.name FROM contact_events n WHERE n.tenant_id = :tenant_id AND n.name > e.name ORDER BY n.name LIMIT 1)
        FROM e WHERE e.name IS NOT NULL
    )
    SELECT e.name, newest.at AS last_at, newest.properties FROM e CROSS JOIN LATERAL (
        SELECT max(r.at) AS at, ARRAY(
            SELECT DISTINCT k FROM unnest(array_agg(r.properties)) p CROSS JOIN LATERAL jsonb_object_keys(p) k ORDER BY k
        ) AS properties
        FROM (SELECT x.at, x.properties FROM contact_events x WHERE x.tenant_id = :tenant_id AND x.name = e.name
              ORDER BY x.at DESC LIMIT :newest) r
    ) newest
    WHERE e.name IS NOT NULL LIMIT :most
    """
)
_KNOWN_NAMES = text(
    """
    WITH RECURSIVE e AS (
        (SELECT name FROM contact_events WHERE tenant_id = :tenant_id ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT n.name FROM contact_events n WHERE n.tenant_id = :tenant_id AND n.name > e.name ORDER BY n.name LIMIT 1)
        FROM e WHERE e.name IS NOT NULL
    )
    SELECT name FROM e WHERE name IS NOT NULL LIMIT :most
    """
)
NEWEST = 50


async def existing(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the contacts that there are."""
    if not ids:
        return set()
    return set((await db.execute(_EXISTING, {"tenant_id": tenant_id, "ids": list(ids)})).scalars())


async def merged(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Into whom those of the contacts were merged that were."""
    if not ids:
        return {}
    rows = await db.execute(_MERGED, {"tenant_id": tenant_id, "ids": list(ids)})
    return {row.loser_id: row.winner_id for row in rows}


async def by_address(
    db: AsyncConnection, tenant_id: UUID, kinds: Sequence[str], addresses: Sequence[str]
) -> Sequence[Row[Any]]:
    """(kind, address, contact_id) of the addresses that somebody has."""
    if not addresses:
        return []
    values = {"tenant_id": tenant_id, "kinds": list(kinds), "addresses": list(addresses)}
    return (await db.execute(_BY_ADDRESS, values)).all()


async def by_value(
    db: AsyncConnection, tenant_id: UUID, attributes: Sequence[UUID], values: Sequence[str], most: int
) -> Sequence[Row[Any]]:
    """(attribute_id, value, contact_id) of the values that somebody has, at most `most` rows."""
    if not values:
        return []
    asked = {"tenant_id": tenant_id, "attributes": list(attributes), "values": list(values), "most": most}
    return (await db.execute(_BY_VALUE, asked)).all()


async def insert(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Write events; one whose key is there already is left out. Returns the ids that went in."""
    suffix = "ON CONFLICT (tenant_id, key) WHERE key IS NOT NULL DO NOTHING RETURNING id"
    return {row.id for row in await insert_rows(db, contact_events, rows, suffix)}


async def names(db: AsyncConnection, tenant_id: UUID, most: int) -> Sequence[Row[Any]]:
    """(name, last_at, properties) of every kind of event, by name."""
    return (await db.execute(_NAMES, {"tenant_id": tenant_id, "most": most, "newest": NEWEST})).all()


async def known_names(db: AsyncConnection, tenant_id: UUID, most: int) -> set[str]:
    return set((await db.execute(_KNOWN_NAMES, {"tenant_id": tenant_id, "most": most})).scalars())
