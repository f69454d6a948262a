"""Bodies and answers of campaigns."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from api.schemas.common import ChannelId, FlowId, In, Out, SegmentId


class Audience(In):
    """Who gets it: the members of a segment, everybody with a tag, or all contacts. Frozen at the launch."""

    segment_id: SegmentId | None = None
    tag: str | None = Field(default=None, min_length=1, max_length=60, examples=["newsletter"])
    all: bool = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.segment_id is not None) + (self.tag is not None) + self.all != 1:
            raise ValueError("name one of: a segment, a tag, all: true")
        return self


class CampaignIn(In):
    name: str = Field(min_length=1, max_length=120, examples=["Autumn sale"])
    channel_id: ChannelId
    template: str = Field(
        min_length=1, max_length=10_000, examples=["Hi {{ first_name }}, 15 % off until Sunday."]
    )
    audience: Audience
    variables: dict[str, str] = Field(default_factory=dict, max_length=50)
    flow_id: FlowId | None = Field(default=None, description="A flow that begins by waiting for the answer.")


class Counts(Out):
    queued: int
    sending: int
    sent: int
    delivered: int
    read: int
    undelivered: int
    failed: int
    expired: int
    unknown: int
    refused: int


class Campaign(Out):
    """`pending` and all `counts` add up to `recipients`."""

    id: str
    name: str
    status: Literal["draft", "running", "paused", "completed", "canceled"]
    reason: str | None
    audience: dict[str, Any]
    template: str
    channel_id: str
    flow_id: str | None
    recipients: int
    pending: int
    counts: Counts
    answered: int
    opted_out: int
    spent: str
    currency: str
    created_at: str
    launched_at: str | None
    finished_at: str | None
