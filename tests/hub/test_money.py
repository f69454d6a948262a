"""Integer micros: what is read, what is written, how it is rounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.money import MICROS_MAX, format_micros, parse_micros, round_micros

READ = [
    ("0", 0),
    ("12.5", 12_500_000),
    ("12.50", 12_500_000),
    ("-0.000001", -1),
    ("0.000001", 1),
    ("1.000000000", 1_000_000),  # more places are fine while they say nothing
    ("007", 7_000_000),
    ("9223372036854.775807", MICROS_MAX),
]
REFUSED = [
    *[
        "",
        " ",
        "1.",
        ".5",
        "+1",
        "1e3",
        "1E-3",
        "NaN",
        "Infinity",
        "-Infinity",
        "1,50",
        "0x10",
        "1_000",
        "1 000",
    ],
    *[
        "0.0000001",
        "1.0000000000",
        "9223372036854.775808",
        "99999999999999",
        "--1",
        "1.5.5",
        "١٢",
        "1\n",
        "١",
    ],
]


@pytest.mark.parametrize(("text", "micros"), READ)
def test_read(text: str, micros: int) -> None:
    assert parse_micros(text) == micros


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_micros(text, "/amount")
    assert error.value.pointer == "/amount"


@given(st.integers(-MICROS_MAX, MICROS_MAX))
def test_what_is_written_is_read_again(micros: int) -> None:
    assert parse_micros(format_micros(micros)) == micros


@pytest.mark.parametrize(
    ("micros", "text"), [(0, "0.000000"), (1, "0.000001"), (-1, "-0.000001"), (12_345_678, "12.345678")]
)
def test_written(micros: int, text: str) -> None:
    assert format_micros(micros) == text


@pytest.mark.parametrize(
    ("amount", "micros"),
    [
        ("0.0000005", 1),
        ("-0.0000005", -1),
        ("0.00000049", 0),
        ("0.0000015", 2),
        ("0.0000025", 3),
        ("0.1", 100_000),
    ],
)
def test_rounding_is_half_up_on_the_absolute_value(amount: str, micros: int) -> None:
    assert round_micros(Decimal(amount)) == micros
