"""One message over several channels: the best one first, the next when it fails, each attempt once and paid once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import select, update

from actors.attempts import Asked, Attempts, NoSuchPerson
from actors.wallet import WalletHost
from hub import deliveries
from hub.channels.content import Choices, Content, Reply, Template, Text
from hub.channels.delivery import Status
from hub.clock import SystemClock
from hub.contacts import service_erasure
from hub.contacts.suppression import AddressHasher
from hub.deliveries import Report
from hub.directory import Directories
from hub.failover import store
from hub.failover.plan import Step, Verdict, judge
from hub.tenancy.audit_log import Record
from models.billing import settlements
from models.conversations import failovers, messages
from models.db import Scope, transaction
from tests.actors.desk import PRICE, Desk

NUMBER = "+15550001"
OFFER = Template(name="parcel", language="en", text="Your parcel is here.")
ASK = Choices(text="When?", choices=(Reply(id="am", title="Morning"), Reply(id="pm", title="Noon")))


class Chain:
    """Attempts of one tenant, and short words for what happens to them."""

    def __init__(self, desk: Desk, redis: Redis) -> None:
        self.desk = desk
        wallets: Any = desk.host(WalletHost, "wallet-0")
        directories = Directories(desk.engine)
        self.attempts = Attempts(desk.settings, desk.engine, redis, wallets, directories, SystemClock())

    def steps(self, *kinds: str, timeout_s: int | None = None) -> list[Step]:
        lines = {"sms": self.desk.sms, "whatsapp": self.desk.whatsapp}
        return [Step(channel_id=lines[kind].channel_id, timeout_s=timeout_s) for kind in kinds]

    async def send(
        self, contact_id: UUID, content: Content, *kinds: str, timeout_s: int | None = None
    ) -> UUID:
        steps = self.steps(*kinds, timeout_s=timeout_s)
        return await self.attempts.send(
            self.desk.tenant_id, Asked(contact_id, content, steps, "transactional")
        )

    async def rows(self, message_id: UUID) -> list[Any]:
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            return await store.chain(db, self.desk.tenant_id, message_id)

    async def report(self, row: Any, status: Status) -> None:
        report = Report(self.desk.tenant_id, row.channel_id, row.id, None, status, datetime.now(UTC))
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await deliveries.apply(db, [report])

    async def time_passes(self) -> None:
        """Every plan's time is over."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await db.execute(
                update(failovers).where(failovers.c.tenant_id == self.desk.tenant_id).values(due_at=past)
            )

    async def plans(self) -> int:
        return await self.desk.count(failovers)


@pytest.fixture
async def chain(desk: Desk, redis: Redis) -> AsyncIterator[Chain]:
    made = Chain(desk, redis)
    yield made
    await made.attempts.close()


@pytest.mark.parametrize(
    ("status", "timed_out", "verdict"),
    [
        (Status.DELIVERED, True, Verdict.DONE),
        (Status.READ, True, Verdict.DONE),
        (Status.SENT, False, Verdict.WAIT),
        (Status.SENT, True, Verdict.TAKE_OVER),
        (Status.QUEUED, True, Verdict.WAIT),
        (Status.SENDING, True, Verdict.WAIT),
        (Status.UNKNOWN, True, Verdict.WAIT),
        (Status.FAILED, False, Verdict.TAKE_OVER),
        (Status.UNDELIVERED, False, Verdict.TAKE_OVER),
        (Status.EXPIRED, False, Verdict.TAKE_OVER),
        (Status.REFUSED, False, Verdict.TAKE_OVER),
    ],
)
def test_an_attempt_is_judged_by_its_state(status: Status, timed_out: bool, verdict: Verdict) -> None:
    assert judge(status, timed_out) is verdict


async def test_a_channel_that_may_not_carry_it_is_passed_over_with_its_reason(
    desk: Desk, chain: Chain
) -> None:
    message_id = await chain.send(await desk.contact(NUMBER), ASK, "whatsapp", "sms")
    (row,) = await chain.rows(message_id)
    assert (row.channel_kind, row.status, row.body) == ("sms", "queued", "When?\n1. Morning\n2. Noon")
    assert [(one["channel_kind"], one["reason"]) for one in row.history] == [("whatsapp", "window-closed")]
    assert (row.plan, row.price_micros, await desk.owed(), await chain.plans()) == (None, PRICE, 1, 0)


async def test_a_template_without_its_words_leaves_by_whatsapp_alone(desk: Desk, chain: Chain) -> None:
    contact_id = await desk.contact(NUMBER)
    template = Template(name="parcel", language="en")
    (row,) = await chain.rows(await chain.send(contact_id, template, "sms", "whatsapp"))
    assert (row.channel_kind, row.status) == ("whatsapp", "queued")
    (row,) = await chain.rows(await chain.send(contact_id, template, "sms"))
    assert (row.status, row.reason) == ("refused", "not-carried")


async def test_who_has_just_written_by_whatsapp_gets_buttons(desk: Desk, chain: Chain) -> None:
    contact_id = await desk.contact(NUMBER)
    await desk.conversations().receive([desk.arrived(contact_id, "hello", line="whatsapp")])
    (row,) = await chain.rows(await chain.send(contact_id, ASK, "whatsapp", "sms"))
    assert (row.channel_kind, row.status, row.content["type"]) == ("whatsapp", "queued", "choices")
    assert row.plan["steps"][0]["channel_id"] == str(desk.sms.channel_id)


async def test_a_failure_lets_the_next_channel_take_over_once_and_gives_the_money_back(
    desk: Desk, chain: Chain
) -> None:
    message_id = await chain.send(await desk.contact(NUMBER), OFFER, "whatsapp", "sms")
    assert await chain.attempts.sweep() == 0  # nothing is decided, and no time is set
    (first,) = await chain.rows(message_id)
    await chain.report(first, Status.FAILED)
    assert await chain.attempts.sweep() == 1
    assert await chain.attempts.sweep() == 0
    first, second = await chain.rows(message_id)
    assert (first.status, first.next_id, first.settlement) == ("failed", second.id, "released")
    assert (second.channel_kind, second.status, second.body) == ("sms", "queued", "Your parcel is here.")
    assert (second.first_id, second.price_micros) == (message_id, PRICE)
    assert await chain.rows(second.id) == [first, second]
    released = await desk.rows(settlements, settlements.c.message_id == message_id)
    assert [row.kind for row in released] == ["release"]
    assert await chain.plans() == 0
    assert [body for _, body, _ in await desk.thread(first.contact_id)] == [OFFER.text, OFFER.text]


async def test_silence_lets_the_next_channel_take_over_when_its_time_is_over(
    desk: Desk, chain: Chain
) -> None:
    message_id = await chain.send(await desk.contact(NUMBER), OFFER, "whatsapp", "sms", timeout_s=60)
    await chain.time_passes()
    assert await chain.attempts.sweep() == 0  # it has not left yet: nobody gives it up
    (first,) = await chain.rows(message_id)
    await chain.report(first, Status.SENT)
    assert await chain.attempts.sweep() == 0  # looked at a moment ago
    await chain.time_passes()
    assert await chain.attempts.sweep() == 1
    assert [row.status for row in await chain.rows(message_id)] == ["sent", "queued"]


async def test_what_arrived_or_may_have_left_is_not_sent_again(desk: Desk, chain: Chain) -> None:
    contact_id = await desk.contact(NUMBER)
    arrived = await chain.send(contact_id, OFFER, "whatsapp", "sms", timeout_s=60)
    dark = await chain.send(contact_id, OFFER, "whatsapp", "sms", timeout_s=60)
    await chain.report((await chain.rows(arrived))[0], Status.DELIVERED)
    await chain.report((await chain.rows(dark))[0], Status.UNKNOWN)
    await chain.time_passes()
    assert await chain.attempts.sweep() == 0
    assert await chain.plans() == 1  # of the one that nobody knows about
    assert [len(await chain.rows(one)) for one in (arrived, dark)] == [1, 1]


async def test_a_late_receipt_is_written_down_and_changes_nothing_else(desk: Desk, chain: Chain) -> None:
    message_id = await chain.send(await desk.contact(NUMBER), OFFER, "whatsapp", "sms")
    await chain.report((await chain.rows(message_id))[0], Status.UNDELIVERED)
    await chain.attempts.sweep()
    await chain.report((await chain.rows(message_id))[0], Status.DELIVERED)
    assert await chain.attempts.sweep() == 0
    first, second = await chain.rows(message_id)
    assert (first.status, first.settlement, second.status) == ("delivered", "released", "queued")


async def test_two_workers_make_one_follower(desk: Desk, chain: Chain, redis: Redis) -> None:
    message_id = await chain.send(await desk.contact(NUMBER), OFFER, "whatsapp", "sms")
    await chain.report((await chain.rows(message_id))[0], Status.FAILED)
    other = Chain(desk, redis)
    done = await asyncio.gather(*(one.attempts.sweep() for one in (chain, other, chain, other)))
    await other.attempts.close()
    assert sum(done) == 1
    assert len(await chain.rows(message_id)) == 2
    assert await desk.owed() == 2  # the first attempt's row is the sender's to clear
    _, held = await desk.money()
    assert held == sum(row.price_micros for row in await chain.rows(message_id))


async def test_when_no_channel_may_carry_it_the_last_reason_is_recorded(desk: Desk, chain: Chain) -> None:
    contact_id = await desk.contact(NUMBER)
    await desk.opt_out(contact_id, "sms")
    (row,) = await chain.rows(await chain.send(contact_id, Text(text="hi"), "whatsapp", "sms"))
    assert (row.status, row.reason, row.history[0]["reason"]) == ("refused", "opted-out", "window-closed")
    assert (await desk.owed(), await chain.plans(), await desk.money()) == (0, 0, await desk.money())


async def test_nobody_takes_over_for_somebody_who_was_erased(desk: Desk, chain: Chain) -> None:
    contact_id = await desk.contact(NUMBER)
    message_id = await chain.send(contact_id, OFFER, "whatsapp", "sms")
    (row,) = await chain.rows(message_id)
    hasher = AddressHasher(desk.settings.secret_key.get_secret_value())
    record = Record("user:x", "contact.erased", f"contact:{contact_id}", {})
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await service_erasure.erase(db, desk.tenant_id, contact_id, reason="", hasher=hasher, record=record)
    await chain.report(row, Status.FAILED)
    assert await chain.attempts.sweep() == 0
    assert await chain.plans() == 0
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        kept = (await db.execute(select(messages.c.plan).where(messages.c.id == message_id))).scalar()
    assert "parcel" not in str(kept)


async def test_a_stranger_is_not_found(desk: Desk, chain: Chain) -> None:
    with pytest.raises(NoSuchPerson):
        await chain.send(UUID(int=7), Text(text="hi"), "sms")
