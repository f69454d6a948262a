"""Node: Wait for a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.compliance.quiet_hours import WEEKDAYS, Weekday
from hub.flows.inputs import TimeUp
from hub.flows.local_time import instant_of, next_time
from hub.flows.nodes.base import Go, Next, Node, RunContext, Stay, Stuck, Wait
from hub.flows.values import WAIT_MAX, Span, TemplateText, has_marks


class LocalTime(BaseModel):
    """The next time that clocks show this on one of these days. Without weekdays: on any."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: time
    weekdays: tuple[Weekday, ...] = Field((), max_length=7)
    zone: Literal["contact", "tenant"] = "contact"


class WaitFor(Node):
    """Wait for a span, until a date, or until a local time. Ports: next. One of the three is given.

    `until`: an instant with its zone, or a date, which begins at midnight of the contact's clock; a template may make it.
    What is over already is not waited for. Example: {"duration": {"amount": 3, "unit": "days"}}.
    """

    model_config = ConfigDict(json_schema_extra={"x-one-of": ["duration", "until", "local"]})
    type: ClassVar[str] = "wait"
    title: ClassVar[str] = "Wait"
    group: ClassVar[str] = "Logic"

    duration: Span | None = None
    until: TemplateText | None = Field(None, min_length=1, max_length=200)
    local: LocalTime | None = None

    def model_post_init(self, context: Any) -> None:
        if sum(each is not None for each in (self.duration, self.until, self.local)) != 1:
            raise ValueError("one of duration, until and local is given")
        if self.until is not None and not has_marks(self.until):
            _moment(self.until)
        if self.local is not None and self.local.at.tzinfo is not None:
            raise ValueError("local/at: a time of the day, without a zone")

    def texts(self) -> Sequence[str]:
        return (self.until,) if self.until and has_marks(self.until) else ()

    def summary(self) -> str:
        if self.duration is not None:
            return f"{self.duration.amount} {self.duration.unit}"
        return self.until or (f"{self.local.at:%H:%M}" if self.local else "")

    def stops(self) -> bool:
        return True

    def run(self, context: RunContext) -> Next:
        if context.waiting is not None:
            return Go("next") if isinstance(context.given, TimeUp) else Stay()
        until = self._until(context)
        context.note(until=until.isoformat())
        if until <= context.now:
            return Go("next")
        if until - context.now > WAIT_MAX:
            raise Stuck(f"the wait would last more than {WAIT_MAX.days} days")
        return Wait("time", until)

    def _until(self, context: RunContext) -> datetime:
        if self.duration is not None:
            return context.now.astimezone(UTC) + self.duration.span
        if self.local is not None:
            zone = context.zone if self.local.zone == "contact" else context.world.tenant.zone
            days = {WEEKDAYS.index(day) for day in self.local.weekdays}
            return next_time(context.now, self.local.at, days, zone)
        try:
            found = _moment(context.render(self.until or "").strip())
        except ValueError as error:
            raise Stuck(str(error)) from None
        if isinstance(found, datetime):
            return found.astimezone(UTC)
        return instant_of(found, time(), context.zone)


def _moment(text: str) -> datetime | date:
    """Raises ValueError for what is neither a date nor an instant with its zone."""
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"until: {text[:40]!r} is no date and no time with its zone") from None
    if found.tzinfo is None:
        raise ValueError(f"until: {text[:40]!r} has no zone")
    return found
