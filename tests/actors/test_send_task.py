"""One batch of a campaign as a task: repeated, raced, cut off and short of money, it writes each message once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from actors import send_task
from actors.send_task import SENT, STOPPED, UNFUNDED, BatchResult
from actors.wallet import WalletHost
from hub.campaigns import service, store
from hub.campaigns.service import Draft
from hub.conversations.state import AgentReply
from hub.directory import Directories
from hub.failover.plan import Step
from hub.ids import new_id
from models.billing import holds
from models.campaigns import campaign_batches, campaigns
from models.compliance import messaging_policies
from models.contacts import contact_tags
from models.conversations import conversations, failovers, messages
from models.db import Scope, insert_rows, transaction
from models.flow_runs import flow_sessions, flow_steps
from tests.actors.desk import PRICE, Desk


class Campaign:
    """A launched campaign to `people` contacts in batches of 10, and workers that send them."""

    def __init__(self, desk: Desk, identifier: UUID, people: list[UUID]) -> None:
        self.desk, self.id, self.people = desk, identifier, people
        self.wallet = desk.host(WalletHost, "wallet-0")

    def worker(self) -> Any:
        """What a worker process keeps; every call is a fresh process."""
        host = self.wallet
        loop: Any = None
        made = send_task._make_worker(self.desk.settings)
        made.loop.close()
        directories: Any = Directories(self.desk.engine)
        wallets: Any = host
        return replace(
            made,
            loop=loop,
            engine=self.desk.engine,
            redis=host.redis,
            directories=directories,
            wallets=wallets,
        )

    async def send(self, first: int, worker: Any = None) -> BatchResult:
        return await send_task._send(worker or self.worker(), self.desk.tenant_id, self.id, first)

    async def pending(self) -> list[int]:
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            return await store.pending_batches(db, self.desk.tenant_id, self.id, 100)

    async def written(self) -> Counter[UUID]:
        """How many messages each contact has."""
        rows = await self.desk.rows(messages, messages.c.origin_id == self.id)
        return Counter(row.contact_id for row in rows)

    async def set(self, **values: Any) -> None:
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await db.execute(update(campaigns).where(campaigns.c.id == self.id).values(**values))


async def launched(
    desk: Desk, count: int = 25, template: str = "Hi {{ phone }}", flow: UUID | None = None
) -> Campaign:
    people = sorted([await desk.contact(f"+1555123{n:04d}") for n in range(count)])
    directory = await Directories(desk.engine).one(desk.tenant_id)
    now = datetime.now(UTC)
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(
            db,
            contact_tags,
            [{"tenant_id": desk.tenant_id, "tag": "all", "contact_id": key} for key in people],
        )
        identifier = await service.create(
            db,
            directory,
            Draft(
                "Sale",
                template,
                steps=[Step(channel_id=desk.sms.channel_id)],
                tag="all",
                flow_id=flow,
            ),
            created_by="",
            now=now,
        )
        assert await service.launch(db, desk.tenant_id, identifier, batch_size=10, now=now) == count
    return Campaign(desk, identifier, people)


async def test_batches_cover_everybody_once(desk: Desk) -> None:
    await desk.fund(1_000_000)
    campaign = await launched(desk)
    assert await campaign.pending() == [1, 11, 21]
    assert await campaign.send(21) == BatchResult(SENT, 5, 0)
    assert await campaign.send(1) == BatchResult(SENT, 10, 0)
    assert await campaign.send(11) == BatchResult(SENT, 10, 0)
    assert await campaign.written() == Counter(campaign.people)
    assert await campaign.pending() == []
    assert await desk.owed() == 25
    assert await desk.money() == (2_000_000, 25 * PRICE)
    assert await desk.count(holds) == 3, "one hold a batch"


async def test_a_task_that_runs_again_changes_nothing(desk: Desk) -> None:
    campaign = await launched(desk, 10)
    assert (await campaign.send(1)).state == SENT
    assert await campaign.send(1) == BatchResult(STOPPED)
    assert await desk.money() == (1_000_000, 10 * PRICE)
    assert await campaign.written() == Counter(campaign.people)


async def test_two_runs_of_one_task_at_once_write_once(desk: Desk) -> None:
    campaign = await launched(desk, 10)
    ends = await asyncio.gather(*(campaign.send(1) for _ in range(4)))
    assert Counter(end.state for end in ends) == {SENT: 1, STOPPED: 3}
    assert await campaign.written() == Counter(campaign.people)
    assert await desk.money() == (1_000_000, 10 * PRICE)


async def test_a_task_killed_after_its_hold_finds_the_hold_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await launched(desk, 10)

    async def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(send_task, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            await campaign.send(1)
    assert await desk.money() == (1_000_000, 10 * PRICE)
    assert await campaign.written() == Counter()
    assert (await campaign.send(1)).state == SENT
    assert await desk.money() == (1_000_000, 10 * PRICE), "held once"


async def test_a_batch_that_changed_since_its_hold_gives_it_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the hold; then somebody opts out, so the same batch asks for less: another request, another hold."""
    campaign = await launched(desk, 10)

    async def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(send_task, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            await campaign.send(1)
    await desk.opt_out(campaign.people[3], "sms")
    assert await campaign.send(1) == BatchResult(STOPPED)
    assert await desk.money() == (1_000_000, 0), "the old hold does not wait for its 48 hours"
    assert await campaign.send(1) == BatchResult(SENT, 9, 1)
    assert await desk.money() == (1_000_000, 9 * PRICE)
    assert await campaign.written() == Counter(campaign.people)


async def test_an_opt_out_between_reading_and_writing_still_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await launched(desk, 10)
    hold = send_task._hold

    async def slow(*arguments: Any) -> Any:
        answer = await hold(*arguments)
        await desk.opt_out(campaign.people[3], "sms")
        return answer

    monkeypatch.setattr(send_task, "_hold", slow)
    worker = campaign.worker()
    assert await campaign.send(1, worker) == BatchResult(SENT, 9, 1)
    (refused,) = await desk.rows(messages, messages.c.status == "refused")
    assert (refused.contact_id, refused.reason) == (campaign.people[3], "opted-out")
    assert await desk.owed() == 9
    await worker.wallets.drain(desk.tenant_id)
    assert await desk.money() == (1_000_000, 9 * PRICE), "the part of the hold went back"


async def test_money_for_a_part_sends_a_part_and_goes_on_there(desk: Desk) -> None:
    campaign = await launched(desk, 25)  # 1,000,000 micros are enough for 22 messages and a bit
    assert (await campaign.send(1)).state == SENT
    assert (await campaign.send(11)).state == SENT
    assert await campaign.send(21) == BatchResult(UNFUNDED, 2, 0, PRICE)
    assert await campaign.pending() == [23]
    assert await campaign.send(23) == BatchResult(UNFUNDED, needed_micros=PRICE)
    assert await campaign.written() == Counter(campaign.people[:22])
    await desk.fund(1_000_000)
    assert await campaign.send(23) == BatchResult(SENT, 3, 0)
    assert await campaign.written() == Counter(campaign.people)


@pytest.mark.parametrize("status", ["paused", "canceled", "completed"])
async def test_a_campaign_that_does_not_run_sends_nothing(desk: Desk, status: str) -> None:
    campaign = await launched(desk, 10)
    await campaign.set(status=status)
    assert await campaign.send(1) == BatchResult(STOPPED)
    assert await campaign.written() == Counter()
    assert await desk.money() == (1_000_000, 0)


async def test_a_cancel_between_hold_and_write_gives_the_money_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = await launched(desk, 10)
    hold = send_task._hold

    async def slow(*arguments: Any) -> Any:
        answer = await hold(*arguments)
        async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
            await service.cancel(db, desk.tenant_id, campaign.id, datetime.now(UTC))
        return answer

    monkeypatch.setattr(send_task, "_hold", slow)
    assert await campaign.send(1) == BatchResult(STOPPED)
    assert await campaign.written() == Counter()
    assert await desk.money() == (1_000_000, 0)
    assert {row.state for row in await desk.rows(campaign_batches)} == {"canceled"}


async def test_a_message_that_cannot_be_rendered_is_refused_alone(desk: Desk) -> None:
    campaign = await launched(desk, 3, "Hi {{ nickname }}")
    assert await campaign.send(1) == BatchResult(SENT, 0, 3)
    rows = await desk.rows(messages)
    assert {(row.status, row.reason) for row in rows} == {("refused", "template-error")}
    assert all("nickname" in row.routing["detail"] for row in rows)
    assert await desk.money() == (1_000_000, 0)


async def test_everybody_waits_in_the_flow_but_those_who_talk_with_people(desk: Desk) -> None:
    campaign = await launched(desk, 4, flow=desk.survey)
    talking, chatless = campaign.people[0], campaign.people[1]
    host = desk.conversations()
    await host.receive([desk.arrived(talking, "gossip")])
    await desk.opt_out(chatless, "whatsapp")
    assert (await campaign.send(1)).state == SENT
    rows = {row.contact_id: row for row in await desk.rows(conversations)}
    assert rows[talking].session is None
    assert rows[chatless].session["sessions"][0]["origin"] == campaign.id.hex
    sessions = {row.contact_id: row for row in await desk.rows(flow_sessions)}
    assert set(sessions) == {*campaign.people} - {talking}
    assert (sessions[chatless].node, sessions[chatless].origin) == ("answer", campaign.id)
    steps = await desk.rows(
        flow_steps, flow_steps.c.session_id == sessions[chatless].id, order=flow_steps.c.seq
    )
    assert [(row.node, row.port) for row in steps] == [("start", "next"), ("answer", "")]
    assert rows[chatless].opted_out == ["whatsapp"], "a new conversation forgets no opt-out"
    restarted = desk.conversations()
    await restarted.receive([desk.arrived(chatless, "yes")])
    event = AgentReply(new_id(), None, "psst", datetime.now(UTC), desk.whatsapp.channel_id)
    (answer,) = await restarted.receive([desk.command(chatless, event)])
    assert answer["messages"][0]["reason"] == "opted-out"


async def test_a_conversation_in_memory_learns_of_the_campaign(desk: Desk) -> None:
    """The host read the conversation before the campaign wrote to it: the version makes it read again."""
    campaign = await launched(desk, 1, flow=desk.survey)
    host = desk.conversations()
    await host.receive([desk.arrived(campaign.people[0], "hours")])
    assert (await campaign.send(1)).state == SENT
    await host.receive([desk.arrived(campaign.people[0], "yes")])
    assert [body for _, body, _ in await desk.thread(campaign.people[0])][-1] == "Thank you"


async def test_each_gets_it_by_the_first_channel_that_may_carry_it(desk: Desk) -> None:
    """A campaign over WhatsApp and SMS: the window decides, a plan waits behind the first channel."""
    campaign = await launched(desk, 10)
    steps = [{"channel_id": str(line.channel_id), "timeout_s": 60} for line in (desk.whatsapp, desk.sms)]
    content = {
        "type": "choices",
        "text": "Hi {{ phone }}, when?",
        "choices": [{"id": "am", "title": "Morning"}, {"id": "pm", "title": "Noon"}],
    }
    await campaign.set(steps=steps, content=content)
    wrote = campaign.people[:3]
    host = desk.conversations()
    for contact_id in wrote:
        await host.receive([desk.arrived(contact_id, "gossip", line="whatsapp")])
    assert await campaign.send(1) == BatchResult(SENT, 10, 0)
    rows = {row.contact_id: row for row in await desk.rows(messages, messages.c.origin_id == campaign.id)}
    by_whatsapp = [key for key, row in rows.items() if row.channel_kind == "whatsapp"]
    assert sorted(by_whatsapp) == wrote
    assert all((row.plan is not None) == (key in wrote) for key, row in rows.items())
    assert len(await desk.rows(failovers)) == 3
    one = rows[campaign.people[5]]
    assert one.body.startswith("Hi +1555123")
    assert one.body.endswith(", when?\n1. Morning\n2. Noon")
    assert [(note["channel_kind"], note["reason"]) for note in one.history] == [("whatsapp", "window-closed")]
    assert {row.purpose for row in rows.values()} == {"marketing"}


async def test_a_canceled_campaign_leaves_no_plan_behind(desk: Desk) -> None:
    campaign = await launched(desk, 3)
    steps = [{"channel_id": str(line.channel_id), "timeout_s": 60} for line in (desk.whatsapp, desk.sms)]
    await campaign.set(steps=steps)
    for contact_id in campaign.people:
        await desk.conversations().receive([desk.arrived(contact_id, "gossip", line="whatsapp")])
    await campaign.send(1)
    assert len(await desk.rows(failovers)) == 3
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await service.cancel(db, desk.tenant_id, campaign.id, datetime.now(UTC))
    assert await desk.rows(failovers) == []


async def test_two_campaigns_at_once_do_not_exceed_the_tenant_s_limit(desk: Desk) -> None:
    await desk.fund(10_000_000)
    row = {"tenant_id": desk.tenant_id, "policy": {"caps": {"per_day": 1}}, "version": 1}
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, messaging_policies, [row])
    first = await launched(desk, 10)
    directory = await Directories(desk.engine).one(desk.tenant_id)
    now = datetime.now(UTC)
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        draft = Draft("Again", "Hi", steps=[Step(channel_id=desk.sms.channel_id)], tag="all")
        again = await service.create(db, directory, draft, created_by="", now=now)
        await service.launch(db, desk.tenant_id, again, batch_size=10, now=now)
    second = Campaign(desk, again, first.people)
    ends = await asyncio.gather(first.send(1), second.send(1))
    assert sum(end.messages for end in ends) == 10
    assert sum(end.refused for end in ends) == 10
    refused = await desk.rows(messages, messages.c.status == "refused")
    assert {row.reason for row in refused} == {"frequency-cap"}
    assert await desk.owed() == 10


async def test_a_batch_that_a_pause_met_gives_its_money_back_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused between the hold and the write: a cancel after it must leave nothing held."""
    campaign = await launched(desk, 10)
    write = send_task._write

    async def paused_before(*values: Any) -> Any:
        await campaign.set(status="paused")
        return await write(*values)

    with monkeypatch.context() as patch:
        patch.setattr(send_task, "_write", paused_before)
        assert await campaign.send(1) == BatchResult(STOPPED)
    assert await desk.money() == (1_000_000, 0)
    await campaign.set(status="running")
    assert await campaign.send(1) == BatchResult(SENT, 10, 0)
    assert await desk.money() == (1_000_000, 10 * PRICE)
