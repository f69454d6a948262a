"""Node: Tag the contact."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from hub.flows.effects import AddTag, RemoveTag
from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.values import editor


class Tag(Node):
    """Put a tag on the contact, or take it away. Ports: next. Example: {"tag": "interested"}."""

    type: ClassVar[str] = "tag"
    title: ClassVar[str] = "Tag"
    group: ClassVar[str] = "Data"

    tag: Annotated[str, editor("tag")] = Field(min_length=1, max_length=60)
    remove: bool = False

    def summary(self) -> str:
        return f"− {self.tag}" if self.remove else self.tag

    def run(self, context: RunContext) -> Next:
        context.tags[self.tag] = not self.remove
        context.effects.append(RemoveTag(self.tag) if self.remove else AddTag(self.tag))
        return Go("next")
