"""Node: Call the contact."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from hub.errors import Invalid
from hub.flows.effects import PlaceCall
from hub.flows.nodes.base import Go, Next, RunContext
from hub.flows.nodes.call_base import NOT_REACHED, VoiceNode
from hub.flows.ports import Port
from hub.flows.values import editor
from hub.ids import decode_id


class CallContact(VoiceNode):
    """Call the contact, and go on in the call. Ports: answered; busy, no_answer, failed; with `detect_machine` machine.

    Where a call is on already it goes on by answered. Example: {"ring_timeout_s": 25, "detect_machine": true}.
    """

    type: ClassVar[str] = "call"
    title: ClassVar[str] = "Call the contact"
    ports: ClassVar[tuple[Port, ...]] = (
        Port("answered"),
        Port("machine", when=("detect_machine",)),
        *(Port(name) for name in NOT_REACHED),
    )

    channel: Annotated[str, Field(max_length=40), editor("channel")] = ""
    ring_timeout_s: int = Field(30, ge=5, le=120)
    time_limit_s: int = Field(1_800, ge=10, le=7_200)
    detect_machine: bool = False
    record: bool = Field(False, description="Record the whole call.")

    def model_post_init(self, context: object) -> None:
        if self.channel not in ("", "voice"):
            try:
                decode_id("chn", self.channel)
            except Invalid:
                raise ValueError("channel: voice or a channel's id") from None

    def stops(self) -> bool:
        return True

    def placed(self, token: int) -> PlaceCall:
        return PlaceCall(
            token,
            "" if self.channel == "voice" else self.channel,
            self.ring_timeout_s,
            self.time_limit_s,
            self.detect_machine,
            self.record,
        )

    def answered(self, context: RunContext, by: str) -> Next:
        machine = self.detect_machine and by in ("machine", "fax")
        context.note(result="machine" if machine else "answered")
        return Go("machine" if machine else "answered")

    def not_reached(self, why: str) -> Next:
        return Go(why)

    def in_call(self, context: RunContext) -> Next:
        return Go("answered")
