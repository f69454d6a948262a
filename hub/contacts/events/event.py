"""An event as a sender gives it: limits and checks, pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from hub.conditions.catalog import is_event_name
from hub.errors import Invalid

BATCH_MAX = 1_000
PROPERTIES_MAX = 50
PROPERTY_NAME_CHARS_MAX = 80
PROPERTY_CHARS_MAX = 1_000
KEY_CHARS_MAX = 200
NAMES_MAX = 500
"""How many names of events one tenant may have."""
AHEAD_MAX = timedelta(days=1)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
NUMBER_MAX = 10**15


class Whose(Protocol):
    """Says which contact is meant, by exactly one of these; `attribute` is (key, value)."""

    @property
    def contact_id(self) -> UUID | None: ...
    @property
    def address(self) -> str | None: ...
    @property
    def attribute(self) -> tuple[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class NewEvent:
    """`contact_id`, `address` or `attribute` (key, value) says whose it is; exactly one."""

    name: str
    contact_id: UUID | None = None
    address: str | None = None
    attribute: tuple[str, Any] | None = None
    at: datetime | None = None
    key: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def check(event: NewEvent, now: datetime) -> None:
    """Raise Invalid, with a pointer inside the event, when it is not acceptable."""
    if not is_event_name(event.name):
        raise Invalid("a name has 1 to 80 printable characters and no space at its ends", "/name")
    check_whose(event)
    if event.at is not None and not EARLIEST <= event.at <= now + AHEAD_MAX:
        raise Invalid("a time is after the year 1999 and at most a day ahead", "/at")
    if event.key is not None and not (0 < len(event.key) <= KEY_CHARS_MAX and event.key.isprintable()):
        raise Invalid(f"an id has 1 to {KEY_CHARS_MAX} printable characters", "/id")
    check_properties(event.properties)


def check_whose(item: Whose) -> None:
    """Raise Invalid unless exactly one of id, address and attribute says whose it is."""
    said = [item.contact_id is not None, item.address is not None, item.attribute is not None]
    if sum(said) != 1:
        raise Invalid("say whose it is by exactly one of id, address and attribute", "/contact")


def check_properties(properties: Mapping[str, Any]) -> None:
    if len(properties) > PROPERTIES_MAX:
        raise Invalid(f"an event has at most {PROPERTIES_MAX} properties", "/properties")
    for name, value in properties.items():
        place = f"/properties/{name[:PROPERTY_NAME_CHARS_MAX].replace('~', '~0').replace('/', '~1')}"
        if not 0 < len(name) <= PROPERTY_NAME_CHARS_MAX or not name.isprintable():
            raise Invalid(f"a property's name has 1 to {PROPERTY_NAME_CHARS_MAX} characters", place)
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            if not math.isfinite(value) or abs(value) > NUMBER_MAX:
                raise Invalid("a number is between minus and plus 1,000,000,000,000,000", place)
        elif not isinstance(value, str):
            raise Invalid("a property is a text, a number or true/false", place)
        elif len(value) > PROPERTY_CHARS_MAX:
            raise Invalid(f"a property has at most {PROPERTY_CHARS_MAX} characters", place)
