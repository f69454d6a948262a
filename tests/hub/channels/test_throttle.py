"""Throttle: who may leave now, who waits and how long; Redis and the process count alike."""

from __future__ import annotations

import random
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.throttle import Ask, Bucket, Throttle, Wish, buckets_of, limits_of, take
from hub.ids import new_id


def account(provider: str = "twilio", **limits: float) -> Account:
    return Account(new_id(), new_id(), provider, "AC1", "https://h.example", {}, {}, "active", limits)


def channel(owner: Account, kind: ChannelKind = ChannelKind.SMS) -> Channel:
    return Channel(new_id(), owner.tenant_id, owner.id, kind, owner.provider, "n", "+15550001", "+15550001")


def asks(owner: Account, count: int, *, body: str = "hi", bulk: bool = False, **place: Any) -> list[Ask]:
    number = place.get("number") or channel(owner, place.get("kind", ChannelKind.SMS))
    return [Ask(owner, number, place.get("contact") or new_id(), body, bulk) for _ in range(count)]


def leaving(waits: list[float]) -> int:
    return sum(wait == 0 for wait in waits)


async def test_a_second_s_worth_leaves_and_the_rest_queue_one_behind_the_other(redis: Redis) -> None:
    waits = await Throttle(redis).waits(asks(account(messages_per_s=10), 15))
    assert waits[:10] == [0.0] * 10
    assert waits[10:] == sorted(waits[10:])
    assert 0 < waits[10] <= 0.1
    assert 0.4 < waits[14] <= 0.5


async def test_all_senders_share_one_rate(redis: Redis) -> None:
    owner = account(messages_per_s=10)
    first, second = Throttle(redis), Throttle(redis)
    assert leaving(await first.waits(asks(owner, 8))) == 8
    assert leaving(await second.waits(asks(owner, 8))) in (2, 3)  # time passes between two calls


async def test_bulk_leaves_a_tenth_for_replies(redis: Redis) -> None:
    owner = account(messages_per_s=100)
    throttle = Throttle(redis)
    assert leaving(await throttle.waits(asks(owner, 200, bulk=True))) == 90
    assert leaving(await throttle.waits(asks(owner, 5))) == 5


async def test_a_long_text_takes_all_its_segments(redis: Redis) -> None:
    owner = account(segments_per_s=10)
    assert leaving(await Throttle(redis).waits(asks(owner, 10, body="a" * 161))) == 5


async def test_a_text_longer_than_the_burst_leaves_once_the_bucket_is_full(redis: Redis) -> None:
    owner = account(segments_per_s=1)
    waits = await Throttle(redis).waits(asks(owner, 2, body="a" * 400))
    assert waits[0] == 0
    assert waits[1] > 2


async def test_one_person_gets_45_at_once_from_a_whatsapp_number_and_then_one_each_six_seconds(
    redis: Redis,
) -> None:
    owner = account("whatsapp_cloud", channel_messages_per_s=1000)
    number, contact = channel(owner, ChannelKind.WHATSAPP), new_id()
    waits = await Throttle(redis).waits(asks(owner, 47, number=number, contact=contact))
    assert leaving(waits) == 45
    assert 5 < waits[45] <= 6
    assert 11 < waits[46] <= 12
    assert leaving(await Throttle(redis).waits(asks(owner, 3, number=number))) == 3  # others are not held up


def test_the_provider_s_usual_rate_stands_until_the_account_says_otherwise() -> None:
    number = channel(account("whatsapp_cloud"), ChannelKind.WHATSAPP)
    assert limits_of(account("whatsapp_cloud"), number).channel_messages_per_s == 80
    assert (
        limits_of(account("whatsapp_cloud", channel_messages_per_s=1000), number).channel_messages_per_s
        == 1000
    )
    assert limits_of(account("whatsapp_cloud", messages_per_s=5), number).channel_messages_per_s == 80


class NoRedis:
    """A server that is away; counts who asks."""

    def __init__(self) -> None:
        self.asked = 0

    def register_script(self, script: str) -> Any:
        async def call(**arguments: Any) -> Any:
            self.asked += 1
            raise RedisConnectionError

        return call


async def test_without_limits_redis_is_not_asked() -> None:
    away: Any = NoRedis()
    assert await Throttle(away).waits(asks(account(), 3)) == [0.0] * 3
    assert await Throttle(away).waits([]) == []
    assert away.asked == 0


async def test_without_redis_each_sender_grants_a_quarter(capsys: pytest.CaptureFixture[str]) -> None:
    away: Any = NoRedis()
    throttle, owner = Throttle(away), account(messages_per_s=100)
    assert leaving(await throttle.waits(asks(owner, 100))) == 25
    assert leaving(await throttle.waits(asks(owner, 100))) < 25
    out = capsys.readouterr()
    assert (out.out + out.err).count("throttle_without_redis") == 1


async def test_the_script_and_the_process_count_alike(redis: Redis) -> None:
    """Random wishes on slow buckets, so that the milliseconds between two calls decide nothing."""
    rng = random.Random(4)
    for _ in range(30):
        tag = new_id().hex
        buckets = [
            Bucket(f"thr:{{{tag}}}:{n}", rng.choice([60_000, 90_000]), rng.choice([90_000, 200_000]))
            for n in range(3)
        ]
        wishes = [
            Wish([(place, rng.choice([1, 2])) for place in rng.sample(range(3), rng.randint(1, 3))])
            for _ in range(12)
        ]
        here = take({}, buckets, wishes, 1_000_000.0)
        throttle = Throttle(redis)
        there = await throttle._take([[(buckets[p], float(u)) for p, u in wish.takes] for wish in wishes])
        assert there == here


def test_nothing_that_names_a_person_stands_in_a_key() -> None:
    owner = account("whatsapp_cloud", messages_per_s=5)
    for bucket, _ in buckets_of(asks(owner, 1, kind=ChannelKind.WHATSAPP, bulk=True)[0]):
        assert "+1555" not in bucket.key
