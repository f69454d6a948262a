"""What one live conversation does in one turn: state and event to state and effects. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID

from hub.channels.content import Text
from hub.compliance.keywords import Command, Said, command_of, confirmation
from hub.contacts.consents import ALL, MARKETING
from hub.conversations.state import (
    LAST_TEXT_CHARS_MAX,
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
from hub.routing.table import Route, RoutingTable

NOTHING_UNDERSTOOD = Understood(None, 0.0, None)


def needs_classifier(state: Conversation, event: Inbound, table: RoutingTable) -> bool:
    """False when a command, an expected answer or a keyword decides; else the text must be classified."""
    if table.intent_version_id is None:
        return False
    if said(event, event.channel_kind in state.opted_out, table) is not None:
        return False
    if state.session is not None:
        flow = table.flows.get(UUID(state.session.flow_id))
        if flow is not None and expects(flow, state.session, event.text):
            return False
    return table.keyword(event.text) is None


def said(event: Inbound, opted_out: bool, table: RoutingTable) -> Said | None:
    """The command of this message: the channel's own switch, or a word."""
    return Said(Command(event.command)) if event.command else command_of(event.text, opted_out, table.words)


def turn(
    state: Conversation,
    event: Event,
    table: RoutingTable,
    understood: Understood = NOTHING_UNDERSTOOD,
    floor: float = 0.0,
) -> Turn:
    """One turn. Raises Conflict when the event does not fit the state; `state` itself is never changed."""
    result = Turn(state.copy())
    match event:
        case Inbound():
            _inbound(result, event, table, understood, floor)
        case AgentReply():
            _agent_reply(result, event)
        case Assign(user_id, _, name, actor):
            _require_open(state)
            result.state.assignee_id = user_id
            _log_owner(result, user_id, name, actor)
        case Transfer(queue_id, queue_name, _, actor):
            _require_open(state)
            result.state.queue_id = queue_id
            result.state.assignee_id = None
            result.state.reason = f"transferred to {queue_name}"
            data = {"queue_id": encode_id("que", queue_id), "queue": queue_name}
            result.happened.append(Happened("transferred", data, actor))
        case Close(at, actor):
            _require_open(state)
            result.state.status = "closed"
            result.state.closed_at = at
            result.state.session = None
            result.state.unread = 0
            result.happened.append(Happened("closed", {}, actor))
        case Reopen(at, actor):
            if state.status == "open":
                raise Conflict("the conversation is open already")
            _open(result.state, at)
            result.state.reason = "reopened"
            result.happened.append(Happened("reopened", {}, actor))
        case MarkRead():
            result.state.unread = 0
    _keep_owned(result.state, table)
    return result


def _log_owner(result: Turn, user_id: UUID | None, name: str, actor: str) -> None:
    data = {"assignee_id": encode_id("usr", user_id) if user_id else None, "name": name}
    result.happened.append(Happened("assigned", data, actor))


def _log_flow(result: Turn, flow_id: str, step: str, path: Sequence[str]) -> None:
    data = {"flow_id": encode_id("flw", UUID(flow_id)), "step": step, "path": list(path)}
    result.happened.append(Happened("flow", data))


def _keep_owned(state: Conversation, table: RoutingTable) -> None:
    """An open conversation in no queue and with nobody would be seen by no one: the fallback queue gets it."""
    if state.status == "open" and state.queue_id is None and state.assignee_id is None and table.fallback:
        state.queue_id = table.fallback.queue_id


def _require_open(state: Conversation) -> None:
    if state.status != "open":
        raise Conflict("the conversation is not open")


def _open(state: Conversation, at: object) -> None:
    state.status = "open"
    state.opened_at = at  # type: ignore[assignment]
    state.closed_at = None


def _inbound(result: Turn, event: Inbound, table: RoutingTable, understood: Understood, floor: float) -> None:
    state = result.state
    opted_out = event.channel_kind in state.opted_out
    state.channel_id = event.channel_id
    state.address = event.address
    state.last_text = event.text[:LAST_TEXT_CHARS_MAX]
    state.last_direction = "in"
    state.last_at = event.at
    state.last_inbound_at = event.at
    state.intent = understood.intent
    state.confidence = understood.confidence if understood.intent is not None else None
    command = said(event, opted_out, table)
    if command is not None:
        _command(result, event, command, table.brand)
        return
    state.unread += 1
    if state.session is not None and _continue_flow(result, event, table, state.session, understood, floor):
        return
    if state.status == "open":
        # People have it, or a queue does: the text is shown with its intent, the owner does not change.
        result.routing = {"reason": state.reason}
        return
    rule = table.keyword(event.text)
    if rule is not None and rule.flow_id is not None and rule.flow_id in table.flows:
        _note(result, str(rule.id), f"keyword {rule.match}")
        start = Session(rule.flow_id.hex, table.flows[rule.flow_id].start)
        _run_flow(result, event, table, start, None, understood, floor)
        return
    if rule is not None and rule.queue_id is not None:
        _to_queue(result, event, Route(rule.id, rule.queue_id, None, f"keyword {rule.match}"))
        return
    _route(result, event, table, understood, floor)


def _command(result: Turn, event: Inbound, said: Said, brand: str) -> None:
    state, command = result.state, said.command
    again = command is Command.STOP and event.channel_kind in state.opted_out
    _note(result, "", f"{command.upper()} command")
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


def _continue_flow(
    result: Turn, event: Inbound, table: RoutingTable, session: Session, understood: Understood, floor: float
) -> bool:
    """Give the reply to the waiting flow. False when the flow is gone: the message is then routed as usual."""
    if UUID(session.flow_id) not in table.flows:
        result.state.session = None
        return False
    _note(result, "", "answer to a flow")
    _run_flow(result, event, table, session, event.text, understood, floor)
    return True


def _run_flow(
    result: Turn,
    event: Inbound,
    table: RoutingTable,
    session: Session,
    reply: str | None,
    understood: Understood,
    floor: float,
) -> None:
    flow_id = UUID(session.flow_id)
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
                    _route(result, event, table, understood, floor, prefix="flow handed over; ")
                else:
                    _to_queue(result, event, Route(None, queue_id, None, f"flow handed over to {queue}"))
    if sprint.status == "stuck":
        _route(result, event, table, understood, floor, prefix=f"flow failed: {sprint.reason}; ")
        return
    if result.state.status != "open":
        result.state.unread = 0  # the flow answered; nobody has to look


def _route(
    result: Turn, event: Inbound, table: RoutingTable, understood: Understood, floor: float, prefix: str = ""
) -> None:
    route = table.route(understood.intent, understood.confidence, floor)
    _to_queue(result, event, Route(route.rule_id, route.queue_id, None, prefix + route.reason))


def _to_queue(result: Turn, event: Inbound, route: Route) -> None:
    state = result.state
    if state.status != "open":
        _open(state, event.at)
        state.assignee_id = None
        state.unread = max(state.unread, 1)
    state.queue_id = route.queue_id
    state.reason = route.reason
    _note(result, str(route.rule_id or ""), route.reason)


def _note(result: Turn, rule: str, reason: str) -> None:
    result.routing = {"rule": rule, "reason": reason}


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
