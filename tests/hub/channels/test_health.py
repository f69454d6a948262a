"""The breaker of a provider account and its score: pure, then in Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.health import (
    FAULTS_MAX,
    PAUSE_S_MAX,
    TROUBLES_MAX,
    Breaker,
    Sign,
    State,
    Window,
    after,
    canary_sent,
    may_try,
    score,
    sign_of,
)
from hub.channels.health_store import HealthStore, Seen, add_up
from hub.ids import new_id

NOW = 1_800_000_000.0
AWAY = SendRefused("ConnectionRefusedError", "connect", Retry.AGAIN)
DARK = SendOutcomeUnknown("TimeoutError")
FAULT = SendRefused("the token is bad or expired", "190", Retry.STOP)


def run(signs: str, breaker: Breaker | None = None, now: float = NOW, jitter: float = 1.0) -> Breaker:
    """`.` well, `x` trouble, `f` fault."""
    breaker = breaker or Breaker()
    for letter in signs:
        sign = {".": Sign.WELL, "x": Sign.TROUBLE, "f": Sign.FAULT}[letter]
        breaker = after(breaker, sign, now, jitter, "why", "code")
    return breaker


@pytest.mark.parametrize(
    ("error", "sign"),
    [
        (None, Sign.WELL),
        (SendRefused("no such number", "21211", Retry.SUPPRESS), Sign.WELL),
        (SendRefused("slow down", "20429", Retry.SLOWER), Sign.WELL),
        (SendRefused("unreachable", "30003", Retry.AGAIN), Sign.WELL),
        (SendRefused("HTTP 503", "503", Retry.AGAIN), Sign.TROUBLE),
        (AWAY, Sign.TROUBLE),
        (DARK, Sign.TROUBLE),
        (FAULT, Sign.FAULT),
    ],
)
def test_what_an_attempt_says_of_the_account(
    error: SendRefused | SendOutcomeUnknown | None, sign: Sign
) -> None:
    assert sign_of(error) is sign


@pytest.mark.parametrize(
    ("signs", "state"),
    [
        ("x" * (TROUBLES_MAX - 1), State.CLOSED),
        ("x" * TROUBLES_MAX, State.OPEN),
        ("x" * (TROUBLES_MAX - 1) + "." + "x" * (TROUBLES_MAX - 1), State.CLOSED),
        ("f" * (FAULTS_MAX - 1), State.CLOSED),
        ("f" * FAULTS_MAX, State.OPEN),
        ("x" * TROUBLES_MAX + "....", State.OPEN),  # answers to sends that were under way
    ],
)
def test_it_opens_after_failures_in_a_row(signs: str, state: State) -> None:
    assert run(signs).state is state


def test_what_is_said_of_templates_stops_no_number() -> None:
    told = [SendRefused("the template", code, Retry.STOP) for code in ("132001", "132015", "132016")]
    assert {sign_of(error) for error in told} == {Sign.WELL}


def test_a_canary_brings_it_back() -> None:
    opened = run("xxxxx")
    assert not may_try(opened, NOW + 14)
    assert may_try(opened, opened.until)
    trying = canary_sent(opened, opened.until)
    assert trying.state is State.HALF_OPEN
    assert not may_try(trying, opened.until + 1)  # one canary at a time
    assert run(".", trying, opened.until + 1) == Breaker(since=opened.until + 1)


def test_a_canary_that_fails_doubles_the_pause_up_to_a_limit() -> None:
    breaker, now, pauses = run("xxxxx"), NOW, []
    for _ in range(10):
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = run("x", canary_sent(breaker, now), now)
        assert breaker.state is State.OPEN
    assert pauses[:3] == [15, 30, 60]
    assert pauses[-1] == PAUSE_S_MAX


def test_the_pause_is_drawn_from_its_upper_half() -> None:
    assert run("xxxxx", jitter=0.0).until == NOW + 7.5


def test_a_fault_of_the_account_waits_longer_because_somebody_must_act() -> None:
    assert run("fff").until == NOW + 300


@pytest.mark.parametrize(
    ("window", "state", "points"),
    [
        (Window(), State.CLOSED, None),
        (Window(), State.OPEN, 0),
        (Window(sent=10, accepted=10), State.CLOSED, 100),
        (Window(sent=10, accepted=10), State.OPEN, 10),
        (Window(sent=10, accepted=5, refused=5), State.CLOSED, 70),
        (Window(sent=10, accepted=10, delivered=5, failed=5), State.CLOSED, 88),
        (Window(sent=10, accepted=10, latency_ms=50_000), State.CLOSED, 85),
        (Window(sent=10, unknown=10, latency_ms=150_000), State.CLOSED, 25),
    ],
)
def test_the_score(window: Window, state: State, points: int | None) -> None:
    assert score(window, Breaker(state)) == points


async def test_all_see_one_breaker(redis: Redis) -> None:
    account = new_id()
    first, second = HealthStore(redis), HealthStore(redis)
    assert (await first.breakers([account]))[account] == Breaker()
    assert await first.learn([Seen(account, AWAY, 5)] * (TROUBLES_MAX - 1)) == []
    (turned,) = await second.learn([Seen(account, DARK, 5)])
    assert (turned.account_id, turned.before.state, turned.after.state) == (account, State.CLOSED, State.OPEN)
    assert (await first.breakers([account]))[account] == turned.after


async def test_only_one_sender_has_the_canary(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    account = new_id()
    store = HealthStore(redis)
    assert not await store.take_canary(account)  # closed: nothing to try
    (turned,) = await store.learn([Seen(account, AWAY, 5)] * TROUBLES_MAX)
    assert not await store.take_canary(account)
    monkeypatch.setattr("hub.channels.health_store.time.time", lambda: turned.after.until + 1)
    assert sum(await asyncio.gather(*(HealthStore(redis).take_canary(account) for _ in range(5)))) == 1
    (back,) = await store.learn([Seen(account, None, 5)])
    assert back.after.state is State.CLOSED


async def test_parallel_senders_lose_no_failure(redis: Redis) -> None:
    account = new_id()
    turned = await asyncio.gather(
        *(HealthStore(redis).learn([Seen(account, AWAY, 1)]) for _ in range(TROUBLES_MAX))
    )
    assert sum(len(each) for each in turned) == 1


async def test_counts_by_minute_and_codes_by_hour(redis: Redis) -> None:
    account = new_id()
    store = HealthStore(redis)
    refused = SendRefused("no", "21211", Retry.SUPPRESS)
    await store.learn([Seen(account, None, 20), Seen(account, refused, 30), Seen(account, DARK, 50)])
    await store.ended(account, 1, ["30003", ""])
    minutes = await store.minutes(account, 3)
    assert len(minutes) == 3
    assert add_up(minutes) == Window(
        sent=3, accepted=1, refused=1, unknown=1, delivered=1, failed=2, latency_ms=100
    )
    assert await store.errors(account, 2) == {"21211": 1, "30003": 1, "?": 1}
    keys = [key async for key in redis.scan_iter(f"health:{{{account.hex}}}:*")]
    assert all([await redis.ttl(key) > 0 for key in keys])
