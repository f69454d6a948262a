"""Bodies and answers of what an agent does with a conversation at the desk."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.schemas.common import ConversationId, In, Instant, Out, QueueId, UserId
from hub.conversations.tagging import TAGS_MAX

REASSIGN_MAX = 500
NOTE_CHARS_MAX = 2_000
Note = Annotated[
    str, Field(max_length=NOTE_CHARS_MAX, description="For whoever gets it; the contact does not see it.")
]


class AgentIn(In):
    """Of a program: which bot it speaks for. People leave it out."""

    agent_id: UserId | None = None


class SnoozeIn(In):
    until: Instant


class PriorityIn(In):
    priority: int = Field(ge=-1, le=2, description="-1 low, 0 normal, 1 high, 2 urgent.", examples=[1])


class TagsIn(In):
    add: list[str] = Field(default_factory=list, max_length=TAGS_MAX, examples=[["refund"]])
    remove: list[str] = Field(default_factory=list, max_length=TAGS_MAX)


class ReassignIn(In):
    """Exactly one of `assignee_id` and `queue_id`."""

    conversation_ids: list[ConversationId] = Field(min_length=1, max_length=REASSIGN_MAX)
    assignee_id: UserId | None = None
    queue_id: QueueId | None = None
    note: Note = ""


class ReassignedItem(Out):
    id: str
    problem: dict[str, Any] | None = Field(description="Why this one stayed where it was.")


class Reassigned(Out):
    items: list[ReassignedItem]
    failed: int
