"""Bodies and answers of calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from api.schemas.common import ChannelId, ContactId, In, Out
from hub.voice.script import Call as Script

Status = Literal["queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"]
EXAMPLE: dict[str, Any] = {
    "number": "+15550001234",
    "script": {
        "type": "call",
        "language": "en-US",
        "steps": [
            {"type": "say", "text": "Hello. Your order is ready."},
            {
                "type": "gather",
                "digits": 1,
                "prompt": [{"type": "say", "text": "Press 1 to speak with us."}],
                "branches": {"1": [{"type": "dial", "number": "+15550005678"}]},
            },
            {"type": "say", "text": "Goodbye."},
        ],
        "machine": [{"type": "say", "text": "Your order is ready. Please call us back."}],
    },
}


class CallIn(In):
    """Whom to call, and what is said. Either `contact_id` or `number`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contact_id: ContactId | None = None
    number: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] | None = Field(
        None, description="E.164; a number nobody has becomes a new contact."
    )
    channel_id: ChannelId | None = Field(
        None, description="The line to call from; your first one when left out."
    )
    script: Script
    purpose: Literal["transactional", "marketing"] = "transactional"

    @model_validator(mode="after")
    def _one_person(self) -> CallIn:
        if (self.contact_id is None) == (self.number is None):
            raise ValueError("give either contact_id or number")
        return self


class Recording(Out):
    url: str = Field(description="Needs the same rights as the call.")
    duration_s: int | None


class CallOut(Out):
    """One call, in or out."""

    id: str
    message_id: str | None = Field(description="An outbound call is a message: its delivery and its price.")
    conversation_id: str
    contact_id: str
    channel_id: str
    flow_session_id: str | None = Field(description="Of the flow that speaks in the call.")
    direction: Literal["in", "out"]
    address: str
    status: Status
    reason: str | None
    error_code: str | None
    answered_by: str = Field(description="human, machine, fax, or empty when nobody looked.")
    steps: list[dict[str, Any]] = Field(
        description="What the call did, in order, by the script's numbers or the flow's steps."
    )
    gathered: list[dict[str, Any]] = Field(description="Keys and words of the person, in order.")
    duration_s: int
    billed_s: int
    price: str
    currency: str | None
    recording: Recording | None
    created_at: str
    ringing_at: str | None
    answered_at: str | None
    ended_at: str | None
