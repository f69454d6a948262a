"""Answers about mentions."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import ContactId, ConversationId, Instant, MentionId, NoteId, Out
from api.schemas.timeline import Who


class Mention(Out):
    """Somebody named you in a note."""

    id: MentionId
    conversation_id: ConversationId
    contact_id: ContactId
    contact_name: str
    note_id: NoteId
    body: str
    by: Who
    at: Instant
    read_at: Instant | None


class MentionPage(Out):
    items: list[Mention]
    has_more: bool
    unread: int = Field(description="All that you have not read, whatever the page shows.")
