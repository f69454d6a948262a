"""What comes to a conversation for its flows: a beginning, a timer, an answer, people who are done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from uuid import UUID

from hub.conversations import calling, moving
from hub.conversations.handling import require_under_way
from hub.conversations.journeys import RecordMissing, Runs, Wanted, moved
from hub.conversations.state import (
    BeginFlow,
    Conversation,
    Event,
    ExitFlow,
    FlowCall,
    FlowEvent,
    FlowInput,
    Inbound,
    MoveFlow,
    PassToFlow,
    Ran,
    Turn,
)
from hub.errors import Conflict
from hub.flows import inside
from hub.flows.book import FlowBook
from hub.flows.inputs import Begin, Call, HandedBack, Resume
from hub.flows.inside import Inside
from hub.flows.on_call import OnCall, awaits_answer
from hub.routing.compiled import To
from hub.routing.fields import NO_RECORD, Heard, Message
from hub.routing.table import RoutingTable

TOOK_OVER = "a person took over"
CLOSED = "the conversation was closed"
NO_FLOW = "there is no such flow"
NO_START = "the flow has no such start"
OPTED_OUT = "the contact opted out"


def asks_person(state: Conversation, event: Event, book: FlowBook) -> bool:
    """Whether a flow that this event may reach looks at the contact."""
    if isinstance(event, BeginFlow | PassToFlow):
        flow = book.flows.get(event.flow_id)
        return flow is not None and flow.asks_person
    if isinstance(event, FlowInput | FlowCall):
        reached: Sequence[Inside] = [each for each in state.sessions if each.id == event.session_id]
    elif isinstance(event, Inbound):
        reached = [each for each in state.sessions if each.awaits_reply]
    else:
        reached = [each for each in state.sessions if each.awaits_people]
    flows = [book.flow(each) for each in reached]
    return any(flow is not None and flow.asks_person for flow in flows)


def handle(runs: Runs, event: FlowEvent, table: RoutingTable, zone: tzinfo) -> None:
    """One event. What it finds nothing to do for is answered so, and nothing is written."""
    result = runs.result
    if isinstance(event, BeginFlow):
        _begin(runs, event, table, zone)
        return
    one = next((each for each in result.state.sessions if each.id == event.session_id), None)
    if one is None:
        _answer(result, event.session_id, "gone", "the session is over")
        return
    match event:
        case FlowCall():
            if not _call(runs, one, event, table, zone):
                return
        case FlowInput(_, Call(call=ended) as given) if ended:
            if not _call_over(runs, one, given, table, zone):
                _answer(result, one.id, "ignored", "the session is not in this call")
                return
        case FlowInput(_, given):
            took, wanted = runs.feed(one, given)
            if not took and not result.ran:
                _answer(result, one.id, "ignored", "the session does not wait for this")
                return
            if wanted is not None:
                to_people(runs, wanted, table, zone)
        case ExitFlow(_, _, reason):
            runs.exit(one, reason)
        case MoveFlow(_, _, version, nodes):
            if not _move(runs, one, version, nodes, table, zone):
                return
    ran = next((each for each in result.ran if each.inside.id == one.id), None)
    _answer(
        result, one.id, ran.status if ran is not None else "waiting", ran.reason if ran is not None else ""
    )


def _begin(runs: Runs, event: BeginFlow, table: RoutingTable, zone: tzinfo) -> None:
    result, state = runs.result, runs.result.state
    flow = runs.book.flows.get(event.flow_id)
    if flow is None or (event.node and event.node not in flow.starts):
        why = NO_FLOW if flow is None else NO_START
        _answer(result, event.session_id, "refused", why)
        return
    if event.key is not None:
        if runs.history is None:
            raise RecordMissing
        if (event.flow_id, event.key) in runs.history.keys:
            _answer(result, event.session_id, "again", "it was begun with this key before")
            return
    why = runs.refusal(event.flow_id, event.node or flow.start)
    if why:
        _answer(result, event.session_id, "refused", why)
        return
    if state.last_at is None:  # the contact was never in touch
        state.last_at, state.last_direction = event.at, "out"
    wanted = runs.begin(
        event.session_id,
        event.flow_id,
        Begin(values=event.values),
        node=event.node,
        trigger=event.trigger,
        key=event.key,
        origin=event.origin,
    )
    if wanted is not None:
        to_people(runs, wanted, table, zone)
    ran = result.ran[0]
    _answer(result, event.session_id, "begun", ran.reason)


def _move(
    runs: Runs, one: Inside, version: int, nodes: Mapping[str, str], table: RoutingTable, zone: tzinfo
) -> bool:
    """Into another version of the flow; where that has no node for the place, the session is stuck there, and where it has one of
    another kind, that one begins.
    """
    result, state = runs.result, runs.result.state
    if runs.book.versions.get(one.flow_id) != version or one.session.version == version:
        _answer(result, one.id, "ignored", "it is another version that runs")
        return False
    after, anew = moved(one, version, nodes, runs.book.flows[one.flow_id], runs.book.flow(one))
    if anew:
        runs.drop_call(one)
        _, wanted = runs.feed(after, Resume())
        if wanted is not None:
            to_people(runs, wanted, table, zone)
        return True
    state.sessions = inside.put(state.sessions, after, asked=False)
    reason = after.session.reason
    result.ran.append(Ran(after, "stuck" if reason else "waiting", reason))
    return True


def _call(runs: Runs, one: Inside, event: FlowCall, table: RoutingTable, zone: tzinfo) -> bool:
    """The call asks for its next document. False: nothing is to be written, and it is answered why."""
    result = runs.result
    if one.call is None and event.turn == 0 and awaits_answer(one.session):
        one = replace(one, call=OnCall(event.line))
        if (
            not result.state.address
        ):  # the first talk with the contact: the people it may be handed to see the number
            result.state.channel_id, result.state.address = event.line.channel_id, event.line.address
    if one.call is None or one.call.line.id != event.line.id:
        _answer(result, one.id, "gone", "the session is not in this call")
        return False
    if event.turn != one.call.turn:
        _answer(result, one.id, "again", "the call was told before")
        return False
    runs.asking = calling.asking(event)
    took, wanted = False, None
    if event.given is not None and not one.call.holding:
        took, wanted = runs.feed(one, event.given)
        if not took and result.ran:  # its flow was put away
            return True
    if wanted is not None:
        to_people(runs, wanted, table, zone)
    if not took and not calling.collect(result, one, runs.at, runs.asking):
        _answer(result, one.id, "holding", "the flow is not so far")
        return False
    return True


def _call_over(runs: Runs, one: Inside, given: Call, table: RoutingTable, zone: tzinfo) -> bool:
    """A call of the session is over: the one that it is in, or one that nobody took. False: that is no news to it."""
    wanted = None
    if one.call is not None and one.call.line.id.hex == given.call:
        one = replace(one, call=None)
        took, wanted = runs.feed(one, Call(happened="hung_up", value=given.value))
        if not took and not runs.result.ran:
            _off_the_phone(runs, one)
    elif one.call is None and awaits_answer(one.session):
        took, wanted = runs.feed(one, given)
        if not took and not runs.result.ran:
            return False
    else:
        return False
    if wanted is not None:
        to_people(runs, wanted, table, zone)
    return True


def _off_the_phone(runs: Runs, one: Inside) -> None:
    """It waits for something else, and goes on without the call."""
    after = replace(one, session=replace(one.session, on_call=False))
    state, session = runs.result.state, after.session
    state.sessions = inside.put(state.sessions, after, asked=False)
    runs.result.ran.append(Ran(after, "stuck" if session.is_stuck else "waiting", session.reason))


def _answer(result: Turn, session_id: UUID, status: str, reason: str) -> None:
    result.answer = {"session_id": session_id.hex, "status": status, "reason": reason}
    result.unchanged = not (result.ran or result.effects)


def require_awaited(state: Conversation) -> None:
    """Raises Conflict when no flow waits for the people to be done."""
    require_under_way(state)
    if not any(each.awaits_people for each in state.sessions):
        raise Conflict("no flow waits for the conversation to come back")


def hand_back(runs: Runs, table: RoutingTable, zone: tzinfo, outcome: str) -> None:
    """The people are done: the flows that waited for that go on."""
    for one in runs.result.state.sessions:
        if one.awaits_people:
            _, wanted = runs.feed(one, HandedBack(outcome=outcome))
            if wanted is not None:
                to_people(runs, wanted, table, zone)


def pass_on(runs: Runs, event: PassToFlow, table: RoutingTable, zone: tzinfo) -> None:
    """Somebody gives the contact to a flow. Raises Conflict when it may not begin."""
    flow = runs.book.flows.get(event.flow_id)
    why = NO_FLOW if flow is None else runs.refusal(event.flow_id, flow.start)
    if why:
        raise Conflict(why)
    wanted = runs.begin(event.session_id, event.flow_id, Begin(), trigger="agent")
    if wanted is not None:
        to_people(runs, wanted, table, zone)


def end_asking(runs: Runs, reason: str) -> None:
    """Whoever waits for the contact's reply waits no longer."""
    for one in runs.result.state.sessions:
        if one.awaits_reply:
            runs.exit(one, reason)


def end_all(runs: Runs, reason: str) -> None:
    for one in runs.result.state.sessions:
        runs.exit(one, reason)


def queue_of(wanted: Wanted, table: RoutingTable) -> To | None:
    """The queue that a flow names; None where it names none that there is."""
    queue_id = table.queue_ids.get(wanted.queue.casefold()) if wanted.queue else None
    return None if queue_id is None else To(queue_id)


def to_people(runs: Runs, wanted: Wanted, table: RoutingTable, zone: tzinfo) -> None:
    """Hand the conversation over without a message of this moment: the last one stands for it."""
    state = runs.result.state
    to, reason = queue_of(wanted, table), f"{wanted.why} to {wanted.queue}"
    if to is None:
        if runs.record is None and table.asks_contact:
            raise RecordMissing
        kind = table.channel_kinds.get(state.channel_id, "") if state.channel_id is not None else ""
        message = Message(state.last_text, kind, state.channel_id, runs.at.astimezone(zone))
        heard = Heard(state.intent, state.confidence or 0.0)
        route = table.route(message, heard, 0.0, runs.record or NO_RECORD, people_only=True)
        to, reason = route.to, f"{wanted.why}; {route.reason}"
    moving.settle(runs.result, to, reason, runs.at, table)
