"""Prices: the billing reference's vectors, then the order of search."""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.billing.pricing import LEVEL_CAMPAIGN, LEVEL_DEFAULT, NoRate, Rate, RateTable, price

DAY = date(2026, 3, 1)
NUMBER = "+447911123456"


def card(
    level: int, prices: dict[str, str], *, name: str = "card", version: int = 1, **more: Any
) -> list[Rate]:
    """The rates of one card; `more` overrides fields of every rate."""
    identity = UUID(int=hash((level, name, version)) & (2**128 - 1))
    fields = {
        "kind": "sms",
        "category": "*",
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        "exclusive": False,
        **more,
    }
    return [
        Rate(
            level, identity, name, version, fields["kind"], "USD", fields["exclusive"],
            UUID(int=position), prefix, fields["category"], Decimal(amount), fields["valid_from"], fields["valid_to"],
        )
        for position, (prefix, amount) in enumerate(prices.items())
    ]  # fmt: skip


TENANT = card(0, {"44": "0.0400", "447": "0.0350", "4479": "0.0310"})
DEFAULT = card(LEVEL_DEFAULT, {"": "0.0500"})


def found(
    rates: list[Rate], digits: str = NUMBER, category: str = "*", on: date = DAY, kind: str = "sms"
) -> str:
    return str(RateTable(rates).resolve(kind, digits, category, on).price)


def test_b05_two_parts() -> None:
    rate = card(0, {"": "0.0079"})[0]
    priced = price(rate, 2)
    assert (priced.micros, priced.currency, priced.unit_price, priced.parts) == (
        15_800,
        "USD",
        Decimal("0.0079"),
        2,
    )


@pytest.mark.parametrize(
    ("unit", "parts", "micros"),
    [
        ("0.000000500", 1, 1),
        ("0.000000499", 1, 0),
        ("0.000000333", 3, 1),
        ("0", 5, 0),
        ("0.006241", 160, 998_560),
    ],
)
def test_rounded_once_half_up(unit: str, parts: int, micros: int) -> None:
    assert price(card(0, {"": unit})[0], parts).micros == micros


def test_b44_longest_prefix_then_default() -> None:
    assert found(TENANT + DEFAULT) == "0.0310"
    assert found(TENANT + DEFAULT, "+14155550100") == "0.0500"
    assert found(TENANT + DEFAULT, "447700") == "0.0350"
    assert found(TENANT + DEFAULT, "4420") == "0.0400"
    assert found(TENANT + DEFAULT, "") == "0.0500"


def test_b45_level_beats_prefix() -> None:
    assert found(TENANT + DEFAULT + card(LEVEL_CAMPAIGN, {"": "0.0290"})) == "0.0290"


def test_parents_before_default() -> None:
    parents = card(1, {"1": "0.02"}) + card(2, {"1": "0.03", "33": "0.04"})
    assert found(TENANT + parents + DEFAULT, "14155550100") == "0.02"
    assert found(TENANT + parents + DEFAULT, "336") == "0.04"


def test_exclusive_ends_the_search() -> None:
    with pytest.raises(NoRate):
        found(card(0, {"44": "0.04"}, exclusive=True) + DEFAULT, "14155550100")


def test_no_rate_is_never_free() -> None:
    with pytest.raises(NoRate):
        found(TENANT, "14155550100")
    with pytest.raises(NoRate):
        found(DEFAULT, kind="whatsapp")
    assert pickle.loads(pickle.dumps(NoRate("x"))).code == "no-rate"


def test_exact_category_before_any_but_after_a_longer_prefix() -> None:
    rates = card(0, {"44": "0.01", "447": "0.02"}) + card(
        0, {"44": "0.03"}, category="marketing", name="other"
    )
    assert found(rates, "4420", "marketing") == "0.03"
    assert found(rates, "447", "marketing") == "0.02"
    assert found(rates, "4420", "utility") == "0.01"


def test_validity_is_half_open_and_the_newest_start_wins() -> None:
    old = card(0, {"": "0.01"}, valid_to=date(2026, 3, 1))
    new = card(0, {"": "0.02"}, valid_from=date(2026, 3, 1))
    newer = card(0, {"": "0.03"}, valid_from=date(2026, 4, 1))
    rates = old + newer + new
    assert [found(rates, on=day) for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 4, 1))] == [
        "0.01",
        "0.02",
        "0.03",
    ]
    with pytest.raises(NoRate):
        found(rates, on=date(2019, 12, 31))


def test_only_the_newest_version_of_a_card_counts() -> None:
    assert found(card(0, {"": "0.01", "44": "0.02"}) + card(0, {"": "0.05"}, version=2)) == "0.05"


def test_tables_travel_between_processes() -> None:
    table = RateTable(TENANT)
    table.resolve("sms", NUMBER, "*", DAY)
    assert pickle.loads(pickle.dumps(table)).resolve("sms", NUMBER, "*", DAY).price == Decimal("0.0310")
