"""The one delivery state machine for all channels. Source: channel reference section 7.

refused is a terminal state that no provider sees: the door kept the message in.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    RECEIVED = "received"
    REFUSED = "refused"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"


RANK = {
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.UNKNOWN: 1,
    Status.SENT: 2,
    Status.DELIVERED: 3,
    Status.READ: 4,
}
FINAL_FAILURES = frozenset({Status.UNDELIVERED, Status.FAILED, Status.EXPIRED})
TOOK_PLACE = frozenset({Status.DELIVERED, Status.READ})


def advance(current: Status, reported: Status) -> Status:
    """The state after a report; the same state when the report is late, repeated or out of order.

    delivered and read win over a failure once, because a late receipt is the truth; a failure after
    delivered is not applied.
    """
    if current in (Status.REFUSED, Status.RECEIVED):
        return current
    if current in FINAL_FAILURES:
        return reported if reported in TOOK_PLACE else current
    if reported in FINAL_FAILURES:
        return current if current in TOOK_PLACE else reported
    return reported if RANK[reported] > RANK[current] else current


def settlement(kind: str, status: Status) -> str | None:
    """`capture`, `release` or None for a message of this channel kind that reached `status`.

    SMS is captured when the provider accepts it, WhatsApp and RCS when it is delivered or read
    (billing reference section 3). A hold of a refused message is released by whoever refused it.
    """
    if status in TOOK_PLACE or (kind == "sms" and status is Status.SENT):
        return "capture"
    if status in FINAL_FAILURES:
        return "release"
    return None
