"""SMPP PDUs as octets: `smpp34` codes submit_sm and deliver_sm, the small ones are coded here. Pure.

Source: channel reference section 2; SMPP 3.4, chapters 4 and 5. Why the library's own session is not used: decision 0019.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smpp34 import DeliverSm, SmppError, SubmitSm, Tlv, decode

from hub.errors import Malformed

GENERIC_NACK, RESPONSE = 0x80000000, 0x80000000
QUERY_SM, SUBMIT_SM, DELIVER_SM, UNBIND, BIND_TRANSCEIVER, ENQUIRE_LINK = 0x3, 0x4, 0x5, 0x6, 0x9, 0x15
SUBMIT_SM_RESP, DELIVER_SM_RESP = SUBMIT_SM | RESPONSE, DELIVER_SM | RESPONSE
VERSION = 0x34
PDU_BYTES_MAX = 70_000  # a message_payload of 64 KiB and the rest
SEQUENCE_MAX = 0x7FFFFFFF

HEADER = struct.Struct(">IIII")
_SEQUENCE = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Address:
    """A number or name with its type of number and numbering plan."""

    ton: int
    npi: int
    digits: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """One deliver_sm. `octets` are short_message, or message_payload where that is empty."""

    sequence: int
    source: Address
    destination: Address
    esm_class: int
    data_coding: int
    octets: bytes
    tlvs: Mapping[int, bytes]


def framed(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    """A PDU with its header."""
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def frames(buffer: bytearray) -> Iterator[tuple[int, int, int, bytes]]:
    """Take the whole PDUs off the front of `buffer`: (command, status, sequence, the PDU).

    Raises Malformed for a length that no PDU has: what follows cannot be read any more.
    """
    at, size = 0, len(buffer)
    view = bytes(buffer)
    try:
        while size - at >= 16:
            length, command, status, sequence = HEADER.unpack_from(view, at)
            if not 16 <= length <= PDU_BYTES_MAX:
                raise Malformed("the SMSC sent a PDU of an impossible length")
            if size - at < length:
                break
            yield command, status, sequence, view[at : at + length]
            at += length
    finally:
        del buffer[:at]


def bind_transceiver(sequence: int, system_id: str, password: str, system_type: str) -> bytes:
    """The bind with no address range: what may come is the SMSC's to decide."""
    body = b"".join(part.encode("latin-1") + b"\0" for part in (system_id, password, system_type))
    return framed(BIND_TRANSCEIVER, sequence, body + bytes([VERSION, 0, 0, 0]))


def submit_sm(
    source: Address,
    destination: Address,
    short_message: bytes,
    *,
    esm_class: int,
    data_coding: int,
    registered_delivery: int,
    validity_period: str = "",
    tlvs: tuple[tuple[int, bytes], ...] = (),
) -> bytes:
    """A submit_sm whose sequence_number is still to be set by `numbered`. Raises Malformed for what does not fit."""
    try:
        return SubmitSm(
            source.digits,
            destination.digits,
            short_message,
            source_addr_ton=source.ton,
            source_addr_npi=source.npi,
            dest_addr_ton=destination.ton,
            dest_addr_npi=destination.npi,
            esm_class=esm_class,
            registered_delivery=registered_delivery,
            data_coding=data_coding,
            validity_period=validity_period,
            tlvs=[Tlv(tag, value) for tag, value in tlvs],
        ).encode()
    except (SmppError, ValueError, OverflowError) as error:
        raise Malformed(f"the message fits no submit_sm: {error}") from None


def numbered(pdu: bytes, sequence: int) -> bytes:
    """The same PDU under another sequence_number."""
    return pdu[:12] + _SEQUENCE.pack(sequence) + pdu[16:]


def deliver_sm(pdu: bytes) -> Delivered:
    """Read a deliver_sm. Raises Malformed."""
    try:
        found = decode(pdu)
    except SmppError as error:
        raise Malformed(f"the SMSC sent no deliver_sm: {error}") from None
    if not isinstance(found, DeliverSm):
        raise Malformed("the SMSC sent no deliver_sm")
    tlvs = {tlv.tag: bytes(tlv.value) for tlv in found.tlvs}
    return Delivered(
        found.sequence_number,
        Address(found.source_addr_ton, found.source_addr_npi, found.source_addr),
        Address(found.dest_addr_ton, found.dest_addr_npi, found.destination_addr),
        found.esm_class,
        found.data_coding,
        bytes(found.short_message) or tlvs.get(0x0424, b""),
        tlvs,
    )


def message_id(pdu: bytes) -> str:
    """The message_id of a submit_sm_resp, or "" where there is none."""
    return pdu[16:].partition(b"\0")[0].decode("latin-1")


def query_sm(sequence: int, wanted: str, source: Address) -> bytes:
    """Ask what became of a message."""
    body = wanted.encode("latin-1") + b"\0" + bytes([source.ton, source.npi])
    return framed(QUERY_SM, sequence, body + source.digits.encode("latin-1") + b"\0")


def query_sm_state(pdu: bytes) -> tuple[int, int]:
    """(message_state, error_code) of a query_sm_resp. Raises Malformed."""
    _, found, rest = pdu[16:].partition(b"\0")
    _, ended, tail = rest.partition(b"\0")  # final_date
    if not found or not ended or len(tail) < 2:
        raise Malformed("the SMSC's answer to query_sm is cut short")
    return tail[0], tail[1]
