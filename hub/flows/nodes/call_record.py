"""Node: Record the caller's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from hub.flows.effects import CallStep
from hub.flows.inputs import Call
from hub.flows.nodes.base import Go, Next, RunContext, Wait
from hub.flows.nodes.call_base import VoiceNode
from hub.flows.ports import NEXT, Port
from hub.flows.values import SavedAs
from hub.voice.script import Record


class RecordWords(VoiceNode):
    """Take a message in the call. Ports: next, hung_up. Writes: variables[save_as]: the recording's id or address."""

    type: ClassVar[str] = "record"
    title: ClassVar[str] = "Record"
    ports: ClassVar[tuple[Port, ...]] = (NEXT, Port("hung_up"))

    seconds_max: int = Field(120, ge=1, le=3_600)
    silence_s: int = Field(5, ge=1, le=60)
    save_as: SavedAs = ""

    def writes(self) -> Mapping[str, str]:
        return {self.save_as: "text"} if self.save_as else {}

    def writes_at(self, port: str) -> frozenset[str]:
        return frozenset(self.writes()) if port == "next" else frozenset()

    def stops(self) -> bool:
        return True

    def in_call(self, context: RunContext) -> Next:
        if context.waiting is None:
            step = Record(seconds_max=self.seconds_max, silence_s=self.silence_s)
            context.effects.append(CallStep(step, context.token))
            return Wait("call")
        if isinstance(context.given, Call) and context.given.happened == "recorded":
            context.set(self.save_as, context.given.value)
            return Go("next")
        return Go("hung_up")
