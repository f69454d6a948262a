"""People who do not exist, to play a flow for: one whose every value is as long as it gets, one who has none. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hub.conditions.catalog import ATTRIBUTE, FieldSpec
from hub.flows.sim_contact import SimContact

TEXT_CHARS = 120
"""As long as a value of a text becomes: longer than what a screen expects, as long as people write."""
LONG_NAME = "Maximiliane Alexandra Wolfeschlegelsteinhausenbergerdorff-Papadimitrakopoulou"
LONG_PHONE = "+4915735983768"
_LONG: dict[str, str | float | bool] = {
    "number": 123_456_789.01,
    "boolean": True,
    "date": "2026-09-30",
    "datetime": "2026-09-30T23:59:59Z",
}


def longest(fields: Iterable[FieldSpec]) -> SimContact:
    """A contact with a long value for each attribute among the fields, of its type."""
    attributes = {
        spec.name.removeprefix(ATTRIBUTE): _long(spec) for spec in fields if spec.name.startswith(ATTRIBUTE)
    }
    return SimContact(name=LONG_NAME, phone=LONG_PHONE, attributes=dict(list(attributes.items())[:200]))


def missing() -> SimContact:
    """A contact of whom nothing is known but that they are there."""
    return SimContact(name="", language="")


def _long(spec: FieldSpec) -> str | float | bool:
    if spec.choices:
        return max((value for value, _ in spec.choices), key=len)
    return _LONG.get(spec.type, ("".join(f"{spec.label} " for _ in range(TEXT_CHARS)))[:TEXT_CHARS].strip())
