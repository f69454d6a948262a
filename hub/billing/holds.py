"""Holds before sends: requests, answers and the decision between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from hub.errors import Invalid
from hub.money import MICROS_MAX

AMOUNTS_MAX = 10_000
TTL_S_MAX = 400 * 86_400
FINGERPRINT_CHARS_MAX = 60  # a request as short as that is its own fingerprint; a longer one is hashed to 64

HoldKind = Literal["single", "block"]
HoldState = Literal["held", "exists", "refused", "conflict", "expired"]


@dataclass(slots=True)
class HoldRequest:
    """Money to set aside: `amounts` are the prices of the messages in order, in micros; 0 is a free message.

    `hold_id` is the caller's: a message id (single, one amount) or a batch id (block). With `partial` the longest
    affordable prefix of the amounts is granted, else all or nothing. After `ttl_s` seconds the rest goes back.
    """

    hold_id: UUID
    kind: HoldKind
    amounts: tuple[int, ...]
    ttl_s: int
    partial: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.amounts) <= AMOUNTS_MAX or (self.kind == "single" and len(self.amounts) != 1):
            raise Invalid(f"a hold covers 1 message, or as a block up to {AMOUNTS_MAX}")
        if self.kind not in ("single", "block") or not 0 < self.ttl_s <= TTL_S_MAX:
            raise Invalid("a hold is single or block and lasts at least a second")
        if min(self.amounts) < 0 or sum(self.amounts) > MICROS_MAX:
            raise Invalid("an amount is out of range")

    def fingerprint(self) -> str:
        """Equal for equal requests: tells a retry from another request under the same id."""
        body = f"{self.kind} {self.ttl_s} {self.partial} {self.amounts}"
        return body if len(body) <= FINGERPRINT_CHARS_MAX else sha256(body.encode()).hexdigest()


@dataclass(slots=True)
class HoldAnswer:
    """What became of a request.

    held: granted now. exists: the same request was granted before, with this answer. refused: not enough money,
    nothing was written. conflict: the id belongs to another request. expired: the same request was granted before,
    but its money has gone back unspent; ask under a new id. Only `held` and `exists` allow a send.
    `granted` counts the leading amounts that are covered; `available_micros` is what the wallet has left.
    """

    hold_id: UUID
    state: HoldState
    granted: int
    held_micros: int
    available_micros: int


@dataclass(slots=True)  # not frozen: that would triple the time of making one, and a batch makes five hundred
class StoredHold:
    """A hold as the database has it."""

    id: UUID
    state: str
    fingerprint: str
    granted: int
    amount_micros: int
    captured_micros: int

    @property
    def is_over(self) -> bool:
        """True when the hold ended and (some of) its money went back although its messages may still be unsent."""
        if self.state in ("voided", "closed"):
            return self.amount_micros > 0 and self.captured_micros == 0
        return self.state == "expired"


@dataclass(slots=True)
class Decision:
    """Answers in the order of the requests, and the rows to insert."""

    answers: list[HoldAnswer]
    new: list[tuple[HoldRequest, StoredHold]]


def decide(
    available_micros: int, overdrawn: bool, stored: Mapping[UUID, StoredHold], requests: Sequence[HoldRequest]
) -> Decision:
    """Answer a batch in its order against one wallet; an overdrawn wallet grants only what is free.

    A request that repeats an id of the same batch is answered as if it came in a later one.
    """
    known = dict(stored)
    decision = Decision([], [])
    available = available_micros
    for request in requests:
        fingerprint = request.fingerprint()
        before = known.get(request.hold_id)
        if before is not None:
            decision.answers.append(_repeated(request, fingerprint, before, available))
            continue
        granted, amount = _affordable(request, 0 if overdrawn else available)
        if granted == 0:
            decision.answers.append(HoldAnswer(request.hold_id, "refused", 0, 0, available))
            continue
        available -= amount
        row = StoredHold(request.hold_id, "open", fingerprint, granted, amount, 0)
        known[request.hold_id] = row
        decision.new.append((request, row))
        decision.answers.append(HoldAnswer(request.hold_id, "held", granted, amount, available))
    return decision


def _repeated(request: HoldRequest, fingerprint: str, before: StoredHold, available: int) -> HoldAnswer:
    if before.fingerprint != fingerprint:
        return HoldAnswer(request.hold_id, "conflict", 0, 0, available)
    if before.is_over:
        return HoldAnswer(request.hold_id, "expired", 0, 0, available)
    return HoldAnswer(request.hold_id, "exists", before.granted, before.amount_micros, available)


def _affordable(request: HoldRequest, spendable: int) -> tuple[int, int]:
    """How many leading amounts fit, and their sum."""
    total = sum(request.amounts)
    if total == 0 or total <= spendable:
        return len(request.amounts), total
    if not request.partial:
        return 0, 0
    granted = covered = 0
    for amount in request.amounts:
        if amount and covered + amount > spendable:
            break
        granted += 1
        covered += amount
    return granted, covered
