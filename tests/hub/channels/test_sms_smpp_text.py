"""Texts as SMPP carries them, against the reference's vectors and for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.codes import Retry
from hub.channels.smpp_codes import CODES, meaning_of
from hub.channels.sms_parts import BASIC, EXTENSION, sms_parts
from hub.channels.sms_smpp_text import ESC, Joining, Part, Place, gsm7, gsm7_text, opened, parts_of

TEXTS = st.text(st.sampled_from(BASIC + EXTENSION), max_size=900) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=500
)


def text_of(part: Part, octets: bytes) -> str:
    return gsm7_text(octets) if part.data_coding == 0 else octets.decode("utf-16-be")


def test_gsm7_is_one_septet_an_octet() -> None:
    assert gsm7("Hi €") == bytes.fromhex("4869201b65")
    assert gsm7("@Ññ") == bytes([0x00, 0x5D, 0x7D])
    assert gsm7_text(gsm7(BASIC + EXTENSION)) == BASIC + EXTENSION


def test_an_unknown_pair_shows_its_second_letter_and_a_lone_escape_nothing() -> None:
    assert gsm7_text(bytes([ESC, 0x41])) == "A"
    assert gsm7_text(bytes([0x41, ESC])) == "A"
    assert gsm7_text(b"\xff") == "\ufffd"


def test_a_short_text_has_no_header() -> None:
    assert parts_of("Hi €", "udh8", 1, default_coding=1) == [Part(1, 0, bytes.fromhex("4869201b65"))]


def test_the_reference_vector_of_a_joined_ucs2_part() -> None:
    first = parts_of("Жд" * 40, "udh8", 0x12A)[0]
    assert (first.data_coding, first.esm_class) == (8, 0x40)
    assert first.short_message.startswith(bytes.fromhex("0500032a0201 04160434"))
    assert opened(0x43, bytes.fromhex("0500032a0201 04160434")) == (Place(0x2A, 2, 1), b"\x04\x16\x04\x34")


def test_a_16_bit_reference_is_read() -> None:
    assert opened(0x40, bytes.fromhex("06080412340302") + b"a") == (Place(0x1234, 3, 2), b"a")


@pytest.mark.parametrize("octets", [b"", b"\x05\x00", bytes.fromhex("0500032a0203")])
def test_a_broken_header_is_no_place(octets: bytes) -> None:
    assert opened(0x40, octets)[0] is None


def test_a_payload_is_one_submit() -> None:
    assert parts_of("a" * 400, "payload", 1) == [Part(0, 0, b"", ((0x0424, b"a" * 400),))]


def test_more_than_255_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        parts_of("a" * (153 * 255 + 1), "udh8", 1)


@given(TEXTS, st.sampled_from(["udh8", "sar"]), st.integers(0, 0xFFFF))
def test_parts_fit_keep_pairs_whole_and_join_to_the_text(text: str, joining: Joining, reference: int) -> None:
    parts = parts_of(text, joining, reference)
    assert len(parts) == sms_parts(text).parts
    read = []
    for number, part in enumerate(parts, 1):
        assert len(part.short_message) <= (160 if part.data_coding == 0 else 140)
        place, octets = opened(part.esm_class, part.short_message)
        if len(parts) > 1 and joining == "udh8":
            assert place == Place(reference & 0xFF, len(parts), number)
        elif len(parts) > 1:
            assert [value for _, value in part.tlvs] == [
                reference.to_bytes(2, "big"),
                bytes([len(parts)]),
                bytes([number]),
            ]
        assert part.data_coding == 8 or not octets.endswith(bytes([ESC]))
        read.append(text_of(part, octets))
    assert "".join(read) == text


def test_throttling_slows_down_and_what_no_table_knows_is_never_sent_again() -> None:
    assert CODES[0x58].retry is CODES[0x14].retry is Retry.SLOWER
    assert meaning_of(0x0B).retry is Retry.SUPPRESS
    assert meaning_of(0x4FF).retry is Retry.NEVER
