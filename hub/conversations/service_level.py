"""The clocks of a service level: targets in open time, which stand still while the contact is waited for. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hub.conversations.desk import Handling
from hub.routing.hours import BusinessHours, add_business, business_between
from hub.routing.queue import QueueSettings

FIRST_RESPONSE = "first_response"
RESOLUTION = "resolution"


def start(kept: Handling, settings: QueueSettings, priority: int, at: datetime) -> Handling:
    """Both clocks from `at`."""
    return aim(
        replace(kept, started_at=at, paused_s=0.0, responded=False, breached=()), settings, priority, at
    )


def aim(kept: Handling, settings: QueueSettings, priority: int, at: datetime) -> Handling:
    """The targets of this priority, counted from the start; what was met or missed already stays so."""
    if kept.started_at is None or kept.paused_at is not None:
        return kept
    level, hours = settings.level(priority), settings.hours
    gone_s = business_between(hours, kept.started_at, at).total_seconds() - kept.paused_s

    def target(seconds: int | None, name: str) -> datetime | None:
        if seconds is None or name in kept.breached:
            return None
        return _after(hours, at, max(seconds - gone_s, 0.0))

    respond_by = None if kept.responded else target(level.first_response_s, FIRST_RESPONSE)
    return replace(kept, respond_by=respond_by, resolve_by=target(level.resolution_s, RESOLUTION))


def answer_was(kept: Handling, at: datetime) -> str | None:
    """Whether the first answer, given at `at`, is `in_time` or `late`; None where it had no target."""
    if FIRST_RESPONSE in kept.breached or (kept.respond_by is not None and kept.respond_by <= at):
        return "late"
    return None if kept.respond_by is None and kept.respond_left_s is None else "in_time"


def responded(kept: Handling) -> Handling:
    """Somebody has answered: the first clock is done."""
    return replace(kept, responded=True, respond_by=None, respond_left_s=None)


def pause(kept: Handling, settings: QueueSettings, at: datetime) -> Handling:
    """The contact's turn: what is left is kept, and no clock runs."""
    if kept.paused_at is not None:
        return kept

    def left(by: datetime | None) -> float | None:
        return None if by is None else business_between(settings.hours, at, by).total_seconds()

    return replace(
        kept,
        paused_at=at,
        respond_left_s=left(kept.respond_by),
        resolve_left_s=left(kept.resolve_by),
        respond_by=None,
        resolve_by=None,
    )


def resume(kept: Handling, settings: QueueSettings, at: datetime) -> Handling:
    """The clocks go on with what was left."""
    if kept.paused_at is None:
        return kept
    hours = settings.hours
    return replace(
        kept,
        paused_at=None,
        paused_s=kept.paused_s + business_between(hours, kept.paused_at, at).total_seconds(),
        respond_by=_after(hours, at, kept.respond_left_s),
        resolve_by=_after(hours, at, kept.resolve_left_s),
        respond_left_s=None,
        resolve_left_s=None,
    )


def missed(kept: Handling, at: datetime) -> list[str]:
    """The targets that are missed by now and were not said to be."""
    targets = ((FIRST_RESPONSE, kept.respond_by), (RESOLUTION, kept.resolve_by))
    return [name for name, by in targets if by is not None and by <= at and name not in kept.breached]


def breach(kept: Handling, name: str) -> Handling:
    """This target is missed: said once, and its clock is done."""
    done = replace(kept, breached=(*kept.breached, name))
    return replace(done, respond_by=None) if name == FIRST_RESPONSE else replace(done, resolve_by=None)


def stop(kept: Handling) -> Handling:
    """Closed: no clock runs, none is to go on."""
    return replace(
        kept,
        respond_by=None,
        resolve_by=None,
        respond_left_s=None,
        resolve_left_s=None,
        paused_at=None,
        overflow_at=None,
        snoozed_until=None,
    )


def _after(hours: BusinessHours | None, at: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else add_business(hours, at, timedelta(seconds=seconds))
