"""The wallboard and the reports in answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.channels import AccountHealthOut
from api.schemas.common import AccountId, Instant, Out, QueueId, UserId
from api.schemas.queues import Presence

Format = Literal["json", "csv"]


class StandingOut(Out):
    """Conversations as they are now."""

    waiting: int = Field(description="Open, and nobody has them.")
    handled: int = Field(description="Open, and somebody has them.")
    snoozed: int
    waiting_for_contact: int
    oldest_wait_s: float | None


class TodayOut(Out):
    """What happened since midnight where the tenant is."""

    entered: int
    answered: int = Field(description="First answers.")
    in_time: int
    late: int
    in_time_share: float | None = Field(
        description="Of the first answers that had a target those in time, 0 to 1; null when none had one."
    )
    closed: int
    breached: int = Field(description="Missed targets.")


class BoardQueue(Out):
    id: QueueId
    name: str
    now: StandingOut
    today: TodayOut
    agents_online: int
    is_open: bool


class BoardAgent(Out):
    id: UserId
    kind: Literal["person", "bot"]
    name: str
    presence: Presence
    load: int = Field(description="Of `capacity`: what they have and are asked about, a call counting three.")
    capacity: int
    open: int
    offered: int


class MessageCount(Out):
    channel_kind: str
    direction: Literal["in", "out"]
    status: str
    count: int


class BoardAccount(Out):
    id: AccountId
    name: str
    provider: str
    status: Literal["active", "paused"]
    health: AccountHealthOut | None = Field(description="Null while the counters cannot be read.")


class Wallboard(Out):
    """One moment of the acting tenant's floor. Everything that is counted is of the same moment of the database."""

    at: Instant
    since: Instant = Field(description="Midnight where the tenant is.")
    time_zone: str
    now: StandingOut
    today: TodayOut
    queues: list[BoardQueue]
    agents: list[BoardAgent]
    messages: list[MessageCount] = Field(description="Of today.")
    accounts: list[BoardAccount]


class FiguresOut(Out):
    """Counts, and times in seconds: the median, and what nine of ten did not exceed."""

    entered: int
    taken: int
    passed_up: int = Field(description="Offers that were declined or timed out.")
    answered: int = Field(description="First answers.")
    in_time: int
    late: int
    closed: int
    abandoned: int = Field(description="Closed while nobody had them.")
    breached: int
    rated: int = Field(description="Contacts who said how it was.")
    first_response_median_s: float | None
    first_response_p90_s: float | None
    handling_median_s: float | None = Field(description="From its opening until it is closed.")
    handling_p90_s: float | None
    mean_score: float | None = Field(description="Of what they said, 1 to 5.")


class ReportInterval(Out):
    start: Instant
    end: Instant
    figures: FiguresOut


class QueueFigures(Out):
    id: QueueId | None = Field(description="Null: conversations that were in no queue.")
    name: str = Field(description="Empty for one that is gone.")
    figures: FiguresOut


class AgentFigures(Out):
    id: UserId
    name: str = Field(description="Empty for somebody who is gone.")
    figures: FiguresOut


class _Report(Out):
    time_zone: str
    interval: Literal["hour", "day"]
    total: FiguresOut
    intervals: list[ReportInterval] = Field(description="All of the span, also those without anything.")


class QueueReport(_Report):
    items: list[QueueFigures]


class AgentReport(_Report):
    items: list[AgentFigures]


class OwnReport(_Report):
    pass
