"""One reader of a tenant's Redis stream for all its open screens in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.realtime import stream_key

QUEUE_EVENTS_MAX = 2_000
REPLAY_EVENTS_MAX = 2_000
BLOCK_MS = 5_000
GAP = b'{"type":"gap"}'

Event = tuple[bytes, bytes]  # stream id, JSON
log = structlog.get_logger()


class Live:
    """Fans one XREAD a tenant out to many subscribers. A subscriber that falls behind gets a gap, not a backlog."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # its stubs allow every reply of every protocol version
        self._subscribers: dict[UUID, set[asyncio.Queue[Event]]] = {}
        self._readers: dict[UUID, asyncio.Task[None]] = {}

    async def subscribe(self, tenant_id: UUID, last_id: str | None) -> AsyncGenerator[Event, None]:
        """Events after `last_id` (from now on without one), for ever. A trimmed history begins with a gap."""
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_EVENTS_MAX)
        self._subscribers.setdefault(tenant_id, set()).add(queue)
        try:
            if tenant_id not in self._readers:
                started = asyncio.Event()
                self._readers[tenant_id] = asyncio.create_task(self._read_for_ever(tenant_id, started))
                await started.wait()
            replayed = b""
            if last_id:
                async for event in self._replay(tenant_id, last_id):
                    replayed = event[0]
                    yield event
            while True:
                event = await queue.get()
                if not replayed or _order(event[0]) > _order(replayed):
                    yield event
        finally:
            self._leave(tenant_id, queue)

    def _leave(self, tenant_id: UUID, queue: asyncio.Queue[Event]) -> None:
        others = self._subscribers.get(tenant_id, set())
        others.discard(queue)
        if not others:
            self._subscribers.pop(tenant_id, None)
            reader = self._readers.pop(tenant_id, None)
            if reader is not None:
                reader.cancel()

    async def _replay(self, tenant_id: UUID, last_id: str) -> AsyncIterator[Event]:
        """What the stream still has after `last_id`."""
        key = stream_key(tenant_id)
        first = await self._redis.xrange(key, count=1)
        missed = await self._redis.xrange(key, min=f"({last_id}", count=REPLAY_EVENTS_MAX)
        trimmed = bool(first) and _order(first[0][0]) > _order(last_id.encode())
        if trimmed or len(missed) == REPLAY_EVENTS_MAX:
            newest = await self._redis.xrevrange(key, count=1)
            yield (newest[0][0] if newest else last_id.encode()), GAP
            return
        for identifier, fields in missed:
            yield identifier, fields[b"e"]

    async def _read_for_ever(self, tenant_id: UUID, started: asyncio.Event) -> None:
        key = stream_key(tenant_id)
        position: bytes | None = None
        while True:
            try:
                if position is None:
                    newest = await self._redis.xrevrange(key, count=1)
                    position = newest[0][0] if newest else b"0-0"
                    started.set()
                for _, entries in await self._redis.xread({key: position}, count=500, block=BLOCK_MS) or []:
                    position = entries[-1][0]
                    for identifier, fields in entries:
                        self._hand_out(tenant_id, (identifier, fields[b"e"]))
            except (RedisError, OSError) as error:
                log.warning("live_stream_read_failed", error=type(error).__name__)
                started.set()
                await asyncio.sleep(0.5)

    def _hand_out(self, tenant_id: UUID, event: Event) -> None:
        for queue in self._subscribers.get(tenant_id, ()):
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait((event[0], GAP))
            else:
                queue.put_nowait(event)

    async def close(self) -> None:
        for reader in self._readers.values():
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader


def _order(identifier: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = identifier.partition(b"-")
    return int(milliseconds), int(sequence or 0)
