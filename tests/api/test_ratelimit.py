from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api.ratelimit import WINDOW_S, RateLimiter


@pytest.fixture
def bucket() -> str:
    return f"rl:test:{uuid4().hex}"


async def test_a_bucket_gives_its_quota_and_then_says_when(redis: Redis, bucket: str) -> None:
    limiter = RateLimiter(redis)
    found = [await limiter.take(bucket, 5) for _ in range(5)]
    assert [each.taken for each in found] == [True] * 5
    assert [each.left for each in found] == [4, 3, 2, 1, 0]
    refused = await limiter.take(bucket, 5)
    assert (refused.taken, refused.left) == (False, 0)
    assert 1 <= refused.wait_s <= WINDOW_S / 5
    assert refused.headers() == [
        (b"ratelimit-policy", b'"default";q=5;w=60'),
        (b"ratelimit", f'"default";r=0;t={refused.wait_s}'.encode()),
    ]


async def test_a_bucket_fills_again_and_never_above_its_quota(redis: Redis, bucket: str) -> None:
    limiter = RateLimiter(redis)
    for _ in range(3):
        await limiter.take(bucket, 3)
    for age_s, left in (
        (20, 0),
        (3600, 2),
    ):  # a third of the window is one token; an hour is no more than all
        now_s, _ = await redis.time()
        await redis.hset(bucket, mapping={"tokens": 0, "at": (now_s - age_s) * 1000})
        allowance = await limiter.take(bucket, 3)
        assert (allowance.taken, allowance.left) == (True, left)
    assert 0 < await redis.pttl(bucket) <= 2 * WINDOW_S * 1000


async def test_without_redis_each_process_grants_a_share() -> None:
    away = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    limiter = RateLimiter(away)
    found = [(await limiter.take("a", 20)).taken for _ in range(6)]
    assert found == [True] * 5 + [False]
    assert (await limiter.take("b", 20)).taken
    await away.aclose()


async def test_each_person_and_program_has_a_bucket(world: Any) -> None:
    world.app.state.settings = world.app.state.settings.model_copy(
        update={"rate_user_per_min": 3, "rate_key_per_min": 5}
    )
    async with (
        await world.sign_in("acme", "billing_admin") as one,
        await world.sign_in("acme", "analyst") as two,
    ):
        answers = [await one.get("/v1/me") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit"].startswith('"default";r=2;t=')
        assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
        assert answers[3].json()["code"] == "throttled"
        assert int(answers[3].headers["retry-after"]) == answers[3].json()["retry_after_s"] >= 1
        assert (await two.get("/v1/me")).status_code == 200
    async with await world.program("acme", "contacts:read") as program:
        assert (await program.get("/v1/me")).headers["ratelimit-policy"] == '"default";q=5;w=60'


async def test_a_header_or_a_second_session_opens_no_second_bucket(world: Any) -> None:
    world.app.state.settings = world.app.state.settings.model_copy(update={"rate_user_per_min": 2})
    async with await world.sign_in("acme", "analyst") as one, await world.sign_in("acme", "analyst") as two:
        statuses = [
            (await client.get("/v1/me", headers={"X-Forwarded-For": f"10.0.0.{n}"})).status_code
            for n, client in enumerate((one, two, one, two))
        ]
    assert statuses == [200, 200, 429, 429]
