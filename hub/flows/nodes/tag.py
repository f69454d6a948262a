"""Node: Tag the contact."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.flows.effects import AddTag
from hub.flows.nodes.base import Go, Node, RunContext, Wait


class Tag(Node):
    """Put a tag on the contact. Ports: next. Example: {"type": "tag", "tag": "interested"}."""

    type: Literal["tag"] = "tag"
    tag: str = Field(min_length=1, max_length=60)

    def run(self, context: RunContext) -> Go | Wait:
        context.effects.append(AddTag(self.tag))
        return Go("next")
