"""Twilio's error codes. Source: channel reference sections 1 and 6."""

from __future__ import annotations

from collections.abc import Mapping

from hub.channels.codes import Meaning, Retry
from hub.channels.delivery import Status

AGAIN, SLOWER, NEVER, SUPPRESS, STOP = (
    Retry.AGAIN,
    Retry.SLOWER,
    Retry.NEVER,
    Retry.SUPPRESS,
    Retry.STOP,
)
_UNDELIVERED = Status.UNDELIVERED

CODES: Mapping[str, Meaning] = {
    "20003": Meaning("Twilio does not accept the credentials", STOP),
    "20404": Meaning("Twilio does not know what was asked for", NEVER),
    "20429": Meaning("too many requests at once", SLOWER),
    "21211": Meaning("the number is not valid", SUPPRESS),
    "21212": Meaning("the sender is not valid", STOP),
    "21214": Meaning("the number cannot be reached", SUPPRESS),
    "21408": Meaning("the account may not send to this region", STOP),
    "21602": Meaning("the text is empty", NEVER),
    "21603": Meaning("the sender is missing", STOP),
    "21606": Meaning("the sender cannot send texts", STOP),
    "21608": Meaning("a trial account may write to verified numbers only", NEVER),
    "21610": Meaning("the person has opted out", SUPPRESS),
    "21611": Meaning("the sender's queue is full", SLOWER),
    "21612": Meaning("there is no route to this number", NEVER, fallback=True),
    "21614": Meaning("the number is no mobile number", SUPPRESS, fallback=True),
    "21617": Meaning("the text is too long", NEVER),
    "21635": Meaning("the number is a landline", SUPPRESS, fallback=True),
    "30001": Meaning("the provider's queue is full", SLOWER),
    "30002": Meaning("the account is suspended", STOP),
    "30003": Meaning("the handset cannot be reached", AGAIN, _UNDELIVERED, True, 3),
    "30004": Meaning("blocked by the person or the network", SUPPRESS, _UNDELIVERED),
    "30005": Meaning("the handset is unknown", SUPPRESS, _UNDELIVERED, True),
    "30006": Meaning("a landline, or a network that cannot be reached", SUPPRESS, _UNDELIVERED, True),
    "30007": Meaning("filtered by the network", STOP, _UNDELIVERED),
    "30008": Meaning("the network gave no reason", AGAIN, _UNDELIVERED, attempts_max=2),
    "30010": Meaning("the price is above the account's limit", NEVER),
    "30017": Meaning("the network is congested", AGAIN, _UNDELIVERED),
    "30018": Meaning("the sender is not registered", STOP),
    "30019": Meaning("the content is too large", NEVER),
    "30022": Meaning("the campaign's rate is reached", SLOWER),
    "30023": Meaning("the campaign's daily limit is reached", SLOWER),
    "30032": Meaning("the toll-free number is not verified", STOP),
    "30034": Meaning("the number is not registered for A2P 10DLC", STOP),
    "30036": Meaning("it was not delivered in time", NEVER, Status.EXPIRED),
    "30410": Meaning("the network did not answer in time", AGAIN),
    "30450": Meaning("blocked as SMS pumping", STOP),
    "63003": Meaning("the person cannot be reached on this channel", SUPPRESS, fallback=True),
    "63016": Meaning("the 24-hour window is closed", NEVER, fallback=True),
    "63017": Meaning("the account's rate is reached", SLOWER),
    "63018": Meaning("the channel's rate is reached", SLOWER),
    "63024": Meaning("the person cannot be reached on this channel", SUPPRESS, fallback=True),
    "13224": Meaning("the number that is to be dialled is not valid", NEVER),
    "21201": Meaning("the number to call is missing", NEVER),
    "21205": Meaning("the address of the call's document is not valid", STOP),
    "21210": Meaning("the caller's number is not verified", STOP),
    "21215": Meaning("the account may not call this region", STOP),
    "21216": Meaning("the call is blocked", NEVER),
    "21220": Meaning("the call is over", NEVER),
}


def meaning_of(code: str, http_status: int = 400) -> Meaning:
    """The table's row; for a code of the future, by its HTTP status: 429 slows down, 401 and 403 stop, else never."""
    found = CODES.get(code)
    if found is not None:
        return found
    if http_status == 429:
        return Meaning("too many requests at once", SLOWER)
    if http_status in (401, 403):
        return Meaning("the provider does not accept the account", STOP)
    return Meaning("the provider refused it", NEVER)
