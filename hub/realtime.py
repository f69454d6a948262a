"""The per-tenant live stream in Redis: written after the commit, read by the gateways."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

STREAM_ENTRIES_MAX = 4_000
ENTRY_EVENTS_MAX = 25
FORGET_ENTRIES = 200  # looked at a round trip
OUTBOX_WAKE = "hub:outbox"  # pub/sub: there is something to send

NEEDS: Mapping[str, str] = {
    "call.updated": "inbox:read",
    "campaign.updated": "campaigns:read",
    "channel.health": "channels:read",
    "contact.typing": "inbox:read",
    "contact.updated": "contacts:read",
    "conversation.breached": "inbox:read",
    "conversation.typing": "inbox:read",
    "conversation.updated": "inbox:read",
    "conversation.viewing": "inbox:read",
    "desk_call.said": "inbox:read",
    "desk_call.updated": "inbox:read",
    "flows.moved": "campaigns:read",
    "import.updated": "contacts:import",
    "mention.created": "inbox:read",
    "message.corrected": "inbox:read",
    "message.created": "inbox:read",
    "message.updated": "inbox:read",
    "messages.arrived": "inbox:read",
    "presence.updated": "queues:read",
    "routing.updated": "queues:read",
    "segment.updated": "contacts:read",
    "wallet.updated": "wallet:read",
}
"""The permission to read what an event of this type tells; one that is not here is told to nobody."""

log = structlog.get_logger()


def needed_for(event: bytes) -> str | None:
    """The permission that an encoded event asks of its reader; None: nobody may read it."""
    begin, end = len(_TYPE), event.find(b'"', len(_TYPE))
    kind = event[begin:end].decode() if event.startswith(_TYPE) else orjson.loads(event).get("type", "")
    return NEEDS.get(kind)


_TYPE = b'{"type":"'  # how nearly all of them begin


def stream_key(tenant_id: UUID) -> str:
    return f"t:{tenant_id.hex}:live"


def encode(event: Mapping[str, Any]) -> bytes:
    return orjson.dumps(event, default=str)


async def publish(
    redis: Redis, events: Sequence[tuple[UUID, Mapping[str, Any] | bytes]], wake_sender: bool = False
) -> None:
    """Append (tenant, event or encoded event) pairs to the tenants' streams in one round trip, several events an entry.

    The truth is committed already: when Redis does not answer, screens read it again on their next connect, so a
    failure is logged and not raised.
    """
    if not events and not wake_sender:
        return
    by_tenant: dict[UUID, list[bytes]] = defaultdict(list)
    for tenant_id, event in events:
        by_tenant[tenant_id].append(event if isinstance(event, bytes) else encode(event))
    commands: list[tuple[Any, ...]] = []
    for tenant_id, encoded in by_tenant.items():
        for first in range(0, len(encoded), ENTRY_EVENTS_MAX):
            entry = encoded[first : first + ENTRY_EVENTS_MAX]
            fields = [part for place, event in enumerate(entry) for part in (place, event)]
            commands.append(("XADD", stream_key(tenant_id), "MAXLEN", "~", STREAM_ENTRIES_MAX, "*", *fields))
    if wake_sender:
        commands.append(("PUBLISH", OUTBOX_WAKE, b"1"))
    line = _lines.get(redis)
    if line is None:
        line = _lines[redis] = _Line(redis)
    try:
        await line.send(commands)
    except (RedisError, OSError) as error:
        log.warning("live_stream_write_failed", events=len(events), error=type(error).__name__)


async def forget(redis: Redis, tenant_id: UUID, words: Sequence[bytes]) -> int:
    """Take every entry that holds one of the words out of a tenant's stream; returns how many went.

    Whoever resumes from before such an entry misses what else it held; screens read again when they open.
    """
    start, gone = "-", 0
    key = stream_key(tenant_id)
    try:
        while True:
            entries: Any = await redis.xrange(key, start, "+", FORGET_ENTRIES)
            if not entries:
                break
            held = [
                entry_id
                for entry_id, fields in entries
                if any(word in value for value in fields.values() for word in words)
            ]
            if held:
                gone += await redis.xdel(key, *held)
            start = "(" + entries[-1][0].decode()
    except (RedisError, OSError) as error:
        log.warning("live_stream_not_forgotten", error=type(error).__name__)
    return gone


class _Line:
    """One connection of a client, kept: taking one from its pool for each command costs more than the command."""

    def __init__(self, redis: Redis) -> None:
        self._pool: Any = redis.connection_pool
        self._connection: Any = None
        self._turn = asyncio.Lock()

    async def send(self, commands: Sequence[tuple[Any, ...]]) -> None:
        """Send commands in one round trip, on a new connection once when the old one is gone. Raises RedisError, OSError."""
        async with self._turn:
            if self._connection is not None:
                try:
                    await self._exchange(commands)
                    return
                except (ConnectionError, RedisConnectionError):
                    pass  # an event that is there twice is shown once; one that is missing would not be shown
            if self._connection is None:
                self._connection = await self._pool.get_connection()
            await self._exchange(commands)

    async def _exchange(self, commands: Sequence[tuple[Any, ...]]) -> None:
        connection = self._connection
        done = False
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            answers = [await self._answer() for _ in commands]
            done = True
        finally:
            if not done:  # answers would be taken for those of the next command
                await connection.disconnect(nowait=True)
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer

    async def _answer(self) -> Any:
        try:
            return await self._connection.read_response()
        except ResponseError as error:  # of this command alone
            return error


_lines: WeakKeyDictionary[Redis, _Line] = WeakKeyDictionary()
