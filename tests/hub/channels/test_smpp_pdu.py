"""PDUs as octets. The vectors were made by independent encoders (channel reference, section 8)."""

from __future__ import annotations

import pytest

from hub.channels import smpp_pdu as pdu
from hub.channels.smpp_pdu import Address
from hub.channels.sms_smpp import SmppSettings, number_of, source_of, submits
from hub.errors import Malformed


def octets(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def test_a_bind() -> None:
    wanted = "0000001c 00000009 00000000 00000001 68756200 707700 00 34 00 00 00"
    assert pdu.bind_transceiver(1, "hub", "pw", "") == octets(wanted)


def test_an_enquire_link() -> None:
    assert pdu.framed(pdu.ENQUIRE_LINK, 2) == octets("00000010000000150000000000000002")


def test_a_single_text() -> None:
    settings = SmppSettings(host="smsc", system_id="hub")
    (made,) = submits(settings, "HUB", "+15550001", "Hi €", 0)
    wanted = (
        "00000031000000040000000000000007 00 05 00 48554200 01 01 313535353030303100 "
        "00 00 00 00 00 01 00 00 00 05 4869201b65"
    )
    assert pdu.numbered(made, 7) == octets(wanted)


def test_a_joined_part() -> None:
    made = pdu.submit_sm(
        Address(5, 0, "HUB"),
        Address(1, 1, "15550001"),
        octets("0500032a0201 04160434"),
        esm_class=0x40,
        data_coding=8,
        registered_delivery=1,
    )
    wanted = (
        "0000003600000004000000000000000800050048554200010131353535303030310040000000000100 08 00 0a "
        "0500032a0201 04160434"
    )
    assert pdu.numbered(made, 8) == octets(wanted)


def test_answers_are_read() -> None:
    buffer = bytearray(
        octets("0000001480000004000000000000000737663300 00000010800000040000005800000007 0000")
    )
    found = list(pdu.frames(buffer))
    assert [(command, status, sequence) for command, status, sequence, _ in found] == [
        (pdu.SUBMIT_SM_RESP, 0, 7),
        (pdu.SUBMIT_SM_RESP, 0x58, 7),
    ]
    assert [pdu.message_id(each[3]) for each in found] == ["7f3", ""]
    assert buffer == b"\0\0"  # the beginning of the next one


def test_a_length_that_no_pdu_has_is_malformed() -> None:
    with pytest.raises(Malformed):
        list(pdu.frames(bytearray(octets("ffffffff 00000004 00000000 00000001"))))


@pytest.mark.parametrize("cut", [17, 30, 48])
def test_half_a_deliver_sm_is_malformed(cut: int) -> None:
    (whole,) = submits(SmppSettings(host="smsc", system_id="hub"), "HUB", "+15550001", "Hi €", 0)
    body = whole[16:cut]
    with pytest.raises(Malformed):
        pdu.deliver_sm(pdu.framed(pdu.DELIVER_SM, 1, body))


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("+15550100", Address(1, 1, "15550100")),
        ("72345", Address(3, 0, "72345")),
        ("Parley", Address(5, 0, "Parley")),
    ],
)
def test_a_sender_has_its_type_of_number(number: str, address: Address) -> None:
    assert source_of(number) == address
    assert number_of(address) == number


def test_peers_are_not_exact_about_the_type_of_number() -> None:
    assert number_of(Address(0, 0, "15550001")) == "+15550001"
    assert number_of(Address(1, 1, "+15550001")) == "+15550001"
    assert number_of(Address(0, 1, "72345")) == "72345"


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("smsc.example", ("smsc.example", 2775)),
        ("smsc.example:3600", ("smsc.example", 3600)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_the_port_has_a_default(host: str, place: tuple[str, int]) -> None:
    assert SmppSettings(host=host, system_id="hub").place == place
