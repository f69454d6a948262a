"""Who was in the file before: the row of every address, for millions of rows in 12 bytes each."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Rows = NDArray[np.uint32]


class _Run(NamedTuple):
    """Sorted keys, and the row of each."""

    keys: Keys
    rows: Rows


def keys_of(addresses: Sequence[str]) -> Keys:
    """One number an address: a telephone number is its own digits, any other text a hash above all of those."""
    digits = " ".join(addresses).encode().translate(None, b"+")
    if not digits.translate(None, b"0123456789 "):
        return np.fromstring(digits, dtype=np.int64, sep=" ").astype(np.uint64)
    return np.array([_key(address) for address in addresses], dtype=np.uint64)


def _key(address: str) -> int:
    if address[:1] == "+":
        return int(address)
    return int.from_bytes(blake2b(address.encode(), digest_size=8).digest(), "big") | 1 << 63


class Seen:
    """Keys in sorted runs that double in size: a look-up is a few binary searches, adding is a merge now and then."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def earlier(self, keys: Keys, rows: Rows) -> NDArray[np.uint32]:
        """For each key the row that had it before, 0 for none; also before it among `keys` themselves."""
        found = np.zeros(len(keys), dtype=np.uint32)
        for run in self._runs:
            places = np.searchsorted(run.keys, keys)
            places[places == len(run.keys)] = 0
            same = run.keys[places] == keys
            found[same] = run.rows[places[same]]
        order = np.lexsort((rows, keys))
        ordered = keys[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
        if len(again):
            starts: NDArray[Any] = np.arange(len(ordered))
            starts[again] = 0
            first = order[np.maximum.accumulate(starts)[again]]
            own = order[again]
            inside = (found[own] == 0) & (rows[first] != rows[own])
            found[own[inside]] = rows[first[inside]]
        return found

    def add(self, keys: Keys, rows: Rows) -> None:
        """Keys that nobody had before."""
        if not len(keys):
            return
        order = np.argsort(keys, kind="stable")
        run = _Run(keys[order], rows[order])
        while self._runs and len(self._runs[-1].keys) <= 2 * len(run.keys):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)


def _merged(one: _Run, two: _Run) -> _Run:
    keys = np.concatenate((one.keys, two.keys))
    order = np.argsort(keys, kind="stable")
    return _Run(keys[order], np.concatenate((one.rows, two.rows))[order])
