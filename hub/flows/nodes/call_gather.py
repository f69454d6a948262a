"""Node: Ask for keys or words in the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub.conditions.text import normalize
from hub.flows.effects import CallStep
from hub.flows.inputs import Call, TimeUp
from hub.flows.nodes.ask import Choice
from hub.flows.nodes.base import Go, Next, RunContext, Stay, Wait
from hub.flows.nodes.call_base import VoiceNode
from hub.flows.nodes.call_say import spoken
from hub.flows.ports import Port
from hub.flows.values import SavedAs, TemplateText, has_marks
from hub.voice.script import SAY_CHARS_MAX, Gather

RESERVED = ("other", "silence", "hung_up")


class GatherAnswer(VoiceNode):
    """Ask for keys or words in the call. Ports: one a choice or answer; other; silence; hung_up.

    A wrong or missing answer is asked for again up to `retries` times. Writes: variables[save_as].
    Example: {"text": "Press 1 for orders", "choices": [{"name": "orders", "words": ["1"]}]}.
    """

    type: ClassVar[str] = "gather"
    title: ClassVar[str] = "Gather"
    ports: ClassVar[tuple[Port, ...]] = (Port("answer", each="choices"), *(Port(name) for name in RESERVED))

    text: TemplateText = Field("", max_length=SAY_CHARS_MAX)
    input: tuple[Literal["dtmf", "speech"], ...] = Field(("dtmf",), min_length=1, max_length=2)
    digits: int = Field(0, ge=0, le=32)
    finish_key: Literal["", "#", "*"] = "#"
    timeout_s: int = Field(5, ge=1, le=60)
    choices: tuple[Choice, ...] = Field((), max_length=12)
    retries: int = Field(1, ge=0, le=5)
    save_as: SavedAs = ""

    def model_post_init(self, context: Any) -> None:
        names = [choice.name for choice in self.choices]
        if len(set(names)) < len(names) or set(names) & set(RESERVED):
            raise ValueError(f"choices: each has a name of its own, and none is called {', '.join(RESERVED)}")

    def writes(self) -> Mapping[str, str]:
        return {self.save_as: "text"} if self.save_as else {}

    def writes_at(self, port: str) -> frozenset[str]:
        return frozenset() if port in RESERVED else frozenset(self.writes())

    def texts(self) -> Sequence[str]:
        return (self.text,) if has_marks(self.text) else ()

    def summary(self) -> str:
        return self.text[:80]

    def stops(self) -> bool:
        return True

    def in_call(self, context: RunContext) -> Next:
        if context.waiting is None:
            return self._ask(context, 0)
        tries = int(context.waiting.get("tries", 0))
        match context.given:
            case Call(happened="hung_up"):
                return Go("hung_up")
            case Call(happened="keys" | "speech", value=value) if value:
                port = self._port(value)
                context.note(answer=value, result=port)
                if port != "other":
                    context.set(self.save_as, value)
                    return Go(port)
                return self._ask(context, tries + 1) if tries < self.retries else Go("other")
            case Call() | TimeUp():
                return self._ask(context, tries + 1) if tries < self.retries else Go("silence")
            case _:
                return Stay(context.waiting)

    def _port(self, value: str) -> str:
        if not self.choices:
            return "answer"
        said = normalize(value)
        return next((choice.name for choice in self.choices if choice.fits(said)), "other")

    def _ask(self, context: RunContext, tries: int) -> Next:
        prompt = (spoken(context, self.text),) if self.text else ()
        step = Gather(
            input=self.input,
            digits=self.digits,
            finish_key=self.finish_key,
            timeout_s=self.timeout_s,
            retries=0,
            prompt=prompt,
        )
        context.effects.append(CallStep(step, context.token))
        return Wait("call", None, {"tries": tries})
