"""What a node is: the fields an editor saves are the fields that run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from hub.flows.effects import Effect


@dataclass(frozen=True, slots=True)
class Go:
    """Leave by this port."""

    port: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay here until the contact answers."""


@dataclass(slots=True)
class RunContext:
    """What a node may read and write during one step. `reply` is consumed by the node that waited for it."""

    reply: str | None
    variables: dict[str, str]
    effects: list[Effect] = field(default_factory=list)


class Node(BaseModel):
    """Base of all node types."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    ports: ClassVar[tuple[str, ...]] = ("next",)

    def out_ports(self) -> Sequence[str]:
        """The names of the ports that edges may start at."""
        return self.ports

    def run(self, context: RunContext) -> Go | Wait:
        raise NotImplementedError
