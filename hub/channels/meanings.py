"""The words for every code that an account can meet: the providers' tables, and the hub's own codes, in one look-up."""

from __future__ import annotations

from collections.abc import Mapping

from hub.channels import rcs_codes, smpp_codes, twilio_codes, voice_sip_codes, whatsapp_codes
from hub.channels.codes import Meaning, Retry

# What the hub itself says when a provider could not be asked.
OWN: Mapping[str, Meaning] = {
    "connect": Meaning("the provider could not be reached", Retry.AGAIN),
    "token": Meaning("the provider gave no access token", Retry.AGAIN),
    "credentials": Meaning("the private key cannot be read", Retry.STOP),
    "settings": Meaning("the account's settings are incomplete", Retry.STOP),
    "bad-url": Meaning("the account's address is none", Retry.STOP),
    "bad-header": Meaning("a header would have had a line break", Retry.NEVER),
    "no-account": Meaning("the provider account is not there any more", Retry.NEVER),
    "sip": Meaning("the trunk did not answer", Retry.AGAIN),
    "?": Meaning("the provider gave no code", Retry.NEVER),
}


def meaning_of(provider: str, code: str) -> Meaning:
    """What a code of this provider's means. A bare HTTP status is read as one."""
    own = OWN.get(code)
    if own is not None:
        return own
    number = int(code) if code.isascii() and code.isdigit() and len(code) < 10 else 0
    http_status = number if 100 <= number < 600 else 400
    match provider:
        case "twilio":
            return twilio_codes.meaning_of(code, http_status)
        case "whatsapp_cloud":
            return whatsapp_codes.meaning_of(code, http_status)
        case "google_rcs":
            return rcs_codes.meaning_of(code, http_status)
        case "sip":
            return voice_sip_codes.outcome_of(number or None)[1]
        case _:
            return smpp_codes.meaning_of(number)
