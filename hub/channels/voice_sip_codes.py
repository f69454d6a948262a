"""SIP answers: what becomes of the call, and what may be done with its message. Source: channel reference section 6."""

from __future__ import annotations

from collections.abc import Mapping

from hub.channels.codes import Meaning, Retry
from hub.channels.delivery import Status
from hub.voice.state import CallStatus

_UNDELIVERED = Status.UNDELIVERED

CODES: Mapping[int, tuple[CallStatus, Meaning]] = {
    401: (CallStatus.FAILED, Meaning("the trunk does not accept the credentials", Retry.STOP)),
    403: (CallStatus.FAILED, Meaning("the call was refused", Retry.NEVER)),
    404: (CallStatus.FAILED, Meaning("nobody has this number", Retry.SUPPRESS)),
    407: (CallStatus.FAILED, Meaning("the trunk does not accept the credentials", Retry.STOP)),
    408: (CallStatus.NO_ANSWER, Meaning("nobody answered", Retry.AGAIN, _UNDELIVERED, True)),
    410: (CallStatus.FAILED, Meaning("the number is gone", Retry.SUPPRESS)),
    480: (CallStatus.NO_ANSWER, Meaning("nobody can be reached there now", Retry.AGAIN, _UNDELIVERED, True)),
    484: (CallStatus.FAILED, Meaning("the number is incomplete", Retry.SUPPRESS)),
    486: (CallStatus.BUSY, Meaning("the line is busy", Retry.AGAIN, _UNDELIVERED, True)),
    487: (CallStatus.NO_ANSWER, Meaning("nobody answered", Retry.AGAIN, _UNDELIVERED, True)),
    488: (CallStatus.FAILED, Meaning("there is no common codec", Retry.STOP)),
    500: (CallStatus.FAILED, Meaning("the trunk has a fault", Retry.AGAIN, fallback=True)),
    502: (CallStatus.FAILED, Meaning("the trunk has a fault", Retry.AGAIN, fallback=True)),
    503: (CallStatus.FAILED, Meaning("the trunk has no capacity", Retry.AGAIN, fallback=True)),
    504: (CallStatus.FAILED, Meaning("the trunk did not answer in time", Retry.AGAIN, fallback=True)),
    600: (CallStatus.BUSY, Meaning("the line is busy everywhere", Retry.AGAIN, _UNDELIVERED, True)),
    603: (CallStatus.FAILED, Meaning("the call was declined", Retry.NEVER)),
    604: (CallStatus.FAILED, Meaning("nobody has this number", Retry.SUPPRESS)),
    606: (CallStatus.FAILED, Meaning("there is no common codec", Retry.STOP)),
    607: (CallStatus.FAILED, Meaning("the person does not want this call", Retry.SUPPRESS)),
    608: (CallStatus.FAILED, Meaning("blocked by the network's analytics", Retry.NEVER)),
}


def outcome_of(status: int | None) -> tuple[CallStatus, Meaning]:
    """The table's row; a code of the future by its class; None: the trunk never answered."""
    if status is None:
        return CallStatus.FAILED, Meaning("the trunk did not answer", Retry.AGAIN, fallback=True)
    if status in CODES:
        return CODES[status]
    if 500 <= status < 600:
        return CODES[500]
    return CallStatus.FAILED, Meaning("the trunk refused the call", Retry.NEVER)
