"""A few hundred people with everything a condition can ask for, odd values included, and random conditions over them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from hypothesis import strategies as st

from hub.conditions.catalog import CALLING_CODES, CHANNELS, AttributeSpec, Catalog, contact_catalog
from hub.ids import encode_id, id_of_moment, new_id

NOW = datetime(2026, 3, 29, 4, 30, 0, 123456, tzinfo=UTC)  # the night the clocks of Europe went forward
PEOPLE = 200
TEXTS = (
    "Pune",
    "PUNE",
    "pune",
    "Punjab",
    "MÜNCHEN",
    "münchen",
    "Straße",
    "ΑΘΉΝΑ",
    "αθήνα",
    "İzmir",
    "ızmir",
    "50%",
    "5_0",
    "O'Brien",
    'quo"te',
    "back\\slash",
    "दिल्ली",
    "a\u0301",
    "á",
    "\u212aelvin",
    "kelvin",
    "true",
    "5",
    "-1.50",
    "null",
    "{}",
    "[1]",
    " ",
    ":name",
    "%s",
    "x" * 200,
)
NUMBERS = (
    0,
    1,
    -1,
    5,
    5.0,
    0.1,
    0.30000000000000004,
    1.5,
    -2.75,
    1e15,
    9007199254740993,
    123456789012,
    1e-7,
    1e20,
)
DATES = (
    "1999-12-31",
    "2026-03-21",
    "2026-03-22",
    "2026-03-23",
    "2026-03-28",
    "2026-03-29",
    "2026-03-30",
    "2030-01-01",
)
TAGS = ("vip", "VIP", "new", "O'Hara", "50%", "ünïcode")
EVENTS = ("clicked", "order placed", "Ünusual 'event'")
PROPERTIES = ("amount", "plan", "paid")
SEGMENTS = tuple(new_id() for _ in range(4))  # two static, two dynamic
CAMPAIGNS = tuple(new_id() for _ in range(3))  # the last one was never launched
ATTRIBUTES = (
    AttributeSpec("city", "City", "text"),
    AttributeSpec("age", "Age", "number"),
    AttributeSpec("joined", "Joined", "date"),
    AttributeSpec("gold", "Gold", "boolean"),
    AttributeSpec("plan", "Plan", "choice", ("Basic", "Pro", "50%")),
)
_ATTRIBUTE_IDS = {spec.key: new_id() for spec in ATTRIBUTES}
INDEXED = {f"attribute.{key}": _ATTRIBUTE_IDS[key] for key in ("city", "plan")}


def _attribute_id(key: str) -> UUID:
    return _ATTRIBUTE_IDS[key]


CATALOG: Catalog = contact_catalog(
    ATTRIBUTES,
    tags=TAGS,
    segments={segment: f"Segment {nth}" for nth, segment in enumerate(SEGMENTS)},
    campaigns={campaign: f"Campaign {nth}" for nth, campaign in enumerate(CAMPAIGNS)},
    events=EVENTS,
)
AGO = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(hours=1),
    timedelta(hours=23, minutes=59),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=7, microseconds=-1),
    timedelta(days=8),
    timedelta(days=300),
    timedelta(days=-1),
)


def _scalar(rng: random.Random) -> Any:
    """A value of any type: older rows may hold another than the attribute's."""
    return rng.choice(
        [
            rng.choice(TEXTS),
            rng.choice(NUMBERS),
            rng.choice(DATES),
            rng.random() < 0.5,
            None,
            "",
            [1, "Pune"],
            {"a": "Pune"},
        ]
    )


def _attributes(rng: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    own = {
        "city": TEXTS,
        "age": NUMBERS,
        "joined": DATES,
        "gold": (True, False),
        "plan": ("Basic", "Pro", "50%"),
    }
    for key, values in own.items():
        match rng.randrange(6):
            case 0:
                continue
            case 1:
                found[key] = _scalar(rng)
            case _:
                found[key] = rng.choice(values)
    return found


def _at(rng: random.Random) -> datetime:
    return NOW - rng.choice(AGO)


def _rows(tenant: UUID, rng: random.Random) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by table."""
    rows: dict[str, list[tuple[Any, ...]]] = {
        name: []
        for name in (
            "contacts",
            "contact_addresses",
            "contact_tags",
            "consents",
            "conversations",
            "segment_members",
            "contact_events",
            "messages",
        )
    }
    channel = uuid4()
    codes = ("+44", "+91", "+1", "+7", "+999")
    for nth in range(PEOPLE):
        contact = new_id()
        name = rng.choice((*TEXTS, ""))
        language, zone = (
            rng.choice(("en", "EN-gb", "hi", "")),
            rng.choice(("Europe/Berlin", "Asia/Kolkata", "")),
        )
        rows["contacts"].append(
            (tenant, contact, name, language, zone, json.dumps(_attributes(rng)), _at(rng))
        )
        for kind in rng.sample(("phone", "whatsapp", "rcs", "sip"), rng.choice((0, 1, 1, 2))):
            rows["contact_addresses"].append((tenant, kind, f"{rng.choice(codes)}{70000000 + nth}", contact))
        rows["contact_tags"] += [(tenant, tag, contact) for tag in rng.sample(TAGS, rng.choice((0, 0, 1, 3)))]
        for kind in rng.sample(CHANNELS, rng.choice((0, 1, 2))):
            for purpose in rng.sample(("all", "marketing", "service"), rng.choice((1, 2))):
                rows["consents"].append(
                    (tenant, contact, kind, purpose, rng.choice(("opted_in", "opted_out")), "test")
                )
        if rng.random() < 0.6:
            rows["conversations"].append((tenant, contact, rng.choice((None, _at(rng)))))
        rows["segment_members"] += [
            (tenant, segment, contact) for segment in rng.sample(SEGMENTS[:2], rng.randrange(3))
        ]
        for _ in range(rng.choice((0, 0, 1, 4))):
            properties = {key: _scalar(rng) for key in rng.sample(PROPERTIES, rng.randrange(4))}
            rows["contact_events"].append(
                (tenant, uuid4(), contact, rng.choice(EVENTS), _at(rng), json.dumps(properties))
            )
        for _ in range(rng.choice((0, 0, 1, 4))):
            at, outbound = _at(rng), rng.random() < 0.5
            campaign = rng.choice((None, *CAMPAIGNS)) if outbound else None
            made = UUID(
                int=id_of_moment(at + timedelta(hours=rng.choice((-20, 0, 5)))).int + rng.getrandbits(80)
            )
            rows["messages"].append(
                (
                    tenant,
                    made,
                    contact,
                    channel,
                    rng.choice(CHANNELS),
                    "out" if outbound else "in",
                    "campaign" if campaign else "flow",
                    campaign,
                    "",
                    "",
                    rng.choice(("sent", "delivered", "read", "failed", "refused", "queued"))
                    if outbound
                    else "received",
                    at,
                )
            )
    return rows


COLUMNS = {
    "contacts": "tenant_id, id, name, language, time_zone, attributes, created_at",
    "contact_addresses": "tenant_id, kind, address, contact_id",
    "contact_tags": "tenant_id, tag, contact_id",
    "consents": "tenant_id, contact_id, channel_kind, purpose, state, source",
    "conversations": "tenant_id, contact_id, last_inbound_at",
    "segment_members": "tenant_id, segment_id, contact_id",
    "contact_events": "tenant_id, id, contact_id, name, at, properties",
    "messages": "tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, origin_id, address, body, status, created_at",
}
DYNAMIC: tuple[dict[str, Any], ...] = (
    {
        "combinator": "or",
        "not": False,
        "rules": [
            {"field": "tag", "operator": "has", "value": "vip"},
            {"field": "attribute.age", "operator": ">", "value": 1},
        ],
    },
    {
        "combinator": "and",
        "not": True,
        "rules": [
            {"field": "segment", "operator": "in", "value": encode_id("seg", SEGMENTS[2])},
            {"field": "attribute.city", "operator": "contains", "value": "un"},
        ],
    },
)


def populate(database_url: str, tenant: UUID, seed: int = 7) -> None:
    """Write the people of a tenant, as the superuser."""
    rng = random.Random(seed)
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("SET search_path = app")
        for nth, segment in enumerate(SEGMENTS):
            dynamic = nth >= 2
            db.execute(
                "INSERT INTO segments (tenant_id, id, name, kind, condition) VALUES (%s, %s, %s, %s, %s)",
                (
                    tenant,
                    segment,
                    f"Segment {nth}",
                    "dynamic" if dynamic else "static",
                    json.dumps(DYNAMIC[nth - 2]) if dynamic else None,
                ),
            )
        for spec in ATTRIBUTES:
            indexed = f"attribute.{spec.key}" in INDEXED
            db.execute(
                "INSERT INTO attribute_definitions (tenant_id, id, key, label, type, choices, indexed) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    tenant,
                    _attribute_id(spec.key),
                    spec.key,
                    spec.label,
                    spec.type,
                    list(spec.choices),
                    indexed,
                ),
            )
        channel = new_id()
        db.execute(
            "INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address) "
            "VALUES (%s, %s, %s, 'sms', 'twilio', 'x', '', %s)",
            (tenant, channel, uuid4(), str(channel)),
        )
        for nth, campaign in enumerate(CAMPAIGNS):
            launched = NOW - timedelta(days=2) if nth < 2 else None
            db.execute(
                "INSERT INTO campaigns (tenant_id, id, name, audience, template, channel_id, launched_at) "
                "VALUES (%s, %s, %s, '{}', '', %s, %s)",
                (tenant, campaign, f"Campaign {nth}", channel, launched),
            )
        for table, rows in _rows(tenant, rng).items():
            with db.cursor() as cursor, cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        for field, attribute_id in INDEXED.items():
            db.execute(
                "INSERT INTO contact_values (tenant_id, attribute_id, value, contact_id) SELECT tenant_id, %(id)s, "
                "left(attributes ->> %(key)s, 200), id FROM contacts WHERE attributes ->> %(key)s IS NOT NULL",
                {"id": attribute_id, "key": field.partition(".")[2]},
            )


# Random conditions

_words = st.one_of(
    st.sampled_from([word for word in TEXTS if word != ""]), st.text("aPuü%_'\\:É ", min_size=1, max_size=4)
)
_numbers = st.one_of(st.sampled_from(NUMBERS), st.integers(-5, 10), st.floats(-5, 5, allow_nan=False))
_days = st.sampled_from(DATES)
_exact = st.sampled_from([(NOW - ago).isoformat(timespec="microseconds") for ago in AGO])
_instants = st.one_of(
    _days, _exact, st.sampled_from(["2026-03-29T06:30:00.123456+02:00", "2026-03-22T04:30:00Z"])
)
_ago = st.builds(
    lambda amount, unit: {"amount": amount, "unit": unit},
    st.sampled_from((1, 2, 7, 24)),
    st.sampled_from(("minutes", "hours", "days", "weeks")),
)
_days_ago = st.builds(
    lambda amount, unit: {"amount": amount, "unit": unit},
    st.sampled_from((1, 7, 30)),
    st.sampled_from(("days", "weeks")),
)


def _rule(field: str, operators: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        *(
            st.builds(lambda value, op=operator: {"field": field, "operator": op, "value": value}, values)
            for operator, values in operators.items()
        )
    )


def _ordered(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(values, values).map(lambda pair: sorted(pair))


_spans = st.one_of(_ordered(_days), _ordered(_exact))
_nothing = st.none()
_TEXT = {
    **dict.fromkeys(("=", "!=", "contains", "doesNotContain", "beginsWith", "endsWith"), _words),
    **{op: st.lists(_words, min_size=1, max_size=3) for op in ("in", "notIn")},
    **dict.fromkeys(("null", "notNull"), _nothing),
}
_ORDERED = ("=", "!=", "<", "<=", ">", ">=")
_RANGE = ("between", "notBetween")
_KNOWN = ("null", "notNull")


def _order(
    values: st.SearchStrategy[Any],
    ago: st.SearchStrategy[Any] | None = None,
    span: st.SearchStrategy[Any] | None = None,
) -> dict[str, Any]:
    return {
        **dict.fromkeys(_ORDERED, values),
        **{op: _ordered(values) if span is None else span for op in _RANGE},
        **dict.fromkeys(_KNOWN, _nothing),
        **(dict.fromkeys(("inLast", "notInLast"), ago) if ago is not None else {}),
    }


def _choices(values: st.SearchStrategy[Any]) -> dict[str, Any]:
    return {
        **dict.fromkeys(("=", "!="), values),
        **{op: st.lists(values, min_size=1, max_size=3) for op in ("in", "notIn")},
        **dict.fromkeys(_KNOWN, _nothing),
    }


def _where() -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(PROPERTIES)

    def of(operators: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.builds(
            lambda name, operator, value: {"property": name, "operator": operator, "value": value},
            names,
            st.sampled_from(operators),
            values,
        )

    return st.one_of(
        of(("=", "!=", "contains", "doesNotContain", "beginsWith", "endsWith"), _words),
        of(("in", "notIn"), st.lists(_words, min_size=1, max_size=2)),
        of(_ORDERED, _numbers),
        of(_RANGE, _ordered(_numbers)),
        of(("=", "!="), st.booleans()),
        of(_KNOWN, _nothing),
    )


def _happening(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"at_least": st.sampled_from((1, 1, 2, 3)), "within": st.none() | _ago, **more}
    )


_happened = ("happened", "didNotHappen")
RULES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _rule("name", _TEXT),
    _rule("language", _TEXT),
    _rule("attribute.city", _TEXT),
    _rule("attribute.age", _order(_numbers)),
    _rule("attribute.joined", _order(_days, _days_ago)),
    _rule("attribute.gold", {"=": st.booleans()}),
    _rule("attribute.plan", _choices(st.sampled_from(("Basic", "Pro", "50%")))),
    _rule("created_at", _order(_instants, _ago, _spans)),
    _rule("last_inbound_at", _order(_instants, _ago, _spans)),
    _rule("country", _choices(st.sampled_from(("GB", "IN", "US", "RU", "DE")))),
    _rule("tag", {op: st.sampled_from((*TAGS, "unused")) for op in ("has", "hasNot")}),
    *(
        _rule(f"consent.{kind}", {"=": st.sampled_from(("opted_in", "opted_out", "none"))})
        for kind in CHANNELS
    ),
    _rule("reachable", {op: st.sampled_from(CHANNELS) for op in ("on", "notOn")}),
    _rule(
        "segment",
        {op: st.sampled_from([encode_id("seg", each) for each in SEGMENTS]) for op in ("in", "notIn")},
    ),
    *(
        _rule(f"event.{name}", {op: _happening(where=st.lists(_where(), max_size=2)) for op in _happened})
        for name in EVENTS
    ),
    *(
        _rule(
            f"message.{way}",
            {op: _happening(channel=st.none() | st.sampled_from(CHANNELS)) for op in _happened},
        )
        for way in ("inbound", "outbound")
    ),
    _rule(
        "campaign",
        {
            op: st.sampled_from([encode_id("cmp", each) for each in CAMPAIGNS])
            for op in ("received", "notReceived", "answered", "receivedNotAnswered")
        },
    ),
)


def _group(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda combinator, turned, rules: {"combinator": combinator, "not": turned, "rules": rules},
        st.sampled_from(("and", "or")),
        st.booleans(),
        st.lists(inner, min_size=1, max_size=4),
    )


CONDITIONS: st.SearchStrategy[dict[str, Any]] = _group(st.recursive(RULES, _group, max_leaves=8))
assert CALLING_CODES["GB"] == "+44"
