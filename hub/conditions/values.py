"""The values of rules, read strictly: what has not its type is refused with a code and its place in the rule."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from hub.conditions.text import fold
from hub.errors import Invalid
from hub.ids import decode_id

TEXT_CHARS_MAX = 200
LIST_MAX = 200
WHERE_MAX = 5
AT_LEAST_MAX = 1_000
PROPERTY_CHARS_MAX = 80
YEAR_MIN, YEAR_MAX = 1000, 9000
UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
AGO_MAX = timedelta(days=36_500)
PROPERTY_OPERATORS = {
    "text": ("=", "!=", "contains", "doesNotContain", "beginsWith", "endsWith", "in", "notIn"),
    "number": ("=", "!=", "<", "<=", ">", ">=", "between", "notBetween"),
    "boolean": ("=", "!="),
    "any": ("null", "notNull"),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER_BITS_MAX = 512

T = TypeVar("T")


class Wrong(Exception):
    """A value, field or operator that does not fit; `place` is a JSON pointer inside its rule."""

    def __init__(self, place: str, code: str, detail: str) -> None:
        super().__init__(place, code, detail)
        self.place = place
        self.code = code
        self.detail = detail


def text(value: Any, place: str = "/value") -> str:
    """A text of 1 to 200 characters without control characters that PostgreSQL cannot hold."""
    if not isinstance(value, str):
        raise Wrong(place, "wrong-type", "a text is needed here")
    if not 0 < len(value) <= TEXT_CHARS_MAX:
        raise Wrong(place, "wrong-length", f"a text of 1 to {TEXT_CHARS_MAX} characters is needed here")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Wrong(place, "wrong-text", "the text holds a character that no text can hold")
    return value


def folded(value: Any) -> str:
    """A text without its case."""
    return fold(text(value))


def items(value: Any) -> Sequence[Any]:
    """A list of 1 to 200 values."""
    if not isinstance(value, list | tuple):
        raise Wrong("/value", "wrong-type", "a list of values is needed here")
    if not 0 < len(value) <= LIST_MAX:
        raise Wrong("/value", "wrong-length", f"a list of 1 to {LIST_MAX} values is needed here")
    return value


def number(value: Any) -> Decimal:
    """A finite number, exactly as it was written."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Wrong("/value", "wrong-type", "a number is needed here")
    if isinstance(value, int) and value.bit_length() > _INTEGER_BITS_MAX:
        raise Wrong("/value", "out-of-range", "the number is too large")
    if not math.isfinite(value):
        raise Wrong("/value", "out-of-range", "a finite number is needed here")
    return exact(value)


def exact(value: int | float | Decimal) -> Decimal:
    """A number as its shortest decimal digits: what JSON writes for it, and so what PostgreSQL holds."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("/value", "wrong-type", "true or false is needed here")
    return value


def day(value: Any) -> date:
    """`2026-01-31`."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise Wrong("/value", "wrong-type", "a date is needed here: YYYY-MM-DD")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise Wrong("/value", "no-such-date", f"there is no day {value}") from None
    return _in_years(found)


def moment(value: Any) -> date:
    """A date, which is a whole day in the zone of the clock, or an instant with its zone."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return day(value)
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Wrong(
            "/value",
            "wrong-type",
            "a date or a time with its zone is needed here: 2026-01-31 or 2026-01-31T09:00:00Z",
        )
    return _in_years(found)


D = TypeVar("D", bound=date)


def _in_years(found: D) -> D:
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        raise Wrong("/value", "out-of-range", f"a year from {YEAR_MIN} to {YEAR_MAX} is needed here")
    return found


def pair(value: Any, reader: Callable[[Any], T]) -> tuple[T, T]:
    """[low, high], both included. One that is turned round is refused."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise Wrong("/value", "wrong-type", "two values are needed here: [lowest, highest]")
    low, high = reader(value[0]), reader(value[1])
    if isinstance(low, date) and isinstance(low, datetime) != isinstance(high, datetime):
        raise Wrong("/value", "wrong-type", "two dates or two times are needed here")
    if low > high:  # type: ignore[operator]
        raise Wrong("/value", "turned-round", "the first value must not be above the second")
    return low, high


def duration(value: Any, units: Sequence[str] = tuple(UNITS), place: str = "/value") -> timedelta:
    """`{"amount": 7, "unit": "days"}`; a day is 24 hours."""
    if not isinstance(value, dict) or not set(value) <= {"amount", "unit"}:
        raise Wrong(place, "wrong-type", 'a duration is needed here: {"amount": 7, "unit": "days"}')
    amount = value.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise Wrong(f"{place}/amount", "wrong-type", "a whole number is needed here")
    if value.get("unit") not in units:
        raise Wrong(f"{place}/unit", "unknown-unit", f"the units here are {', '.join(units)}")
    most = AGO_MAX // UNITS[value["unit"]]
    if not 0 < amount <= most:
        raise Wrong(f"{place}/amount", "out-of-range", f"1 to {most} {value['unit']} are possible here")
    return UNITS[value["unit"]] * amount


def one_of(value: Any, choices: Sequence[str], place: str = "/value") -> str:
    if not isinstance(value, str) or value not in choices:
        raise Wrong(place, "unknown-choice", f"one of {', '.join(choices)} is needed here")
    return value


def public_id(prefix: str, value: Any) -> UUID:
    try:
        return decode_id(prefix, value if isinstance(value, str) else "")
    except Invalid as error:
        raise Wrong("/value", "wrong-id", error.detail) from None


def happening(value: Any, more: Sequence[str]) -> tuple[int, timedelta | None, dict[str, Any]]:
    """(at least, within, the rest) of `{"at_least": 1, "within": {…}|null, …}`; no value at all: once, ever."""
    if value is None or value == "":
        value = {}
    if not isinstance(value, dict):
        raise Wrong("/value", "wrong-type", 'an object is needed here: {"at_least": 1, "within": null}')
    unknown = sorted(set(value) - {"at_least", "within", *more})
    if unknown:
        raise Wrong(f"/value/{_escaped(unknown[0])}", "unknown-member", "this is not known here")
    at_least = value.get("at_least", 1)
    if isinstance(at_least, bool) or not isinstance(at_least, int) or not 1 <= at_least <= AT_LEAST_MAX:
        raise Wrong(
            "/value/at_least", "out-of-range", f"a whole number from 1 to {AT_LEAST_MAX} is needed here"
        )
    within = value.get("within")
    span = None if within is None else duration(within, place="/value/within")
    return at_least, span, value


def properties(where: Any) -> list[tuple[str, str, Any]]:
    """The (property, operator, value) of `where`."""
    if where is None:
        return []
    if not isinstance(where, list) or len(where) > WHERE_MAX:
        raise Wrong("/value/where", "wrong-type", f"a list of at most {WHERE_MAX} rules is needed here")
    found = []
    for nth, item in enumerate(where):
        place = f"/value/where/{nth}"
        if not isinstance(item, dict) or not set(item) <= {"property", "operator", "value", "id"}:
            raise Wrong(place, "wrong-type", "a rule of `where` is {property, operator, value}")
        name, operator = item.get("property"), item.get("operator")
        if not isinstance(name, str) or not 0 < len(name) <= PROPERTY_CHARS_MAX or not name.isprintable():
            raise Wrong(f"{place}/property", "wrong-text", "a property's name has 1 to 80 characters")
        if not isinstance(operator, str):
            raise Wrong(f"{place}/operator", "missing", "an operator is needed here")
        found.append((name, operator, item.get("value")))
    return found


def property_type(operator: str, value: Any) -> str:
    """What a property's value is compared as: number, boolean, text; any for known and unknown."""
    if operator in PROPERTY_OPERATORS["any"]:
        return "any"
    if isinstance(value, bool):
        return "boolean"
    first = value[0] if isinstance(value, list) and value and operator in ("between", "notBetween") else value
    return "number" if isinstance(first, int | float) and not isinstance(first, bool) else "text"


def _escaped(name: str) -> str:
    return name[:60].replace("~", "~0").replace("/", "~1")
