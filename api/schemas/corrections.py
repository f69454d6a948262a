"""Bodies and answers of corrected intents."""

from __future__ import annotations

from pydantic import Field

from api.schemas.common import In, Instant, MessageId, Out, Page
from api.schemas.timeline import Who


class IntentIn(In):
    intent: str = Field(min_length=1, max_length=80, examples=["refund"])


class IntentLabels(Out):
    labels: list[str] = Field(description="What the live model knows, in alphabetical order.")


class IntentCorrection(Out):
    """What a person says a message means."""

    message_id: MessageId
    text: str
    was: str | None = Field(description="What the model said, if anything.")
    intent: str
    by: Who
    at: Instant


IntentCorrectionPage = Page[IntentCorrection]
