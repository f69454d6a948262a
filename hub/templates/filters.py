"""The filters a template may use. Each is bounded in time and size, whatever its arguments are.

The usual Jinja filters `center`, `indent`, `format`, `wordwrap`, `join`… are left out: one small argument makes
them build a string of gigabytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from jinja2 import Undefined

TEXT_CHARS_MAX = 65_536
DIGITS_MAX = 9
_PLAIN = (str, int, float, Decimal)
_WORD = re.compile(r"[^\W\d_][\w'’]*")


def _text(value: Any) -> str:
    """A plain value as text. Raises ValueError for anything that is not text or a number, or is too long."""
    if isinstance(value, Undefined):
        str(value)  # a StrictUndefined raises and names itself
    if type(value) is not str:
        if not isinstance(value, _PLAIN):
            raise ValueError("a filter takes a text or a number")
        value = str(value)
    if len(value) > TEXT_CHARS_MAX:
        raise ValueError(f"a value is longer than {TEXT_CHARS_MAX} characters")
    return str(value)


def _number(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)
    if type(value) not in (int, float, bool, Decimal):
        raise ValueError("the filter takes a number")
    return value


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"a filter's argument must be a whole number from 0 to {most}")
    return value


def default(value: Any, other: Any = "", also_empty: Any = False) -> Any:
    """`other` when the variable is missing or null; with a true third argument also when it is empty or zero."""
    if isinstance(value, Undefined) or value is None:
        return other
    return other if also_empty and not value else value


def length(value: Any) -> int:
    return len(_text(value))


def upper(value: Any) -> str:
    return _text(value).upper()


def lower(value: Any) -> str:
    return _text(value).lower()


def capitalize(value: Any) -> str:
    return _text(value).capitalize()


def title(value: Any) -> str:
    return _WORD.sub(lambda word: word.group().capitalize(), _text(value))


def trim(value: Any) -> str:
    return _text(value).strip()


def first(value: Any) -> str:
    return _text(value)[:1]


def last(value: Any) -> str:
    return _text(value)[-1:]


def truncate(value: Any, chars: Any, end: Any = "...") -> str:
    """At most `chars` characters, the last of them `end` when something was cut (dots, as `…` costs an SMS its GSM-7)."""
    text, tail, most = _text(value), _text(end), _count(chars, TEXT_CHARS_MAX)
    return text if len(text) <= most else (text[: max(0, most - len(tail))] + tail)[:most]


def replace(value: Any, old: Any, new: Any) -> str:
    text, before, after = _text(value), _text(old), _text(new)
    if not before:
        raise ValueError("replace needs a text to look for")
    if len(text) + text.count(before) * (len(after) - len(before)) > TEXT_CHARS_MAX:
        raise ValueError(f"a value is longer than {TEXT_CHARS_MAX} characters")
    return text.replace(before, after)


def absolute(value: Any) -> Any:
    return abs(_number(value))


def rounded(value: Any, digits: Any = 0) -> Any:
    """Half to even, as Python rounds; without digits a whole number."""
    places = _count(digits, DIGITS_MAX)
    return round(_number(value), places) if places else round(_number(value))


def integer(value: Any, other: Any = 0) -> Any:
    """A whole number, or `other` when the value is none."""
    try:
        return int(_text(value)) if isinstance(value, str) else int(_number(value))
    except (ValueError, OverflowError, ArithmeticError):
        return other


def floating(value: Any, other: Any = 0.0) -> Any:
    """A number with a fraction, or `other` when the value is none."""
    try:
        return float(_text(value)) if isinstance(value, str) else float(_number(value))
    except (ValueError, OverflowError, ArithmeticError):
        return other


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": absolute,
    "capitalize": capitalize,
    "default": default,
    "first": first,
    "float": floating,
    "int": integer,
    "last": last,
    "length": length,
    "lower": lower,
    "replace": replace,
    "round": rounded,
    "title": title,
    "trim": trim,
    "truncate": truncate,
    "upper": upper,
}
