"""Replies read as what was asked for: a number, a date, an address. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import phonenumbers

KINDS = {
    "choice": "text",
    "text": "text",
    "number": "number",
    "date": "date",
    "email": "text",
    "phone": "text",
}
"""The type of a variable that holds an answer of this kind."""
ANSWER_CHARS_MAX = 1_000
_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,9})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{1,9})?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@([a-z0-9](-*[a-z0-9]){0,62}\.){1,8}[a-z]{2,24}", re.IGNORECASE)


def read_answer(
    text: str, kind: str, low: float | None = None, high: float | None = None, country: str = ""
) -> tuple[Any, str]:
    """(value, "") or (None, what is wrong). A date comes as YYYY-MM-DD, a phone number as E.164."""
    said = text.strip()
    if not said or len(said) > ANSWER_CHARS_MAX:
        return (None, "there is no answer") if not said else (None, "the answer is too long")
    match kind:
        case "number":
            return _number(said, low, high)
        case "date":
            return _date(said)
        case "email":
            fits = len(said) <= 254 and _EMAIL.fullmatch(said)
            return (said, "") if fits else (None, "it is no e-mail address")
        case "phone":
            return _phone(said, country)
        case _:
            if low is not None and len(said) < low:
                return None, f"it has fewer than {low:g} characters"
            if high is not None and len(said) > high:
                return None, f"it has more than {high:g} characters"
            return said, ""


def _number(said: str, low: float | None, high: float | None) -> tuple[Any, str]:
    if _GROUPED.fullmatch(said):
        said = said.replace(",", "")
    elif not _NUMBER.fullmatch(said):
        return None, "it is no number"
    value: int | float = float(said.replace(",", ".")) if "." in said or "," in said else int(said)
    if low is not None and value < low:
        return None, f"it is less than {low:g}"
    if high is not None and value > high:
        return None, f"it is more than {high:g}"
    return value, ""


def _date(said: str) -> tuple[Any, str]:
    """Year first as everywhere, or day first; what can be read in two ways is read with the day first."""
    found = _DATE.fullmatch(said)
    if found is None:
        return None, "it is no date"
    year, month, day, day2, month2, year2 = found.groups()
    try:
        return date(int(year or year2), int(month or month2), int(day or day2)).isoformat(), ""
    except ValueError:
        return None, "there is no such day"


def _phone(said: str, country: str) -> tuple[Any, str]:
    try:
        number = phonenumbers.parse(said[:40], country or None)
    except phonenumbers.NumberParseException:
        return None, "it is no phone number"
    if not phonenumbers.is_possible_number(number):
        return None, "it is no phone number"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), ""
