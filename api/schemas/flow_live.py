"""What differs between two versions of a flow, as the API answers it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.schemas.common import Out

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
