"""Bodies and answers of the messaging policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas.common import ChannelId, In, Instant, Out
from hub.channels.base import ChannelKind
from hub.compliance.policy import Caps, Fallback, Flood, Keyword, Policy
from hub.compliance.quiet_hours import QuietHours, Weekday

EXAMPLE: dict[str, Any] = {
    "fallback": [{"kind": "rcs", "timeout_s": 120}, {"kind": "whatsapp", "timeout_s": 600}, {"kind": "sms"}],
    "quiet_hours": {"start": "21:00", "end": "08:00", "closed_days": ["sunday"]},
    "caps": {"per_day": 1, "per_week": 3},
    "keywords": [{"word": "Tschüss", "command": "stop", "language": "de"}],
}


class PolicyIn(In):
    """What the tenant sets of its own; a part that is null is inherited from above."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    providers: Mapping[ChannelKind, tuple[ChannelId, ...]] | None = Field(
        None,
        description="By kind, your channels in the order in which they are tried. When the account of one is out of order, "
        "what waits for it goes over the next.",
    )
    fallback: tuple[Fallback, ...] | None = Field(
        None, description="The kinds of channel that are tried when a message names none."
    )
    quiet_hours: QuietHours | None = None
    caps: Caps | None = None
    keywords: tuple[Keyword, ...] | None = Field(
        None, description="Words of your own beside everybody's for STOP, START and HELP."
    )
    flood: Flood | None = Field(
        None,
        description="From how many messages a minute of one contact on they are kept but no longer acted on.",
    )

    def policy(self) -> Policy:
        """As the product knows it. Raises ValueError, which becomes a 422."""
        return Policy(**{name: getattr(self, name) for name in type(self).model_fields})


class QuietHoursOut(Out):
    purposes: list[str]
    start: time
    end: time
    closed_days: list[Weekday]
    holidays: list[date]


class PolicyParts(Out):
    providers: dict[ChannelKind, list[ChannelId]] | None
    fallback: list[Fallback] | None
    quiet_hours: QuietHoursOut | None
    caps: Caps | None
    keywords: list[Keyword] | None
    flood: Flood | None


class PolicyOut(Out):
    """`own` is what the tenant sets, `effective` what counts with what it `inherits`."""

    own: PolicyParts
    effective: PolicyParts
    inherits: list[str]
    version: int
    updated_at: Instant | None
    updated_by: str
