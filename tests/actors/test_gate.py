"""The gate before the sends: paused accounts, open breakers and rates hold rows back without counting an attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text, update

from actors.sender import Outcome, SenderHost
from cli.demo import workspace as ws
from hub import realtime
from hub.channels import whatsapp_codes
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.health import TROUBLES_MAX, State
from hub.channels.health_store import HealthStore, Seen
from hub.conversations.state import AgentReply
from hub.ids import new_id
from hub.outbox import later
from models.channels import provider_accounts
from models.compliance import messaging_policies
from models.conversations import messages
from models.conversations import outbox as table
from models.db import Scope, insert_rows, transaction
from tests.actors.desk import Desk


async def owing(desk: Desk, count: int) -> None:
    """`count` replies of agents, paid and queued."""
    host = desk.conversations()
    for n in range(count):
        contact = await desk.contact(f"+1555900{n:04d}")
        await host.receive([desk.arrived(contact, "gossip")])
        await host.receive([desk.command(contact, AgentReply(new_id(), None, "Hello", datetime.now(UTC)))])


async def claim(desk: Desk, sender: SenderHost) -> list[Any]:
    """What the sender may send of this tenant: other tests' tenants owe things too."""
    return [row for row in (await sender._claim()).rows if row.tenant_id == desk.tenant_id]


async def setting(desk: Desk, **values: Any) -> None:
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        where = provider_accounts.c.tenant_id == desk.tenant_id
        await db.execute(update(provider_accounts).where(where).values(**values))


async def account_id(desk: Desk, sender: SenderHost) -> Any:
    known = (await sender.directories.one(desk.tenant_id)).channels
    return next(c.account_id for c in known.values() if c.kind == "sms")


async def queued(desk: Desk) -> list[tuple[str, int]]:
    return sorted((row.state, row.attempts) for row in await desk.rows(table))


async def test_a_paused_account_sends_nothing_and_costs_no_attempt(desk: Desk) -> None:
    await owing(desk, 2)
    await setting(desk, status="paused")
    sender = desk.host(SenderHost, "sender-0")
    assert await claim(desk, sender) == []
    assert await queued(desk) == [("queued", 0)] * 2
    assert await claim(desk, sender) == []  # its channel rests: the rows are left where they are


async def test_what_is_over_the_rate_is_owed_again_later(desk: Desk) -> None:
    await owing(desk, 5)
    await setting(desk, settings={"limits": {"messages_per_s": 2}})
    sender = desk.host(SenderHost, "sender-0")
    assert len(await claim(desk, sender)) == 2
    assert await queued(desk) == [("queued", 0)] * 3 + [("sending", 1)] * 2
    waiting = [row.due_at for row in await desk.rows(table) if row.state == "queued"]
    assert len(set(waiting)) == 3  # one behind the other


async def test_an_open_breaker_lets_one_canary_through(desk: Desk, monkeypatch: Any) -> None:
    await owing(desk, 3)
    sender = desk.host(SenderHost, "sender-0")
    account = await account_id(desk, sender)
    away = SendRefused("ConnectionRefusedError", "connect", Retry.AGAIN)
    (turned,) = await HealthStore(sender.redis).learn([Seen(account, away, 1)] * TROUBLES_MAX)
    assert await claim(desk, sender) == []
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(
            update(table).where(table.c.tenant_id == desk.tenant_id).values(due_at=text("now()"))
        )
    sender.gate._resting.clear()
    monkeypatch.setattr("hub.channels.health_store.time.time", lambda: turned.after.until + 1)
    assert len(await claim(desk, sender)) == 1
    assert await queued(desk) == [("queued", 0)] * 2 + [("sending", 1)]


async def beside(desk: Desk, *orders: str) -> ws.Line:
    """A second SMS line at an account of its own; the policy names both when `orders` has them."""
    other = await ws.ensure_line(
        desk.engine, desk.settings, desk.tenant_id, "sms", "Second", "+15550177", beside=True
    )
    lines = {"first": desk.sms.channel_id, "second": other.channel_id}
    row = {
        "tenant_id": desk.tenant_id,
        "policy": {"providers": {"sms": [str(lines[each]) for each in orders]}} if orders else {},
        "version": 1,
    }
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, messaging_policies, [row])
    return other


async def out_of_order(sender: SenderHost, account: Any) -> Any:
    away = SendRefused("ConnectionRefusedError", "connect", Retry.AGAIN)
    (turned,) = await HealthStore(sender.redis).learn([Seen(account, away, 1)] * TROUBLES_MAX)
    return turned


async def test_what_waits_for_an_account_out_of_order_goes_over_the_channel_beside_it(desk: Desk) -> None:
    await owing(desk, 3)
    other = await beside(desk, "first", "second")
    sender = desk.host(SenderHost, "sender-0")
    await out_of_order(sender, desk.sms.account_id)
    money = await desk.money()
    assert await claim(desk, sender) == []
    assert await queued(desk) == [("queued", 0)] * 3
    moved = await claim(desk, sender)
    assert [(row.channel_id, row.attempts) for row in moved] == [(other.channel_id, 1)] * 3
    assert await desk.money() == money, "the same kind, the same price: the hold stays"
    rows = await desk.rows(messages, messages.c.direction == "out")
    assert {row.channel_id for row in rows} == {other.channel_id}
    assert [[(note["event"], note["reason"]) for note in row.history] for row in rows] == [
        [("rerouted", "account-out-of-order")]
    ] * 3
    # Both out of order: nothing goes to and fro.
    await out_of_order(sender, other.account_id)
    await sender._give_back(moved)
    assert await claim(desk, sender) == []
    assert {row.channel_id for row in await desk.rows(table)} == {other.channel_id}


async def test_without_a_policy_that_names_both_everything_waits(desk: Desk) -> None:
    await owing(desk, 2)
    await beside(desk, "first")
    sender = desk.host(SenderHost, "sender-0")
    await out_of_order(sender, desk.sms.account_id)
    assert await claim(desk, sender) == []
    assert {row.channel_id for row in await desk.rows(table)} == {desk.sms.channel_id}


async def test_what_may_have_left_is_never_moved(desk: Desk) -> None:
    await owing(desk, 2)
    await beside(desk, "first", "second")
    sender = desk.host(SenderHost, "sender-0")
    taken = await claim(desk, sender)
    dark = [Outcome(row, None, SendOutcomeUnknown("TimeoutError"), datetime.now(UTC)) for row in taken]
    await sender._record(dark)
    await out_of_order(sender, desk.sms.account_id)
    assert await claim(desk, sender) == []
    assert {(row.state, row.channel_id) for row in await desk.rows(table)} == {
        ("unknown", desk.sms.channel_id)
    }


async def test_what_was_looked_for_and_is_not_there_is_moved_too(desk: Desk) -> None:
    await owing(desk, 1)
    other = await beside(desk, "first", "second")
    sender = desk.host(SenderHost, "sender-0")
    (row,) = await claim(desk, sender)
    await sender._record([Outcome(row, None, SendOutcomeUnknown("HTTP 503"), datetime.now(UTC))])
    async with transaction(
        desk.engine, Scope.of(desk.tenant_id)
    ) as db:  # the provider says that it has no such message
        await later(db, [(row.tenant_id, row.message_id)], [datetime.now(UTC)])
    await out_of_order(sender, desk.sms.account_id)
    assert await claim(desk, sender) == []
    (moved,) = await claim(desk, sender)
    assert moved.channel_id == other.channel_id


async def test_the_first_channel_is_tried_again_and_used_again(desk: Desk, monkeypatch: Any) -> None:
    await owing(desk, 3)
    await beside(desk, "first", "second")
    sender = desk.host(SenderHost, "sender-0")
    turned = await out_of_order(sender, desk.sms.account_id)
    monkeypatch.setattr("hub.channels.health_store.time.time", lambda: turned.after.until + 1)
    (canary,) = await claim(desk, sender)
    assert canary.channel_id == desk.sms.channel_id
    await HealthStore(sender.redis).learn([Seen(desk.sms.account_id, None, 5)])
    assert len(await claim(desk, sender)) == 2  # those that were moved meanwhile
    contact = await desk.contact("+15559099")
    host = desk.conversations()
    await host.receive([desk.arrived(contact, "gossip")])
    await host.receive([desk.command(contact, AgentReply(new_id(), None, "Hello", datetime.now(UTC)))])
    (row,) = await claim(desk, sender)
    assert row.channel_id == desk.sms.channel_id, "new messages take the first channel again"


async def test_a_breaker_that_opens_is_told_to_screens_and_to_the_audit_log(desk: Desk) -> None:
    await owing(desk, 1)
    sender = desk.host(SenderHost, "sender-0")
    (row,) = await claim(desk, sender)
    account = await account_id(desk, sender)
    fault = SendRefused("the credentials are wrong", "20003", Retry.STOP)
    outcome = Outcome(row, None, fault, datetime.now(UTC), account, 12)
    await sender._learn([outcome] * 3)
    assert (await sender.gate.health.breakers([account]))[account].state is State.OPEN
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        told = (
            await db.execute(text("SELECT actor, action, data FROM audit_log ORDER BY seq DESC LIMIT 1"))
        ).one()
    assert tuple(told) == (
        "system",
        "provider_account.stopped",
        {"reason": "the credentials are wrong", "code": "20003"},
    )
    entries: Any = await sender.redis.xrange(realtime.stream_key(desk.tenant_id))
    assert any(b"channel.health" in value for _, fields in entries for value in fields.values())


async def test_a_number_that_is_too_fast_rests_longer_each_time(desk: Desk) -> None:
    await owing(desk, 4)
    sender = desk.host(SenderHost, "sender-0")
    (row, *_), now = await claim(desk, sender), datetime.now(UTC)
    fast = SendRefused("too many requests at once", "20429", Retry.SLOWER)
    person = SendRefused.of(whatsapp_codes.CODES["131056"], "131056")
    gate = sender.gate

    def rests_s() -> float | None:
        until = gate._resting.get(row.channel_id)
        return None if until is None else (until - now).total_seconds()

    gate.slow_down([Outcome(row, None, person, now)])
    assert rests_s() is None
    gate.slow_down([Outcome(row, None, fast, now), Outcome(row, None, fast, now)])
    assert rests_s() == 1.0, "two answers of one moment are one"
    gate._resting.clear()
    gate.slow_down([Outcome(row, None, fast, now)])
    assert rests_s() == 2.0
    gate._resting.clear()
    gate.slow_down([Outcome(row, "SM1", None, now)])
    gate.slow_down([Outcome(row, None, fast, now)])
    assert rests_s() == 1.0, "an accepted message begins anew"
    assert row.channel_id in gate.resting(now)[0]
