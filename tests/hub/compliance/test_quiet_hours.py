"""Quiet hours by the person's own clock: over midnight, over a change of the clocks, on days that are closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.compliance.quiet_hours import QuietHours, in_words, wait_until, zone_of

BERLIN, NEW_YORK, KOLKATA = (ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata"))
NIGHT = QuietHours()
NOON = QuietHours(start=time(12), end=time(14))
WEEKDAYS = QuietHours(closed_days=("saturday", "sunday"), holidays=(date(2026, 12, 25),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CASES: list[tuple[str, QuietHours, ZoneInfo, str, str | None]] = [
    ("the day is open", NIGHT, BERLIN, "2026-06-10 12:00", None),
    ("08:00:00 is open", NIGHT, BERLIN, "2026-06-10 06:00", None),
    ("a second before it is not", NIGHT, BERLIN, "2026-06-10 05:59:59", "2026-06-10 06:00"),
    ("21:00:00 is closed", NIGHT, BERLIN, "2026-06-10 19:00", "2026-06-11 06:00"),
    ("a second before it is open", NIGHT, BERLIN, "2026-06-10 18:59:59", None),
    ("after midnight", NIGHT, BERLIN, "2026-06-10 23:30", "2026-06-11 06:00"),
    ("half an hour of zone", NIGHT, KOLKATA, "2026-06-10 20:00", "2026-06-11 02:30"),
    ("within the day", NOON, BERLIN, "2026-06-10 10:30", "2026-06-10 12:00"),
    ("before it", NOON, BERLIN, "2026-06-10 09:59", None),
    ("Friday night to Monday", WEEKDAYS, BERLIN, "2026-06-12 20:00", "2026-06-15 06:00"),
    ("Saturday noon", WEEKDAYS, BERLIN, "2026-06-13 10:00", "2026-06-15 06:00"),
    ("Christmas is a Friday", WEEKDAYS, BERLIN, "2026-12-25 10:00", "2026-12-28 07:00"),
    ("the night the clocks go forward", NIGHT, NEW_YORK, "2026-03-08 04:00", "2026-03-08 12:00"),
    ("the night they go back", NIGHT, NEW_YORK, "2026-11-01 03:00", "2026-11-01 13:00"),
    ("open again in the hour that is skipped", QuietHours(start=time(22), end=time(2, 30)), NEW_YORK,
     "2026-03-08 05:00", "2026-03-08 07:30"),
]  # fmt: skip


@pytest.mark.parametrize(("quiet", "zone", "now", "until"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_when_a_message_may_leave(quiet: QuietHours, zone: ZoneInfo, now: str, until: str | None) -> None:
    assert wait_until(quiet, "marketing", zone, utc(now)) == (None if until is None else utc(until))


def test_what_is_no_marketing_never_waits_unless_the_policy_says_so() -> None:
    night = utc("2026-06-10 23:00")
    assert wait_until(NIGHT, "transactional", BERLIN, night) is None
    assert wait_until(NIGHT, "", BERLIN, night) is None
    both = QuietHours(purposes=("marketing", "transactional"))
    assert wait_until(both, "transactional", BERLIN, night) == utc("2026-06-11 06:00")
    assert wait_until(QuietHours(purposes=()), "marketing", BERLIN, night) is None


def test_a_week_without_an_open_hour_is_said_and_not_waited_for() -> None:
    holidays = tuple(date(2026, 12, 20) + timedelta(days=n) for n in range(10))
    with pytest.raises(ValueError, match="no time is open within a week"):
        wait_until(QuietHours(holidays=holidays), "marketing", BERLIN, utc("2026-12-20 12:00"))


@given(
    st.integers(1_767_225_600, 1_830_297_600).map(lambda s: datetime.fromtimestamp(s, UTC)),  # 2026 and 2027
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(
        [BERLIN, NEW_YORK, KOLKATA, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Santiago")]
    ),
)
def test_a_wait_ends_in_the_open_and_not_too_late(
    now: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    if start == end:
        return
    quiet = QuietHours(start=start, end=end)
    until = wait_until(quiet, "marketing", zone, now)
    if until is None:
        assert not quiet.is_quiet(now.astimezone(zone))
        return
    assert quiet.is_quiet(now.astimezone(zone))
    assert not quiet.is_quiet(until.astimezone(zone))
    assert now < until <= now + timedelta(hours=26)


def test_whose_clock_counts() -> None:
    assert zone_of("Asia/Tokyo", "+4930123456", "UTC").key == "Asia/Tokyo"
    assert zone_of("", "+4930123456", "UTC").key == "Europe/Berlin"
    assert zone_of("", "", "America/Denver").key == "America/Denver"


def test_the_wait_in_words() -> None:
    now = utc("2026-06-12 20:00")
    assert in_words(utc("2026-06-13 06:00"), BERLIN, now) == "waits for 08:00 in Europe/Berlin"
    assert in_words(utc("2026-06-15 06:00"), BERLIN, now) == "waits for 2026-06-15 08:00 in Europe/Berlin"


def test_hours_that_leave_no_time_are_refused() -> None:
    with pytest.raises(ValidationError, match="no time of the day would be left"):
        QuietHours(start=time(8), end=time(8))
