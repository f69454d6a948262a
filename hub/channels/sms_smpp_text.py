"""Texts as SMPP carries them: octets, data_coding, and the marks that join parts. Pure.

Source: channel reference sections 2 and 3; 3GPP TS 23.038 and 23.040.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.channels.sms_parts import BASIC, sms_parts, split_parts

Joining = Literal["udh8", "sar", "payload"]

ESC = 0x1B
UDH_PRESENT = 0x40  # esm_class
DEFAULT, UCS2 = 0, 8  # data_coding
SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER, PAYLOAD = 0x020C, 0x020E, 0x020F, 0x0424

# BASIC has no ESC, so letters from 0x1B on stand one place further in the alphabet than in the text.
_CODES = {letter: at if at < ESC else at + 1 for at, letter in enumerate(BASIC)}
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_OCTETS = {
    **{letter: bytes([code]) for letter, code in _CODES.items()},
    **{letter: bytes([ESC, code]) for letter, code in _EXTENSION.items()},
}
_LETTERS = {code: letter for letter, code in _CODES.items()}
_EXTENSION_LETTERS = {code: letter for letter, code in _EXTENSION.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """One submit_sm's text: `short_message`, or nothing there and the text in the TLV message_payload."""

    data_coding: int
    esm_class: int
    short_message: bytes
    tlvs: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part stands in its text: number `number` of `total`, both from 1."""

    reference: int
    total: int
    number: int


def gsm7(text: str) -> bytes:
    """One septet per octet, unpacked. Raises KeyError for a letter outside GSM-7."""
    return b"".join(_OCTETS[letter] for letter in text)


def gsm7_text(octets: bytes) -> str:
    """Read unpacked GSM-7. An unknown pair shows its second letter (TS 23.038, 6.2.1); octets over 0x7F show as U+FFFD."""
    letters: list[str] = []
    escaped = False
    for octet in octets:
        if octet == ESC and not escaped:
            escaped = True
            continue
        plain = _LETTERS.get(octet, " " if octet == ESC else "\ufffd")
        letters.append(_EXTENSION_LETTERS.get(octet, plain) if escaped else plain)
        escaped = False
    return "".join(letters)


def parts_of(text: str, joining: Joining, reference: int, default_coding: int = DEFAULT) -> list[Part]:
    """The submit_sm texts of `text`, as many as `sms_parts` counts, or one with `payload`.

    `reference` joins the parts: its low 8 bits are used with `udh8`, 16 with `sar`. `default_coding` is the
    data_coding under which this SMSC takes GSM-7. Raises ValueError for more than 255 parts.
    """
    if sms_parts(text).encoding == "gsm7":
        coding, encode = default_coding, gsm7
    else:
        coding, encode = UCS2, _utf16
    pieces = split_parts(text)
    if len(pieces) == 1:
        return [Part(coding, 0, encode(text))]
    if joining == "payload":
        return [Part(coding, 0, b"", ((PAYLOAD, encode(text)),))]
    total = len(pieces)
    if total > 255:
        raise ValueError("a text has at most 255 parts")
    if joining == "sar":
        mark = (reference & 0xFFFF).to_bytes(2, "big")
        return [
            Part(coding, 0, encode(piece), _sar(mark, total, number))
            for number, piece in enumerate(pieces, 1)
        ]
    return [
        Part(coding, UDH_PRESENT, bytes([5, 0, 3, reference & 0xFF, total, number]) + encode(piece))
        for number, piece in enumerate(pieces, 1)
    ]


def opened(esm_class: int, octets: bytes) -> tuple[Place | None, bytes]:
    """Take the header off a text: its place (8-bit or 16-bit reference) and what is left.

    A header that does not fit its octets, or a place outside its total, is no place; the text is kept.
    """
    if not esm_class & UDH_PRESENT or not octets:
        return None, octets
    end = 1 + octets[0]
    if end > len(octets):
        return None, octets
    place, at = None, 1
    while at + 2 <= end:
        element, length = octets[at], octets[at + 1]
        value = octets[at + 2 : min(at + 2 + length, end)]
        if (element, len(value)) in ((0, 3), (8, 4)) and 1 <= value[-1] <= value[-2]:
            place = Place(int.from_bytes(value[:-2], "big"), value[-2], value[-1])
        at += 2 + length
    return place, octets[end:]


def _sar(mark: bytes, total: int, number: int) -> tuple[tuple[int, bytes], ...]:
    return ((SAR_REFERENCE, mark), (SAR_TOTAL, bytes([total])), (SAR_NUMBER, bytes([number])))


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")
