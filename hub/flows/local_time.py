"""Clocks on walls: the next time that they show something, whatever summer time does in between. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) when clocks in `zone` show `at` on `day`.

    A time that the clocks skip is taken for the moment when they jump; of one that they show twice, the first counts.
    """
    naive = datetime.combine(day, at)
    found = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == naive:
        return found
    return _jump(found - timedelta(hours=3), found + timedelta(hours=3), zone)


def _jump(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The second in (low, high] at which the zone's offset changes."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def next_time(now: datetime, at: time, weekdays: Collection[int], zone: ZoneInfo) -> datetime:
    """The first instant (UTC) after `now` when clocks in `zone` show `at` on one of `weekdays` (0 is Monday)."""
    today = now.astimezone(zone).date()
    for ahead in range(9):
        day = today + timedelta(days=ahead)
        if day.weekday() in (weekdays or EVERY_DAY):
            found = instant_of(day, at, zone)
            if found > now:
                return found
    raise ValueError("no weekday is a day")
