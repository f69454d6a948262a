"""Runs of a flow that are kept as its tests: publishing runs them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.errors import Conflict
from hub.flows.definition import Flow
from hub.flows.nodes import SubFlow
from hub.flows.sim_contact import SimContact
from hub.flows.simulator import ACTION, FRAMES_MAX, Action, Frame, Simulation, act
from hub.flows.world import Tenant

Steps = tuple[tuple[str, str], ...]
"""(node, port) in their order."""
SEND = "send_message"
TIMERS = frozenset({"start_timer", "stop_timer"})
"""They run by the clock that the test sets, and show in the way."""
WORDS_MAX = 300


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Part):
    """What one action led to: the way through the nodes, what was sent, and all that was done (effects.to_json without
    timers and tokens; None: it is not compared, as in tests that were kept without it).
    """

    status: str = Field(max_length=20)
    steps: Steps = Field((), max_length=1_000)
    said: tuple[str, ...] = Field((), max_length=200)
    done: tuple[dict[str, Any], ...] | None = Field(None, max_length=1_000)


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
        if each["type"] == SEND
    )
    done = tuple(
        {name: value for name, value in each.items() if name != "token"}
        for each in frame.effects
        if each["type"] not in TIMERS
    )
    return Expected(status=frame.status, steps=frame.steps, said=said, done=done)


def differences(flow: Flow, test: FlowTest, tenant: Tenant | None = None, flow_id: str = "test") -> list[str]:
    """What a test's run does otherwise than it was kept, in words; empty when it passes. `flow_id` (in hex): what has been
    decided of its experiments holds here, too.
    """
    simulation = Simulation(flow_id, test.seed, test.now.astimezone(UTC), test.contact)
    found: list[str] = []
    for nth, action in enumerate(test.actions):
        try:
            simulation = act(simulation, flow, action, tenant)
        except Conflict as error:
            return [*found, f"action {nth + 1}: {error}"]
        if nth >= len(test.expect):
            continue
        was, now = test.expect[nth], _expected(simulation.frames[-1])
        if _told(flow, was.steps) != _told(flow, now.steps):
            found.append(f"action {nth + 1}: went {_way(now.steps)}, not {_way(was.steps)}")
        if was.said != now.said:
            found.append(f"action {nth + 1}: said {list(now.said)}, not {list(was.said)}")
        if was.done is not None:
            found += [f"action {nth + 1}: {words}" for words in _otherwise(was, now)]
        if was.status != now.status:
            found.append(f"action {nth + 1}: is {now.status}, not {was.status}")
    return found


def _told(flow: Flow, steps: Steps) -> Steps:
    """Without the ways back out of sub-flows: tests that were kept before those were steps lack them."""
    return tuple(
        (node, port)
        for node, port in steps
        if port != "next" or not isinstance(flow.nodes.get(node), SubFlow)
    )


def _otherwise(was: Expected, now: Expected) -> list[str]:
    """What was done besides and left out; of messages whose words differ that is said already."""
    told = {SEND} if was.said != now.said else set()
    before, after = (
        [each for each in expected.done or () if each["type"] not in told] for expected in (was, now)
    )
    more = [f"did {_words(each)}" for each in after if each not in before]
    less = [f"did not {_words(each)}" for each in before if each not in after]
    if before != after and not more and not less:
        more = ["did the same in another order or number"]
    return more + less


def _words(effect: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in effect.items() if name != "type"}
    return f"{effect['type'].replace('_', ' ')} {json.dumps(rest, ensure_ascii=False)}"[:WORDS_MAX]


def _way(steps: Steps) -> str:
    return " → ".join(f"{node}·{port}" if port else node for node, port in steps) or "nowhere"
