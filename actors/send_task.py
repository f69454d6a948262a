"""One batch of a campaign as a Ray task: read, render, price, one block hold, then one transaction.

Whoever runs it twice, or kills it anywhere, changes nothing: the batch's row is locked and marked in the same
transaction that writes its messages, and the hold is asked for under the batch's own id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors import campaign_flows
from actors.ports import Wallets
from actors.reach import Reach
from actors.shell import make_app_engine, make_redis
from hub import door, realtime
from hub.billing.wallet import HoldAnswer, HoldRequest
from hub.campaigns import store
from hub.campaigns.campaign import Recipient
from hub.campaigns.messages import Rich, is_plain, person_over, plain_messages, rich_messages, steps_of
from hub.channels import store as channel_store
from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.http import ProviderClient
from hub.directory import Directories, Directory
from hub.errors import NotFound
from hub.failover import service as attempts
from hub.failover import store as failover_store
from hub.failover.attempts import Chosen, Person
from hub.failover.plan import Step
from hub.media.links import Links, library_id
from hub.settings import Settings
from models.billing import settlements
from models.db import Scope, insert_rows, transaction

SENT = "sent"
UNFUNDED = "unfunded"
STOPPED = "stopped"
WARM_S = 0.5
REACH_CONNECTIONS, REACH_TIMEOUT_S = 4, 10.0


class _Stopped(Exception):
    """The campaign was paused or canceled, or somebody else has written the batch: nothing may be."""


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
    reach: Reach
    link: Callable[[str], str]


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
    redis = make_redis(settings)
    links = Links(settings.secret_key.get_secret_value(), settings.public_url)
    client = ProviderClient(REACH_CONNECTIONS, REACH_TIMEOUT_S)

    async def account(channel: Channel) -> Account:
        async with transaction(engine, Scope.nothing()) as db:
            found = await channel_store.account(
                db, channel.account_id, settings.secret_key.get_secret_value()
            )
        if found is None:
            raise NotFound("the provider account is not there any more")
        return found

    reach = Reach(client, redis, account)
    return _Worker(loop, engine, redis, Directories(engine), Wallets(settings), reach, partial(_link, links))


def _link(links: Links, media_id: str) -> str:
    own = library_id(media_id)
    return "" if own is None else links.of(own, datetime.now(UTC))


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
    now = datetime.now(UTC)
    rich: Rich | None = None
    async with transaction(worker.engine, scope) as db:
        campaign = await store.get(db, tenant_id, campaign_id)
        batch = await store.batch(db, tenant_id, campaign_id, first_ordinal)
        if campaign is None or batch is None or campaign.status != "running":
            return BatchResult(STOPPED)
        steps = steps_of(campaign, directory)
        if not steps:
            raise NotFound("the campaign's channels are not there any more")
        channel = directory.channels[steps[0].channel_id]
        edges = (batch.first_ordinal, batch.last_ordinal)
        people = await store.recipients(db, tenant_id, campaign_id, *edges, channel.kind.value)
        if not is_plain(campaign, channel):
            rich = Rich(
                await _people(db, tenant_id, people, steps, channel.kind, now),
                steps,
                frozenset(),
                worker.link,
            )
    if rich is None:
        chosen = plain_messages(campaign, channel, people, directory, now)
    else:
        reached = await worker.reach.unreachable(steps, list(rich.people.values()), directory)
        chosen = rich_messages(campaign, people, replace(rich, unreachable=reached), directory, now)
    return await _pay_and_write(worker, campaign, batch, people, chosen, directory)


async def _people(
    db: AsyncConnection,
    tenant_id: UUID,
    people: Sequence[Recipient],
    steps: Sequence[Step],
    kind: ChannelKind,
    now: datetime,
) -> dict[UUID, Person]:
    """What the attempts have to know. Of a single channel all but the window was read with the recipients."""
    ids = [person.contact_id for person in people]
    if len(steps) > 1:
        return await failover_store.people(db, tenant_id, ids, now)
    wrote = await failover_store.whatsapp_at(db, tenant_id, ids, now) if kind is ChannelKind.WHATSAPP else {}
    return {person.contact_id: person_over(kind, person, wrote.get(person.contact_id)) for person in people}


async def _pay_and_write(
    worker: _Worker,
    campaign: Any,
    batch: Any,
    people: Sequence[Recipient],
    chosen: Sequence[Chosen],
    directory: Directory,
) -> BatchResult:
    tenant_id: UUID = campaign.tenant_id
    scope = Scope.of(tenant_id)
    answer = await _hold(worker, tenant_id, batch, [each.outgoing for each in chosen])
    if answer.state in ("conflict", "expired"):
        async with transaction(worker.engine, scope) as db:
            await store.renew_hold(db, batch)
        # Nobody can write under the old hold any more: its money need not wait for its time.
        await worker.wallets.close_block(tenant_id, batch.hold_id)
        return BatchResult(STOPPED)
    taken = _affordable(chosen, answer)
    if taken or not people:  # a batch whose contacts were all erased is done too
        last = batch.last_ordinal if len(taken) == len(chosen) else people[len(taken) - 1].ordinal
        try:
            async with transaction(worker.engine, scope) as db:
                result = await _write(db, campaign, taken, directory, batch, last)
        except _Stopped:
            result = BatchResult(STOPPED)
        await realtime.publish(worker.redis, [], wake_sender=True)
    else:
        result = BatchResult(UNFUNDED)
    if result.state == STOPPED:
        async with transaction(worker.engine, scope) as db:
            # Canceled, or paused: nothing is written under this hold, and who resumes asks for another.
            over = await store.is_canceled(db, batch) or await store.renew_hold(db, batch)
        if over:
            await worker.wallets.close_block(tenant_id, batch.hold_id)
    if len(taken) < len(chosen) and result.state != STOPPED:
        needed = chosen[len(taken)].outgoing.price_micros
        return BatchResult(UNFUNDED, result.messages, result.refused, needed)
    return result


async def _hold(
    worker: _Worker, tenant_id: UUID, batch: Any, outgoings: Sequence[door.Outgoing]
) -> HoldAnswer:
    """One block hold for the batch; the wallet grants the longest run of messages it can pay."""
    amounts = tuple(outgoing.price_micros for outgoing in outgoings if outgoing.refused is None)
    if not any(amounts):
        return HoldAnswer(batch.hold_id, "held", len(amounts), 0, 0)
    request = HoldRequest(batch.hold_id, "block", amounts, door.block_ttl_s(outgoings), True)
    return (await worker.wallets.hold(tenant_id, [request]))[0]


def _affordable(chosen: Sequence[Chosen], answer: HoldAnswer) -> list[Chosen]:
    """The leading recipients the hold pays for, refused ones in between included."""
    granted = answer.granted if answer.state in ("held", "exists") else 0
    taken: list[Chosen] = []
    for each in chosen:
        outgoing = each.outgoing
        if outgoing.refused is None:
            if granted == 0:
                break
            granted -= 1
            outgoing.hold_id = answer.hold_id if outgoing.price_micros else None
        taken.append(each)
    return taken


async def _write(
    db: AsyncConnection,
    campaign: Any,
    chosen: Sequence[Chosen],
    directory: Directory,
    read: Any,
    last_ordinal: int,
) -> BatchResult:
    """All or nothing. Raises _Stopped when the campaign or the batch is not what was read any more."""
    now = datetime.now(UTC)
    outgoings = [each.outgoing for each in chosen]
    await _refuse_late_opt_outs(db, campaign.tenant_id, outgoings)
    await attempts.write_first(db, chosen, directory.policy, now)
    await campaign_flows.begin(db, campaign, outgoings, directory, now)
    # Last, because all batches of a campaign wait for this lock. Campaign before batch: pause and cancel take this order.
    current = await store.get(db, campaign.tenant_id, campaign.id, lock=True)
    batch = await store.batch(db, campaign.tenant_id, campaign.id, read.first_ordinal, lock=True)
    if current is None or batch is None or current.status != "running" or batch.hold_id != read.hold_id:
        raise _Stopped
    refused = sum(outgoing.refused is not None for outgoing in outgoings)
    await store.finish_batch(db, batch, last_ordinal, len(outgoings) - refused, refused)
    return BatchResult(SENT, len(outgoings) - refused, refused)


async def _refuse_late_opt_outs(
    db: AsyncConnection, tenant_id: UUID, outgoings: Sequence[door.Outgoing]
) -> None:
    """Who opted out or left since the batch was read gets nothing, and their part of the hold is released."""
    wanted = [outgoing for outgoing in outgoings if outgoing.refused is None]
    late = await store.opted_out_now(db, tenant_id, [o.contact_id for o in wanted])
    gone = await store.gone_now(db, tenant_id, [o.contact_id for o in outgoings])
    for outgoing in outgoings:
        if outgoing.contact_id in gone:  # nothing may be kept of them, not even in a message that is not sent
            outgoing.address = outgoing.text = ""
            outgoing.content = outgoing.plan = None
    refused = []
    for outgoing in wanted:
        if outgoing.contact_id in gone or (outgoing.contact_id, outgoing.channel.kind.value) in late:
            outgoing.refused = door.OPTED_OUT
            refused.append(outgoing)
    await insert_rows(db, settlements, door.release_rows(refused, datetime.now(UTC)))
