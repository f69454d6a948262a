"""Sign-in attempts are bounded by account and by IP address, also while Redis is away."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import ClassVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.errors import Throttled

WINDOW_S = 900
ACCOUNT_ATTEMPTS_MAX = 10
IP_ATTEMPTS_MAX = 100
REDIS_TIMEOUT_S = 1.0
LOCAL_SHARE = 2  # without Redis each process allows 1/2: never open, never shut
LOCAL_KEYS_MAX = 10_000

# Counts and answers in one step, so that parallel attempts cannot slip through between reading and writing.
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('TTL', KEYS[1])}
"""
# DECR alone would make a counter without an end when the old one has just run out.
_TAKE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end return 0"


@dataclass(eq=False)
class TooManyAttempts(Throttled):
    """Too many sign-in attempts. Try again later."""

    code: ClassVar[str] = "too-many-attempts"


@dataclass(slots=True)
class LoginThrottle:
    """Counts an attempt before the password is looked at; a success takes its own attempt back."""

    redis: Redis
    account_attempts_max: int = ACCOUNT_ATTEMPTS_MAX
    ip_attempts_max: int = IP_ATTEMPTS_MAX
    _local: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    async def attempt(self, email: str, ip: str) -> None:
        """Count one attempt. Raises TooManyAttempts with the seconds to wait."""
        for key, allowed in ((_account(email), self.account_attempts_max), (_ip(ip), self.ip_attempts_max)):
            count, left_s, limit = await self._count(key, allowed)
            if count > limit:
                raise TooManyAttempts("", max(left_s, 1))

    async def succeeded(self, email: str, ip: str) -> None:
        """Forget the failures of this account, and this attempt of the address."""
        self._local.pop(_account(email), None)
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await self.redis.delete(_account(email))
                await self.redis.eval(_TAKE_BACK, 1, _ip(ip))
        except (RedisError, OSError):
            return  # the counters run out by themselves

    async def _count(self, key: str, allowed: int) -> tuple[int, int, int]:
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                count, left_s = await self.redis.eval(_COUNT, 1, key, str(WINDOW_S))
            return int(count), int(left_s), allowed
        except (RedisError, OSError):
            count, until = self._local.pop(key, (0, 0.0))
            now = time.monotonic()
            if until <= now:
                count, until = 0, now + WINDOW_S
            self._local[key] = (count + 1, until)
            if len(self._local) > LOCAL_KEYS_MAX:
                self._local.popitem(last=False)
            return count + 1, int(until - now), max(allowed // LOCAL_SHARE, 1)


def _account(email: str) -> str:
    return "login:account:" + hashlib.sha256(email.encode()).hexdigest()[:32]


def _ip(ip: str) -> str:
    return f"login:ip:{ip}"
