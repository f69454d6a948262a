"""Where one contact stands in one flow: small, and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from hub.flows.effects import Scalar

STUCK = "stuck"


class Frame(NamedTuple):
    """Where a session stands in a sub-flow that it entered, and the version that it entered: it goes through that one. 0: the
    one that runs.
    """

    flow_id: str
    node: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a session waits for: an input of this kind, a timer with this token at `until`. `data` is the node's own."""

    kind: str
    token: int
    until: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """Where one contact stands in one flow. `origin` is the campaign that began it, in hex, or empty.

    `inside`: each sub-flow that was entered, the innermost last. `reason`: why it is stuck, or empty.
    `on_call`: the contact is on the phone with us. `split_by_flow`: a split draws for its flow and node; sessions that began
    before it did so keep the draw by the node alone. `chain`: so many flows began each other by events that led here.
    """

    flow_id: str
    node: str
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    origin: str = ""
    version: int = 0
    waiting: Waiting | None = None
    inside: tuple[Frame, ...] = ()
    token: int = 0
    heard: Mapping[str, Any] = field(default_factory=dict)
    goals: tuple[str, ...] = ()
    reason: str = ""
    on_call: bool = False
    split_by_flow: bool = True
    chain: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """(flow, node) where it stands: in the innermost sub-flow."""
        return self.inside[-1][:2] if self.inside else (self.flow_id, self.node)

    @property
    def is_stuck(self) -> bool:
        return bool(self.reason)

    def to_json(self) -> dict[str, Any]:
        """Members that say nothing are left out."""
        found: dict[str, Any] = {
            "flow_id": self.flow_id,
            "node": self.node,
            "variables": dict(self.variables),
            "origin": self.origin,
        }
        if self.waiting is not None:
            found["waiting"] = {
                "kind": self.waiting.kind,
                "token": self.waiting.token,
                "until": None if self.waiting.until is None else self.waiting.until.isoformat(),
                "data": dict(self.waiting.data),
            }
        for name in ("version", "token", "reason", "on_call", "split_by_flow", "chain"):
            if value := getattr(self, name):
                found[name] = value
        if self.inside:
            found["inside"] = [list(each) for each in self.inside]
        if self.heard:
            found["heard"] = dict(self.heard)
        if self.goals:
            found["goals"] = list(self.goals)
        return found

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Session | None:
        """None for nothing. Also reads sessions that were stored before they waited for more than replies."""
        if not value:
            return None
        waiting = value.get("waiting")
        return cls(
            value["flow_id"],
            value["node"],
            value["variables"],
            value["origin"],
            value.get("version", 0),
            None
            if waiting is None
            else Waiting(
                waiting["kind"],
                waiting["token"],
                None if waiting["until"] is None else datetime.fromisoformat(waiting["until"]),
                waiting["data"],
            ),
            tuple(Frame(*each) for each in value.get("inside", ())),
            value.get("token", 0),
            value.get("heard", {}),
            tuple(value.get("goals", ())),
            value.get("reason", ""),
            value.get("on_call", False),
            value.get("split_by_flow", False),
            value.get("chain", 0),
        )
