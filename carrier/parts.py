"""How many SMS parts a text takes. Source: 3GPP TS 23.038 and 23.040 (8-bit reference)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_all_basic = re.compile(f"[{re.escape(_BASIC)}]*").fullmatch
_all_gsm = re.compile(f"[{re.escape(_BASIC + _EXTENDED)}]*").fullmatch


def count_parts(text: str) -> int:
    """Parts of `text`, 1 or more: 160 septets alone, 153 when joined; UCS-2 70 and 67 UTF-16 units.

    An escaped GSM character (two septets) and a surrogate pair are never cut in two, so a part may end short.
    """
    if _all_basic(text):
        return 1 if len(text) <= 160 else -(-len(text) // 153)
    if _all_gsm(text):
        return _pack((2 if char in _EXTENDED else 1 for char in text), 160, 153)
    return _pack((2 if ord(char) > 0xFFFF else 1 for char in text), 70, 67)


def _pack(widths: Iterable[int], alone: int, joined: int) -> int:
    """Fill parts of `joined` units without splitting a wide character; one part when all fit in `alone`."""
    total = used = 0
    parts = 1
    for width in widths:
        total += width
        if used + width > joined:
            parts += 1
            used = 0
        used += width
    return 1 if total <= alone else parts
