"""The live stream in Redis: written after the commit, bounded, and never a reason to fail."""

from __future__ import annotations

from uuid import UUID

import orjson
from redis.asyncio import Redis

from hub import realtime
from hub.ids import new_id
from hub.realtime import ENTRY_EVENTS_MAX, OUTBOX_WAKE, STREAM_ENTRIES_MAX, publish, stream_key


async def read(redis: Redis, tenant: UUID) -> list[dict[str, object]]:
    entries = await redis.xrange(stream_key(tenant))
    return [orjson.loads(event) for _, fields in entries for event in fields.values()]


async def test_events_of_a_tenant_stay_in_order_and_apart(redis: Redis) -> None:
    one, other = new_id(), new_id()
    count = ENTRY_EVENTS_MAX * 2 + 3
    await publish(redis, [((one, other)[n % 2], {"type": "x", "n": n}) for n in range(count)])
    await publish(redis, [(one, {"type": "x", "n": count + 1})])
    assert [event["n"] for event in await read(redis, one)] == [*range(0, count, 2), count + 1]
    assert [event["n"] for event in await read(redis, other)] == [*range(1, count, 2)]


async def test_the_stream_is_bounded(redis: Redis) -> None:
    tenant = new_id()
    event = {"type": "x"}
    for _ in range(5):
        await publish(redis, [(tenant, event)] * (ENTRY_EVENTS_MAX * STREAM_ENTRIES_MAX // 4))
    assert await redis.xlen(stream_key(tenant)) <= STREAM_ENTRIES_MAX * 1.1
    await redis.delete(stream_key(tenant))


async def test_the_sender_is_woken(redis: Redis) -> None:
    async with redis.pubsub() as subscription:
        await subscription.subscribe(OUTBOX_WAKE)
        await subscription.get_message(timeout=5)
        await publish(redis, [], wake_sender=True)
        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=5)
    assert message is not None


async def test_ids_and_times_are_written_as_text(redis: Redis) -> None:
    tenant = new_id()
    await publish(redis, [(tenant, {"type": "x", "id": tenant})])
    assert (await read(redis, tenant))[0]["id"] == str(tenant)


async def test_a_redis_that_is_away_is_no_error() -> None:
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2, retry=None)
    await publish(away, [(new_id(), {"type": "x"})], wake_sender=True)
    await away.aclose()


async def test_a_lost_connection_is_made_again(redis: Redis) -> None:
    tenant = new_id()
    await publish(redis, [(tenant, {"n": 1})])
    connection = realtime._lines[redis]._connection
    await connection.send_command("CLIENT", "ID")
    await redis.client_kill_filter(_id=str(await connection.read_response()))
    await publish(redis, [(tenant, {"n": 2})])
    assert [event["n"] for event in await read(redis, tenant)] == [1, 2]


async def test_encoded_events_are_written_as_they_are(redis: Redis) -> None:
    tenant = new_id()
    await publish(redis, [(tenant, realtime.encode({"n": 1})), (tenant, {"n": 2})])
    assert [event["n"] for event in await read(redis, tenant)] == [1, 2]
