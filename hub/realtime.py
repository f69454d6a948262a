"""The per-tenant live stream in Redis: written after the commit, read by the gateways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

STREAM_ENTRIES_MAX = 4_000
ENTRY_EVENTS_MAX = 25
FORGET_ENTRIES = 200  # looked at a round trip
OUTBOX_WAKE = "hub:outbox"  # pub/sub: there is something to send

log = structlog.get_logger()


def stream_key(tenant_id: UUID) -> str:
    return f"t:{tenant_id.hex}:live"


def encode(event: Mapping[str, Any]) -> bytes:
    return orjson.dumps(event, default=str)


async def publish(
    redis: Redis, events: Sequence[tuple[UUID, Mapping[str, Any]]], wake_sender: bool = False
) -> None:
    """Append (tenant, event) pairs to the tenants' streams in one round trip, several events an entry.

    The truth is committed already: when Redis does not answer, screens read it again on their next connect, so a
    failure is logged and not raised.
    """
    if not events and not wake_sender:
        return
    pipeline = redis.pipeline(transaction=False)
    by_tenant: dict[UUID, list[bytes]] = defaultdict(list)
    for tenant_id, event in events:
        by_tenant[tenant_id].append(encode(event))
    for tenant_id, encoded in by_tenant.items():
        for first in range(0, len(encoded), ENTRY_EVENTS_MAX):
            entry: Any = dict(enumerate(encoded[first : first + ENTRY_EVENTS_MAX]))
            pipeline.xadd(stream_key(tenant_id), entry, maxlen=STREAM_ENTRIES_MAX, approximate=True)
    if wake_sender:
        pipeline.publish(OUTBOX_WAKE, b"1")
    try:
        await pipeline.execute()
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
