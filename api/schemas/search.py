"""Answers of the search over messages."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import ContactId, ConversationId, Instant, MessageId, Out, Page


class FoundMessage(Out):
    """A message that has all the words."""

    message_id: MessageId
    conversation_id: ConversationId
    contact_id: ContactId
    contact_name: str
    address: str
    channel_kind: str
    direction: str
    origin: str
    at: Instant
    excerpt: str
    marks: list[tuple[int, int]] = Field(
        description="Places in the excerpt that were asked for: first character, and the one after the last."
    )


FoundMessagePage = Page[FoundMessage]
