"""Node: Say something in the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from hub.flows.effects import CallStep
from hub.flows.nodes.base import Go, Next, RunContext, Stuck
from hub.flows.nodes.call_base import VoiceNode
from hub.flows.values import TemplateText, has_marks
from hub.voice.script import LANGUAGE, SAY_CHARS_MAX, Say, Voice


class SayWords(VoiceNode):
    """Say words in the call. Ports: next. Example: {"text": "Hello {{ first_name }}"}."""

    type: ClassVar[str] = "say"
    title: ClassVar[str] = "Say"

    text: TemplateText = Field(min_length=1, max_length=SAY_CHARS_MAX)
    language: str = Field("", max_length=20, pattern=f"^({LANGUAGE})?$")
    voice: Voice = ""

    def texts(self) -> Sequence[str]:
        return (self.text,) if has_marks(self.text) else ()

    def summary(self) -> str:
        return self.text[:80]

    def in_call(self, context: RunContext) -> Next:
        context.effects.append(CallStep(spoken(context, self.text, self.language, self.voice)))
        return Go("next")


def spoken(context: RunContext, text: str, language: str = "", voice: str = "") -> Say:
    """The words filled in. Raises Stuck when none or too many came out of the template."""
    words = context.render(text)
    if not 0 < len(words) <= SAY_CHARS_MAX:
        raise Stuck(f"1 to {SAY_CHARS_MAX} characters can be said at once, not {len(words)}")
    return Say(text=words, language=language, voice=voice)
