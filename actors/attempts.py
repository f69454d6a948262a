"""Attempts of messages: the first one when somebody asks for a message, the next ones when an attempt fails.

The gateway asks, the timers' host takes over. Money first, then one transaction: the attempt, what the sender owes,
the plan of what is left, and the end of the plan before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.ports import Wallets
from hub import deliveries, door, realtime
from hub.channels import GOOGLE_RCS
from hub.channels import store as channel_store
from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.content import Content
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.channels.rcs_capabilities import Capabilities
from hub.clock import Clock
from hub.conversations.views import message_view
from hub.deliveries import Report
from hub.directory import Directories, Directory
from hub.errors import Conflict, HubError, NotFound
from hub.failover import store
from hub.failover.attempts import NO_RCS, Person, prepare
from hub.failover.plan import Plan, Step, Verdict, judge
from hub.ids import encode_id, new_id
from hub.media.links import Links, library_id
from hub.settings import Settings
from models.db import Scope, transaction

LIMIT = 200
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
AGAIN = timedelta(seconds=30)  # an attempt that may still arrive is looked at again
CONNECTIONS, TIMEOUT_S = 8, 10.0

log = structlog.get_logger()


@dataclass(eq=False)
class NoSuchPerson(NotFound):
    """There is no such contact, or it has no address."""

    code: ClassVar[str] = "no-such-contact"


@dataclass(slots=True)
class Chosen:
    """The attempt that is made, what was passed over before it and why, and the steps after it."""

    outgoing: door.Outgoing
    timeout_s: int | None
    passed_over: list[dict[str, Any]]
    left: tuple[Step, ...]


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
        self._client = ProviderClient(CONNECTIONS, TIMEOUT_S)
        self._capabilities = Capabilities(GOOGLE_RCS, self._client, redis)

    async def close(self) -> None:
        await self._client.close()

    async def preview(
        self, tenant_id: UUID, contact_id: UUID, content: Content, steps: Sequence[Step], purpose: str
    ) -> list[door.Outgoing]:
        """What each step would send and cost, or why it would not; nothing is written. Raises NotFound."""
        directory = await self._knowing(tenant_id, steps)
        person = await self._person(tenant_id, contact_id)
        return [await self._attempt(new_id(), step, person, content, purpose, directory) for step in steps]

    async def send(
        self, tenant_id: UUID, contact_id: UUID, content: Content, steps: Sequence[Step], purpose: str
    ) -> UUID:
        """Write the first attempt that may leave; when none may, the last one with its reason. Returns the message's id.

        Raises NotFound, and Unavailable when the wallet does not answer.
        """
        directory = await self._knowing(tenant_id, steps)
        person = await self._person(tenant_id, contact_id)
        message_id = new_id()
        chosen = await self._choose(message_id, steps, person, content, purpose, directory)
        await self._hold(tenant_id, chosen.outgoing)
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            await self._write(db, chosen, content)
        await self._tell(chosen.outgoing, directory)
        return message_id

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
        plan = Plan.model_validate(row.plan)
        steps = [step for step in plan.steps if step.channel_id in directory.channels]
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            person = await store.person(db, tenant_id, row.contact_id, self._clock.now())
            if person is None or not steps:  # erased meanwhile, or no channel is left
                await store.close(db, tenant_id, row.id)
                return False
        chosen = await self._choose(plan.next_id, steps, person, plan.content, row.purpose or "", directory)
        outgoing = chosen.outgoing
        outgoing.first_id = row.first_id or row.id
        outgoing.origin, outgoing.origin_id = row.origin, row.origin_id
        await self._hold(tenant_id, outgoing)
        try:
            async with transaction(self._engine, Scope.of(tenant_id)) as db:
                held = await store.take(db, tenant_id, row.id)
                if held is None or judge(Status(held.status), timed_out=True) is not Verdict.TAKE_OVER:
                    return False  # it arrived while its follower was being prepared: the hold ends by itself
                await self._write(db, chosen, plan.content)
                await store.hand_on(db, tenant_id, row.id, outgoing.id)
                await store.close(db, tenant_id, row.id)
        except Conflict:  # somebody else has taken over
            return False
        await self._tell(outgoing, directory)
        return True

    async def _take_back(self, row: Any, directory: Directory) -> bool:
        """Make sure that a message which nobody confirmed cannot arrive beside its follower, where that can be done."""
        channel = directory.channels.get(row.channel_id)
        if channel is None or row.status != Status.SENT or channel.kind is not ChannelKind.RCS:
            return True
        try:
            account = await GOOGLE_RCS.prepare(self._client, await self._account(channel))
            request = GOOGLE_RCS.revoke(account, channel, row.address, row.provider_message_id or "")
            status, _ = await self._client.post(request)
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
            await deliveries.apply(db, [report])
        return True

    async def _account(self, channel: Channel) -> Account:
        async with transaction(self._engine, Scope.nothing()) as db:
            account = await channel_store.account(db, channel.account_id, self._secret)
        if account is None:
            raise SendRefused("the provider account is not there any more", "no-account")
        return account

    async def _person(self, tenant_id: UUID, contact_id: UUID) -> Person:
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            person = await store.person(db, tenant_id, contact_id, self._clock.now())
        if person is None:
            raise NoSuchPerson("there is no such contact, or it has no address")
        return person

    async def _choose(
        self,
        message_id: UUID,
        steps: Sequence[Step],
        person: Person,
        content: Content,
        purpose: str,
        directory: Directory,
    ) -> Chosen:
        """The first step that may leave; the last one, with its reason, when none may."""
        passed_over: list[dict[str, Any]] = []
        last = len(steps) - 1
        for place, step in enumerate(steps):
            outgoing = await self._attempt(message_id, step, person, content, purpose, directory)
            if outgoing.refused is None or place == last:
                return Chosen(outgoing, step.timeout_s, passed_over, tuple(steps[place + 1 :]))
            passed_over.append(
                {
                    "at": self._clock.now().isoformat(),
                    "event": "passed-over",
                    "channel_id": encode_id("chn", step.channel_id),
                    "channel_kind": outgoing.channel.kind.value,
                    "reason": outgoing.refused,
                    "detail": outgoing.detail or "",
                }
            )
        raise AssertionError("a message has at least one step")

    async def _attempt(
        self,
        message_id: UUID,
        step: Step,
        person: Person,
        content: Content,
        purpose: str,
        directory: Directory,
    ) -> door.Outgoing:
        channel = directory.channels.get(step.channel_id)
        if channel is None:
            raise NotFound("the channel is not there any more")
        now = self._clock.now()

        def link(media_id: str) -> str:
            own = library_id(media_id)
            return "" if own is None else self._links.of(own, now)

        outgoing = prepare(message_id, channel, person, content, purpose, directory, now, link)
        by_rcs = outgoing.refused is None and channel.kind is ChannelKind.RCS
        if by_rcs and not await self._has_rcs(channel, outgoing.address):
            outgoing.refused, outgoing.detail = NO_RCS, "the number's handset has no RCS"
        return outgoing

    async def _has_rcs(self, channel: Channel, number: str) -> bool:
        """Whether RCS reaches the number; when nobody can tell, it is tried."""
        try:
            return bool(await self._capabilities.of(await self._account(channel), channel, number))
        except (HubError, OSError):
            return True

    async def _hold(self, tenant_id: UUID, outgoing: door.Outgoing) -> None:
        if outgoing.refused is None and outgoing.price_micros:
            (answer,) = await self._wallets.hold(tenant_id, [door.single_hold(outgoing)])
            door.apply_hold(outgoing, answer)

    async def _write(self, db: AsyncConnection, chosen: Chosen, content: Content) -> None:
        """The attempt and the plan of what is left. Raises Conflict when it is written already."""
        outgoing, now = chosen.outgoing, self._clock.now()
        tenant_id = outgoing.channel.tenant_id
        if chosen.left:
            outgoing.plan = Plan(steps=chosen.left, next_id=new_id(), content=content).to_row()
        await door.store(db, [outgoing], now)
        if chosen.passed_over:
            await store.note(db, tenant_id, outgoing.id, chosen.passed_over)
        if chosen.left:
            due_at = NEVER if chosen.timeout_s is None else now + timedelta(seconds=chosen.timeout_s)
            await store.watch(db, tenant_id, outgoing.id, now if outgoing.refused else due_at)

    async def _tell(self, outgoing: door.Outgoing, directory: Directory) -> None:
        row = door.message_row(outgoing, self._clock.now())
        event = {
            "type": "message.created",
            "conversation_id": encode_id("cnv", outgoing.contact_id),
            "message": message_view(row, directory),
        }
        tenant_id = outgoing.channel.tenant_id
        await realtime.publish(self._redis, [(tenant_id, event)], wake_sender=outgoing.refused is None)
