"""SMPP delivery receipts: the TLVs where there are some, else the text in all its variations. Pure.

Source: channel reference section 2; SMPP 3.4, appendix B.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hub.channels.delivery import Status
from hub.errors import Malformed

IdForm = Literal["as_is", "decimal", "hex"]

RECEIPTED_MESSAGE_ID, MESSAGE_STATE = 0x001E, 0x0427
_RECEIPT = 0x04  # esm_class, bits 2 to 5

STATES: Mapping[int, Status] = {
    0: Status.QUEUED,
    1: Status.SENT,
    2: Status.DELIVERED,
    3: Status.EXPIRED,
    4: Status.FAILED,
    5: Status.UNDELIVERED,
    6: Status.SENT,
    7: Status.UNDELIVERED,
    8: Status.FAILED,
    9: Status.FAILED,
}
_WORDS = (
    "SCHEDLD",
    "ENROUTE",
    "DELIVRD",
    "EXPIRED",
    "DELETED",
    "UNDELIV",
    "ACCEPTD",
    "UNKNOWN",
    "REJECTD",
    "SKIPPED",
)
_STATE_OF = {word: state for state, word in enumerate(_WORDS)}
_FIELD = re.compile(r"(?<![a-z])(id|stat|err):[ ]*([^\s:]+)", re.IGNORECASE)
_TEXT = re.compile(r"(?<![a-z])text:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The fate of one part. `error` is the SMSC's own code, empty when it gave none."""

    message_id: str
    status: Status
    error: str = ""


def is_receipt(esm_class: int) -> bool:
    """True for a delivery receipt, whatever the mode and UDH bits say."""
    return esm_class & 0x3C == _RECEIPT


def receipt_of(octets: bytes, tlvs: Mapping[int, bytes]) -> Receipt:
    """Read a receipt. Raises Malformed when it names no message or no state that we know."""
    fields = _fields(octets)
    message_id = tlvs.get(RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1") or fields.get("id", "")
    state = tlvs.get(MESSAGE_STATE, b"")
    number = state[0] if len(state) == 1 else _STATE_OF.get(fields.get("stat", "").upper()[:7])
    if not message_id:
        raise Malformed("the receipt names no message")
    if number is None or number not in STATES:
        raise Malformed("the receipt names no state that is known")
    error = fields.get("err", "")
    return Receipt(message_id, STATES[number], error if error.strip("0") else "")


def same_id(message_id: str, form: IdForm) -> str:
    """One spelling of an id: without leading zeros, in small letters, and a number of base `form` as decimal.

    `form` is how this SMSC writes ids at this place (submit_sm_resp and receipts may differ). An id that is no such
    number is taken as text.
    """
    if form != "as_is" and message_id.isalnum():  # int() would take signs and underscores too
        try:
            return str(int(message_id, 10 if form == "decimal" else 16))
        except ValueError:
            pass
    return message_id.lower().lstrip("0") or "0"


def _fields(octets: bytes) -> dict[str, str]:
    """The first of each field before `text:`, which is the person's message and may look like a field."""
    words = octets.decode("latin-1")
    quoted = _TEXT.search(words)
    found: dict[str, str] = {}
    for key, value in _FIELD.findall(words[: quoted.start()] if quoted else words):
        found.setdefault(key.lower(), value)
    return found
