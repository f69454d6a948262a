"""Many UUIDv7 at once, as the text PostgreSQL reads: in their order, so that rows of a file keep theirs."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

COUNT_MAX = 1 << 26


def uuid7_texts(now_ms: int, count: int) -> Sequence[str]:
    """`count` ids of this millisecond: 48 bits of time, 26 of a counter, 48 random ones. RFC 9562, 5.7 and 6.2."""
    if count > COUNT_MAX:
        raise ValueError("too many ids for one millisecond")
    numbers = np.arange(count, dtype=np.uint64)
    ids = np.empty((count, 16), dtype=np.uint8)
    ids[:, 0:6] = np.frombuffer(now_ms.to_bytes(6, "big"), dtype=np.uint8)
    ids[:, 6] = 0x70 | (numbers >> np.uint64(22))
    ids[:, 7] = (numbers >> np.uint64(14)) & np.uint64(0xFF)
    ids[:, 8] = 0x80 | (numbers >> np.uint64(8) & np.uint64(0x3F))
    ids[:, 9] = numbers & np.uint64(0xFF)
    ids[:, 10:16] = np.frombuffer(os.urandom(count * 6), dtype=np.uint8).reshape(count, 6)
    digits = ids.tobytes().hex()
    return [digits[place : place + 32] for place in range(0, 32 * count, 32)]
