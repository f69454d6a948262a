"""The gate before the sends: paused accounts, open breakers and rates hold rows back without counting an attempt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text, update

from actors.sender import Outcome, SenderHost
from hub import realtime
from hub.channels.codes import Retry
from hub.channels.errors import SendRefused
from hub.channels.health import TROUBLES_MAX, State
from hub.channels.health_store import HealthStore, Seen
from hub.conversations.state import AgentReply
from hub.ids import new_id
from models.channels import provider_accounts
from models.conversations import outbox as table
from models.db import Scope, transaction
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
