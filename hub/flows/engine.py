"""The flow engine, pure: a session and a reply to the next session and the effects on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.errors import HubError
from hub.flows.definition import Flow
from hub.flows.effects import Effect
from hub.flows.nodes import WaitForReply
from hub.flows.nodes.base import RunContext, Wait

STEPS_PER_SPRINT_MAX = 100


@dataclass(eq=False)
class FlowFailed(HubError):
    """The flow cannot go on."""

    code = "flow-failed"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Where one contact stands in one flow. `origin` is the campaign that began it, in hex, or empty."""

    flow_id: str
    node: str
    variables: dict[str, str] = field(default_factory=dict)
    origin: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "flow_id": self.flow_id,
            "node": self.node,
            "variables": self.variables,
            "origin": self.origin,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any] | None) -> Session | None:
        return (
            None if not value else cls(value["flow_id"], value["node"], value["variables"], value["origin"])
        )


@dataclass(frozen=True, slots=True)
class Sprint:
    """One run to the next wait. `session` is None when the flow has ended."""

    session: Session | None
    effects: tuple[Effect, ...]
    path: tuple[str, ...]


def advance(flow: Flow, session: Session, reply: str | None) -> Sprint:
    """Run from where the session stands until a node waits or the flow ends.

    Raises FlowFailed when the session's node is gone or STEPS_PER_SPRINT_MAX steps did not reach a wait.
    """
    context = RunContext(reply, dict(session.variables))
    node_id: str | None = session.node
    path: list[str] = []
    for _ in range(STEPS_PER_SPRINT_MAX):
        if node_id is None:
            return Sprint(None, tuple(context.effects), tuple(path))
        node = flow.nodes.get(node_id)
        if node is None:
            raise FlowFailed(f"the flow has no node {node_id!r} any more")
        path.append(node_id)
        step = node.run(context)
        if isinstance(step, Wait):
            waiting = Session(session.flow_id, node_id, context.variables, session.origin)
            return Sprint(waiting, tuple(context.effects), tuple(path))
        node_id = flow.target(node_id, step.port)
    raise FlowFailed(f"more than {STEPS_PER_SPRINT_MAX} steps without waiting for the contact")


def expects(flow: Flow, session: Session, text: str) -> bool:
    """True when the session waits for exactly such an answer."""
    node = flow.nodes.get(session.node)
    return isinstance(node, WaitForReply) and node.expects(text)
