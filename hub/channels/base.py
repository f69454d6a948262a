"""What every provider adapter speaks: outbound messages, inbound events, and the protocol between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import ClassVar, Protocol
from urllib.parse import parse_qsl
from uuid import UUID

from hub.errors import Malformed

FORM_FIELDS_MAX = 200
TEXT_CHARS_MAX = 65_536  # what the hub stores of one inbound text; longer ones are cut and marked
PROFILE_NAME_CHARS_MAX = 200
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,255}")
_ADDRESS = re.compile(r"[^\x00-\x1f]{0,100}")


class ChannelKind(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    RCS = "rcs"
    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Account:
    """A provider account with its opened credentials. Never logged, never returned."""

    id: UUID
    tenant_id: UUID
    provider: str
    external_id: str
    base_url: str
    secrets: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Account({self.id}, {self.provider})"


@dataclass(frozen=True, slots=True)
class Channel:
    """A tenant's sender: one number (or agent) at one provider account."""

    id: UUID
    tenant_id: UUID
    account_id: UUID
    kind: ChannelKind
    provider: str
    name: str
    address: str
    provider_address: str


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One text to send. `reference` is ours; receipts bring it back. `callback_url` takes the receipts."""

    reference: str
    to: str
    text: str
    callback_url: str


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """The provider accepted the message under its own id."""

    provider_message_id: str


@dataclass(frozen=True)
class WebhookRequest:
    """A provider's call as it came: the public URL, raw headers with lower-case names, the raw body."""

    url: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> str:
        """The value of a header, or an empty text."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form body, in order, parsed once. Raises Malformed."""
        try:
            return parse_qsl(
                self.body.decode("ascii"),
                keep_blank_values=True,
                errors="replace",
                max_num_fields=FORM_FIELDS_MAX,
            )
        except ValueError:
            raise Malformed("the body is not a form") from None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A contact wrote. `to` is the provider's name of our number, `sender` E.164."""

    event_key: str
    to: str
    sender: str
    text: str
    provider_message_id: str
    profile_name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A provider told the fate of a message. `reference` is empty when the provider does not echo it."""

    event_key: str
    to: str
    provider_message_id: str
    reference: str
    status: str
    error_code: str | None = None
    at: datetime | None = None


InboundEvent = InboundMessage | DeliveryReport


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A POST to a provider: everything but the connection."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def identifier(text: str) -> str:
    """A provider's own id of a message: it becomes a key. Raises Malformed for what no key may be."""
    if not _IDENTIFIER.fullmatch(text):
        raise Malformed("the message's id is missing or is none")
    return text


def own_address(text: str) -> str:
    """The provider's name of our number. Raises Malformed for what no number is called."""
    if not _ADDRESS.fullmatch(text):
        raise Malformed("the number it is meant for is none")
    return text


class ChannelAdapter(Protocol):
    """Translates between one provider's wire format and ours; neither writes to the database nor answers HTTP."""

    provider: ClassVar[str]
    kind: ClassVar[ChannelKind]
    text_chars_max: ClassVar[int]
    answers_commands: ClassVar[bool]  # STOP, START and HELP are confirmed by the provider itself

    def request(self, account: Account, channel: Channel, message: OutboundMessage) -> ProviderRequest:
        """The HTTP request that sends `message`."""
        ...

    def accepted(self, status: int, body: bytes) -> SendReceipt:
        """Read the provider's answer. Raises SendRefused or SendOutcomeUnknown."""
        ...

    def verify(self, account: Account, request: WebhookRequest) -> None:
        """Raises BadSignature; compares in constant time."""
        ...

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        """The events of a verified request. Raises Malformed."""
        ...
