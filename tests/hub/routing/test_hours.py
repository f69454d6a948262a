"""Business hours: weeks, holidays, and days on which the clock changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.routing.hours import BusinessHours, add_business, business_between

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE = BusinessHours.model_validate(
    {
        "time_zone": "Europe/Berlin",
        "week": {
            day: [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}] for day in DAYS
        },
        "holidays": ["2026-12-25"],
    }
)
NIGHT = BusinessHours.model_validate(
    {"time_zone": "Europe/Berlin", "week": {"sunday": [{"start": "01:00", "end": "03:00"}]}}
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def test_a_week_has_its_openings() -> None:
    assert OFFICE.is_open(at("2026-11-23T08:00"))  # Monday, 09:00 in Berlin
    assert not OFFICE.is_open(at("2026-11-23T07:59:59"))
    assert not OFFICE.is_open(at("2026-11-23T11:30")), "lunch"
    assert not OFFICE.is_open(at("2026-11-23T16:00")), "an end is closed"
    assert not OFFICE.is_open(at("2026-11-22T10:00")), "Sunday"
    assert not OFFICE.is_open(at("2026-12-25T10:00")), "a holiday"


def test_time_runs_only_while_it_is_open() -> None:
    friday = at("2026-11-27T15:30")  # half an hour before the end
    assert OFFICE.add(friday, timedelta(hours=1)) == at("2026-11-30T08:30")
    assert OFFICE.between(friday, at("2026-11-30T08:30")) == timedelta(hours=1)
    assert OFFICE.add(at("2026-12-24T15:30"), timedelta(hours=1)) == at("2026-12-28T08:30"), "Christmas"
    assert OFFICE.next_open(at("2026-11-28T10:00")) == at("2026-11-30T08:00")
    assert add_business(None, friday, timedelta(hours=1)) == at("2026-11-27T16:30")
    assert business_between(None, friday, friday - timedelta(hours=1)) == timedelta()


def test_the_lost_and_the_repeated_hour() -> None:
    spring, autumn = at("2026-03-29T00:00"), at("2026-10-25T00:00") - timedelta(hours=1)
    # At 02:00 the clock goes to 03:00: of 01:00 to 03:00 one hour is left.
    assert NIGHT.between(spring, spring + timedelta(days=1)) == timedelta(hours=1)
    # At 03:00 it goes back to 02:00: three hours.
    assert NIGHT.between(autumn, autumn + timedelta(days=1)) == timedelta(hours=3)
    assert NIGHT.add(autumn, timedelta(hours=2, minutes=30)) == at("2026-10-25T01:30")


def test_nine_is_nine_before_and_after_a_change() -> None:
    assert OFFICE.next_open(at("2026-03-27T18:00")) == at("2026-03-30T07:00")
    assert OFFICE.next_open(at("2026-10-23T18:00")) == at("2026-10-26T08:00")


MOMENTS = st.integers(0, 365 * 86_400).map(lambda s: at("2026-01-01T00:00") + timedelta(seconds=s))


@given(MOMENTS, st.integers(1, 200 * 3600))
def test_adding_and_measuring_agree(start: datetime, seconds: int) -> None:
    end = OFFICE.add(start, timedelta(seconds=seconds))
    assert end is not None
    assert OFFICE.between(start, end) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc/passwd"},
        {"week": {}},
        {"week": {"monday": []}},
        {"week": {"someday": [{"start": "09:00", "end": "10:00"}]}},
        {"week": {"monday": [{"start": "10:00", "end": "09:00"}]}},
        {"week": {"monday": [{"start": "09:00", "end": "11:00"}, {"start": "10:00", "end": "12:00"}]}},
        {"week": {"monday": [{"start": "09:00", "end": "00:00"}, {"start": "10:00", "end": "12:00"}]}},
    ],
)
def test_hours_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    good = {"time_zone": "UTC", "week": {"monday": [{"start": "09:00", "end": "10:00"}]}}
    BusinessHours.model_validate(good)
    with pytest.raises(ValidationError):
        BusinessHours.model_validate(good | change)
