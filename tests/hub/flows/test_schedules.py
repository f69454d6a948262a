"""When schedules fire, by clocks that are put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from hub.flows.nodes.start import ScheduleTrigger
from hub.flows.triggers.cron import check_cron, next_of
from hub.flows.triggers.plan import first_fires, next_fire, zone_of
from hub.ids import encode_id, new_id

BERLIN, NEW_YORK, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("UTC")
SEGMENT = encode_id("seg", new_id())


def trigger(**more: Any) -> ScheduleTrigger:
    return ScheduleTrigger(segment_id=SEGMENT, **more)


def fires(of: ScheduleTrigger, start: datetime, times: int, zone: ZoneInfo = BERLIN) -> list[str]:
    found = []
    for _ in range(times):
        at = next_fire(of, zone, start)
        assert at is not None
        start = at
        found.append(start.isoformat(timespec="minutes").removesuffix("+00:00"))
    return found


DAILY = [{"at": "02:30"}, {"cron": "30 2 * * *"}]


@pytest.mark.parametrize("daily", DAILY)
def test_a_time_that_the_clocks_skip_fires_once_when_they_jump(daily: dict[str, Any]) -> None:
    found = fires(trigger(**daily), datetime(2026, 3, 27, 12, tzinfo=UTC), 3)
    assert found == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]


@pytest.mark.parametrize("daily", DAILY)
def test_a_time_that_the_clocks_show_twice_fires_once(daily: dict[str, Any]) -> None:
    found = fires(trigger(**daily), datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert found == ["2026-10-25T00:30", "2026-10-26T01:30"]
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert fires(trigger(**daily), between, 1) == ["2026-10-26T01:30"]


def test_every_day_of_two_years_fires_once_in_two_zones() -> None:
    for zone in (BERLIN, NEW_YORK):
        for each in ("30 1 * * *", "30 2 * * *", "0 0 * * *"):
            at, days = datetime(2026, 1, 1, tzinfo=zone).astimezone(UTC), set()
            for _ in range(730):
                following = next_of(each, at, zone)
                assert following is not None
                assert following > at
                at = following
                days.add(at.astimezone(zone).date())
            assert len(days) == 730


def test_what_repeats_goes_on_by_elapsed_time() -> None:
    found = fires(trigger(cron="*/30 * * * *"), datetime(2026, 10, 25, 0, 15, tzinfo=UTC), 4)
    assert found == ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00"]


def test_weekdays_by_both_ways() -> None:
    start = datetime(2026, 3, 6, 12, tzinfo=UTC)  # a Friday
    for each in (trigger(at="09:00", weekdays=("monday", "friday")), trigger(cron="0 9 * * MON,FRI")):
        assert fires(each, start, 2, UTC_ZONE) == ["2026-03-09T09:00", "2026-03-13T09:00"]
    last = trigger(cron="0 9 L * *")
    assert fires(last, start, 2, UTC_ZONE) == ["2026-03-31T09:00", "2026-04-30T09:00"]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("* * * * *", "at most every 5 minutes"),
        ("0,58 * * * *", "at most every 5 minutes"),
        ("0 9 31 2 *", "day-of-month"),
        ("0 25 * * *", "hour"),
        ("0 0 9 * * *", "five parts"),
        ("@daily", "five parts"),
        ("0 9 * * " + "MON," * 40, "five parts"),
    ],
)
def test_an_expression_that_is_refused(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_cron(expression)


def test_either_a_time_or_an_expression() -> None:
    for wrong in (
        {},
        {"at": "09:00", "cron": "0 9 * * *"},
        {"at": "09:00Z"},
        {"cron": "0 9 * * *", "weekdays": ["monday"]},
    ):
        with pytest.raises(ValidationError):
            trigger(**wrong)
    assert trigger(cron="0 9 * * mon").cron


def test_one_row_a_zone_for_the_contacts_clocks() -> None:
    now = datetime(2026, 3, 2, 10, tzinfo=UTC)
    of_contacts = trigger(at="12:00", zone="contact")
    found = first_fires(of_contacts, ["Asia/Tokyo", "Nowhere/Town"], BERLIN, now)
    assert found[""] == found["Nowhere/Town"] == now + timedelta(hours=1)
    assert found["Asia/Tokyo"] == now + timedelta(hours=17)
    assert list(first_fires(trigger(at="12:00"), ["Asia/Tokyo"], BERLIN, now)) == [""]
    assert zone_of("../etc", BERLIN) is BERLIN
