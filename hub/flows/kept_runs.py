"""Runs of a flow that are kept as its tests: publishing runs them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.errors import Conflict
from hub.flows.definition import Flow
from hub.flows.simulator import ACTION, FRAMES_MAX, Action, Frame, SimContact, Simulation, act
from hub.flows.world import Tenant


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Part):
    """What one action led to: the way through the nodes, and what was sent."""

    status: str = Field(max_length=20)
    steps: tuple[tuple[str, str], ...] = Field((), max_length=1_000)
    said: tuple[str, ...] = Field((), max_length=200)


class FlowTest(_Part):
    """A run that was kept: what was done, and what came of it. Publishing a flow runs its tests."""

    seed: int = 1
    now: AwareDatetime = datetime(2026, 1, 5, 10, tzinfo=UTC)
    contact: SimContact = SimContact()
    actions: tuple[Action, ...] = Field(min_length=1, max_length=FRAMES_MAX)
    expect: tuple[Expected, ...] = Field((), max_length=FRAMES_MAX)


def kept(simulation: Simulation) -> FlowTest:
    """A simulation's actions as a test that expects what it did."""
    return FlowTest(
        seed=simulation.seed,
        now=simulation.now,
        contact=simulation.contact,
        actions=tuple(ACTION.validate_python(frame.action) for frame in simulation.frames),
        expect=tuple(_expected(frame) for frame in simulation.frames),
    )


def _expected(frame: Frame) -> Expected:
    said = tuple(
        str(each.get("content", {}).get("text", each.get("content", {}).get("name", "")))
        for each in frame.effects
        if each["type"] == "send_message"
    )
    return Expected(status=frame.status, steps=frame.steps, said=said)


def differences(flow: Flow, test: FlowTest, tenant: Tenant | None = None) -> list[str]:
    """What a test's run does otherwise than it was kept, in words; empty when it passes."""
    simulation = Simulation("test", test.seed, test.now.astimezone(UTC), test.contact)
    found: list[str] = []
    for nth, action in enumerate(test.actions):
        try:
            simulation = act(simulation, flow, action, tenant)
        except Conflict as error:
            return [*found, f"action {nth + 1}: {error}"]
        if nth >= len(test.expect):
            continue
        was, now = test.expect[nth], _expected(simulation.frames[-1])
        if was.steps != now.steps:
            found.append(f"action {nth + 1}: went {_way(now.steps)}, not {_way(was.steps)}")
        if was.said != now.said:
            found.append(f"action {nth + 1}: said {list(now.said)}, not {list(was.said)}")
        if was.status != now.status:
            found.append(f"action {nth + 1}: is {now.status}, not {was.status}")
    return found


def _way(steps: tuple[tuple[str, str], ...]) -> str:
    return " → ".join(f"{node}·{port}" if port else node for node, port in steps) or "nowhere"
