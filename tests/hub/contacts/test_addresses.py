from __future__ import annotations

import pytest

from hub.contacts.addresses import family, normal, reachable, time_zone_of
from hub.errors import Invalid


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("phone", "07700 900123", "+447700900123"),
        ("whatsapp", "+44 7700 900123", "+447700900123"),
        ("rcs", "+14155550132", "+14155550132"),
        ("sip", "Desk@PBX.Example", "sip:Desk@pbx.example"),
        ("sip", "SIPS:desk.7@pbx.example:5061", "sips:desk.7@pbx.example:5061"),
        ("sip", "sip:desk@[2001:db8::1]", "sip:desk@[2001:db8::1]"),
    ],
)
def test_one_form_of_each(kind: str, given: str, wanted: str) -> None:
    assert normal(kind, given, "GB") == wanted
    assert normal(kind, wanted, "GB") == wanted


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("phone", "nobody"),
        ("whatsapp", "12"),
        ("sip", "desk"),
        ("sip", "sip:a b@pbx.example"),
        ("sip", "sip:a/b@pbx.example"),
        ("sip", "sip:desk@pbx.example:99999"),
        ("sip", "sip:desk@-pbx"),
        ("sip", "sip:" + "a" * 300 + "@pbx.example"),
        ("fax", "+447700900123"),
    ],
)
def test_what_is_none_is_refused(kind: str, given: str) -> None:
    with pytest.raises(Invalid):
        normal(kind, given, "GB")


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+447700900123", "Europe/London"),  # four zones with one clock: the best known
        ("+12125550123", "America/New_York"),
        ("+14155550132", "America/Los_Angeles"),
        ("+919812345678", "Asia/Calcutta"),
        ("+18005550100", ""),  # toll-free: anywhere
        ("sip:desk@pbx.example", ""),
        ("", ""),
    ],
)
def test_the_time_zone_that_a_number_tells(number: str, zone: str) -> None:
    assert time_zone_of(number) == zone


def test_a_number_is_one_person_under_every_kind() -> None:
    assert family("rcs") == family("phone") == ("phone", "whatsapp", "rcs")
    assert family("sip") == ("sip",)


def test_who_can_be_written_to() -> None:
    assert reachable({"phone"}, {"sms"}) == {"sms": False, "whatsapp": True, "rcs": True, "voice": True}
    assert reachable({"sip"}, set()) == {"sms": False, "whatsapp": False, "rcs": False, "voice": True}
