"""Node: The end of a flow."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hub.flows.nodes.base import End, Next, Node, RunContext
from hub.flows.ports import Port


class EndFlow(Node):
    """End the flow; a sub-flow goes back to where it was entered. Ports: none. Example: {"outcome": "ordered"}."""

    type: ClassVar[str] = "end"
    title: ClassVar[str] = "End"
    group: ClassVar[str] = "Flow"
    ports: ClassVar[tuple[Port, ...]] = ()

    outcome: str = Field("", max_length=80)

    def summary(self) -> str:
        return self.outcome

    def run(self, context: RunContext) -> Next:
        return End(self.outcome)
