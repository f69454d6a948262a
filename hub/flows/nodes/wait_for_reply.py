"""Node: Wait for the contact's reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hub.conditions.text import normalize
from hub.flows.nodes.base import Go, Node, RunContext, Wait

OTHER = "other"
Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class WaitForReply(Node):
    """Pause until the contact answers. Ports: one a choice, and `other`. Writes: variables[save_as].

    Example: {"type": "wait_for_reply", "choices": {"yes": ["yes", "y"], "no": ["no", "n"]}}.
    """

    type: Literal["wait_for_reply"] = "wait_for_reply"
    choices: dict[Word, list[Word]] = Field(default_factory=dict, max_length=20)
    save_as: str = Field(default="", max_length=40, pattern=r"^[a-z_]*$")

    def out_ports(self) -> Sequence[str]:
        return (*self.choices, OTHER)

    def expects(self, text: str) -> bool:
        """True when `text` is one of the expected answers, so that no classifier is needed."""
        return self._choice(text) is not None

    def _choice(self, text: str) -> str | None:
        said = normalize(text)
        for port, words in self.choices.items():
            if said == port.casefold() or any(said == normalize(word) for word in words):
                return port
        return None

    def run(self, context: RunContext) -> Go | Wait:
        if context.reply is None:
            return Wait()
        said, context.reply = context.reply, None
        if self.save_as:
            context.variables[self.save_as] = said[:1000]
        return Go(self._choice(said) or OTHER)
