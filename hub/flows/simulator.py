"""A session that is played: the engine itself with a clock that is set, a made or a sample contact, and a way back.

A simulation is a list of frames, one an action; stepping back drops the last one, so it restores exactly what was. What a
run asks of the world is shown, and what it does to the contact is done to the simulation's own.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from hub.errors import Conflict
from hub.flows import effects
from hub.flows.definition import Flow
from hub.flows.engine import PAUSED, Sprint, advance, begin_at, listened
from hub.flows.inputs import (
    Begin,
    Call,
    CallEvent,
    Delivery,
    HandedBack,
    Input,
    Reply,
    Resume,
    TimeUp,
    WebhookAnswer,
    heard_of,
)
from hub.flows.session import Session
from hub.flows.sim_contact import Part, SimContact, changed, person_of, played
from hub.flows.values import Duration, Span, as_scalar
from hub.flows.world import Tenant, World

FRAMES_MAX = 200
TIMERS_MAX = 50
REPLY_MAX = 4_096


class BeginAction(Part):
    """`text`: the message that begins it, understood as `intent`; without both, no message does."""

    do: Literal["begin"] = "begin"
    start: str = Field("", max_length=100, description="A start node; empty: the flow's own.")
    values: dict[str, Any] = Field(default_factory=dict, max_length=50)
    text: str = Field("", max_length=REPLY_MAX)
    intent: str | None = Field(None, max_length=80)
    confidence: float = Field(1.0, ge=0, le=1)

    @property
    def given(self) -> Begin:
        """As a conversation begins it: a text is one of the values, and the last reply."""
        if not self.text and self.intent is None:
            return Begin(values=self.values)
        said = _reply(self.text, "", self.intent, self.confidence)
        return Begin(values={"text": self.text, **self.values}, heard=heard_of(said))


class ReplyAction(Part):
    """The contact writes; `intent` is forced."""

    do: Literal["reply"] = "reply"
    text: str = Field("", max_length=REPLY_MAX)
    choice: str = Field("", max_length=256, description="The id of the button that was pressed.")
    intent: str | None = Field(None, max_length=80)
    confidence: float = Field(1.0, ge=0, le=1)


class CallAction(Part):
    do: Literal["call"] = "call"
    happened: CallEvent = "keys"
    value: str = Field("", max_length=200)


class PassTimeAction(Part):
    """Let time pass; every timer on the way runs out when it is due."""

    do: Literal["pass_time"] = "pass_time"
    duration: Span = Duration(amount=1, unit="hours")


class WebhookAction(Part):
    do: Literal["webhook"] = "webhook"
    status: int = Field(200, ge=0, le=599)
    body: Any = None
    error: str = Field("", max_length=200)


class DeliveryAction(Part):
    do: Literal["delivery"] = "delivery"
    status: Literal["sent", "delivered", "read", "failed"] = "delivered"


class HandBackAction(Part):
    do: Literal["hand_back"] = "hand_back"
    outcome: str = Field("", max_length=80)


class GoOnAction(Part):
    """Go on from a breakpoint or a single step, or run a stuck session again, with other variables where given."""

    do: Literal["go_on"] = "go_on"
    node: str = Field("", max_length=100)
    variables: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=200)


Action = Annotated[
    BeginAction
    | ReplyAction
    | CallAction
    | PassTimeAction
    | WebhookAction
    | DeliveryAction
    | HandBackAction
    | GoOnAction,
    Field(discriminator="do"),
]
ACTION: TypeAdapter[Action] = TypeAdapter(Action)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one action did. `steps`: (node, port) in order; `why`: conditions and choices, explained.

    For each step, `asked` says how many of the effects are its own, and `inside` names the flow it is in: empty for the
    flow that is played.
    """

    action: dict[str, Any]
    now: datetime
    session: Session | None
    contact: SimContact
    status: str
    reason: str = ""
    outcome: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    effects: tuple[dict[str, Any], ...] = ()
    why: tuple[dict[str, Any], ...] = ()
    asked: tuple[int, ...] = ()
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulation:
    """`seed` decides what is random, so that the same actions do the same. `sample`: the contact is a real one's copy.

    `channel`: the kind of channel by which the contact talks to us; by voice: they have called.
    """

    flow_id: str
    seed: int
    now: datetime
    contact: SimContact = field(default_factory=SimContact)
    frames: tuple[Frame, ...] = ()
    sample: bool = False
    channel: str = "sms"

    @property
    def at(self) -> datetime:
        return self.frames[-1].now if self.frames else self.now

    @property
    def session(self) -> Session | None:
        return self.frames[-1].session if self.frames else None

    @property
    def person(self) -> SimContact:
        return self.frames[-1].contact if self.frames else self.contact


def back(simulation: Simulation) -> Simulation:
    """As it was before the last action. Raises Conflict when there was none."""
    if not simulation.frames:
        raise Conflict("the simulation stands at its beginning")
    return replace(simulation, frames=simulation.frames[:-1])


def act(
    simulation: Simulation,
    flow: Flow,
    action: Action,
    tenant: Tenant | None = None,
    *,
    breakpoints: Collection[str] = (),
    single: bool = False,
) -> Simulation:
    """The simulation with one frame more. Raises Conflict when the session cannot take the action.

    `breakpoints`: nodes before which a run stops; `single`: it stops before every node.
    """
    if len(simulation.frames) >= FRAMES_MAX:
        raise Conflict(f"a simulation has at most {FRAMES_MAX} steps")
    player = _Player(simulation, flow, tenant or Tenant(), breakpoints, single)
    player.play(action)
    frame = Frame(
        action.model_dump(mode="json"),
        player.now,
        player.session,
        player.contact,
        player.status,
        player.reason,
        player.outcome,
        tuple(player.steps),
        tuple(player.effects),
        tuple(player.why),
        tuple(player.asked),
        tuple(player.inside),
    )
    return replace(simulation, frames=(*simulation.frames, frame))


class _Player:
    """One action, with what it gathers."""

    def __init__(
        self, simulation: Simulation, flow: Flow, tenant: Tenant, breakpoints: Collection[str], single: bool
    ) -> None:
        self.flow = flow
        self.flow_id = simulation.flow_id
        self.tenant = replace(tenant, segments=played(tenant.segments))
        self.by_phone = simulation.channel == "voice"
        self.now = simulation.at
        self.session = simulation.session
        self.contact = simulation.person
        self.rng = random.Random(f"{simulation.seed}/{len(simulation.frames)}")
        self.pause = (lambda node: True) if single else breakpoints.__contains__
        self.status = simulation.frames[-1].status if simulation.frames else "waiting"
        self.reason = self.outcome = ""
        self.steps: list[tuple[str, str]] = []
        self.effects: list[dict[str, Any]] = []
        self.why: list[dict[str, Any]] = []
        self.asked: list[int] = []
        self.inside: list[str] = []

    def play(self, action: Action) -> None:
        if isinstance(action, BeginAction):
            if self.session is not None:
                raise Conflict("the session has begun; step back to begin anew")
            if action.start and action.start not in self.flow.starts:
                raise Conflict(f"there is no start node {action.start!r}")
            self.session = begin_at(self.flow_id, self.flow, action.start, on_call=self.by_phone)
            self._run(action.given)
            return
        if self.session is None:
            raise Conflict("no session is open: begin one, or step back")
        if isinstance(action, PassTimeAction):
            self._pass(self.now + action.duration.span)
            return
        if isinstance(action, GoOnAction) and action.variables:
            made = {name: as_scalar(value) for name, value in action.variables.items()}
            self.session = replace(self.session, variables={**self.session.variables, **made})
        given = self._given(action)
        meanwhile = listened(self.session, given) if isinstance(given, Reply) else None
        if meanwhile is not None:
            self.session = meanwhile
        elif not self._run(given):
            raise Conflict(f"the session does not wait for this; it {_what(self.session)}")

    def _given(self, action: Action) -> Input:
        waiting = self.session.waiting if self.session is not None else None
        token = waiting.token if waiting is not None else 0
        match action:
            case ReplyAction(text=text, choice=choice, intent=intent, confidence=confidence):
                return _reply(text, choice, intent, confidence)
            case CallAction(happened=happened, value=value):
                return Call(happened=happened, value=value)
            case WebhookAction(status=status, body=body, error=error):
                return WebhookAnswer(token=token, status=status, body=body, error=error)
            case DeliveryAction(status=reached):
                return Delivery(token=token, status=reached)
            case HandBackAction(outcome=outcome):
                return HandedBack(outcome=outcome)
            case GoOnAction(node=node):
                return Resume(node=node)
            case _:
                raise Conflict("this cannot be done here")

    def _pass(self, until: datetime) -> None:
        for _ in range(TIMERS_MAX):
            waiting = self.session.waiting if self.session is not None else None
            if waiting is None or waiting.until is None or waiting.until > until:
                break
            self.now = max(self.now, waiting.until)
            self._run(TimeUp(token=waiting.token))
        self.now = until

    def _run(self, given: Input) -> bool:
        """Whether the session took the input."""
        assert self.session is not None, "there is a session"
        world = World(self.tenant, person_of(self.contact))
        sprint = advance(
            self.flow, self.session, given, self.now, self.rng, world, self.why.append, self.pause
        )
        if sprint.status == "ignored":
            return False
        self.session, self.status = sprint.session, sprint.status
        self.reason, self.outcome = sprint.reason, sprint.outcome
        self.steps += [(step.node, step.port) for step in sprint.steps]
        self.inside += ["" if step.flow_id == self.flow_id else step.flow_id for step in sprint.steps]
        self.asked += _asked(sprint)
        self.effects += [effects.to_json(effect) for effect in sprint.effects]
        self.contact = changed(self.contact, sprint)
        return True


def _reply(text: str, choice: str, intent: str | None, confidence: float) -> Reply:
    return Reply(text=text, choice=choice, intent=intent, confidence=confidence if intent else 0.0)


def _asked(sprint: Sprint) -> list[int]:
    """How many of the effects are each step's; what was asked for behind the last one is its own too."""
    ends = [min(step.asked, len(sprint.effects)) for step in sprint.steps[:-1]] + [len(sprint.effects)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)] if sprint.steps else []


def _what(session: Session) -> str:
    if session.is_stuck:
        return f"is stuck: {session.reason}"
    kinds = {
        "reply": "waits for a reply",
        "time": "waits for a time",
        "webhook": "waits for a webhook's answer",
        "delivery": "waits for a receipt",
        "people": "waits for people",
        "call": "waits for something in the call",
        PAUSED: "is paused: go on",
    }
    return kinds.get(session.waiting.kind if session.waiting else "", "has not begun")


def values_of(frame: Frame) -> dict[str, Any]:
    """What a template would read after a frame: variables by name, `contact` and `reply`."""
    session = frame.session
    variables = {} if session is None else {k: v for k, v in session.variables.items() if v is not None}
    heard = {} if session is None else dict(session.heard)
    return {**variables, "contact": dict(person_of(frame.contact).profile), "reply": heard}
