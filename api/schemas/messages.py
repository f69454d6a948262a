"""Bodies and answers of messages: one content, the channels it may go by, and its attempts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from api.schemas.common import ChannelId, ContactId, In, Out
from api.schemas.conversations import ChannelBrief
from hub.channels.base import ChannelKind
from hub.channels.content import Content, Text
from hub.failover.plan import STEPS_MAX, TIMEOUT_S_MAX, VALIDITY_S_MAX

BATCH_MAX = 1_000
Kind = Literal["sms", "whatsapp", "rcs", "voice"]
EXAMPLE: dict[str, Any] = {
    "to": "+15550001234",
    "channels": [{"kind": "rcs", "timeout_s": 120}, {"kind": "sms"}],
    "content": {
        "type": "choices",
        "text": "Your parcel comes tomorrow. When may we ring?",
        "choices": [{"id": "am", "title": "Morning"}, {"id": "pm", "title": "Afternoon"}],
    },
    "purpose": "transactional",
}


class StepIn(In):
    """A channel to try: one of yours, or the first of yours of a kind."""

    channel_id: ChannelId | None = None
    kind: Kind | None = None
    timeout_s: int | None = Field(
        None,
        ge=1,
        le=TIMEOUT_S_MAX,
        description="Seconds without a receipt after which the next channel takes over; left out: 300 for RCS, 900 for "
        "WhatsApp, else only a failure makes the next one try.",
    )

    @model_validator(mode="after")
    def _one_channel(self) -> StepIn:
        if (self.channel_id is None) == (self.kind is None):
            raise ValueError("give either channel_id or kind")
        return self


class MessageIn(In):
    """To whom, what, and by which channels. Either `contact_id` or `to`; either `content` or `text`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contact_id: ContactId | None = None
    to: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] | None = Field(
        None, description="E.164; a number nobody has becomes a new contact."
    )
    channels: list[StepIn] = Field(
        default_factory=list,
        max_length=STEPS_MAX,
        description="In the order in which they are tried; left out: RCS, WhatsApp, SMS, as far as you have them.",
    )
    content: Content | None = None
    text: str | None = Field(None, min_length=1, max_length=4096, description="Short for a text content.")
    purpose: Literal["transactional", "marketing"] = "transactional"
    validity_s: int | None = Field(
        None,
        ge=10,
        le=VALIDITY_S_MAX,
        description="For how many seconds it is worth sending: what has not left by then is not sent any more.",
    )
    dry_run: bool = Field(
        False, description="Send nothing; answer what each channel would send, cost, or say against it."
    )

    @model_validator(mode="after")
    def _one_each(self) -> MessageIn:
        if (self.contact_id is None) == (self.to is None):
            raise ValueError("give either contact_id or to")
        if (self.content is None) == (self.text is None):
            raise ValueError("give either content or text")
        return self

    def message(self) -> Content:
        """What is to be said."""
        return self.content if self.content is not None else Text(text=self.text or "")

    def kinds(self) -> list[ChannelKind]:
        return [ChannelKind(step.kind) for step in self.channels if step.kind is not None]


class MessagesIn(In):
    """Up to 1,000 messages; what each says of `dry_run` does not count, only what stands here does."""

    messages: list[MessageIn] = Field(min_length=1, max_length=BATCH_MAX)
    dry_run: bool = Field(False, description="Send nothing; answer what would become of each.")


class MessageResult(Out):
    """What became of one message of a batch: its place is that of the request. `status` is `queued` for one that is on
    its way (in quiet hours it waits until `waits_until`), `refused` with its reason for one that no channel may carry,
    `invalid` for one that cannot be read: `code` and `detail` say why.
    """

    id: str | None
    status: Literal["queued", "refused", "invalid"]
    channel: ChannelBrief | None = None
    channel_kind: Kind | None = None
    reason: str | None = None
    code: str | None = None
    detail: str | None = None
    price: str | None = None
    currency: str | None = None
    waits_until: str | None = None


class BatchAnswer(Out):
    """The results in the order of the messages."""

    results: list[MessageResult]
    dry_run: bool


class Attempt(Out):
    """One channel's try. `history` tells what the other fields do not, such as channels that were passed over."""

    id: str
    channel: ChannelBrief | None
    channel_kind: Kind
    address: str
    body: str
    content: dict[str, Any] | None
    status: str
    reason: str | None
    detail: str | None = Field(
        description="What the reason does not say, such as `waits for 08:00 in Europe/Berlin`."
    )
    error_code: str | None
    parts: int
    price: str
    currency: str | None
    history: list[dict[str, Any]]
    created_at: str
    sent_at: str | None
    delivered_at: str | None
    read_at: str | None
    failed_at: str | None


class MessageOut(Out):
    """A message with all its attempts, in the order in which they were made. `status` is that of the last."""

    id: str
    contact_id: str
    conversation_id: str
    direction: Literal["in", "out"]
    purpose: str | None
    status: str
    channel_kind: Kind
    price: str = Field(description="What all attempts cost that were not given back.")
    currency: str | None
    waiting: bool = Field(description="True while another channel may still take over.")
    attempts: list[Attempt]


class Offer(Out):
    """What one channel would do."""

    channel: ChannelBrief | None
    channel_kind: Kind
    address: str
    body: str
    content: dict[str, Any] | None
    parts: int
    price: str
    currency: str | None
    refused: str | None
    detail: str | None


class MessageAnswer(Out):
    """`message` for one that is on its way, `offers` for a dry run."""

    message: MessageOut | None
    offers: list[Offer]
