"""Node: Record an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hub.conditions.catalog import is_event_name
from hub.flows.effects import EmitEvent
from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.values import TemplateText, editor, has_marks

PropertyName = Annotated[str, Field(min_length=1, max_length=80)]
PropertyText = Annotated[TemplateText, Field(max_length=1_000)]


class Emit(Node):
    """Record a custom event of the contact, which begins the flows that wait for it. Ports: next.

    Example: {"event": "survey.done", "properties": {"score": 9}}.
    """

    type: ClassVar[str] = "emit_event"
    title: ClassVar[str] = "Record an event"
    group: ClassVar[str] = "Data"

    event: Annotated[str, editor("event")] = Field(min_length=1, max_length=80)
    properties: dict[PropertyName, PropertyText | bool | int | float | None] = Field(
        default_factory=dict, max_length=20
    )

    def model_post_init(self, context: Any) -> None:
        if not is_event_name(self.event):
            raise ValueError("event: 1 to 80 printable characters without spaces at the ends")

    def texts(self) -> Sequence[str]:
        return [value for value in self.properties.values() if isinstance(value, str) and has_marks(value)]

    def summary(self) -> str:
        return self.event

    def run(self, context: RunContext) -> Next:
        filled = {
            name: context.render(value) if isinstance(value, str) else value
            for name, value in self.properties.items()
        }
        context.effects.append(EmitEvent(self.event, filled))
        return Go("next")
