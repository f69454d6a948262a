"""Quiet hours: when a purpose may not disturb a person, by their own wall clock. Pure.

Source: 47 CFR 64.1200(c)(1), 08:00 to 21:00 in the called party's local time; 21:00:00 is closed, 08:00:00 open.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.contacts.addresses import time_zone_of

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
WAIT_MAX = timedelta(days=7)
HOLIDAYS_MAX = 100
PURPOSES_MAX = 20
_MIDNIGHT = time(0, 0)


class QuietHours(BaseModel):
    """From `start` to `end` of the person's day, over midnight when `end` is earlier; closed days are quiet all day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purposes: tuple[str, ...] = Field(
        ("marketing",), max_length=PURPOSES_MAX, description="What has to wait; an empty list: nothing."
    )
    start: time = time(21, 0)
    end: time = time(8, 0)
    closed_days: tuple[Weekday, ...] = Field((), max_length=6)
    holidays: tuple[date, ...] = Field((), max_length=HOLIDAYS_MAX)

    @model_validator(mode="after")
    def _some_time_is_open(self) -> QuietHours:
        if self.start == self.end:
            raise ValueError("start and end are the same: no time of the day would be left")
        if any(value.tzinfo is not None for value in (self.start, self.end)):
            raise ValueError("the hours are those of the person's own clock: without a zone")
        return self

    def is_quiet(self, local: datetime) -> bool:
        """Whether this wall time is quiet."""
        if local.date() in self.holidays or WEEKDAYS[local.weekday()] in self.closed_days:
            return True
        now = local.time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


def wait_until(quiet: QuietHours, purpose: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """None when a message of this purpose may leave now, else the next instant (UTC) at which it may.

    Raises ValueError when there is none within WAIT_MAX.
    """
    if purpose not in quiet.purposes or not quiet.is_quiet(now.astimezone(zone)):
        return None
    today = now.astimezone(zone).date()
    for days in range(WAIT_MAX.days + 1):
        for at in sorted({_MIDNIGHT, quiet.end}):
            wall = datetime.combine(today + timedelta(days=days), at, zone)
            instant = wall.astimezone(UTC)
            # An hour that the clocks skip becomes the one after: look at what they really show.
            if now < instant <= now + WAIT_MAX and not quiet.is_quiet(instant.astimezone(zone)):
                return instant
    raise ValueError("no time is open within a week")


def zone_of(time_zone: str, number: str, fallback: str) -> ZoneInfo:
    """The person's own zone, else the one their number belongs to when that is certain, else the tenant's."""
    return ZoneInfo(time_zone or time_zone_of(number) or fallback)


def in_words(until: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`waits for 08:00 in Europe/Berlin`, with the date when that is not within a day."""
    local = until.astimezone(zone)
    clock = f"{local:%H:%M}" if until - now < timedelta(days=1) else f"{local:%Y-%m-%d %H:%M}"
    return f"waits for {clock} in {zone.key}"
