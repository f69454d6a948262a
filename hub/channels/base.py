"""What every provider adapter speaks: outbound messages, inbound events, and the protocol between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable
from urllib.parse import parse_qsl
from uuid import UUID

from hub.channels.content import Content
from hub.errors import Malformed

if TYPE_CHECKING:
    from hub.channels.http import ProviderClient

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
    settings: Mapping[str, Any] = field(
        default_factory=dict
    )  # what is no secret; each provider has its model
    status: str = "active"
    limits: Mapping[str, Any] = field(default_factory=dict)  # hub.channels.throttle.Limits

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
    status: str = "active"  # or archived: it receives and sends nothing any more


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to send. `reference` is ours; receipts bring it back. `callback_url` takes the receipts.

    `content` None: a plain text. `validity_s` 0: as long as the provider likes. `traffic` is the message's purpose.
    `reply_to` is the provider's id of the message that this one answers or reacts to.
    """

    reference: str
    to: str
    text: str
    callback_url: str
    content: Content | None = None
    validity_s: int = 0
    traffic: str = ""
    attempt: int = 1
    reply_to: str = ""


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
    """A contact wrote. `to` is the provider's name of our number, `sender` E.164.

    `content` is what was more than a text, as JSON: {"type": "reply", "id", "title"}, {"type": "media", …},
    {"type": "location", …}, {"type": "reaction", …}; `command` is set where the person used the channel's own switch
    (`stop`, `start`) instead of a word.
    """

    event_key: str
    to: str
    sender: str
    text: str
    provider_message_id: str
    profile_name: str = ""
    at: datetime | None = None
    content: Mapping[str, Any] | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A provider told the fate of a message. `reference` is empty when the provider does not echo it.

    `pricing` is what the provider says it will charge for: {"category", "billable", "type"}.
    """

    event_key: str
    to: str
    provider_message_id: str
    reference: str
    status: str
    error_code: str | None = None
    at: datetime | None = None
    pricing: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Typing:
    """The person is typing: shown for a moment, never stored."""

    to: str
    sender: str


InboundEvent = InboundMessage | DeliveryReport | Typing


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A call of a provider: everything but the connection. `method` empty: POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = ""


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


class Adapter(Protocol):
    """What every provider's adapter knows of its channel."""

    provider: ClassVar[str]
    kind: ClassVar[ChannelKind]
    text_chars_max: ClassVar[int]
    answers_commands: ClassVar[bool]  # STOP, START and HELP are confirmed by the provider itself
    safe_to_repeat: ClassVar[
        bool
    ]  # the provider takes a message of the same reference once, however often it is sent

    def check(self, content: Content) -> None:
        """Raises Invalid, naming the place, when this channel cannot carry `content` as it is."""
        ...


class ChannelAdapter(Adapter, Protocol):
    """Translates between one provider's HTTP format and ours; neither writes to the database nor answers HTTP."""

    def callback(self, account: str, reference: str) -> str:
        """The path of our webhook that takes the receipts of this message; `account` is the account's public id."""
        ...

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


@runtime_checkable
class Prepares(Protocol):
    """An adapter whose requests need something fetched first, such as an access token that expires."""

    async def prepare(self, client: ProviderClient, account: Account) -> Account:
        """`account` with what `request` needs among its secrets. Raises SendRefused: nothing was sent."""
        ...


@runtime_checkable
class Marks(Protocol):
    """An adapter that can tell the person that their message was read, or that an answer is being written."""

    def read_mark(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        """The request that marks the person's message as read."""
        ...

    def typing_mark(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        """The request that shows that somebody is writing; `provider_message_id` is the person's last message."""
        ...


class LinkAdapter(Adapter, Protocol):
    """A provider that is spoken to over a connection which stays: `actors.link` keeps it."""

    linked: ClassVar[bool]
