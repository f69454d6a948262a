"""A condition with its values understood: what SQL and predicate both read, so that they cannot read it differently.

Every test here is positive and two-valued: a missing value makes it false. Negated operators stand as Not(test), so
they are true where the value is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Edge:
    """One end of a span of time: an instant, a calendar day in the zone of `now`, or so long before `now`.

    `last 7 days` counts 7 × 24 hours back from `now`, whatever the clocks did in between.
    """

    base: datetime | date | timedelta
    plus: timedelta = timedelta(0)

    def at(self, now: datetime) -> datetime:
        """The instant, in UTC."""
        match self.base:
            case datetime():
                return self.base.astimezone(UTC) + self.plus
            case timedelta():
                return ago(now, self.base) + self.plus
            case _:
                return datetime.combine(self.base + self.plus, time(), now.tzinfo).astimezone(UTC)

    def day(self, now: datetime) -> date:
        """The calendar day in the zone of `now`."""
        if isinstance(self.base, timedelta):
            return ago(now, self.base).astimezone(now.tzinfo).date() + self.plus
        return self.base + self.plus


def ago(now: datetime, span: timedelta) -> datetime:
    """So many hours before `now`, in UTC: arithmetic in a zone with summer time would count the clock's hands."""
    return now.astimezone(UTC) - span


@dataclass(frozen=True, slots=True)
class Text:
    """`field` holds a text (not an empty one) that fits one of the folded `values`; `known` needs none."""

    field: str
    how: Literal["equals", "contains", "begins", "ends", "known"]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OneOf:
    """`field` holds exactly one of `values`, letter by letter; without values: it holds a text."""

    field: str
    values: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Number:
    """`field` holds a number within the bounds; without bounds: a number."""

    field: str
    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Boolean:
    """`field` holds exactly this truth value."""

    field: str
    value: bool


@dataclass(frozen=True, slots=True)
class Day:
    """`field` holds a date (text `YYYY-MM-DD…`) of [low, high)."""

    field: str
    low: Edge | None = None
    high: Edge | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """`field` holds an instant of [low, high)."""

    field: str
    low: Edge | None = None
    high: Edge | None = None


@dataclass(frozen=True, slots=True)
class Country:
    """A phone number with one of the calling codes; without codes: a phone number."""

    codes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Tag:
    tag: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What the contact said about campaigns on this kind of channel; an opt-out of any such purpose wins."""

    channel_kind: str
    state: Literal["opted_in", "opted_out", "none"]


@dataclass(frozen=True, slots=True)
class Reachable:
    """An address that this kind of channel can write to, and no opt-out."""

    channel_kind: str


@dataclass(frozen=True, slots=True)
class InSegment:
    segment_id: UUID


@dataclass(frozen=True, slots=True)
class Event:
    """At least so many events of this name, not longer ago than `within` and none of the future, that pass `where`."""

    name: str
    at_least: int
    within: timedelta | None
    where: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """At least so many messages: inbound ones, or outbound ones that a provider took."""

    direction: Literal["in", "out"]
    at_least: int
    within: timedelta | None
    channel_kind: str | None


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the campaign that a provider took."""

    campaign_id: UUID


@dataclass(frozen=True, slots=True)
class WroteSince:
    """The contact wrote at or after the campaign's launch."""

    campaign_id: UUID


@dataclass(frozen=True, slots=True)
class All:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


Value = Text | OneOf | Number | Boolean | Day | Moment
Fact = Country | Tag | Consent | Reachable | InSegment | Event | Message | Received | WroteSince
Test = Value | Fact
Node = All | Any_ | Not | Test

CAMPAIGN_PURPOSES = ("all", "marketing")
"""The purposes of consent that a campaign looks at."""
TAKEN = ("sent", "delivered", "read")
"""States of an outbound message that a provider took."""


def size(node: Node) -> int:
    """How many tests it holds."""
    match node:
        case All(nodes) | Any_(nodes):
            return sum(size(each) for each in nodes)
        case Not(inner):
            return size(inner)
        case _:
            return 1
