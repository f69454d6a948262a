"""Flows inside a turn: sessions that begin, get an input, stop, end; and what their effects ask of the turn. Pure.

Who gets the contact's reply is told in hub/flows/inside.py. What answers a message of this moment with plain words
leaves with the turn itself; all else that is sent, and every call of a webhook, is written as work and carried out
after the commit (actors/flow_work.py), in the order in which the flow asked for it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.channels.content import Text
from hub.conversations import calling
from hub.conversations.calling import Asking
from hub.conversations.state import (
    ChangeContact,
    Conversation,
    FlowWork,
    Happened,
    Inbound,
    Ran,
    RecordEvent,
    SendMessage,
    TagContact,
    Turn,
)
from hub.flows import effects, inside
from hub.flows.book import FlowBook
from hub.flows.definition import Flow
from hub.flows.engine import PAUSED, Sprint, accepts, advance, listened
from hub.flows.inputs import HandedBack, Input, Reply, WebhookAnswer
from hub.flows.inside import Inside
from hub.flows.on_call import OnCall, awaits_answer
from hub.flows.session import Session, Waiting
from hub.flows.triggers import chained
from hub.flows.world import Person, World
from hub.ids import encode_id
from hub.routing.fields import NO_RECORD, Record

VOICE = "voice"
TALK_S = 3_600
"""A message within this time of the contact's last one belongs to the talk; what a flow says later of itself is marketing."""
ANSWER_S = 86_400
"""What people who are done, or a webhook, bring about is an answer for longer: as long as channels keep a window open for
one (WhatsApp's service window). Judged when it is said: one that then has to wait is not judged anew.
"""

NO_DICE = random.Random(0)
"""For flows that ask none: to make some takes longer than a step."""


class RecordMissing(Exception):
    """The turn has come to something that asks about its contact: it must be given the contact's record."""


@dataclass(frozen=True, slots=True)
class History:
    """Which flows a contact has been in, and the keys that began them."""

    flows: frozenset[UUID] = frozenset()
    keys: frozenset[tuple[UUID, str]] = frozenset()


class Wanted(NamedTuple):
    """A flow wants people: a queue by name, or whom the rules choose; and why."""

    queue: str
    why: str


@dataclass(slots=True)
class Runs:
    """What the runs of one turn share. `answering`: the message of this moment, which plain words may answer at once."""

    result: Turn
    book: FlowBook
    at: datetime
    record: Record | None
    history: History | None = None
    answering: Inbound | None = None
    asking: Asking | None = None
    """The call that asks for its next document."""
    deferred: bool = field(default=False)
    """Something was left for after the commit: what follows must not overtake it."""
    answers_s: int = field(default=TALK_S)
    """So long after the contact's last message what is said still answers it."""

    # Beginning

    def refusal(self, flow_id: UUID, start: str) -> str:
        """Why the contact may not begin here now; empty when it may. Raises RecordMissing where the past decides."""
        sessions, flow = self.result.state.sessions, self.book.flows[flow_id]
        node = flow.starts.get(start)
        rule = "always" if node is None else node.reentry
        here = any(each.flow_id == flow_id for each in sessions)
        been = self.history is not None and flow_id in self.history.flows
        why = inside.refusal(rule, len(sessions), here, been)
        if not why and rule == "once" and self.history is None:
            raise RecordMissing
        return why

    def begin(
        self,
        session_id: UUID,
        flow_id: UUID,
        given: Input,
        *,
        node: str = "",
        trigger: str = "",
        key: str | None = None,
        origin: str = "",
        call: OnCall | None = None,
    ) -> Wanted | None:
        flow = self.book.flows[flow_id]
        version = self.book.versions.get(flow_id, 0)
        on_call = call is not None
        session = Session(
            flow_id.hex,
            node or flow.start,
            origin=origin,
            version=version,
            on_call=on_call,
            chain=chained.length_of(key),
        )
        return self._run(flow, Inside(session_id, session, call=call), given, trigger, key)

    # Inputs

    def feed(self, one: Inside, given: Input) -> tuple[bool, Wanted | None]:
        """Give an input to a session: whether it took it, and whether people are wanted. A flow that was put away ends it."""
        flow = self.book.flow(one)
        if flow is None:
            self.exit(one, self.gone(one))
            return False, None
        if not accepts(flow, one.session, given, World(self.book.tenant)):
            return False, None
        return True, self._run(flow, one, given)

    def listen(self, said: Reply) -> None:
        """What no session takes is yet the last reply for those that wait for something else than the contact."""
        state = self.result.state
        for one in state.sessions:
            session = listened(one.session, said)
            if session is not None:
                state.sessions = inside.put(state.sessions, replace(one, session=session), asked=False)

    def gone(self, one: Inside) -> str:
        return "the flow was put away" if one.flow_id not in self.book.flows else "the version cannot be read"

    def exit(self, one: Inside, reason: str) -> None:
        """End a session from outside its flow."""
        state = self.result.state
        state.sessions = inside.without(state.sessions, one.id)
        self.result.ran.append(Ran(one, "exited", reason))
        self.drop_call(one)

    def drop_call(self, one: Inside) -> None:
        """A call that still waits to be dialled would be nobody's."""
        if awaits_answer(one.session):
            self.result.effects.append(FlowWork("dial", one.id, {"drop": True}))

    def _run(
        self, flow: Flow, one: Inside, given: Input, trigger: str = "", key: str | None = None
    ) -> Wanted | None:
        dice = _dice(one) if flow.rolls_dice else NO_DICE
        sprint = advance(flow, one.session, given, self.at, dice, self._world(flow))
        state = self.result.state
        session = sprint.session or _ended(sprint, one)
        after = Inside(one.id, session, one.steps + len(sprint.steps), one.call)
        if one.call is not None:
            after = calling.said(self.result, one, after, sprint, self.at, self.asking)
        if sprint.session is None:
            state.sessions = inside.without(state.sessions, one.id)
        else:
            state.sessions = inside.put(state.sessions, after, asked=_asks(one.session, after.session))
        goals = tuple(each for each in sprint.effects if isinstance(each, effects.ReachGoal))
        self.result.ran.append(
            Ran(after, sprint.status, sprint.reason, sprint.outcome, sprint.steps, goals, trigger, key)
        )
        _tell(self.result, one, sprint)
        self.answers_s = ANSWER_S if isinstance(given, HandedBack | WebhookAnswer) else TALK_S
        handed = self._effects(one, sprint.effects)
        if sprint.status == "stuck":
            return Wanted("", f"flow failed: {sprint.reason}") if self.answering is not None else None
        return handed

    def _world(self, flow: Flow) -> World:
        if self.record is None and flow.asks_person:
            raise RecordMissing
        record, contact_id = self.record or NO_RECORD, self.result.state.contact_id
        name = record.facts.values.get("time_zone")
        zone = ZoneInfo(str(name)) if name else None
        return World(self.book.tenant, Person(contact_id, record.variables, record.facts, zone))

    # Effects

    def _effects(self, one: Inside, asked: Sequence[effects.Effect]) -> Wanted | None:
        """Everything in its order. Changes of the contact come together: the last word on a tag or an attribute counts."""
        found, wanted = self.result.effects, None
        change = _change(asked)
        if change is not None:
            found.append(change)
        for effect in asked:
            match effect:
                case effects.SendMessage():
                    self._send(one, effect)
                case effects.AddTag(tag) if change is None:
                    found.append(TagContact(tag))
                    self.result.happened.append(Happened("tags", {"added": [tag], "removed": []}))
                case effects.EmitEvent(name, properties):
                    found.append(RecordEvent(name, properties, one.session.chain + 1))
                case effects.HandOver(queue):
                    wanted = Wanted(queue, "flow handed over")
                case effects.PlaceCall():
                    found.append(FlowWork("dial", one.id, self._dial(one, effect)))
                case effects.CallWebhook():
                    found.append(FlowWork("webhook", one.id, effects.to_json(effect)))
                case _:  # goals are rows of the session, its timer stands in it
                    pass
        return wanted

    def _send(self, one: Inside, effect: effects.SendMessage) -> None:
        content, event = effect.content, self.answering
        plain = isinstance(content, Text) and not (content.suggestions or content.reply_to)
        if event is not None and event.channel_kind == VOICE:  # words are no answer to a call
            plain = False
        if event is not None and plain and not (self.deferred or effect.channels or effect.token):
            assert isinstance(content, Text)
            self.result.effects.append(
                SendMessage(content.text, event.channel_id, event.address, "flow", one.flow_id)
            )
            return
        self.deferred = True
        self.result.effects.append(FlowWork("send", one.id, self._letter(one, effect)))

    def _letter(self, one: Inside, effect: effects.SendMessage) -> dict[str, Any]:
        state = self.result.state
        return {
            "flow_id": one.session.flow_id,
            "content": effect.content.model_dump(mode="json"),
            "channels": [[step.channel, step.timeout_s] for step in effect.channels],
            "token": effect.token,
            "talk": None if state.channel_id is None else state.channel_id.hex,
            "purpose": self._purpose(),
        }

    def _dial(self, one: Inside, effect: effects.PlaceCall) -> dict[str, Any]:
        self.deferred = True
        return {"flow_id": one.session.flow_id, "purpose": self._purpose(), **effects.to_json(effect)}

    def _purpose(self) -> str:
        """Of what is said in this turn."""
        wrote = self.result.state.last_inbound_at
        talks = wrote is not None and self.at - wrote <= timedelta(seconds=self.answers_s)
        return "transactional" if talks else "marketing"


def taker(state: Conversation, book: FlowBook) -> tuple[Inside, Flow] | None:
    """The session that a reply would go to, and the version of the flow that it runs on."""
    world, reply = World(book.tenant), Reply()
    for one in reversed(state.sessions):
        flow = book.flow(one)
        if flow is not None and accepts(flow, one.session, reply, world):
            return one, flow
    return None


def moved(
    one: Inside, version: int, nodes: Mapping[str, str], flow: Flow, before: Flow | None
) -> tuple[Inside, bool]:
    """The session in another version, and whether its node must run from its beginning: it is one of another kind, which knows
    nothing of what the old one waited for. Stuck where there is no such node, for somebody to say where it belongs.
    """
    session = one.session
    place = nodes.get(session.node, session.node)
    node = flow.nodes.get(place)
    if node is None:
        reason = f"the new version has no node {session.node!r}"
        return replace(one, session=replace(session, version=version, waiting=None, reason=reason)), False
    old = None if before is None else before.nodes.get(session.node)
    session = replace(session, node=place, version=version)
    if old is None or old.type == node.type:
        return replace(one, session=session), False
    waiting = None if session.is_stuck else Waiting(PAUSED, 0)
    return replace(one, session=replace(session, waiting=waiting, inside=())), not session.is_stuck


def _asks(before: Session, after: Session) -> bool:
    """Whether it has just begun to wait for a reply: its question is then the last one."""
    now: Waiting | None = after.waiting
    if now is None or now.kind != "reply":
        return False
    return before.waiting is None or before.waiting.token != now.token or before.waiting.data != now.data


def _change(asked: Sequence[effects.Effect]) -> ChangeContact | None:
    tags: dict[str, bool] = {}
    attributes: dict[str, effects.Scalar] = {}
    more = False
    for effect in asked:
        match effect:
            case effects.AddTag(tag):
                tags[tag] = True
            case effects.RemoveTag(tag):
                tags[tag] = False
                more = True
            case effects.SetAttribute(key, value):
                attributes[key] = value
                more = True
            case _:
                pass
    return ChangeContact(tags, attributes) if more else None


def _tell(result: Turn, one: Inside, sprint: Sprint) -> None:
    step = "failed" if sprint.status == "stuck" else sprint.status
    data = {"flow_id": encode_id("flw", one.flow_id), "step": step, "path": list(sprint.path)}
    result.happened.append(Happened("flow", data))


def _ended(sprint: Sprint, one: Inside) -> Session:
    """What is shown of a session that is over: its last node and what it knew."""
    own = [step.node for step in sprint.steps if step.flow_id == one.session.flow_id]
    node = own[-1] if own else one.session.node
    return replace(one.session, waiting=None, reason="", node=node, variables=sprint.variables)


def _dice(one: Inside) -> random.Random:
    """The same dice for the same step of the same session, however often the turn is run."""
    return random.Random(one.id.int ^ (one.session.token << 1) ^ one.steps)
