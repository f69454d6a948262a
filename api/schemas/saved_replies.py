"""Bodies and answers of saved replies."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas.common import ConversationId, In, Instant, Out, Page, SavedReplyId

_BODY = "A template: {{ first_name }}, {{ agent.name }}, {{ brand }}, or an attribute of the contact."


class NewSavedReply(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Where is my parcel",
                    "shortcut": "parcel",
                    "body": "Hello {{ first_name | default('there') }}, I am looking it up. {{ agent.name }}",
                    "intents": ["order_status"],
                }
            ]
        }
    )

    name: str = Field(max_length=200)
    shortcut: str = Field(max_length=60, description="What is typed after the slash.")
    body: str = Field(max_length=10_000, description=_BODY)
    folder: str = Field("", max_length=200)
    intents: list[str] = Field([], max_length=50, description="Which intents it answers.")


class ChangeSavedReply(In):
    """Only what is named changes."""

    name: str | None = Field(None, max_length=200)
    shortcut: str | None = Field(None, max_length=60)
    body: str | None = Field(None, max_length=10_000, description=_BODY)
    folder: str | None = Field(None, max_length=200)
    intents: list[str] | None = Field(None, max_length=50)


class SavedReply(Out):
    id: SavedReplyId
    name: str
    shortcut: str
    folder: str
    body: str
    intents: list[str]
    inherited: bool = Field(description="Of a tenant above: it can be used here, and changed there.")
    version: int
    updated_at: Instant


class SuggestedReply(Out):
    """A reply, filled in for one conversation."""

    id: SavedReplyId
    name: str
    shortcut: str
    folder: str
    text: str = Field(description="Filled in; empty where something is missing.")
    problem: str = Field(description="Why it could not be filled in.")
    suggested: bool = Field(description="It answers what the contact wrote last.")
    uses: int = Field(description="How often it was used for such messages.")


class UsedReply(In):
    conversation_id: ConversationId


SavedReplyPage = Page[SavedReply]
SuggestedReplyPage = Page[SuggestedReply]
