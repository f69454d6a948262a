"""A call over a SIP trunk as the hub makes it: from the outbox's row to the wallet, with sipp as the trunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.trunks import TrunkHost
from hub import door
from hub.billing import service as billing
from hub.billing.wallet import WalletWriter
from hub.channels.base import Channel, ChannelKind
from hub.channels.secrets import seal
from hub.directory import Directories
from hub.ids import new_id
from hub.settings import Settings
from hub.voice.script import Call
from models.calls import calls
from models.channels import channels, provider_accounts
from models.conversations import messages
from models.db import Scope, insert_rows, transaction
from tests.peers.test_sipp import HOST, free_port, sipp, well

# The stack's news may come before anybody listens when the machine is busy: kept out of the short run until it cannot.
pytestmark = pytest.mark.long

PATIENCE_S = 60.0
SCRIPT = Call.model_validate(
    {"steps": [{"type": "say", "text": "Your order is ready."}, {"type": "pause", "seconds": 1}]}
)


@pytest.fixture
async def host(settings: Settings, tmp_path: Path) -> AsyncIterator[TrunkHost]:
    listen = {"sip_listen": f"{HOST}:{free_port()}", "var_dir": tmp_path}
    host = TrunkHost("trunk-0", settings.model_copy(update=listen))
    await host.ping()
    yield host
    await host.close()


async def line(engine: AsyncEngine, settings: Settings, tenant: UUID, port: int) -> Channel:
    """A funded tenant's voice line over a trunk at `port`; a minute is 0.06, counted by the second."""
    account_id, channel_id = new_id(), new_id()
    key = settings.secret_key.get_secret_value()
    account = {
        "tenant_id": tenant,
        "id": account_id,
        "provider": "sip",
        "name": "Trunk",
        "external_id": "trunk",
        "base_url": "",
        "credentials": seal({"password": "pw"}, secret_key=key, row_id=account_id),
        "settings": {"host": f"{HOST}:{port}"},
    }
    row = {
        "tenant_id": tenant,
        "id": channel_id,
        "account_id": account_id,
        "kind": "voice",
        "provider": "sip",
        "name": "Trunk",
        "address": "+15550001111",
        "provider_address": "+15550001111",
    }
    async with transaction(engine, Scope.of(tenant)) as db:
        await insert_rows(db, provider_accounts, [account])
        await insert_rows(db, channels, [row])
        await billing.ensure_wallet(db, tenant, "EUR")
        await billing.top_up(db, tenant, new_id(), 1_000_000, "EUR")
        await billing.ensure_rate_card(db, tenant, "Voice", "voice", "EUR", {"": Decimal("0.06")}, (1, 1))
    return Channel(
        channel_id, tenant, account_id, ChannelKind.VOICE, "sip", "Trunk", "+15550001111", "+15550001111"
    )


async def owe(engine: AsyncEngine, host: TrunkHost, channel: Channel) -> door.Outgoing:
    """A call through the door: priced, held, written."""
    tenant = channel.tenant_id
    directory = await Directories(engine).one(tenant)
    outgoing = door.Outgoing(
        new_id(), channel, new_id(), "+15559990000", "Call", "system", None, door.LANE_LIVE, content=SCRIPT
    )
    now = host.hub.clock.now()
    door.prepare(outgoing, opted_out=False, rates=directory.rates, today=now.date())
    writer = WalletWriter(engine, tenant)
    await writer.open()
    (answer,) = await writer.apply([door.single_hold(outgoing)])
    door.apply_hold(outgoing, answer)
    async with transaction(engine, Scope.of(tenant)) as db:
        await door.store(db, [outgoing], now)
    assert outgoing.refused is None
    return outgoing


async def finished(engine: AsyncEngine, outgoing: door.Outgoing) -> tuple[Any, Any]:
    """(call, message) once the call is over."""
    scope = Scope.of(outgoing.channel.tenant_id)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with transaction(engine, scope) as db:
                call = (await db.execute(select(calls).where(calls.c.id == outgoing.id))).one()
                message = (await db.execute(select(messages).where(messages.c.id == outgoing.id))).one()
            if call.ended_at is not None:
                return call, message
            await asyncio.sleep(0.05)


async def test_a_call_over_the_trunk_is_heard_and_paid(
    engine: AsyncEngine, settings: Settings, tenant: UUID, host: TrunkHost, tmp_path: Path
) -> None:
    port = free_port()
    channel = await line(engine, settings, tenant, port)
    media = ("-rtp_echo", "-mp", str(free_port()))
    trunk = await sipp(tmp_path, "-p", str(port), *media, scenario="echo.xml")
    outgoing = await owe(engine, host, channel)
    asked = (tenant, outgoing.id, channel.account_id, outgoing.address)
    sip_call_id = await host.dial(*asked)
    assert await host.dial(*asked) == sip_call_id  # asked again, it rings once
    call, message = await finished(engine, outgoing)
    await well(trunk, tmp_path)
    assert (call.status, call.provider_call_id) == ("completed", sip_call_id)
    assert call.ringing_at <= call.answered_at < call.ended_at
    assert [step["did"] for step in call.steps] == ["answered", "say", "pause"]
    assert call.billed_s == call.duration_s >= 1
    assert call.price_micros == call.duration_s * 1_000
    assert (message.status, message.settlement, message.price_micros) == (
        "delivered",
        "captured",
        call.price_micros,
    )
    writer = WalletWriter(engine, tenant)
    await writer.open()
    settled = await writer.settle()
    assert settled.captured_micros == call.price_micros
    async with transaction(engine, Scope.of(tenant)) as db:
        wallet = await billing.wallet_view(db, tenant)
    assert (wallet.balance_micros, wallet.held_micros) == (1_000_000 - call.price_micros, 0)


async def test_calls_of_an_earlier_life_end_and_cost_nothing(
    engine: AsyncEngine, settings: Settings, tenant: UUID, host: TrunkHost
) -> None:
    channel = await line(engine, settings, tenant, free_port())
    outgoing = await owe(engine, host, channel)
    talking = calls.update().where(calls.c.id == outgoing.id).values(status="in-progress")
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(talking)
    await host.end_strays()
    call, message = await finished(engine, outgoing)
    assert (call.status, call.reason) == ("failed", "the line was lost")
    assert (message.status, message.settlement) == ("failed", "released")


async def test_a_busy_line_gives_the_money_back(
    engine: AsyncEngine, settings: Settings, tenant: UUID, host: TrunkHost, tmp_path: Path
) -> None:
    port = free_port()
    channel = await line(engine, settings, tenant, port)
    trunk = await sipp(tmp_path, "-p", str(port), scenario="refuser.xml", status="486")
    outgoing = await owe(engine, host, channel)
    await host.dial(tenant, outgoing.id, channel.account_id, outgoing.address)
    call, message = await finished(engine, outgoing)
    await well(trunk, tmp_path)
    assert (call.status, call.error_code, call.reason) == ("busy", "486", "the line is busy")
    assert (message.status, message.settlement) == ("undelivered", "released")
