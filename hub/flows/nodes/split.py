"""Node: Split at random."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.ports import Port
from hub.flows.values import Label

STEPS = 2**64
HOLD_OUT = "hold_out"


class Arm(BaseModel):
    """A port and its share of the people."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Label
    weight: float = Field(gt=0, le=1_000_000)


class Guardrail(BaseModel):
    """What stops an arm: that surely more of its people opt out than of the others'."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: Literal["opt_outs"] = "opt_outs"
    worse_by: float = Field(0, ge=0, le=10, description="How much more is borne: 0.5 is half as many again.")
    rate_max: float | None = Field(None, gt=0, lt=1, description="Also a limit by itself: 0.02 is 2 %.")


class Trial(BaseModel):
    """What the arms are compared by. The numbers may be looked at at any time.

    `effect` and `baseline` say how long it takes: the relative difference that is worth finding, and the rate expected.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    goal: Label = Field(description="The name of the goal that counts as a conversion.")
    effect: float = Field(0.2, ge=0.01, le=5, description="0.2: one arm converts 20 % more often.")
    baseline: float = Field(
        0.1, gt=0, le=0.9, description="The rate that is expected without any difference."
    )
    confidence: float = Field(0.95, ge=0.8, le=0.999)
    guardrail: Guardrail | None = None
    automatic: bool = Field(False, description="Send everybody the better way as soon as it is sure.")


class Split(Node):
    """Send people down several ways at random. Ports: one an arm; hold_out where some are kept aside.

    Sticky: a contact goes the same way every time, and in every flow that names the same `experiment`, until an arm is
    stopped or wins. Example: {"arms": [{"name": "A", "weight": 50}, {"name": "B", "weight": 50}], "test": {"goal": "ordered"}}.
    """

    type: ClassVar[str] = "split"
    title: ClassVar[str] = "Random split"
    group: ClassVar[str] = "Logic"
    ports: ClassVar[tuple[Port, ...]] = (Port(each="arms"), Port(HOLD_OUT, when=("hold_out",)))

    arms: tuple[Arm, ...] = Field(min_length=2, max_length=20)
    sticky: bool = True
    experiment: str = Field("", max_length=80, description="Empty: this node of this flow alone.")
    hold_out: float = Field(0, ge=0, le=0.9, description="The share that goes none of the ways: 0.1 is 10 %.")
    test: Trial | None = None

    def model_post_init(self, context: Any) -> None:
        names = {arm.name for arm in self.arms}
        if len(names) < len(self.arms):
            raise ValueError("arms: each has a name of its own")
        if self.hold_out and HOLD_OUT in names:
            raise ValueError(f"arms: {HOLD_OUT} is the port of those who are kept aside")

    def summary(self) -> str:
        total = sum(arm.weight for arm in self.arms)
        return ", ".join(f"{arm.name} {arm.weight / total:.0%}" for arm in self.arms)

    @cached_property
    def signature(self) -> str:
        """The same as long as it is the same experiment: with other arms, shares or another goal it is a new one."""
        goal = "" if self.test is None else self.test.goal
        arms = [[arm.name, arm.weight] for arm in self.arms]
        said = json.dumps([arms, self.hold_out, self.sticky, self.experiment, goal])
        return blake2b(said.encode(), digest_size=8).hexdigest()

    def run(self, context: RunContext) -> Next:
        decided = context.world.tenant.decisions.get((context.flow_id, context.node, self.signature))
        if self.hold_out:
            held = self._draw(context, b"hold_out")
            if held < self.hold_out:
                context.note(share=round(held, 4), result=HOLD_OUT)
                return Go(HOLD_OUT)
        if decided is not None and decided.winner in self.weights:
            context.note(winner=decided.winner, result=decided.winner)
            return Go(decided.winner)
        share = self._draw(context)
        chosen = at_share(share, self.weights.items())
        if decided is not None and chosen in decided.stopped:  # who goes another way keeps going it
            running = [each for each in self.weights.items() if each[0] not in decided.stopped]
            chosen = at_share(self._draw(context, b"again"), running) if running else chosen
        context.note(share=round(share, 4), result=chosen)
        return Go(chosen)

    @cached_property
    def weights(self) -> Mapping[str, float]:
        return {arm.name: arm.weight for arm in self.arms}

    def _draw(self, context: RunContext, of: bytes = b"") -> float:
        """A number from 0 to 1; of a sticky split always the same one for a contact."""
        if not self.sticky:
            return context.rng.random()
        node = f"{context.flow_id}\0{context.node}" if context.split_by_flow else context.node
        salt = (self.experiment or node).encode() + (b"\0" + of if of else b"")
        digest = blake2b(salt + b"\0" + context.world.person.id.bytes, digest_size=8).digest()
        return int.from_bytes(digest, "big") / STEPS


def at_share(share: float, weights: Iterable[tuple[str, float]]) -> str:
    """The arm at this share, 0 to 1, of all their weights."""
    weights = tuple(weights)
    total = sum(weight for _, weight in weights)
    passed = 0.0
    for name, weight in weights:
        passed += weight / total
        if share < passed:
            return name
    return weights[-1][0]
