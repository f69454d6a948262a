"""Business hours: when a queue works, and time that only runs while it does. Pure.

Openings are wall-clock times of a zone. On a day when the clock changes they last as long as the wall says they do: an
opening over the lost hour is an hour shorter, one over the repeated hour an hour longer. A wall time that a change
leaves out stands for the moment of the change plus what lies after it, as zoneinfo reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hub.compliance.quiet_hours import HOLIDAYS_MAX, WEEKDAYS, Weekday

OPENINGS_MAX = 6  # a day
DAYS_MAX = 3_660  # how far a due instant is looked for
_MIDNIGHT = time(0, 0)
_DAY = timedelta(days=1)


class Opening(BaseModel):
    """From `start` to `end` of one day; an end at 00:00 is the day's end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: time
    end: time

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("the hours are those of the queue's clock: without a zone")
        if self.end != _MIDNIGHT and self.end <= self.start:
            raise ValueError("an opening ends after it starts; one over midnight is two, one a day")
        return self


class BusinessHours(BaseModel):
    """A week of openings in `time_zone`, without the holidays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str = Field(max_length=60, examples=["Europe/Berlin"])
    week: dict[Weekday, tuple[Opening, ...]] = Field(
        examples=[{"monday": [{"start": "09:00", "end": "17:00"}]}],
        description="Openings by day; a day without any is closed.",
    )
    holidays: tuple[date, ...] = Field((), max_length=HOLIDAYS_MAX)

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("there is no such time zone") from None
        return name

    @model_validator(mode="after")
    def _opens_sometime(self) -> Self:
        if not any(self.week.values()):
            raise ValueError("hours that never open; leave them out for a queue that always works")
        for day, openings in self.week.items():
            if len(openings) > OPENINGS_MAX:
                raise ValueError(f"at most {OPENINGS_MAX} openings a day: {day}")
            ordered = sorted(openings, key=lambda opening: opening.start)
            for earlier, later in pairwise(ordered):
                if earlier.end == _MIDNIGHT or earlier.end > later.start:
                    raise ValueError(f"openings that overlap: {day}")
        return self

    def is_open(self, at: datetime) -> bool:
        """Whether the queue works at this moment."""
        local = at.astimezone(ZoneInfo(self.time_zone)).date()
        return any(start <= at < end for start, end in self._of_day(local))

    def next_open(self, at: datetime) -> datetime | None:
        """`at` itself when it is open, else the next opening; None when there is none within `DAYS_MAX` days."""
        return next((max(start, at) for start, end in self._spans(at) if end > at), None)

    def add(self, at: datetime, span: timedelta) -> datetime | None:
        """The moment at which `span` of open time has gone by since `at`, in UTC; None when that never comes."""
        left = span
        for start, end in self._spans(at):
            begin = max(start, at)
            if end <= begin:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between two moments; none when they are in the wrong order."""
        total = timedelta()
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def _spans(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings from the day of `at` on, in their order, in UTC."""
        day = at.astimezone(ZoneInfo(self.time_zone)).date()
        for _ in range(DAYS_MAX):
            yield from self._of_day(day)
            day += _DAY

    def _of_day(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day in self.holidays:
            return
        zone = ZoneInfo(self.time_zone)
        for opening in sorted(self.week.get(WEEKDAYS[day.weekday()], ()), key=lambda each: each.start):
            last = day + _DAY if opening.end == _MIDNIGHT else day
            start = datetime.combine(day, opening.start, zone).astimezone(UTC)
            # Of a repeated end the second: the wall says "until three" and shows three twice.
            end = datetime.combine(last, opening.end, zone).replace(fold=1).astimezone(UTC)
            if end > start:
                yield start, end


def is_open(hours: BusinessHours | None, at: datetime) -> bool:
    """A queue without hours always works."""
    return hours is None or hours.is_open(at)


def add_business(hours: BusinessHours | None, at: datetime, span: timedelta) -> datetime | None:
    """`BusinessHours.add`; without hours all time counts."""
    return at + span if hours is None else hours.add(at, span)


def business_between(hours: BusinessHours | None, start: datetime, end: datetime) -> timedelta:
    """`BusinessHours.between`; without hours all time counts."""
    return max(end - start, timedelta()) if hours is None else hours.between(start, end)
