"""Node: Hang up."""

from __future__ import annotations

from typing import ClassVar

from hub.flows.effects import CallStep
from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.voice.script import HangUp


class HangUpCall(Node):
    """End the call, if one is on; the flow goes on, with a text for example. Ports: next. Example: {}."""

    type: ClassVar[str] = "hang_up"
    title: ClassVar[str] = "Hang up"
    group: ClassVar[str] = "Voice"

    def run(self, context: RunContext) -> Next:
        if context.on_call:
            context.effects.append(CallStep(HangUp()))
            context.on_call = False
        return Go("next")
