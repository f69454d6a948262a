"""The state machine of a call. News is ordered by the provider's own sequence, never by its arrival. Pure.

Source: channel reference sections 6 and 7.
"""

from __future__ import annotations

from enum import StrEnum

from hub.channels.delivery import Status


class CallStatus(StrEnum):
    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


ENDED = frozenset(
    {
        CallStatus.COMPLETED,
        CallStatus.BUSY,
        CallStatus.NO_ANSWER,
        CallStatus.FAILED,
        CallStatus.CANCELED,
    }
)
_RANK = {CallStatus.QUEUED: 0, CallStatus.RINGING: 1, CallStatus.IN_PROGRESS: 2}

DELIVERY: dict[CallStatus, Status] = {
    CallStatus.QUEUED: Status.SENT,
    CallStatus.RINGING: Status.SENT,
    CallStatus.IN_PROGRESS: Status.SENT,
    CallStatus.COMPLETED: Status.DELIVERED,
    CallStatus.BUSY: Status.UNDELIVERED,
    CallStatus.NO_ANSWER: Status.UNDELIVERED,
    CallStatus.FAILED: Status.FAILED,
    CallStatus.CANCELED: Status.FAILED,
}


def moves(current: CallStatus, sequence: int | None, reported: CallStatus, number: int | None) -> bool:
    """Whether `reported` is news. `sequence` is that of the last news, `number` this one's; None where there is none.

    An ended call stays as it ended. An end always counts: no later news of an earlier moment can take it back, and a
    provider whose numbers are broken must not leave a call open for ever.
    """
    if current in ENDED:
        return False
    if reported in ENDED:
        return True
    if number is not None and sequence is not None and number <= sequence:
        return False
    return _RANK[reported] > _RANK[current]


def delivery_of(status: CallStatus, answered_by: str, machine_heard: bool) -> Status:
    """What a call that reached `status` is as a message: a machine that was hung up on has heard nothing."""
    if status is CallStatus.COMPLETED and answered_by in ("machine", "fax") and not machine_heard:
        return Status.UNDELIVERED
    return DELIVERY[status]
