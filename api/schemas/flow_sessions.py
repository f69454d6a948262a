"""Sessions of flows, as they are shown and repaired."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import CampaignId, ContactId, FlowId, FlowSessionId, In, Instant, Money, Out

Status = Literal["waiting", "stuck", "ended", "exited"]
NodeName = Annotated[str, Field(max_length=100)]


class FlowSession(Out):
    """One contact on one way through a flow."""

    id: FlowSessionId
    flow_id: FlowId
    version: int
    contact_id: ContactId
    status: Status
    node: str = Field(description="Where it stands, or stood at the end.")
    reason: str = Field(description="Why it is stuck, or what ended it from outside.")
    outcome: str
    trigger: str
    campaign_id: CampaignId | None = Field(validation_alias="origin")
    due_at: Instant | None = Field(description="When its wait is over.")
    started_at: Instant
    updated_at: Instant
    ended_at: Instant | None


class FlowSessionPage(Out):
    items: list[FlowSession]
    has_more: bool


class StuckFlow(Out):
    flow_id: FlowId
    name: str
    count: int


class StuckSessions(Out):
    items: list[FlowSession]
    has_more: bool
    flows: list[StuckFlow] = Field(description="How many are stuck, by flow, the most first.")


class FlowStep(Out):
    """A node that was passed, by this port; without a port it was arrived at."""

    flow_id: FlowId
    version: int
    node: str
    port: str
    at: Instant


class FlowGoal(Out):
    name: str
    value: Money = Field(validation_alias="value_micros")
    at: Instant


class FlowSessionView(Out):
    """A session with what it knows and the way it took; of very long ways the last 500 steps."""

    session: FlowSession
    variables: dict[str, Any]
    waits_for: str = Field(description="reply, time, webhook, delivery, people or call; empty for nothing.")
    steps: list[FlowStep]
    goals: list[FlowGoal]


class ResumeSessionIn(In):
    """Run a stuck session again: from its node, or from another one of its flow."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"node": "ask"}]})

    node: NodeName = ""


class ExitSessionIn(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "asked twice by mistake"}]})

    reason: str = Field("ended by hand", min_length=1, max_length=200)


class FlowInput(Out):
    """What became of it: waiting, stuck (with the reason), ended, exited."""

    status: str
    reason: str


class InFlightGroup(Out):
    version: int
    node: str
    status: Literal["waiting", "stuck"]
    count: int


class InFlight(Out):
    """Who is inside of a flow. `moving`: sessions in earlier versions are being moved or ended.

    `as_sub_flow`: sessions of other flows that went into this one and have not come back; not among the `total`. They go through the
    version that they entered, whatever becomes of the others.
    """

    version: int
    total: int
    moving: bool
    items: list[InFlightGroup]
    as_sub_flow: list[InFlightGroup]
