"""SenderHost: what a provider said is written down, and one outcome that no row can hold blocks no other."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from actors.sender import ATTEMPTS_MAX, Outcome, SenderHost
from hub import outbox
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.conversations.state import AgentReply
from hub.ids import new_id
from models.contacts import consents
from models.conversations import outbox as table
from models.db import Scope, transaction
from tests.actors.desk import PRICE, Desk


async def claimed(desk: Desk, count: int) -> list[Any]:
    """Rows of the outbox that this sender has taken, all paid."""
    host = desk.conversations()
    for n in range(count):
        contact = await desk.contact(f"+1555900{n:04d}")
        await host.receive([desk.arrived(contact, "gossip")])
        await host.receive([desk.command(contact, AgentReply(new_id(), None, "Hello", datetime.now(UTC)))])
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        rows = await outbox.claim(db, [desk.tenant_id], "sender-0", 100)
        return [SimpleNamespace(**asdict(row)) for row in rows]


def outcome(row: Any, provider_id: str | None = None, error: Any = None) -> Outcome:
    return Outcome(row, provider_id, error, datetime.now(UTC))


async def states(desk: Desk) -> dict[UUID, str]:
    return {row.message_id: row.state for row in await desk.rows(table)}


@pytest.mark.parametrize(
    ("error", "attempts", "status", "state", "held"),
    [
        (None, 1, "sent", None, 0),
        (SendRefused("no", "21617"), 1, "failed", None, 0),
        (SendRefused("slow down", "20429", Retry.SLOWER), 1, "queued", "queued", PRICE),
        (SendRefused("slow down", "20429", Retry.SLOWER), ATTEMPTS_MAX, "failed", None, 0),
        (SendOutcomeUnknown("timeout"), 1, "unknown", "unknown", PRICE),
    ],
)
async def test_what_becomes_of_a_send(
    desk: Desk, error: Any, attempts: int, status: str, state: str | None, held: int
) -> None:
    (row,) = await claimed(desk, 1)
    sender = desk.host(SenderHost, "sender-0")
    row.attempts = attempts
    await sender._record([outcome(row, None if error else "SM1", error)])
    assert (await desk.message(row.message_id)).status == status
    assert (await states(desk)).get(row.message_id) == state
    wallet: Any = desk.conversations().wallets
    await wallet.drain(desk.tenant_id)
    assert (await desk.money())[1] == held


async def test_who_the_provider_says_is_suppressed_gets_nothing_more(desk: Desk) -> None:
    (row,) = await claimed(desk, 1)
    host = desk.conversations()
    contact = await desk.contact("+15559000000")
    await host.receive([desk.arrived(contact, "gossip")])  # the host has the conversation in memory
    sender = desk.host(SenderHost, "sender-0")
    await sender._record([outcome(row, None, SendRefused("opted out", "21610", Retry.SUPPRESS))])
    (consent,) = await desk.rows(consents)
    assert (consent.state, consent.source, consent.proof) == ("opted_out", "provider", "21610")
    event = AgentReply(new_id(), None, "psst", datetime.now(UTC))
    (answer,) = await host.receive([desk.command(contact, event)])
    assert answer["messages"][0]["reason"] == "opted-out"


async def test_an_outcome_that_no_row_can_hold_blocks_no_other(desk: Desk) -> None:
    rows = await claimed(desk, 4)
    sender = desk.host(SenderHost, "sender-0")
    odd = [
        outcome(rows[0], "SM1"),
        outcome(rows[1], "SM1"),
        outcome(rows[2], "S" * 9),
        outcome(rows[3], "SM4"),
    ]
    sender._outcomes += odd
    sender._record_now.set()
    recording = asyncio.create_task(sender._record_for_ever())
    try:
        async with asyncio.timeout(60):
            while await states(desk):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
    ends = [await desk.message(row.message_id) for row in rows]
    assert [end.status for end in ends] == ["sent"] * 4
    assert [end.provider_message_id for end in ends] == ["SM1", None, "S" * 9, "SM4"]
