"""Signatures and part counts against the providers' published values."""

from __future__ import annotations

import pytest

from carrier.parts import count_parts
from carrier.signatures import meta_signature, twilio_json_signature, twilio_signature


def test_twilio_form_vector() -> None:
    fields = {
        "Digits": "1234",
        "CallSid": "CA1234567890ABCDE",
        "To": "+18005551212",
        "Caller": "+14158675309",
        "From": "+14158675309",
    }
    signature = twilio_signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", fields)
    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_twilio_repeated_name_counts_each_distinct_value_once_sorted() -> None:
    url = "https://h.example/cb"
    assert twilio_signature("t", url, {"A": ["2", "1", "2"]}) == twilio_signature("t", url, {"A": ["1", "2"]})
    assert twilio_signature("t", url, {"A": "1"}) != twilio_signature("t", url, {"A": ["1", "2"]})


def test_twilio_json_vector() -> None:
    url, signature = twilio_json_signature("12345", "https://h.example/cb", b'{"a":1}')
    assert url.endswith("?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862")
    assert signature == "z4uYR+02hKIAJ1kW3W6qXEP7hqg="


def test_meta_vector() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    expected = "sha256=76d7cf0d41b1c62907ab63a2ffb509a14ebd4bfe05b33a2e8c6960459868a174"
    assert meta_signature("s3cret", body) == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("Ж" * 70, 1),
        ("Ж" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 152 + "€" + "b" * 151, 2),
        ("a" * 152 + "€" + "b" * 152, 3),
        ("Ж" * 66 + "😀" + "Ж" * 66, 3),
    ],
)
def test_parts(text: str, parts: int) -> None:
    assert count_parts(text) == parts
