"""What is said in a call at the desk, as the provider writes it down while it is said. Pure: news to a row, a row to a view."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.channels.voice_news import Spoken
from hub.conversations.views import instant
from hub.directory import Directory
from hub.ids import encode_id
from hub.voice.desk import DeskCall, Phase
from hub.voice.views import PREFIX

WORDS_MAX = 3_000  # things said of one call that are kept

Speaker = Literal["contact", "agent"]


def speaker_of(call: DeskCall, spoken: Spoken, now: datetime) -> tuple[Speaker, UUID | None] | None:
    """Who said it; None: it is nobody's word. What the contact hears comes from people only while they are connected:
    in the queue and on hold the hub speaks, or a song. What was said just before may be told just after.
    """
    if spoken.contact:
        return "contact", None
    before = (spoken.at or now) <= call.since
    if call.agent_id is None or not (call.phase in (Phase.CONNECTED, Phase.ENDED) or before):
        return None
    return "agent", call.agent_id


def words_view(row: Any, directory: Directory) -> dict[str, Any]:
    """`row` of `call_words`."""
    name = "" if row.user_id is None else directory.users.get(row.user_id, "")
    return {
        "id": encode_id("say", row.id),
        "at": instant(row.at),
        "speaker": row.speaker,
        "user": None if row.user_id is None else {"id": encode_id("usr", row.user_id), "name": name},
        "text": row.body,
        "confidence": row.confidence,
    }


def words_added(call_id: UUID, contact_id: UUID, words: dict[str, Any]) -> dict[str, Any]:
    """The live event of something said."""
    return {
        "type": "desk_call.said",
        "call_id": encode_id(PREFIX, call_id),
        "conversation_id": encode_id("cnv", contact_id),
        "words": words,
    }
