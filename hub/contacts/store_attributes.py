"""SQL of attribute definitions and suppressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.attributes import INDEX_CHARS_MAX, Definition
from models.contacts import attribute_definitions, suppressions
from models.db import Db, fetch, insert_rows

_COLUMNS = "id, key, label, type, choices, indexed, position, version, created_at, updated_at"
_LIST = text(
    f"SELECT {_COLUMNS} FROM attribute_definitions WHERE tenant_id = :tenant_id ORDER BY position, label, key"
)
_GET = text(
    f"SELECT {_COLUMNS} FROM attribute_definitions WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE"
)
_UPDATE = text(
    "UPDATE attribute_definitions SET label = :label, choices = :choices, indexed = :indexed, position = :position, "
    "version = version + 1, updated_at = now() WHERE tenant_id = :tenant_id AND id = :id"
)
_DELETE = text("DELETE FROM attribute_definitions WHERE tenant_id = :tenant_id AND id = :id")
_USES = text(
    "SELECT count(*) FROM contacts c WHERE c.tenant_id = :tenant_id AND jsonb_exists(c.attributes, :key)"
)
_CHOICES_USED = text(
    "SELECT DISTINCT c.attributes ->> :key AS choice FROM contacts c "
    "WHERE c.tenant_id = :tenant_id AND jsonb_exists(c.attributes, :key) AND c.attributes ->> :key = ANY (:choices)"
)
_CLEAR = text(
    "UPDATE contacts c SET attributes = c.attributes - :key, version = c.version + 1, updated_at = now() "
    "WHERE c.tenant_id = :tenant_id AND jsonb_exists(c.attributes, :key)"
)
_BACKFILL = text(
    "INSERT INTO contact_values (tenant_id, attribute_id, value, contact_id) "
    "SELECT c.tenant_id, :id, left(c.attributes ->> :key, :chars), c.id FROM contacts c "
    "WHERE c.tenant_id = :tenant_id AND jsonb_exists(c.attributes, :key) ON CONFLICT DO NOTHING"
)
_UNINDEX = text("DELETE FROM contact_values WHERE tenant_id = :tenant_id AND attribute_id = :id")
# One tenant's definitions change one at a time: the limits count what others are adding.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 4712))")

_SUPPRESSED = text(
    "SELECT tenant_id, address_hash FROM suppressions WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) "
    "AND kind = ANY(CAST(:kinds AS text[])) AND address_hash = ANY(CAST(:hashes AS bytea[]))"
)
_SUPPRESSIONS = (
    "SELECT kind, address_hash, address, reason, source, created_by, created_at FROM suppressions "
    "WHERE tenant_id = :tenant_id AND (CAST(:kind AS text) IS NULL OR (kind, address_hash) > (:kind, :hash)){search} "
    "ORDER BY kind, address_hash LIMIT :limit"
)
_SUPPRESSION = text(
    "SELECT kind, address_hash, address, reason, source, created_by, created_at FROM suppressions "
    "WHERE tenant_id = :tenant_id AND kind = :kind AND address_hash = :hash"
)
_UNSUPPRESS = text(
    "DELETE FROM suppressions WHERE tenant_id = :tenant_id AND kind = ANY(CAST(:kinds AS text[])) AND address_hash = :hash "
    "RETURNING kind, address"
)


def definition_of(row: Any) -> Definition:
    return Definition(row.id, row.key, row.label, row.type, tuple(row.choices), row.indexed)


async def rows(db: Db, tenant_id: UUID) -> Sequence[Any]:
    """All definitions of a tenant, as people ordered them."""
    return await fetch(db, _LIST, {"tenant_id": tenant_id})


async def definitions(db: Db, tenant_id: UUID) -> dict[str, Definition]:
    """The tenant's attributes by key."""
    return {row.key: definition_of(row) for row in await rows(db, tenant_id)}


async def get(db: AsyncConnection, tenant_id: UUID, attribute_id: UUID) -> Row[Any] | None:
    """One definition, locked."""
    return (await db.execute(_GET, {"tenant_id": tenant_id, "id": attribute_id})).one_or_none()


async def hold(db: AsyncConnection, tenant_id: UUID) -> None:
    """Let nobody else change the tenant's definitions until the transaction ends."""
    await db.execute(_ONE_AT_A_TIME, {"key": str(tenant_id)})


async def insert(db: AsyncConnection, row: Mapping[str, Any]) -> bool:
    """False when the key is taken."""
    suffix = "ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id"
    return bool(await insert_rows(db, attribute_definitions, [row], suffix))


async def update(db: AsyncConnection, tenant_id: UUID, attribute_id: UUID, **values: Any) -> None:
    await db.execute(_UPDATE, {"tenant_id": tenant_id, "id": attribute_id, **values})


async def delete(db: AsyncConnection, tenant_id: UUID, attribute_id: UUID) -> None:
    """The definition and, by its foreign key, its index."""
    await db.execute(_DELETE, {"tenant_id": tenant_id, "id": attribute_id})


async def uses(db: AsyncConnection, tenant_id: UUID, key: str) -> int:
    """How many contacts have a value."""
    return int((await db.execute(_USES, {"tenant_id": tenant_id, "key": key})).scalar_one())


async def choices_used(db: AsyncConnection, tenant_id: UUID, key: str, choices: Sequence[str]) -> list[str]:
    """Those of the choices that some contact has."""
    values = {"tenant_id": tenant_id, "key": key, "choices": list(choices)}
    return sorted((await db.execute(_CHOICES_USED, values)).scalars())


async def clear(db: AsyncConnection, tenant_id: UUID, key: str) -> int:
    """Take the value from every contact; returns from how many."""
    return (await db.execute(_CLEAR, {"tenant_id": tenant_id, "key": key})).rowcount


async def index(db: AsyncConnection, tenant_id: UUID, attribute_id: UUID, key: str) -> int:
    """Write every contact's value into the index, in one statement; returns how many there are."""
    values = {"tenant_id": tenant_id, "id": attribute_id, "key": key, "chars": INDEX_CHARS_MAX}
    return (await db.execute(_BACKFILL, values)).rowcount


async def unindex(db: AsyncConnection, tenant_id: UUID, attribute_id: UUID) -> None:
    await db.execute(_UNINDEX, {"tenant_id": tenant_id, "id": attribute_id})


async def suppressed(
    db: Db, tenants: Iterable[UUID], kinds: Iterable[str], hashes: Sequence[bytes]
) -> set[tuple[UUID, bytes]]:
    """Those (tenant, hash) that are on the tenants' lists."""
    if not hashes:
        return set()
    values = {"tenants": list(tenants), "kinds": list(kinds), "hashes": list(hashes)}
    return {(row.tenant_id, bytes(row.address_hash)) for row in await fetch(db, _SUPPRESSED, values)}


async def suppress(
    db: AsyncConnection, listed: Sequence[Mapping[str, Any]], *, forget_address: bool = False
) -> None:
    """Put addresses on the list; with `forget_address` one that is there keeps only its hash."""
    keep = "DO UPDATE SET address = ''" if forget_address else "DO NOTHING"
    await insert_rows(db, suppressions, listed, f"ON CONFLICT (tenant_id, kind, address_hash) {keep}")


async def suppression_list(
    db: AsyncConnection, tenant_id: UUID, *, search: str, after: tuple[str, bytes] | None, limit: int
) -> Sequence[Row[Any]]:
    """The list in the order of its keys; `search` is a piece of an address."""
    kind, digest = after or (None, None)
    values: dict[str, Any] = {"tenant_id": tenant_id, "kind": kind, "hash": digest, "limit": limit}
    if search:
        values["search"] = search
    clause = " AND position(:search IN address) > 0" if search else ""
    return (await db.execute(text(_SUPPRESSIONS.format(search=clause)), values)).all()


async def suppression(db: AsyncConnection, tenant_id: UUID, kind: str, digest: bytes) -> Row[Any] | None:
    values = {"tenant_id": tenant_id, "kind": kind, "hash": digest}
    return (await db.execute(_SUPPRESSION, values)).one_or_none()


async def unsuppress(
    db: AsyncConnection, tenant_id: UUID, kinds: Sequence[str], digest: bytes
) -> Row[Any] | None:
    values = {"tenant_id": tenant_id, "kinds": list(kinds), "hash": digest}
    return (await db.execute(_UNSUPPRESS, values)).first()
