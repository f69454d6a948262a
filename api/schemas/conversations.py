"""Bodies and answers of conversations and messages."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.schemas.common import ChannelId, FlowId, In, MessageId, Out, QueueId, UserId
from api.schemas.desk import Note
from hub.channels.content import Content


class Named(Out):
    id: str
    name: str


class ContactBrief(Named):
    address: str


class ChannelBrief(Named):
    kind: str
    address: str


class ConversationOffer(Out):
    agent: Named
    until: str | None


class HandedOn(Out):
    text: str
    by: Named | None = Field(description="Who wrote it; null: a program.")
    at: str | None


class Conversation(Out):
    """One thread with one contact over all channels."""

    id: str
    contact: ContactBrief
    status: Literal["idle", "open", "snoozed", "waiting", "closed"] = Field(
        description="`waiting`: for the contact. Snoozed and waiting ones wake when the contact writes."
    )
    queue: Named | None
    assignee: Named | None
    channel: ChannelBrief | None
    last_text: str
    last_direction: Literal["in", "out"]
    last_at: str | None
    unread: int
    intent: str | None
    confidence: float | None
    reason: str = Field(description="Why the conversation is where it is, in words.")
    opted_out: list[str]
    opened_at: str | None
    closed_at: str | None
    priority: int = Field(description="-1 low, 0 normal, 1 high, 2 urgent.")
    waiting_since: str | None = Field(description="Since when it is open and nobody has it.")
    offer: ConversationOffer | None = Field(description="Who is asked whether they take it.")
    respond_by: str | None = Field(description="When the first answer is due, while that clock runs.")
    resolve_by: str | None = Field(description="When it is to be closed, while that clock runs.")
    breached: list[Literal["first_response", "resolution"]] = Field(description="The targets it missed.")
    snoozed_until: str | None
    wrap_up: str | None = Field(description="What became of it when it was closed.")
    tags: list[str]
    handed_on: HandedOn | None = Field(
        description="The note of who passed it on, until somebody answers, closes it or passes it on."
    )
    waiting_flows: list[Named] = Field(
        description="The flows that handed it over and go on when it is handed back or closed."
    )
    flooded_until: str | None = Field(
        description="Until then what the contact writes is a flood: kept, but nothing is done with it."
    )
    version: int


class Message(Out):
    id: str
    conversation_id: str
    direction: Literal["in", "out"]
    origin: Literal["contact", "agent", "campaign", "flow", "system"]
    author: Named | None
    channel_kind: str
    address: str
    body: str
    content: dict[str, Any] | None = Field(description="What is more than a text: by its `type`.")
    status: str
    reason: str | None
    error_code: str | None
    parts: int
    price: str
    currency: str | None
    intent: str | None
    confidence: float | None
    corrected_intent: str | None = Field(description="What a person says it means.")
    routing: dict[str, Any] | None
    created_at: str
    sent_at: str | None
    delivered_at: str | None
    read_at: str | None
    failed_at: str | None


class QueueCount(Out):
    id: str
    name: str
    open: int
    unassigned: int


class ConversationCounts(Out):
    open: int
    mine: int
    unassigned: int
    snoozed: int
    waiting: int
    closed: int
    queues: list[QueueCount]


class ReplyIn(In):
    """Either `text` or `content`."""

    text: str | None = Field(
        None, min_length=1, max_length=4096, examples=["Your order left our warehouse today."]
    )
    content: Content | None = Field(
        None,
        description="More than a text, as in POST /v1/messages: a file of the media library, a template, choices, a card.",
    )
    channel_id: ChannelId | None = None
    seen: MessageId | None = Field(
        None,
        description="The newest message that the writer has seen. When somebody else has answered after it, nothing is "
        "sent: 409 `answered-meanwhile` says who, and what. Left out, nothing is held back.",
    )
    agent_id: UserId | None = Field(
        None, description="Of a program: the bot it speaks for. People leave it out."
    )


class ReplyWay(Out):
    """One of the tenant's channels, for one person now."""

    channel: ChannelBrief
    address: str = Field(description="Empty: the person has none for it.")
    allows: Literal["anything", "templates", "nothing"]
    reason: str | None = Field(
        description="Why not anything: `opted-out`, `no-address`, or `window-closed` where WhatsApp takes only templates."
    )
    open_until: str | None = Field(description="When WhatsApp's 24 hours end.")


class AssignIn(In):
    assignee_id: UserId | None = Field(
        description="A user of the tenant, or null to give the conversation back."
    )


class CloseIn(In):
    wrap_up: str | None = Field(
        None, max_length=60, description="What became of it: one of the tenant's wrap-up codes."
    )


class TagCount(Out):
    tag: str
    open: int
    conversations: int


class HandBackIn(In):
    outcome: str = Field("", max_length=80, description="What the people found; it goes along to the flow.")


class TransferIn(In):
    """Exactly one of `queue_id`, `assignee_id` and `flow_id`."""

    queue_id: QueueId | None = None
    assignee_id: UserId | None = None
    flow_id: FlowId | None = Field(None, description="The flow takes the person on; people are done.")
    note: Note = ""
