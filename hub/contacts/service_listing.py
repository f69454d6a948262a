"""Use cases of lists: pages, counts, landmarks, changes of many at once, hints of duplicates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store, store_listing
from hub.contacts.changes import Change
from hub.contacts.contact import check_tags
from hub.contacts.listing import ORDERS, Clauses, Filter, clauses
from hub.contacts.segments.service import condition_sql
from hub.contacts.service_changes import write_changes
from hub.contacts.service_common import missing, state_of
from hub.errors import Invalid, NotFound

EVERY_MIN, EVERY_MAX = 50, 10_000
LANDMARKS_MAX = 20_000
CHUNK = 2_000
BULK_MAX = 200_000
DUPLICATES_MAX = 10


async def filters_of(db: AsyncConnection, tenant_id: UUID, wanted: Filter) -> Clauses:
    """A filter as SQL. Raises Invalid, or NotFound for a segment that the tenant does not have."""
    found = clauses(wanted)
    if wanted.segment is not None:
        compiled = await condition_sql(db, tenant_id, wanted.segment)
        found.add(f"({compiled.sql})", **compiled.values)
    return found


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    readable: Iterable[UUID],
    wanted: Filter,
    *,
    sort: str,
    after: UUID | None,
    limit: int,
) -> tuple[list[Row[Any]], bool]:
    """One page of contacts in an order of ORDERS, and whether there are more. Raises Invalid or NotFound."""
    tenants = list(readable)
    ids = await page_ids(db, tenants, await filters_of(db, tenant_id, wanted), sort, after, limit + 1)
    return await store.these(db, tenants, ids[:limit]), len(ids) > limit


async def page_ids(
    db: AsyncConnection, tenants: Sequence[UUID], filters: Clauses, sort: str, after: UUID | None, limit: int
) -> list[UUID]:
    """The ids after the contact `after`. Raises NotFound when the order needs its name and it is gone."""
    order = ORDERS[sort]
    cursor: dict[str, Any] = {}
    if after is not None:
        cursor["after"] = after
        if order.by_name:
            name = await store_listing.name_key(db, tenants, after)
            if name is None:
                raise NotFound("there is no such contact to start after")
            cursor["after_name"] = name
    return await store_listing.page(db, tenants, order, filters, cursor, limit)


async def count(db: AsyncConnection, tenant_id: UUID, readable: Iterable[UUID], wanted: Filter) -> int:
    return await store_listing.count(db, list(readable), await filters_of(db, tenant_id, wanted))


async def landmarks(
    db: AsyncConnection, tenant_id: UUID, readable: Iterable[UUID], wanted: Filter, *, sort: str, every: int
) -> tuple[int, list[UUID]]:
    """How many contacts there are, and the ids of rows `every`, 2 · `every`, …: a page can begin after any of them."""
    if not EVERY_MIN <= every <= EVERY_MAX:
        raise Invalid(f"a distance is between {EVERY_MIN} and {EVERY_MAX}", "?every")
    tenants = list(readable)
    filters = await filters_of(db, tenant_id, wanted)
    total = await store_listing.count(db, tenants, filters)
    if total < every:
        return total, []
    return total, (await store_listing.landmarks(db, tenants, ORDERS[sort], filters, every))[:LANDMARKS_MAX]


async def walk(db: AsyncConnection, tenant_id: UUID, wanted: Filter) -> AsyncIterator[list[UUID]]:
    """The ids of all contacts of a filter, in chunks, oldest first."""
    filters = await filters_of(db, tenant_id, wanted)
    after: UUID | None = None
    while True:
        ids = await page_ids(db, [tenant_id], filters, "created", after, CHUNK)
        if ids:
            yield ids
        if len(ids) < CHUNK:
            return
        after = ids[-1]


@dataclass(frozen=True, slots=True)
class BulkResult:
    matched: int
    changed: int


async def bulk_tags(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    contact_ids: Sequence[UUID] | None,
    wanted: Filter | None,
    add: Sequence[str],
    remove: Sequence[str],
    dry_run: bool,
    actor: str,
) -> BulkResult:
    """Add and remove tags of the named contacts or of all that a filter finds, in one transaction.

    Raises Invalid (also when the filter finds more than 200,000) or NotFound, and then changes nobody. A contact that is
    already so is matched and not changed.
    """
    added, removed = check_tags(add, "/add_tags"), check_tags(remove, "/remove_tags")
    if wanted is not None:
        matched = await count(db, tenant_id, [tenant_id], wanted)
        if matched > BULK_MAX:
            raise Invalid(f"it finds {matched} contacts; at most {BULK_MAX} change at once", "/filter")
        if dry_run:
            return BulkResult(matched, await _would_change(db, tenant_id, wanted, added, removed))
        chunks = [ids async for ids in walk(db, tenant_id, wanted)]
    else:
        chunks = [list(dict.fromkeys(contact_ids or ()))]
    matched = changed = 0
    for ids in chunks:
        rows = await store.lock(db, tenant_id, ids)
        states = {row.id: state_of(row) for row in rows}
        changes = [Change(identifier, add_tags=added, remove_tags=removed) for identifier in states]
        matched += len(states)
        if dry_run:
            changed += sum(bool(set(added) - s.tags or set(removed) & s.tags) for s in states.values())
        else:
            outcomes = await write_changes(db, tenant_id, states, changes, {}, actor)
            changed += sum(outcome.changed for outcome in outcomes)
    return BulkResult(matched, changed)


async def _would_change(
    db: AsyncConnection, tenant_id: UUID, wanted: Filter, added: Sequence[str], removed: Sequence[str]
) -> int:
    """How many of a filter's contacts lack a tag that is added or have one that is removed."""
    filters = await filters_of(db, tenant_id, wanted)
    ways = [f"NOT EXISTS ({_HAS.format(tag=f'added_{place}')})" for place, _ in enumerate(added)] + [
        f"EXISTS ({_HAS.format(tag=f'removed_{place}')})" for place, _ in enumerate(removed)
    ]
    if not ways:
        return 0
    values = {f"added_{place}": tag for place, tag in enumerate(added)}
    values |= {f"removed_{place}": tag for place, tag in enumerate(removed)}
    filters.add(f"({' OR '.join(ways)})", **values)
    return await store_listing.count(db, [tenant_id], filters)


_HAS = (
    "SELECT 1 FROM contact_tags w WHERE w.tenant_id = c.tenant_id AND w.tag = :{tag} AND w.contact_id = c.id"
)


async def duplicates(
    db: AsyncConnection, readable: Iterable[UUID], contact_id: UUID
) -> list[tuple[Row[Any], str, str]]:
    """(contact, reason, value) of those who may be the same person: the same name, or the same indexed value."""
    tenants = list(readable)
    own = await store.get(db, tenants, contact_id)
    if own is None:
        raise await missing(db, tenants, contact_id)
    hints: dict[UUID, tuple[str, str]] = {}
    for row in await store_listing.duplicates(db, own.tenant_id, contact_id, own.name, DUPLICATES_MAX):
        hints.setdefault(row.id, (row.reason, row.value))
    rows = await store.these(db, [own.tenant_id], list(hints)[:DUPLICATES_MAX])
    return [(row, *hints[row.id]) for row in rows]
