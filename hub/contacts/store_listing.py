"""SQL of lists of contacts. Pages are ids by an index first, then the whole rows of one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.listing import Clauses, Order

# The plan depends on the values (a rare tag or a common one), so it is made for them each time.
_OWN_PLAN = text("SET LOCAL plan_cache_mode = force_custom_plan")
# One index walk a tenant, at most `limit` rows each; a caller with tenants below theirs sees them merged.
_PAGE = (
    "SELECT p.id FROM unnest(CAST(:tenants AS uuid[])) AS one(tenant_id) CROSS JOIN LATERAL (SELECT {keys} FROM contacts c "
    "WHERE c.tenant_id = one.tenant_id{filters}{after} ORDER BY {by} LIMIT :limit) p ORDER BY {outer} LIMIT :limit"
)
_ONE = "SELECT c.id FROM contacts c WHERE c.tenant_id = :tenant{filters}{after} ORDER BY {by} LIMIT :limit"
_COUNT = "SELECT count(*) FROM contacts c WHERE {tenant}{filters}"
# Of one tenant the index gives the order of its rows; of several they are sorted.
_OF_ONE, _OF_SEVERAL = "c.tenant_id = :tenant", "c.tenant_id = ANY(CAST(:tenants AS uuid[]))"
_MARKS = (
    "SELECT id FROM (SELECT {keys}, row_number() OVER (ORDER BY {by}) AS place FROM contacts c "
    "WHERE {tenant}{filters}) numbered WHERE place % :every = 0 ORDER BY place"
)
_NAME = text("SELECT name_key FROM contacts WHERE tenant_id = ANY(CAST(:tenants AS uuid[])) AND id = :id")
_DUPLICATES = text(
    """
    (SELECT c.id, 'name' AS reason, c.name AS value FROM contacts c
     WHERE c.tenant_id = :tenant_id AND c.name_key = lower(:name) AND c.id <> :id AND :name <> '' ORDER BY c.id LIMIT :limit)
    UNION ALL
    (SELECT o.contact_id, d.label, o.value FROM contact_values v
     JOIN contact_values o ON o.tenant_id = v.tenant_id AND o.attribute_id = v.attribute_id AND o.value = v.value
     JOIN attribute_definitions d ON d.tenant_id = v.tenant_id AND d.id = v.attribute_id
     WHERE v.tenant_id = :tenant_id AND v.contact_id = :id AND o.contact_id <> :id AND d.type IN ('text', 'number')
     ORDER BY o.contact_id LIMIT :limit)
    """
)


async def page(
    db: AsyncConnection,
    tenants: Sequence[UUID],
    order: Order,
    filters: Clauses,
    after: Mapping[str, Any],
    limit: int,
) -> list[UUID]:
    """Ids of one page; `after` holds the cursor's values, or nothing for the first."""
    await db.execute(_OWN_PLAN)
    clause = f" AND {order.after}" if after else ""
    by = ", ".join(f"c.{part}" for part in order.by.split(", "))
    values = {**filters.values, **after, "limit": limit, "tenants": list(tenants)}
    if len(tenants) == 1:
        sql = _ONE.format(filters=filters.sql, after=clause, by=by)
        values["tenant"] = tenants[0]
    else:
        outer = ", ".join(f"p.{part}" for part in order.by.split(", "))
        sql = _PAGE.format(keys=order.keys, filters=filters.sql, after=clause, by=by, outer=outer)
    return list((await db.execute(text(sql), values)).scalars())


async def count(db: AsyncConnection, tenants: Sequence[UUID], filters: Clauses) -> int:
    await db.execute(_OWN_PLAN)
    tenant, values = _whose(tenants)
    sql = _COUNT.format(tenant=tenant, filters=filters.sql)
    return int((await db.execute(text(sql), {**filters.values, **values})).scalar_one())


def _whose(tenants: Sequence[UUID]) -> tuple[str, dict[str, Any]]:
    """The clause that names the tenants, and its values; the search's own clauses need all of them, too."""
    values: dict[str, Any] = {"tenants": list(tenants), "tenant": tenants[0]}
    return (_OF_ONE if len(tenants) == 1 else _OF_SEVERAL), values


async def landmarks(
    db: AsyncConnection, tenants: Sequence[UUID], order: Order, filters: Clauses, every: int
) -> list[UUID]:
    """The ids of rows `every`, 2 · `every`, … of the whole list."""
    await db.execute(_OWN_PLAN)
    by = ", ".join(f"c.{part}" for part in order.by.split(", "))
    tenant, values = _whose(tenants)
    sql = _MARKS.format(keys=order.keys, by=by, tenant=tenant, filters=filters.sql)
    found = await db.execute(text(sql), {**filters.values, **values, "every": every})
    return list(found.scalars())


async def name_key(db: AsyncConnection, tenants: Sequence[UUID], contact_id: UUID) -> str | None:
    return (await db.execute(_NAME, {"tenants": list(tenants), "id": contact_id})).scalar_one_or_none()


async def duplicates(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, name: str, limit: int
) -> Sequence[Row[Any]]:
    """(id, reason, value) of contacts that may be the same person."""
    values = {"tenant_id": tenant_id, "id": contact_id, "name": name, "limit": limit}
    return (await db.execute(_DUPLICATES, values)).all()
