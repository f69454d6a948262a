"""Receipts of SMPP in the shapes that SMSCs give them."""

from __future__ import annotations

import pytest

from hub.channels.delivery import Status
from hub.channels.sms_smpp_receipts import IdForm, Receipt, is_receipt, receipt_of, same_id
from hub.errors import Malformed

USUAL = b"id:7f3 sub:001 dlvrd:001 submit date:2601020304 done date:2601020305 stat:DELIVRD err:000 text:stat:UNDELIV"


@pytest.mark.parametrize(
    ("text", "receipt"),
    [
        (USUAL, Receipt("7f3", Status.DELIVERED)),
        (b"ID:0012 STAT:undeliv ERR:011", Receipt("0012", Status.UNDELIVERED, "011")),
        (b"stat:EXPIRED done date:260102030405 id:9", Receipt("9", Status.EXPIRED)),
        (b"id: 9 stat: REJECTD err: 5 Text:", Receipt("9", Status.FAILED, "5")),
    ],
)
def test_order_case_seconds_and_missing_fields_vary(text: bytes, receipt: Receipt) -> None:
    assert receipt_of(text, {}) == receipt


def test_tlvs_win_over_the_text() -> None:
    tlvs = {0x001E: bytes.fromhex("37663300"), 0x0427: b"\x05"}
    assert receipt_of(b"id:1 stat:DELIVRD err:007", tlvs) == Receipt("7f3", Status.UNDELIVERED, "007")
    assert receipt_of(b"", {**tlvs, 0x0427: b"\x02"}) == Receipt("7f3", Status.DELIVERED)


@pytest.mark.parametrize(
    "text", [b"", b"stat:DELIVRD", b"id:1", b"id:1 stat:MAYBE", b"sub:001 text:id:1 stat:DELIVRD"]
)
def test_a_receipt_without_message_or_state_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        receipt_of(text, {})


@pytest.mark.parametrize(
    ("given", "form", "same"),
    [
        ("7F3", "hex", "2035"),
        ("000002035", "decimal", "2035"),
        ("00aB", "as_is", "ab"),
        ("000", "as_is", "0"),
        ("a-b", "hex", "a-b"),
    ],
)
def test_an_id_has_one_spelling(given: str, form: IdForm, same: str) -> None:
    assert same_id(given, form) == same


def test_a_receipt_is_told_by_its_bits() -> None:
    assert is_receipt(0x04)
    assert is_receipt(0x47)
    assert not is_receipt(0x20)
    assert not is_receipt(0x40)
