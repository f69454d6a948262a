"""SQL that takes an import back: people it created are removed, people it changed are restored field by field, and what
somebody has worked with since stays as it is, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

BATCH = 2_000

_CREATED = text(
    "SELECT id FROM contacts WHERE tenant_id = :tenant_id AND id > :after AND id <= :last AND import_id = :import_id "
    "ORDER BY id LIMIT :limit FOR UPDATE"
)
# Why a contact that the import created is not removed; the first reason that holds.
_TOUCHED = text("""
SELECT c.id, CASE
  WHEN EXISTS (SELECT 1 FROM messages m WHERE m.tenant_id = :tenant_id AND m.contact_id = c.id) THEN 'it has messages'
  WHEN EXISTS (SELECT 1 FROM conversations v WHERE v.tenant_id = :tenant_id AND v.contact_id = c.id)
    THEN 'it has a conversation'
  WHEN EXISTS (SELECT 1 FROM contact_merges g WHERE g.tenant_id = :tenant_id AND g.winner_id = c.id
    AND g.undone_at IS NULL) THEN 'another contact was merged into it'
  WHEN EXISTS (SELECT 1 FROM contact_events e WHERE e.tenant_id = :tenant_id AND e.contact_id = c.id) THEN 'it has events'
  WHEN EXISTS (SELECT 1 FROM import_changes i WHERE i.tenant_id = :tenant_id AND i.contact_id = c.id
    AND i.import_id <> :import_id) THEN 'a later import changed it'
  WHEN c.version > 1 OR EXISTS (SELECT 1 FROM activities y WHERE y.tenant_id = :tenant_id AND y.contact_id = c.id)
    THEN 'it was changed by hand'
END AS reason
FROM contacts c WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[]))
""")
_KEEP = text(
    "INSERT INTO import_changes (tenant_id, import_id, contact_id, before, after) SELECT :tenant_id, :import_id, k.id, '{}', "
    "jsonb_build_object('kept', k.reason) FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS k(id, reason) "
    "ON CONFLICT (tenant_id, import_id, contact_id) DO UPDATE SET after = import_changes.after || excluded.after"
)
_REMOVE = text("DELETE FROM contacts WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))")

_CHANGED = text(
    "SELECT i.contact_id FROM import_changes i WHERE i.tenant_id = :tenant_id AND i.import_id = :import_id "
    "AND i.contact_id > :after AND i.before || i.after <> '{}' AND NOT jsonb_exists(i.after, 'kept') "
    "ORDER BY i.contact_id LIMIT :limit"
)
_LOCK = text(
    "SELECT 1 FROM contacts WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"
)
_MINE = "i.tenant_id = :tenant_id AND i.import_id = :import_id AND i.contact_id = ANY(CAST(:ids AS uuid[]))"
# Fields that somebody changed since, in words; contacts that are gone.
_SINCE = text(f"""
SELECT i.contact_id AS id, CASE WHEN c.id IS NULL THEN 'it does not exist any more' ELSE 'changed since: ' || w.words END AS reason
FROM import_changes i
LEFT JOIN contacts c ON c.tenant_id = i.tenant_id AND c.id = i.contact_id
CROSS JOIN LATERAL (SELECT string_agg(f.word, ', ') AS words FROM (
  SELECT 'name' AS word WHERE i.after ->> 'name' <> c.name
  UNION ALL SELECT 'language' WHERE i.after ->> 'language' <> c.language
  UNION ALL SELECT 'time zone' WHERE i.after ->> 'time_zone' <> c.time_zone
  UNION ALL SELECT a.key FROM jsonb_each(COALESCE(i.after -> 'attributes', '{{}}')) a
    WHERE c.attributes -> a.key IS DISTINCT FROM a.value) f) w
WHERE {_MINE} AND (c.id IS NULL OR w.words IS NOT NULL)
""")
_RESTORE = text(f"""
UPDATE contacts c SET
  name = CASE WHEN i.after ->> 'name' = c.name THEN COALESCE(i.before ->> 'name', '') ELSE c.name END,
  language = CASE WHEN i.after ->> 'language' = c.language THEN COALESCE(i.before ->> 'language', '') ELSE c.language END,
  time_zone = CASE WHEN i.after ->> 'time_zone' = c.time_zone THEN COALESCE(i.before ->> 'time_zone', '') ELSE c.time_zone END,
  attributes = (c.attributes - v.back) || v.old, version = c.version + 1, updated_at = now()
FROM import_changes i
CROSS JOIN LATERAL (SELECT 1) one
LEFT JOIN LATERAL (SELECT COALESCE(array_agg(a.key), '{{}}') AS back,
    COALESCE(jsonb_object_agg(a.key, i.before -> 'attributes' -> a.key)
      FILTER (WHERE jsonb_typeof(i.before -> 'attributes' -> a.key) <> 'null'), '{{}}') AS old
  FROM contacts n CROSS JOIN LATERAL jsonb_each(COALESCE(i.after -> 'attributes', '{{}}')) a
  WHERE n.tenant_id = :tenant_id AND n.id = i.contact_id AND n.attributes -> a.key = a.value) v ON true
WHERE {_MINE} AND c.tenant_id = :tenant_id AND c.id = i.contact_id AND c.id = ANY(CAST(:ids AS uuid[]))
""")
_UNTAG = text(
    "DELETE FROM contact_tags t USING import_changes i WHERE " + _MINE + " AND t.tenant_id = :tenant_id "
    "AND t.contact_id = i.contact_id AND t.contact_id = ANY(CAST(:ids AS uuid[])) AND jsonb_exists(i.after -> 'tags', t.tag)"
)
_UNADDRESS = text(
    "DELETE FROM contact_addresses a USING import_changes i WHERE " + _MINE + " AND a.tenant_id = :tenant_id "
    "AND a.contact_id = i.contact_id AND a.contact_id = ANY(CAST(:ids AS uuid[])) "
    "AND i.after -> 'addresses' @> jsonb_build_array(jsonb_build_object('kind', a.kind, 'address', a.address))"
)
_REINDEX = (
    "DELETE FROM contact_values v USING attribute_definitions d WHERE v.tenant_id = :tenant_id AND d.tenant_id = :tenant_id "
    "AND d.id = v.attribute_id AND v.contact_id = ANY(CAST(:ids AS uuid[]))",
    "INSERT INTO contact_values (tenant_id, attribute_id, value, contact_id) "
    "SELECT :tenant_id, d.id, left(c.attributes ->> d.key, 200), c.id FROM contacts c JOIN attribute_definitions d "
    "ON d.tenant_id = :tenant_id AND d.indexed WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[])) "
    "AND jsonb_exists(c.attributes, d.key)",
)
_TELL = text(
    "INSERT INTO activities (tenant_id, contact_id, id, kind, actor, data) SELECT :tenant_id, a.id, a.activity_id, 'import', "
    ":actor, CAST(:activity AS jsonb) FROM unnest(CAST(:ids AS uuid[]), CAST(:activity_ids AS uuid[])) AS a(id, activity_id)"
)


@dataclass(frozen=True, slots=True)
class Undone:
    """One batch: where to go on, how many were dealt with, how many stayed as they are."""

    after: UUID
    done: int
    kept: int


async def remove_created(
    db: AsyncConnection, tenant_id: UUID, import_id: UUID, after: UUID, last: UUID
) -> Undone | None:
    """Remove the next people that the import created, by id up to `last`. None when there are no more."""
    mine: dict[str, Any] = {"tenant_id": tenant_id, "import_id": import_id}
    found = await db.execute(_CREATED, {**mine, "after": after, "last": last, "limit": BATCH})
    ids = list(found.scalars())
    if not ids:
        return None
    rows = (await db.execute(_TOUCHED, {**mine, "ids": ids})).all()
    touched = [row for row in rows if row.reason is not None]
    free = [row.id for row in rows if row.reason is None]
    await _keep(db, mine, [(row.id, row.reason) for row in touched])
    await remove_contacts(db, tenant_id, free)
    return Undone(ids[-1], len(ids), len(touched))


async def remove_contacts(db: AsyncConnection, tenant_id: UUID, ids: Sequence[UUID]) -> None:
    """Contacts nobody has worked with, and what hangs on them."""
    if ids:
        await db.execute(_REMOVE, {"tenant_id": tenant_id, "ids": list(ids)})


async def restore_changed(
    db: AsyncConnection,
    tenant_id: UUID,
    import_id: UUID,
    after: UUID,
    *,
    actor: str,
    activity: str,
    activity_ids: Sequence[str],
) -> Undone | None:
    """Restore the next people that the import changed, by id. None when there are no more."""
    mine: dict[str, Any] = {"tenant_id": tenant_id, "import_id": import_id}
    found = await db.execute(_CHANGED, {**mine, "after": after, "limit": BATCH})
    ids = list(found.scalars())
    if not ids:
        return None
    values = {**mine, "ids": ids}
    await db.execute(_LOCK, {"tenant_id": tenant_id, "ids": ids})
    since = [(row.id, row.reason) for row in await db.execute(_SINCE, values)]
    await db.execute(_RESTORE, values)
    await db.execute(_UNTAG, values)
    await db.execute(_UNADDRESS, values)
    for statement in _REINDEX:
        await db.execute(text(statement), {"tenant_id": tenant_id, "ids": ids})
    there = [row for row in ids if row not in {gone for gone, reason in since if "exist" in reason}]
    told = {"tenant_id": tenant_id, "ids": there, "activity_ids": list(activity_ids[: len(there)])}
    await db.execute(_TELL, {**told, "actor": actor, "activity": activity})
    await _keep(db, mine, since)
    return Undone(ids[-1], len(ids), len(since))


async def _keep(db: AsyncConnection, mine: dict[str, Any], kept: Sequence[tuple[UUID, str]]) -> None:
    if kept:
        values = {**mine, "ids": [key for key, _ in kept], "reasons": [reason for _, reason in kept]}
        await db.execute(_KEEP, values)
