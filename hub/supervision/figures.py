"""The figures of a report, put in the places where they belong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of what happened, and times in seconds: the median, and what nine of ten did not exceed.

    `abandoned` are those closed while nobody had them; `passed_up` are offers that were declined or timed out; `rated` are
    the contacts who said how it was, `mean_score` what they said, 1 to 5.
    """

    entered: int = 0
    taken: int = 0
    passed_up: int = 0
    answered: int = 0
    in_time: int = 0
    late: int = 0
    closed: int = 0
    abandoned: int = 0
    breached: int = 0
    rated: int = 0
    first_response_median_s: float | None = None
    first_response_p90_s: float | None = None
    handling_median_s: float | None = None
    handling_p90_s: float | None = None
    mean_score: float | None = None


COUNTS = (
    "entered",
    "taken",
    "passed_up",
    "answered",
    "in_time",
    "late",
    "closed",
    "abandoned",
    "breached",
    "rated",
)
NONE = Figures()


@dataclass(frozen=True, slots=True)
class Period:
    start: datetime
    end: datetime
    figures: Figures


@dataclass(frozen=True, slots=True)
class Line:
    """A queue or an agent; a queue of None: conversations that were in no queue."""

    id: UUID | None
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    time_zone: str
    interval: str
    total: Figures
    intervals: Sequence[Period]
    items: Sequence[Line]


def of_row(row: Any) -> Figures:
    """A row of `store_reports.figures`."""
    first, handling = row.first_response_s or (None, None), row.handling_s or (None, None)
    counted = Figures(*(getattr(row, name) for name in COUNTS), *first, *handling)
    return replace(counted, mean_score=row.mean_score)


def periods(bounds: Sequence[datetime], rows: Iterable[Any]) -> list[Period]:
    """Every interval, also those in which nothing happened."""
    found = {row.bucket: of_row(row) for row in rows}
    return [
        Period(start, end, found.get(number, NONE)) for number, (start, end) in enumerate(pairwise(bounds), 1)
    ]


def lines(rows: Iterable[Any], names: Mapping[UUID, str]) -> list[Line]:
    """Queues or agents by name; those that are gone have none and come last."""
    found = [Line(row.key, names.get(row.key, ""), of_row(row)) for row in rows]
    return sorted(found, key=lambda line: (not line.name, line.name.casefold(), str(line.id)))


def put_together(
    time_zone: str, interval: str, bounds: Sequence[datetime], rows: Sequence[Any], names: Mapping[UUID, str]
) -> Report:
    """A report out of the rows of intervals, of keys, and of everything."""
    total = next((of_row(row) for row in rows if not row.of_interval and not row.of_key), NONE)
    return Report(
        time_zone,
        interval,
        total,
        periods(bounds, (row for row in rows if row.of_interval)),
        lines((row for row in rows if row.of_key), names),
    )
