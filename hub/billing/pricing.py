"""What a message costs: the longest matching rate of the nearest card. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hub.errors import Invalid
from hub.money import CONTEXT, round_micros

ANY_CATEGORY = "*"
PREFIX_DIGITS_MAX = 16
# A campaign's own card stands before the tenant (0), its parents (1, 2, …) and the default.
LEVEL_CAMPAIGN = -1
LEVEL_DEFAULT = 1_000
_CACHE_MAX = 50_000


@dataclass(eq=False)
class NoRate(Invalid):
    """There is no price for this destination."""

    code: ClassVar[str] = "no-rate"


@dataclass(frozen=True, slots=True)
class Rate:
    """One price for the destinations that begin with `prefix`, in main units a part; valid on [valid_from, valid_to)."""

    level: int
    card_id: UUID
    card_name: str
    card_version: int
    channel_kind: str
    currency: str
    exclusive: bool
    rate_id: UUID
    prefix: str
    category: str
    price: Decimal
    valid_from: date
    valid_to: date | None = None
    initial_s: int = 60  # of calls: what is charged at least, then by steps of `increment_s`
    increment_s: int = 60


@dataclass(frozen=True, slots=True)
class Price:
    """What one message costs and why: every field is stored or shown beside the amount."""

    micros: int
    currency: str
    rate_id: UUID
    card_id: UUID
    card_version: int
    unit_price: Decimal
    parts: int


def price(rate: Rate, parts: int) -> Price:
    """`parts` at the rate's price, rounded once, HALF_UP to the micro (rule R1)."""
    micros = round_micros(CONTEXT.multiply(rate.price, Decimal(parts)))
    return Price(micros, rate.currency, rate.rate_id, rate.card_id, rate.card_version, rate.price, parts)


class RateTable:
    """All rates one tenant may use; immutable, so hosts may share it; it remembers what it found.

    Order of search: campaign, tenant, parent, …, root, default; the first level with a match wins, however short
    its prefix. Inside a level: longest prefix, exact category before `*`, newest start. A card of the level that is
    `exclusive` ends the search there. Of several versions of a card only the newest counts.
    """

    def __init__(self, rates: Iterable[Rate]) -> None:
        rows = list(rates)
        newest: dict[tuple[int, str, str], int] = {}
        for rate in rows:
            card = (rate.level, rate.channel_kind, rate.card_name)
            newest[card] = max(newest.get(card, 0), rate.card_version)
        self._levels: dict[str, list[_Level]] = {}
        for rate in sorted(rows, key=lambda rate: rate.level):
            if rate.card_version < newest[rate.level, rate.channel_kind, rate.card_name]:
                continue
            levels = self._levels.setdefault(rate.channel_kind, [])
            if not levels or levels[-1].level != rate.level:
                levels.append(_Level(rate.level))
            levels[-1].add(rate)
        self._longest = {
            kind: max(level.longest for level in levels) for kind, levels in self._levels.items()
        }
        self._found: dict[tuple[str, str, str, date], Rate] = {}

    def resolve(self, channel_kind: str, digits: str, category: str, on: date) -> Rate:
        """The rate for E.164 `digits` (a leading + is fine). Raises NoRate: without a rate nothing is sent, never free."""
        matched = digits.lstrip("+")[: self._longest.get(channel_kind, 0)]
        key = (channel_kind, matched, category, on)
        found = self._found.get(key)
        if found is None:
            found = self._search(channel_kind, matched, category, on)
            if len(self._found) >= _CACHE_MAX:
                self._found.clear()
            self._found[key] = found
        return found

    def _search(self, channel_kind: str, digits: str, category: str, on: date) -> Rate:
        for level in self._levels.get(channel_kind, ()):
            found = level.find(digits, category, on)
            if found is not None:
                return found
            if level.exclusive:
                break
        where = f"+{digits[:4]}…" if digits else "this destination"
        raise NoRate(f"no {channel_kind} rate for {where} in category {category}")


class _Level:
    """The rates of one owner for one kind of channel."""

    __slots__ = ("exclusive", "level", "longest", "rates")

    def __init__(self, level: int) -> None:
        self.level = level
        self.exclusive = False
        self.longest = 0
        self.rates: dict[tuple[str, str], list[Rate]] = {}

    def add(self, rate: Rate) -> None:
        self.exclusive |= rate.exclusive
        self.longest = max(self.longest, len(rate.prefix))
        same = self.rates.setdefault((rate.prefix, rate.category), [])
        same.append(rate)
        same.sort(key=lambda rate: (rate.valid_from, rate.card_version, rate.card_id), reverse=True)

    def find(self, digits: str, category: str, on: date) -> Rate | None:
        wanted = (category,) if category == ANY_CATEGORY else (category, ANY_CATEGORY)
        for size in range(min(self.longest, len(digits)), -1, -1):
            for name in wanted:
                for rate in self.rates.get((digits[:size], name), ()):
                    if rate.valid_from <= on and (rate.valid_to is None or on < rate.valid_to):
                        return rate
        return None
