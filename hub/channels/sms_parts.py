"""How many parts an SMS has. One function for preview, forecast, price and sending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

GSM7_ALONE, GSM7_JOINED = 160, 153  # septets; a joined part gives 7 of them to its header
UCS2_ALONE, UCS2_JOINED = 70, 67  # UTF-16 units; a joined part gives 3 of them to its header

# 3GPP TS 23.038, the default alphabet without ESC, which is no character of its own.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"  # ESC and a code: two septets each

_BASIC_SET = frozenset(BASIC)
_EXTENSION_SET = frozenset(EXTENSION)
_GSM7_SET = _BASIC_SET | _EXTENSION_SET
_BASIC_ASCII = bytes(ord(letter) for letter in BASIC if letter.isascii())
_EXTENSION_ASCII = bytes(ord(letter) for letter in EXTENSION if letter.isascii())


@dataclass(frozen=True, slots=True)
class Parts:
    """`units` are septets (gsm7) or UTF-16 units (ucs2) of the text without headers; `parts` is 1..n."""

    encoding: Encoding
    units: int
    parts: int


def sms_parts(text: str) -> Parts:
    """Count the SMS parts of `text`; an empty text is one part.

    GSM-7: 160 septets alone, 153 when joined; UCS-2: 70 / 67 UTF-16 units. A pair (escape or surrogate) is never
    split, so a part may end one unit short. One character outside GSM-7 turns the whole text to UCS-2.
    Source: 3GPP TS 23.038, 23.040.
    """
    pairs = _gsm7_pairs(text)
    if pairs is not None:
        units = len(text) + pairs
        if units <= GSM7_ALONE:
            return Parts("gsm7", units, 1)
        return Parts("gsm7", units, _count(text, units, "gsm7", GSM7_JOINED))
    units = len(text.encode("utf-16-be", "surrogatepass")) // 2
    if units <= UCS2_ALONE:
        return Parts("ucs2", units, 1)
    return Parts("ucs2", units, _count(text, units, "ucs2", UCS2_JOINED))


def split_parts(text: str) -> list[str]:
    """The text of each part, in order; joined they are `text` again."""
    found = sms_parts(text)
    if found.parts == 1:
        return [text]
    joined = GSM7_JOINED if found.encoding == "gsm7" else UCS2_JOINED
    cuts = [*_cuts(text, found.encoding, joined), len(text)]
    return [text[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]


def _gsm7_pairs(text: str) -> int | None:
    """How many characters need two septets, or None when a character is outside GSM-7."""
    if text.isascii():
        rest = text.encode("ascii").translate(None, _BASIC_ASCII)
        return len(rest) if not rest.translate(None, _EXTENSION_ASCII) else None
    letters = set(text)
    if not letters <= _GSM7_SET:
        return None
    return sum(text.count(letter) for letter in letters & _EXTENSION_SET)


def _count(text: str, units: int, encoding: Encoding, joined: int) -> int:
    if units == len(text):  # no pairs, so every part is full
        return -(-units // joined)
    return 1 + sum(1 for _ in _cuts(text, encoding, joined))


def _cuts(text: str, encoding: Encoding, joined: int) -> Iterator[int]:
    """Indexes at which a new part begins, the first part left out."""
    used = 0
    for index, letter in enumerate(text):
        if encoding == "gsm7":
            width = 2 if letter in _EXTENSION_SET else 1
        else:
            width = 2 if letter > "\uffff" else 1
        if used + width > joined:
            yield index
            used = 0
        used += width
