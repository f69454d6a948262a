"""What a tenant's policy does at the door: messages wait for the morning, too many are refused, each with its money right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from actors.attempts import Asked, Attempts
from actors.sender import SenderHost
from actors.wallet import WalletHost
from hub.channels.content import Text
from hub.channels.delivery import Status
from hub.clock import FrozenClock
from hub.compliance.policy import Caps, Policy
from hub.compliance.quiet_hours import QuietHours
from hub.directory import Directories
from hub.failover.plan import Step
from models.billing import holds, settlements
from models.compliance import messaging_policies
from models.contacts import consents, contacts
from models.conversations import messages, outbox
from models.db import Scope, insert_rows, transaction
from tests.actors.desk import PRICE, Desk

NIGHT = datetime(2026, 6, 10, 21, 30, tzinfo=UTC)  # 23:30 in Berlin
MORNING = datetime(2026, 6, 11, 6, 0, tzinfo=UTC)
BERLINER = "+4930123456"


class Door:
    """Messages that somebody asks for, at a time and under a policy."""

    def __init__(self, desk: Desk, redis: Redis) -> None:
        self.desk = desk
        self.clock = FrozenClock(datetime.now(UTC))
        wallets: Any = desk.host(WalletHost, "wallet-0")
        self.attempts = Attempts(
            desk.settings, desk.engine, redis, wallets, Directories(desk.engine, 0), self.clock
        )

    async def policy(self, policy: Policy) -> None:
        row = {"tenant_id": self.desk.tenant_id, "policy": policy.model_dump(mode="json"), "version": 1}
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await insert_rows(
                db,
                messaging_policies,
                [row],
                "ON CONFLICT (tenant_id) DO UPDATE SET policy = EXCLUDED.policy, version = messaging_policies.version + 1",
            )

    def asked(self, contact_id: UUID, purpose: str = "marketing", validity_s: int | None = None) -> Asked:
        steps = [Step(channel_id=self.desk.sms.channel_id)]
        return Asked(contact_id, Text(text="Hello"), steps, purpose, validity_s)

    async def send(self, contact_id: UUID, purpose: str = "marketing", validity_s: int | None = None) -> Any:
        message_id = await self.attempts.send(
            self.desk.tenant_id, self.asked(contact_id, purpose, validity_s)
        )
        (row,) = await self.desk.rows(messages, messages.c.id == message_id)
        return row


@pytest.fixture
async def door(desk: Desk, redis: Redis) -> AsyncIterator[Door]:
    made = Door(desk, redis)
    yield made
    await made.attempts.close()


async def test_marketing_at_night_waits_for_the_person_s_own_morning(desk: Desk, door: Door) -> None:
    await door.policy(Policy(quiet_hours=QuietHours()))
    door.clock.at = NIGHT
    row = await door.send(await desk.contact(BERLINER))
    assert (row.status, row.reason) == ("queued", None)
    assert row.routing["detail"] == "waits for 08:00 in Europe/Berlin"
    assert [(note["event"], note["until"]) for note in row.history] == [("waits", MORNING.isoformat())]
    (owed,) = await desk.rows(outbox)
    assert owed.due_at == MORNING
    (hold,) = await desk.rows(holds)
    assert (hold.amount_micros, hold.expires_at - hold.created_at > timedelta(days=7)) == (PRICE, True), (
        "money outlasts the wait"
    )
    assert (await door.send(await desk.contact(BERLINER), "transactional")).history is None


async def test_a_contact_s_own_time_zone_counts_before_that_of_the_number(desk: Desk, door: Door) -> None:
    await door.policy(Policy(quiet_hours=QuietHours()))
    door.clock.at = NIGHT  # 06:30 in Tokyo
    contact_id = await desk.contact(BERLINER)
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(contacts.update().where(contacts.c.id == contact_id).values(time_zone="Asia/Tokyo"))
    row = await door.send(contact_id)
    assert row.routing["detail"] == "waits for 08:00 in Asia/Tokyo"


async def test_what_is_worth_nothing_by_morning_is_refused_and_costs_nothing(desk: Desk, door: Door) -> None:
    await door.policy(Policy(quiet_hours=QuietHours()))
    door.clock.at = NIGHT
    row = await door.send(await desk.contact(BERLINER), validity_s=3600)
    assert (row.status, row.reason) == ("refused", "quiet-hours")
    assert row.routing["detail"] == "waits for 08:00 in Europe/Berlin: it is not worth sending by then"
    assert (await desk.money(), await desk.owed()) == ((1_000_000, 0), 0)
    assert (await door.send(await desk.contact(BERLINER), validity_s=86_400)).status == "queued"


async def test_what_was_worth_sending_only_until_now_is_not_sent(desk: Desk, door: Door) -> None:
    contact_id = await desk.contact("+15550001")
    door.clock.at = datetime.now(UTC) - timedelta(minutes=5)
    row = await door.send(contact_id, validity_s=60)
    sender = desk.host(SenderHost, "sender-0")
    (owed,) = [each for each in (await sender._claim()).rows if each.tenant_id == desk.tenant_id]
    await sender._in_flight.acquire()
    await sender._send(owed, (await sender.directories.one(desk.tenant_id)).channels[row.channel_id])
    assert sender._outcomes[0].account_id is None, "no provider was asked"
    await sender._record(sender._outcomes)
    (row,) = await desk.rows(messages, messages.c.id == row.id)
    assert (row.status, row.settlement) == (Status.EXPIRED, "released")


async def test_who_had_enough_gets_no_more_and_the_money_goes_back(desk: Desk, door: Door) -> None:
    await door.policy(Policy(caps=Caps(per_day=2)))
    contact_id = await desk.contact("+15550001")
    found = [await door.send(contact_id) for _ in range(3)]
    assert [(row.status, row.reason) for row in found] == [
        ("queued", None),
        ("queued", None),
        ("refused", "frequency-cap"),
    ]
    assert found[2].routing["detail"] == "2 marketing messages within 24 hours are the limit"
    released = await desk.rows(settlements, settlements.c.message_id == found[2].id)
    assert [(row.kind, row.amount_micros) for row in released] == [("release", PRICE)]
    assert (await door.send(contact_id, "transactional")).status == "queued"
    assert (await door.send(await desk.contact("+15550002"))).status == "queued"


async def test_the_window_slides(desk: Desk, door: Door) -> None:
    await door.policy(Policy(caps=Caps(per_day=1, per_week=2)))
    contact_id, begin = await desk.contact("+15550001"), datetime.now(UTC)
    expected = [(0, "queued"), (23, "refused"), (25, "queued"), (50, "refused")]
    for hours, status in expected:
        door.clock.at = begin + timedelta(hours=hours)
        row = await door.send(contact_id)
        assert (hours, row.status) == (hours, status)
    assert row.routing["detail"] == "2 marketing messages within 7 days are the limit"


async def test_many_at_once_never_exceed_the_limit(desk: Desk, door: Door) -> None:
    """Ten batches race for the same contacts; each contact gets one message."""
    await desk.fund(10_000_000)
    await door.policy(Policy(caps=Caps(per_day=1)))
    people = [await desk.contact(f"+1555777{n:04d}") for n in range(5)]
    batches = [[door.asked(each) for each in people] for _ in range(10)]
    await asyncio.gather(*(door.attempts.send_many(desk.tenant_id, batch) for batch in batches))
    rows = await desk.rows(messages, messages.c.status == "queued")
    assert Counter(row.contact_id for row in rows) == Counter(people)
    refused = await desk.rows(messages, messages.c.status == "refused")
    assert {row.reason for row in refused} == {"frequency-cap"}
    assert len(refused) == 45


async def test_a_contact_who_stands_in_one_batch_twice_is_counted_twice(desk: Desk, door: Door) -> None:
    await door.policy(Policy(caps=Caps(per_day=1)))
    contact_id = await desk.contact("+15550001")
    found = await door.attempts.send_many(desk.tenant_id, [door.asked(contact_id)] * 3)
    assert [each.refused for each in found] == [None, "frequency-cap", "frequency-cap"]


async def test_who_withdrew_consent_for_marketing_still_gets_what_is_theirs(desk: Desk, door: Door) -> None:
    contact_id = await desk.contact("+15550001")
    await desk.conversations().receive([desk.arrived(contact_id, "Keine Werbung")])
    assert (await door.send(contact_id)).reason == "opted-out"
    assert (await door.send(contact_id, "transactional")).status == "queued"
    (consent,) = await desk.rows(consents)
    assert (consent.purpose, consent.state, consent.source, consent.proof, consent.changed_by) == (
        "marketing",
        "opted_out",
        "reply",
        "Keine Werbung",
        "contact",
    )
