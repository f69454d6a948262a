"""The health of accounts and channels as people read it: breaker, score, throughput now, errors with the tables' words."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Row

from hub.channels.codes import Retry
from hub.channels.health import Breaker, State, Window, score
from hub.channels.health_store import HealthStore, add_up
from hub.channels.meanings import meaning_of

SCORE_MINUTES = 15
MINUTES = 60
ERROR_HOURS = 24
ERRORS_MAX = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often a code came, and what it means."""

    code: str
    count: int
    reason: str
    retry: Retry


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """`score` 0 to 100 or None; `sent_per_s` over the last one to two minutes; `window` over the last quarter of an hour."""

    breaker: Breaker
    score: int | None
    sent_per_s: float
    window: Window
    errors: Sequence[ErrorCount]
    minutes: Sequence[tuple[int, Window]] = ()

    @property
    def until(self) -> datetime | None:
        """When an account that is kept away from is tried again."""
        if self.breaker.state is State.CLOSED:
            return None
        return datetime.fromtimestamp(self.breaker.until, UTC)


def rate(minutes: Sequence[tuple[int, Window]], now: float) -> float:
    """Messages a second over the whole minute before and the part of this one."""
    recent = minutes[-2:]
    if not recent:
        return 0.0
    return sum(window.sent for _, window in recent) / max(now - recent[0][0], 1.0)


def explained(provider: str, codes: Mapping[str, int]) -> list[ErrorCount]:
    """Codes with their meaning, the most frequent first."""
    found = []
    for code, count in Counter(codes).most_common(ERRORS_MAX):
        meaning = meaning_of(provider, code)
        found.append(ErrorCount(code, count, meaning.reason, meaning.retry))
    return found


async def of_accounts(redis: Redis, providers: Mapping[UUID, str]) -> dict[UUID, AccountHealth]:
    """The health of each account; empty while Redis is away."""
    store, ids = HealthStore(redis), list(providers)
    try:
        breakers = await store.breakers(ids)
        found = {}
        for account_id in ids:
            minutes = await store.minutes(account_id, MINUTES)
            codes = await store.errors(account_id, ERROR_HOURS)
            window = add_up(minutes[-SCORE_MINUTES:])
            found[account_id] = AccountHealth(
                breakers[account_id],
                score(window, breakers[account_id]),
                round(rate(minutes, time.time()), 2),
                window,
                explained(providers[account_id], codes),
                minutes,
            )
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("health_unread", error=type(error).__name__)
        return {}
    return found


@dataclass(frozen=True, slots=True)
class LastError:
    """The latest failure of a channel."""

    at: datetime
    code: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of a channel's messages: by state in the last hour and day, failures by code, the latest of them."""

    hour: Mapping[str, int]
    day: Mapping[str, int]
    errors: Sequence[ErrorCount]
    last_error: LastError | None


def outcomes(provider: str, rows: Sequence[Row[Any]]) -> Outcomes:
    """Rows of `store_accounts.outcomes`, added up."""
    hour: Counter[str] = Counter()
    day: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    last: LastError | None = None
    for row in rows:
        day[row.status] += row.day
        hour[row.status] += row.hour
        if row.error_code is None:
            continue
        codes[row.error_code] += row.day
        if last is None or row.last_at > last.at:
            last = LastError(row.last_at, row.error_code, meaning_of(provider, row.error_code).reason)
    kept = {status: count for status, count in hour.items() if count}
    return Outcomes(kept, dict(day), explained(provider, codes), last)
