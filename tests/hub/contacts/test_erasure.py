"""A planted person is nowhere afterwards: every text and JSON column of every table is searched."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts import (
    mentions,
    service,
    service_changes,
    service_erasure,
    service_export,
    service_merge,
    service_timeline,
)
from hub.contacts.consents import Consent
from hub.contacts.contact import ContactInput
from hub.contacts.service_attributes import NewAttribute, ensure
from hub.contacts.service_common import ContactErased
from hub.contacts.service_timeline import Wanted
from hub.ids import encode_id, new_id
from hub.tenancy import audit_log
from hub.tenancy.audit_log import Record
from models.db import Scope, transaction
from tests.hub.contacts.people import HASHER, column, make, message, one

NUMBER, OTHER = "+447700900123", "+447700900777"
NAME, SECRET = "Zenobia Quill", "xylophone"
TRACES = (NUMBER, OTHER, "7700900123", "7700 900123", NAME, SECRET, "zenobia@pbx.example")


@pytest.fixture
async def db(engine: AsyncEngine, tenant: UUID) -> AsyncIterator[AsyncConnection]:
    async with transaction(engine, Scope.of(tenant)) as db:
        await ensure(db, tenant, [NewAttribute("pet"), NewAttribute("order_id", indexed=True)])
        yield db


def record(contact_id: UUID, action: str = "contact.erased") -> Record:
    return Record("user:x", action, f"contact:{encode_id('con', contact_id)}", {})


async def erase(db: AsyncConnection, tenant: UUID, contact_id: UUID) -> service_erasure.Erased:
    return await service_erasure.erase(
        db, tenant, contact_id, reason="asked", hasher=HASHER, record=record(contact_id)
    )


async def plant(db: AsyncConnection, tenant: UUID) -> UUID:
    """A person with something of theirs in every table that can hold it."""
    contact_id = await make(
        db, tenant, NUMBER, NAME, tags=[SECRET], attributes={"pet": SECRET, "order_id": SECRET}
    )
    for kind, address in (("whatsapp", OTHER), ("sip", "sip:zenobia@pbx.example")):
        await service_changes.add_address(
            db,
            tenant,
            contact_id,
            kind=kind,
            address=address,
            primary=False,
            default_country="GB",
            hasher=HASHER,
            actor="user:x",
        )
    await service_changes.set_consent(
        db,
        tenant,
        contact_id,
        Consent("sms", "marketing", "opted_in", "form", SECRET),
        hasher=HASHER,
        actor="user:x",
    )
    note = await service_timeline.add_note(db, tenant, contact_id, f"@Ann likes the {SECRET}", "user:x")
    user = {"t": tenant, "id": new_id(), "email": f"{tenant}@example.com"}
    await db.execute(
        text(
            "INSERT INTO users (tenant_id, id, email, name, password_hash) VALUES (:t, :id, :email, 'Ann', '')"
        ),
        user,
    )
    assert await mentions.keep(db, tenant, contact_id, note, "user:x", datetime.now(UTC)) == [user["id"]]
    await message(
        db,
        tenant,
        contact_id,
        SECRET,
        address=NUMBER,
        provider_message_id="SM1",
        routing=orjson.dumps({"reason": SECRET}).decode(),
    )
    waiting = await message(
        db,
        tenant,
        contact_id,
        SECRET,
        address=NUMBER,
        direction="out",
        origin="agent",
        status="queued",
        price_micros=7,
        hold_id=new_id(),
    )
    ids = {name: new_id() for name in ("imp", "running", "evt", "chn", "cmp", "seg", "unr", "whe")}
    values = {
        "t": tenant,
        "c": contact_id,
        "m": waiting,
        **ids,
        "n": NUMBER,
        "s": SECRET,
        "name": NAME,
        "con": encode_id("con", contact_id),
    }
    statements = """
        INSERT INTO outbox (tenant_id, message_id, channel_id, lane) VALUES (:t, :m, :t, 0);
        INSERT INTO inbox (tenant_id, channel_id, event_key, kind, payload, done_at)
          VALUES (:t, :t, 'in:SM1', 'message', jsonb_build_object('sender', CAST(:n AS text)), now());
        INSERT INTO inbox (tenant_id, channel_id, event_key, kind, payload)
          VALUES (:t, :t, 'in:SM2', 'message', jsonb_build_object('sender', CAST(:n AS text), 'text', CAST(:s AS text)));
        INSERT INTO inbox (tenant_id, channel_id, event_key, kind, payload, done_at, error)
          VALUES (:t, :t, 'in:SM3', 'message', jsonb_build_object('sender', CAST(:n AS text), 'text', CAST(:s AS text)), now(), 'could not');
        INSERT INTO unrouted_events (tenant_id, id, account_id, event_key, reason, payload)
          VALUES (:t, :unr, :chn, 'in:SM4', 'no channel', jsonb_build_object('sender', CAST(:n AS text), 'text', CAST(:s AS text)));
        INSERT INTO conversations (tenant_id, contact_id, last_text, address, session)
          VALUES (:t, :c, :s, :n, jsonb_build_object('vars', CAST(:s AS text)));
        INSERT INTO contact_events (tenant_id, id, contact_id, name, at, key, properties)
          VALUES (:t, :evt, :c, 'bought', now(), :s, jsonb_build_object('what', CAST(:s AS text)));
        INSERT INTO imports (tenant_id, id, name, state, file)
          VALUES (:t, :imp, 'people.csv', 'completed', jsonb_build_object('preview', jsonb_build_array(CAST(:name AS text), '07700 900123')));
        INSERT INTO import_chunks (tenant_id, import_id, number, data) VALUES (:t, :imp, 0, convert_to(CAST(:name AS text), 'UTF8'));
        INSERT INTO import_changes (tenant_id, import_id, contact_id, before, after)
          VALUES (:t, :imp, :c, jsonb_build_object('name', CAST(:name AS text)), '{}');
        INSERT INTO import_errors (tenant_id, import_id, row_number, place, code, value, detail)
          VALUES (:t, :imp, 2, 1, 'bad', '07700 900123', 'said of 07700 900123');
        INSERT INTO import_fixes (tenant_id, import_id, row_number, cells) VALUES (:t, :imp, 2, jsonb_build_object('Name', CAST(:name AS text)));
        INSERT INTO idempotency_keys (tenant_id, principal, key, fingerprint, status, body)
          VALUES (:t, 'user:x', 'k', '', 201, jsonb_build_object('text', jsonb_build_object('id', CAST(:con AS text), 'name', CAST(:name AS text))::text, 'type', 'x'));
        INSERT INTO suppressions (tenant_id, kind, address_hash, address, source) VALUES (:t, 'phone', :hash, :n, 'manual');
        INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address)
          VALUES (:t, :chn, :chn, 'sms', 'twilio', 'Line', '+447700900998', CAST(:chn AS text));
        INSERT INTO campaigns (tenant_id, id, name, audience, template, channel_id) VALUES (:t, :cmp, 'All', '{}', 'hi', :chn);
        INSERT INTO campaign_recipients (tenant_id, campaign_id, ordinal, contact_id) VALUES (:t, :cmp, 1, :c);
        INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, contact_id, event, body, due_at, began_at)
          VALUES (:t, :whe, :whe, :c, 'message.received', :s, now(), now());
        INSERT INTO flow_sessions (tenant_id, id, flow_id, version, contact_id, state, status, node)
          VALUES (:t, :whe, :whe, 1, :c, jsonb_build_object('said', CAST(:s AS text)), 'waiting', 'ask');
        INSERT INTO flow_steps (tenant_id, session_id, seq, flow_id, version, node, at) VALUES (:t, :whe, 0, :whe, 1, 'ask', now());
        INSERT INTO flow_work (tenant_id, id, contact_id, session_id, kind, payload, due_at)
          VALUES (:t, :whe, :c, :whe, 'send', jsonb_build_object('text', CAST(:s AS text)), now());
        INSERT INTO desk_calls (tenant_id, id, contact_id, channel_id, phase, state, log, waited_from)
          VALUES (:t, :whe, :c, :chn, 'ended', jsonb_build_object('note', CAST(:s AS text), 'forward', CAST(:n AS text)),
                  jsonb_build_array(jsonb_build_object('did', 'transferred', 'note', CAST(:s AS text))), now());
        INSERT INTO call_words (tenant_id, id, call_id, contact_id, key, at, sequence, speaker, body)
          VALUES (:t, :whe, :whe, :c, 'GT1:1', now(), 1, 'contact', :s);
        INSERT INTO message_terms (tenant_id, message_id, terms) VALUES (:t, :whe, to_tsvector('simple', :s));
        INSERT INTO intent_corrections (tenant_id, message_id, text, intent) VALUES (:t, :m, :s, 'refund');
        INSERT INTO segments (tenant_id, id, name, kind, members) VALUES (:t, :seg, 'List', 'static', 1);
        INSERT INTO segment_members (tenant_id, segment_id, contact_id) VALUES (:t, :seg, :c)
    """
    values["hash"] = HASHER.hash(tenant, "phone", NUMBER)
    for statement in statements.replace("::text", " #>> '{}'").split(";"):
        await db.execute(text(statement), values)
    return contact_id


def hits(database_url: str, tenant: UUID) -> dict[str, int]:
    """Rows of the tenant that hold a trace, by table and column; read past row-level security."""
    found: dict[str, int] = {}
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("SET search_path = app")
        columns = db.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'app' "
            "AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY') AND table_name NOT IN ('tenants', 'alembic_version')"
        ).fetchall()
        for table, name in columns:
            shown = (
                f"convert_from(\"{name}\", 'LATIN1')"
                if (table, name) == ("import_chunks", "data")
                else f'CAST("{name}" AS text)'
            )
            clause = " OR ".join(f"{shown} ILIKE %s" for _ in TRACES)
            query = f"SELECT count(*) FROM {table} WHERE tenant_id = %s AND ({clause})"  # type: ignore[arg-type]
            row = db.execute(query, (tenant, *(f"%{trace}%" for trace in TRACES))).fetchone()  # type: ignore[call-overload]
            assert row is not None
            if row[0]:
                found[f"{table}.{name}"] = row[0]
    return found


async def test_nothing_of_an_erased_person_is_left(
    engine: AsyncEngine, tenant: UUID, database_url: str
) -> None:
    scope = Scope.of(tenant)
    async with transaction(engine, scope) as db:
        await ensure(db, tenant, [NewAttribute("pet"), NewAttribute("order_id", indexed=True)])
        contact_id = await plant(db, tenant)
    planted = hits(database_url, tenant)
    assert len(planted) > 25, planted
    async with transaction(engine, scope) as db:
        erased = await erase(db, tenant, contact_id)
    assert hits(database_url, tenant) == {}
    assert erased.report["erased"]["messages"] == 2
    assert erased.report["erased"]["import_files"] == 1
    assert erased.report["import_files_not_searched"] == 0
    async with transaction(engine, scope) as db:
        with pytest.raises(ContactErased) as gone:
            await service.get(db, [tenant], contact_id)
        assert gone.value.erased_at.endswith("Z")
        # Statistics stay: the messages with their fate and price, the campaign's row; the money of what waited goes back.
        rows = (await db.execute(text("SELECT status, reason, price_micros FROM messages ORDER BY id"))).all()
        assert [tuple(row) for row in rows] == [("received", None, 0), ("refused", "erased", 7)]
        assert await one(db, "SELECT count(*) FROM campaign_recipients") == 1
        assert await one(db, "SELECT count(*) FROM mentions") == 0
        assert await one(db, "SELECT count(*) FROM flow_sessions") == 0
        assert await one(db, "SELECT count(*) FROM flow_steps") == 1
        assert await one(db, "SELECT count(*) FROM outbox") == 0
        assert await one(db, "SELECT kind FROM settlements") == "release"
        assert await column(db, "SELECT address FROM suppressions") == [""] * 3
        assert await one(db, "SELECT members FROM segments") == 0
        assert (await audit_log.verify(db, tenant)).broken_seq is None
        [row] = await audit_log.page(db, tenant, action="contact.", target="", before=None, limit=9)
        assert (row.action, row.target) == ("contact.erased", f"contact:{encode_id('con', contact_id)}")


async def test_who_was_erased_and_writes_again_begins_opted_out(db: AsyncConnection, tenant: UUID) -> None:
    await erase(db, tenant, await make(db, tenant, NUMBER, NAME))
    found = await service.resolve_addresses(db, [(tenant, "phone", NUMBER, "Z")], HASHER)
    [again] = found.values()
    _, consents = await service.get(db, [tenant], again)
    assert {(c.channel_kind, c.state, c.source) for c in consents} == {
        (kind, "opted_out", "suppression") for kind in ("sms", "whatsapp", "rcs", "voice")
    }
    created = await service.upsert_batch(
        db,
        tenant,
        [ContactInput(OTHER, addresses=[("whatsapp", NUMBER)])],
        default_country="GB",
        consent_source="x",
        hasher=HASHER,
    )
    assert created[0].id == again  # the same number is the same person


async def test_a_merged_person_is_erased_with_what_the_merge_remembers(
    db: AsyncConnection, tenant: UUID
) -> None:
    kept = await make(db, tenant, OTHER, "Kept Person")
    gone = await make(db, tenant, NUMBER, NAME)
    merged = await service_merge.merge(db, tenant, kept, gone, {}, dry_run=False, actor="user:x")
    assert merged.merge_id is not None
    await service_merge.undo(db, tenant, merged.merge_id, "user:x")
    again = await service_merge.merge(db, tenant, kept, gone, {}, dry_run=False, actor="user:x")
    assert again.merge_id is not None
    await service_merge.undo(db, tenant, again.merge_id, "user:x")
    await erase(db, tenant, gone)
    told = await column(db, "SELECT CAST(data AS text) FROM activities WHERE contact_id = :c", c=kept)
    assert told
    assert not [words for words in told if NAME in words]
    third = await make(db, tenant, "+447700900555", "Third Person")
    last = await service_merge.merge(db, tenant, third, kept, {}, dry_run=False, actor="user:x")
    assert last.merge_id is not None
    await erase(db, tenant, third)
    assert not [s for s in await column(db, "SELECT CAST(snapshot AS text) FROM contact_merges") if s != "{}"]
    with pytest.raises(service_merge.CannotUndo, match="erased since"):
        await service_merge.undo(db, tenant, last.merge_id, "user:x")


async def test_a_person_s_own_copy_has_everything(db: AsyncConnection, tenant: UUID) -> None:
    contact_id = await plant(db, tenant)
    found = await service_export.document(db, tenant, contact_id, record(contact_id, "contact.exported"))
    copy: dict[str, Any] = orjson.loads(service_export.as_json(found))
    assert copy["contact"]["name"] == NAME
    assert {one["address"] for one in copy["addresses"]} == {NUMBER, OTHER, "sip:zenobia@pbx.example"}
    assert [len(copy[part]) for part in ("messages", "events", "campaigns", "segments")] == [2, 1, 1, 1]
    with zipfile.ZipFile(io.BytesIO(service_export.as_zip(found))) as archive:
        assert {"contact.json", "contact.csv", "addresses.csv", "messages.csv", "consents.csv"} <= set(
            archive.namelist()
        )
        table = archive.read("messages.csv").decode()
    assert f"'{NUMBER}" in table  # no spreadsheet may take it for a formula
    assert SECRET in table
    [row] = await audit_log.page(db, tenant, action="", target="", before=None, limit=9)
    assert row.action == "contact.exported"


async def test_the_timeline_of_somebody_erased_says_so(db: AsyncConnection, tenant: UUID) -> None:
    contact_id = await make(db, tenant, NUMBER, NAME)
    await erase(db, tenant, contact_id)
    with pytest.raises(ContactErased):
        await service_timeline.page(db, [tenant], contact_id, Wanted())
