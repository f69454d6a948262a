"""SMS by SMPP 3.4: what an account must say, and the translation between messages and PDUs. Pure.

The session itself is `smpp_session`; `actors.binds` keeps it. Source: channel reference sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.channels.base import Account, ChannelKind
from hub.channels.content import Content, Text
from hub.channels.delivery import FINAL_FAILURES, RANK, Status
from hub.channels.smpp_pdu import Address, Delivered, submit_sm
from hub.channels.sms_smpp_receipts import IdForm
from hub.channels.sms_smpp_text import (
    SAR_NUMBER,
    SAR_REFERENCE,
    SAR_TOTAL,
    Joining,
    Place,
    gsm7_text,
    opened,
    parts_of,
)
from hub.errors import Invalid

RECEIPT_WANTED = 1  # registered_delivery: the final state, good or bad
WINDOW_MAX = 200
_NUMBER_DIGITS_MIN = 7  # fewer are a short code
_ALPHANUMERIC, _INTERNATIONAL, _NETWORK = 5, 1, 3  # TON
_CHARSETS = {1: "ascii", 3: "latin-1", 6: "iso8859-5", 7: "iso8859-8"}
_UCS2 = 8


class SmppSettings(BaseModel):
    """What an account says beside its password. `host` is the SMSC, as host or host:port (2775)."""

    model_config = ConfigDict(extra="forbid")
    host: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9.\-\[\]:]+$")
    system_id: str = Field(min_length=1, max_length=15, pattern=r"^[\x21-\x7e]+$")
    system_type: str = Field("", max_length=12, pattern=r"^[\x20-\x7e]*$")
    tls: bool = Field(False, description="TLS with a certificate that this machine trusts.")
    window: int = Field(50, ge=1, le=WINDOW_MAX, description="submit_sm without an answer at a time.")
    response_s: float = Field(
        10.0, ge=1, le=10, description="After so many seconds without one, the outcome is unknown."
    )
    enquire_s: float = Field(30.0, ge=1, le=600)
    joining: Joining = Field("udh8", description="How the parts of a long text are joined.")
    gsm7_coding: Literal[0, 1] = Field(0, description="data_coding under which the SMSC takes GSM-7.")
    alphabet: Literal["gsm7", "latin-1"] = Field(
        "gsm7", description="What data_coding 0 means in what comes in."
    )
    submit_id: IdForm = Field("as_is", description="How submit_sm_resp writes ids.")
    receipt_id: IdForm = Field("as_is", description="How receipts write them.")

    @property
    def place(self) -> tuple[str, int]:
        """Host and port. Raises ValueError for a port that is none."""
        host, colon, port = self.host.rpartition(":")
        if not colon or host.endswith(":") or port.endswith("]"):
            return self.host.strip("[]"), 2775
        return host.strip("[]"), int(port)


def settings_of(account: Account) -> SmppSettings:
    """The account's settings. Raises pydantic's ValidationError."""
    return SmppSettings.model_validate(dict(account.settings))


def source_of(number: str) -> Address:
    """Our sender as SMPP names it: an international number, a short code or an alphanumeric name."""
    digits = number.removeprefix("+")
    if not digits.isdecimal():
        return Address(_ALPHANUMERIC, 0, number)
    if number.startswith("+") or len(digits) >= _NUMBER_DIGITS_MIN:
        return Address(_INTERNATIONAL, 1, digits)
    return Address(_NETWORK, 0, digits)


def destination_of(number: str) -> Address:
    """A person's number, E.164."""
    return Address(_INTERNATIONAL, 1, number.removeprefix("+"))


def number_of(address: Address) -> str:
    """The E.164 number, or the short code or name, of an address: peers are not exact about TON."""
    digits = address.digits.strip().removeprefix("+")
    if address.ton in (_ALPHANUMERIC, _NETWORK) or not digits.isdecimal() or len(digits) < _NUMBER_DIGITS_MIN:
        return address.digits.strip()
    return "+" + digits


def submits(settings: SmppSettings, source: str, to: str, text: str, reference: int) -> list[bytes]:
    """The submit_sm PDUs of a text, one a part. Raises ValueError for more than 255 parts, Malformed."""
    here, there = source_of(source), destination_of(to)
    return [
        submit_sm(
            here,
            there,
            part.short_message,
            esm_class=part.esm_class,
            data_coding=part.data_coding,
            registered_delivery=RECEIPT_WANTED,
            tlvs=part.tlvs,
        )
        for part in parts_of(text, settings.joining, reference, settings.gsm7_coding)
    ]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one deliver_sm carried: its octets without header, and its place when it is one of several."""

    place: Place | None
    data_coding: int
    octets: bytes


def piece_of(delivered: Delivered) -> Piece:
    """Take the header or the SAR marks off a text that came in."""
    place, octets = opened(delivered.esm_class, delivered.octets)
    if place is None:
        place = _sar_place(delivered)
    if place is not None and place.total == 1:
        place = None
    return Piece(place, delivered.data_coding, octets)


def _sar_place(delivered: Delivered) -> Place | None:
    marks = [delivered.tlvs.get(tag, b"") for tag in (SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER)]
    if not all(marks):
        return None
    reference, total, number = (int.from_bytes(mark, "big") for mark in marks)
    if reference > 0xFFFF or not 1 <= number <= total <= 255:
        return None
    return Place(reference, total, number)


def text_of(settings: SmppSettings, data_coding: int, octets: bytes) -> str:
    """Read the octets of a whole text; what cannot be read shows as U+FFFD. NUL, which no text has, is left out."""
    coding = data_coding
    if coding & 0xF0 == 0xF0 or (coding & 0xC0 == 0x00 and coding > 0x0F):  # TS 23.038: message class groups
        coding = _UCS2 if coding & 0x0C == 0x08 and coding < 0xF0 else 0
    if coding == _UCS2:
        text = octets.decode("utf-16-be", "replace")
    elif coding == 0 or coding == settings.gsm7_coding:
        text = gsm7_text(octets) if settings.alphabet == "gsm7" else octets.decode("latin-1")
    else:
        text = octets.decode(_CHARSETS.get(coding, "latin-1"), "replace")
    return text.replace("\0", "")


def whole(statuses: Sequence[Status]) -> Status:
    """The state of a message of these parts: delivered when all are, failed as soon as one is for good."""
    failed = [status for status in statuses if status in FINAL_FAILURES]
    if failed:
        return failed[0]
    return min(statuses, key=lambda status: RANK[status])


class SmppSms:
    """Stateless; one instance serves all accounts."""

    provider: ClassVar[str] = "smpp"
    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    text_chars_max: ClassVar[int] = 1600
    answers_commands: ClassVar[bool] = False
    safe_to_repeat: ClassVar[bool] = False
    linked: ClassVar[bool] = True

    def check(self, content: Content) -> None:
        """Raises Invalid: SMS carries text."""
        if not isinstance(content, Text) or content.suggestions:
            raise Invalid(f"SMS carries texts only, not {content.type}", "/content/type")
