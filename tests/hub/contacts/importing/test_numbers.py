"""The fast reader of numbers says what the parser says."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from hub.contacts.importing.numbers import Numbers
from hub.contacts.phones import BadPhone, e164

COUNTRIES = [
    "GB",
    "US",
    "CA",
    "DE",
    "FR",
    "IT",
    "IN",
    "ES",
    "BR",
    "AR",
    "MX",
    "RU",
    "KZ",
    "NG",
    "ZA",
    "AU",
    "SG",
    "HU",
    "BY",
    "FI",
    "JP",
    "SM",
    "AX",
]


def written(country: str, dice: random.Random) -> list[str]:
    """Numbers of a country as people write them, and some that are none."""
    found = []
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(country, kind)
        if example is None:
            continue
        national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
        world = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        plain = phonenumbers.national_significant_number(example)
        found += [national, world, plain, f"0{plain}", f"00{world[1:]}", f"+{example.country_code}{plain}"]
        found += [
            f"+{example.country_code} (0){plain}",
            f"+{example.country_code} 0{plain}",
            plain[:-1],
            f"{plain}1",
        ]
        for _ in range(15):
            digits = "".join(dice.choice("0123456789") for _ in range(len(plain)))
            found += [
                digits,
                f"0{digits}",
                digits[:-1],
                f"{digits}{dice.randrange(10)}",
                f"1{digits}",
                f"8{digits}",
            ]
    return [
        *found,
        "",
        "abc",
        "12",
        "+",
        "+0123456789",
        "٠٧٧٠٠٩٠٠١٢٣",
        "07700 900123 ext. 5",
        "1-800-FLOWERS",
        "+44+7700900123",
    ]


def slowly(value: str, country: str) -> str:
    try:
        return e164(value, country)
    except BadPhone:
        return ""


@pytest.mark.parametrize("country", COUNTRIES)
def test_it_agrees_with_the_parser(country: str) -> None:
    values = [value for value in written(country, random.Random(country)) if value]
    found, wrong = Numbers(country).read(values)
    different = [
        (v, f, slowly(v, country)) for v, f in zip(values, found, strict=True) if f != slowly(v, country)
    ]
    assert different == []
    assert {values[place] for place in wrong} == {value for value in values if not slowly(value, country)}


def test_a_column_of_e164_is_taken_as_it_is_and_a_wrong_one_found() -> None:
    values = ["+447700900123", "+14155550132", "+4477009001", "44+7700900123"]
    found, wrong = Numbers("GB").read(values)
    assert found[:2] == values[:2]
    assert set(wrong) == {3} | ({2} if found[2] == "" else set())
