"""What a call costs: the first `initial_s` seconds at least, then steps of `increment_s`. Pure.

Source: channel reference section 6, billing reference section 6 and rule R1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.billing.pricing import Rate
from hub.money import CONTEXT, round_micros
from hub.voice.script import Call, Dial, Gather, Pause, Play, Record, Say, Step

CHARS_PER_S = 14.0  # of speech at the usual speed
PLAY_S = 15.0  # what a recording is taken for before it was played
ANSWER_S = 3.0  # until a person has pressed or said something


@dataclass(frozen=True, slots=True)
class Tariff:
    """The price a minute in main units and how time is counted. Kept with the call, so that its price can be explained."""

    per_minute: Decimal
    currency: str
    initial_s: int
    increment_s: int
    rate_id: UUID
    card_id: UUID
    card_version: int

    @classmethod
    def of(cls, rate: Rate) -> Tariff:
        return cls(
            rate.price,
            rate.currency,
            rate.initial_s,
            rate.increment_s,
            rate.rate_id,
            rate.card_id,
            rate.card_version,
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Tariff:
        """The inverse of `to_row`."""
        return cls(
            Decimal(row["per_minute"]),
            row["currency"],
            row["initial_s"],
            row["increment_s"],
            UUID(row["rate_id"]),
            UUID(row["card_id"]),
            row["card_version"],
        )

    def to_row(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "per_minute": format(self.per_minute, "f"),
            "currency": self.currency,
            "initial_s": self.initial_s,
            "increment_s": self.increment_s,
            "rate_id": str(self.rate_id),
            "card_id": str(self.card_id),
            "card_version": self.card_version,
        }

    def billed_s(self, duration_s: int) -> int:
        """Seconds that are charged for `duration_s` answered ones; 0 for a call nobody answered.

        >>> from decimal import Decimal; from uuid import UUID
        >>> Tariff(Decimal(1), "EUR", 30, 6, UUID(int=0), UUID(int=0), 1).billed_s(61)
        66
        """
        return billed_s(duration_s, self.initial_s, self.increment_s)

    def price_micros(self, duration_s: int) -> int:
        """price a minute × billed / 60, rounded once, HALF_UP to the micro."""
        minutes = CONTEXT.divide(Decimal(self.billed_s(duration_s)), Decimal(60))
        return round_micros(CONTEXT.multiply(self.per_minute, minutes))


def billed_s(duration_s: int, initial_s: int, increment_s: int) -> int:
    """`initial_s` if the call was no longer, else that and whole steps of `increment_s`."""
    if duration_s <= 0:
        return 0
    if duration_s <= initial_s:
        return initial_s
    return initial_s + -(-(duration_s - initial_s) // increment_s) * increment_s


def estimate_s(call: Call) -> int:
    """How long the call will probably last, in seconds: the longest way through it, at most its time limit.

    What is held before dialling. A longer call is charged in full: beyond its hold as an overrun.
    """
    whole = max(_length(call.steps), _length(call.machine or ()))
    return max(1, min(int(whole) + 1, call.time_limit_s))


def _length(steps: Iterable[Step]) -> float:
    return sum(_step_s(step) for step in steps)


def _step_s(step: Step) -> float:
    match step:
        case Say():
            return step.loop * len(step.text) / CHARS_PER_S
        case Play():
            return step.loop * PLAY_S
        case Pause():
            return float(step.seconds)
        case Gather():
            branches = (*step.branches.values(), step.otherwise, step.silence)
            return (
                _length(step.prompt) + ANSWER_S + max((_length(branch) for branch in branches), default=0.0)
            )
        case Record():
            return min(step.seconds_max, 30.0)
        case Dial():
            return 60.0
    return 0.0
