"""What one live conversation does in one turn: state and event to state and effects. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from uuid import UUID

from hub.channels.content import Text
from hub.compliance.keywords import Command, Said, command_of, confirmation
from hub.contacts.consents import ALL, MARKETING
from hub.conversations import rules, satisfaction
from hub.conversations.handling import follow, handle, require_under_way, wake
from hub.conversations.state import (
    LAST_TEXT_CHARS_MAX,
    UNDER_WAY,
    AgentReply,
    Assign,
    Close,
    Conversation,
    Event,
    Happened,
    Inbound,
    MarkRead,
    Reopen,
    SendMessage,
    SetConsent,
    TagContact,
    Transfer,
    Turn,
    Understood,
)
from hub.errors import Conflict
from hub.flows import effects as flow_effects
from hub.flows.engine import advance, expects
from hub.flows.inputs import Begin, Reply
from hub.flows.session import Session
from hub.flows.world import Person, World
from hub.ids import encode_id
from hub.routing.compiled import To
from hub.routing.fields import NO_RECORD, Heard, Message, Record
from hub.routing.queue import Queues
from hub.routing.table import Route, RoutingTable

NOTHING_UNDERSTOOD = Understood(None, 0.0, None)
NO_SETTINGS: Queues = {}


def needs_classifier(
    state: Conversation, event: Inbound, table: RoutingTable, zone: tzinfo = UTC, record: Record = NO_RECORD
) -> bool:
    """False when a command, a score, an expected answer or a rule decides that spares it; else the text must be classified."""
    if table.intent_version_id is None:
        return False
    command = said(event, event.channel_kind in state.opted_out, table)
    if command is not None or satisfaction.score_in(state, event) is not None:
        return False
    if state.session is not None:
        flow = table.flows.get(UUID(state.session.flow_id))
        if flow is not None and expects(flow, state.session, event.text):
            return False
    return table.needs_intent(_message(state, event, zone), record)


class RecordMissing(Exception):
    """The message has come to rules that ask about its contact: the turn must be given the contact's record."""


def wants_record(state: Conversation, event: Event, table: RoutingTable, queues: Queues) -> bool:
    """Whether the turn is likely to look at the contact's record: for rules that ask about it, or the language to ask in."""
    if isinstance(event, Close):
        return satisfaction.asks(state, queues)
    return isinstance(event, Inbound) and table.asks_contact and may_route(state, event, table)


def may_route(state: Conversation, event: Inbound, table: RoutingTable) -> bool:
    """Whether rules are likely to look at the message: people have no conversation yet, and no flow expects these words."""
    if state.session is None:
        return state.status not in UNDER_WAY
    flow = table.flows.get(UUID(state.session.flow_id))
    return flow is None or not expects(flow, state.session, event.text)


def _message(state: Conversation, event: Inbound, zone: tzinfo) -> Message:
    """The message as rules see it; `state` before the turn."""
    first = state.last_inbound_at is None
    return Message(event.text, event.channel_kind, event.channel_id, event.at.astimezone(zone), first)


def said(event: Inbound, opted_out: bool, table: RoutingTable) -> Said | None:
    """The command of this message: the channel's own switch, or a word."""
    return Said(Command(event.command)) if event.command else command_of(event.text, opted_out, table.words)


def turn(
    state: Conversation,
    event: Event,
    table: RoutingTable,
    understood: Understood = NOTHING_UNDERSTOOD,
    floor: float = 0.0,
    zone: tzinfo = UTC,
    record: Record | None = None,
    queues: Queues = NO_SETTINGS,
) -> Turn:
    """One turn. Raises Conflict when the event does not fit the state; `state` itself is never changed.

    `zone`: the tenant's, for rules about hours; `record`: what is known of the contact. Raises RecordMissing where rules
    ask for it and it is not given.
    """
    result = Turn(state.copy())
    match event:
        case Inbound():
            last = (state.last_direction, state.last_text, state.last_at)
            arrival = Arrival(
                event, table, _message(state, event, zone), understood, floor, record, last, set()
            )
            wake(result.state)
            _inbound(result, arrival)
        case AgentReply():
            _agent_reply(result, event)
        case Assign(user_id, _, name, actor, note):
            require_under_way(state)
            wake(result.state)
            result.state.assignee_id = user_id
            _log_owner(result, user_id, name, actor, note)
        case Transfer():
            require_under_way(state)
            _transfer(result, event)
        case Close(at, actor, wrap_up):
            require_under_way(state)
            _close(result, at, actor, wrap_up)
            satisfaction.ask(result, event, queues, table.channel_kinds, record or NO_RECORD)
        case Reopen(at, actor):
            if state.status == "open":
                raise Conflict("the conversation is open already")
            if state.status in UNDER_WAY:
                wake(result.state)
            else:
                _open(result.state, at)
                result.state.reason = "reopened"
            result.happened.append(Happened("reopened", {}, actor))
        case MarkRead():
            result.state.unread = 0
        case _:
            handle(result, event, queues)
    _keep_owned(result.state, table)
    follow(state, result, event, queues)
    return result


def _close(result: Turn, at: datetime, actor: str, wrap_up: str | None = None) -> None:
    result.state.status = "closed"
    result.state.closed_at = at
    result.state.session = None
    result.state.unread = 0
    result.happened.append(Happened("closed", {"wrap_up": wrap_up} if wrap_up else {}, actor))


def _transfer(result: Turn, event: Transfer) -> None:
    state = result.state
    wake(state)
    state.queue_id = event.queue_id
    state.assignee_id = None
    state.reason = f"transferred to {event.queue_name}"
    data = {"queue_id": encode_id("que", event.queue_id), "queue": event.queue_name}
    result.happened.append(
        Happened("transferred", {**data, "note": event.note} if event.note else data, event.actor)
    )


def _log_owner(result: Turn, user_id: UUID | None, name: str, actor: str, note: str = "") -> None:
    data = {"assignee_id": encode_id("usr", user_id) if user_id else None, "name": name}
    result.happened.append(Happened("assigned", {**data, "note": note} if note else data, actor))


def _log_flow(result: Turn, flow_id: str, step: str, path: Sequence[str]) -> None:
    data = {"flow_id": encode_id("flw", UUID(flow_id)), "step": step, "path": list(path)}
    result.happened.append(Happened("flow", data))


def _keep_owned(state: Conversation, table: RoutingTable) -> None:
    """An open conversation in no queue and with nobody would be seen by no one: the fallback queue gets it."""
    if state.status in UNDER_WAY and state.queue_id is None and state.assignee_id is None:
        state.queue_id = table.fallback_queue_id


def _open(state: Conversation, at: datetime) -> None:
    state.status = "open"
    state.opened_at = at
    state.closed_at = None


class Arrival(NamedTuple):
    """A message with everything that a turn needs to know of it. `message`: as rules see it."""

    event: Inbound
    table: RoutingTable
    message: Message
    understood: Understood
    floor: float
    record: Record | None
    last: rules.Last
    acted: set[UUID]  # the rules whose tags and answers are out

    def route(self, *, people_only: bool = False) -> Route:
        if self.record is None and self.table.asks_contact:
            raise RecordMissing
        heard = Heard(self.understood.intent, self.understood.confidence)
        record = self.record or NO_RECORD
        return self.table.route(self.message, heard, self.floor, record, people_only=people_only)


def _inbound(result: Turn, arrival: Arrival) -> None:
    event, table, understood = arrival.event, arrival.table, arrival.understood
    state = result.state
    opted_out = event.channel_kind in state.opted_out
    command = said(event, opted_out, table)
    score = satisfaction.score_in(state, event) if command is None else None
    satisfaction.take(result, score, event)
    state.channel_id = event.channel_id
    state.address = event.address
    state.last_text = event.text[:LAST_TEXT_CHARS_MAX]
    state.last_direction = "in"
    state.last_at = event.at
    state.last_inbound_at = event.at
    if score is not None:  # that is all it was: nothing opens, nobody has to look
        return
    state.intent = understood.intent
    state.confidence = understood.confidence if understood.intent is not None else None
    if command is not None:
        _command(result, event, command, table.brand)
        return
    state.unread += 1
    if state.session is not None and _continue_flow(result, arrival, state.session):
        return
    if state.status == "open":
        # People have it, or a queue does: the text is shown with its intent, the owner does not change.
        result.routing = {"reason": state.reason}
        return
    _go(result, arrival, arrival.route())


def _go(result: Turn, arrival: Arrival, route: Route, prefix: str = "") -> None:
    """The rules act, and the conversation goes where the route leads; `prefix` tells what was before."""
    to, table = route.to, arrival.table
    acting = [rule for rule in route.acting if rule.id not in arrival.acted]
    arrival.acted.update(rule.id for rule in acting)
    failed = rules.act(result, arrival.event, acting, arrival.record or NO_RECORD, arrival.last)
    reason = prefix + "; ".join([route.reason, *failed])
    if to.flow_id is not None:
        _note(result, route, reason)
        _run_flow(result, arrival, Session(to.flow_id.hex, to.start or table.flows[to.flow_id].start), None)
        return
    state = result.state
    if state.status != "open":
        _open(state, arrival.event.at)
        state.assignee_id = None
        state.unread = max(state.unread, 1)
    state.priority = to.priority
    state.reason = reason
    _note(result, route, reason)
    if to.closed:
        _close(result, arrival.event.at, "system")
        return
    # A person's conversation has a queue too: it goes back there when the person is away.
    state.queue_id = to.queue_id or table.fallback_queue_id
    if to.user_id is not None:
        state.assignee_id = to.user_id
        _log_owner(result, to.user_id, table.users.get(to.user_id, ""), "system")


def _command(result: Turn, event: Inbound, said: Said, brand: str) -> None:
    state, command = result.state, said.command
    again = command is Command.STOP and event.channel_kind in state.opted_out
    _note(result, None, f"{command.upper()} command")
    if command is Command.STOP:
        state.opted_out = state.opted_out | {event.channel_kind}
        state.session = None
        if not again:  # the first word is the proof
            _consent(result, event, "opted_out", ALL)
    elif command is Command.STOP_MARKETING:
        _consent(result, event, "opted_out", MARKETING)
    elif command is Command.START:
        state.opted_out = state.opted_out - {event.channel_kind}
        _consent(result, event, "opted_in", ALL)
        _consent(result, event, "opted_in", MARKETING)
    if (
        event.command or again
    ):  # who used the channel's own switch has seen what it does; one STOP, one answer
        return
    text = confirmation(command, brand, said.language)
    result.effects.append(
        SendMessage(
            text,
            event.channel_id,
            event.address,
            "system",
            answers_command=True,
            carrier_answers=said.carrier_answers,
        )
    )


def _consent(result: Turn, event: Inbound, after: str, purpose: str) -> None:
    """The contact's own word, with the word as proof."""
    proof = event.text[:100]
    result.effects.append(SetConsent(event.channel_kind, after, proof, purpose))
    data = {
        "channel_kind": event.channel_kind,
        "purpose": purpose,
        "after": after,
        "source": "reply",
        "proof": proof,
    }
    result.happened.append(Happened("consent", data, "contact"))


def _continue_flow(result: Turn, arrival: Arrival, session: Session) -> bool:
    """Give the reply to the waiting flow. False when the flow is gone: the message is then routed as usual."""
    if UUID(session.flow_id) not in arrival.table.flows:
        result.state.session = None
        return False
    _note(result, None, "answer to a flow")
    _run_flow(result, arrival, session, arrival.event.text)
    return True


def _run_flow(result: Turn, arrival: Arrival, session: Session, reply: str | None) -> None:
    event, table = arrival.event, arrival.table
    flow_id, understood = UUID(session.flow_id), arrival.understood
    given = (
        Begin()
        if reply is None
        else Reply(text=reply, intent=understood.intent, confidence=understood.confidence)
    )
    world = World(person=Person(id=result.state.contact_id))
    sprint = advance(
        table.flows[flow_id], session, given, event.at, random.Random(event.message_id.int), world
    )
    if sprint.status == "stuck":
        result.state.session = None
        _log_flow(result, session.flow_id, "failed", sprint.path)
    else:
        result.state.session = sprint.session
        _log_flow(result, session.flow_id, sprint.status, sprint.path)
    for effect in sprint.effects:
        match effect:
            case flow_effects.SendMessage(content=Text(text=text)):
                result.effects.append(SendMessage(text, event.channel_id, event.address, "flow", flow_id))
            case flow_effects.AddTag(tag):
                result.effects.append(TagContact(tag))
                result.happened.append(Happened("tags", {"added": [tag], "removed": []}))
            case flow_effects.HandOver(queue):
                queue_id = table.queue_ids.get(queue.casefold()) if queue else None
                if queue_id is None:
                    _go(result, arrival, arrival.route(people_only=True), "flow handed over; ")
                else:
                    _go(result, arrival, Route(To(queue_id), f"flow handed over to {queue}"))
    if sprint.status == "stuck":
        _go(result, arrival, arrival.route(people_only=True), f"flow failed: {sprint.reason}; ")
        return
    if result.state.status != "open":
        result.state.unread = 0  # the flow answered; nobody has to look


def _note(result: Turn, route: Route | None, reason: str) -> None:
    rule = None if route is None else route.rule
    result.routing = {"rule": "", "reason": reason}
    if rule is not None:
        result.routing |= {"rule": encode_id("rul", rule.id), "name": rule.name}


def _agent_reply(result: Turn, event: AgentReply) -> None:
    state = result.state
    if state.status == "closed":
        raise Conflict("the conversation is closed; reopen it to answer")
    channel_id = event.channel_id or state.channel_id
    if channel_id is None or not state.address:
        raise Conflict("the contact has not written yet, so there is no channel to answer on")
    if state.status == "idle":
        _open(state, event.at)
        state.reason = "an agent wrote first"
    wake(state)
    if state.assignee_id is None and event.user_id is not None:
        state.assignee_id = event.user_id
        _log_owner(result, event.user_id, event.name, f"user:{event.user_id}")
    state.last_text = event.text[:LAST_TEXT_CHARS_MAX]
    state.last_direction = "out"
    state.last_at = event.at
    state.unread = 0
    state.session = None  # a person has taken over
    result.effects.append(
        SendMessage(
            event.text, channel_id, state.address, "agent", event.user_id, message_id=event.message_id
        )
    )
