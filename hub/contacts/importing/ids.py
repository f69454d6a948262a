"""Many UUIDv7 at once, as the text PostgreSQL reads: in their order, so that rows of a file keep theirs."""

from __future__ import annotations

import os
from collections.abc import Sequence

_RANDOM = 12  # hexadecimal digits an id
_LOW = 1 << 14


def uuid7_texts(now_ms: int, count: int) -> Sequence[str]:
    """`count` ids of this millisecond: 48 bits of time, 26 of a counter, 48 random ones. RFC 9562, 5.7 and 6.2."""
    if count > 1 << 26:
        raise ValueError("too many ids for one millisecond")
    head = f"{now_ms:012x}7"
    random = os.urandom(count * _RANDOM // 2).hex()
    return [
        f"{head}{number >> 14:03x}{0x8000 | number & (_LOW - 1):04x}{random[number * _RANDOM : (number + 1) * _RANDOM]}"
        for number in range(count)
    ]
