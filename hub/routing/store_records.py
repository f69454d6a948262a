"""What the rules ask of contacts, read for many contacts in one statement that asks for nothing else."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from hub.conditions.nodes import TAKEN
from hub.conditions.predicate import EventFact, Facts, MessageFact, facts_of_attributes
from hub.contacts.contact import NewContact
from hub.ids import id_of_moment
from hub.routing.fields import Record
from hub.routing.loading import Needs

ROWS_MAX = 1_000
"""Of a contact's events and messages the newest so many are looked at."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_CAMPAIGN = timedelta(days=30)
"""A message answers the campaign that the contact received last, if that is not longer ago."""

_TAKEN = ", ".join(f"'{state}'" for state in TAKEN)
_MOMENT = "extract(epoch FROM {column})::text"
_MINE = "x.tenant_id = c.tenant_id AND x.contact_id = c.id"
_PARTS: Mapping[str, str] = {
    "tags": f"(SELECT jsonb_agg(x.tag) FROM contact_tags x WHERE {_MINE})",
    "addresses": f"(SELECT jsonb_agg(jsonb_build_array(x.kind, x.address)) FROM contact_addresses x WHERE {_MINE})",
    "consents": f"(SELECT jsonb_agg(jsonb_build_array(x.channel_kind, x.purpose, x.state)) FROM consents x WHERE {_MINE})",
    "segments": "(SELECT jsonb_agg(x.segment_id) FROM segment_members x "
    f"WHERE {_MINE} AND x.segment_id = ANY(CAST(:segments AS uuid[])))",
    "events": f"""(SELECT jsonb_agg(jsonb_build_array(x.name, {_MOMENT.format(column="x.at")}, x.properties::text)) FROM (
        SELECT x.name, x.at, x.properties FROM contact_events x
        WHERE {_MINE} AND x.name = ANY(CAST(:events AS text[])) ORDER BY x.at DESC LIMIT {ROWS_MAX}) x)""",
    "messages": f"""(SELECT jsonb_agg(jsonb_build_array(x.direction, x.channel_kind, {_MOMENT.format(column="x.created_at")})) FROM (
        SELECT x.direction, x.channel_kind, x.created_at FROM messages x
        WHERE {_MINE} AND (x.direction = 'in' OR x.status IN ({_TAKEN})) ORDER BY x.id DESC LIMIT {ROWS_MAX}) x)""",
    "received": f"""(SELECT jsonb_agg(w.id) FROM unnest(CAST(:campaigns AS uuid[])) AS w(id) WHERE EXISTS (
        SELECT FROM messages x WHERE {_MINE} AND x.origin = 'campaign' AND x.origin_id = w.id AND x.direction = 'out'
        AND x.status IN ({_TAKEN})))""",
    "launches": f"""(SELECT jsonb_object_agg(p.id, {_MOMENT.format(column="p.launched_at")}) FROM campaigns p
        WHERE p.tenant_id = c.tenant_id AND p.id = ANY(CAST(:campaigns AS uuid[])) AND p.launched_at IS NOT NULL)""",
    "last_campaign_id": f"""(SELECT x.origin_id FROM messages x WHERE {_MINE} AND x.id >= CAST(:since AS uuid)
        AND x.origin = 'campaign' AND x.direction = 'out' AND x.status IN ({_TAKEN}) ORDER BY x.id DESC LIMIT 1)""",
}


@lru_cache(maxsize=512)
def _statement(parts: frozenset[str]) -> TextClause:
    """One row a contact; what is not asked for is null and costs nothing."""
    columns = ", ".join(f"{sql if name in parts else 'NULL'} AS {name}" for name, sql in _PARTS.items())
    return text(
        "SELECT c.id AS contact_id, c.name, c.language, c.time_zone, c.created_at, c.attributes::text AS attributes, "
        "(SELECT v.last_inbound_at FROM conversations v WHERE v.tenant_id = c.tenant_id AND v.contact_id = c.id) "
        f"AS last_inbound_at, {columns} "
        "FROM contacts c WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[]))"
    )


def records_query(
    tenant_id: UUID, contact_ids: Collection[UUID], needs: Needs, now: datetime
) -> tuple[TextClause, dict[str, Any]]:
    """The query of what rules ask of these contacts; `records_of` reads its rows."""
    values: dict[str, Any] = {"tenant_id": tenant_id, "ids": list(contact_ids)}
    given = {
        "segments": sorted(needs.segments),
        "events": sorted(needs.events),
        "campaigns": sorted(needs.campaigns),
        "since": id_of_moment(now - LAST_CAMPAIGN),
    }
    parts = needs.parts
    used = {
        "segments": "segments" in parts,
        "events": "events" in parts,
        "campaigns": "received" in parts,
        "since": "last_campaign_id" in parts,
    }
    return _statement(parts), values | {name: given[name] for name, wanted in used.items() if wanted}


def records_of(rows: Iterable[Any]) -> dict[UUID, Record]:
    """The records of those contacts that exist."""
    return {row.contact_id: _record(row) for row in rows}


def _record(row: Any) -> Record:
    attributes = json.loads(row.attributes, parse_float=Decimal)
    first, _, last = row.name.partition(" ")
    messages = [MessageFact(direction, kind, _moment(at)) for direction, kind, at in row.messages or ()]
    messages += [MessageFact("campaign", "", EPOCH, campaign_id=UUID(each)) for each in row.received or ()]
    facts = Facts(
        values={
            "name": row.name,
            "language": row.language,
            "time_zone": row.time_zone,
            "created_at": row.created_at,
            "last_inbound_at": row.last_inbound_at,
            **facts_of_attributes(attributes),
        },
        tags=frozenset(row.tags or ()),
        addresses=[(kind, address) for kind, address in row.addresses or ()],
        consents=[(kind, purpose, state) for kind, purpose, state in row.consents or ()],
        segments=frozenset(map(UUID, row.segments or ())),
        events=[
            EventFact(name, _moment(at), json.loads(properties, parse_float=Decimal))
            for name, at, properties in row.events or ()
        ],
        messages=messages,
        launches={UUID(key): _moment(at) for key, at in (row.launches or {}).items()},
    )
    own = {"name": row.name, "first_name": first, "last_name": last, "language": row.language}
    return Record(facts, {**json.loads(row.attributes), **own}, row.last_campaign_id)


def record_of_new(person: NewContact, now: datetime) -> Record:
    """Of somebody who has just written for the first time."""
    first, _, last = person.name.partition(" ")
    own = {"name": person.name, "first_name": first, "last_name": last, "language": ""}
    values = {"name": person.name, "created_at": now}
    return Record(Facts(values=values, addresses=[("phone", person.address)]), own)


def _moment(seconds: str) -> datetime:
    """Exact to the microsecond: a float of seconds would not be."""
    return EPOCH + timedelta(microseconds=int(Decimal(seconds) * 1_000_000))
