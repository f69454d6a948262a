"""Flows at work and beside each other, as the API answers it: figures of a version, and what differs between two."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import ContactId, FlowSessionId, In, Instant, Out

Change = Literal["added", "removed", "changed", "moved"]


class FlowFieldChange(Out):
    pointer: str = Field(description="The place inside the node's data, as a JSON pointer.")
    before: Any
    after: Any


class FlowNodeChange(Out):
    """`moved`: it stands elsewhere on the canvas and is otherwise as it was."""

    id: str
    type: str
    change: Change
    fields: list[FlowFieldChange]


class FlowEdgeChange(Out):
    """A port that leads elsewhere is `changed`."""

    source: str
    port: str
    change: Change
    before: str | None
    target: str | None


class FlowDifference(Out):
    """From one version to another. `same`: both run alike."""

    same: bool
    nodes: list[FlowNodeChange]
    edges: list[FlowEdgeChange]
    comments: int = Field(description="How many comments came, went or say something else.")


class FlowNodeFigures(Out):
    """`left`: whose journey ended here; not told for a part of the time."""

    node: str
    entered: int
    passed: int
    waiting: int
    stuck: int
    left: int


class FlowWayFigures(Out):
    """`target` null: the port leads nowhere."""

    source: str
    port: str
    target: str | None
    count: int
    share: float = Field(description="Of those who came to the node, 0 to 1.")
    median_s: float | None = Field(
        description="From the arrival until it was left by this port; null where too few were seen."
    )


class FlowInside(Out):
    version: int
    sessions: int


class FlowFigures(Out):
    """A version of a flow at work. `inside`: how many are in which version now."""

    version: int
    as_of: Instant
    since: Instant | None
    until: Instant | None
    started: int
    nodes: list[FlowNodeFigures]
    ways: list[FlowWayFigures]
    inside: list[FlowInside]


class FlowReplayIn(In):
    """The newest sessions of so many days."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 7, "limit": 200}]})

    days: int = Field(7, ge=1, le=31)
    limit: int = Field(200, ge=1, le=500)


class FlowReplayedSession(Out):
    """`was` and `now`: (node, port) in order; they part at the place `parted`. `reason`: why it would be stuck there."""

    id: FlowSessionId
    contact_id: ContactId
    contact_name: str
    version: int
    started_at: Instant
    was: list[list[str]]
    now: list[list[str]]
    parted: int
    reason: str


class FlowReplayed(Out):
    """`unrepeatable`: their own version does not go their way again either, so that they prove nothing; `unreadable`:
    their version cannot be read.
    """

    days: int
    played: int
    same: int
    unrepeatable: int
    unreadable: int
    changed: list[FlowReplayedSession]
