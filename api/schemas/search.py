"""Answers of the search over messages."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import CallId, ContactId, ConversationId, Instant, MessageId, Out, Page


class FoundMessage(Out):
    """A message, or something said in a call at the desk, that has all the words."""

    message_id: MessageId = Field(description="With `call_id`: of what was said, which is no message.")
    call_id: CallId | None = Field(description="The call in whose transcript it stands.")
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
