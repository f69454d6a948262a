"""What begins flows, on a real database: events, schedules, segments; and what publishing and merging do to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.conditions.model import read
from hub.contacts import service_merge
from hub.contacts.events import service as events
from hub.contacts.events.event import NewEvent
from hub.contacts.segments import service_saved
from hub.contacts.segments.segment import NewSegment
from hub.flows import service as flows
from hub.flows.experiments import service as experiments
from hub.flows.triggers import asked, service, store, store_snapshots
from hub.ids import encode_id
from models.db import Scope, transaction
from tests.hub.contacts.people import HASHER, column, make, one

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)  # a Monday
A, B, C = "+447700900001", "+447700900002", "+447700900003"


@pytest.fixture
async def db(engine: AsyncEngine, tenant: UUID) -> AsyncIterator[AsyncConnection]:
    async with transaction(engine, Scope.of(tenant)) as db:
        yield db


async def publish(
    db: AsyncConnection,
    tenant: UUID,
    trigger: dict[str, Any],
    name: str = "Journey",
    rule: str = "not_while_inside",
) -> UUID:
    document = {
        "spec_version": 2,
        "nodes": [
            {"id": "go", "type": "start", "data": {"trigger": trigger, "reentry": rule}},
            {"id": "tag", "type": "tag", "data": {"tag": "seen"}},
        ],
        "edges": [{"source": "go", "target": "tag"}],
    }
    flow_id = await flows.create(db, tenant, name, "", document, created_by="", now=NOW)
    await flows.publish(db, await flows.held(db, tenant, flow_id), "", created_by="", now=NOW)
    return flow_id


async def segment(db: AsyncConnection, tenant: UUID, field: str = "language", value: str = "de") -> UUID:
    condition = {"combinator": "and", "rules": [{"field": field, "operator": "=", "value": value}]}
    new = NewSegment(name=f"{field} {value}", condition=read(condition))
    return await service_saved.create(db, tenant, new, created_by="", now=NOW)


async def speaks(db: AsyncConnection, tenant: UUID, contact_id: UUID, language: str) -> None:
    query = "UPDATE contacts SET language = :l WHERE tenant_id = :t AND id = :c RETURNING id"
    await column(db, query, t=tenant, c=contact_id, l=language)


async def begun(db: AsyncConnection, tenant: UUID) -> list[UUID]:
    """Who is to begin something, and nothing else is left of it."""
    query = "DELETE FROM flow_begins WHERE tenant_id = :t RETURNING contact_id"
    return sorted(await column(db, query, t=tenant))


async def test_an_event_begins_the_flows_that_wait_for_it_once(db: AsyncConnection, tenant: UUID) -> None:
    flow = await publish(db, tenant, {"kind": "event", "event": "cart.abandoned"})
    await publish(db, tenant, {"kind": "event", "event": "order.placed"}, "Other")
    who = await make(db, tenant, A)
    event = NewEvent("cart.abandoned", who, key="e-1", properties={"total": 12})
    for _ in range(2):
        await events.take(
            db, tenant, [event], now=NOW, default_country="GB", create_missing=False, hasher=HASHER
        )
    (row,) = await store.claim_begins(db, [tenant], NOW, timedelta(minutes=1), 10)
    assert (row.flow_id, row.node, row.contact_id, row.trigger) == (flow, "go", who, "event")
    assert row.given == {"total": 12}
    assert await store.claim_begins(db, [tenant], NOW, timedelta(minutes=1), 10) == []  # leased
    (again,) = await store.claim_begins(db, [tenant], NOW + timedelta(minutes=2), timedelta(minutes=1), 10)
    assert again.attempts == 2
    await store.done_begins(db, tenant, [row.id])
    await flows.archive(db, await flows.held(db, tenant, flow), NOW)
    later = NewEvent("cart.abandoned", who, key="e-2")
    await events.take(db, tenant, [later], now=NOW, default_country="GB", create_missing=False, hasher=HASHER)
    assert await begun(db, tenant) == []


async def look(db: AsyncConnection, tenant: UUID, at: datetime) -> None:
    while await service.look_at_one(db, tenant, at):
        pass


async def test_who_joins_a_segment_begins_and_who_was_inside_does_not(
    db: AsyncConnection, tenant: UUID
) -> None:
    first = await make(db, tenant, A, language="de")
    second = await make(db, tenant, B, language="en")
    german = await segment(db, tenant)
    trigger = {"kind": "segment", "segment_id": encode_id("seg", german)}
    await publish(db, tenant, trigger)
    await publish(db, tenant, {**trigger, "on": "exit"}, "Leaving")
    await look(db, tenant, NOW)
    assert await begun(db, tenant) == []
    await speaks(db, tenant, second, "de")
    await look(db, tenant, NOW + timedelta(minutes=1))
    assert await begun(db, tenant) == [second]
    await speaks(db, tenant, first, "fr")
    await look(db, tenant, NOW + timedelta(minutes=2))
    rows = await store.claim_begins(db, [tenant], NOW + timedelta(minutes=2), timedelta(minutes=1), 10)
    assert [(row.contact_id, row.key.split(":")[0]) for row in rows] == [(first, "exit")]
    assert rows[0].given == {"segment": encode_id("seg", german)}


async def test_those_inside_begin_once_where_that_is_asked(db: AsyncConnection, tenant: UUID) -> None:
    first = await make(db, tenant, A, language="de")
    german = await segment(db, tenant)
    trigger = {"kind": "segment", "segment_id": encode_id("seg", german), "present": True}
    flow = await publish(db, tenant, trigger)
    await look(db, tenant, NOW)
    assert await begun(db, tenant) == [first]
    await flows.publish(db, await flows.held(db, tenant, flow), "", created_by="", now=NOW)
    await look(db, tenant, NOW + timedelta(minutes=1))
    assert await begun(db, tenant) == []


async def test_a_changed_condition_moves_nobody(db: AsyncConnection, tenant: UUID) -> None:
    await make(db, tenant, A, language="de")
    english = await segment(db, tenant, value="en")
    await publish(db, tenant, {"kind": "segment", "segment_id": encode_id("seg", english)})
    await look(db, tenant, NOW)
    await db.exec_driver_sql(
        "UPDATE segments SET condition = replace(condition::text, 'en', 'de')::jsonb, version = version + 1"
    )
    await look(db, tenant, NOW + timedelta(minutes=1))
    assert await begun(db, tenant) == []
    joins = await make(db, tenant, B, language="de")
    await look(db, tenant, NOW + timedelta(minutes=2))
    assert await begun(db, tenant) == [joins]


async def test_a_list_is_looked_at_at_once(db: AsyncConnection, tenant: UUID) -> None:
    who = await make(db, tenant, A)
    listed = await service_saved.create(
        db, tenant, NewSegment(name="List", kind="static"), created_by="", now=NOW
    )
    flow = await publish(db, tenant, {"kind": "segment", "segment_id": encode_id("seg", listed)})
    await look(db, tenant, NOW)
    assert not await service.look_at_one(db, tenant, NOW + timedelta(seconds=1))
    row = await service_saved.held(db, tenant, listed)
    await service_saved.change_members(db, row, [who], [], now=NOW + timedelta(seconds=1))
    await look(db, tenant, NOW + timedelta(seconds=1))
    assert await begun(db, tenant) == [who]
    assert [use["kind"] for use in await service_saved.store_saved.uses(db, tenant, listed)] == ["flow"]
    await flows.archive(db, await flows.held(db, tenant, flow), NOW)
    assert await store_snapshots.get(db, tenant, listed) is None


async def fire(db: AsyncConnection, tenant: UUID, at: datetime) -> None:
    while await service.fire_one(db, tenant, at):
        pass


async def test_a_schedule_fires_once_in_slices_and_late_after_an_outage(
    db: AsyncConnection, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SLICE", 2)
    people = sorted([await make(db, tenant, each, language="de") for each in (A, B, C)])
    german = await segment(db, tenant)
    trigger = {"kind": "schedule", "at": "09:00", "segment_id": encode_id("seg", german)}
    flow = await publish(db, tenant, trigger)
    (row,) = await store.schedules(db, tenant, flow)
    assert row.next_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert not await service.fire_one(db, tenant, row.next_at - timedelta(seconds=1))
    three_days_late = row.next_at + timedelta(days=3, hours=1)
    await fire(db, tenant, three_days_late)
    assert await begun(db, tenant) == people
    (row,) = await store.schedules(db, tenant, flow)
    assert (row.next_at, row.last_at) == (
        datetime(2026, 3, 7, 9, tzinfo=UTC),
        datetime(2026, 3, 3, 9, tzinfo=UTC),
    )
    await flows.publish(db, await flows.held(db, tenant, flow), "", created_by="", now=NOW)
    (kept,) = await store.schedules(db, tenant, flow)
    assert kept.next_at == row.next_at


async def test_a_schedule_whose_segment_cannot_be_read_fires_when_it_can(
    db: AsyncConnection, tenant: UUID
) -> None:
    who = await make(db, tenant, A, language="de")
    german = await segment(db, tenant)
    flow = await publish(
        db, tenant, {"kind": "schedule", "at": "09:00", "segment_id": encode_id("seg", german)}
    )
    (row,) = await store.schedules(db, tenant, flow)
    hide = "UPDATE segments SET archived_at = CAST(:at AS timestamptz) WHERE tenant_id = :t RETURNING id"
    await column(db, hide, t=tenant, at=NOW)
    await fire(db, tenant, row.next_at)
    (late,) = await store.schedules(db, tenant, flow)
    assert (late.next_at, late.firing_at) == (row.next_at + service.AFTER_FAILURE, row.next_at)
    assert late.error
    await column(db, hide, t=tenant, at=None)
    await fire(db, tenant, late.next_at)
    assert await begun(db, tenant) == [who]
    (after,) = await store.schedules(db, tenant, flow)
    assert (after.next_at, after.last_at, after.error) == (row.next_at + timedelta(days=1), row.next_at, "")


@pytest.mark.parametrize(
    ("rule", "while_inside", "after"),
    [
        ("always", "accepted", "accepted"),
        ("not_while_inside", "the contact is inside of this flow", "accepted"),
        ("once", "the contact is inside of this flow", "the contact has been through this flow"),
    ],
)
async def test_whoever_may_not_begin_is_told_at_once(
    db: AsyncConnection, tenant: UUID, rule: str, while_inside: str, after: str
) -> None:
    flow = await publish(db, tenant, {"kind": "api"}, rule=rule)
    who, other = await make(db, tenant, A), await make(db, tenant, B)

    async def ask(*wanted: asked.Wanted) -> list[str]:
        row = await flows.get(db, tenant, flow)
        found = await asked.ask(
            db, row, wanted, now=NOW, default_country="GB", create_missing=False, hasher=HASHER
        )
        return [getattr(each.error, "detail", each.status) for each in found]

    first = await ask(asked.Wanted(who, key="k"), asked.Wanted(who, key="k"), asked.Wanted(other))
    assert first == ["accepted", "duplicate", "accepted"], "the same key twice is one session"
    assert await ask(asked.Wanted(who), asked.Wanted(who, key="k")) == [while_inside, "duplicate"]
    await begun(db, tenant)
    query = (
        "INSERT INTO flow_sessions (tenant_id, id, flow_id, version, contact_id, state, status, node) "
        "VALUES (:t, gen_random_uuid(), :f, 1, :c, '{}', 'ended', 'tag') RETURNING id"
    )
    await column(db, query, t=tenant, f=flow, c=who)
    again = await ask(asked.Wanted(who), asked.Wanted(who))
    assert again[0] == after
    assert (again[1] == "accepted") == (rule == "always"), "one of the same request counts too"


async def test_a_schedule_by_the_contacts_clocks(db: AsyncConnection, tenant: UUID) -> None:
    berlin = await make(db, tenant, A, language="de", time_zone="Europe/Berlin")
    none = await make(db, tenant, B, language="de")
    german = await segment(db, tenant)
    trigger = {"kind": "schedule", "at": "12:00", "zone": "contact", "segment_id": encode_id("seg", german)}
    await publish(db, tenant, trigger)
    await fire(db, tenant, NOW + timedelta(hours=1))
    assert await begun(db, tenant) == [berlin]
    tokyo = await make(
        db, tenant, C, language="de", time_zone="Asia/Tokyo"
    )  # not known when it was published
    await fire(db, tenant, NOW + timedelta(hours=2))
    assert await begun(db, tenant) == sorted([none, tokyo])
    await fire(db, tenant, NOW + timedelta(hours=17))  # 12:00 in Tokyo, the next day
    assert await begun(db, tenant) == [tokyo]


async def test_a_merge_takes_along_what_is_to_begin(db: AsyncConnection, tenant: UUID) -> None:
    winner, loser = await make(db, tenant, A), await make(db, tenant, B, language="de")
    german = await segment(db, tenant)
    await publish(db, tenant, {"kind": "segment", "segment_id": encode_id("seg", german), "present": True})
    await look(db, tenant, NOW)
    await service_merge.merge(db, tenant, winner, loser, {}, dry_run=False, actor="")
    assert await begun(db, tenant) == [winner]
    query = "SELECT contact_id FROM segment_snapshot_members WHERE tenant_id = :t"
    assert await column(db, query, t=tenant) == [winner]
    await service_erase(db, tenant, winner)
    assert await one(db, "SELECT count(*) FROM segment_snapshot_members WHERE tenant_id = :t", t=tenant) == 0


async def service_erase(db: AsyncConnection, tenant: UUID, contact_id: UUID) -> None:
    await column(
        db, "DELETE FROM contacts WHERE tenant_id = :t AND id = :c RETURNING id", t=tenant, c=contact_id
    )


async def test_numbers_of_an_experiment_and_a_guardrail_by_itself(db: AsyncConnection, tenant: UUID) -> None:
    arms = [{"name": name, "weight": 1} for name in "AB"]
    nodes = [
        {"id": "go", "type": "start"},
        {
            "id": "x",
            "type": "split",
            "data": {"arms": arms, "test": {"goal": "ordered", "guardrail": {}, "automatic": True}},
        },
        *({"id": name, "type": "tag", "data": {"tag": name}} for name in "AB"),
    ]
    edges = [
        {"source": "go", "target": "x"},
        *({"source": "x", "port": name, "target": name} for name in "AB"),
    ]
    document = {"spec_version": 2, "nodes": nodes, "edges": edges}
    flow = await flows.create(db, tenant, "Compared", "", document, created_by="", now=NOW)
    await flows.publish(db, await flows.held(db, tenant, flow), "", created_by="", now=NOW)
    await db.execute(
        text(
            """
            WITH people AS (
                INSERT INTO contacts (tenant_id, id) SELECT :t, gen_random_uuid() FROM generate_series(1, 80) RETURNING id
            ), numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM people),
            sessions AS (
                INSERT INTO flow_sessions (tenant_id, id, flow_id, version, contact_id, state, status, node)
                SELECT :t, id, :f, 1, id, '{}', 'ended', 'x' FROM numbered
            ), steps AS (
                INSERT INTO flow_steps (tenant_id, session_id, seq, flow_id, version, node, port, at)
                SELECT :t, id, 1, :f, 1, 'x', CASE WHEN n % 2 = 0 THEN 'A' ELSE 'B' END, :at FROM numbered
            ), goals AS (
                INSERT INTO flow_goals (tenant_id, session_id, name, flow_id, version, at)
                SELECT :t, id, 'ordered', :f, 1, :at FROM numbered WHERE n <= 10
            )
            INSERT INTO consents (tenant_id, contact_id, channel_kind, state, source, changed_at)
            SELECT :t, id, 'sms', 'opted_out', 'reply', :at FROM numbered WHERE n % 2 = 1 AND n < 40
            """
        ),
        {"t": tenant, "f": flow, "at": NOW + timedelta(minutes=1)},
    )
    (before,) = await experiments.experiments(db, await flows.get(db, tenant, flow))
    counts = [
        (arm.numbers.entries, arm.numbers.conversions, arm.numbers.opt_outs) for arm in before.report.arms
    ]
    assert counts == [(40, 5, 0), (40, 5, 20)]
    assert await experiments.look_at_one(db, tenant, NOW + timedelta(minutes=2))
    assert not await experiments.look_at_one(db, tenant, NOW + timedelta(minutes=2))
    (after,) = await experiments.experiments(db, await flows.get(db, tenant, flow))
    assert [(row.kind, row.arm, row.actor) for row in after.decisions] == [("stop", "B", "system")]
    assert [arm.share for arm in after.report.arms] == [1.0, 0.0]
    assert after.decisions[0].numbers["B"]["opt_outs"] == 20


async def test_a_message_counts_once_in_an_experiment_however_often_its_arm_was_gone(
    db: AsyncConnection, tenant: UUID
) -> None:
    arms = [{"name": name, "weight": 1} for name in "AB"]
    document = {
        "spec_version": 2,
        "nodes": [
            {"id": "go", "type": "start"},
            {"id": "x", "type": "split", "data": {"arms": arms, "test": {"goal": "ordered"}}},
            {"id": "ask", "type": "ask", "data": {}},
        ],
        "edges": [
            {"source": "go", "target": "x"},
            *({"source": "x", "port": name, "target": "ask"} for name in "AB"),
            {"source": "ask", "port": "answer", "target": "x"},
        ],
    }
    flow = await flows.create(db, tenant, "Round", "", document, created_by="", now=NOW)
    await flows.publish(db, await flows.held(db, tenant, flow), "", created_by="", now=NOW)
    who = await make(db, tenant, A)
    await db.execute(
        text(
            """
            WITH session AS (
                INSERT INTO flow_sessions (tenant_id, id, flow_id, version, contact_id, state, status, node)
                VALUES (:t, :s, :f, 1, :c, '{}', 'waiting', 'ask')
            ), steps AS (
                INSERT INTO flow_steps (tenant_id, session_id, seq, flow_id, version, node, port, at)
                SELECT :t, :s, n, :f, 1, 'x', 'A', :at + n * interval '1 minute' FROM generate_series(1, 3) n
            )
            INSERT INTO messages (tenant_id, id, contact_id, channel_id, channel_kind, direction, origin, origin_id, address, body,
                status, price_micros, created_at)
            SELECT :t, gen_random_uuid(), :c, :s, 'sms', 'out', 'flow', :f, '', 'x', 'sent', 40000,
                :at + n * interval '1 minute' FROM generate_series(1, 3) n
            """
        ),
        {"t": tenant, "f": flow, "c": who, "s": UUID(int=5), "at": NOW},
    )
    (found,) = await experiments.experiments(db, await flows.get(db, tenant, flow))
    assert {arm.name: arm.numbers.cost_micros for arm in found.report.arms} == {"A": 120_000, "B": 0}
