"""SQL of contacts: the rows of a person, their addresses, tags, consents, values and activities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.addresses import family
from models.contacts import activities, consents, contact_addresses, contact_tags, contact_values, contacts
from models.db import Db, fetch, insert_rows, put, run_rows

AddressKey = tuple[UUID, str, str]
"""(tenant id, kind of address, address): unique for ever."""

# Keys are given as arrays, so that they are part of the index condition whatever the planner believes of a tenant.
_FIND = text(
    "SELECT tenant_id, kind, address, contact_id FROM contact_addresses WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) "
    "AND kind = ANY(CAST(:kinds AS text[])) AND address = ANY(CAST(:addresses AS text[]))"
)
# With what the suppression lists say of them: one question, because somebody who writes for the first time waits for it.
LOOK_UP = text(
    "SELECT tenant_id, kind, address, contact_id, NULL::bytea AS address_hash FROM contact_addresses "
    "WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND kind = ANY(CAST(:kinds AS text[])) "
    "AND address = ANY(CAST(:addresses AS text[])) UNION ALL "
    "SELECT tenant_id, kind, '', NULL, address_hash FROM suppressions WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) "
    "AND kind = ANY(CAST(:kinds AS text[])) AND address_hash = ANY(CAST(:hashes AS bytea[]))"
)
_DELETE_ORPHANS = text(
    "DELETE FROM contacts c USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS w(tenant_id uuid, id uuid) "
    "WHERE c.tenant_id = w.tenant_id AND c.id = w.id"
)
_TAGS_OF = (
    "COALESCE((SELECT jsonb_agg(t.tag ORDER BY t.tag) FROM contact_tags t "
    "WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id), '[]')"
)
_ADDRESSES_OF = (
    "COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'address', a.address, 'primary', a.first, "
    "'created_at', a.created_at) ORDER BY a.kind, a.rank) FROM (SELECT x.kind, x.address, x.created_at, "
    "row_number() OVER w AS rank, row_number() OVER w = 1 AS first FROM contact_addresses x "
    "WHERE x.tenant_id = c.tenant_id AND x.contact_id = c.id "
    "WINDOW w AS (PARTITION BY x.kind ORDER BY x.position, x.created_at, x.address)) a), '[]')"
)
# Locked in the order of their ids: two batches over the same people wait, they do not deadlock. Not FOR UPDATE, which
# would make the hosts' new rows (their foreign keys look here) wait too.
_LOCK = text(
    f"SELECT c.id, c.name, c.language, c.time_zone, c.attributes, c.version, {_TAGS_OF} AS tags FROM contacts c "
    "WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[])) ORDER BY c.id FOR NO KEY UPDATE OF c"
)
_SET = text(
    "UPDATE contacts c SET name = w.name, language = w.language, time_zone = w.time_zone, attributes = w.attributes, "
    "version = c.version + 1, updated_at = now() FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS w(id uuid, name text, language text, time_zone text, attributes jsonb) "
    "WHERE c.tenant_id = :tenant_id AND c.id = w.id AND c.id = ANY(CAST(:ids AS uuid[]))"
)
_TOUCH = text(
    "UPDATE contacts c SET version = c.version + 1, updated_at = now() "
    "WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[]))"
)
_DELETE_TAGS = text(
    "DELETE FROM contact_tags t USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS w(tag text, contact_id uuid) "
    "WHERE t.tenant_id = :tenant_id AND t.contact_id = ANY(CAST(:ids AS uuid[])) AND t.tag = w.tag AND t.contact_id = w.contact_id"
)
_DELETE_VALUES = text(
    "DELETE FROM contact_values WHERE tenant_id = :tenant_id AND contact_id = ANY(CAST(:ids AS uuid[])) "
    "AND attribute_id = ANY(CAST(:attributes AS uuid[]))"
)
# A live conversation shows the name and knows the opt-outs: its host must read it again.
_WAKE = text(
    "UPDATE conversations v SET version = v.version + 1, opted_out = COALESCE((SELECT jsonb_agg(n.channel_kind ORDER BY "
    "n.channel_kind) FROM consents n WHERE n.tenant_id = v.tenant_id AND n.contact_id = v.contact_id AND n.purpose = 'all' "
    "AND n.state = 'opted_out'), '[]') WHERE v.tenant_id = :tenant_id AND v.contact_id = ANY(CAST(:ids AS uuid[]))"
)
COLUMNS = (
    "SELECT c.tenant_id, c.id, c.name, c.language, c.time_zone, c.attributes, c.version, c.created_at, c.updated_at, "
    f"{_ADDRESSES_OF} AS addresses, {_TAGS_OF} AS tags, "
    "(SELECT v.last_inbound_at FROM conversations v WHERE v.tenant_id = c.tenant_id AND v.contact_id = c.id) AS last_inbound_at, "
    "COALESCE((SELECT jsonb_object_agg(n.channel_kind, n.state) FROM consents n WHERE n.tenant_id = c.tenant_id "
    "AND n.contact_id = c.id AND n.purpose = 'all'), '{}') AS consents FROM contacts c "
)
_GET = text(COLUMNS + "WHERE c.tenant_id = ANY (:tenants) AND c.id = :id")
_THESE = text(
    COLUMNS + "WHERE c.tenant_id = ANY(CAST(:tenants AS uuid[])) AND c.id = ANY(CAST(:ids AS uuid[]))"
)
_CONSENTS = text(
    "SELECT channel_kind, purpose, state, source, proof, changed_at, changed_by FROM consents WHERE tenant_id = :tenant_id "
    "AND contact_id = :contact_id ORDER BY channel_kind, purpose"
)
_TAGS = text(
    "SELECT tag, count(*) AS contacts FROM contact_tags WHERE tenant_id = ANY (:tenants) GROUP BY tag ORDER BY tag LIMIT :limit"
)
_ADDRESSES = text(
    "SELECT kind, address, position, created_at FROM contact_addresses WHERE tenant_id = :tenant_id AND contact_id = :contact_id "
    "ORDER BY kind, position, created_at, address"
)
_DELETE_ADDRESS = text(
    "DELETE FROM contact_addresses WHERE tenant_id = :tenant_id AND kind = :kind AND address = :address AND contact_id = :contact_id"
)
_MAKE_PRIMARY = text(
    "UPDATE contact_addresses SET position = CASE WHEN address = :address THEN 0 ELSE position + 1 END "
    "WHERE tenant_id = :tenant_id AND contact_id = :contact_id AND kind = :kind AND (address = :address OR position < 32000)"
)
_GONE = text(
    "SELECT m.winner_id, m.id AS merge_id, NULL::timestamptz AS erased_at FROM contact_merges m "
    "WHERE m.tenant_id = ANY (:tenants) AND m.loser_id = :id AND m.undone_at IS NULL "
    "UNION ALL SELECT NULL, NULL, e.erased_at FROM contact_erasures e WHERE e.tenant_id = ANY (:tenants) AND e.contact_id = :id"
)
_LAST_ACTOR = text(
    "SELECT actor, at FROM activities WHERE tenant_id = :tenant_id AND contact_id = :contact_id "
    "AND kind IN ('attributes', 'tags', 'address', 'consent', 'merge', 'unmerge', 'import') ORDER BY id DESC LIMIT 1"
)


async def find_addresses(db: Db, wanted: Iterable[AddressKey]) -> dict[AddressKey, UUID]:
    """The contact of each wanted address that exists; a number is found under every kind that numbers have."""
    keys = set(wanted)
    return owners(await fetch(db, _FIND, find_values(keys)), keys) if keys else {}


def find_values(keys: Iterable[AddressKey]) -> dict[str, Any]:
    """What a query for these addresses is given: tenants, kinds and addresses as lists."""
    return {
        "tenants": list({tenant for tenant, _, _ in keys}),
        "kinds": sorted({kind for _, wanted, _ in keys for kind in family(wanted)}),
        "addresses": list({address for _, _, address in keys}),
    }


def owners(rows: Iterable[Any], keys: Iterable[AddressKey]) -> dict[AddressKey, UUID]:
    """Whose the addresses are, from rows of `contact_addresses`."""
    there = {(row.tenant_id, row.kind, row.address): row.contact_id for row in rows}
    found: dict[AddressKey, UUID] = {}
    for tenant, kind, address in keys:
        names = (kind, *(other for other in family(kind) if other != kind))
        owner = next(
            (there[tenant, name, address] for name in names if (tenant, name, address) in there), None
        )
        if owner is not None:
            found[tenant, kind, address] = owner
    return found


async def insert_contacts(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, contacts, rows)


async def insert_addresses(db: Db, rows: Sequence[Mapping[str, Any]]) -> dict[AddressKey, UUID]:
    """Insert addresses nobody has; returns those that went in. Waits for a concurrent insert of the same address."""
    suffix = (
        "ON CONFLICT (tenant_id, kind, address) DO NOTHING RETURNING tenant_id, kind, address, contact_id"
    )
    inserted = await insert_rows(db, contact_addresses, rows, suffix)
    return {(row.tenant_id, row.kind, row.address): row.contact_id for row in inserted}


async def delete_contacts(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        await run_rows(db, _DELETE_ORPHANS, rows)


async def lock(db: Db, tenant_id: UUID, ids: Sequence[UUID]) -> Sequence[Any]:
    """The contacts that exist among `ids`, held against other writers until the end of the transaction."""
    return await fetch(db, _LOCK, {"tenant_id": tenant_id, "ids": list(ids)})


async def set_contacts(db: Db, tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write name, language, time zone and attributes of locked contacts and count their versions up."""
    if rows:
        await run_rows(db, _SET, rows, tenant_id=tenant_id, ids=[row["id"] for row in rows])


async def touch(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> None:
    """Count versions up: something beside the row of the contact changed."""
    if ids:
        await db.execute(_TOUCH, {"tenant_id": tenant_id, "ids": list(ids)})


async def wake_conversations(db: Db, tenant_id: UUID, ids: Sequence[UUID]) -> None:
    """Make the hosts read these conversations again: the name or an opt-out changed outside of a turn."""
    if ids:
        await put(db, _WAKE, {"tenant_id": tenant_id, "ids": list(ids)})


async def insert_tags(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    ordered = sorted(rows, key=lambda row: (str(row["tag"]), str(row["contact_id"])))
    await insert_rows(db, contact_tags, ordered, "ON CONFLICT DO NOTHING")


async def delete_tags(db: Db, tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        ids = list({row["contact_id"] for row in rows})
        await run_rows(db, _DELETE_TAGS, rows, tenant_id=tenant_id, ids=ids)


async def insert_consents(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Grant consents; one that exists, such as an opt-out, stays as it is."""
    await insert_rows(db, consents, rows, "ON CONFLICT DO NOTHING")


async def set_consents(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write consents over what is there; each (contact, channel, purpose) at most once."""
    await insert_rows(
        db,
        consents,
        rows,
        "ON CONFLICT (tenant_id, contact_id, channel_kind, purpose) DO UPDATE SET state = EXCLUDED.state, "
        "source = EXCLUDED.source, proof = EXCLUDED.proof, changed_at = EXCLUDED.changed_at, changed_by = EXCLUDED.changed_by",
    )


async def delete_values(
    db: Db, tenant_id: UUID, contact_ids: Sequence[UUID], attribute_ids: Sequence[UUID]
) -> None:
    if contact_ids and attribute_ids:
        values = {"tenant_id": tenant_id, "ids": list(contact_ids), "attributes": list(attribute_ids)}
        await put(db, _DELETE_VALUES, values)


async def insert_values(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, contact_values, rows, "ON CONFLICT DO NOTHING")


async def insert_activities(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, activities, rows)


async def get(db: AsyncConnection, tenants: Sequence[UUID], contact_id: UUID) -> Row[Any] | None:
    return (await db.execute(_GET, {"tenants": list(tenants), "id": contact_id})).one_or_none()


async def these(db: AsyncConnection, tenants: Sequence[UUID], ids: Sequence[UUID]) -> list[Row[Any]]:
    """Whole contacts, in the order of `ids`; those that are gone are left out."""
    rows = (await db.execute(_THESE, {"tenants": list(tenants), "ids": list(ids)})).all() if ids else []
    by_id = {row.id: row for row in rows}
    return [by_id[identifier] for identifier in ids if identifier in by_id]


async def consents_of(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> Sequence[Row[Any]]:
    return (await db.execute(_CONSENTS, {"tenant_id": tenant_id, "contact_id": contact_id})).all()


async def addresses_of(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> Sequence[Row[Any]]:
    """(kind, address, position, created_at), the primary of each kind first."""
    return (await db.execute(_ADDRESSES, {"tenant_id": tenant_id, "contact_id": contact_id})).all()


async def delete_address(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, kind: str, address: str
) -> bool:
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "kind": kind, "address": address}
    return bool((await db.execute(_DELETE_ADDRESS, values)).rowcount)


async def make_primary(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, kind: str, address: str
) -> None:
    values = {"tenant_id": tenant_id, "contact_id": contact_id, "kind": kind, "address": address}
    await db.execute(_MAKE_PRIMARY, values)


async def gone(db: AsyncConnection, tenants: Sequence[UUID], contact_id: UUID) -> Row[Any] | None:
    """Why there is no such contact any more: (winner_id, merge_id) or erased_at."""
    return (await db.execute(_GONE, {"tenants": list(tenants), "id": contact_id})).first()


async def last_change(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> Row[Any] | None:
    """(actor, at) of the newest change that the timeline tells."""
    return (await db.execute(_LAST_ACTOR, {"tenant_id": tenant_id, "contact_id": contact_id})).first()


async def tag_list(db: AsyncConnection, tenants: Sequence[UUID], *, limit: int) -> Sequence[Row[Any]]:
    """(tag, contacts) by tag."""
    return (await db.execute(_TAGS, {"tenants": list(tenants), "limit": limit})).all()
