"""Node: Send a text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.flows.effects import SendText
from hub.flows.nodes.base import Go, Node, RunContext, Wait


class Send(Node):
    """Send a text. Ports: next. Example: {"type": "send", "text": "Thank you"}."""

    type: Literal["send"] = "send"
    text: str = Field(min_length=1, max_length=1600)

    def run(self, context: RunContext) -> Go | Wait:
        context.effects.append(SendText(self.text))
        return Go("next")
