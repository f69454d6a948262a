"""What the desk does with a conversation: who is asked, who has it, what happens when time is up. Pure.

`handle` takes the desk's own events; `follow` looks at what any turn changed and keeps clocks, offers and counts right.
A conversation waits when it is open and nobody has it; it always has a queue then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hub.conversations import passing, service_level, tagging
from hub.conversations.desk import (
    NOTHING,
    Accept,
    Decline,
    DeskEvent,
    Due,
    GiveBack,
    Handling,
    Moved,
    Offer,
    SetPriority,
    SetTags,
    Snooze,
    Talk,
    WaitForContact,
    is_unanswered,
)
from hub.conversations.moving import back_in_queue
from hub.conversations.state import (
    UNDER_WAY,
    AgentReply,
    CallWebhook,
    Close,
    Conversation,
    Event,
    Happened,
    Inbound,
    PassToFlow,
    SendMessage,
    Transfer,
    Turn,
)
from hub.errors import Conflict
from hub.ids import encode_id
from hub.routing.hours import is_open
from hub.routing.queue import PLAIN, URGENT, Queues, QueueSettings

REFUSAL = timedelta(seconds=60)  # who did not take it is not asked again for so long
SNOOZE_MAX = timedelta(days=90)


def is_waiting(state: Conversation) -> bool:
    """Open, and nobody has it."""
    return state.status == "open" and state.assignee_id is None


def require_under_way(state: Conversation) -> None:
    """Raises Conflict for a conversation that is not open, snoozed or waiting for the contact."""
    if state.status not in UNDER_WAY:
        raise Conflict("the conversation is not open")


def handle(result: Turn, event: DeskEvent, queues: Queues) -> None:
    """One event of the desk. Raises Conflict when it does not fit the state."""
    state = result.state
    match event:
        case Offer(user_id, until, _):
            if not is_waiting(state) or state.offered_to is not None:
                raise Conflict("the conversation does not wait, or somebody else is being asked")
            state.offered_to, state.offered_until = user_id, until
            _count(result, "offered", event.at, agent_id=user_id)
        case Accept(user_id, _, name, actor):
            _accept(result, event)
            state.assignee_id = user_id
            data = {"assignee_id": encode_id("usr", user_id), "name": name}
            result.happened.append(Happened("assigned", data, actor))
        case Decline(user_id):
            if state.offered_to != user_id:
                raise Conflict("this is not offered to you any more")
            _refuse(result, "declined", event.at)
        case GiveBack():
            _give_back(result, event)
        case Due():
            _fire(result, event.at, queues)
        case Snooze(until, at, actor):
            require_under_way(state)
            if not at < until <= at + SNOOZE_MAX:
                raise Conflict("a conversation sleeps until a moment within the next 90 days")
            state.status = "snoozed"
            state.desk = replace(state.desk or NOTHING, snoozed_until=until)
            result.happened.append(Happened("snoozed", {"until": until.isoformat()}, actor))
        case WaitForContact(_, actor):
            require_under_way(state)
            state.status = "waiting"
            result.happened.append(Happened("waiting", {}, actor))
        case SetPriority(priority, _, actor):
            require_under_way(state)
            state.priority = priority
            result.happened.append(Happened("priority", {"priority": priority}, actor))
        case SetTags(add, remove, _, actor):
            tagging.change(result, add, remove, actor)
        case Talk():
            require_under_way(state)
            wake(state)
            state.last_direction, state.last_at, state.unread = "out", event.at, 0


def wake(state: Conversation) -> None:
    """The contact wrote: what slept or waited for them is open again."""
    if state.status in ("snoozed", "waiting"):
        state.status = "open"


def _accept(result: Turn, event: Accept) -> None:
    state = result.state
    if not is_waiting(state):
        raise Conflict("somebody else has the conversation, or it does not wait any more")
    if state.offered_to not in (None, event.user_id):
        raise Conflict("somebody else is being asked about the conversation")


def _refuse(result: Turn, kind: str, at: datetime) -> None:
    """Whoever is asked does not take it: next, please."""
    state = result.state
    agent_id, kept = state.offered_to, state.desk or NOTHING
    if agent_id is not None and agent_id not in kept.refused:
        kept = replace(kept, refused=(*kept.refused, agent_id))
    state.desk = replace(kept, refused_until=at + REFUSAL)
    state.offered_to = state.offered_until = None
    _count(result, kind, at, agent_id=agent_id)


def _give_back(result: Turn, event: GiveBack) -> None:
    state = result.state
    if state.offered_to == event.user_id:
        _refuse(result, "timed_out", event.at)
        return
    unanswered = is_unanswered(state.last_direction, state.desk)
    if state.assignee_id != event.user_id or state.status != "open" or not unanswered:
        raise Conflict("there is nothing unanswered of this agent here")
    back_in_queue(result, event.why)


def _fire(result: Turn, at: datetime, queues: Queues) -> None:
    """Everything that is due, in the order in which it would have come; raises Conflict when nothing is."""
    state = result.state
    if state.due_at is None or state.due_at > at:
        raise Conflict("nothing is due")
    if state.offered_until is not None and state.offered_until <= at:
        _refuse(result, "timed_out", at)
    kept = state.desk or NOTHING
    if state.status == "snoozed" and kept.snoozed_until is not None and kept.snoozed_until <= at:
        _rouse(result, at)
    for name in service_level.missed(kept, at):
        _breach(result, name, at, queues)
    _overflow(result, at, queues)


def _rouse(result: Turn, at: datetime) -> None:
    """What slept is somebody's turn again, as if the contact had just written."""
    state = result.state
    state.status = "open"
    state.unread = max(state.unread, 1)
    state.desk = replace(state.desk or NOTHING, woken_at=at)
    result.happened.append(Happened("woken", {}))


def _breach(result: Turn, name: str, at: datetime, queues: Queues) -> None:
    """What a missed target does, once. It moves to the queue that is named for it or, while that is closed, to where that
    one overflows to; with all of them closed it stays.
    """
    state = result.state
    state.desk = service_level.breach(state.desk or NOTHING, name)
    rules = _settings(state, queues).breach
    _count(result, "breached", at, agent_id=state.assignee_id, detail=name)
    result.happened.append(Happened("breached", {"target": name}))
    if rules.raise_priority:
        state.priority = min(state.priority + 1, URGENT)
    if rules.webhook_id is not None:
        result.effects.append(CallWebhook(rules.webhook_id, "conversation.breached", {"target": name}))
    if rules.notify:
        result.notices.append({"type": "conversation.breached", "target": name})
    target = _open_one(_chain(rules.queue_id, {state.queue_id}, queues), queues, at)
    if target is not None:
        if state.status == "snoozed":  # its new queue would not see it asleep
            _rouse(result, at)
        state.queue_id, state.assignee_id = target, None
        state.reason = f"missed its target: {name.replace('_', ' ')}"


def _overflow(result: Turn, at: datetime, queues: Queues) -> None:
    """On to the next queue of the chain that is open, unless it has been there: a chain that is a ring ends where it began.
    While all of them are closed it stays, and goes on when the first opens.
    """
    state = result.state
    kept, rule = state.desk or NOTHING, _settings(state, queues).overflow
    if kept.overflow_at is None or kept.overflow_at > at:
        return
    state.desk = kept = replace(kept, overflow_at=None)
    if not is_waiting(state) or state.queue_id is None or rule is None or rule.queue_id in kept.visited:
        return
    chain = _chain(rule.queue_id, {state.queue_id, *kept.visited}, queues)
    target = _open_one(chain, queues, at)
    if target is None:
        opens = [hours.next_open(at) for each in chain if (hours := queues[each].hours) is not None]
        state.desk = replace(
            kept, overflow_at=min((each for each in opens if each is not None), default=None)
        )
        return
    state.desk = replace(kept, visited=(*kept.visited, state.queue_id))
    state.queue_id = target
    state.reason = f"overflow: nobody took it within {rule.wait_s} s"


def _chain(first: UUID | None, been: set[UUID | None], queues: Queues) -> list[UUID]:
    """`first` and the queues that one after the other overflow to, each once and none of those where it has been."""
    found: list[UUID] = []
    while first is not None and first not in been.union(found):
        found.append(first)
        rule = queues.get(first, PLAIN).overflow
        first = None if rule is None else rule.queue_id
    return found


def _open_one(chain: Sequence[UUID], queues: Queues, at: datetime) -> UUID | None:
    """The first queue that works now."""
    return next((each for each in chain if is_open(queues.get(each, PLAIN).hours, at)), None)


def follow(before: Conversation, result: Turn, event: Event, queues: Queues) -> None:
    """Keep waits, offers, clocks and counts in step with what the turn changed. Raises Conflict for a turn that would
    leave the conversation with nobody and in no queue.
    """
    state, at = result.state, event.at
    passing.keep(state, event)
    waits, waited = is_waiting(state), is_waiting(before)
    if before.assignee_id is not None and waits and state.queue_id is None:
        raise Conflict("the conversation has no queue to go back to")
    moved = state.queue_id != before.queue_id
    if not waits:
        state.waiting_since = None
    elif not waited:
        # Who had somebody and lost them has waited since they wrote, or since it was their turn again.
        given_back = before.assignee_id is not None and before.status == "open"
        turns = (state.last_inbound_at, (state.desk or NOTHING).woken_at) if given_back else ()
        state.waiting_since = max((each for each in turns if each is not None), default=at)
    if not waits or (moved and waited):
        state.offered_to = state.offered_until = None
    managed = state.queue_id in queues or before.queue_id in queues
    if managed or state.desk is not None or isinstance(event, Accept):
        _keep(before, result, event, queues, managed)
    state.due_at = _due(state)


def _keep(before: Conversation, result: Turn, event: Event, queues: Queues, managed: bool) -> None:
    """The counts and the desk's memory of a conversation whose queue has settings."""
    state, at = result.state, event.at
    kept = state.desk or NOTHING
    opened = state.status in UNDER_WAY and before.status not in UNDER_WAY
    if opened:
        kept = replace(NOTHING, last_agent=kept.last_agent, asked_at=kept.asked_at)
        if isinstance(event, Inbound) and managed:
            _after_hours(result, event, queues)
    if isinstance(event, Transfer):
        kept = replace(kept, visited=())
    if state.status != "open" or isinstance(event, AgentReply | Talk):
        kept = replace(kept, woken_at=None)
    settings = _settings(state, queues)
    entered = _moves(before, result, event)
    if entered:
        if before.queue_id != state.queue_id or opened:
            kept = replace(kept, refused=(), refused_until=None)
        kept = replace(kept, overflow_at=_overflow_at(kept, settings, at))
    if state.assignee_id is not None and state.assignee_id != before.assignee_id:
        kept = replace(kept, last_agent=state.assignee_id, overflow_at=None, refused=(), refused_until=None)
    state.desk = _clocks(before, result, event, kept, settings if managed else PLAIN, opened)


def _clocks(
    before: Conversation, result: Turn, event: Event, kept: Handling, settings: QueueSettings, opened: bool
) -> Handling:
    state, at = result.state, event.at
    if state.status == "closed":
        if isinstance(event, Close | PassToFlow):
            wrap_up = event.wrap_up if isinstance(event, Close) else None
            kept = replace(kept, wrap_up=wrap_up)
            seconds = (at - before.opened_at).total_seconds() if before.opened_at else None
            _count(result, "closed", at, agent_id=before.assignee_id, seconds=seconds, detail=wrap_up)
        return service_level.stop(kept)
    if state.status not in UNDER_WAY:
        return kept
    if opened or kept.started_at is None:
        kept = service_level.start(kept, settings, state.priority, at)
        if isinstance(event, AgentReply | Talk):
            kept = service_level.responded(kept)
    elif isinstance(event, AgentReply | Talk) and not kept.responded:
        seconds = (at - kept.started_at).total_seconds()
        was = service_level.answer_was(kept, at)
        _count(result, "answered", at, agent_id=event.user_id, seconds=seconds, detail=was)
        kept = service_level.responded(kept)
    if state.status == "waiting":
        return service_level.pause(kept, settings, at)
    kept = service_level.resume(kept, settings, at)
    if state.priority != before.priority or (state.queue_id != before.queue_id and not opened):
        kept = service_level.aim(kept, settings, state.priority, at)
    return kept if state.status == "snoozed" else replace(kept, snoozed_until=None)


def _moves(before: Conversation, result: Turn, event: Event) -> bool:
    """Count what left and what entered a queue. True when it waits in a place where it did not wait before."""
    state, at = result.state, event.at
    waits, waited, moved = is_waiting(state), is_waiting(before), state.queue_id != before.queue_id
    seconds = (at - before.waiting_since).total_seconds() if before.waiting_since is not None else None
    if state.assignee_id is not None and state.assignee_id != before.assignee_id:
        kind = "accepted" if isinstance(event, Accept) else "assigned"
        _count(result, kind, at, agent_id=state.assignee_id, seconds=seconds)
    elif waited and (not waits or moved):
        result.moved.append(Moved("left", at, before.queue_id, None, seconds))
    entered = waits and (not waited or moved)
    if entered:
        _count(result, "entered", at)
    return entered


def _after_hours(result: Turn, event: Inbound, queues: Queues) -> None:
    """A closed queue hands what comes to one that is open, or says when it is not."""
    state, settings = result.state, _settings(result.state, queues)
    if not is_waiting(state) or is_open(settings.hours, event.at):
        return
    rules = settings.after_hours
    other = queues.get(rules.queue_id, PLAIN) if rules.queue_id is not None else None
    if other is not None and is_open(other.hours, event.at):
        state.queue_id = rules.queue_id
        state.reason += "; outside business hours"
    elif rules.text:
        result.effects.append(SendMessage(rules.text, event.channel_id, event.address, "system"))


def _overflow_at(kept: Handling, settings: QueueSettings, at: datetime) -> datetime | None:
    rule = settings.overflow
    if rule is None or rule.queue_id in kept.visited:
        return None
    return at + timedelta(seconds=rule.wait_s)


def _due(state: Conversation) -> datetime | None:
    """When the conversation next wants a `Due`."""
    kept = state.desk
    found = [state.offered_until]
    if kept is not None:
        found += [kept.respond_by, kept.resolve_by]
        found.append(kept.overflow_at if is_waiting(state) else None)
        found.append(kept.snoozed_until if state.status == "snoozed" else None)
    return min((each for each in found if each is not None), default=None)


def _settings(state: Conversation, queues: Queues) -> QueueSettings:
    return PLAIN if state.queue_id is None else queues.get(state.queue_id, PLAIN)


def _count(
    result: Turn,
    kind: str,
    at: datetime,
    *,
    agent_id: UUID | None = None,
    seconds: float | None = None,
    detail: str | None = None,
) -> None:
    result.moved.append(Moved(kind, at, result.state.queue_id, agent_id, seconds, detail))
