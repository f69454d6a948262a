"""Bodies and answers of campaigns."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from api.schemas.common import ChannelId, FlowId, In, Out, SegmentId
from api.schemas.messages import StepIn
from hub.failover.plan import STEPS_MAX, VALIDITY_S_MAX


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
    channel_id: ChannelId | None = Field(None, description="The one channel it goes over.")
    channels: list[StepIn] | None = Field(
        None,
        min_length=1,
        max_length=STEPS_MAX,
        description="Several, best first: each recipient gets the first that may carry it, the next takes over when that "
        "fails. Without channel_id and channels the messaging policy decides.",
    )
    template: str | None = Field(
        None, min_length=1, max_length=10_000, examples=["Hi {{ first_name }}, 15 % off until Sunday."]
    )
    content: dict[str, Any] | None = Field(
        None,
        description="In place of template: a typed content as in POST /v1/messages; each text in it is a template.",
    )
    audience: Audience
    validity_s: int | None = Field(
        None, ge=10, le=VALIDITY_S_MAX, description="For how many seconds a message is worth sending."
    )
    variables: dict[str, str] = Field(default_factory=dict, max_length=50)
    flow_id: FlowId | None = Field(default=None, description="A flow that begins by waiting for the answer.")

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if (self.template is None) == (self.content is None):
            raise ValueError("give either template or content")
        if self.channel_id is not None and self.channels is not None:
            raise ValueError("give either channel_id or channels")
        return self


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


class CampaignChannel(Out):
    channel_id: str
    timeout_s: int | None


class Campaign(Out):
    """`waiting` are the queued ones that wait for the end of somebody's quiet hours. `pending` and all `counts` add up to `recipients`."""

    id: str
    name: str
    status: Literal["draft", "running", "paused", "completed", "canceled"]
    reason: str | None
    audience: dict[str, Any]
    template: str
    content: dict[str, Any] | None
    channel_id: str
    channels: list[CampaignChannel]
    validity_s: int | None
    waiting: int
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
