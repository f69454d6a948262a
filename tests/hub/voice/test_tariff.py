from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from hub.billing.pricing import Rate
from hub.voice.script import Call, spoken
from hub.voice.tariff import Tariff, billed_s, estimate_s


@pytest.mark.parametrize(
    ("duration_s", "initial_s", "increment_s", "expected"),
    [
        (61, 60, 60, 120),
        (61, 6, 6, 66),
        (61, 30, 6, 66),
        (61, 1, 1, 61),
        (10, 60, 60, 60),
        (10, 6, 6, 12),
        (10, 30, 6, 30),
        (10, 1, 1, 10),
        (60, 60, 60, 60),
        (0, 60, 60, 0),
        (-1, 60, 60, 0),
    ],
)
def test_billed_seconds(duration_s: int, initial_s: int, increment_s: int, expected: int) -> None:
    assert billed_s(duration_s, initial_s, increment_s) == expected


def tariff(price: str = "0.014", initial_s: int = 60, increment_s: int = 60) -> Tariff:
    rate = Rate(
        0, UUID(int=1), "Voice", 1, "voice", "EUR", False, UUID(int=2), "", "*", Decimal(price),
        date(2020, 1, 1), None, initial_s, increment_s,
    )  # fmt: skip
    return Tariff.of(rate)


@pytest.mark.parametrize(
    ("made", "duration_s", "micros"),
    [
        (tariff(), 61, 28_000),
        (tariff(), 10, 14_000),
        (tariff(), 0, 0),
        (tariff("0.0085", 1, 1), 61, 8_642),  # 0.0085 × 61 / 60 = 0.00864166…
        (tariff("0.01", 6, 6), 61, 11_000),
        (tariff("0.000001", 1, 1), 30, 1),  # half a micro is rounded up
    ],
)
def test_a_call_is_rounded_once(made: Tariff, duration_s: int, micros: int) -> None:
    assert made.price_micros(duration_s) == micros


def test_a_tariff_survives_its_row() -> None:
    assert Tariff.from_row(tariff("0.0000123").to_row()) == tariff("0.0000123")


def test_the_estimate_is_the_longest_way_through_the_call() -> None:
    assert estimate_s(spoken("x" * 140)) == 11
    long = {"type": "say", "text": "x" * 1_400}
    ask = {"type": "gather", "branches": {"1": [long], "2": [{"type": "pause", "seconds": 5}]}}
    assert estimate_s(Call.model_validate({"steps": [ask]})) == 104
    assert estimate_s(Call.model_validate({"steps": [ask], "time_limit_s": 60})) == 60
