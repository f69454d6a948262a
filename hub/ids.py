"""Prefixed, sortable public ids over UUIDv7."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from uuid_utils.compat import uuid7

from hub.errors import Invalid

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_LETTERS = frozenset(ALPHABET)
_TO_PYTHON = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")  # the digits that int(…, 32) reads
_LENGTH = 26
_PAIRS = [
    first + second for first in ALPHABET for second in ALPHABET
]  # two letters a step: ids are made by the thousand
_SHIFTS = range(120, -1, -10)


def new_id() -> UUID:
    """A new UUIDv7: sorts by the millisecond of its making."""
    return uuid7()


@lru_cache(maxsize=4_096)
def uuid_of(digits: str) -> UUID:
    """The UUID of its hex digits, made once for the few that come again and again. Raises ValueError."""
    return UUID(digits)


def encode_id(prefix: str, value: UUID) -> str:
    """`con` and a UUID to `con_` and 26 characters; keeps the order of the UUIDs."""
    number = value.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def decode_id(prefix: str, text: str) -> UUID:
    """The UUID of a public id. Raises Invalid when the prefix or a character is wrong."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH:
        raise Invalid(f"expected an id that begins with {prefix}_", "")
    wrong = next((letter for letter in tail if letter not in _LETTERS), None)
    if wrong is not None:
        raise Invalid(f"{wrong!r} is not a character of an id", "")
    number = int(tail.translate(_TO_PYTHON), 32)
    if number >> 128:
        raise Invalid("the id is out of range", "")
    return UUID(int=number)


def id_of_moment(at: datetime) -> UUID:
    """The lowest UUIDv7 that is made at this moment: ids from here on are of this millisecond or later."""
    return UUID(int=max(int(at.timestamp() * 1000), 0) << 80)
