"""Node: Play a recording in the call."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from hub.flows.effects import CallStep
from hub.flows.nodes.base import Go, Next, RunContext
from hub.flows.nodes.call_base import VoiceNode
from hub.voice.script import AudioUrl, Play


class PlaySound(VoiceNode):
    """Play a recording in the call: from the media library or an address. Ports: next. Example: {"media_id": "med_…"}."""

    model_config = ConfigDict(json_schema_extra={"x-one-of": ["url", "media_id"]})
    type: ClassVar[str] = "play"
    title: ClassVar[str] = "Play"

    url: AudioUrl | None = None
    media_id: str | None = Field(None, max_length=80)
    text: str = Field("", max_length=1_024, description="What it says, for screens.")

    def model_post_init(self, context: Any) -> None:
        if (self.url is None) == (self.media_id is None):
            raise ValueError("give either url or media_id")

    def summary(self) -> str:
        return self.text

    def in_call(self, context: RunContext) -> Next:
        context.effects.append(CallStep(Play(url=self.url, media_id=self.media_id, text=self.text)))
        return Go("next")
