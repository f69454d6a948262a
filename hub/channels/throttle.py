"""How fast an account or a number may send: rates shared by all senders, counted in Redis, one script call an account.

Each rate is a GCRA: one number, the time at which the bucket would be empty again. Bulk also takes from a second bucket
of nine tenths of the rate, so that replies and agents always find room. Whoever must wait is told for how long, one
behind the other; nobody waits busily. Defaults are the providers' own (channel reference sections 1 and 4).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.sms_parts import sms_parts

BULK_SHARE = 0.9
BURST_MS = 1_000  # a second's worth may leave at once
REDIS_TIMEOUT_S = 0.5
LOCAL_SHARE = 4  # without Redis each sender grants a quarter: never open, never shut
LOCAL_BUCKETS_MAX = 20_000

log = structlog.get_logger()


class Limits(BaseModel):
    """The rates of a provider account; absent: the provider's usual one, 0: none."""

    model_config = ConfigDict(extra="forbid")

    messages_per_s: float | None = Field(None, ge=0, le=100_000, title="Messages a second, the whole account")
    segments_per_s: float | None = Field(
        None, ge=0, le=100_000, title="SMS segments a second, the whole account"
    )
    channel_messages_per_s: float | None = Field(
        None, ge=0, le=100_000, title="Messages a second, each number"
    )


# Twilio keeps a queue of ten hours a number itself, and links have windows: neither needs a rate that nobody set.
DEFAULTS: Mapping[tuple[str, ChannelKind], Limits] = {
    ("whatsapp_cloud", ChannelKind.WHATSAPP): Limits(channel_messages_per_s=80),
}
NO_LIMITS = Limits()


class Pair(NamedTuple):
    """One message every `every_ms` to one person, `burst` at once; more is 131056 at WhatsApp."""

    every_ms: int
    burst: int


PAIRS: Mapping[tuple[str, ChannelKind], Pair] = {
    ("whatsapp_cloud", ChannelKind.WHATSAPP): Pair(6_000, 45),
}


class Bucket(NamedTuple):
    """One rate. `every_ms` a unit; `burst_ms` of it may be taken at once."""

    key: str
    every_ms: float
    burst_ms: float


class Wish(NamedTuple):
    """One message and what it takes: places in the list of buckets, with how much of each."""

    takes: Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Ask:
    """One message that wants to leave."""

    account: Account
    channel: Channel
    contact_id: UUID
    body: str
    bulk: bool


def limits_of(account: Account, channel: Channel) -> Limits:
    """The account's own rates over the provider's usual ones."""
    usual = DEFAULTS.get((account.provider, channel.kind), NO_LIMITS)
    return usual.model_copy(update=dict(account.limits)) if account.limits else usual


def buckets_of(ask: Ask) -> list[tuple[Bucket, float]]:
    """What a message takes, and how much of it; empty when nothing limits it."""
    limits = limits_of(ask.account, ask.channel)
    tag = f"thr:{{{ask.account.id.hex}}}"
    wanted = [
        (f"{tag}:m", limits.messages_per_s, 1.0),
        (f"{tag}:c:{ask.channel.id.hex}", limits.channel_messages_per_s, 1.0),
    ]
    if limits.segments_per_s and ask.channel.kind is ChannelKind.SMS:
        wanted.append((f"{tag}:s", limits.segments_per_s, float(max(1, sms_parts(ask.body).parts))))
    taken: list[tuple[Bucket, float]] = []
    for key, per_s, units in wanted:
        if per_s:
            every_ms = 1000 / per_s
            taken.append((Bucket(key, every_ms, max(BURST_MS, every_ms)), units))
            if ask.bulk:
                every_ms /= BULK_SHARE
                taken.append((Bucket(key + ":b", every_ms, max(BURST_MS, every_ms)), units))
    pair = PAIRS.get((ask.account.provider, ask.channel.kind))
    if pair is not None:
        key = f"{tag}:p:{ask.channel.id.hex}:{ask.contact_id.hex}"
        taken.append((Bucket(key, pair.every_ms, pair.every_ms * pair.burst), 1.0))
    return taken


def take(
    empty_at: dict[str, float], buckets: Sequence[Bucket], wishes: Sequence[Wish], now_ms: float
) -> list[int]:
    """Milliseconds to wait for each wish, 0: it may leave and has taken. `empty_at` is changed.

    Who must wait takes nothing, but whoever wants the same after it in this call is told to wait behind it. A message
    of more parts than the burst holds may leave when the bucket is full: it could never leave otherwise.
    """
    queued = dict(empty_at)
    waits = []
    for wish in wishes:
        steps = [(buckets[place], units * buckets[place].every_ms) for place, units in wish.takes]
        own = [
            max(queued.get(bucket.key, 0.0), now_ms) + step - now_ms - max(bucket.burst_ms, step)
            for bucket, step in steps
        ]
        wait = max(own, default=0.0)
        for (bucket, step), its_wait in zip(steps, own, strict=True):
            if wait <= 0:
                empty_at[bucket.key] = max(empty_at.get(bucket.key, 0.0), now_ms) + step
            if (
                wait <= 0 or its_wait > 0
            ):  # who waits for one person's sake holds no place in the number's queue
                queued[bucket.key] = max(queued.get(bucket.key, 0.0), now_ms) + step
        waits.append(math.ceil(max(wait, 0.0)))
    return waits


# The same as `take`. KEYS: buckets. ARGV: how many wishes, then every_ms and burst_ms of each bucket, then for each wish
# how many buckets it takes from and place, units of each. The time is Redis's own: senders need not agree on theirs.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local every, burst, saved, queued, changed = {}, {}, {}, {}, {}
local at = 2
for i = 1, #KEYS do
  every[i], burst[i] = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  saved[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
  queued[i] = saved[i]
end
local waits = {}
for w = 1, tonumber(ARGV[1]) do
  local n = tonumber(ARGV[at])
  local wait, own = 0, {}
  for t = 0, n - 1 do
    local i = tonumber(ARGV[at + 1 + 2 * t])
    local step = tonumber(ARGV[at + 2 + 2 * t]) * every[i]
    own[t] = queued[i] + step - now - math.max(burst[i], step)
    wait = math.max(wait, own[t])
  end
  for t = 0, n - 1 do
    local i = tonumber(ARGV[at + 1 + 2 * t])
    local step = tonumber(ARGV[at + 2 + 2 * t]) * every[i]
    if wait <= 0 then saved[i] = saved[i] + step changed[i] = true end
    if wait <= 0 or own[t] > 0 then queued[i] = queued[i] + step end
  end
  at = at + 1 + 2 * n
  waits[w] = math.ceil(wait)
end
for i, _ in pairs(changed) do
  redis.call('SET', KEYS[i], string.format('%.3f', saved[i]), 'PX', math.ceil(saved[i] - now) + 1000)
end
return waits
"""


@dataclass(slots=True)
class Throttle:
    """Asked once a claim. Nothing configured: no call of Redis."""

    redis: Redis
    _script: Any = None
    _local: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _away: bool = False

    async def waits(self, asks: Sequence[Ask]) -> list[float]:
        """Seconds that each must wait, in the order given (live first); 0.0: it may leave now."""
        found = [0.0] * len(asks)
        by_account: dict[UUID, list[tuple[int, list[tuple[Bucket, float]]]]] = defaultdict(list)
        for place, ask in enumerate(asks):
            if taken := buckets_of(ask):
                by_account[ask.account.id].append((place, taken))
        answers = await asyncio.gather(*(self._take([t for _, t in group]) for group in by_account.values()))
        for group, waits in zip(by_account.values(), answers, strict=True):
            for (place, _), wait_ms in zip(group, waits, strict=True):
                found[place] = wait_ms / 1000
        return found

    async def _take(self, wanted: Sequence[Sequence[tuple[Bucket, float]]]) -> list[int]:
        places: dict[Bucket, int] = {}
        wishes = [
            Wish([(places.setdefault(bucket, len(places)), units) for bucket, units in each])
            for each in wanted
        ]
        buckets = list(places)
        numbers: list[float] = [len(wishes)]
        for bucket in buckets:
            numbers += (bucket.every_ms, bucket.burst_ms)
        for wish in wishes:
            numbers.append(len(wish.takes))
            for place, units in wish.takes:
                numbers += (place + 1, units)
        if self._script is None:
            self._script = self.redis.register_script(_TAKE)
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                waits = await self._script(keys=[bucket.key for bucket in buckets], args=numbers)
        except (RedisError, OSError, TimeoutError) as error:
            return self._take_local(buckets, wishes, error)
        self._away = False
        return [int(wait) for wait in waits]

    def _take_local(self, buckets: Sequence[Bucket], wishes: Sequence[Wish], error: Exception) -> list[int]:
        if not self._away:
            self._away = True
            log.warning("throttle_without_redis", error=type(error).__name__)
        slower = [Bucket(b.key, b.every_ms * LOCAL_SHARE, b.burst_ms) for b in buckets]
        waits = take(self._local, slower, wishes, time.monotonic() * 1000)
        while len(self._local) > LOCAL_BUCKETS_MAX:
            self._local.popitem(last=False)
        return waits
