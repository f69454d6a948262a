"""Statistics of arms that may be looked at at any time, and as often as somebody likes. Pure.

Who goes which way is drawn by fixed shares. If two arms do the same, then whoever converts, whenever that is, came
through the first one with probability share = w1 / (w1 + w2): the arms of the conversions are throws of one coin, however
many people come, and however late they convert. The evidence against that coin is a mixture likelihood ratio with a beta
prior around the share; it is a martingale with mean 1, so that the chance that it EVER reaches 1 / alpha is at most alpha
(Ville's inequality): a bound for every number of looks, without an approximation, from the first conversion on.

Sources: M. Lindon, A. Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022 (the coin of the
conversions); S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
sequences", Annals of Statistics 49(2), 2021 (the intervals); H. Robbins, "Statistical methods related to the law of the
iterated logarithm", 1970 (the mixture).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, inf, log
from typing import Any

import numpy as np
from scipy import special

EFFECT = 0.2
"""The relative difference that the prior is made for where nobody says one; others are found too, a little later."""
CONVERSIONS_MAX = 10**8


def strength(share: float, effect: float = EFFECT) -> float:
    """How many throws the prior is worth: its standard deviation is the distance to the coin of arms that differ by
    `effect` (0.2: the first converts 20 % more often).
    """
    other = share * (1 + effect) / (1 + share * effect)
    return max(share * (1 - share) / (other - share) ** 2 - 1, 2.0)


def log_evidence(first: Any, total: Any, share: float, effect: float = EFFECT) -> Any:
    """Natural logarithm of the evidence that two arms differ, when `first` of `total` conversions came through the first.

    Numbers or arrays of them.
    """
    worth = strength(share, effect)
    return _log_ratio(first, total, share, worth * share, worth * (1 - share))


def log_evidence_above(first: int, total: int, share: float, effect: float = EFFECT) -> float:
    """Natural logarithm of the evidence that `first` of `total` come from a coin above `share`: the prior has nothing
    below. Under any coin at or below the share it is a supermartingale.
    """
    if total == 0:
        return 0.0
    worth = strength(share, effect)
    a, b = worth * share, worth * (1 - share)
    before = special.betaincc(a, b, share)
    after = special.betaincc(a + first, b + total - first, share)
    if after <= 0:
        return -inf
    return float(_log_ratio(first, total, share, a, b) + log(after) - log(before))


def _log_ratio(first: Any, total: Any, share: float, a: float, b: float) -> Any:
    mixed = special.betaln(a + first, b + total - first) - special.betaln(a, b)
    return mixed - special.xlogy(first, share) - special.xlog1py(total - first, -share)


def ratio_interval(
    first: int, total: int, share: float, alpha: float, effect: float = EFFECT
) -> tuple[float, float]:
    """Between which numbers the rate of the first arm divided by that of the second lies, at all looks together with
    confidence 1 - `alpha`. (0, inf) as long as nothing is known.
    """
    worth = strength(share, effect)
    low, high = _interval(first, total, worth * share, worth * (1 - share), alpha)
    scale = (1 - share) / share
    return (low / (1 - low) * scale if low < 1 else inf), (high / (1 - high) * scale if high < 1 else inf)


def rate_interval(hits: int, total: int, alpha: float) -> tuple[float, float]:
    """Between which numbers a rate lies, at all looks together with confidence 1 - `alpha`. The prior is Jeffreys'."""
    return _interval(hits, total, 0.5, 0.5, alpha)


def _interval(hits: int, total: int, a: float, b: float, alpha: float) -> tuple[float, float]:
    """The coins against which the evidence is below 1 / alpha: an interval around hits / total."""
    if total == 0:
        return 0.0, 1.0
    middle = hits / total

    def against(coin: float) -> bool:
        return bool(_log_ratio(hits, total, coin, a, b) >= -log(alpha))

    low = 0.0 if hits == 0 else _edge(0.0, middle, against)
    high = 1.0 if hits == total else _edge(1.0, middle, against)
    return low, high


def _edge(outside: float, inside: float, against: Callable[[float], bool]) -> float:
    for _ in range(60):
        half = (outside + inside) / 2
        if against(half):
            outside = half
        else:
            inside = half
    return outside


def likely_best(arms: Sequence[tuple[int, int]]) -> list[float]:
    """For each arm (conversions, entries) the probability that its rate is the highest: Bayesian, with a uniform prior for
    every rate. To be read by people; decisions do not hang on it, as it does not bound what looking often does.
    """
    parts = [(hits + 1, max(total - hits, 0) + 1) for hits, total in arms]
    low = min(float(special.betaincinv(a, b, 1e-9)) for a, b in parts)
    high = max(float(special.betaincinv(a, b, 1 - 1e-9)) for a, b in parts)
    rates = np.linspace(low, high, 20_001)[1:-1]
    below = [special.betainc(a, b, rates) for a, b in parts]
    density = [
        np.exp(special.xlogy(a - 1, rates) + special.xlog1py(b - 1, -rates) - special.betaln(a, b))
        for a, b in parts
    ]
    found = [
        float((density[nth] * np.prod(below[:nth] + below[nth + 1 :], axis=0)).sum())
        for nth in range(len(parts))
    ]
    total = sum(found) or 1.0
    return [each / total for each in found]


def conversions_needed(share: float, effect: float, alpha: float, power: float = 0.8) -> int:
    """How many conversions of two arms together show a relative difference of `effect` with probability `power` at least."""
    coin = share * (1 + effect) / (1 + share * effect)

    def enough(total: int) -> bool:
        tail = 1 - power if coin > share else power
        first = np.ceil(
            special.bdtrik(tail, total, coin)
        )  # as many at least, or at most, come with that power
        return bool(
            log_evidence(first, total, share, abs(effect)) >= -log(alpha)
            and (first / total > share) == (coin > share)
        )

    high = 16
    while not enough(high) and high < CONVERSIONS_MAX:
        high *= 2
    low = high // 2
    while high - low > max(1, low // 1_000):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def entries_needed(
    shares: tuple[float, float], rate: float, effect: float, alpha: float, power: float = 0.8
) -> int:
    """How many people two arms together need, when the second converts at `rate` and the first by `effect` better."""
    first, second = shares
    share = first / (first + second)
    an_entry = share * min(rate * (1 + effect), 1.0) + (1 - share) * rate
    return round(conversions_needed(share, effect, alpha, power) / an_entry)


def p_value(log_evidence: float) -> float:
    """One that is valid at all looks together."""
    return min(1.0, exp(-max(log_evidence, 0.0)))
