"""SMPP 3.4 as an SMSC reads and writes it: PDUs, alphabets, the marks of joined texts. Source: SMPP 3.4; TS 23.038."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

HEADER = struct.Struct(">IIII")
RESPONSE = 0x80000000
NACK = 0x80000000
BIND_RX, BIND_TX, QUERY, SUBMIT, DELIVER, UNBIND, BIND_TRX, ENQUIRE = 1, 2, 3, 4, 5, 6, 9, 0x15
PAYLOAD, RECEIPTED_ID, STATE = 0x0424, 0x001E, 0x0427
SAR_REF, SAR_TOTAL, SAR_SEQ = 0x020C, 0x020E, 0x020F
UCS2 = 8
LENGTH_MAX = 70_000

_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = {10: "\f", 20: "^", 40: "{", 41: "}", 47: "\\", 60: "[", 61: "~", 62: "]", 64: "|", 101: "€"}
_SEPTETS = {letter: bytes([at]) for at, letter in enumerate(_ALPHABET) if at != 0x1B} | {
    letter: bytes([0x1B, at]) for at, letter in _EXTENDED.items()
}


class BadPdu(ValueError):
    """What came is no PDU."""


@dataclass(slots=True)
class Sm:
    """The fields of a submit_sm that matter here."""

    source: str
    destination: str
    esm_class: int
    registered: int
    data_coding: int
    octets: bytes
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """A whole PDU."""
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def take(buffer: bytearray) -> Iterator[tuple[int, int, int, bytes]]:
    """(command, status, sequence, body) of the whole PDUs at the front, taken off it. Raises BadPdu."""
    at = 0
    try:
        while len(buffer) - at >= 16:
            length, command, status, sequence = HEADER.unpack_from(buffer, at)
            if not 16 <= length <= LENGTH_MAX:
                raise BadPdu("command_length")
            if len(buffer) - at < length:
                return
            body = bytes(buffer[at + 16 : at + length])
            at += length
            yield command, status, sequence, body
    finally:
        del buffer[:at]


def c_string(body: bytes, at: int) -> tuple[str, int]:
    """A NUL-ended text and where the next field begins. Raises BadPdu."""
    end = body.find(0, at)
    if end < 0:
        raise BadPdu("a text without an end")
    return body[at:end].decode("latin-1"), end + 1


def read_sm(body: bytes) -> Sm:
    """The body of submit_sm. Raises BadPdu."""
    try:
        _, at = c_string(body, 0)  # service_type
        source, at = c_string(body, at + 2)
        destination, at = c_string(body, at + 2)
        esm_class = body[at]
        _, at = c_string(body, at + 3)  # schedule_delivery_time
        _, at = c_string(body, at)  # validity_period
        registered, data_coding, length = body[at], body[at + 2], body[at + 4]
        at += 5
        octets = body[at : at + length]
        if len(octets) != length:
            raise BadPdu("sm_length")
        tlvs = read_tlvs(body, at + length)
    except IndexError:
        raise BadPdu("cut short") from None
    return Sm(source, destination, esm_class, registered, data_coding, octets or tlvs.get(PAYLOAD, b""), tlvs)


def read_tlvs(body: bytes, at: int) -> dict[int, bytes]:
    """Optional parameters from `at` on. Raises BadPdu."""
    found: dict[int, bytes] = {}
    while at < len(body):
        if at + 4 > len(body):
            raise BadPdu("TLV")
        tag, length = struct.unpack_from(">HH", body, at)
        found[tag] = body[at + 4 : at + 4 + length]
        if len(found[tag]) != length:
            raise BadPdu("TLV")
        at += 4 + length
    return found


def write_sm(
    source: tuple[int, int, str],
    destination: tuple[int, int, str],
    esm_class: int,
    data_coding: int,
    octets: bytes,
    tlvs: tuple[tuple[int, bytes], ...] = (),
) -> bytes:
    """The body of deliver_sm; addresses are (TON, NPI, digits)."""
    places = b"".join(
        bytes([ton, npi]) + digits.encode("latin-1") + b"\0" for ton, npi, digits in (source, destination)
    )
    more = b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in tlvs)
    fixed = bytes([esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, len(octets)])
    return b"\0" + places + fixed + octets + more


def to_septets(text: str) -> bytes | None:
    """Unpacked GSM-7, or None for a text that needs UCS-2."""
    try:
        return b"".join(_SEPTETS[letter] for letter in text)
    except KeyError:
        return None


def to_text(data_coding: int, octets: bytes) -> str:
    """What the handset shows."""
    if data_coding & 0x0C == UCS2 and data_coding < 0xF0:
        return octets.decode("utf-16-be", "replace")
    if data_coding == 3:
        return octets.decode("latin-1")
    letters, escaped = [], False
    for octet in octets:
        if octet == 0x1B and not escaped:
            escaped = True
            continue
        plain = _ALPHABET[octet] if octet < 128 else "?"
        letters.append(_EXTENDED.get(octet, plain) if escaped else plain)
        escaped = False
    return "".join(letters)


def split(octets: bytes, wide: bool, size: int = 0) -> list[bytes]:
    """The pieces of a text that is too long for one SMS, each short enough to stand behind a 6-octet header."""
    alone, joined = (140, 134) if wide else (160, 153)
    joined = size or joined
    if len(octets) <= alone:
        return [octets]
    pieces, at = [], 0
    while at < len(octets):
        end = min(at + joined, len(octets))
        if end < len(octets):
            if wide and 0xD8 <= octets[end - 2] <= 0xDB:
                end -= 2  # a surrogate pair stays together
            elif not wide and octets[end - 1] == 0x1B:
                end -= 1  # so does an escaped letter
        pieces.append(octets[at:end])
        at = end
    return pieces


def place(sm: Sm) -> tuple[tuple[int, int, int] | None, bytes]:
    """((reference, total, number) or None, the octets behind the header)."""
    if sm.esm_class & 0x40 and sm.octets:
        end = 1 + sm.octets[0]
        header, octets = sm.octets[1:end], sm.octets[end:]
        at = 0
        while at + 2 <= len(header):
            element, length = header[at], header[at + 1]
            value = header[at + 2 : at + 2 + length]
            if (element, length, len(value)) in ((0, 3, 3), (8, 4, 4)):
                return (int.from_bytes(value[:-2], "big"), value[-2], value[-1]), octets
            at += 2 + length
        return None, octets
    if SAR_TOTAL in sm.tlvs and SAR_SEQ in sm.tlvs:
        marks = [int.from_bytes(sm.tlvs.get(tag, b"\0"), "big") for tag in (SAR_REF, SAR_TOTAL, SAR_SEQ)]
        return (marks[0], marks[1], marks[2]), sm.octets
    return None, sm.octets
