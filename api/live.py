"""One reader of a tenant's Redis stream for all its open screens in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.realtime import ENTRY_EVENTS_MAX, needed_for, stream_key

QUEUE_EVENTS_MAX = 2_000
REPLAY_ENTRIES_MAX = 2_000
BLOCK_MS = 5_000
GAP = b'{"type":"gap"}'

log = structlog.get_logger()


class Position(NamedTuple):
    """Where an event stands: the stream's entry and the event's place in it. Text form: `1700000000000-0.3`."""

    milliseconds: int
    sequence: int
    place: int

    @property
    def entry(self) -> str:
        return f"{self.milliseconds}-{self.sequence}"

    def __str__(self) -> str:
        return f"{self.entry}.{self.place}"

    @classmethod
    def of(cls, entry: bytes, place: int) -> Position:
        milliseconds, _, sequence = entry.partition(b"-")
        return cls(int(milliseconds), int(sequence or 0), place)

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position of a Last-Event-ID. Raises ValueError."""
        entry, _, place = text.partition(".")
        return cls.of(entry.encode(), int(place or 0))


class LiveEvent(NamedTuple):
    """`needs`: the permission that its reader must have; empty: it is for everybody, as a gap is."""

    position: Position
    data: bytes
    needs: str = ""


class Subscription:
    """One screen's share of the stream."""

    def __init__(
        self, queue: asyncio.Queue[LiveEvent], missed: list[LiveEvent], after: Position | None
    ) -> None:
        self._queue = queue
        self._missed = missed
        self._after = after  # the queue may hold what the replay gave, or what was seen before

    async def next(self, timeout_s: float) -> list[LiveEvent]:
        """All events there are, waiting for the first; empty after `timeout_s` of silence."""
        if self._missed:
            events, self._missed = self._missed, []
            return events
        try:
            async with asyncio.timeout(timeout_s):  # wait_for would make a task of every wait
                events = [await self._queue.get()]
        except TimeoutError:
            return []
        while not self._queue.empty():
            events.append(self._queue.get_nowait())
        after = self._after
        return events if after is None else [event for event in events if event.position > after]


class Live:
    """Fans one XREAD a tenant out to many subscribers. A subscriber that falls behind gets a gap, not a backlog."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis  # its stubs allow every reply of every protocol version
        self._subscribers: dict[UUID, set[asyncio.Queue[LiveEvent]]] = {}
        self._readers: dict[UUID, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def subscribe(self, tenant_id: UUID, last: Position | None) -> AsyncIterator[Subscription]:
        """Events after `last` (from now on without one). A trimmed history begins with a gap."""
        queue: asyncio.Queue[LiveEvent] = asyncio.Queue(QUEUE_EVENTS_MAX)
        self._subscribers.setdefault(tenant_id, set()).add(queue)
        try:
            if tenant_id not in self._readers:
                started = asyncio.Event()
                self._readers[tenant_id] = asyncio.create_task(self._read_for_ever(tenant_id, started))
                await started.wait()
            missed = [] if last is None else await self._replay(tenant_id, last)
            yield Subscription(queue, missed, missed[-1].position if missed else last)
        finally:
            self._leave(tenant_id, queue)

    def _leave(self, tenant_id: UUID, queue: asyncio.Queue[LiveEvent]) -> None:
        others = self._subscribers.get(tenant_id, set())
        others.discard(queue)
        if not others:
            self._subscribers.pop(tenant_id, None)
            reader = self._readers.pop(tenant_id, None)
            if reader is not None:
                reader.cancel()

    async def _replay(self, tenant_id: UUID, last: Position) -> list[LiveEvent]:
        """What the stream still has after `last`."""
        key = stream_key(tenant_id)
        first = await self._redis.xrange(key, count=1)
        if not first:  # Redis has lost its history, and we cannot know what was in it
            return [LiveEvent(Position(0, 0, 0), GAP)]
        missed = await self._redis.xrange(key, min=last.entry, count=REPLAY_ENTRIES_MAX)
        newest = Position.of((await self._redis.xrevrange(key, count=1) or first)[0][0], ENTRY_EVENTS_MAX)
        trimmed = Position.of(first[0][0], last.place) > last
        if trimmed or last > newest or len(missed) == REPLAY_ENTRIES_MAX:
            return [LiveEvent(newest, GAP)]
        return [event for event in _events(missed) if event.position > last]

    async def _read_for_ever(self, tenant_id: UUID, started: asyncio.Event) -> None:
        key = stream_key(tenant_id)
        position: bytes | None = None
        while True:
            try:
                if position is None:
                    newest = await self._redis.xrevrange(key, count=1)
                    position = newest[0][0] if newest else b"0-0"
                    started.set()
                for _, entries in await self._redis.xread({key: position}, count=200, block=BLOCK_MS) or []:
                    position = entries[-1][0]
                    for event in _events(entries):
                        self._hand_out(tenant_id, event)
            except (RedisError, OSError) as error:
                log.warning("live_stream_read_failed", error=type(error).__name__)
                started.set()
                await asyncio.sleep(0.5)

    def _hand_out(self, tenant_id: UUID, event: LiveEvent) -> None:
        for queue in self._subscribers.get(tenant_id, ()):
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(LiveEvent(event.position, GAP))
            else:
                queue.put_nowait(event)

    async def close(self) -> None:
        for reader in self._readers.values():
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader


def _events(entries: list[tuple[bytes, dict[bytes, bytes]]]) -> Iterator[LiveEvent]:
    """The events of stream entries in order; an entry's fields are named 0, 1, 2 …."""
    for entry, fields in entries:
        for place, data in enumerate(fields.values()):
            needs = needed_for(data)
            if needs is not None:
                yield LiveEvent(Position.of(entry, place), data, needs)
