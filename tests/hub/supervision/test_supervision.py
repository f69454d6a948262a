"""Intervals over days on which the clock changes, and figures in their places."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from hub.errors import Invalid
from hub.routing.floor import Agent
from hub.routing.people import Seen
from hub.supervision import board
from hub.supervision.figures import NONE, put_together
from hub.supervision.intervals import Span, local, span

NOW = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
CARE, SALES = UUID(int=1), UUID(int=2)
ANN, BOB = UUID(int=11), UUID(int=12)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 6, 1), 24),
        ("America/Havana", date(2026, 3, 8), 23),  # its midnight is the hour that is left out
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 25),  # 24 hours and a half
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_gives_it(zone: str, day: date, hours: int) -> None:
    bounds = Span(day, day, "hour", zone).bounds()
    assert len(bounds) - 1 == hours
    assert all(timedelta() < end - start <= timedelta(hours=1) for start, end in pairwise(bounds))
    whole = Span(day - timedelta(days=1), day, "day", zone).bounds()
    assert bounds[0] == whole[1]
    assert bounds[-1] == whole[2]


def test_the_two_hours_of_one_name_are_told_apart() -> None:
    day = date(2026, 10, 25)
    names = local(Span(day, day, "hour", "Europe/Berlin").bounds(), "Europe/Berlin")
    assert names[2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]
    assert len(set(names)) == 26


def test_without_days_it_is_today_where_the_tenant_is() -> None:
    assert span(None, None, "hour", "Asia/Kolkata", NOW) == Span(
        date(2026, 3, 30), date(2026, 3, 30), "hour", "Asia/Kolkata"
    )
    asked = span(date(2026, 3, 1), None, "day", "UTC", NOW)
    assert (asked.first, asked.last, asked.days) == (date(2026, 3, 1), date(2026, 3, 29), 29)


@pytest.mark.parametrize(
    ("first", "last", "interval", "place"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "day", "/from"),
        (date(2026, 1, 1), date(2026, 2, 1), "hour", "/to"),
        (date(2025, 1, 1), date(2026, 1, 2), "day", "/to"),
        (date(1, 1, 1), date(1, 1, 1), "day", "/from"),
        (date(9999, 12, 31), date(9999, 12, 31), "day", "/from"),
    ],
)
def test_what_cannot_be_reported_says_why(first: date, last: date, interval: Any, place: str) -> None:
    with pytest.raises(Invalid) as caught:
        span(first, last, interval, "UTC", NOW)
    assert caught.value.pointer == place


def row(bucket: int | None, key: UUID | None, entered: int, **more: Any) -> Any:
    counts = dict.fromkeys(
        ("taken", "passed_up", "answered", "in_time", "late", "closed", "abandoned", "breached", "rated"), 0
    )
    plain = {
        "of_interval": bucket is not None,
        "of_key": False,
        "first_response_s": None,
        "handling_s": None,
        "mean_score": None,
    }
    return SimpleNamespace(bucket=bucket, key=key, entered=entered, **{**counts, **plain, **more})


def test_intervals_without_anything_are_there_and_lines_go_by_name() -> None:
    bounds = Span(date(2026, 3, 28), date(2026, 3, 30), "day", "Europe/Berlin").bounds()
    rows = [
        row(2, None, 3, first_response_s=[10.0, 60.0]),
        row(None, CARE, 1, of_key=True),
        row(None, None, 1, of_key=True),
        row(None, SALES, 1, of_key=True),
        row(None, None, 3),
    ]
    found = put_together("Europe/Berlin", "day", bounds, rows, {CARE: "care", SALES: "Another"})
    assert [each.figures.entered for each in found.intervals] == [0, 3, 0]
    assert found.intervals[0].figures == NONE
    assert found.intervals[1].end - found.intervals[1].start == timedelta(hours=23)
    assert found.intervals[1].figures.first_response_p90_s == 60.0
    assert found.total.entered == 3
    assert [(line.id, line.name) for line in found.items] == [(SALES, "Another"), (CARE, "care"), (None, "")]
    assert put_together("UTC", "day", bounds, [], {}).total == NONE


def test_an_agent_s_load_counts_what_they_are_asked_about_and_calls_for_more() -> None:
    able = {ANN: Agent(ANN, 6), BOB: Agent(BOB, weights={"voice": 1})}
    rows = [SimpleNamespace(id=each, kind="person", name=name) for each, name in ((ANN, "Ann"), (BOB, "Bob"))]
    rows.append(SimpleNamespace(id=UUID(int=13), kind="person", name="may not answer"))
    held = [
        SimpleNamespace(agent_id=ANN, kind="voice", open=1, offered=0),
        SimpleNamespace(agent_id=ANN, kind="sms", open=1, offered=1),
        SimpleNamespace(agent_id=BOB, kind="voice", open=1, offered=0),
    ]
    found = board.agent_lines(rows, able, held, {ANN: Seen("busy", True), BOB: Seen("online", False)})
    assert [(each.name, each.presence, each.load, each.capacity) for each in found] == [
        ("Ann", "busy", 5, 6),
        ("Bob", "offline", 1, 5),
    ]


def test_a_share_needs_answers_that_had_a_target() -> None:
    assert board.Today(answered=3).in_time_share is None
    assert board.Today(answered=5, in_time=3, late=1).in_time_share == 0.75
