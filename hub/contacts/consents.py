"""Consent per channel and purpose: what may be said of it, pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.errors import Invalid

CHANNELS = ("sms", "whatsapp", "rcs", "voice")
STATES = ("opted_in", "opted_out")
ALL = "all"  # the purpose that covers every other
MARKETING = "marketing"
SOURCE_CHARS_MAX = 80
PROOF_CHARS_MAX = 1_000
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's word on one channel for one purpose; `proof` says how it was given."""

    channel_kind: str
    purpose: str
    state: str
    source: str
    proof: str = ""


def check(consent: Consent) -> Consent:
    """Raises Invalid, naming the field. An opt-in needs a source; a purpose is `all` or a word of the tenant's own."""
    if consent.channel_kind not in CHANNELS:
        raise Invalid(f"a channel is one of {', '.join(CHANNELS)}", "/channel_kind")
    if not _PURPOSE.fullmatch(consent.purpose):
        raise Invalid(
            "a purpose is a word of lower-case letters, digits and _, such as marketing", "/purpose"
        )
    if consent.state not in STATES:
        raise Invalid(f"a state is one of {', '.join(STATES)}", "/state")
    if not 0 < len(consent.source.strip()) <= SOURCE_CHARS_MAX:
        raise Invalid(f"a source has 1 to {SOURCE_CHARS_MAX} characters", "/source")
    if len(consent.proof) > PROOF_CHARS_MAX:
        raise Invalid(f"a proof has at most {PROOF_CHARS_MAX} characters", "/proof")
    return Consent(
        consent.channel_kind, consent.purpose, consent.state, consent.source.strip(), consent.proof.strip()
    )
