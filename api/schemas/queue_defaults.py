"""Defaults of queues in and out."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from api.schemas.common import In, Out
from hub.compliance.quiet_hours import HOLIDAYS_MAX
from hub.routing.hours import BusinessHours
from hub.routing.queue import PriorityName, ServiceLevel
from hub.routing.queue_defaults import Part


class QueueParts(In):
    """What can be inherited; a part that is null is not said."""

    hours: BusinessHours | None = None
    holidays: tuple[date, ...] | None = Field(
        None, max_length=HOLIDAYS_MAX, description="Added to the holidays of every queue that has hours."
    )
    service_levels: dict[PriorityName, ServiceLevel] | None = None


class QueueDefaultsIn(QueueParts):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "holidays": ["2026-12-25"],
                    "service_levels": {"normal": {"first_response_s": 900}},
                    "locked": ["holidays"],
                }
            ]
        }
    )

    locked: frozenset[Part] = Field(
        frozenset(), description="The parts that the tenants below and their queues cannot change."
    )


class DefaultSource(Out):
    tenant: str
    own: bool
    locked: bool = Field(description="A tenant above has locked it: nothing that is said here counts.")


class QueueDefaultsOut(Out):
    """`own` is what the tenant says, `effective` what counts for its queues, `sources` where each part comes from."""

    own: QueueDefaultsIn
    effective: QueueParts
    sources: dict[Part, DefaultSource]
    version: int
