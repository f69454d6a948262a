"""Node: Split at random."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.ports import Port
from hub.flows.values import Label

STEPS = 2**64


class Arm(BaseModel):
    """A port and its share of the people."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Label
    weight: float = Field(gt=0, le=1_000_000)


class Split(Node):
    """Send people down several ways at random. Ports: one an arm.

    Sticky: a contact goes the same way every time, and in every flow that names the same `experiment`.
    Example: {"arms": [{"name": "A", "weight": 50}, {"name": "B", "weight": 50}]}.
    """

    type: ClassVar[str] = "split"
    title: ClassVar[str] = "Random split"
    group: ClassVar[str] = "Logic"
    ports: ClassVar[tuple[Port, ...]] = (Port(each="arms"),)

    arms: tuple[Arm, ...] = Field(min_length=2, max_length=20)
    sticky: bool = True
    experiment: str = Field("", max_length=80, description="Empty: this node alone.")

    def model_post_init(self, context: Any) -> None:
        if len({arm.name for arm in self.arms}) < len(self.arms):
            raise ValueError("arms: each has a name of its own")

    def summary(self) -> str:
        total = sum(arm.weight for arm in self.arms)
        return ", ".join(f"{arm.name} {arm.weight / total:.0%}" for arm in self.arms)

    def run(self, context: RunContext) -> Next:
        if self.sticky:
            salt = (self.experiment or context.node).encode()
            digest = blake2b(salt + b"\0" + context.world.person.id.bytes, digest_size=8).digest()
            share = int.from_bytes(digest, "big") / STEPS
        else:
            share = context.rng.random()
        total = sum(arm.weight for arm in self.arms)
        passed = 0.0
        for arm in self.arms:
            passed += arm.weight / total
            if share < passed:
                break
        context.note(share=round(share, 4), result=arm.name)
        return Go(arm.name)
