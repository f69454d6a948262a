"""Token buckets in Redis, one script a request; without Redis each process grants a share of the rate, never all."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

WINDOW_S = 60
REDIS_TIMEOUT_S = 0.5
LOCAL_SHARE = 4
LOCAL_BUCKETS_MAX = 20_000

# KEYS: bucket. ARGV: capacity, window in seconds. The time is Redis's own: gateways need not agree on theirs.
# Answers {taken 0|1, whole tokens left, milliseconds until the next token}.
_BUCKET = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local capacity, window = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(state[1]) or capacity
local at = tonumber(state[2]) or ms
tokens = math.min(capacity, tokens + math.max(0, ms - at) * capacity / window)
local taken = 0
if tokens >= 1 then tokens = tokens - 1 taken = 1 end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', ms)
redis.call('PEXPIRE', KEYS[1], window * 2)
local wait = 0
if tokens < 1 then wait = math.ceil((1 - tokens) * window / capacity) end
return {taken, math.floor(tokens), wait}
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The answer of a bucket: was a token taken, how many are left, how long until one is free."""

    taken: bool
    quota: int
    left: int
    wait_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """RateLimit headers of the IETF draft."""
        return [
            (b"ratelimit-policy", f'"default";q={self.quota};w={WINDOW_S}'.encode()),
            (b"ratelimit", f'"default";r={self.left};t={self.wait_s}'.encode()),
        ]


@dataclass(slots=True)
class RateLimiter:
    redis: Redis
    _script: Any = None
    _local: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    async def take(self, name: str, quota: int) -> Allowance:
        """Take one token of the bucket `name`, which holds `quota` and refills in 60 s."""
        if self._script is None:
            self._script = self.redis.register_script(_BUCKET)
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                taken, left, wait_ms = await self._script(keys=[name], args=[quota, WINDOW_S])
            return Allowance(bool(taken), quota, int(left), math.ceil(int(wait_ms) / 1000))
        except (RedisError, OSError, TimeoutError):
            return self._take_local(name, max(quota // LOCAL_SHARE, 1))

    def _take_local(self, name: str, quota: int) -> Allowance:
        now = time.monotonic()
        tokens, at = self._local.pop(name, (float(quota), now))
        tokens = min(quota, tokens + (now - at) * quota / WINDOW_S)
        taken = tokens >= 1
        tokens -= taken
        self._local[name] = (tokens, now)
        if len(self._local) > LOCAL_BUCKETS_MAX:
            self._local.popitem(last=False)
        wait_s = 0 if tokens >= 1 else math.ceil((1 - tokens) * WINDOW_S / quota)
        return Allowance(taken, quota, int(tokens), wait_s)
