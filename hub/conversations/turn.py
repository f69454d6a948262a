"""What one live conversation does in one turn: state and event to state and effects. Pure."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import NamedTuple
from uuid import UUID

from hub.conversations import calling, collision, flood, flow_events, rules, satisfaction
from hub.conversations.commands import obey, said
from hub.conversations.handling import follow, handle, require_under_way, wake
from hub.conversations.journeys import History, RecordMissing, Runs, Wanted, taker
from hub.conversations.moving import back_in_queue, close, log_owner, open_, settle
from hub.conversations.state import (
    LAST_TEXT_CHARS_MAX,
    UNDER_WAY,
    AgentReply,
    Assign,
    BeginFlow,
    Close,
    Conversation,
    Event,
    ExitFlow,
    FlowCall,
    FlowEvent,
    FlowInput,
    HandBack,
    Happened,
    Inbound,
    MarkRead,
    MoveFlow,
    PassToFlow,
    Reopen,
    SendMessage,
    Transfer,
    Turn,
    Understood,
)
from hub.errors import Conflict
from hub.flows.book import FlowBook
from hub.flows.engine import expects
from hub.flows.inputs import REPLY_CHARS_MAX, Begin, Reply, heard_of
from hub.ids import encode_id
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
    if _is_expected(state, event, table):
        return False
    return _is_heard(state, table) or table.needs_intent(_message(state, event, zone), record)


def _is_expected(state: Conversation, event: Inbound, table: RoutingTable) -> bool:
    """A flow waits for exactly these words."""
    found = taker(state, table.book) if state.sessions else None
    return found is not None and expects(found[1], found[0].session, event.text)


def _is_heard(state: Conversation, table: RoutingTable) -> bool:
    """A flow that looks at intents hears the message."""
    flows = (table.book.flow(each) for each in state.sessions if each.hears)
    return any(flow is not None and flow.understands for flow in flows)


def wants_record(state: Conversation, event: Event, table: RoutingTable, queues: Queues) -> bool:
    """Whether the turn is likely to look at the contact's record: for rules that ask about it, or the language to ask in."""
    if isinstance(event, Close) and satisfaction.asks(state, queues):
        return True
    if (state.sessions or isinstance(event, FlowEvent)) and flow_events.asks_person(state, event, table.book):
        return True
    return isinstance(event, Inbound) and table.asks_contact and may_route(state, event, table)


def may_route(state: Conversation, event: Inbound, table: RoutingTable) -> bool:
    """Whether rules are likely to look at the message: people have no conversation yet, and no flow expects these words."""
    if state.sessions and taker(state, table.book) is not None:
        return not _is_expected(state, event, table)
    return state.status not in UNDER_WAY


def _message(state: Conversation, event: Inbound, zone: tzinfo) -> Message:
    """The message as rules see it; `state` before the turn."""
    first = state.last_inbound_at is None
    return Message(event.text, event.channel_kind, event.channel_id, event.at.astimezone(zone), first)


def turn(
    state: Conversation,
    event: Event,
    table: RoutingTable,
    understood: Understood = NOTHING_UNDERSTOOD,
    floor: float = 0.0,
    zone: tzinfo = UTC,
    record: Record | None = None,
    queues: Queues = NO_SETTINGS,
    history: History | None = None,
) -> Turn:
    """One turn. Raises Conflict when the event does not fit the state; `state` itself is never changed.

    `zone`: the tenant's, for rules about hours; `record`: what is known of the contact; `history`: which flows it has been
    in. Raises RecordMissing where rules or flows ask for one of them and it is not given.
    """
    result = Turn(state.copy())
    match event:
        case Inbound():
            last = (state.last_direction, state.last_text, state.last_at)
            message = _message(state, event, zone)
            arrival = Arrival(event, table, message, understood, floor, record, last, set(), history)
            wake(result.state)
            _inbound(result, arrival)
        case AgentReply():
            _agent_reply(result, event)
        case Assign(user_id, _, name, actor, note):
            require_under_way(state)
            wake(result.state)
            result.state.assignee_id = user_id
            log_owner(result, user_id, name, actor, note)
        case Transfer():
            require_under_way(state)
            _transfer(result, event)
        case HandBack(at, actor, _, outcome):
            flow_events.require_awaited(state)
            close(result, at, actor)
            flow_events.hand_back(Runs(result, table.book, at, record, history), table, zone, outcome)
        case PassToFlow():
            require_under_way(state)
            close(result, event.at, event.actor)
            flow_events.pass_on(Runs(result, table.book, event.at, record, history), event, table, zone)
        case Close(at, actor, wrap_up):
            require_under_way(state)
            close(result, at, actor, wrap_up)
            runs = Runs(result, table.book, at, record, history)
            flow_events.end_asking(runs, flow_events.CLOSED)
            flow_events.hand_back(runs, table, zone, wrap_up or "")
            satisfaction.ask(result, event, queues, table.channel_kinds, record or NO_RECORD)
        case Reopen(at, actor):
            if state.status == "open":
                raise Conflict("the conversation is open already")
            if state.status in UNDER_WAY:
                wake(result.state)
            else:
                open_(result.state, at)
                result.state.reason = "reopened"
            result.happened.append(Happened("reopened", {}, actor))
        case MarkRead():
            result.state.unread = 0
        case BeginFlow() | FlowInput() | ExitFlow() | MoveFlow() | FlowCall():
            runs = Runs(result, table.book, event.at, record, history)
            flow_events.handle(runs, event, table, zone)
        case _:
            handle(result, event, queues)
    _keep_owned(result.state, table)
    follow(state, result, event, queues)
    return result


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


def _keep_owned(state: Conversation, table: RoutingTable) -> None:
    """An open conversation in no queue and with nobody would be seen by no one, nor one whose queue was put away while it
    was closed: the fallback queue gets it.
    """
    if state.status not in UNDER_WAY or table.fallback_queue_id is None:
        return
    if state.queue_id in table.archived:
        state.queue_id = table.fallback_queue_id
        state.reason += "; its queue is archived"
    if state.queue_id is None and state.assignee_id is None:
        state.queue_id = table.fallback_queue_id


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
    history: History | None

    def runs(self, result: Turn) -> Runs:
        return Runs(result, self.table.book, self.event.at, self.record, self.history, self.event)

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
    if command is not None:
        obey(result, event, command, table.brand)
        return
    if flood.holds(result, event, table):
        return
    if (
        understood.intent is not None or state.status not in UNDER_WAY
    ):  # what is known of a matter stays known
        state.intent = understood.intent
        state.confidence = understood.confidence if understood.intent is not None else None
    state.unread += 1
    if state.sessions and not calling.is_call(event) and _continue_flow(result, arrival):
        return
    if state.status == "open":
        # People have it, or a queue does: the text is shown with its intent, the owner does not change while they may answer.
        if state.assignee_id in table.unable and (state.queue_id or table.fallback_queue_id) is not None:
            back_in_queue(
                result, f"{table.users.get(state.assignee_id) or 'the agent'} may not answer any more"
            )
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
        _begin_flow(result, arrival, route, reason)
        return
    _note(result, route, reason)
    settle(result, to, reason, arrival.event.at, table)


def _begin_flow(result: Turn, arrival: Arrival, route: Route, reason: str) -> None:
    """A rule leads into a flow, or the flow waits for the message; whoever may not enter it (again) goes where the rules
    send them otherwise.
    """
    event, flow_id, node = arrival.event, route.to.flow_id, route.to.start
    assert flow_id is not None
    runs, flow = arrival.runs(result), arrival.table.flows[flow_id]
    refusal = runs.refusal(flow_id, node or flow.start)
    if refusal:
        _go(result, arrival, arrival.route(people_only=True), f"{refusal}; ")
        return
    _note(result, route, reason)
    trigger = flow.starts[node].trigger.kind if node else "rule"
    understood = arrival.understood
    said = Reply(text=event.text, intent=understood.intent, confidence=understood.confidence)
    given = Begin(values={"text": event.text[:REPLY_CHARS_MAX]}, heard=heard_of(said))
    call = calling.arrived(event)
    if call is not None and not calling.speaks(flow, runs.book):
        call = None
    runs.asking = None if call is None else calling.Asking(begins=True)
    wanted = runs.begin(event.message_id, flow_id, given, node=node, trigger=trigger, call=call)
    _after(result, arrival, wanted)


def _continue_flow(result: Turn, arrival: Arrival) -> bool:
    """Give the reply to the flow that asked last. False when none takes it: the message is then routed as usual."""
    runs, understood, event = arrival.runs(result), arrival.understood, arrival.event
    for one in result.state.sessions:
        if runs.book.flow(one) is None:
            runs.exit(one, runs.gone(one))
    content = event.content or {}
    choice = str(content.get("id") or "") if content.get("type") == "reply" else ""
    said = Reply(text=event.text, choice=choice, intent=understood.intent, confidence=understood.confidence)
    found = taker(result.state, runs.book)
    if found is None:
        runs.listen(said)
        return False
    _note(result, None, "answer to a flow")
    _, wanted = runs.feed(found[0], said)
    _after(result, arrival, wanted)
    return True


def _after(result: Turn, arrival: Arrival, wanted: Wanted | None) -> None:
    """People get the conversation when the flow wants them; else the flow answered, and nobody has to look."""
    if wanted is not None:
        queue = flow_events.queue_of(wanted, arrival.table)
        if queue is not None:
            _go(result, arrival, Route(queue, f"{wanted.why} to {wanted.queue}"))
        else:
            _go(result, arrival, arrival.route(people_only=True), f"{wanted.why}; ")
    elif result.state.status != "open":
        result.state.unread = 0


def _note(result: Turn, route: Route | None, reason: str) -> None:
    rule = None if route is None else route.rule
    result.routing = {"rule": "", "reason": reason}
    if rule is not None:
        result.routing |= {"rule": encode_id("rul", rule.id), "name": rule.name}


def _agent_reply(result: Turn, event: AgentReply) -> None:
    state = result.state
    if state.status == "closed":
        raise Conflict("the conversation is closed; reopen it to answer")
    collision.check(state, event)
    channel_id = event.channel_id or state.channel_id
    if channel_id is None or not state.address:
        raise Conflict("the contact has not written yet, so there is no channel to answer on")
    if state.status == "idle":
        open_(state, event.at)
        state.reason = "an agent wrote first"
    wake(state)
    if state.assignee_id is None and event.user_id is not None:
        state.assignee_id = event.user_id
        log_owner(result, event.user_id, event.name, f"user:{event.user_id}")
    state.last_text = event.text[:LAST_TEXT_CHARS_MAX]
    state.last_direction = "out"
    state.last_at = event.at
    state.unread = 0
    flow_events.end_asking(Runs(result, FlowBook(), event.at, None), flow_events.TOOK_OVER)
    collision.remember(state, event)
    result.effects.append(
        SendMessage(
            event.text,
            channel_id,
            state.address,
            "agent",
            event.user_id,
            message_id=event.message_id,
            content=event.content,
        )
    )
