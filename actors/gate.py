"""What stands between a claim and its sends: paused accounts, open breakers, rates. Asked once a claim."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from actors.reroute import Moved, StandIns
from hub import realtime
from hub.channels.base import Account, Channel
from hub.channels.codes import Retry
from hub.channels.errors import SendRefused
from hub.channels.health import State
from hub.channels.health_store import HealthStore, Turned
from hub.channels.throttle import PAIRS, Ask, Throttle
from hub.errors import HubError
from hub.ids import encode_id
from hub.outbox import Owed
from hub.tenancy import audit_log
from hub.tenancy.audit_log import Record
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.sender import Outcome, SenderHost

PAUSE_S = 2.0  # how soon a paused account is looked at again
REST_S = (
    0.5  # a number at its limit is left alone this long: its rows would be taken and given back without end
)
OPEN_S_MAX = 5.0  # a breaker may close sooner than it said
LIVE = 0
SLOWER_S = 1.0  # a number's first rest after "too many requests", and the longest
SLOWER_S_MAX = 30.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Admitted:
    """Rows that may leave now, rows that wait with the instant when they are due, and rows that others take over."""

    rows: Sequence[Owed]
    held: Sequence[tuple[Owed, datetime]]
    moved: Sequence[Moved] = ()


class Gate:
    """Of one sender. Remembers which channels rest, so that the next claim leaves their rows where they are."""

    def __init__(self, redis: Redis, account: Callable[[UUID], Awaitable[Account]]) -> None:
        self.health = HealthStore(redis)
        self._throttle = Throttle(redis)
        self._account = account
        self._resting: dict[UUID, datetime] = {}
        self._resting_bulk: dict[UUID, datetime] = {}
        self._too_fast: dict[UUID, float] = {}

    def resting(self, now: datetime) -> tuple[list[UUID], list[UUID]]:
        """Channels of which nothing is to be claimed now, and those of which no bulk is."""
        for held in (self._resting, self._resting_bulk):
            for channel_id in [each for each, until in held.items() if until <= now]:
                del held[channel_id]
        return list(self._resting), list(self._resting_bulk)

    async def admit(
        self,
        rows: Sequence[Owed],
        channels: Mapping[UUID, Channel],
        now: datetime,
        stand_ins: StandIns | None = None,
    ) -> Admitted:
        """Sort the rows of a claim, live lane first. A row whose channel or account is gone is let through: it fails there."""
        accounts = await self._accounts(
            {channels[r.channel_id].account_id for r in rows if r.channel_id in channels}
        )
        shut = await self._shut(list(accounts), now)
        free: list[Owed] = []
        asks: list[Ask] = []
        admitted: list[Owed] = []
        held: list[tuple[Owed, datetime]] = []
        tried: set[UUID] = set()
        moved: list[Moved] = []
        others = await self._others(rows, channels, accounts, shut, stand_ins, now)
        for row in rows:
            channel = channels.get(row.channel_id)
            account = accounts.get(channel.account_id) if channel is not None else None
            if channel is None or account is None:
                admitted.append(row)
            elif account.status == "paused":
                held.append((row, self._rest(row, now, now + timedelta(seconds=PAUSE_S))))
            elif (until := shut.get(account.id)) is not None:
                if account.id not in tried and await self._canary(account.id):
                    admitted.append(row)
                elif (other := others.get(row.message_id)) is not None:
                    moved.append(Moved(row, other))
                else:
                    held.append((row, self._rest(row, now, until)))
                tried.add(account.id)
            else:
                free.append(row)
                asks.append(Ask(account, channel, row.contact_id, row.body, row.lane != LIVE))
        for row, ask, wait_s in zip(free, asks, await self._throttle.waits(asks), strict=True):
            if wait_s <= 0:
                admitted.append(row)
            else:
                held.append((row, now + timedelta(seconds=wait_s)))
                resting = self._resting if row.lane == LIVE else self._resting_bulk
                for_one = wait_s >= 1 and (ask.account.provider, ask.channel.kind) in PAIRS
                if not for_one:  # the number's own rate: its next rows would wait as well
                    first = max(REST_S, min(wait_s, OPEN_S_MAX))
                    until = now + timedelta(seconds=first)
                    resting[row.channel_id] = min(resting.get(row.channel_id, until), until)
        return Admitted(admitted, held, moved)

    async def _others(
        self,
        rows: Sequence[Owed],
        channels: Mapping[UUID, Channel],
        accounts: Mapping[UUID, Account],
        shut: Mapping[UUID, datetime],
        stand_ins: StandIns | None,
        now: datetime,
    ) -> dict[UUID, Channel]:
        """Message → the first channel that stands in for the one whose account is out of order, and is in order itself."""
        stuck = [
            row for row in rows if row.channel_id in channels and channels[row.channel_id].account_id in shut
        ]
        if not stuck or stand_ins is None:
            return {}
        wanted = {row.message_id: stand_ins.of(row) for row in stuck}
        known = await self._accounts({each.account_id for found in wanted.values() for each in found})
        closed = await self._shut(list(known), now)
        able = {key for key, account in known.items() if account.status == "active" and key not in closed}
        return {
            message_id: first
            for message_id, found in wanted.items()
            if (first := next((each for each in found if each.account_id in able), None)) is not None
        }

    def rest(self, channel_id: UUID, now: datetime, until: datetime) -> None:
        """Claim nothing of a channel until then, five seconds at most."""
        self._resting[channel_id] = min(until, now + timedelta(seconds=OPEN_S_MAX))

    def slow_down(self, outcomes: Sequence[Outcome]) -> None:
        """Let a number rest whose provider says that it is too fast: twice as long each time it says so again.

        Of this sender only: another one hears it from the provider as well.
        """
        for outcome in outcomes:
            channel_id, error = outcome.row.channel_id, outcome.error
            if error is None:
                self._too_fast.pop(channel_id, None)
            elif isinstance(error, SendRefused) and error.retry is Retry.SLOWER and not error.of_person:
                until = self._resting.get(channel_id)
                if until is not None and until > outcome.at:
                    continue  # sent before it rested
                rest_s = min(self._too_fast.get(channel_id, SLOWER_S / 2) * 2, SLOWER_S_MAX)
                self._too_fast[channel_id] = rest_s
                self._resting[channel_id] = outcome.at + timedelta(seconds=max(rest_s, error.wait_s))

    def _rest(self, row: Owed, now: datetime, until: datetime) -> datetime:
        self.rest(row.channel_id, now, until)
        return until

    async def _accounts(self, ids: set[UUID]) -> dict[UUID, Account]:
        found = {}
        for account_id in ids:
            try:
                found[account_id] = await self._account(account_id)
            except HubError:
                continue  # the send itself will say so
        return found

    async def _shut(self, accounts: Sequence[UUID], now: datetime) -> dict[UUID, datetime]:
        """When to look again at the accounts whose breaker is not closed. Without Redis every account counts as well."""
        try:
            breakers = await self.health.breakers(accounts)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("health_unread", error=type(error).__name__)
            return {}
        soon = now.timestamp() + PAUSE_S
        return {
            account: datetime.fromtimestamp(max(breaker.until, soon), now.tzinfo)
            for account, breaker in breakers.items()
            if breaker.state is not State.CLOSED
        }

    async def _canary(self, account_id: UUID) -> bool:
        """Whether this row may be the one that tries the account again."""
        try:
            return await self.health.take_canary(account_id)
        except (RedisError, OSError, TimeoutError):
            return False


def keys_of(held: Sequence[tuple[Any, datetime]]) -> tuple[list[tuple[UUID, UUID]], list[datetime]]:
    """Held rows as the outbox wants them."""
    return [(row.tenant_id, row.message_id) for row, _ in held], [due for _, due in held]


async def tell_turned(host: SenderHost, turned: Turned, tenants: set[UUID]) -> None:
    """A breaker opened or closed: an entry in the audit log of the account's tenant, an event for all who use it."""
    account = await host.account(turned.account_id)
    public_id, new = encode_id("acc", account.id), turned.after
    opened = new.state is not State.CLOSED
    why = new if opened else turned.before
    data = {"reason": why.reason, "code": why.code}
    record = Record("system", f"provider_account.{'stopped' if opened else 'recovered'}", public_id, data)
    async with transaction(host.engine, Scope.of(account.tenant_id)) as db:
        await audit_log.append(db, account.tenant_id, record)
    event = {"type": "channel.health", "account_id": public_id, "state": new.state.value, **data}
    await realtime.publish(host.redis, [(tenant, event) for tenant in tenants | {account.tenant_id}])
    log.warning("account_turned", account=public_id, state=new.state.value, code=why.code)
