"""Times as cron writes them: minute, hour, day of the month, month, day of the week. Pure.

By the clocks of a zone: a time that they skip fires once, when they jump; one that they show twice fires the first time
only. What repeats by the minute or the hour (`*/30 * * * *`) goes on through both by elapsed time, as in Debian's cron.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

CHARS_MAX = 100
EVERY_MINUTES_MIN = 5
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def check_cron(expression: str) -> str:
    """The expression with single spaces. Raises ValueError for one that is not understood, fires more often than every
    five minutes, or never.
    """
    parts = expression.split()
    if len(expression) > CHARS_MAX or len(parts) != 5:
        raise ValueError("five parts: minute, hour, day of the month, month, day of the week")
    tidy = " ".join(parts)
    try:
        times = CronSim(tidy, _SOME_TIME)
        minutes = sorted(times.minutes)
        next(times)
    except CronSimError as error:
        raise ValueError(str(error).lower()) from None
    except StopIteration:
        raise ValueError("it never fires") from None
    gaps = [after - before for before, after in pairwise((*minutes, minutes[0] + 60))]
    if min(gaps) < EVERY_MINUTES_MIN:
        raise ValueError(f"it fires at most every {EVERY_MINUTES_MIN} minutes")
    return tidy


def next_of(expression: str, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant (UTC) after `after` when the clocks of `zone` show such a time; None: never again."""
    try:
        return next(CronSim(expression, after.astimezone(zone))).astimezone(UTC)
    except StopIteration:
        return None
