"""All SQL of contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.contacts import consents, contact_addresses, contact_tags, contacts
from models.db import Db, fetch, insert_rows, run_rows

# Keys are given as arrays, so that they are part of the index condition whatever the planner believes of a tenant.
_FIND = text(
    "SELECT tenant_id, kind, address, contact_id FROM contact_addresses WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) "
    "AND kind = ANY(CAST(:kinds AS text[])) AND address = ANY(CAST(:addresses AS text[]))"
)
_DELETE_ORPHANS = text(
    "DELETE FROM contacts c USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS w(tenant_id uuid, id uuid) "
    "WHERE c.tenant_id = w.tenant_id AND c.id = w.id"
)
# Rows are locked in the order of their ids: two batches over the same people wait, they do not deadlock.
_UPDATE = text(
    "WITH w AS (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS w(id uuid, name text, language text, attributes jsonb)), "
    "locked AS (SELECT c.id FROM contacts c JOIN w ON w.id = c.id WHERE c.tenant_id = :tenant_id AND c.id = ANY(ARRAY(SELECT id FROM w)) ORDER BY c.id FOR UPDATE OF c) "
    "UPDATE contacts c SET name = CASE WHEN w.name = '' THEN c.name ELSE w.name END, "
    "language = CASE WHEN w.language = '' THEN c.language ELSE w.language END, attributes = c.attributes || w.attributes, "
    "version = c.version + 1, updated_at = now() FROM w JOIN locked ON locked.id = w.id "
    "WHERE c.tenant_id = :tenant_id AND c.id = w.id AND c.id = ANY(ARRAY(SELECT id FROM w))"
)
_COLUMNS = (
    "SELECT c.tenant_id, c.id, c.name, c.language, c.attributes, c.created_at, c.updated_at, "
    "COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'address', a.address) ORDER BY a.kind, a.address) "
    "FROM contact_addresses a WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.id), '[]') AS addresses, "
    "COALESCE((SELECT jsonb_agg(t.tag ORDER BY t.tag) FROM contact_tags t "
    "WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id), '[]') AS tags FROM contacts c "
)
_GET = text(_COLUMNS + "WHERE c.tenant_id = ANY (:tenants) AND c.id = :id")
_CONSENTS = text(
    "SELECT channel_kind, purpose, state, source, changed_at FROM consents WHERE tenant_id = :tenant_id "
    "AND contact_id = :contact_id ORDER BY channel_kind, purpose"
)
_LIST = (
    "WHERE c.tenant_id = ANY (:tenants) AND (CAST(:after AS uuid) IS NULL OR c.id < :after){filters} "
    "ORDER BY c.id DESC LIMIT :limit"
)
_TAGGED = " AND EXISTS (SELECT 1 FROM contact_tags t WHERE t.tenant_id = c.tenant_id AND t.tag = :tag AND t.contact_id = c.id)"
_NAMED = " AND (c.name ILIKE :pattern{numbers})"
_NUMBERED = (
    " OR EXISTS (SELECT 1 FROM contact_addresses a WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.id "
    "AND a.address LIKE :digits)"
)
_TAGS = text(
    "SELECT tag, count(*) AS contacts FROM contact_tags WHERE tenant_id = ANY (:tenants) GROUP BY tag ORDER BY tag LIMIT :limit"
)
DIGITS_MIN = 3


async def find_addresses(db: Db, wanted: Sequence[Mapping[str, Any]]) -> Sequence[Row[Any]]:
    """The (tenant_id, kind, address, contact_id) that exist among `wanted`."""
    if not wanted:
        return []
    keys = {(row["tenant_id"], row["kind"], row["address"]) for row in wanted}
    tenants, kinds, addresses = (list(set(column)) for column in zip(*keys, strict=True))
    rows = await fetch(db, _FIND, {"tenants": tenants, "kinds": kinds, "addresses": addresses})
    return [row for row in rows if (row.tenant_id, row.kind, row.address) in keys]


async def insert_contacts(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, contacts, rows)


async def insert_addresses(db: Db, rows: Sequence[Mapping[str, Any]]) -> Sequence[Row[Any]]:
    """Insert addresses nobody has; returns those that went in. Waits for a concurrent insert of the same address."""
    suffix = (
        "ON CONFLICT (tenant_id, kind, address) DO NOTHING RETURNING tenant_id, kind, address, contact_id"
    )
    return await insert_rows(db, contact_addresses, rows, suffix)


async def delete_contacts(db: Db, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        await run_rows(db, _DELETE_ORPHANS, rows)


async def update_contacts(db: AsyncConnection, tenant_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Merge name, language and attributes into contacts of one tenant; each id at most once."""
    if rows:
        await run_rows(db, _UPDATE, rows, tenant_id=tenant_id)


async def insert_tags(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    await insert_rows(db, contact_tags, rows, "ON CONFLICT DO NOTHING")


async def insert_consents(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Grant consents; one that exists, such as an opt-out, stays as it is."""
    await insert_rows(db, consents, rows, "ON CONFLICT DO NOTHING")


async def get(db: AsyncConnection, tenants: Sequence[UUID], contact_id: UUID) -> Row[Any] | None:
    return (await db.execute(_GET, {"tenants": list(tenants), "id": contact_id})).one_or_none()


async def consents_of(db: AsyncConnection, tenant_id: UUID, contact_id: UUID) -> Sequence[Row[Any]]:
    return (await db.execute(_CONSENTS, {"tenant_id": tenant_id, "contact_id": contact_id})).all()


async def contact_list(
    db: AsyncConnection, tenants: Sequence[UUID], *, search: str, tag: str, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Contacts newest first; `search` is a piece of a name, or at least three digits of a number."""
    values: dict[str, Any] = {"tenants": list(tenants), "after": after, "limit": limit}
    filters = ""
    if tag:
        filters += _TAGGED
        values["tag"] = tag
    if search:
        digits = "".join(letter for letter in search if letter.isdecimal())
        by_number = len(digits) >= DIGITS_MIN
        filters += _NAMED.format(numbers=_NUMBERED if by_number else "")
        values["pattern"] = f"%{_literal(search)}%"
        if by_number:
            values["digits"] = f"%{digits}%"
    return (await db.execute(text(_COLUMNS + _LIST.format(filters=filters)), values)).all()


async def tag_list(db: AsyncConnection, tenants: Sequence[UUID], *, limit: int) -> Sequence[Row[Any]]:
    """(tag, contacts) by tag."""
    return (await db.execute(_TAGS, {"tenants": list(tenants), "limit": limit})).all()


def _literal(text_: str) -> str:
    """The text with the wildcards of LIKE escaped."""
    return text_.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
