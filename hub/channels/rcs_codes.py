"""What Google's RCS API means by an error, and its server events. Source: channel reference section 5.

Google names an error by its status word; the HTTP number decides for a word of the future.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.channels.codes import Meaning, Retry
from hub.channels.delivery import Status

REVOKED = "TTL_EXPIRATION_REVOKED"
REVOKE_FAILED = "TTL_EXPIRATION_REVOKE_FAILED"

CODES: Mapping[str, Meaning] = {
    "INVALID_ARGUMENT": Meaning("the handset or Google cannot show this content", Retry.NEVER, fallback=True),
    "FAILED_PRECONDITION": Meaning("the agent is not ready for this", Retry.STOP),
    "UNAUTHENTICATED": Meaning("Google does not accept the service account", Retry.STOP),
    "PERMISSION_DENIED": Meaning("the agent is not launched, or not for this number", Retry.STOP),
    "NOT_FOUND": Meaning("the number cannot be reached by RCS", Retry.NEVER, fallback=True),
    "ALREADY_EXISTS": Meaning("the message is there already", Retry.NEVER),
    "RESOURCE_EXHAUSTED": Meaning("the agent's quota is reached", Retry.SLOWER),
    "INTERNAL": Meaning("Google had a fault of its own", Retry.AGAIN),
    "UNKNOWN": Meaning("Google had a fault of its own", Retry.AGAIN),
    "UNAVAILABLE": Meaning("Google's service is down", Retry.AGAIN),
    "DEADLINE_EXCEEDED": Meaning("Google did not answer in time", Retry.AGAIN),
    "ABORTED": Meaning("Google gave up on the request", Retry.AGAIN),
    REVOKED: Meaning(
        "it was not delivered in time and was taken back", Retry.NEVER, Status.EXPIRED, fallback=True
    ),
    REVOKE_FAILED: Meaning("it was not delivered in time and may still arrive", Retry.NEVER, Status.UNKNOWN),
}
_BY_HTTP: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
}


def meaning_of(code: str, http_status: int = 0) -> Meaning:
    """The table's row, or the row that goes with the HTTP status."""
    found = CODES.get(code) or CODES.get(_BY_HTTP.get(http_status, ""))
    if found is not None:
        return found
    if http_status >= 500:
        return CODES["UNAVAILABLE"]
    return Meaning("Google refused it", Retry.NEVER)
