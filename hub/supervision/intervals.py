"""Hours and days of a tenant's calendar as moments in UTC. Pure.

A day begins at its midnight where the tenant is, so that one on which the clock changes has 23 or 25 hours. Hours are
counted from the day's beginning; where a zone moves its clock by half an hour, the last one of that day is half as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from hub.errors import Invalid

Interval = Literal["hour", "day"]
DAYS_MAX = {"hour": 31, "day": 366}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From the beginning of `first` to the end of `last`, both days of `time_zone`, cut into hours or days."""

    first: date
    last: date
    interval: Interval
    time_zone: str

    def bounds(self) -> list[datetime]:
        """The moments that part the intervals, one more than there are intervals, in UTC and in their order."""
        days = [_midnight(self.first + n * _DAY, self.time_zone) for n in range(self.days + 1)]
        if self.interval == "day":
            return days
        found: list[datetime] = []
        for start, end in pairwise(days):
            hours = -((start - end) // _HOUR)
            found += [start + n * _HOUR for n in range(hours)]
        return [*found, days[-1]]

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def span(first: date | None, last: date | None, interval: Interval, time_zone: str, now: datetime) -> Span:
    """What was asked for; without days it is today. Raises Invalid, naming the place."""
    today = now.astimezone(ZoneInfo(time_zone)).date()
    last = last or max(today, first or today)
    first = first or last
    if first > last:
        raise Invalid("a report begins before it ends", "/from")
    most = DAYS_MAX[interval]
    if (last - first).days >= most:
        raise Invalid(f"a report by {interval} is of at most {most} days", "/to")
    if not 1970 <= first.year <= last.year < 9999:
        raise Invalid("there is nothing in that year", "/from")
    return Span(first, last, interval, time_zone)


def local(moments: Sequence[datetime], time_zone: str) -> list[str]:
    """Moments as the tenant's clock shows them, with its distance to UTC, which tells the two hours of one name apart."""
    zone = ZoneInfo(time_zone)
    return [moment.astimezone(zone).isoformat(timespec="minutes") for moment in moments]


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)
