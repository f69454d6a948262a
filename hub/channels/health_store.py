"""Breakers and counters of provider accounts in Redis: all senders and screens see one state, a restart loses none."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis

from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.health import Breaker, State, Window, after, canary_sent, may_try, sign_of

MINUTES_KEPT = 180
HOURS_KEPT = 48
BREAKER_KEPT_S = 7 * 86_400
TRIES = 5
CALL_S = 1.0

# Written only over what was read: two senders that learn at the same time learn one after the other.
_SWAP = """
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] then return held end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return false
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One attempt at an account."""

    account_id: UUID
    error: SendRefused | SendOutcomeUnknown | None
    latency_ms: int


@dataclass(frozen=True, slots=True)
class Turned:
    """A breaker that opened or closed."""

    account_id: UUID
    before: Breaker
    after: Breaker


def _breaker_key(account_id: UUID) -> str:
    return f"health:{{{account_id.hex}}}:breaker"


def _minute_key(account_id: UUID, minute: int) -> str:
    return f"health:{{{account_id.hex}}}:m:{minute}"


def _hour_key(account_id: UUID, hour: int) -> str:
    return f"health:{{{account_id.hex}}}:e:{hour}"


def _read(raw: bytes | str | None) -> Breaker:
    if not raw:
        return Breaker()
    values = orjson.loads(raw)
    return Breaker(**{**values, "state": State(values["state"])})


def _written(breaker: Breaker) -> bytes:
    return orjson.dumps(asdict(breaker))


class HealthStore:
    """Raises RedisError, OSError or TimeoutError: callers go on without."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._swap: Any = redis.register_script(_SWAP)

    async def breakers(self, accounts: Sequence[UUID]) -> dict[UUID, Breaker]:
        """The state of each account; one that was never in trouble is closed."""
        if not accounts:
            return {}
        async with asyncio.timeout(CALL_S):
            raw = await asyncio.gather(*(self._redis.get(_breaker_key(each)) for each in accounts))
        return {account: _read(each) for account, each in zip(accounts, raw, strict=True)}

    async def take_canary(self, account_id: UUID) -> bool:
        """Whether the caller may send the one message that tries the account again."""
        key = _breaker_key(account_id)
        async with asyncio.timeout(CALL_S):
            raw = await self._redis.get(key) or b""
            breaker, now = _read(raw), time.time()
            if not may_try(breaker, now):
                return False
            new = _written(canary_sent(breaker, now))
            return await self._swap(keys=[key], args=[raw, new, BREAKER_KEPT_S]) is None

    async def learn(self, seen: Sequence[Seen]) -> list[Turned]:
        """Count the attempts and move the breakers; returns those that opened or closed."""
        by_account: dict[UUID, list[Seen]] = defaultdict(list)
        for each in seen:
            by_account[each.account_id].append(each)
        async with asyncio.timeout(CALL_S):
            await self._count(by_account)
            moved = [await self._move(account, each) for account, each in by_account.items()]
        return [turned for turned in moved if turned is not None]

    async def _move(self, account_id: UUID, seen: Sequence[Seen]) -> Turned | None:
        key = _breaker_key(account_id)
        raw = await self._redis.get(key) or b""
        for _ in range(TRIES):
            before = breaker = _read(raw)
            now = time.time()
            for each in seen:
                code = each.error.provider_code if isinstance(each.error, SendRefused) else ""
                # The reason is the table's words or ours: it holds no text of a message and no number.
                reason = str(each.error) if each.error is not None else ""
                breaker = after(breaker, sign_of(each.error), now, random.random(), reason[:200], code)
            if breaker == before:
                return None
            held = await self._swap(keys=[key], args=[raw, _written(breaker), BREAKER_KEPT_S])
            if held is None:
                turned = (before.state is State.CLOSED) != (breaker.state is State.CLOSED)
                return Turned(account_id, before, breaker) if turned else None
            raw = held
        return None  # somebody else writes faster: the next outcome says the same

    async def _count(self, by_account: Mapping[UUID, Sequence[Seen]]) -> None:
        now = int(time.time())
        async with self._redis.pipeline(transaction=False) as calls:
            for account, seen in by_account.items():
                sums: Counter[str] = Counter()
                codes: Counter[str] = Counter()
                for each in seen:
                    sums["sent"] += 1
                    sums["latency_ms"] += each.latency_ms
                    match each.error:
                        case None:
                            sums["accepted"] += 1
                        case SendOutcomeUnknown():
                            sums["unknown"] += 1
                        case SendRefused(provider_code=code):
                            sums["refused"] += 1
                            codes[code or "?"] += 1
                self._add(calls, _minute_key(account, now // 60), sums, MINUTES_KEPT * 60)
                self._add(calls, _hour_key(account, now // 3600), codes, HOURS_KEPT * 3600)
            await calls.execute()

    async def ended(self, account_id: UUID, delivered: int, failed_codes: Iterable[str]) -> None:
        """Count receipts: how many arrived, and the codes of those that did not."""
        codes = Counter(code or "?" for code in failed_codes)
        sums = Counter({"delivered": delivered, "failed": codes.total()})
        now = int(time.time())
        async with asyncio.timeout(CALL_S), self._redis.pipeline(transaction=False) as calls:
            self._add(calls, _minute_key(account_id, now // 60), sums, MINUTES_KEPT * 60)
            self._add(calls, _hour_key(account_id, now // 3600), codes, HOURS_KEPT * 3600)
            await calls.execute()

    @staticmethod
    def _add(calls: Any, key: str, sums: Mapping[str, int], lasts_s: int) -> None:
        wanted = {name: value for name, value in sums.items() if value}
        for name, value in wanted.items():
            calls.hincrby(key, name, value)
        if wanted:
            calls.expire(key, lasts_s)

    async def minutes(self, account_id: UUID, count: int) -> list[tuple[int, Window]]:
        """(seconds since the epoch, sums) of the last `count` minutes, oldest first."""
        last = int(time.time()) // 60
        wanted = range(last - count + 1, last + 1)
        async with asyncio.timeout(CALL_S), self._redis.pipeline(transaction=False) as calls:
            for minute in wanted:
                calls.hgetall(_minute_key(account_id, minute))
            found = await calls.execute()
        return [
            (minute * 60, replace(Window(), **{name.decode(): int(n) for name, n in sums.items()}))
            for minute, sums in zip(wanted, found, strict=True)
        ]

    async def errors(self, account_id: UUID, hours: int) -> Counter[str]:
        """How often each code came in the last `hours`."""
        last = int(time.time()) // 3600
        async with asyncio.timeout(CALL_S), self._redis.pipeline(transaction=False) as calls:
            for hour in range(last - hours + 1, last + 1):
                calls.hgetall(_hour_key(account_id, hour))
            found = await calls.execute()
        total: Counter[str] = Counter()
        for codes in found:
            total.update({code.decode(): int(n) for code, n in codes.items()})
        return total


def add_up(minutes: Iterable[tuple[int, Window]]) -> Window:
    """The sums over all of them."""
    totals: Counter[str] = Counter()
    for _, window in minutes:
        totals.update(asdict(window))
    return Window(**totals)
