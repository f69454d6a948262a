"""What begins flows, and their experiments, in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import ContactId, FieldError, In, Instant, Out, SegmentId
from api.schemas.contacts import Scalar
from api.schemas.events import EventContact
from api.schemas.timeline import Who
from hub.flows.triggers.asked import BATCH_MAX, Status

EXAMPLE: dict[str, Any] = {
    "contacts": [
        {"contact": {"address": "+447700900123"}, "variables": {"order": "A-17"}, "key": "order-A-17"},
    ],
}


class NewSession(In):
    contact: EventContact
    variables: dict[str, Scalar] = Field(
        default_factory=dict, description="What the start node may save, by its paths."
    )
    key: str | None = Field(None, description="The same key twice is one session of this contact.")


class NewSessions(In):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contacts: Annotated[list[NewSession], Field(max_length=BATCH_MAX)]
    start: Annotated[str, Field(max_length=100)] = Field(
        "", description="A start node; empty: the one for the API, else the flow's own."
    )
    create_missing: bool = Field(
        False, description="Make a contact of an address that nobody has. Needs contacts:write."
    )


class NewSessionResult(Out):
    index: int = Field(description="The place in the request.")
    status: Status = Field(
        description="`refused`: the start's rule of re-entry does not let the contact begin now; `error` says why."
    )
    contact_id: ContactId | None
    error: FieldError | None


class NewSessionResults(Out):
    results: list[NewSessionResult]
    accepted: int
    duplicates: int
    refused: int
    errors: int


class AwaitedTrigger(Out):
    """A start that waits for something. `error`: why its segment cannot be read at present."""

    node: str
    kind: Literal["event", "entry", "exit"]
    event: str | None
    segment_id: SegmentId | None
    looked_at: Instant | None = Field(description="When the segment was first looked at.")
    error: str


class NextRun(Out):
    """One row a start and, by the contacts' clocks, a zone; `zone` empty: the workspace's."""

    node: str
    zone: str
    next_at: Instant
    last_at: Instant | None
    error: str


class FlowTriggers(Out):
    waiting: list[AwaitedTrigger]
    schedules: list[NextRun]


class ExperimentArm(Out):
    """What is known of one arm. Intervals hold however often somebody looks; `ratio` is beside the first arm."""

    name: str
    status: Literal["running", "stopped", "winner", "hold_out"]
    share: float = Field(description="Of the people who come now, 0 to 1.")
    entries: int
    conversions: int
    rate: float | None
    rate_low: float
    rate_high: float
    opt_outs: int
    opt_out_rate: float | None
    opt_out_low: float
    opt_out_high: float
    cost_micros: int
    cost_per_conversion_micros: int | None
    likely_best: float | None = Field(
        description="The probability that its rate is the highest, with a uniform prior."
    )
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p_value: float | None


class ExperimentDecision(Out):
    kind: Literal["winner", "stop", "resume"]
    arm: str
    actor: Who
    reason: str
    at: Instant
    numbers: dict[str, Any]


class Experiment(Out):
    node: str
    goal: str
    automatic: bool
    confidence: float
    state: Literal["running", "decided", "inconclusive"]
    winner: str
    since: Instant = Field(description="The numbers count from here.")
    entries: int
    entries_planned: int = Field(description="So many people, of all arms, show the wanted effect.")
    arms: list[ExperimentArm]
    decisions: list[ExperimentDecision] = Field(description="The newest first.")


class Experiments(Out):
    items: list[Experiment]
    has_more: bool = False


class DecisionIn(In):
    """`winner`: everybody goes this arm from now on; `stop`: nobody goes it any more; `resume`: take an arm's stop back,
    or without an arm everything that was decided.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "winner", "arm": "B"}]})

    kind: Literal["winner", "stop", "resume"]
    arm: Annotated[str, Field(max_length=80)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""
