"""Texts that come over a bind in parts: in any order, cut anywhere, told again, or never whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.bind_inbound import MISSING, WHOLE_AFTER, Arrivals
from cli.demo import workspace as ws
from hub.channels import store as channel_store
from hub.channels.base import Account, Channel, InboundMessage
from hub.channels.smpp_pdu import Address, Delivered
from hub.clock import FrozenClock, SystemClock
from hub.errors import Unavailable
from hub.settings import Settings
from models.db import Scope, transaction

LINE, PERSON = "+15550177", "+15557654321"
HERE, THERE = Address(1, 1, LINE[1:]), Address(1, 1, PERSON[1:])
UDHI, GSM7, UCS2 = 0x40, 0, 8


@dataclass
class Door:
    """What Arrivals asks of the hub: its real database, and a door that notes what goes through it."""

    engine: AsyncEngine
    clock: FrozenClock
    account_found: Account
    channel_found: Channel
    took: list[InboundMessage] = field(default_factory=list)
    closed: bool = False

    async def channel(self, account: Account, address: str) -> Channel | None:
        return self.channel_found if address == LINE else None

    async def account_by_id(self, account_id: UUID) -> Account | None:
        return self.account_found if account_id == self.account_found.id else None

    async def receive(self, account: Account, event: Any) -> None:
        self.took.append(event)

    async def receive_at(self, channel: Channel, event: InboundMessage) -> None:
        if self.closed:
            raise Unavailable("the database does not answer")
        self.took.append(event)

    async def keep_strange(self, account: Account, key: str, reason: str) -> None:
        raise AssertionError(reason)


@dataclass
class Line:
    """One bind of an SMSC: `status` has the answers to each deliver_sm, in order."""

    arrivals: Arrivals
    door: Door
    status: list[int] = field(default_factory=list)

    async def hear(self, *found: Delivered) -> None:
        session = SimpleNamespace(answer=lambda each, status: self.status.append(status))
        bind = SimpleNamespace(
            account=self.door.account_found,
            key_of=lambda each: f"smpp:{each.sequence}",
            answered=lambda each, key: None,
        )
        for each in found:
            await self.arrivals.take(cast(Any, bind), cast(Any, session), [each])

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.door.took]

    async def waiting(self) -> int:
        async with transaction(self.door.engine, Scope.of(self.door.channel_found.tenant_id)) as db:
            return int((await db.execute(text("SELECT count(*) FROM inbound_parts"))).scalar_one())


@pytest.fixture
async def line(engine: AsyncEngine, settings: Settings, tenant: UUID) -> Line:
    made = await ws.ensure_line(engine, settings, tenant, "sms", "Bind", LINE, "smpp")
    async with transaction(engine, Scope.of(tenant)) as db:
        account = await channel_store.account(db, made.account_id, settings.secret_key.get_secret_value())
        channel = await channel_store.channel_of_account(db, made.account_id, LINE)
    assert account is not None
    assert channel is not None
    door = Door(engine, FrozenClock(SystemClock().now()), account, channel)
    return Line(Arrivals(cast(Any, door)), door)


def parts(pieces: Sequence[bytes], reference: int = 7, coding: int = GSM7) -> list[Delivered]:
    """A text as an SMSC sends it: the user-data header, then this part's octets."""
    total = len(pieces)
    return [
        Delivered(number, THERE, HERE, UDHI, coding, bytes((5, 0, 3, reference, total, number)) + piece, {})
        for number, piece in enumerate(pieces, 1)
    ]


async def test_parts_are_one_text_in_whatever_order_they_come(line: Line) -> None:
    first, second, third = parts([b"one ", b"two ", b"three"])
    await line.hear(third, first)
    assert (line.texts, await line.waiting()) == ([], 2)
    await line.hear(second)
    assert (line.texts, await line.waiting()) == (["one two three"], 0)
    assert line.status == [0, 0, 0]


async def test_a_letter_may_stand_across_two_parts(line: Line) -> None:
    octets = "Заказ 😀".encode("utf-16-be")
    await line.hear(*parts([octets[:5], octets[5:14], octets[14:]], coding=UCS2))
    assert line.texts == ["Заказ 😀"]


async def test_a_part_told_again_is_the_same_part(line: Line) -> None:
    first, second = parts([b"one ", b"two"])
    await line.hear(first, first, second)
    assert (line.texts, await line.waiting()) == (["one two"], 0)


async def test_a_reference_that_comes_round_begins_another_text(line: Line) -> None:
    old, _ = parts([b"old ", b"never came"])
    await line.hear(old, *parts([b"new ", b"text"]))
    assert line.texts == [f"old {MISSING}", "new text"]


async def test_what_the_door_does_not_take_is_told_again_as_the_same_event(line: Line) -> None:
    first, second = parts([b"one ", b"two"])
    await line.hear(first)
    line.door.closed = True
    await line.hear(second)
    assert (line.status, line.texts) == ([0, 0x64], [])
    line.door.closed = False
    await line.hear(second)
    assert (line.status[-1], line.texts, await line.waiting()) == (0, ["one two"], 0)


async def test_after_an_hour_a_text_is_shown_without_its_missing_part(line: Line) -> None:
    first, _, third = parts([b"one ", b"two ", b"three"])
    await line.hear(first, third)
    assert await line.arrivals.let_go(wanted=True) == 0
    line.door.clock.advance(WHOLE_AFTER + timedelta(minutes=1))
    assert await line.arrivals.let_go(wanted=False) == 0
    assert await line.arrivals.let_go(wanted=True) == 1
    assert (line.texts, await line.waiting()) == ([f"one {MISSING}three"], 0)
    assert await line.arrivals.let_go(wanted=True) == 0
