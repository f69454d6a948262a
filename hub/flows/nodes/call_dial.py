"""Node: Connect the call with somebody else."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hub.flows.effects import CallStep
from hub.flows.inputs import Call
from hub.flows.nodes.base import Go, Next, RunContext, Wait
from hub.flows.nodes.call_base import VoiceNode
from hub.flows.ports import Port
from hub.voice.script import Dial, Number

ENDED = ("answered", "busy", "no_answer", "failed")


class DialNumber(VoiceNode):
    """Connect the call with a number. Ports: answered (and over), busy, no_answer, failed, hung_up."""

    type: ClassVar[str] = "dial"
    title: ClassVar[str] = "Dial"
    ports: ClassVar[tuple[Port, ...]] = tuple(Port(name) for name in (*ENDED, "hung_up"))

    number: Number
    timeout_s: int = Field(30, ge=5, le=600)

    def summary(self) -> str:
        return self.number

    def stops(self) -> bool:
        return True

    def in_call(self, context: RunContext) -> Next:
        if context.waiting is None:
            context.effects.append(
                CallStep(Dial(number=self.number, timeout_s=self.timeout_s), context.token)
            )
            return Wait("call")
        if isinstance(context.given, Call) and context.given.happened == "dialled":
            return Go(context.given.value if context.given.value in ENDED else "failed")
        return Go("hung_up")
