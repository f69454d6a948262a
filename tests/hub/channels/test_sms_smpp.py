"""SMS by SMPP: what comes in is read, and the state of a message follows from its parts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.channels.delivery import Status
from hub.channels.smpp_pdu import Address, Delivered
from hub.channels.sms_smpp import SmppSettings, piece_of, text_of, whole
from hub.channels.sms_smpp_text import SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL, Place
from tests.hub.channels.smsc import SETTINGS

SENT, DELIVERED, UNKNOWN = Status.SENT, Status.DELIVERED, Status.UNKNOWN
FAILED, EXPIRED = Status.FAILED, Status.EXPIRED


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([DELIVERED, DELIVERED], DELIVERED),
        ([DELIVERED, SENT], SENT),
        ([DELIVERED, UNKNOWN], UNKNOWN),
        ([DELIVERED, EXPIRED], EXPIRED),
        ([SENT, FAILED], FAILED),
    ],
)
def test_a_message_is_delivered_when_all_its_parts_are(parts: list[Status], message: Status) -> None:
    assert whole(parts) is message


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0, "4869201b65", "Hi €"),
        (0xF0, "4869", "Hi"),  # a flash message
        (0x10, "4869", "Hi"),  # message class 0
        (0x18, "04160434", "Жд"),
        (8, "04160434", "Жд"),
        (8, "d83dde00", "😀"),
        (8, "d83d", "\ufffd"),
        (3, "e9", "é"),
        (1, "4869", "Hi"),
        (6, "b6d4", "Жд"),
        (0, "480069", "H@i"),
        (3, "480069", "Hi"),
    ],
)
def test_a_text_is_read_by_its_data_coding(coding: int, octets: str, text: str) -> None:
    assert text_of(SETTINGS, coding, bytes.fromhex(octets)) == text


def test_an_smsc_may_write_gsm7_under_another_coding_or_latin1_under_the_default() -> None:
    assert text_of(SETTINGS.model_copy(update={"gsm7_coding": 1}), 1, b"\x1b\x65") == "€"
    assert text_of(SETTINGS.model_copy(update={"alphabet": "latin-1"}), 0, b"\xe9") == "é"


def delivered(**changed: object) -> Delivered:
    fields = {"esm_class": 0, "data_coding": 0, "octets": b"x", "tlvs": {}} | changed
    return Delivered(1, Address(1, 1, "15557654321"), Address(1, 1, "15550100"), **fields)  # type: ignore[arg-type]


def test_the_place_of_a_part_is_read_from_sar() -> None:
    tlvs = {SAR_REFERENCE: b"\x01\x02", SAR_TOTAL: b"\x03", SAR_NUMBER: b"\x02"}
    assert piece_of(delivered(tlvs=tlvs)).place == Place(0x102, 3, 2)


@pytest.mark.parametrize(
    "marks", [(b"\x01", b"\x02", b"\x03"), (b"\x01", b"\x02", b"\x00"), (b"\x01\x02\x03", b"\x02", b"\x01")]
)
def test_a_place_outside_its_total_is_no_place(marks: tuple[bytes, bytes, bytes]) -> None:
    tlvs = dict(zip((SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER), marks, strict=True))
    assert piece_of(delivered(tlvs=tlvs)).place is None


def test_a_text_of_one_part_has_no_place() -> None:
    assert piece_of(delivered(esm_class=0x40, octets=bytes.fromhex("05000301010148"))).place is None


@pytest.mark.parametrize("wrong", [{"window": 201}, {"window": 0}, {"system_id": "x" * 16}, {"other": 1}])
def test_settings_that_no_smsc_takes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SmppSettings.model_validate({"host": "smsc", "system_id": "hub"} | wrong)
