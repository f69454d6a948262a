"""The error codes of WhatsApp's Cloud API, in answers and in failed statuses. Source: channel reference section 4."""

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
    "0": Meaning("the access token is not accepted", STOP),
    "1": Meaning("WhatsApp had a fault of its own", AGAIN),
    "2": Meaning("WhatsApp's service is down", AGAIN),
    "3": Meaning("the app lacks a permission", STOP),
    "4": Meaning("the app's call limit is reached", SLOWER),
    "10": Meaning("the app lacks a permission", STOP),
    "33": Meaning("a parameter is not valid", NEVER),
    "100": Meaning("a parameter is not valid", NEVER),
    "190": Meaning("the access token is not valid or has expired", STOP),
    "368": Meaning("the account is blocked for a breach of policy", STOP),
    "80007": Meaning("the account's call limit is reached", SLOWER),
    "130429": Meaning("the number's throughput is reached", SLOWER),
    "130472": Meaning("the person is in one of WhatsApp's experiments", NEVER, _UNDELIVERED, True),
    "130497": Meaning("the account may not write to this country", STOP),
    "131000": Meaning("WhatsApp had a fault of its own", AGAIN),
    "131005": Meaning("access is denied", STOP),
    "131008": Meaning("a parameter is missing", NEVER),
    "131009": Meaning("a parameter's value is not valid", NEVER),
    "131016": Meaning("WhatsApp's service is not available", AGAIN),
    "131021": Meaning("the recipient is the sender itself", NEVER),
    "131026": Meaning("the person cannot be reached on WhatsApp", NEVER, _UNDELIVERED, True),
    "131030": Meaning("the number is not in the account's test list", NEVER),
    "131031": Meaning("the account is locked", STOP),
    "131042": Meaning("the account's payment has a problem", STOP),
    "131045": Meaning("the number is not registered", STOP),
    "131047": Meaning("the 24-hour window is closed: only a template may be sent", NEVER, fallback=True),
    "131048": Meaning("the number's spam limit is reached", STOP),
    "131049": Meaning("held back by WhatsApp: too many marketing messages", NEVER, _UNDELIVERED, True),
    "131050": Meaning("the person has stopped marketing messages", SUPPRESS),
    "131051": Meaning("this kind of message is not supported", NEVER),
    "131052": Meaning("WhatsApp could not fetch the medium", NEVER),
    "131053": Meaning("WhatsApp did not take the medium", NEVER),
    "131056": Meaning("too many messages to this person at once", SLOWER, of_person=True),
    "131057": Meaning("the account is in maintenance", AGAIN),
    "132000": Meaning("the template has another number of places", NEVER),
    "132001": Meaning("there is no approved template of this name and language", STOP),
    "132005": Meaning("the template's text becomes too long", NEVER),
    "132007": Meaning("a template's value breaks the policy of characters", NEVER),
    "132012": Meaning("a template's value has the wrong format", NEVER),
    "132015": Meaning("the template is paused for low quality", STOP),
    "132016": Meaning("the template is disabled for low quality", STOP),
    "133010": Meaning("the number is not registered", STOP),
    "133016": Meaning("the number was registered too often", STOP),
    "135000": Meaning("a parameter is not valid", NEVER),
}


def meaning_of(code: str, http_status: int = 400) -> Meaning:
    """The table's row; 200 to 299 are missing permissions; a code of the future goes by its HTTP status."""
    found = CODES.get(code)
    if found is not None:
        return found
    if code.isascii() and code.isdigit() and 200 <= int(code) <= 299:
        return Meaning("the app lacks a permission", STOP)
    if http_status == 429:
        return Meaning("too many requests at once", SLOWER)
    if http_status in (401, 403):
        return Meaning("WhatsApp does not accept the account", STOP)
    return Meaning("WhatsApp refused it", NEVER)
