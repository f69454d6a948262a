"""Attributes of contacts: their definitions, and values checked against them. Pure.

`parser_for` reads the text of a file's cell, `checker_for` a JSON value. Both give one function per definition, made
once and called a million times.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from hub.errors import Conflict, Invalid

AttributeValue = str | int | float | bool

TYPES = ("text", "number", "boolean", "date", "choice")
DEFINITIONS_MAX = 100
INDEXED_MAX = 5
LABEL_CHARS_MAX = 80
CHOICES_MAX = 200
CHOICE_CHARS_MAX = 100
TEXT_CHARS_MAX = 1_000
INDEX_CHARS_MAX = 200  # of a text; longer ones are looked up by their beginning and compared whole
NUMBER_MAX = 10**15  # beyond it a JSON number is not exact any more

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NUMBER = re.compile(r"[+-]?(?:\d{1,16}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DATE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_MIDNIGHT = frozenset({"T00:00:00", " 00:00:00", "T00:00", " 00:00"})  # spreadsheets write dates so
_BOOLEANS = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}


@dataclass(eq=False)
class UnknownAttribute(Invalid):
    """There is no such attribute. Define it first."""

    code: ClassVar[str] = "unknown-attribute"


@dataclass(eq=False)
class BadValue(Invalid):
    """This value does not fit the attribute's type."""

    code: ClassVar[str] = "bad-value"


@dataclass(eq=False)
class AttributeExists(Conflict):
    """There is already an attribute with this key."""

    code: ClassVar[str] = "attribute-exists"


@dataclass(frozen=True, slots=True)
class Definition:
    """One attribute of a tenant's contacts."""

    id: UUID
    key: str
    label: str
    type: str
    choices: tuple[str, ...] = ()
    indexed: bool = False


Definitions = Mapping[str, Definition]
"""By key."""
Parser = Callable[[str], AttributeValue]
Checker = Callable[[Any], AttributeValue]


def check_definition(key: str, label: str, kind: str, choices: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The label and choices, trimmed. Raises Invalid, naming the field, when the definition is not acceptable."""
    if not _KEY.fullmatch(key):
        raise Invalid("a key has lower-case letters, digits and _, and begins with a letter", "/key")
    if kind not in TYPES:
        raise Invalid(f"a type is one of {', '.join(TYPES)}", "/type")
    return check_label(label or key.replace("_", " ").capitalize()), check_choices(kind, choices)


def check_label(label: str) -> str:
    label = label.strip()
    if not 0 < len(label) <= LABEL_CHARS_MAX:
        raise Invalid(f"a label has 1 to {LABEL_CHARS_MAX} characters", "/label")
    return label


def check_choices(kind: str, choices: Sequence[str]) -> tuple[str, ...]:
    trimmed = tuple(choice.strip() for choice in choices)
    if kind != "choice":
        if trimmed:
            raise Invalid("only an attribute of type choice has choices", "/choices")
        return ()
    if not 0 < len(trimmed) <= CHOICES_MAX:
        raise Invalid(f"there are 1 to {CHOICES_MAX} choices", "/choices")
    for place, choice in enumerate(trimmed):
        if not 0 < len(choice) <= CHOICE_CHARS_MAX:
            raise Invalid(f"a choice has 1 to {CHOICE_CHARS_MAX} characters", f"/choices/{place}")
    if len({choice.casefold() for choice in trimmed}) != len(trimmed):
        raise Invalid("two choices are the same", "/choices")
    return trimmed


def parser_for(definition: Definition) -> Parser:
    """A function from a cell's text (not empty) to the value. It raises BadValue without a pointer."""
    match definition.type:
        case "number":
            return _read_number
        case "boolean":
            return _read_boolean
        case "date":
            return _read_date
        case "choice":
            by_text = {choice.casefold(): choice for choice in definition.choices}

            def read_choice(text: str) -> AttributeValue:
                found = by_text.get(text.strip().casefold())
                if found is None:
                    raise BadValue(f"{_shown(text)} is not one of {_listed(definition.choices)}")
                return found

            return read_choice
        case _:
            return _read_text


def checker_for(definition: Definition) -> Checker:
    """A function from a JSON value to the stored value; it raises BadValue without a pointer."""
    match definition.type:
        case "number":
            return _check_number
        case "boolean":
            return _check_boolean
        case "date":
            return _check_date
        case "choice":
            choices = frozenset(definition.choices)

            def check_choice(value: Any) -> AttributeValue:
                if not isinstance(value, str) or value not in choices:
                    raise BadValue(f"{_shown(value)} is not one of {_listed(definition.choices)}")
                return value

            return check_choice
        case _:
            return _check_text


def check_values(values: Mapping[str, Any], definitions: Definitions) -> dict[str, AttributeValue]:
    """Values by key, each as its definition wants it. Raises UnknownAttribute or BadValue with a pointer."""
    return {key: check_value(key, value, definitions) for key, value in values.items()}


def check_value(key: str, value: Any, definitions: Definitions) -> AttributeValue:
    definition = definitions.get(key)
    if definition is None:
        shown = key[:63].replace("~", "~0").replace("/", "~1")
        raise UnknownAttribute("there is no attribute of this key; define it first", f"/attributes/{shown}")
    try:
        return checker_for(definition)(value)
    except BadValue as error:
        raise BadValue(error.detail, f"/attributes/{key}") from None


def index_text(value: AttributeValue) -> str:
    """A value as `contact_values` holds it: what `attributes ->> key` gives, cut at 200 characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value)[:INDEX_CHARS_MAX]


def _read_text(text: str) -> AttributeValue:
    return _check_text(text.strip())


def _read_number(text: str) -> AttributeValue:
    trimmed = text.strip()
    if not _NUMBER.fullmatch(trimmed):
        raise BadValue(f"{_shown(text)} is not a number such as 1234.5")
    try:
        number: int | float = int(trimmed)
    except ValueError:
        number = float(trimmed)
    return _check_number(number)


def _read_boolean(text: str) -> AttributeValue:
    found = _BOOLEANS.get(text.strip().casefold())
    if found is None:
        raise BadValue(f"{_shown(text)} is neither true nor false (yes, no, 1 and 0 will do)")
    return found


def _read_date(text: str) -> AttributeValue:
    trimmed = text.strip()
    found = _DATE.fullmatch(trimmed[:10] if trimmed[10:] in _MIDNIGHT else trimmed)
    if found is not None:
        try:
            return date(int(found[1]), int(found[3]), int(found[4])).isoformat()
        except ValueError:
            pass
    raise BadValue(f"{_shown(text)} is not a date such as 2026-11-25")


def _check_text(value: Any) -> AttributeValue:
    if not isinstance(value, str):
        raise BadValue("a text is wanted here")
    if len(value) > TEXT_CHARS_MAX:
        raise BadValue(f"a value has at most {TEXT_CHARS_MAX} characters")
    return value


def _check_number(value: Any) -> AttributeValue:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadValue("a number is wanted here, without quotes")
    if not math.isfinite(value) or abs(value) > NUMBER_MAX:
        raise BadValue("a number is between minus and plus 1,000,000,000,000,000")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_boolean(value: Any) -> AttributeValue:
    if not isinstance(value, bool):
        raise BadValue("true or false is wanted here, without quotes")
    return value


def _check_date(value: Any) -> AttributeValue:
    if isinstance(value, str) and len(value) == 10:
        try:
            if date.fromisoformat(value).isoformat() == value:
                return value
        except ValueError:
            pass
    raise BadValue(f"{_shown(value)} is not a date such as 2026-11-25")


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _listed(choices: Sequence[str]) -> str:
    head = ", ".join(choices[:8])
    return head if len(choices) <= 8 else f"{head} and {len(choices) - 8} more"
