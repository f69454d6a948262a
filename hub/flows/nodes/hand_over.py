"""Node: Hand the conversation over to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hub.flows.effects import HandOver
from hub.flows.inputs import HandedBack
from hub.flows.nodes.base import End, Go, Next, Node, RunContext, Wait
from hub.flows.ports import Port
from hub.flows.values import SavedAs, Span, editor, only_when


class HandOverToQueue(Node):
    """Give the conversation to a queue by name; without a name the routing rules choose.

    Ports: none, as it ends the session; with `come_back`: closed when the people close it, and timeout when it has one.
    Writes: variables[save_as]: what came of it, in the people's words or the code they closed with; empty when they said
    nothing. Example: {"queue": "Care", "come_back": true, "save_as": "outcome"}.
    """

    type: ClassVar[str] = "hand_over"
    title: ClassVar[str] = "Hand over to people"
    group: ClassVar[str] = "People"
    ports: ClassVar[tuple[Port, ...]] = (
        Port("closed", when=("come_back",)),
        Port("timeout", when=("come_back", "timeout")),
    )

    queue: Annotated[str, editor("queue")] = Field("", max_length=80)
    come_back: bool = False
    timeout: Annotated[Span | None, only_when("come_back", True)] = None
    save_as: Annotated[SavedAs, only_when("come_back", True)] = ""

    def model_post_init(self, context: Any) -> None:
        if self.timeout is not None and not self.come_back:
            raise ValueError("timeout: only what comes back can be waited for")
        if self.save_as and not self.come_back:
            raise ValueError("save_as: only what comes back brings an answer")

    def writes(self) -> Mapping[str, str]:
        return {self.save_as: "text"} if self.save_as else {}

    def writes_at(self, port: str) -> frozenset[str]:
        return frozenset() if port == "timeout" else frozenset(self.writes())

    def summary(self) -> str:
        return self.queue

    def stops(self) -> bool:
        return self.come_back

    def run(self, context: RunContext) -> Next:
        if context.waiting is not None:
            if not isinstance(context.given, HandedBack):
                return Go("timeout")
            context.set(self.save_as, context.given.outcome)
            return Go("closed")
        context.effects.append(HandOver(self.queue, context.token if self.come_back else 0))
        if not self.come_back:
            return End("handed over")
        return Wait("people", context.now + self.timeout.span if self.timeout else None)
