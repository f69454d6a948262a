"""Upper and lower case, so that SQL and Python agree on every server (docs/decisions/0011).

A letter is folded by a table that is ours, one character to one: A–Z by `lower(… COLLATE "C")`, which touches nothing
else on any server; other letters by `translate()` with the pairs that matter to the text that is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

_LETTERS_END = 0x1E944  # the last cased letter of Unicode lies below


@cache
def _pairs() -> Mapping[int, int]:
    """Upper case → lower case for every letter beyond ASCII whose lower case is one other letter beyond ASCII."""
    found = {}
    for point in range(0x80, _LETTERS_END):
        lower = chr(point).lower()
        if len(lower) == 1 and ord(lower) != point and ord(lower) >= 0x80:
            found[point] = ord(lower)
    return found


@cache
def _table() -> Mapping[int, int]:
    return {**{point: point + 32 for point in range(ord("A"), ord("Z") + 1)}, **_pairs()}


@cache
def _uppers() -> Mapping[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for upper, lower in _pairs().items():
        found[lower] = (*found.get(lower, ()), upper)
    return found


def fold(text: str) -> str:
    """`ÄRGER` to `ärger`: the same number of characters, case taken away."""
    return text.lower() if text.isascii() else text.translate(_table())


def normalize(text: str) -> str:
    """A message as it is compared with expected answers: trimmed, case-folded, white space collapsed, no end mark."""
    return " ".join(text.casefold().split()).rstrip(".! ")


def translation(folded: Iterable[str]) -> tuple[str, str] | None:
    """The (from, to) of `translate()` that a text needs beside `lower(… COLLATE "C")` before these folded texts can be
    looked for in it; None when they are free of letters beyond ASCII.
    """
    letters = sorted({ord(letter) for text in folded if not text.isascii() for letter in text})
    uppers, lowers = [], []
    for letter in letters:
        for upper in _uppers().get(letter, ()):
            uppers.append(chr(upper))
            lowers.append(chr(letter))
    return ("".join(uppers), "".join(lowers)) if uppers else None
