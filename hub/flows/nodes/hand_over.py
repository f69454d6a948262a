"""Node: Hand the conversation over to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from hub.flows.effects import HandOver
from hub.flows.nodes.base import Go, Node, RunContext, Wait


class HandOverToQueue(Node):
    """Give the conversation to a queue by name; without a name the routing rules choose. Ends the session. Ports: none.

    Example: {"type": "hand_over", "queue": "Care"}.
    """

    type: Literal["hand_over"] = "hand_over"
    queue: str = Field(default="", max_length=80)

    def out_ports(self) -> Sequence[str]:
        return ()

    def run(self, context: RunContext) -> Go | Wait:
        context.effects.append(HandOver(self.queue))
        return Go("")
