"""The health of a provider account: a breaker that keeps sends away from what does not answer, and a score for people.

closed → open after failures in a row, or refusals that say the account itself is at fault → half-open when its pause is
over: one canary is sent → closed when the provider answers, open again for twice as long when it does not.
Pure: times are seconds since the epoch, `jitter` is a number from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused

TROUBLES_MAX = 5  # in a row: refused connections, 5xx, unknown outcomes
FAULTS_MAX = 3  # in a row
PAUSE_S = 15.0
FAULT_PAUSE_S = 300.0  # somebody has to change a setting first
PAUSE_S_MAX = 900.0
CANARY_S = 30.0  # how long one canary may take before another is sent
SLOW_MS = 5_000
# WhatsApp says this of one template: the number works, so its other traffic must go on.
TEMPLATE_CODES = frozenset({"132001", "132015", "132016"})
SERVER_CODES = frozenset({"connect", "500", "502", "503", "504"})


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Sign(StrEnum):
    """What one attempt says of the account, whatever it says of the message."""

    WELL = "well"
    TROUBLE = "trouble"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Breaker:
    """`troubles` and `faults` are counted in a row; `pauses` is how often it opened without closing since."""

    state: State = State.CLOSED
    troubles: int = 0
    faults: int = 0
    pauses: int = 0
    until: float = 0.0
    since: float = 0.0
    reason: str = ""
    code: str = ""


def sign_of(error: SendRefused | SendOutcomeUnknown | None) -> Sign:
    """A refusal of one message is an answer: the account works."""
    match error:
        case None:
            return Sign.WELL
        case SendOutcomeUnknown():
            return Sign.TROUBLE
        case SendRefused(retry=Retry.STOP) if error.provider_code not in TEMPLATE_CODES:
            return Sign.FAULT
        case SendRefused(retry=Retry.AGAIN) if error.provider_code in SERVER_CODES:
            return Sign.TROUBLE
        case _:
            return Sign.WELL


def after(
    breaker: Breaker, sign: Sign, now: float, jitter: float, reason: str = "", code: str = ""
) -> Breaker:
    """The breaker after one outcome. Sends that were under way when it opened change nothing while it is open."""
    if breaker.state is State.OPEN and now < breaker.until:
        return breaker
    if sign is Sign.WELL:
        if breaker.state is State.CLOSED:
            return (
                breaker if breaker.troubles == breaker.faults == 0 else replace(breaker, troubles=0, faults=0)
            )
        return Breaker(since=now)
    troubles = breaker.troubles + (sign is Sign.TROUBLE)
    faults = breaker.faults + (sign is Sign.FAULT)
    if breaker.state is State.CLOSED and troubles < TROUBLES_MAX and faults < FAULTS_MAX:
        return replace(breaker, troubles=troubles, faults=faults)
    pauses = breaker.pauses + 1
    first_s = FAULT_PAUSE_S if sign is Sign.FAULT else PAUSE_S
    pause_s = min(PAUSE_S_MAX, first_s * 2.0 ** (pauses - 1)) * (0.5 + jitter / 2)
    return Breaker(State.OPEN, 0, 0, pauses, now + pause_s, now, reason, code)


def may_try(breaker: Breaker, now: float) -> bool:
    """Its pause is over: one canary may go."""
    return breaker.state is not State.CLOSED and now >= breaker.until


def canary_sent(breaker: Breaker, now: float) -> Breaker:
    """Half-open: nobody else sends a canary before CANARY_S have passed."""
    return replace(breaker, state=State.HALF_OPEN, until=now + CANARY_S)


@dataclass(frozen=True, slots=True)
class Window:
    """Sums over some minutes."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    delivered: int = 0
    failed: int = 0
    latency_ms: int = 0


def score(window: Window, breaker: Breaker) -> int | None:
    """0 to 100, None when nothing was sent: three fifths acceptance, a quarter delivery, the rest speed.

    An open breaker is worth at most 10: what happened before it opened does not speak for it.
    """
    if breaker.state is not State.CLOSED:
        return min(10, _score(window)) if window.sent else 0
    return _score(window) if window.sent else None


def _score(window: Window) -> int:
    accepted = window.accepted / window.sent
    ended = window.delivered + window.failed
    delivered = window.delivered / ended if ended else 1.0
    mean_ms = window.latency_ms / window.sent
    speed = max(0.0, 1.0 - mean_ms / SLOW_MS)
    return round(100 * min(1.0, 0.6 * accepted + 0.25 * delivered + 0.15 * speed))
