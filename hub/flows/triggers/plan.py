"""What the starts of a published flow wait for, and when schedules fire. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.compliance.quiet_hours import WEEKDAYS
from hub.flows.definition import Flow
from hub.flows.local_time import next_time
from hub.flows.nodes.start import EventTrigger, ScheduleTrigger, SegmentTrigger
from hub.flows.triggers.cron import next_of


@dataclass(frozen=True, slots=True)
class Awaited:
    """A start that waits for an event (by its name) or for who joins or leaves a segment.

    `whole`: also those who are in the segment already when the flow is published.
    """

    node: str
    kind: str  # event, entry or exit
    event: str | None = None
    segment_id: UUID | None = None
    whole: bool = False


def awaited(flow: Flow) -> list[Awaited]:
    """What the flow's starts wait for, without schedules."""
    found = []
    for place, start in flow.starts.items():
        match start.trigger:
            case EventTrigger(event=name):
                found.append(Awaited(place, "event", event=name))
            case SegmentTrigger(segment=segment, on=on, present=whole):
                whole = whole and on == "entry"
                found.append(Awaited(place, on, segment_id=segment, whole=whole))
            case _:
                pass
    return found


def scheduled(flow: Flow) -> dict[str, ScheduleTrigger]:
    """The starts with a schedule, by node."""
    return {
        place: start.trigger
        for place, start in flow.starts.items()
        if isinstance(start.trigger, ScheduleTrigger)
    }


def next_fire(trigger: ScheduleTrigger, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first instant (UTC) after `after` at which the schedule fires by the clocks of `zone`; None: never again.

    A time that the clocks skip fires once, when they jump; one that they show twice fires the first time only.
    """
    if trigger.at is None:
        return next_of(trigger.cron, after, zone)
    days = [WEEKDAYS.index(day) for day in trigger.weekdays]
    return next_time(after, trigger.at, days, zone)


def zone_of(name: str, tenant: ZoneInfo) -> ZoneInfo:
    """The zone of this name; the tenant's for an empty one, and for one that does not exist."""
    try:
        return ZoneInfo(name) if name else tenant
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return tenant


def first_fires(
    trigger: ScheduleTrigger, zones: Iterable[str], tenant: ZoneInfo, now: datetime
) -> dict[str, datetime]:
    """When the schedule fires next, by name of a zone ('': the tenant's, and of all contacts who have none)."""
    names = {"", *zones} if trigger.zone == "contact" else {""}
    fires = {name: next_fire(trigger, zone_of(name, tenant), now.astimezone(UTC)) for name in sorted(names)}
    return {name: at for name, at in fires.items() if at is not None}
