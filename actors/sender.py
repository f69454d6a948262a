"""SenderHost: takes what the outbox owes, calls the providers, writes down what they said."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, IntegrityError

from actors.gate import Gate, keys_of, tell_turned
from actors.reconcile import reconcile
from actors.reroute import StandIns, move
from actors.sender_batches import account_batches, send_batch
from actors.shell import Shell
from actors.trunk_calls import dial_over_trunk
from hub import deliveries, outbox, realtime
from hub.channels import HTTP_ADAPTERS, PREPARING, SIP_VOICE, parts_store
from hub.channels import store as channel_store
from hub.channels.base import Account, Channel, OutboundMessage
from hub.channels.codes import Retry
from hub.channels.content import CONTENT, Content, answered_id
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.health_store import Seen
from hub.channels.http import ProviderClient
from hub.clock import SystemClock
from hub.conversations.store import suppress
from hub.conversations.views import moved_events
from hub.deliveries import Report
from hub.directory import Directories, Directory
from hub.errors import HubError
from hub.ids import decode_id, encode_id
from hub.media.links import Links, with_links
from hub.settings import Settings
from hub.webhooks import telling
from models.db import Db, Scope, is_retryable, transaction
from models.pipe import pipeline

IDLE_S = 0.5  # how long to sleep when nobody wakes us
RECONCILE_EVERY_S = 2.0
ATTEMPTS_MAX = 12  # with the waits between them about five minutes
RECORD_EVERY = 256
AGAIN_MIN = timedelta(seconds=0.1)
EXPIRED = "expired"  # our own code: nobody was asked
ACCOUNT_S = 3.0  # how old what is known of a provider account may be

log = structlog.get_logger()


@dataclass(slots=True)
class Outcome:
    """What one attempt brought. `error` None: accepted under `provider_message_id`."""

    row: Any
    provider_message_id: str | None
    error: SendRefused | SendOutcomeUnknown | None
    at: datetime
    account_id: UUID | None = None  # the provider was asked, by this account
    latency_ms: int = 0
    held_until: datetime | None = None  # it certainly did not leave: owed again then, and this was no attempt
    parts: Sequence[Mapping[str, Any]] = ()  # rows of message_parts


@dataclass(frozen=True, slots=True)
class Claim:
    """Sends that are ours until `stale_at` (the loop's clock), and what to know of their tenants."""

    rows: Sequence[Any]
    directories: Mapping[UUID, Directory]
    stale_at: float


NOTHING = Claim((), {}, 0.0)


class SenderHost(Shell):
    """Claims, sends, records. A crash leaves claimed rows: they are reconciled with the provider, never resent blindly."""

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.clock = SystemClock()
        self.client = ProviderClient(settings.sender_in_flight, settings.sender_timeout_s)
        self.directories = Directories(self.engine)
        self.accounts: dict[UUID, tuple[float, Account]] = {}
        self.gate = Gate(self.redis, self.account)
        self.links = Links(settings.secret_key.get_secret_value(), settings.public_url)
        self._in_flight = asyncio.Semaphore(settings.sender_in_flight)
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._running: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._record_now = asyncio.Event()

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._listen_for_ever()),
            asyncio.create_task(self._send_for_ever()),
            asyncio.create_task(self._record_for_ever()),
            asyncio.create_task(self._reconcile_for_ever()),
        ]

    async def account(self, account_id: UUID) -> Account:
        """The provider account with its opened credentials; a change of it is seen within seconds."""
        read_at, known = self.accounts.get(account_id, (0.0, None))
        if known is not None and time.monotonic() - read_at < ACCOUNT_S:
            return known
        async with transaction(self.engine, Scope.nothing()) as db:
            known = await channel_store.account(db, account_id, self.settings.secret_key.get_secret_value())
        if known is None:
            raise SendRefused("the provider account is not there any more", "no-account")
        self.accounts[account_id] = (time.monotonic(), known)
        return known

    async def _listen_for_ever(self) -> None:
        """Wake when somebody commits to the outbox; polling covers what is missed."""
        while True:
            try:
                async with self.redis.pubsub() as subscription:
                    await subscription.subscribe(realtime.OUTBOX_WAKE)
                    async for _ in subscription.listen():
                        self._woken.set()
            except (RedisError, OSError):
                await asyncio.sleep(1)

    async def _send_for_ever(self) -> None:
        """Send one claim while the next is made: a claim takes as long as a dozen sends."""
        claiming = asyncio.create_task(self._claim())
        while True:
            claim = await claiming
            claiming = asyncio.create_task(self._claim() if claim.rows else self._claim_later())
            batches, single = account_batches(claim)
            sends: list[tuple[Sequence[Any], Callable[[], Coroutine[Any, Any, None]]]] = [
                ([row for row, _ in batch], partial(send_batch, self, batch)) for batch in batches
            ]
            for row in single:
                channel = claim.directories[row.tenant_id].channels.get(row.channel_id)
                sends.append(([row], partial(self._send, row, channel)))
            for place, (_, send) in enumerate(sends):
                await self._in_flight.acquire()
                if asyncio.get_running_loop().time() > claim.stale_at:
                    self._in_flight.release()
                    await self._give_back([row for rows, _ in sends[place:] for row in rows])
                    break
                task = asyncio.create_task(send())
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _claim_later(self) -> Claim:
        await self._sleep()
        return await self._claim()

    async def _sleep(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), IDLE_S)
        self._woken.clear()

    async def _claim(self) -> Claim:
        """Up to one window of sends; a tenant can hold at most half of it while another waits. Empty when it fails."""
        limit = self.settings.sender_in_flight * 2
        lasts_s = self.settings.unknown_grace_s - self.settings.sender_timeout_s - 1
        stale_at = asyncio.get_running_loop().time() + lasts_s
        try:
            async with pipeline(self.pool, Scope.nothing()) as db:
                tenants = await outbox.tenants_with_work(db)
            if not tenants:
                return NOTHING
            async with pipeline(self.pool, Scope.of(*tenants)) as db:
                resting = self.gate.resting(self.clock.now())
                rows = await outbox.claim(db, tenants, self.name, limit, *resting)
            directories = await self.directories.knowing((row.tenant_id, row.channel_id) for row in rows)
            channels = {key: each for known in directories.values() for key, each in known.channels.items()}
            now = self.clock.now()
            admitted = await self.gate.admit(rows, channels, now, StandIns(directories))
            if admitted.held or admitted.moved:
                async with pipeline(self.pool, Scope.of(*tenants)) as db:
                    await move(db, admitted.moved, now)
                    await outbox.wait(db, *keys_of(admitted.held))
            if admitted.moved:
                self._woken.set()  # they are due at once, over the other channel
            return Claim(admitted.rows, directories, stale_at)
        except Exception:
            log.exception("claim_failed", host=self.name)
            return NOTHING

    async def _give_back(self, rows: Sequence[Any]) -> None:
        """Rows that were not sent and are too old to be: reconciliation would soon ask about them as if they were."""
        keys = [(row.tenant_id, row.message_id) for row in rows]
        try:
            async with pipeline(self.pool, Scope.of(*{tenant for tenant, _ in keys})) as db:
                await outbox.wait(db, keys, [self.clock.now()] * len(keys))
        except Exception:  # then they are reconciled: late, but nothing is lost
            log.exception("give_back_failed", host=self.name)

    async def _send(self, row: Any, channel: Channel | None) -> None:
        outcome = Outcome(row, None, None, self.clock.now())
        started = time.monotonic()
        try:
            if channel is None:
                raise SendRefused("the channel is not there any more", "no-channel")
            if row.is_over(outcome.at):
                raise SendRefused("it was worth sending no longer", EXPIRED)
            account = await self.account(channel.account_id)
            outcome.account_id, started = account.id, time.monotonic()
            outcome.provider_message_id = await self._call(row, channel, account)
        except (SendRefused, SendOutcomeUnknown) as failure:
            outcome.error = failure
        except HubError as failure:  # ours, before anybody was asked
            outcome.error, outcome.account_id = SendRefused(str(failure), failure.code), None
        except Exception as failure:  # a fault of ours after the request may have left
            log.exception("send_failed", host=self.name)
            outcome.error, outcome.account_id = SendOutcomeUnknown(type(failure).__name__), None
        finally:
            self._in_flight.release()
        outcome.at, outcome.latency_ms = self.clock.now(), round((time.monotonic() - started) * 1000)
        self.take([outcome])

    def free(self) -> None:
        """A batch has its answers: the next may leave."""
        self._in_flight.release()

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Outcomes to write down."""
        self._outcomes += outcomes
        self._record_now.set()

    async def _call(self, row: Any, channel: Channel, account: Account) -> str:
        if channel.provider == SIP_VOICE.provider:
            return await dial_over_trunk(self.settings, row, channel)
        adapter = HTTP_ADAPTERS[key := (channel.provider, channel.kind)]
        if key in PREPARING:
            account = await PREPARING[key].prepare(self.client, account)
        reference = encode_id("msg", row.message_id)
        path = adapter.callback(encode_id("acc", account.id), reference)
        content, reply_to = None, ""
        if row.content is not None:
            content, reply_to = await self._content(row, CONTENT.validate_python(row.content))
        message = OutboundMessage(
            reference,
            row.address,
            row.body,
            self.settings.public_url + path,
            content,
            row.validity_s(self.clock.now()),
            traffic=row.purpose or "",
            attempt=row.attempts,
            reply_to=reply_to,
        )
        status, body = await self.client.post(adapter.request(account, channel, message))
        return adapter.accepted(status, body).provider_message_id

    async def _content(self, row: Any, content: Content) -> tuple[Content, str]:
        """The content with addresses of our media, and the provider's id of the message that it answers."""
        linked = with_links(content, lambda media_id: self.links.of(media_id, self.clock.now()))
        answered = answered_id(content)
        if answered is None:
            return linked, ""
        async with pipeline(self.pool, Scope.of(row.tenant_id)) as db:
            found = await deliveries.provider_id(db, row.tenant_id, decode_id("msg", answered))
        if found is None:
            raise SendRefused("the message that it answers is not there", "no-message")
        return linked, found

    async def _record_for_ever(self) -> None:
        """Write outcomes in batches: whatever came while the last batch was being written."""
        while True:
            await self._record_now.wait()
            await asyncio.sleep(self.settings.record_delay_ms / 1000)  # let outcomes gather
            self._record_now.clear()
            while self._outcomes:
                batch, self._outcomes = self._outcomes[:RECORD_EVERY], self._outcomes[RECORD_EVERY:]
                try:
                    await self._record(batch)
                except (DataError, IntegrityError):
                    await self._record_one_by_one(batch)
                except Exception as error:
                    if not is_retryable(error):
                        log.exception("record_failed", host=self.name, outcomes=len(batch))
                        await asyncio.sleep(0.5)
                    self._outcomes = batch + self._outcomes

    async def _record_one_by_one(self, batch: Sequence[Outcome]) -> None:
        """An outcome that no row can hold is left out; its send stays claimed, so it is reconciled."""
        for outcome in batch:
            try:
                await self._record([outcome], careful=True)
            except (DataError, IntegrityError):
                log.exception("outcome_failed", host=self.name)
            except Exception:
                self._outcomes.append(outcome)

    async def _record(self, batch: Sequence[Outcome], careful: bool = False) -> None:
        sent, gone, again, dark = [], [], [], []
        held = [(o.row, o.held_until) for o in batch if o.held_until is not None]
        for outcome in batch:
            match outcome.error:
                case None if outcome.held_until is not None:
                    continue
                case None:
                    sent.append(outcome)
                case SendOutcomeUnknown():
                    dark.append(outcome)
                case SendRefused(retryable=True) as error if outcome.row.attempts < (
                    error.attempts_max or ATTEMPTS_MAX
                ):
                    again.append(outcome)
                case _:
                    gone.append(outcome)
        reports = [_report(o, Status.SENT) for o in sent] + [_report(o, _end_of(o)) for o in gone]
        reports += [_report(o, Status.UNKNOWN) for o in dark]
        suppressed = [o for o in gone if isinstance(o.error, SendRefused) and o.error.retry is Retry.SUPPRESS]
        async with pipeline(self.pool, Scope.of(*{o.row.tenant_id for o in batch})) as db:
            # Rows of `messages` first, in id order, then the outbox: the same order as everywhere.
            applied = await telling.apply(db, reports, careful, self.directories, self.clock.now())
            await outbox.done(db, [_key(o) for o in sent + gone])
            await outbox.later(db, [_key(o) for o in again], [_again_at(o) for o in again])
            await outbox.unknown(db, [_key(o) for o in dark])
            await outbox.wait(db, *keys_of(held))
            await parts_store.record(db, [part for o in batch for part in o.parts])
            for outcome in suppressed:
                await self._suppress(db, outcome)
        for row, until in held:
            self.gate.rest(row.channel_id, self.clock.now(), until)
        await realtime.publish(self.redis, moved_events(applied.changed))
        await self._learn(batch)

    async def _learn(self, batch: Sequence[Outcome]) -> None:
        """What the outcomes say of the accounts. The messages are written already: a failure here costs a count."""
        self.gate.slow_down(batch)
        seen = [Seen(o.account_id, o.error, o.latency_ms) for o in batch if o.account_id is not None]
        if not seen:
            return
        try:
            for turned in await self.gate.health.learn(seen):
                tenants = {o.row.tenant_id for o in batch if o.account_id == turned.account_id}
                await tell_turned(self, turned, tenants)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("health_unwritten", host=self.name, error=type(error).__name__)
        except Exception:
            log.exception("health_untold", host=self.name)

    async def _suppress(self, db: Db, outcome: Outcome) -> None:
        row, error = outcome.row, outcome.error
        channel = (await self.directories.one(row.tenant_id)).channels.get(row.channel_id)
        if channel is not None and isinstance(error, SendRefused):
            await suppress(
                db, row.tenant_id, row.contact_id, channel.kind.value, error.provider_code, outcome.at
            )

    async def _reconcile_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_EVERY_S)
            try:
                before = self.clock.now() - timedelta(seconds=self.settings.unknown_grace_s)
                await reconcile(self, before)
            except Exception:
                log.exception("reconcile_failed", host=self.name)


def _again_at(outcome: Outcome) -> datetime:
    """Full jitter below the capped wait, and never before the provider's own wish."""
    wished_s = outcome.error.wait_s if isinstance(outcome.error, SendRefused) else 0.0
    drawn = outbox.backoff(outcome.row.attempts) * random.random()
    return outcome.at + max(drawn, timedelta(seconds=wished_s), AGAIN_MIN)


def _end_of(outcome: Outcome) -> Status:
    """How a message ended that no provider will get."""
    error = outcome.error
    over = isinstance(error, SendRefused) and error.provider_code == EXPIRED
    return Status.EXPIRED if over else Status.FAILED


def _key(outcome: Outcome) -> outbox.Key:
    return outcome.row.tenant_id, outcome.row.message_id


def _report(outcome: Outcome, status: Status) -> Report:
    error = outcome.error
    code = error.provider_code if isinstance(error, SendRefused) else None
    reason = str(error) if error is not None else None
    row = outcome.row
    name = (row.tenant_id, row.channel_id, row.message_id)
    return Report(*name, outcome.provider_message_id, status, outcome.at, code, reason)
