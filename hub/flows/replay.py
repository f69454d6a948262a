"""Sessions that were lived through, played again on another version of their flow: whose way would change. Pure.

What came to a session is taken from what is on record: the contact's messages with the intent that was understood, and
for webhooks, receipts, people and calls the port by which the node was left then. Timers run out when they are due. A
session is compared only where its own version, played so, goes the way that is logged: what cannot be repeated (a contact
that has changed since, a message that another flow took) proves nothing about the draft.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.flows.definition import Flow
from hub.flows.engine import Sprint, advance, listened
from hub.flows.experiments.decided import Decisions
from hub.flows.inputs import Begin, Call, Delivery, HandedBack, Input, Reply, TimeUp, WebhookAnswer, heard_of
from hub.flows.nodes import Start
from hub.flows.nodes.call_base import PLACING
from hub.flows.nodes.call_contact import CallContact
from hub.flows.nodes.webhook import Webhook
from hub.flows.session import Session
from hub.flows.world import Person, Tenant, World

INPUTS_MAX = 100
"""More than anybody's talk; a session with more is compared so far."""
CALLS: Mapping[str, Literal["silence", "hung_up", "recorded"]] = {
    "silence": "silence",
    "hung_up": "hung_up",
    "next": "recorded",
}
MISSED: Mapping[str, Literal["busy", "no_answer", "failed"]] = {
    "busy": "busy",
    "no_answer": "no_answer",
    "failed": "failed",
}
DIALLED = frozenset({"answered", "busy", "no_answer", "failed"})
Way = tuple[str, str]
Decided = Callable[[datetime], Decisions]


@dataclass(frozen=True, slots=True)
class Passed:
    """A node that was left by a port, then."""

    node: str
    port: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the contact, as it was understood then."""

    at: datetime
    text: str
    choice: str = ""
    intent: str | None = None
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Lived:
    """A session as it stands on record. `until`: its end, or now. `first`: where it began."""

    id: UUID
    flow_id: UUID
    version: int
    first: str
    variables: Mapping[str, Any]
    begun: datetime
    until: datetime
    passed: Sequence[Passed]
    heard: Sequence[Heard]
    began: Heard | None = None
    """The message that began it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`was` and `now`: (node, port) in order, which part at `parted`."""

    verdict: Literal["same", "changed", "unrepeatable"]
    was: tuple[Way, ...] = ()
    now: tuple[Way, ...] = ()
    parted: int = 0
    reason: str = ""


def compare(
    lived: Lived,
    own: Flow,
    other: Flow,
    person: Person,
    tenants: tuple[Tenant, Tenant],
    decided: Decided | None = None,
) -> Replayed:
    """The session on its own version and on another one, with what each of them asks of its tenant. `decided`: what was
    decided of experiments by then; else what the tenants say.
    """
    logged = tuple((each.node, each.port) for each in lived.passed)
    was, _ = _play(lived, own, person, tenants[0], decided)
    if was != logged:
        return Replayed("unrepeatable", logged)
    now, reason = _play(lived, other, person, tenants[1], decided)
    if now == was:
        return Replayed("same", was, now)
    pairs = zip(was, now, strict=False)
    parted = next((nth for nth, (one, two) in enumerate(pairs) if one != two), min(len(was), len(now)))
    return Replayed("changed", was, now, parted, reason)


def _play(
    lived: Lived, flow: Flow, person: Person, tenant: Tenant, decided: Decided | None
) -> tuple[tuple[Way, ...], str]:
    """The way that it goes, and why it is stuck at the end, if it is."""
    return _Player(lived, flow, World(tenant, person), decided).whole()


class _Player:
    def __init__(self, lived: Lived, flow: Flow, world: World, decided: Decided | None) -> None:
        self.lived, self.flow, self.world, self.decided = lived, flow, world, decided
        self.now = lived.begun
        self.way: list[Way] = []
        self.steps = 0
        self.reason = ""
        self.heard = list(lived.heard)
        self.passed = list(lived.passed)

    def whole(self) -> tuple[tuple[Way, ...], str]:
        lived = self.lived
        begins = lived.first in self.flow.starts
        first = lived.first if begins or lived.first in self.flow.nodes else self.flow.start
        session: Session | None = Session(lived.flow_id.hex, first, version=lived.version)
        if begins or first == self.flow.start:
            said = {} if lived.began is None else heard_of(_said(lived.began))
            session = self._run(session, Begin(values=self._values(first), heard=said))
        for _ in range(INPUTS_MAX):
            if session is None or session.is_stuck:
                break
            since = self.now
            given = self._next(session)
            if given is None:
                break
            session = self._run(self._listening(session, since), given)
        return tuple(self.way), self.reason

    def _run(self, session: Session | None, given: Input) -> Session | None:
        assert session is not None, "only what goes on is fed"
        dice = random.Random(self.lived.id.int ^ (session.token << 1) ^ self.steps)
        world = self.world
        if self.decided is not None:
            world = replace(world, tenant=replace(world.tenant, decisions=self.decided(self.now)))
        sprint: Sprint = advance(self.flow, session, given, self.now, dice, world)
        own = session.flow_id
        self.way += [(step.node, step.port) for step in sprint.steps if step.port and step.flow_id == own]
        self.steps += len(sprint.steps)
        self.reason = sprint.reason
        return sprint.session

    def _listening(self, session: Session, since: datetime) -> Session:
        """The session with what its contact wrote until now while it waited for something else."""
        for each in self.lived.heard:
            if since < each.at <= self.now:
                session = listened(session, _said(each)) or session
        return session

    def _values(self, start: str) -> dict[str, Any]:
        """What came with the beginning, as far as the start node kept it."""
        node = self.flow.nodes[start]
        return _at_paths(node.save, self.lived.variables) if isinstance(node, Start) else {}

    def _next(self, session: Session) -> Input | None:
        """What came next to a session that waits, and its time; None where the record ends."""
        waiting = session.waiting
        kind = "reply" if waiting is None else waiting.kind
        due = None if waiting is None else waiting.until
        if kind == "reply":
            given, at = self._reply()
        elif kind == "time":
            given, at = None, None
        else:
            given, at = self._answer(session, kind)
        if waiting is not None and due is not None and due <= self.lived.until and (at is None or due < at):
            self.now = max(self.now, due)
            return TimeUp(token=waiting.token)
        if given is not None and at is not None:
            self.now = max(self.now, at)
            if isinstance(given, Reply):
                self.heard = [each for each in self.heard if each.at > at]
        return given

    def _reply(self) -> tuple[Input | None, datetime | None]:
        said = next((each for each in self.heard if self.now < each.at <= self.lived.until), None)
        if said is None:
            return None, None
        return _said(said), said.at

    def _answer(self, session: Session, kind: str) -> tuple[Input | None, datetime | None]:
        """What a webhook, the network, people or a call answered then, told by the port; of a node that is new: all went well."""
        _, place = session.place
        assert session.waiting is not None, "it waits for this"
        if kind == "call" and session.waiting.data.get(PLACING):
            return self._placed(place)
        token = session.waiting.token
        nth = next((n for n, each in enumerate(self.passed) if each.node == place), None)
        port, at = "next", self.now
        if nth is not None:
            port, at = self.passed[nth].port, self.passed[nth].at
            del self.passed[nth]
        elif kind in ("people", "call"):
            return None, None
        if port == "timeout":
            return None, None
        match kind:
            case "webhook":
                return self._hook(place, port, token), at
            case "delivery":
                return Delivery(token=token, status="failed" if port == "failed" else "read"), at
            case "people":
                return HandedBack(), at
            case _:
                return _called(port, self.lived.variables), at

    def _placed(self, place: str) -> tuple[Input | None, datetime | None]:
        """Whether the call was answered, told by the port of the node that had it placed."""
        then = next((each for each in self.passed if each.node == place), None)
        if then is None:
            return None, None
        own = isinstance(self.flow.nodes.get(place), CallContact)
        if own:  # another kind of node has the call's answers still before it
            self.passed.remove(then)
        if own and (how := MISSED.get(then.port)):
            return Call(happened=how), then.at
        return Call(happened="answered", value=then.port if then.port == "machine" else "human"), then.at

    def _hook(self, place: str, port: str, token: int) -> WebhookAnswer:
        if port == "failed":
            return WebhookAnswer(
                token=token, status=400
            )  # not tried again: how often it was is not on record
        node = self.flow.nodes.get(place)
        saved = node.save if isinstance(node, Webhook) else {}
        return WebhookAnswer(token=token, status=200, body=_at_paths(saved, self.lived.variables))


def _said(heard: Heard) -> Reply:
    return Reply(text=heard.text, choice=heard.choice, intent=heard.intent, confidence=heard.confidence)


def _called(port: str, variables: Mapping[str, Any]) -> Call:
    if port in DIALLED:
        return Call(happened="dialled", value=port)
    if port in CALLS:
        return Call(happened=CALLS[port])
    return Call(happened="keys", value=port)


def _at_paths(paths: Mapping[str, str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON value in which each path leads to what the variable holds."""
    found: dict[str, Any] = {}
    for name, path in paths.items():
        if variables.get(name) is None:
            continue
        place = found
        *outer, last = path.split(".")
        for part in outer:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                break
        else:
            place[last] = variables[name]
    return found
