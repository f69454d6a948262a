from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts import merge as rules
from hub.contacts import service, service_changes, service_merge, store
from hub.contacts.consents import Consent
from hub.contacts.merge import Person
from hub.contacts.service_attributes import NewAttribute, ensure
from hub.contacts.service_common import ContactMerged
from hub.errors import Invalid, NotFound
from hub.ids import new_id
from models.db import Scope, transaction
from tests.hub.contacts.people import HASHER, column, make, message, one

A, B = "+447700900001", "+447700900002"


@pytest.fixture
async def db(engine: AsyncEngine, tenant: UUID) -> AsyncIterator[AsyncConnection]:
    async with transaction(engine, Scope.of(tenant)) as db:
        await ensure(db, tenant, [NewAttribute("city"), NewAttribute("order_id", indexed=True)])
        yield db


async def two(db: AsyncConnection, tenant: UUID) -> tuple[UUID, UUID]:
    winner = await make(db, tenant, A, "Asha Rao", language="en", tags=["vip"], attributes={"city": "Leeds"})
    loser = await make(
        db, tenant, B, "A. Rao", tags=["vip", "new"], attributes={"city": "York", "order_id": "X-7"}
    )
    return winner, loser


async def state(db: AsyncConnection, tenant: UUID, contact_id: UUID) -> dict[str, Any]:
    """All that a contact has, but for versions and times."""
    row, consents = await service.get(db, [tenant], contact_id)
    conversation = (
        await db.execute(
            text(
                "SELECT status, last_text, unread, opted_out FROM conversations WHERE tenant_id = :t AND contact_id = :c"
            ),
            {"t": tenant, "c": contact_id},
        )
    ).one_or_none()
    values = {"t": tenant, "c": contact_id}
    where = "WHERE tenant_id = :t AND contact_id = :c ORDER BY 1"
    return {
        "fields": (row.name, row.language, row.time_zone, row.attributes, row.tags),
        "addresses": [(one["kind"], one["address"], one["primary"]) for one in row.addresses],
        "consents": [(one.channel_kind, one.purpose, one.state) for one in consents],
        "values": await column(db, f"SELECT value FROM contact_values {where}", **values),
        "messages": await column(db, f"SELECT body FROM messages {where}", **values),
        "events": await column(db, f"SELECT name FROM contact_events {where}", **values),
        "notes": await column(
            db,
            "SELECT data ->> 'body' FROM activities WHERE tenant_id = :t AND contact_id = :c AND kind = 'note' ORDER BY 1",
            **values,
        ),
        "webhooks": await column(db, f"SELECT body FROM webhook_deliveries {where}", **values),
        "flows": await column(db, f"SELECT node FROM flow_sessions {where}", **values),
        "mentions": await column(db, f"SELECT mentioned_by FROM mentions {where}", **values),
        "segments": await column(db, f"SELECT segment_id FROM segment_members {where}", **values),
        "campaigns": await column(db, f"SELECT ordinal FROM campaign_recipients {where}", **values),
        "calls": await column(db, f"SELECT phase FROM desk_calls {where}", **values),
        "said": await column(db, f"SELECT body FROM call_words {where}", **values),
        "queues": await column(db, f"SELECT kind FROM queue_events {where}", **values),
        "conversation": tuple(conversation) if conversation else None,
    }


async def furnish(db: AsyncConnection, tenant: UUID, winner: UUID, loser: UUID) -> None:
    """History on both sides, and campaigns and segments of one, of the other and of both."""
    ids = {name: new_id() for name in ("chn", "seg_both", "seg_loser", "cmp_both", "cmp_loser")}
    values = {"t": tenant, "w": winner, "l": loser, "at": datetime.now(UTC), **ids}
    statements = """
        INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address)
          VALUES (:t, :chn, :chn, 'sms', 'twilio', 'Line', '+447700900998', CAST(:chn AS text));
        INSERT INTO segments (tenant_id, id, name, kind, members) VALUES (:t, :seg_both, 'Both', 'static', 2);
        INSERT INTO segments (tenant_id, id, name, kind, members) VALUES (:t, :seg_loser, 'Loser', 'static', 1);
        INSERT INTO segment_members (tenant_id, segment_id, contact_id) VALUES (:t, :seg_both, :w), (:t, :seg_both, :l), (:t, :seg_loser, :l);
        INSERT INTO campaigns (tenant_id, id, name, audience, template, channel_id) VALUES (:t, :cmp_both, 'Both', '{}', 'hi', :chn);
        INSERT INTO campaigns (tenant_id, id, name, audience, template, channel_id) VALUES (:t, :cmp_loser, 'Loser', '{}', 'hi', :chn);
        INSERT INTO campaign_recipients (tenant_id, campaign_id, ordinal, contact_id)
          VALUES (:t, :cmp_both, 1, :w), (:t, :cmp_both, 2, :l), (:t, :cmp_loser, 3, :l);
        INSERT INTO contact_events (tenant_id, id, contact_id, name, at) VALUES (:t, :seg_both, :w, 'seen', :at), (:t, :seg_loser, :l, 'bought', :at);
        INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, contact_id, event, body, due_at, began_at)
          VALUES (:t, :seg_loser, :chn, :l, 'message.received', 'told of B', :at, :at);
        INSERT INTO mentions (tenant_id, id, user_id, note_id, contact_id, mentioned_by, at)
          VALUES (:t, :seg_loser, :chn, :chn, :l, 'user:b', :at);
        INSERT INTO flow_sessions (tenant_id, id, flow_id, version, contact_id, state, status, node)
          VALUES (:t, :seg_loser, :chn, 1, :l, '{}', 'waiting', 'ask');
        INSERT INTO queue_events (tenant_id, id, contact_id, kind, at) VALUES (:t, :seg_both, :w, 'closed', :at), (:t, :seg_loser, :l, 'entered', :at);
        INSERT INTO desk_calls (tenant_id, id, contact_id, channel_id, phase, state, waited_from)
          VALUES (:t, :seg_both, :w, :chn, 'ended', '{}', :at), (:t, :seg_loser, :l, :chn, 'callback', '{}', :at);
        INSERT INTO call_words (tenant_id, id, call_id, contact_id, key, at, sequence, speaker, body)
          VALUES (:t, :seg_both, :seg_both, :w, '1', :at, 1, 'contact', 'said by A'), (:t, :seg_loser, :seg_loser, :l, '1', :at, 1, 'contact', 'said by B');
        INSERT INTO conversations (tenant_id, contact_id, version, status, last_text, last_at, unread, opened_at)
          VALUES (:t, :w, 4, 'closed', 'thanks', now() - interval '1 day', 0, now());
        INSERT INTO conversations (tenant_id, contact_id, version, status, last_text, last_at, unread, opened_at)
          VALUES (:t, :l, 9, 'open', 'help', now(), 3, now())
    """
    for statement in statements.split(";"):
        await db.execute(text(statement), values)
    await message(db, tenant, winner, "hello from A", address=A)
    await message(db, tenant, loser, "hello from B", address=B)
    for contact_id, body in ((winner, "note on A"), (loser, "note on B")):
        data = {"t": tenant, "c": contact_id, "id": new_id(), "body": body}
        await db.execute(
            text(
                "INSERT INTO activities (tenant_id, contact_id, id, kind, data) "
                "VALUES (:t, :c, :id, 'note', jsonb_build_object('body', CAST(:body AS text)))"
            ),
            data,
        )


async def test_a_preview_shows_every_field_and_changes_nothing(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await two(db, tenant)
    before = [await state(db, tenant, one) for one in (winner, loser)]
    shown = await service_merge.merge(
        db, tenant, winner, loser, {"name": "loser"}, dry_run=True, actor="user:x"
    )
    assert shown.merge_id is None
    assert [(f.field, f.winner, f.loser, f.result) for f in shown.fields] == [
        ("name", "Asha Rao", "A. Rao", "A. Rao"),
        ("language", "en", "", "en"),
        ("time_zone", "Europe/London", "Europe/London", "Europe/London"),
        ("attribute.city", "Leeds", "York", "Leeds"),
        ("attribute.order_id", None, "X-7", "X-7"),
    ]
    assert (shown.moves["addresses"], shown.moves["tags"]) == (1, 1)
    assert [await state(db, tenant, one) for one in (winner, loser)] == before


async def test_everything_moves_and_an_undo_puts_everything_back(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await two(db, tenant)
    await furnish(db, tenant, winner, loser)
    out = Consent("sms", "all", "opted_out", "STOP")
    await service_changes.set_consent(db, tenant, loser, out, hasher=HASHER, actor="contact")
    before = [await state(db, tenant, one) for one in (winner, loser)]
    merged = await service_merge.merge(db, tenant, winner, loser, {}, dry_run=False, actor="user:x")
    now = await state(db, tenant, winner)
    assert now["fields"][3:] == ({"city": "Leeds", "order_id": "X-7"}, ["new", "vip"])
    assert now["addresses"] == [("phone", A, True), ("phone", B, False)]
    assert ("sms", "all", "opted_out") in now["consents"]
    assert now["values"] == ["X-7"]
    assert now["messages"] == ["hello from A", "hello from B"]
    assert now["events"] == ["bought", "seen"]
    assert now["notes"] == ["note on A", "note on B"]
    assert len(now["segments"]) == 2
    assert now["campaigns"] == [1, 3]  # of the campaign that has both, both rows stay
    assert now["conversation"] == ("open", "help", 3, ["sms"])
    assert await column(db, "SELECT members FROM segments WHERE tenant_id = :t ORDER BY name", t=tenant) == [
        1,
        1,
    ]
    with pytest.raises(ContactMerged) as gone:
        await service.get(db, [tenant], loser)
    assert gone.value.merged_into.startswith("con_")
    version = await one(db, "SELECT version FROM conversations WHERE tenant_id = :t", t=tenant)
    assert version > 10  # beyond what a host may hold of either

    assert merged.merge_id is not None
    assert await service_merge.undo(db, tenant, merged.merge_id, "user:x") == (winner, loser)
    assert [await state(db, tenant, one) for one in (winner, loser)] == before
    assert await column(db, "SELECT members FROM segments WHERE tenant_id = :t ORDER BY name", t=tenant) == [
        2,
        1,
    ]
    assert await one(db, "SELECT snapshot FROM contact_merges WHERE tenant_id = :t", t=tenant) == {}
    with pytest.raises(service_merge.CannotUndo, match="undone before"):
        await service_merge.undo(db, tenant, merged.merge_id, "user:x")


async def test_what_came_after_the_merge_stays_with_who_was_kept(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await two(db, tenant)
    await furnish(db, tenant, winner, loser)
    merged = await service_merge.merge(db, tenant, winner, loser, {}, dry_run=False, actor="user:x")
    assert merged.merge_id is not None
    await message(db, tenant, winner, "after", address=B)
    found = await service_changes.locked(db, tenant, winner)
    wanted = service_changes.Patch(name="Asha Rao-Smith", attributes={"city": "Hull"})
    await service_changes.patch(db, tenant, found, wanted, "user:x")
    await db.execute(
        text("UPDATE conversations SET version = version + 1, last_text = 'after' WHERE tenant_id = :t"),
        {"t": tenant},
    )
    out = Consent("whatsapp", "all", "opted_out", "STOP")
    await service_changes.set_consent(db, tenant, winner, out, hasher=HASHER, actor="contact")
    await service_merge.undo(db, tenant, merged.merge_id, "user:x")
    kept, back = [await state(db, tenant, one) for one in (winner, loser)]
    assert kept["fields"][0] == "Asha Rao-Smith"
    assert kept["fields"][3] == {"city": "Hull"}
    assert kept["messages"] == ["after", "hello from A"]
    assert kept["conversation"][1] == "after"
    assert back["messages"] == ["hello from B"]
    assert back["fields"][3] == {"city": "York", "order_id": "X-7"}
    # Whoever of the two wrote STOP since: neither is written to.
    for person in (kept, back):
        assert ("whatsapp", "all", "opted_out") in person["consents"]


async def test_an_undo_says_why_it_cannot_be(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await two(db, tenant)
    merged = await service_merge.merge(db, tenant, winner, loser, {}, dry_run=False, actor="user:x")
    assert merged.merge_id is not None
    await service_changes.remove_address(db, tenant, winner, "phone", B, "user:x")
    await make(db, tenant, B, "Somebody new")
    with pytest.raises(service_merge.CannotUndo, match="belongs to another contact"):
        await service_merge.undo(db, tenant, merged.merge_id, "user:x")
    third = await make(db, tenant, "+447700900003", "Third")
    await service_merge.merge(db, tenant, third, winner, {}, dry_run=False, actor="user:x")
    with pytest.raises(service_merge.CannotUndo, match="undo its own merge first"):
        await service_merge.undo(db, tenant, merged.merge_id, "user:x")
    with pytest.raises(NotFound):
        await service_merge.undo(db, tenant, new_id(), "user:x")


async def test_a_merge_of_one_or_of_nobody_is_refused(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await two(db, tenant)
    for pair, choices in (((winner, winner), {}), ((winner, loser), {"attribute.shoe": "loser"})):
        with pytest.raises(Invalid):
            await service_merge.merge(db, tenant, *pair, choices, dry_run=True, actor="user:x")
    with pytest.raises(NotFound):
        await service_merge.merge(db, tenant, winner, new_id(), {}, dry_run=True, actor="user:x")


def consent(state: str, at: str) -> dict[str, Any]:
    return {"channel_kind": "sms", "purpose": "all", "state": state, "changed_at": at}


@pytest.mark.parametrize(
    ("ours", "theirs", "wins"),
    [
        (("opted_in", "2026-02"), ("opted_out", "2026-01"), ("opted_out", "2026-01")),
        (("opted_out", "2026-01"), ("opted_in", "2026-02"), ("opted_out", "2026-01")),
        (("opted_in", "2026-01"), ("opted_in", "2026-02"), ("opted_in", "2026-02")),
        (None, ("opted_in", "2026-02"), ("opted_in", "2026-02")),
    ],
)
def test_an_opt_out_wins(ours: Any, theirs: Any, wins: Any) -> None:
    sides = [
        Person(new_id(), "", "", "", {}, frozenset(), {("sms", "all"): consent(*said)} if said else {})
        for said in (ours, theirs)
    ]
    merged = rules.plan(sides[0], sides[1], {}, {})
    assert merged.consents == {("sms", "all"): consent(*wins)}


async def test_an_address_of_the_loser_finds_the_winner(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await two(db, tenant)
    await service_merge.merge(db, tenant, winner, loser, {}, dry_run=False, actor="user:x")
    found = await service.resolve_addresses(db, [(tenant, "phone", B, "")], HASHER)
    assert set(found.values()) == {winner}
    assert await store.find_addresses(db, [(tenant, "whatsapp", B)]) == {(tenant, "whatsapp", B): winner}
