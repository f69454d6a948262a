"""Which flows a message begins by itself: by its words before all rules, by its intent where no rule has it. Pure.

The order in which a message finds its way: commands such as STOP; an answer to the question how it was; a flow that waits
for the contact's answer; people who have the conversation; words that begin a flow (here); the rules; what begins a flow by
its intent (here); the fallback queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from hub.flows.definition import Flow
from hub.flows.nodes.start import IntentTrigger, KeywordTrigger
from hub.routing.compiled import To
from hub.routing.fields import Heard, Message, keyword_of


@dataclass(frozen=True, slots=True)
class Starts:
    """The starts by word, as messages are compared, and by intent with the confidence they ask for (None: the floor)."""

    words: Mapping[str, To] = field(default_factory=dict)
    intents: Mapping[str, tuple[tuple[float | None, To], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, flows: Mapping[UUID, Flow]) -> Starts:
        """Of two flows that wait for the same, the one that was made first begins."""
        words: dict[str, To] = {}
        intents: dict[str, list[tuple[float | None, To]]] = {}
        for flow_id, flow in sorted(flows.items()):
            for place, start in flow.starts.items():
                to = To(flow_id=flow_id, start=place)
                match start.trigger:
                    case KeywordTrigger(words=named):
                        for word in named:
                            words.setdefault(keyword_of(word) or word, to)
                    case IntentTrigger(intent=name, threshold=threshold):
                        intents.setdefault(name, []).append((threshold, to))
                    case _:
                        pass
        return cls(words, {name: tuple(found) for name, found in intents.items()})

    def by_words(self, message: Message) -> To | None:
        """The start that waits for exactly these words."""
        if not self.words:
            return None
        return self.words.get(keyword_of(message.text) or "")

    def by_intent(self, heard: Heard, floor: float) -> To | None:
        """The start that waits for this intent, if it is sure enough."""
        for threshold, to in self.intents.get(heard.intent or "", ()):
            if heard.confidence >= (floor if threshold is None else threshold):
                return to
        return None
