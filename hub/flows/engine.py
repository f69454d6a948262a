"""The flow engine, pure: a session and an input to the next session and the effects on the way.

What stops a session in the middle (a template that lacks a value, a node, an attribute or a sub-flow that is gone) makes
it stuck: it stays where it is with the reason, what the nodes before did stands, and Resume runs the node again. A run
that does not come to a wait within STEPS_PER_SPRINT_MAX steps is undone whole before it is stuck.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.flows.definition import Flow
from hub.flows.effects import Effect, Scalar, StartTimer, StopTimer
from hub.flows.inputs import (
    REPLY_CHARS_MAX,
    Begin,
    Call,
    Delivery,
    HandedBack,
    Input,
    Reply,
    Resume,
    TimeUp,
    WebhookAnswer,
    heard_of,
)
from hub.flows.nodes import Ask
from hub.flows.nodes.base import End, Enter, Explain, Go, RunContext, Stay, Stuck, Wait
from hub.flows.session import Frame, Session, Waiting
from hub.flows.world import World
from hub.ids import encode_id
from hub.templates.render import TemplateFailed

STEPS_PER_SPRINT_MAX = 100
PAUSED = "pause"
Pause = Callable[[str], bool]
INSIDE_MAX = 5
IN = "in"

_KINDS: Mapping[type[Any], str] = {
    Reply: "reply",
    WebhookAnswer: "webhook",
    Delivery: "delivery",
    HandedBack: "people",
    Call: "call",
}

_LISTENING = frozenset({"time", "webhook", "delivery"})


@dataclass(frozen=True, slots=True)
class Step:
    """A node that was passed, or stopped at (then `port` is empty). `asked`: how many effects there were behind it.

    Who goes through a sub-flow leaves a step `in`, and one by `next` on the way back. `version`: of a sub-flow, where known.
    """

    flow_id: str
    node: str
    port: str = ""
    asked: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Sprint:
    """One run to the next wait. `session` is None when the flow has ended.

    `status`: waiting, ended, stuck (with a `reason`), ignored: the input was for no wait of this session;
    or paused: whoever asked for it stopped the run before the node where the session stands.
    """

    session: Session | None
    effects: tuple[Effect, ...] = ()
    steps: tuple[Step, ...] = ()
    status: Literal["waiting", "ended", "stuck", "ignored", "paused"] = "waiting"
    reason: str = ""
    outcome: str = ""
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    """What a session that ended knew at its end."""

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(step.node for step in self.steps)


def advance(
    flow: Flow,
    session: Session,
    given: Input,
    now: datetime,
    rng: random.Random,
    world: World | None = None,
    explain: Explain | None = None,
    pause: Pause | None = None,
) -> Sprint:
    """Run from where the session stands until a node waits or the flow ends. Never raises for what a flow holds.

    `pause` is asked before every node but the first whether to stop there; Resume goes on.
    """
    world = world or World()
    if not accepts(flow, session, given, world):
        return Sprint(session, status="ignored")
    return _Run(flow, session, given, now, rng, world, explain, pause).whole()


def accepts(flow: Flow, session: Session, given: Input, world: World | None = None) -> bool:
    """Whether the session does something with this input."""
    if isinstance(given, Resume):
        return session.is_stuck or (session.waiting is not None and session.waiting.kind == PAUSED)
    if session.is_stuck:
        return False
    waiting = _wait_of(flow, session, world or World())
    if waiting is None:
        return isinstance(given, Begin)
    if isinstance(given, TimeUp):
        return waiting.until is not None and given.token == waiting.token
    if isinstance(given, WebhookAnswer | Delivery) and given.token != waiting.token:
        return False
    if isinstance(given, Call) and given.token and given.token != waiting.token:
        return False
    return _KINDS.get(type(given)) == waiting.kind


def _wait_of(flow: Flow, session: Session, world: World) -> Waiting | None:
    """What it waits for. A session that was put at a question, as a campaign does, waits for the reply; so does one
    whose node is gone, so that the reply finds out.
    """
    if session.waiting is not None:
        return session.waiting
    if session.inside:
        flow_id, place, version = session.inside[-1]
        inner = world.tenant.sub_flow(flow_id, version)
    else:
        inner, place = flow, session.node
    node = None if inner is None else inner.nodes.get(place)
    return Waiting("reply", 0) if node is None or isinstance(node, Ask) else None


def expects(flow: Flow, session: Session, text: str) -> bool:
    """True when the session waits for exactly such an answer, and no node asks for its intent."""
    node = flow.nodes.get(session.node)
    return not session.inside and isinstance(node, Ask) and not flow.understands and node.expects(text)


def listened(session: Session, said: Reply) -> Session | None:
    """The session with what the contact wrote as their last reply, where it waits for something else meanwhile. None: it waits
    for the contact, or for people, who hear them now, or it is stuck.
    """
    if session.waiting is None or session.waiting.kind not in _LISTENING:
        return None
    return replace(session, heard=heard_of(said))


def begin_at(
    flow_id: str, flow: Flow, node: str = "", version: int = 0, origin: str = "", on_call: bool = False
) -> Session:
    """A session that has not begun: at a start node, or at the flow's own start."""
    return Session(flow_id, node or flow.start, origin=origin, version=version, on_call=on_call)


@dataclass
class _Run:
    flow: Flow
    session: Session
    given: Input
    now: datetime
    rng: random.Random
    world: World
    explain: Explain | None
    pause: Pause | None
    steps: list[Step] = field(default_factory=list)

    def whole(self) -> Sprint:
        session = self.session
        self.frames = [Frame(session.flow_id, session.node), *session.inside]
        if isinstance(self.given, Resume) and self.given.node:
            self._put(self.given.node)
        context = self._context(session)
        waiting = None if isinstance(self.given, Resume | Begin) else _wait_of(self.flow, session, self.world)
        if waiting is not None:
            context.given, context.waiting, context.until = self.given, waiting.data, waiting.until
            if waiting.until is not None and not isinstance(self.given, TimeUp):
                context.effects.append(StopTimer(waiting.token))
        elif isinstance(self.given, Begin):
            context.given = self.given
        for _ in range(STEPS_PER_SPRINT_MAX):
            found = self._step(context, waiting)
            if found is not None:
                return found
            context.given = context.waiting = context.until = waiting = None
            if self.pause is not None and self.pause(self.frames[-1].node):
                session = self._session(context, Waiting(PAUSED, 0))
                return Sprint(session, tuple(context.effects), tuple(self.steps), "paused")
        reason = f"more than {STEPS_PER_SPRINT_MAX} steps without waiting for the contact"
        steps = (*self.steps[:1],)
        return Sprint(replace(session, reason=reason), (), steps, "stuck", reason)

    def _context(self, session: Session) -> RunContext:
        heard = session.heard
        if isinstance(self.given, Reply):
            cut = self.given.text[:REPLY_CHARS_MAX]
            self.given = replace(self.given, text=cut)
            heard = heard_of(self.given)
        elif isinstance(self.given, Begin) and self.given.heard:
            heard = self.given.heard
        return RunContext(
            self.flow,
            session.node,
            self.world,
            self.now,
            self.rng,
            dict(session.variables),
            heard,
            token=session.token + 1,
            goals=session.goals,
            explain=self.explain,
            on_call=session.on_call and not _hung_up(self.given),
            split_by_flow=session.split_by_flow,
        )

    def _put(self, node: str) -> None:
        """At this node of the flow where the run is."""
        self.frames[-1] = self.frames[-1]._replace(node=node)

    def _flow(self) -> Flow | None:
        """The flow where the run is."""
        if len(self.frames) == 1:
            return self.flow
        return self.world.tenant.sub_flow(self.frames[-1].flow_id, self.frames[-1].version)

    def _log(self, port: str, asked: int) -> None:
        flow_id, place, version = self.frames[-1]
        self.steps.append(Step(flow_id, place, port, asked, version))

    def _step(self, context: RunContext, waiting: Waiting | None) -> Sprint | None:
        """Run the node where the run stands; None to go on."""
        flow_id, place, _ = self.frames[-1]
        flow = self._flow()
        kept, variables = len(context.effects), dict(context.variables)
        try:
            if flow is None:
                raise Stuck(_gone(flow_id))
            node = flow.nodes.get(place)
            if node is None:
                raise Stuck(f"the flow has no node {place!r} any more")
            context.flow, context.node, context.flow_id = flow, place, flow_id
            found = node.run(context)
            inner = self._entered(found) if isinstance(found, Enter) else None
        except (Stuck, TemplateFailed) as error:
            del context.effects[kept:]
            context.variables = variables
            self._log("", kept)
            return self._stuck(context, str(error))
        asked = len(context.effects)
        match found:
            case Go(port):
                self._log(port, asked)
                return self._go(context, flow.target(place, port))
            case End(outcome):
                self._log("", asked)
                return self._go(context, None, outcome)
            case Enter():
                assert inner is not None, "it was looked for before"
                self._log(IN, asked)
                self.frames.append(inner)
                return None
            case _:
                self._log("", asked)
                return self._wait(context, found, waiting)

    def _entered(self, entered: Enter) -> Frame:
        tenant = self.world.tenant
        inner = tenant.sub_flow(entered.flow_id)
        if inner is None:
            raise Stuck(_gone(entered.flow_id))
        if len(self.frames) > INSIDE_MAX or any(entered.flow_id == each.flow_id for each in self.frames):
            raise Stuck(f"flows enter each other at most {INSIDE_MAX} deep, and none enters itself")
        return Frame(entered.flow_id, inner.start, tenant.versions.get(entered.flow_id, 0))

    def _go(self, context: RunContext, target: str | None, outcome: str = "") -> Sprint | None:
        """To the next node. At the end of a sub-flow: on behind the node that entered it."""
        while target is None and len(self.frames) > 1:
            self.frames.pop()
            outer = self._flow()
            self._log("next", len(context.effects))
            target = None if outer is None else outer.target(self.frames[-1].node, "next")
        if target is None:
            return Sprint(
                None, tuple(context.effects), tuple(self.steps), "ended", "", outcome, context.variables
            )
        self._put(target)
        return None

    def _wait(self, context: RunContext, found: Wait | Stay, before: Waiting | None) -> Sprint:
        if isinstance(found, Stay):
            assert before is not None, "a node can only stay where it waited"
            if before.until is not None:
                context.effects.remove(StopTimer(before.token))
            waiting = replace(before, data=found.data)
        else:
            waiting = Waiting(found.kind, context.token, found.until, found.data)
            if found.until is not None:
                context.effects.append(StartTimer(context.token, found.until))
        return Sprint(self._session(context, waiting), tuple(context.effects), tuple(self.steps))

    def _stuck(self, context: RunContext, reason: str) -> Sprint:
        session = self._session(context, None, reason)
        return Sprint(session, tuple(context.effects), tuple(self.steps), "stuck", reason)

    def _session(self, context: RunContext, waiting: Waiting | None, reason: str = "") -> Session:
        return Session(
            self.session.flow_id,
            self.frames[0].node,
            context.variables,
            self.session.origin,
            self.session.version,
            waiting,
            tuple(self.frames[1:]),
            self.session.token if waiting is None else max(waiting.token, self.session.token),
            context.heard,
            context.goals,
            reason,
            context.on_call,
            self.session.split_by_flow,
            self.session.chain,
        )


def _gone(flow_id: str) -> str:
    return f"the sub-flow {encode_id('flw', UUID(flow_id))} is gone"


def _hung_up(given: Input) -> bool:
    return isinstance(given, Call) and given.happened == "hung_up"
