"""Attempts of messages: the first one when somebody asks for a message, the next ones when an attempt fails.

The gateway asks, the timers' host takes over. Money first, then one transaction: the attempt, what the sender owes,
the plan of what is left, and the end of the plan before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.ports import Wallets
from actors.reach import Reach
from hub import door, realtime
from hub.campaigns import store as campaigns
from hub.channels import GOOGLE_RCS
from hub.channels import store as channel_store
from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.content import Content
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.clock import Clock
from hub.conversations.views import message_view
from hub.deliveries import Report
from hub.directory import Directories, Directory
from hub.errors import Conflict, NotFound
from hub.failover import service, store
from hub.failover.attempts import Wish, attempt, choose
from hub.failover.plan import Plan, Step, Verdict, judge
from hub.ids import encode_id, new_id
from hub.media.links import Links
from hub.settings import Settings
from hub.webhooks import telling
from models.db import Scope, transaction

LIMIT = 200
AGAIN = timedelta(seconds=30)  # an attempt that may still arrive is looked at again
CAMPAIGN = "campaign"
CONNECTIONS, TIMEOUT_S = 8, 10.0

log = structlog.get_logger()


@dataclass(eq=False)
class NoSuchPerson(NotFound):
    """There is no such contact, or it has no address."""

    code: ClassVar[str] = "no-such-contact"


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that somebody asks for. `validity_s`: for how long it is worth sending."""

    contact_id: UUID
    content: Content
    steps: Sequence[Step]
    purpose: str
    validity_s: int | None = None
    origin: str = "system"
    origin_id: UUID | None = None


class Attempts:
    """One a process. What it returns has committed."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        redis: Redis,
        wallets: Wallets,
        directories: Directories,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._redis = redis
        self._wallets = wallets
        self._directories = directories
        self._clock = clock
        self._secret = settings.secret_key.get_secret_value()
        self._links = Links(self._secret, settings.public_url)
        self.client = ProviderClient(CONNECTIONS, TIMEOUT_S)
        self._reach = Reach(self.client, redis, self.account)

    async def close(self) -> None:
        await self.client.close()

    async def preview(self, tenant_id: UUID, asked: Asked) -> list[door.Outgoing]:
        """What each step would send and cost, or why it would not; nothing is written. Raises NotFound."""
        directory = await self._knowing(tenant_id, asked.steps)
        (wish,) = await self._wishes(tenant_id, [asked])
        unreachable = await self._reach.unreachable(asked.steps, [wish.person], directory)
        now = self._clock.now()
        return [
            attempt(new_id(), step, wish, directory, now, self._link, unreachable) for step in asked.steps
        ]

    async def send(self, tenant_id: UUID, asked: Asked) -> UUID:
        """Write the first attempt that may leave; when none may, the last one with its reason. Returns the message's id.

        Raises NotFound, and Unavailable when the wallet does not answer.
        """
        (outgoing,) = await self.send_many(tenant_id, [asked])
        return outgoing.id

    async def send_many(
        self,
        tenant_id: UUID,
        asked: Sequence[Asked],
        dry_run: bool = False,
        also: Callable[[AsyncConnection, Sequence[door.Outgoing]], Awaitable[None]] | None = None,
    ) -> list[door.Outgoing]:
        """`send` for many in one transaction, with what the caller `also` writes: all or none; with `dry_run` nothing.

        Raises NotFound for the first who is not there, and Unavailable.
        """
        if not asked:
            return []
        directory = await self._knowing(tenant_id, [step for each in asked for step in each.steps])
        wishes = await self._wishes(tenant_id, asked)
        steps = {step.channel_id: step for each in asked for step in each.steps}
        unreachable = await self._reach.unreachable(
            steps.values(), [wish.person for wish in wishes], directory
        )
        now = self._clock.now()
        chosen = [choose(new_id(), wish, directory, now, self._link, unreachable) for wish in wishes]
        outgoings = [each.outgoing for each in chosen]
        for each, outgoing in zip(asked, outgoings, strict=True):
            outgoing.origin, outgoing.origin_id = each.origin, each.origin_id
        if not dry_run:
            await self._hold(tenant_id, outgoings)
            async with transaction(self._engine, Scope.of(tenant_id)) as db:
                await service.write_first(db, chosen, directory.policy, now)
                if also is not None:
                    await also(db, outgoings)
            await self._tell(outgoings, directory)
        return outgoings

    async def _knowing(self, tenant_id: UUID, steps: Sequence[Step]) -> Directory:
        return (await self._directories.knowing((tenant_id, step.channel_id) for step in steps))[tenant_id]

    async def sweep(self) -> int:
        """Judge the plans that are due. Returns how many attempts were taken over."""
        now = self._clock.now()
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = await store.tenants_due(db, now)
        if not tenants:
            return 0
        async with transaction(self._engine, Scope.of(*tenants)) as db:
            keys = await store.due(db, tenants, now, LIMIT)
        done = await asyncio.gather(*(self._judge(*key) for key in keys), return_exceptions=True)
        for answer in done:
            if isinstance(answer, BaseException):
                log.error("failover_failed", error=type(answer).__name__)
        return sum(answer is True for answer in done)

    async def _judge(self, tenant_id: UUID, message_id: UUID) -> bool:
        """Look at one attempt; True when the next one was made. Whoever else has it does the same once."""
        now = self._clock.now()
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            row = await store.take(db, tenant_id, message_id)
            if row is None or row.due_at > now:
                return False
            if row.next_id is not None or row.plan is None:
                await store.close(db, tenant_id, message_id)
                return False
            match judge(Status(row.status), timed_out=True):
                case Verdict.DONE:
                    await store.close(db, tenant_id, message_id)
                    return False
                case Verdict.WAIT:
                    await store.look_again(db, tenant_id, message_id, now + AGAIN)
                    return False
                case Verdict.TAKE_OVER:
                    pass
        return await self._take_over(row)

    async def _take_over(self, row: Any) -> bool:
        tenant_id: UUID = row.tenant_id
        directory = await self._directories.one(tenant_id)
        if not await self._take_back(row, directory):
            async with transaction(self._engine, Scope.of(tenant_id)) as db:
                await store.look_again(db, tenant_id, row.id, self._clock.now() + AGAIN)
            return False
        if row.origin == CAMPAIGN and not await self._may_go_on(row):
            return False
        plan = Plan.model_validate(row.plan)
        steps = [step for step in plan.steps if step.channel_id in directory.channels]
        now = self._clock.now()
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            person = await store.person(db, tenant_id, row.contact_id, now)
            late = plan.expires_at is not None and plan.expires_at <= now
            if (
                person is None or not steps or late
            ):  # erased meanwhile, no channel left, or not worth it any more
                await store.close(db, tenant_id, row.id)
                return False
        wish = Wish(person, plan.content, steps, row.purpose or "", plan.expires_at)
        unreachable = await self._reach.unreachable(steps, [person], directory)
        chosen = choose(plan.next_id, wish, directory, now, self._link, unreachable)
        outgoing = chosen.outgoing
        outgoing.first_id = row.first_id or row.id
        outgoing.origin, outgoing.origin_id = row.origin, row.origin_id
        if row.origin == CAMPAIGN:
            outgoing.lane = door.LANE_BULK
        await self._hold(tenant_id, [outgoing])
        try:
            async with transaction(self._engine, Scope.of(tenant_id)) as db:
                held = await store.take(db, tenant_id, row.id)
                if held is None or judge(Status(held.status), timed_out=True) is not Verdict.TAKE_OVER:
                    return False  # it arrived while its follower was being prepared: the hold ends by itself
                await service.write(db, [chosen], now)
                await store.hand_on(db, tenant_id, row.id, outgoing.id)
                await store.close(db, tenant_id, row.id)
        except Conflict:  # somebody else has taken over
            return False
        await self._tell([outgoing], directory)
        return True

    async def _may_go_on(self, row: Any) -> bool:
        """A paused campaign's next channels wait, a canceled one's never come."""
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            status = await campaigns.status(db, row.tenant_id, row.origin_id)
            if status == "paused":
                await store.look_again(db, row.tenant_id, row.id, self._clock.now() + AGAIN)
            elif status not in ("running", "completed"):
                await store.close(db, row.tenant_id, row.id)
        return status in ("running", "completed")

    async def _take_back(self, row: Any, directory: Directory) -> bool:
        """Make sure that a message which nobody confirmed cannot arrive beside its follower, where that can be done."""
        channel = directory.channels.get(row.channel_id)
        if channel is None or row.status != Status.SENT or channel.kind is not ChannelKind.RCS:
            return True
        try:
            account = await GOOGLE_RCS.prepare(self.client, await self.account(channel))
            request = GOOGLE_RCS.revoke(account, channel, row.address, row.provider_message_id or "")
            status, _ = await self.client.post(request)
        except (SendRefused, SendOutcomeUnknown):
            return False
        if not 200 <= status < 300:
            return False
        report = Report(
            row.tenant_id,
            row.channel_id,
            row.id,
            None,
            Status.EXPIRED,
            self._clock.now(),
            reason="taken back: the next channel takes over",
        )
        async with transaction(self._engine, Scope.of(row.tenant_id)) as db:
            await telling.apply(db, [report], False, self._directories, self._clock.now())
        return True

    async def account(self, channel: Channel) -> Account:
        """The channel's provider account with opened credentials. Raises SendRefused when it is gone."""
        async with transaction(self._engine, Scope.nothing()) as db:
            account = await channel_store.account(db, channel.account_id, self._secret)
        if account is None:
            raise SendRefused("the provider account is not there any more", "no-account")
        return account

    async def _wishes(self, tenant_id: UUID, asked: Sequence[Asked]) -> list[Wish]:
        now = self._clock.now()
        wanted = list({each.contact_id for each in asked})
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            people = await store.people(db, tenant_id, wanted, now)
        found: list[Wish] = []
        for each in asked:
            person = people.get(each.contact_id)
            if person is None or not person.addresses:
                raise NoSuchPerson("there is no such contact, or it has no address")
            until = None if each.validity_s is None else now + timedelta(seconds=each.validity_s)
            found.append(Wish(person, each.content, each.steps, each.purpose, until))
        return found

    def _link(self, media_id: str) -> str:
        return self._links.library(media_id, self._clock.now())

    async def _hold(self, tenant_id: UUID, outgoings: Sequence[door.Outgoing]) -> None:
        """Money first: one call of the wallet, whose mailbox takes them together."""
        paid = [each for each in outgoings if each.refused is None and each.price_micros]
        if not paid:
            return
        answers = await self._wallets.hold(tenant_id, [door.single_hold(each) for each in paid])
        for outgoing, answer in zip(paid, answers, strict=True):
            door.apply_hold(outgoing, answer)

    async def _tell(self, outgoings: Sequence[door.Outgoing], directory: Directory) -> None:
        now = self._clock.now()
        events = [
            (
                outgoing.channel.tenant_id,
                {
                    "type": "message.created",
                    "conversation_id": encode_id("cnv", outgoing.contact_id),
                    "message": message_view(door.message_row(outgoing, now), directory),
                },
            )
            for outgoing in outgoings
            if outgoing.origin != CAMPAIGN  # a campaign shows its progress itself
        ]
        await realtime.publish(self._redis, events, wake_sender=any(o.refused is None for o in outgoings))
