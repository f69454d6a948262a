"""Calls at the desk in the database: which calls wait, what their rows, webhooks and timelines tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.channels.voice_news import Spoken
from hub.directory import Directory, load
from hub.errors import NotFound
from hub.ids import new_id
from hub.search import store as search
from hub.voice import desk, desk_service, desk_store
from hub.voice.desk_moves import advance
from hub.webhooks.endpoint import EVENTS, Subscription
from models.db import Scope, transaction

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
SETUP = """
    INSERT INTO users (tenant_id, id, email, name, password_hash) VALUES (:t, :ann, :email, 'Ann', '');
    INSERT INTO queues (tenant_id, id, name, settings) VALUES (:t, :que, 'Care', CAST(:settings AS jsonb));
    INSERT INTO channels (tenant_id, id, account_id, kind, provider, name, address, provider_address)
      VALUES (:t, :chn, :chn, 'voice', 'twilio', 'Line', '+447700900998', '+447700900998');
    INSERT INTO contacts (tenant_id, id, name) VALUES (:t, :con, 'Ada');
    INSERT INTO conversations (tenant_id, contact_id, status, queue_id, address, channel_id, opened_at, last_direction)
      VALUES (:t, :con, 'open', :que, '+447700900123', :chn, now(), 'in')
"""


class Floor:
    """One tenant with a queue, an agent and a contact who calls."""

    def __init__(self, engine: AsyncEngine, tenant: UUID) -> None:
        self.engine, self.tenant = engine, tenant
        self.ids = {name: new_id() for name in ("ann", "que", "chn", "con", "cal")}
        self.directory: Directory

    async def furnish(self, voice: str) -> None:
        settings = f'{{"voice": {voice}}}'
        values = {"t": self.tenant, "email": f"{self.tenant}@example.com", "settings": settings, **self.ids}
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            for statement in SETUP.split(";"):
                await db.execute(text(statement), values)
            found = await load(db, self.tenant)
        self.directory = replace(found, webhooks=[Subscription(new_id(), frozenset(EVENTS))])

    async def begin(self, call: str = "cal", at: datetime = NOW) -> bool:
        self.ids.setdefault(call, new_id())
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return await desk_service.begin(
                db, self.directory, self.ids["chn"], self.ids["con"], self.ids[call], "CA1", at
            )

    async def act(self, event: desk.Event) -> desk_service.Done:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return await desk_service.apply(
                db, self.directory, self.ids["cal"], NOW, lambda call: advance(call, event)
            )

    async def column(self, query: str) -> list[Any]:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return list((await db.execute(text(query))).scalars())


@pytest.fixture
def floor(engine: AsyncEngine, tenant: UUID) -> Floor:
    return Floor(engine, tenant)


async def test_a_call_is_told_to_webhooks_and_timeline_from_its_coming_to_its_end(floor: Floor) -> None:
    await floor.furnish('{"answer": true}')
    assert await floor.begin()
    ann = floor.ids["ann"]
    taken = await floor.act(desk.Take(ann, "+15550001", NOW))
    assert (taken.view["phase"], taken.view["agent"]["name"]) == ("connecting", "Ann")
    assert (taken.view["contact"]["name"], taken.view["contact"]["address"]) == ("Ada", "+447700900123")
    await floor.act(desk.LegUp(1, "CA2", NOW))
    await floor.act(desk.Hold(ann, NOW))
    with pytest.raises(desk.NotYourCall):
        await floor.act(desk.Resume(new_id(), NOW))
    done = await floor.act(desk.HangUp(ann, NOW))
    assert [line["did"] for line in done.view["log"]] == ["taken", "connected", "held", "ended"]
    assert done.view["log"][0]["by"] == "Ann"
    assert await floor.column("SELECT event FROM webhook_deliveries ORDER BY id") == [
        "call.arrived",
        "call.answered",
        "call.ended",
    ]
    assert await floor.column("SELECT data ->> 'did' FROM activities WHERE kind = 'call' ORDER BY id") == [
        "connected",
        "ended",
    ]
    assert await floor.column("SELECT count(*) FROM desk_calls WHERE ring_until IS NOT NULL") == [0]


async def test_a_phone_that_rings_is_found_by_the_sweep(floor: Floor) -> None:
    await floor.furnish('{"answer": true}')
    await floor.begin()
    await floor.act(desk.Take(floor.ids["ann"], "+15550001", NOW))
    async with transaction(floor.engine, Scope.nothing()) as db:
        assert [row.id for row in await desk_store.overdue(db, NOW + desk.RING, 10)] == [floor.ids["cal"]]
        assert await desk_store.overdue(db, NOW + desk.RING / 2, 10) == []


@pytest.mark.parametrize(
    "voice",
    ['{"answer": false}', '{"answer": true}'],
    ids=["the queue takes no calls", "nobody has the conversation open"],
)
async def test_a_call_that_nobody_waits_for_goes_by_its_script(floor: Floor, voice: str) -> None:
    await floor.furnish(voice)
    if "true" in voice:
        async with transaction(floor.engine, Scope.of(floor.tenant)) as db:
            await db.execute(text("UPDATE conversations SET status = 'closed'"))
    assert not await floor.begin()
    with pytest.raises(NotFound):
        await floor.act(desk.WantCallback(NOW))


async def test_who_waits_hears_their_place_and_is_offered_a_call_back(floor: Floor) -> None:
    await floor.furnish('{"answer": true, "callback_after_s": 60, "wait_s": 600}')
    await floor.begin("first", NOW - timedelta(seconds=30))
    await floor.begin()
    async with transaction(floor.engine, Scope.of(floor.tenant)) as db:
        row = await desk_store.shown(db, floor.tenant, floor.ids["cal"])
        found = [
            await desk_service.outlook(db, floor.directory, row, NOW + timedelta(seconds=waited))
            for waited in (1, 61, 600)
        ]
    assert [(each.position, each.callback, each.give_up) for each in found] == [
        (2, False, False),
        (2, True, False),
        (2, True, True),
    ]


async def test_what_is_said_is_written_down_once_and_in_its_order(floor: Floor) -> None:
    await floor.furnish('{"answer": true}')
    await floor.begin()
    await floor.act(desk.Take(floor.ids["ann"], "+15550001", NOW))
    await floor.act(desk.LegUp(1, "CA2", NOW))
    second = Spoken("GT1:2", 2, False, "What is your number?", 0.9, NOW)

    async def said(spoken: Spoken) -> dict[str, Any] | None:
        async with transaction(floor.engine, Scope.of(floor.tenant)) as db:
            return await desk_service.said(db, floor.directory, floor.ids["cal"], spoken, NOW)

    assert await said(second) is None  # the contact has not been told
    await floor.act(desk.Keep(False, True, NOW))
    event = await said(second)
    assert event is not None
    assert (event["words"]["user"]["name"], event["words"]["text"]) == ("Ann", "What is your number?")
    assert await said(second) is None
    assert await said(replace(second, key="GT1:1", sequence=1, contact=True, text="Hello")) is not None
    async with transaction(floor.engine, Scope.of(floor.tenant)) as db:
        rows = await desk_store.words(db, floor.tenant, floor.ids["cal"])
        found = await search.find(
            db,
            floor.tenant,
            ["number"],
            channel="voice",
            direction="out",
            since=None,
            until=None,
            after=None,
            limit=5,
        )
        assert [(row.body, row.call_id, row.contact_name) for row in found] == [
            ("What is your number?", floor.ids["cal"], "Ada")
        ]
        other = await search.find(
            db,
            floor.tenant,
            ["number"],
            channel="sms",
            direction=None,
            since=None,
            until=None,
            after=None,
            limit=5,
        )
        assert other == []
    assert [(row.speaker, row.body) for row in rows] == [
        ("contact", "Hello"),
        ("agent", "What is your number?"),
    ]
