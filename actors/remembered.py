"""What a process remembers of the database for seconds: read once by all who ask, again in the background when old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

TTL_S = 3.0

K = TypeVar("K")
V = TypeVar("V")

log = structlog.get_logger()


class Remembered(Generic[K, V]):
    """Values by key. One older than `ttl_s` is read again while it is still used; older than twice that, it is waited for.

    What is not there (None) is not remembered. When reading again fails, the old value stands.
    """

    def __init__(self, read: Callable[[K], Awaitable[V | None]], ttl_s: float = TTL_S) -> None:
        self._read = read
        self._ttl_s = ttl_s
        self._known: dict[K, tuple[float, V]] = {}
        self._reading: dict[K, asyncio.Task[V | None]] = {}

    async def get(self, key: K) -> V | None:
        """The value, or None. Raises what reading raises, when nothing is known."""
        read_at, value = self._known.get(key, (0.0, None))
        age_s = time.monotonic() - read_at
        if value is not None and age_s < self._ttl_s:
            return value
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._again(key))
        if value is not None and age_s < 2 * self._ttl_s:
            return value
        return await asyncio.shield(reading)

    async def _again(self, key: K) -> V | None:
        try:
            value = await self._read(key)
        except Exception as error:
            if key not in self._known:
                raise
            log.warning("old_value_used", error=type(error).__name__)
            return self._known[key][1]
        finally:
            self._reading.pop(key, None)
        if value is None:
            self._known.pop(key, None)
        else:
            self._known[key] = (time.monotonic(), value)
        return value
