"""One batch of a campaign as a Ray task: read, render, price, one block hold, then one transaction.

Whoever runs it twice, or kills it anywhere, changes nothing: the batch's row is locked and marked in the same
transaction that writes its messages, and the hold is asked for under the batch's own id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.ports import Wallets
from actors.shell import make_app_engine, make_redis
from hub import door, realtime
from hub.billing.wallet import HoldAnswer, HoldRequest
from hub.campaigns import store
from hub.campaigns.campaign import Recipient
from hub.channels.base import Channel
from hub.directory import Directories, Directory
from hub.errors import HubError
from hub.flows.engine import Session
from hub.ids import new_id
from hub.settings import Settings
from hub.templates.render import compile_template
from models.billing import settlements
from models.db import Scope, insert_rows, transaction

SENT = "sent"
UNFUNDED = "unfunded"
STOPPED = "stopped"
WARM_S = 0.5


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one batch: `sent` messages, `refused` ones, and whether money ran out on the way.

    `needed_micros` is the price of the first message that the wallet could not pay.
    """

    state: str
    messages: int = 0
    refused: int = 0
    needed_micros: int = 0


@dataclass(slots=True)
class _Worker:
    """What a worker process keeps between tasks."""

    loop: asyncio.AbstractEventLoop
    engine: AsyncEngine
    redis: Any
    directories: Directories
    wallets: Wallets


_known: dict[str, _Worker] = {}


def _worker(settings: Settings) -> _Worker:
    """This process's worker for the hub of these settings, made by the first task that runs here."""
    found = _known.get(settings.database_url)
    if found is None:
        found = _known[settings.database_url] = _make_worker(settings)
    return found


def _make_worker(settings: Settings) -> _Worker:
    loop = uvloop.new_event_loop()
    engine = make_app_engine(settings.model_copy(update={"database_pool": 2}), "send task")
    return _Worker(loop, engine, make_redis(settings), Directories(engine), Wallets(settings))


def warm(settings: Settings) -> None:
    """The Ray task that makes a worker ready before a campaign needs it: it imports, connects, and holds its place for
    a moment, so that the next one goes to another worker.
    """
    worker = _worker(settings)
    worker.loop.run_until_complete(_connect(worker))
    time.sleep(WARM_S)


async def _connect(worker: _Worker) -> None:
    async with worker.engine.connect() as db:
        await db.execute(text("SELECT 1"))


def send_batch(settings: Settings, tenant_id: UUID, campaign_id: UUID, first_ordinal: int) -> BatchResult:
    """The Ray task. Raises Unavailable when the wallet does not answer: the batch stays pending."""
    worker = _worker(settings)
    return worker.loop.run_until_complete(_send(worker, tenant_id, campaign_id, first_ordinal))


async def _send(worker: _Worker, tenant_id: UUID, campaign_id: UUID, first_ordinal: int) -> BatchResult:
    directory = await worker.directories.one(tenant_id)
    scope = Scope.of(tenant_id)
    async with transaction(worker.engine, scope) as db:
        campaign = await store.get(db, tenant_id, campaign_id)
        batch = await store.batch(db, tenant_id, campaign_id, first_ordinal)
        if campaign is None or batch is None or campaign.status != "running":
            return BatchResult(STOPPED)
        channel = directory.channels[campaign.channel_id]
        people = await store.recipients(
            db, tenant_id, campaign_id, batch.first_ordinal, batch.last_ordinal, channel.kind.value
        )
    outgoings = _outgoings(campaign, channel, people, directory)
    answer = await _hold(worker, tenant_id, batch, outgoings)
    if answer.state in ("conflict", "expired"):
        async with transaction(worker.engine, scope) as db:
            await store.renew_hold(db, batch)
        # Nobody can write under the old hold any more: its money need not wait for its time.
        await worker.wallets.close_block(tenant_id, batch.hold_id)
        return BatchResult(STOPPED)
    taken = _affordable(outgoings, answer)
    if taken or not people:  # a batch whose contacts were all erased is done too
        async with transaction(worker.engine, scope) as db:
            whole = len(taken) == len(outgoings)
            last = batch.last_ordinal if whole else people[len(taken) - 1].ordinal
            result = await _write(db, campaign, channel, taken, directory, batch, last)
        await realtime.publish(worker.redis, [], wake_sender=True)
    else:
        result = BatchResult(UNFUNDED)
    if result.state == STOPPED:
        async with transaction(worker.engine, scope) as db:
            canceled = await store.is_canceled(db, batch)
        if canceled:
            await worker.wallets.close_block(tenant_id, batch.hold_id)
    if len(taken) < len(outgoings) and result.state != STOPPED:
        needed = outgoings[len(taken)].price_micros
        return BatchResult(UNFUNDED, result.messages, result.refused, needed)
    return result


def _outgoings(
    campaign: Any, channel: Channel, people: Sequence[Recipient], directory: Directory
) -> list[door.Outgoing]:
    template = compile_template(campaign.template)
    today = datetime.now(UTC).date()
    found: list[door.Outgoing] = []
    for person in people:
        outgoing = door.Outgoing(
            new_id(), channel, person.contact_id, person.address, "", "campaign", campaign.id, door.LANE_BULK
        )
        try:
            outgoing.text = template.render(person.variables(campaign.variables))
        except HubError as error:
            outgoing.refused, outgoing.detail = door.TEMPLATE, str(error)
        else:
            door.prepare(outgoing, opted_out=person.opted_out, rates=directory.rates, today=today)
        found.append(outgoing)
    return found


async def _hold(
    worker: _Worker, tenant_id: UUID, batch: Any, outgoings: Sequence[door.Outgoing]
) -> HoldAnswer:
    """One block hold for the batch; the wallet grants the longest run of messages it can pay."""
    amounts = tuple(outgoing.price_micros for outgoing in outgoings if outgoing.refused is None)
    if not any(amounts):
        return HoldAnswer(batch.hold_id, "held", len(amounts), 0, 0)
    request = HoldRequest(batch.hold_id, "block", amounts, door.BLOCK_HOLD_TTL_S, True)
    return (await worker.wallets.hold(tenant_id, [request]))[0]


def _affordable(outgoings: Sequence[door.Outgoing], answer: HoldAnswer) -> list[door.Outgoing]:
    """The leading recipients the hold pays for, refused ones in between included."""
    granted = answer.granted if answer.state in ("held", "exists") else 0
    taken: list[door.Outgoing] = []
    for outgoing in outgoings:
        if outgoing.refused is None:
            if granted == 0:
                break
            granted -= 1
            outgoing.hold_id = answer.hold_id if outgoing.price_micros else None
        taken.append(outgoing)
    return taken


async def _write(
    db: AsyncConnection,
    campaign: Any,
    channel: Channel,
    outgoings: Sequence[door.Outgoing],
    directory: Directory,
    read: Any,
    last_ordinal: int,
) -> BatchResult:
    now = datetime.now(UTC)
    # Locked campaign before locked batch: pause and cancel take the same order.
    current = await store.get(db, campaign.tenant_id, campaign.id, lock=True)
    batch = await store.batch(db, campaign.tenant_id, campaign.id, read.first_ordinal, lock=True)
    if current is None or batch is None or current.status != "running" or batch.hold_id != read.hold_id:
        return BatchResult(STOPPED)
    await _refuse_late_opt_outs(db, channel, outgoings)
    await door.store(db, outgoings, now)
    await _begin_flow(db, campaign, channel, outgoings, directory, now)
    refused = sum(outgoing.refused is not None for outgoing in outgoings)
    await store.finish_batch(db, batch, last_ordinal, len(outgoings) - refused, refused)
    return BatchResult(SENT, len(outgoings) - refused, refused)


async def _refuse_late_opt_outs(
    db: AsyncConnection, channel: Channel, outgoings: Sequence[door.Outgoing]
) -> None:
    """Who opted out or left since the batch was read gets nothing, and their part of the hold is released."""
    wanted = [outgoing for outgoing in outgoings if outgoing.refused is None]
    late = await store.opted_out_now(
        db, channel.tenant_id, channel.kind.value, [o.contact_id for o in wanted]
    )
    gone = await store.gone_now(db, channel.tenant_id, [o.contact_id for o in outgoings])
    for outgoing in outgoings:
        if outgoing.contact_id in gone:  # nothing may be kept of them, not even in a message that is not sent
            outgoing.address = outgoing.text = ""
    released = []
    for outgoing in wanted:
        if outgoing.contact_id in late | gone:
            outgoing.refused = door.OPTED_OUT
            if outgoing.hold_id is not None:
                released.append(outgoing)
    rows = [
        {
            "tenant_id": channel.tenant_id,
            "message_id": outgoing.id,
            "hold_id": outgoing.hold_id,
            "kind": "release",
            "amount_micros": outgoing.price_micros,
            "revenue_account": f"revenue:{channel.kind.value}",
            "created_at": datetime.now(UTC),
        }
        for outgoing in released
    ]
    await insert_rows(db, settlements, rows)


async def _begin_flow(
    db: AsyncConnection,
    campaign: Any,
    channel: Channel,
    outgoings: Sequence[door.Outgoing],
    directory: Directory,
    now: datetime,
) -> None:
    if campaign.flow_id is None or campaign.flow_id not in directory.routing.flows:
        return
    start = directory.routing.flows[campaign.flow_id].start
    session = Session(campaign.flow_id.hex, start, {}, campaign.id.hex).to_json()
    rows = [
        {
            "tenant_id": channel.tenant_id,
            "contact_id": outgoing.contact_id,
            "version": 1,
            "status": "idle",
            "session": session,
            "opted_out": [],
            "channel_id": channel.id,
            "address": outgoing.address,
            "last_text": outgoing.text[:160],
            "last_direction": "out",
            "last_at": now,
            "unread": 0,
            "reason": "",
        }
        for outgoing in outgoings
        if outgoing.refused is None
    ]
    await store.begin_sessions(db, rows)
