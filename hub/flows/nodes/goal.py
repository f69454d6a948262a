"""Node: A goal is reached."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from hub.flows.effects import ReachGoal
from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.values import Label, editor


class Goal(Node):
    """Count a conversion, once a session. Ports: next. Example: {"name": "ordered"}."""

    type: ClassVar[str] = "goal"
    title: ClassVar[str] = "Goal"
    group: ClassVar[str] = "Flow"

    name: Label
    value_micros: Annotated[int, editor("micros")] = Field(
        0, ge=0, le=10**15, description="What it is worth, in the tenant's currency."
    )

    def summary(self) -> str:
        return self.name

    def run(self, context: RunContext) -> Next:
        if self.name not in context.goals:
            context.goals = (*context.goals, self.name)
            context.effects.append(ReachGoal(self.name, self.value_micros))
        return Go("next")
