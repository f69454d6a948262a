"""Text features without a tokenizer loop in Python: hashed n-grams of a whole batch in a few numpy passes.

scikit-learn's vectorizers cost milliseconds a text at batch 1; this costs tens of microseconds, so the cheap
first stage stays cheap. Grams: words 1–2, and characters 2–5 inside a word with its surrounding spaces
(scikit-learn's `char_wb`). A gram's column is its hash; only the hashes seen in training have a column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from hub.intents.encoder import Floats, Ids, clean

Hashes = npt.NDArray[np.uint64]

CHARS_MAX = 500  # of the normalised text; a longer message says its intent early, and the cost stays bounded
CHAR_GRAMS = (2, 3, 4, 5)
BUCKET_BITS = 22

_PIECES = re.compile(r"\w+|[^\w\s]")
_SPACE = 32
_U = np.uint64
_CHAR = _U(0x9E3779B97F4A7C15)  # odd constants of splitmix64 and its kin: any odd number with mixed bits would do
_ROLL = _U(0xD6E8FEB86659FD93)
_PAIR = _U(0xC2B2AE3D27D4EB4F)
_MIX_1 = _U(0xBF58476D1CE4E5B9)
_MIX_2 = _U(0x94D049BB133111EB)
_SALTS = {n: _U(0x165667B19E3779F9 * n & 0xFFFFFFFFFFFFFFFF) for n in range(16)}
_POWERS: Hashes = np.cumprod(np.full(CHARS_MAX + 2, _ROLL, _U), dtype=_U)


def normalise(text: str) -> str:
    """Lower case, one space between words and marks, at most `CHARS_MAX` characters.

    >>> normalise("Where's  my CARD?!")
    "where ' s my card ? !"
    """
    return " ".join(_PIECES.findall(clean(text[: 4 * CHARS_MAX]).lower()))[:CHARS_MAX]


def _bucket(hashes: Hashes, salt: int) -> Ids:
    mixed = hashes + _SALTS[salt]
    mixed ^= mixed >> _U(30)
    mixed *= _MIX_1
    mixed ^= mixed >> _U(27)
    mixed *= _MIX_2
    return (mixed >> _U(64 - BUCKET_BITS)).astype(np.int64)


@dataclass(slots=True, frozen=True)
class Grams:
    """The grams of a batch: parallel arrays of text number, bucket (0 … 2²²−1) and whether it is a word gram."""

    rows: Ids
    buckets: Ids
    words: npt.NDArray[np.bool_]


def grams(texts: Sequence[str]) -> Grams:
    """Every gram of every text, repeats included. Order inside a text is not defined."""
    padded = [f" {normalise(text)} " for text in texts]
    joined = "".join(padded)
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    owner = np.repeat(np.arange(len(padded), dtype=np.int64), lengths)
    blank = codes == _SPACE
    values: Hashes = (codes.astype(_U) + _U(1)) * _CHAR
    values ^= values >> _U(29)
    rows, buckets = _char_grams(values, blank, owner)
    word_rows, word_buckets = _word_grams(values, blank, owner)
    flags = np.zeros(len(rows) + len(word_rows), np.bool_)
    flags[len(rows) :] = True
    return Grams(np.concatenate((rows, word_rows)), np.concatenate((buckets, word_buckets)), flags)


def _char_grams(values: Hashes, blank: npt.NDArray[np.bool_], owner: Ids) -> tuple[Ids, Ids]:
    rows: list[Ids] = []
    buckets: list[Ids] = []
    rolling = values
    ok = ~blank
    inside = ok  # positions whose window so far has no blank after its first character
    for n in range(2, CHAR_GRAMS[-1] + 1):
        if len(values) < n:
            break
        rolling = rolling[:-1] * _ROLL + values[n - 1 :]
        # A window may start and end on a blank, and hold none between: it lies in one padded word.
        window = inside[: len(rolling)] | (blank[: len(rolling)] if n == 2 else False)
        window = window & ~(blank[: len(rolling)] & blank[n - 1 :]) if n == 2 else window
        at = np.flatnonzero(window)
        rows.append(owner[at])
        buckets.append(_bucket(rolling[at], n))
        inside = window[: len(rolling) - 1] & ok[n - 1 : n - 1 + len(rolling) - 1]
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(buckets)


def _word_grams(values: Hashes, blank: npt.NDArray[np.bool_], owner: Ids) -> tuple[Ids, Ids]:
    starts = np.flatnonzero(blank[:-1] & ~blank[1:]) + 1
    if not len(starts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    ends = np.flatnonzero(~blank[:-1] & blank[1:]) + 1
    word = np.cumsum(blank[:-1] & ~blank[1:])
    at = np.flatnonzero(~blank)
    number = word[at - 1] - 1
    terms = values[at] * _POWERS[at - starts[number]]
    first = np.searchsorted(at, starts)
    hashes = np.add.reduceat(terms, first) + (ends - starts).astype(_U)
    rows = owner[starts]
    same = rows[:-1] == rows[1:]
    pairs = (hashes[:-1] * _PAIR + hashes[1:])[same]
    return np.concatenate((rows, rows[:-1][same])), np.concatenate((_bucket(hashes, 1), _bucket(pairs, 0)))
