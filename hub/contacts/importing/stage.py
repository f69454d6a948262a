"""SQL that takes a block from temporary tables into contacts, by whole sets: match, compare, write.

The temporary tables are this connection's own and empty after every commit. COPY goes there because it is refused on
tables with row-level security. A dry run takes the same way up to the writing, so both count the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.addresses import family
from hub.contacts.importing.limits import RowError
from hub.contacts.importing.options import ImportOptions
from hub.contacts.importing.prepared import Prepared
from models.db import copy_in

_TABLES = (
    "CREATE TEMP TABLE IF NOT EXISTS import_stage (row bigint, id uuid, address text, name text, language text, "
    "time_zone text, attributes jsonb, tags text[], contact_id uuid) ON COMMIT DELETE ROWS",
    "CREATE TEMP TABLE IF NOT EXISTS import_more (row bigint, kind text, address text, contact_id uuid) "
    "ON COMMIT DELETE ROWS",
    "CREATE TEMP TABLE IF NOT EXISTS import_diff (row bigint, id uuid, contact_id uuid, name text, language text, "
    "time_zone text, attributes jsonb, tags text[], addresses jsonb, before jsonb, after jsonb) ON COMMIT DELETE ROWS",
)
_COPY = "COPY import_stage (row, id, address, name, language, time_zone, attributes, tags) FROM STDIN"
_COPY_MORE = "COPY import_more (row, kind, address) FROM STDIN"

# The address of exactly this kind wins over the same number of another kind.
_MATCH = (
    "UPDATE {table} s SET contact_id = a.contact_id FROM (SELECT DISTINCT ON (address) address, contact_id "
    "FROM contact_addresses WHERE tenant_id = :tenant_id AND kind = ANY(CAST(:kinds AS text[])) "
    "AND address = ANY(ARRAY(SELECT address FROM {table} WHERE {where})) ORDER BY address, kind = :kind DESC) a "
    "WHERE s.address = a.address AND {where}"
)
_MATCH_STAGE = text(_MATCH.format(table="import_stage", where="true"))
_MATCH_MORE = text(
    _MATCH.format(table="import_more", where="kind = :kind").replace("AND kind = :kind", "AND s.kind = :kind")
)
_ADOPT = text(
    "UPDATE import_stage s SET contact_id = m.contact_id FROM (SELECT DISTINCT ON (row) row, contact_id FROM import_more "
    "WHERE contact_id IS NOT NULL ORDER BY row, contact_id) m WHERE m.row = s.row AND s.contact_id IS NULL"
)
_TWO_PEOPLE = text(
    "DELETE FROM import_stage s USING import_more m WHERE m.row = s.row AND m.contact_id <> s.contact_id "
    "RETURNING s.row, m.kind, m.address"
)
_SAME_TWICE = text(
    "DELETE FROM import_stage s USING (SELECT contact_id, min(row) AS first FROM import_stage "
    "WHERE contact_id IS NOT NULL GROUP BY contact_id HAVING count(*) > 1) d "
    "WHERE s.contact_id = d.contact_id AND s.row > d.first RETURNING s.row, s.address, d.first"
)
_LEAVE_KNOWN = text("DELETE FROM import_stage WHERE contact_id IS NOT NULL RETURNING row, address")
_LOCK = text(
    "SELECT 1 FROM contacts c WHERE c.tenant_id = :tenant_id AND c.id = ANY(ARRAY("
    "SELECT contact_id FROM import_stage WHERE contact_id IS NOT NULL)) ORDER BY c.id FOR UPDATE"
)
_REPLACE = {
    "text": "COALESCE(NULLIF(s.{0}, ''), c.{0})",
    "attributes": "c.attributes || s.attributes",
}
_FILL = {
    "text": "COALESCE(NULLIF(c.{0}, ''), s.{0})",
    "attributes": "s.attributes || c.attributes",
}
_DIFF = """
INSERT INTO import_diff (row, id, contact_id, name, language, time_zone, attributes, tags, addresses, before, after)
SELECT s.row, s.id, c.id, n.name, n.language, n.time_zone, n.attributes, t.tags, a.addresses,
  jsonb_strip_nulls(jsonb_build_object(
    'name', CASE WHEN n.name <> c.name THEN c.name END, 'language', CASE WHEN n.language <> c.language THEN c.language END,
    'time_zone', CASE WHEN n.time_zone <> c.time_zone THEN c.time_zone END))
    || CASE WHEN v.after IS NULL THEN '{{}}' ELSE jsonb_build_object('attributes', v.before) END,
  jsonb_strip_nulls(jsonb_build_object(
    'name', CASE WHEN n.name <> c.name THEN n.name END, 'language', CASE WHEN n.language <> c.language THEN n.language END,
    'time_zone', CASE WHEN n.time_zone <> c.time_zone THEN n.time_zone END,
    'tags', CASE WHEN t.tags <> '{{}}' THEN to_jsonb(t.tags) END, 'addresses', a.addresses))
    || CASE WHEN v.after IS NULL THEN '{{}}' ELSE jsonb_build_object('attributes', v.after) END
FROM import_stage s
JOIN contacts c ON c.tenant_id = :tenant_id AND c.id = s.contact_id
  AND c.id = ANY(ARRAY(SELECT contact_id FROM import_stage WHERE contact_id IS NOT NULL))
CROSS JOIN LATERAL (SELECT {name} AS name, {language} AS language, {time_zone} AS time_zone, {attributes} AS attributes) n
CROSS JOIN LATERAL (SELECT jsonb_object_agg(k, c.attributes -> k) AS before, jsonb_object_agg(k, n.attributes -> k) AS after
  FROM jsonb_object_keys(s.attributes) k WHERE n.attributes -> k IS DISTINCT FROM c.attributes -> k) v
CROSS JOIN LATERAL (SELECT ARRAY(SELECT DISTINCT tag FROM unnest(s.tags) tag WHERE NOT EXISTS (SELECT 1 FROM contact_tags x
  WHERE x.tenant_id = :tenant_id AND x.tag = tag.tag AND x.contact_id = c.id)) AS tags) t
CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('kind', g.kind, 'address', g.address)) AS addresses
  FROM (SELECT :kind AS kind, s.address UNION SELECT m.kind, m.address FROM import_more m WHERE m.row = s.row) g
  WHERE NOT EXISTS (SELECT 1 FROM contact_addresses x WHERE x.tenant_id = :tenant_id AND x.kind = g.kind
    AND x.address = g.address)) a
"""
_COUNT = text(
    "SELECT (SELECT count(*) FROM import_stage WHERE contact_id IS NULL) AS created, "
    "count(*) FILTER (WHERE after <> '{}') AS updated, count(*) FILTER (WHERE after = '{}') AS unchanged FROM import_diff"
)

_CREATE = (
    "INSERT INTO contacts (tenant_id, id, name, language, time_zone, attributes, import_id) "
    "SELECT :tenant_id, id, name, language, time_zone, attributes, :import_id FROM import_stage WHERE contact_id IS NULL",
    "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id) "
    "SELECT :tenant_id, :kind, address, id FROM import_stage WHERE contact_id IS NULL",
    "INSERT INTO contact_tags (tenant_id, tag, contact_id) "
    "SELECT :tenant_id, unnest(tags), id FROM import_stage WHERE contact_id IS NULL",
)
_CREATE_MORE = (
    "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id) "
    "SELECT :tenant_id, m.kind, m.address, s.id FROM import_more m JOIN import_stage s ON s.row = m.row "
    "WHERE s.contact_id IS NULL"
)
_CREATE_CONSENTS = (
    "INSERT INTO consents (tenant_id, contact_id, channel_kind, purpose, state, source, proof, changed_by) "
    "SELECT :tenant_id, id, channel, 'all', :state, :source, :proof, :actor "
    "FROM import_stage, unnest(CAST(:channels AS text[])) channel WHERE contact_id IS NULL"
)
_CREATE_VALUES = (
    "INSERT INTO contact_values (tenant_id, attribute_id, value, contact_id) "
    "SELECT :tenant_id, :attribute_id, left(attributes ->> :key, 200), id FROM import_stage "
    "WHERE contact_id IS NULL AND jsonb_exists(attributes, :key)"
)
_CHANGE = (
    "UPDATE contacts c SET name = d.name, language = d.language, time_zone = d.time_zone, attributes = d.attributes, "
    "version = c.version + 1, updated_at = now() FROM import_diff d WHERE d.after <> '{}' AND c.tenant_id = :tenant_id "
    "AND c.id = d.contact_id AND c.id = ANY(ARRAY(SELECT contact_id FROM import_diff WHERE after <> '{}'))",
    "INSERT INTO contact_tags (tenant_id, tag, contact_id) SELECT :tenant_id, tag, contact_id "
    "FROM import_diff, unnest(tags) tag ON CONFLICT DO NOTHING",
    "INSERT INTO contact_addresses (tenant_id, kind, address, contact_id, position) "
    "SELECT :tenant_id, g.kind, g.address, d.contact_id, COALESCE((SELECT max(x.position) + 1 FROM contact_addresses x "
    "WHERE x.tenant_id = :tenant_id AND x.contact_id = d.contact_id AND x.kind = g.kind), 0) "
    "FROM import_diff d, jsonb_to_recordset(d.addresses) AS g(kind text, address text)",
    "INSERT INTO import_changes (tenant_id, import_id, contact_id, before, after) "
    "SELECT :tenant_id, :import_id, contact_id, before, after FROM import_diff WHERE after <> '{}' "
    "ON CONFLICT (tenant_id, import_id, contact_id) DO UPDATE SET before = excluded.before || import_changes.before, "
    "after = import_changes.after || excluded.after",
    "INSERT INTO activities (tenant_id, contact_id, id, kind, actor, data) SELECT :tenant_id, contact_id, id, 'import', "
    ":actor, CAST(:activity AS jsonb) FROM import_diff WHERE after <> '{}'",
)
_CHANGE_VALUES = (
    "DELETE FROM contact_values v USING import_diff d WHERE v.tenant_id = :tenant_id AND v.attribute_id = :attribute_id "
    "AND v.contact_id = d.contact_id AND jsonb_exists(d.after -> 'attributes', :key)",
    "INSERT INTO contact_values (tenant_id, attribute_id, value, contact_id) "
    "SELECT :tenant_id, :attribute_id, left(attributes ->> :key, 200), contact_id FROM import_diff "
    "WHERE jsonb_exists(after -> 'attributes', :key) AND jsonb_exists(attributes, :key) ON CONFLICT DO NOTHING",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What does not change from block to block. `indexed`: (attribute id, key) of the mapped attributes with an index."""

    tenant_id: UUID
    import_id: UUID
    options: ImportOptions
    identity: str
    indexed: Sequence[tuple[UUID, str]]
    actor: str
    activity: str
    places: Mapping[str, int]
    """Where the column of an address stands in the file, by its kind."""


@dataclass(slots=True)
class Outcome:
    """Rows of one block by what became of them, and what only the database could tell."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    errors: int = 0
    told: Sequence[RowError] = ()


async def open_tables(db: AsyncConnection) -> None:
    """This connection's temporary tables, empty."""
    for statement in _TABLES:
        await db.execute(text(statement))


async def match(db: AsyncConnection, plan: Plan, block: Prepared) -> Outcome:
    """Stage a block and find out who is known; nothing of contacts is written."""
    if block.stage:
        await copy_in(db, _COPY, block.stage)
    if block.more:
        await copy_in(db, _COPY_MORE, block.more)
    known = await _match(db, plan, block)
    outcome = Outcome(created=block.good)
    if not known:
        return outcome
    told: list[RowError] = []
    if block.more:
        rows = (await db.execute(_TWO_PEOPLE)).all()
        told += [
            RowError(
                row.row,
                plan.places[row.kind],
                "two-people",
                row.address,
                f"this {row.kind} belongs to another contact than the {plan.identity} of the row: merge them first",
            )
            for row in {row.row: row for row in rows}.values()
        ]
    rows = (await db.execute(_SAME_TWICE)).all()
    told += [
        RowError(
            row.row,
            plan.places[plan.identity],
            "duplicate-in-file",
            row.address,
            f"the same contact as in row {row.first}",
        )
        for row in rows
    ]
    outcome.errors = len(told)
    if plan.options.policy in ("create", "skip"):
        left = await _leave_known(db, plan)
        told += left
        if plan.options.policy == "skip":
            outcome.skipped = len(left)
        else:
            outcome.errors += len(left)
        outcome.created = block.good - len(told)
    else:
        await _compare(db, plan)
        counts = (await db.execute(_COUNT)).one()
        outcome.created, outcome.updated, outcome.unchanged = counts.created, counts.updated, counts.unchanged
    outcome.told = told
    return outcome


async def _match(db: AsyncConnection, plan: Plan, block: Prepared) -> int:
    """How many rows are of people who are known."""
    values = {"tenant_id": plan.tenant_id, "kind": plan.identity}
    known = (await db.execute(_MATCH_STAGE, {**values, "kinds": list(family(plan.identity))})).rowcount
    if block.more:
        for kind in plan.places:
            if kind != plan.identity:
                found = {"tenant_id": plan.tenant_id, "kind": kind, "kinds": list(family(kind))}
                known += (await db.execute(_MATCH_MORE, found)).rowcount
        if known:
            await db.execute(_ADOPT)
    return known


async def _leave_known(db: AsyncConnection, plan: Plan) -> list[RowError]:
    skipping = plan.options.policy == "skip"
    code = "exists" if skipping else "contact-exists"
    detail = "there is a contact with this address" + (", which is left as it is" if skipping else " already")
    place = plan.places[plan.identity]
    rows = (await db.execute(_LEAVE_KNOWN)).all()
    return [RowError(row.row, place, code, row.address, detail) for row in rows]


async def _compare(db: AsyncConnection, plan: Plan) -> None:
    """What would change of people who are known; they are locked in the order of their ids."""
    await db.execute(_LOCK, {"tenant_id": plan.tenant_id})
    rule = _REPLACE if plan.options.policy == "update" else _FILL
    # A zone that only the number tells never replaces one: it fills.
    zone = rule if any(mapped.target == "time_zone" for mapped in plan.options.mapping) else _FILL
    statement = _DIFF.format(
        name=rule["text"].format("name"),
        language=rule["text"].format("language"),
        time_zone=zone["text"].format("time_zone"),
        attributes=rule["attributes"],
    )
    await db.execute(text(statement), {"tenant_id": plan.tenant_id, "kind": plan.identity})


async def write(db: AsyncConnection, plan: Plan, block: Prepared, outcome: Outcome) -> None:
    """Write what `match` found: people who are new, and what changes of those who are known."""
    values = {
        "tenant_id": plan.tenant_id,
        "import_id": plan.import_id,
        "kind": plan.identity,
        "actor": plan.actor,
        "activity": plan.activity,
    }
    if outcome.created:
        await _create(db, plan, block, values)
    if outcome.updated:
        await _run(db, _CHANGE, values)
        for attribute_id, key in plan.indexed:
            await _run(db, _CHANGE_VALUES, {**values, "attribute_id": attribute_id, "key": key})


async def _create(db: AsyncConnection, plan: Plan, block: Prepared, values: Mapping[str, Any]) -> None:
    await _run(db, _CREATE, values)
    if block.more:
        await _run(db, (_CREATE_MORE,), values)
    consent = plan.options.consent
    if consent is not None:
        granted = {
            "channels": list(consent.channels),
            "state": consent.state,
            "source": consent.source,
            "proof": consent.proof,
        }
        await _run(db, (_CREATE_CONSENTS,), {**values, **granted})
    for attribute_id, key in plan.indexed:
        await _run(db, (_CREATE_VALUES,), {**values, "attribute_id": attribute_id, "key": key})


async def _run(db: AsyncConnection, statements: Sequence[str], values: Mapping[str, Any]) -> None:
    for statement in statements:
        await db.execute(
            text(statement), {key: value for key, value in values.items() if f":{key}" in statement}
        )
