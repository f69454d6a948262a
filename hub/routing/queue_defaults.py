"""What the queues of a tenant, and of those below it, have where they set nothing: hours, holidays, service levels. Pure.

Of each part counts what the queue sets, else what the nearest tenant sets; but a part that a tenant above has locked counts
before both, the farthest tenant's leading. Holidays are added to those of the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from hub.compliance.quiet_hours import HOLIDAYS_MAX
from hub.routing.hours import BusinessHours
from hub.routing.queue import PLAIN, PriorityName, QueueSettings, ServiceLevel

Part = Literal["hours", "holidays", "service_levels"]
PARTS: tuple[Part, ...] = get_args(Part)


class QueueDefaults(BaseModel):
    """None: this tenant does not say. `locked`: the parts that the tenants below and their queues cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: BusinessHours | None = None
    holidays: tuple[date, ...] | None = Field(None, max_length=HOLIDAYS_MAX)
    service_levels: dict[PriorityName, ServiceLevel] | None = None
    locked: frozenset[Part] = frozenset()


@dataclass(frozen=True, slots=True)
class Level:
    """What one tenant of the tree says."""

    tenant_id: UUID
    tenant: str
    defaults: QueueDefaults


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part comes from; `locked`: a queue cannot say otherwise."""

    tenant_id: UUID
    tenant: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Effective:
    """What counts for the queues of one tenant, and where each part comes from."""

    values: dict[Part, Any] = field(default_factory=dict)
    sources: dict[Part, Source] = field(default_factory=dict)


NO_DEFAULTS = QueueDefaults()
NOTHING_SAID = Effective()


def effective(nearest_first: Sequence[Level], own: UUID) -> Effective:
    """What counts for the tenant `own`."""
    found = Effective()
    for part in PARTS:
        saying = [each for each in nearest_first if getattr(each.defaults, part) is not None]
        locking = [each for each in saying if part in each.defaults.locked and each.tenant_id != own]
        chosen = locking[-1] if locking else next(iter(saying), None)
        if chosen is not None:
            found.values[part] = getattr(chosen.defaults, part)
            found.sources[part] = Source(chosen.tenant_id, chosen.tenant, bool(locking))
    return found


def settings_with(settings: QueueSettings | None, defaults: Effective) -> QueueSettings | None:
    """What a queue works by; None for one without settings in a tenant without defaults."""
    if not defaults.values:
        return settings
    own = settings or PLAIN
    change: dict[str, Any] = {}
    hours = own.hours
    if hours is None or _locks(defaults, "hours"):
        hours = defaults.values.get("hours", hours)
    days = defaults.values.get("holidays", ())
    if hours is not None and not set(days) <= set(hours.holidays):
        hours = hours.model_copy(update={"holidays": tuple(sorted({*hours.holidays, *days}))})
    if hours != own.hours:
        change["hours"] = hours
    levels = defaults.values.get("service_levels")
    if levels is not None and (not own.service_levels or _locks(defaults, "service_levels")):
        change["service_levels"] = levels
    return own.model_copy(update=change)


def _locks(defaults: Effective, part: Part) -> bool:
    source = defaults.sources.get(part)
    return source is not None and source.locked
