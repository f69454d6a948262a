"""People for `hub bench segment`: a tenant with a million contacts and ten million events, written by SQL.

Indexes other than primary keys are dropped before and made again after the rows, as they were; foreign keys are not
checked row by row, for the rows come from one another. Everything is drawn by PostgreSQL's random() from one seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg

from bench.common import note
from hub.ids import encode_id, new_id

CITIES = (
    "Pune",
    "Mumbai",
    "Delhi",
    "Bengaluru",
    "Hyderabad",
    "Chennai",
    "Kolkata",
    "Ahmedabad",
    "Surat",
    "Jaipur",
    "Lucknow",
    "Nagpur",
    "Indore",
    "Bhopal",
    "Patna",
    "Vadodara",
    "Leeds",
    "London",
    "Berlin",
    "Dubai",
)
TABLES = (
    "contacts",
    "contact_addresses",
    "contact_tags",
    "consents",
    "conversations",
    "contact_events",
    "messages",
    "campaign_recipients",
    "segment_members",
)


@dataclass(frozen=True, slots=True)
class Size:
    contacts: int
    events: int


@dataclass(frozen=True, slots=True)
class Planted:
    """What the questions name."""

    tenant: UUID
    campaign: UUID
    static: UUID
    dynamic: UUID


# A UUIDv7 of the instant `at`; like ids made by the hub, ids of later rows are larger.
_ID = (
    "CAST(encode(substring(int8send(CAST(extract(epoch FROM {at}) * 1000 AS bigint)) FROM 3) "
    "|| substring(uuid_send(gen_random_uuid()) FROM 7), 'hex') AS uuid)"
)
_CONTACTS = f"""
INSERT INTO contacts (tenant_id, id, name, language, time_zone, attributes, created_at, updated_at)
SELECT %(tenant)s, {_ID.format(at="p.at")}, 'Person ' || p.i, (ARRAY['en', 'en', 'en', 'hi', 'hi', 'mr', 'de', ''])[1 + p.i %% 8],
    'Asia/Kolkata', jsonb_strip_nulls(jsonb_build_object(
        'city', (%(cities)s::text[])[1 + CAST(floor(power(random(), 2) * %(city_count)s) AS integer)],
        'age', CASE WHEN random() < 0.9 THEN 18 + CAST(floor(random() * 60) AS integer) END,
        'plan', (ARRAY['Free', 'Free', 'Free', 'Basic', 'Basic', 'Pro'])[1 + CAST(floor(random() * 6) AS integer)],
        'gold', random() < 0.1,
        'joined', to_char(now() - random() * interval '1000 days', 'YYYY-MM-DD'),
        'score', round(CAST(random() * 100 AS numeric), 2),
        'customer_no', 'C-' || p.i)), p.at, p.at
FROM (SELECT i, now() - interval '1000 days' + i * (interval '1000 days' / %(contacts)s) AS at
      FROM generate_series(1, %(contacts)s) i) p
"""
# True for a share of the people, another one for each salt. Not random(): it may be drawn once for all people.
_DRAWN = "(hashint8(p.n * 64 + k.salt) & 65535) < k.share * 65536"
_STATEMENTS = (
    ("contacts", _CONTACTS),
    # Every contact by a number from 1, to draw from.
    (
        "their numbers",
        "CREATE UNLOGGED TABLE bench_people AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM contacts",
    ),
    ("", "CREATE UNIQUE INDEX ON bench_people (n) INCLUDE (id)"),
    ("", "ANALYZE bench_people"),
    (
        "addresses",
        f"""
        INSERT INTO contact_addresses (tenant_id, kind, address, contact_id)
        SELECT %(tenant)s, k.kind, '+91' || 7000000000 + p.n, p.id FROM bench_people p
        CROSS JOIN (VALUES ('phone', 0.98, 1), ('whatsapp', 0.55, 2), ('rcs', 0.18, 3)) k(kind, share, salt) WHERE {_DRAWN}
        """,
    ),
    (
        "tags",
        f"""
        INSERT INTO contact_tags (tenant_id, tag, contact_id)
        SELECT %(tenant)s, k.tag, p.id FROM bench_people p
        CROSS JOIN (VALUES ('vip', 0.05, 11), ('newsletter', 0.30, 12), ('new', 0.10, 13), ('lapsed', 0.15, 14),
                           ('webinar', 0.02, 15), ('beta', 0.005, 16)) k(tag, share, salt)
        WHERE {_DRAWN}
        """,
    ),
    (
        "consents",
        f"""
        INSERT INTO consents (tenant_id, contact_id, channel_kind, purpose, state, source)
        SELECT %(tenant)s, p.id, k.kind, 'all', CASE WHEN random() < 0.05 THEN 'opted_out' ELSE 'opted_in' END, 'import'
        FROM bench_people p CROSS JOIN (VALUES ('sms', 0.9, 21), ('whatsapp', 0.8, 22)) k(kind, share, salt) WHERE {_DRAWN}
        """,
    ),
    (
        "events",
        f"""
        INSERT INTO contact_events (tenant_id, id, contact_id, name, at, received_at, properties)
        SELECT %(tenant)s, {_ID.format(at="e.at")}, p.id, (ARRAY['page viewed', 'page viewed', 'page viewed', 'page viewed',
            'opened', 'opened', 'clicked', 'login', 'cart', 'order placed'])[1 + CAST(floor(e.r * 10) AS integer)], e.at, e.at,
            CASE WHEN e.r >= 0.9 THEN jsonb_build_object('amount', round(CAST(random() * 500 AS numeric), 2)) ELSE '{{}}' END
        FROM (SELECT CAST(floor(power(random(), 1.5) * %(contacts)s) AS bigint) + 1 AS n, random() AS r,
                     now() - interval '365 days' + i * (interval '365 days' / %(events)s) AS at
              FROM generate_series(1, %(events)s) i) e
        JOIN bench_people p ON p.n = e.n
        """,
    ),
    (
        "campaign",
        f"""
        INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, origin_id, address, body,
            status, created_at)
        SELECT %(tenant)s, {_ID.format(at="m.at")}, m.id, %(channel)s, 'sms', 'out', 'campaign', %(campaign)s, '+91', 'Our offer of the week',
            CASE WHEN random() < 0.94 THEN 'delivered' ELSE 'failed' END, m.at
        FROM (SELECT id, now() - interval '20 days' + n * interval '1 millisecond' AS at FROM bench_people WHERE n %% 5 = 0) m
        """,
    ),
    (
        "its recipients",
        """
        INSERT INTO campaign_recipients (tenant_id, campaign_id, ordinal, contact_id)
        SELECT %(tenant)s, %(campaign)s, row_number() OVER (ORDER BY id), id FROM bench_people WHERE n %% 5 = 0
        """,
    ),
    (
        "answers",
        f"""
        INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, address, body, status, created_at)
        SELECT %(tenant)s, {_ID.format(at="m.at")}, m.id, %(channel)s, (ARRAY['sms', 'whatsapp'])[1 + CAST(floor(random() * 2) AS integer)],
            'in', 'contact', '+91', 'yes please', 'received', m.at
        FROM (SELECT p.id, now() - random() * interval '120 days' AS at FROM bench_people p
              CROSS JOIN (VALUES (0.2, 31), (0.1, 32)) k(share, salt) WHERE {_DRAWN}) m
        """,
    ),
    (
        "conversations",
        """
        INSERT INTO conversations (tenant_id, contact_id, last_inbound_at, last_at)
        SELECT %(tenant)s, contact_id, max(created_at) FILTER (WHERE direction = 'in'), max(created_at) FROM messages
        GROUP BY contact_id
        """,
    ),
    (
        "members",
        """
        INSERT INTO segment_members (tenant_id, segment_id, contact_id)
        SELECT %(tenant)s, %(static)s, id FROM bench_people WHERE random() < 0.08
        """,
    ),
    ("", "DROP TABLE bench_people"),
)


def populate(database_url: str, size: Size) -> Planted:
    """Write the people into a migrated database, as its superuser."""
    planted = Planted(new_id(), new_id(), new_id(), new_id())
    values = {
        "tenant": planted.tenant,
        "campaign": planted.campaign,
        "static": planted.static,
        "channel": new_id(),
        "cities": list(CITIES),
        "city_count": len(CITIES),
        "contacts": size.contacts,
        "events": size.events,
    }
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("SET search_path = app")
        db.execute("SET session_replication_role = replica")  # no foreign key checks
        db.execute("SET synchronous_commit = off")
        db.execute("SET maintenance_work_mem = '512MB'")
        db.execute("SET work_mem = '256MB'")
        db.execute("SELECT setseed(0.42)")
        _around(db, planted, values["channel"])
        with _without_indexes(db):
            for what, statement in _STATEMENTS:
                if what:
                    note(f"writing {what}")
                db.execute(statement, {name: v for name, v in values.items() if f"%({name})s" in statement})
        note("vacuuming")
        for table in TABLES:
            db.execute(f"VACUUM (ANALYZE) {table}")
        db.execute("CHECKPOINT")
    return planted


def _around(db: psycopg.Connection[tuple[object, ...]], planted: Planted, channel: object) -> None:
    """The tenant, its attributes, the campaign and the segments."""
    tenant = planted.tenant
    db.execute(
        "INSERT INTO tenants (id, kind, name, slug, depth, time_zone) VALUES (%s, 'organization', 'Bench', %s, 0, 'Asia/Kolkata')",
        (tenant, f"bench-{tenant}"),
    )
    db.execute("INSERT INTO tenant_closure VALUES (%s, %s, 0)", (tenant, tenant))
    kinds = {
        "city": "text",
        "age": "number",
        "plan": "choice",
        "gold": "boolean",
        "joined": "date",
        "score": "number",
        "customer_no": "text",
    }
    for key, kind in kinds.items():
        choices = ["Free", "Basic", "Pro"] if kind == "choice" else []
        db.execute(
            "INSERT INTO attribute_definitions (tenant_id, id, key, label, type, choices) VALUES (%s, %s, %s, %s, %s, %s)",
            (tenant, new_id(), key, key, kind, choices),
        )
    db.execute(
        "INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address) "
        "VALUES (%s, %s, %s, 'sms', 'twilio', 'Bench', '', %s)",
        (tenant, channel, new_id(), str(channel)),
    )
    db.execute(
        "INSERT INTO campaigns (tenant_id, id, name, status, audience, template, channel_id, launched_at) "
        "VALUES (%s, %s, 'Offer', 'completed', '{}', '', %s, now() - interval '20 days')",
        (tenant, planted.campaign, channel),
    )
    rules = [
        {"field": "tag", "operator": "has", "value": "vip"},
        {"field": "segment", "operator": "in", "value": encode_id("seg", planted.static)},
    ]
    condition = json.dumps({"combinator": "or", "not": False, "rules": rules})
    for segment, kind, body in (
        (planted.static, "static", None),
        (planted.dynamic, "dynamic", condition),
    ):
        db.execute(
            "INSERT INTO segments (tenant_id, id, name, kind, condition) VALUES (%s, %s, %s, %s, %s)",
            (tenant, segment, kind, kind, body),
        )


@contextmanager
def _without_indexes(db: psycopg.Connection[tuple[object, ...]]) -> Iterator[None]:
    """Without the indexes that no constraint needs; they are made again at the end, as they were."""
    found = db.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid "
        "WHERE t.relname = ANY (%s) AND t.relnamespace = 'app'::regnamespace AND k.oid IS NULL",
        (list(TABLES),),
    ).fetchall()
    for name, _ in found:
        db.execute(f"DROP INDEX {name}")
    yield
    for name, definition in found:
        note(f"indexing {name}")
        db.execute(str(definition))
