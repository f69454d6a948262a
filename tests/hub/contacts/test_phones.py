from __future__ import annotations

import pickle

import phonenumbers
import pytest

from hub.contacts import phones
from hub.contacts.phones import BadPhone, e164

READ = [
    ("+447700900123", "US", "+447700900123"),
    ("07700 900123", "GB", "+447700900123"),
    ("(415) 555-0132", "US", "+14155550132"),
    ("+1 415 555 0132", "GB", "+14155550132"),
    ("0044 7700 900123", "DE", "+447700900123"),
    ("tel:+44-7700-900123", "US", "+447700900123"),
    ("٠٧٧٠٠٩٠٠١٢٣", "GB", "+447700900123"),  # Arabic-Indic digits
    ("+44 (0)7700 900123", "US", "+447700900123"),
    ("98765 43210", "IN", "+919876543210"),
    ("+80012345678", "US", "+80012345678"),  # a freephone number that belongs to no country
    ("+390612345678", "US", "+390612345678"),  # Italy keeps the 0
]


@pytest.mark.parametrize(("text", "country", "expected"), READ)
def test_what_people_write_becomes_e164(text: str, country: str, expected: str) -> None:
    assert e164(text, country) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "+",
        "123",
        "+4477009",
        "+44770090012345678",
        "+999123456789",
        "+0123456789",
        "x" * 5000,
        "\0",
        "+447700900123;drop table contacts",
    ],
)
def test_what_is_no_number_is_named(text: str) -> None:
    with pytest.raises(BadPhone) as caught:
        e164(text, "GB", "/contacts/3/phone")
    assert caught.value.pointer == "/contacts/3/phone"
    assert caught.value.value == text[: phones.TEXT_CHARS_MAX]
    assert len(str(caught.value)) < 120
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def test_the_fast_path_agrees_with_the_parser() -> None:
    """Every calling code, every length: a number the fast path takes is one the parser would give back unchanged."""
    taken = 0
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        for length in range(4, 15):
            number = f"+{code}{'2' * length}"
            if len(number) > 16 or not phones._is_possible(number):
                continue
            taken += 1
            assert phonenumbers.is_possible_number(phonenumbers.parse(number)), number
            assert e164(number, "US") == number
    assert taken > 300
