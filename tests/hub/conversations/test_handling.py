"""The desk: who is asked, who has it, clocks that run and stand still. Every step is a turn."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.channels.content import Media
from hub.conversations.desk import (
    Accept,
    Decline,
    Due,
    GiveBack,
    Handling,
    Offer,
    SetPriority,
    Snooze,
    Talk,
    WaitForContact,
)
from hub.conversations.memo import HandedOn
from hub.conversations.state import (
    AgentReply,
    Assign,
    Close,
    Conversation,
    Inbound,
    PassToFlow,
    Reopen,
    SendMessage,
    Transfer,
    Turn,
    Understood,
)
from hub.conversations.turn import turn
from hub.errors import Conflict
from hub.routing.queue import Queues, QueueSettings
from tests.hub.routing.rules import intent, queue, rule, table

CARE, SALES, SPARE = (UUID(int=number) for number in (1, 2, 3))
ANN, BOB = UUID(int=11), UUID(int=12)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
TABLE = table([rule(90, [intent("buy")], queue(SALES))], fallback_queue_id=CARE)


def queues(**settings: Any) -> Queues:
    return {CARE: QueueSettings.model_validate(settings)}


class Story:
    """One conversation through time: each step is `minutes` after noon."""

    def __init__(self, settings: Queues) -> None:
        self.queues = settings
        self.state = Conversation(UUID(int=7), UUID(int=8))
        self.last = Turn(self.state)
        self.counted: list[tuple[str, UUID | None]] = []

    def turn(self, event: Any, intent: str | None = None) -> Turn:
        before = self.state.copy()
        self.last = turn(self.state, event, TABLE, Understood(intent, 0.9, None), 0.3, queues=self.queues)
        assert self.state == before, "a turn never changes its state"
        self.state = self.last.state
        self.counted += [(moved.kind, moved.queue_id) for moved in self.last.moved]
        kept = self.state.desk
        written = None if kept is None else orjson.loads(orjson.dumps(kept.to_json(), default=str))
        assert (Handling.from_json(written) or Handling()) == (kept or Handling()), "it survives the database"
        if self.state.status in ("open", "snoozed", "waiting"):
            assert self.state.queue_id or self.state.assignee_id
        return self.last

    def write(self, minutes: float = 0, intent: str | None = None) -> Turn:
        event = Inbound(UUID(int=20), "k", UUID(int=21), "sms", "+15550001", "hello", "p", at(minutes))
        return self.turn(event, intent)

    def reply(self, minutes: float, agent: UUID = ANN) -> Turn:
        return self.turn(AgentReply(UUID(int=30), agent, "Hi", at(minutes)))

    def offer(self, minutes: float, agent: UUID = ANN) -> Turn:
        return self.turn(Offer(agent, at(minutes + 0.5), at(minutes)))

    def due(self) -> Turn:
        assert self.state.due_at is not None
        return self.turn(Due(self.state.due_at))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def refused(story: Story, event: Any) -> None:
    with pytest.raises(Conflict):
        turn(story.state, event, TABLE, Understood(None, 0.0, None), 0.3, queues=story.queues)


# --- offers ---------------------------------------------------------------------------------------------------------


def test_an_offer_is_taken_once() -> None:
    story = Story(queues())
    story.write()
    story.offer(1)
    assert (story.state.offered_to, story.state.due_at) == (ANN, at(1.5))
    refused(story, Offer(BOB, at(2), at(1)))
    refused(story, Accept(BOB, at(1.1)))
    story.turn(Accept(ANN, at(1.1), "Ann", "user:ann"))
    assert (story.state.assignee_id, story.state.offered_to, story.state.due_at) == (ANN, None, None)
    assert story.state.waiting_since is None
    refused(story, Accept(BOB, at(1.1)))
    refused(story, Accept(ANN, at(1.1)))
    assert [kind for kind, _ in story.counted] == ["entered", "offered", "accepted"]
    assert story.last.moved[-1].seconds == pytest.approx(66)


def test_what_nobody_is_asked_about_can_be_taken() -> None:
    story = Story(queues())
    story.write()
    story.turn(Accept(BOB, at(1)))
    assert story.state.assignee_id == BOB


def test_an_offer_that_is_not_taken_goes_back_and_the_next_is_asked() -> None:
    story = Story(queues())
    story.write()
    story.offer(1)
    refused(story, Due(at(1.4)))
    story.due()
    assert (story.state.offered_to, story.state.waiting_since) == (None, NOON), "it keeps its place"
    assert story.state.desk is not None
    assert story.state.desk.refused == (ANN,)
    refused(story, Decline(ANN, at(2)))
    story.offer(2, BOB)
    story.turn(Decline(BOB, at(2.1)))
    assert story.state.desk is not None
    assert story.state.desk.refused == (ANN, BOB)
    assert [kind for kind, _ in story.counted] == ["entered", "offered", "timed_out", "offered", "declined"]


def test_the_first_of_two_with_the_same_thought_wins() -> None:
    """Both turns are taken at the same version: the second is refused once it sees what the first did."""
    story = Story(queues())
    story.write()
    story.turn(Accept(ANN, at(1)))
    refused(story, Accept(BOB, at(1)))
    assert story.state.assignee_id == ANN


# --- agents who go --------------------------------------------------------------------------------------------------


def test_what_an_agent_did_not_answer_goes_back_and_what_they_answered_stays() -> None:
    story = Story(queues())
    story.write()
    story.turn(Accept(ANN, at(1)))
    refused(story, GiveBack(BOB, at(2), "away"))
    story.turn(GiveBack(ANN, at(5), "Ann is away"))
    assert (story.state.assignee_id, story.state.queue_id, story.state.waiting_since) == (None, CARE, NOON)
    story.turn(Accept(BOB, at(6)))
    story.reply(7, BOB)
    refused(story, GiveBack(BOB, at(8), "away"))
    story.write(9)
    story.turn(GiveBack(BOB, at(10), "away"))
    assert story.state.assignee_id is None
    assert story.state.waiting_since == at(9), "since they wrote"


def test_an_offer_to_an_agent_who_goes_is_over() -> None:
    story = Story(queues())
    story.write()
    story.offer(1)
    story.turn(GiveBack(ANN, at(1.1), "gone"))
    assert (story.state.offered_to, story.state.due_at) == (None, None)


def test_nobody_gives_back_what_has_no_queue() -> None:
    bare = table([], fallback_queue_id=None)
    state = turn(
        Conversation(UUID(int=7), UUID(int=8)),
        Inbound(UUID(int=20), "k", UUID(int=21), "sms", "+1", "hello", "p", NOON),
        bare,
    ).state
    state = turn(state, Assign(ANN, at(1)), bare).state
    with pytest.raises(Conflict):
        turn(state, Assign(None, at(2)), bare)


# --- overflow -------------------------------------------------------------------------------------------------------


def test_a_ring_of_overflows_ends_where_it_began() -> None:
    ring = {
        CARE: {"overflow": {"wait_s": 60, "queue_id": SALES}},
        SALES: {"overflow": {"wait_s": 60, "queue_id": SPARE}},
        SPARE: {"overflow": {"wait_s": 60, "queue_id": CARE}},
    }
    story = Story({queue: QueueSettings.model_validate(settings) for queue, settings in ring.items()})
    story.write()
    story.due()
    assert (story.state.queue_id, story.state.due_at) == (SALES, at(2))
    story.due()
    assert (story.state.queue_id, story.state.due_at) == (SPARE, None)
    assert story.state.waiting_since == NOON, "who is passed on does not queue again"
    entered = [queue for kind, queue in story.counted if kind == "entered"]
    assert entered == [CARE, SALES, SPARE]


def test_nothing_overflows_that_somebody_has_or_whose_rule_went() -> None:
    rule = {"overflow": {"wait_s": 60, "queue_id": SALES}}
    story = Story(queues(**rule))
    story.write()
    story.turn(Accept(ANN, at(0.5)))
    assert story.state.due_at is None
    other = Story(queues(**rule))
    other.write()
    other.queues = queues()
    other.due()
    assert (other.state.queue_id, other.state.due_at) == (CARE, None)


# --- service levels -------------------------------------------------------------------------------------------------

LEVELS: dict[str, Any] = {
    "normal": {"first_response_s": 600, "resolution_s": 3600},
    "high": {"first_response_s": 300, "resolution_s": 1800},
}


def test_the_first_answer_stops_the_first_clock_and_closing_the_other() -> None:
    story = Story(queues(service_levels=LEVELS))
    story.write()
    assert story.state.due_at == at(10)
    story.reply(4)
    assert story.state.due_at == at(60)
    assert [(moved.seconds, moved.detail) for moved in story.last.moved if moved.kind == "answered"] == [
        (240, "in_time")
    ]
    story.turn(Close(at(20), "user:ann", "solved"))
    assert story.state.due_at is None
    assert story.state.desk is not None
    assert story.state.desk.wrap_up == "solved"
    story.turn(Reopen(at(30)))
    assert story.state.due_at == at(40), "a new beginning"


def test_a_breach_does_something_once() -> None:
    rules = {"service_levels": LEVELS, "breach": {"queue_id": str(SALES), "raise_priority": True}}
    story = Story(queues(**rules))
    story.write()
    story.turn(Accept(ANN, at(1)))
    story.due()
    assert (story.state.priority, story.state.queue_id, story.state.assignee_id) == (1, SALES, None)
    assert story.last.notices == [{"type": "conversation.breached", "target": "first_response"}]
    assert story.state.desk is not None
    assert story.state.desk.breached == ("first_response",)
    assert ("breached", CARE) in story.counted
    while story.state.due_at is not None:
        story.due()
    assert [kind for kind, _ in story.counted].count("breached") <= 2


def test_the_clocks_stand_still_while_the_contact_is_waited_for() -> None:
    story = Story(queues(service_levels=LEVELS))
    story.write()
    story.reply(5)
    story.turn(WaitForContact(at(10), "user:ann"))
    assert (story.state.status, story.state.due_at) == ("waiting", None)
    story.write(500)
    assert (story.state.status, story.state.due_at) == ("open", at(550)), "50 minutes were left"
    assert story.state.assignee_id == ANN


def test_clocks_run_in_business_time() -> None:
    hours = {
        "time_zone": "UTC",
        "week": {
            "monday": [{"start": "09:00", "end": "12:30"}],
            "tuesday": [{"start": "09:00", "end": "17:00"}],
        },
    }
    story = Story(queues(service_levels=LEVELS, hours=hours))
    story.write()
    assert story.state.desk is not None
    assert story.state.desk.resolve_by == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_another_priority_has_other_targets_counted_from_the_start() -> None:
    story = Story(queues(service_levels=LEVELS))
    story.write()
    story.turn(SetPriority(1, at(2), "user:ann"))
    assert (story.state.priority, story.state.due_at) == (1, at(5))
    story.turn(SetPriority(2, at(3)))
    assert story.state.due_at == at(10), "urgent has none of its own: those of normal"


def test_one_late_timer_fires_once_after_an_outage() -> None:
    story = Story(queues(service_levels=LEVELS, overflow={"wait_s": 60, "queue_id": str(SALES)}))
    story.write()
    story.offer(0.1)
    story.turn(Due(at(1000)))
    assert (story.state.queue_id, story.state.offered_to) == (SALES, None)
    assert [kind for kind, _ in story.counted].count("timed_out") == 1
    assert [kind for kind, _ in story.counted].count("breached") == 2
    refused(story, Due(at(1000)))


# --- states ---------------------------------------------------------------------------------------------------------


def test_a_snoozed_conversation_wakes_by_time_and_by_the_contact() -> None:
    story = Story(queues())
    story.write()
    story.turn(Snooze(at(60), at(1), "user:ann"))
    assert (story.state.status, story.state.due_at) == ("snoozed", at(60))
    story.due()
    assert (story.state.status, story.state.due_at, story.state.waiting_since) == ("open", None, at(60))
    story.turn(Snooze(at(120), at(61)))
    story.write(70)
    assert (story.state.status, story.state.due_at, story.state.queue_id) == ("open", None, CARE)
    refused(story, Snooze(at(60), at(70)))
    refused(story, Snooze(at(70) + timedelta(days=91), at(70)))


def test_what_wakes_is_unanswered_until_somebody_answers() -> None:
    story = Story(queues())
    story.write()
    story.turn(Accept(ANN, at(1)))
    story.reply(2)
    story.turn(Snooze(at(60), at(3)))
    refused(story, GiveBack(ANN, at(4), "Ann is not at work"))
    story.due()
    assert story.state.assignee_id == ANN
    story.turn(GiveBack(ANN, at(61), "Ann is not at work"))
    assert (story.state.assignee_id, story.state.waiting_since) == (None, at(60)), "not since they wrote"
    story.turn(Accept(BOB, at(62)))
    story.turn(GiveBack(BOB, at(63), "Bob is not at work"))
    story.turn(Accept(ANN, at(64)))
    story.reply(65)
    refused(story, GiveBack(ANN, at(66), "Ann is not at work"))


def test_a_breach_that_moves_it_wakes_what_sleeps() -> None:
    story = Story(queues(service_levels=LEVELS, breach={"queue_id": str(SALES)}))
    story.write()
    story.turn(Accept(ANN, at(1)))
    story.reply(2)
    story.turn(Snooze(at(600), at(3)))
    story.due()
    assert (story.state.status, story.state.queue_id, story.state.assignee_id) == ("open", SALES, None)
    assert (story.state.waiting_since, story.state.due_at) == (at(60), None)
    assert "woken" in [each.kind for each in story.last.happened]
    staying = Story(queues(service_levels=LEVELS))
    staying.write()
    staying.turn(Accept(ANN, at(1)))
    staying.reply(2)
    staying.turn(Snooze(at(600), at(3)))
    staying.due()
    assert (staying.state.status, staying.state.assignee_id, staying.state.due_at) == (
        "snoozed",
        ANN,
        at(600),
    )


@pytest.mark.parametrize("rest", [Snooze(at(60), at(2)), WaitForContact(at(2))])
def test_what_rests_can_be_answered_passed_on_and_closed(rest: Any) -> None:
    for event, status in (
        (AgentReply(UUID(int=30), ANN, "Hi", at(3)), "open"),
        (Transfer(SALES, "Sales", at(3)), "open"),
        (Assign(BOB, at(3)), "open"),
        (Reopen(at(3)), "open"),
        (Close(at(3)), "closed"),
    ):
        story = Story(queues())
        story.write()
        story.turn(rest)
        story.turn(event)
        assert (story.state.status, story.state.due_at) == (status, None)


def test_only_what_is_under_way_can_be_handled() -> None:
    story = Story(queues())
    for event in (
        Snooze(at(9), at(1)),
        WaitForContact(at(1)),
        SetPriority(1, at(1)),
        Offer(ANN, at(2), at(1)),
        Accept(ANN, at(1)),
    ):
        refused(story, event)


# --- closed queues --------------------------------------------------------------------------------------------------

SUNDAYS = {"time_zone": "UTC", "week": {"sunday": [{"start": "09:00", "end": "10:00"}]}}


def test_a_closed_queue_says_so_once() -> None:
    story = Story(queues(hours=SUNDAYS, after_hours={"text": "We open on Sunday."}))
    texts = [effect.text for effect in story.write().effects if isinstance(effect, SendMessage)]
    assert texts == ["We open on Sunday."]
    assert story.write(1).effects == []
    assert story.state.queue_id == CARE


def test_a_closed_queue_hands_over_to_one_that_is_open() -> None:
    after = {"queue_id": str(SALES), "text": "We open on Sunday."}
    story = Story({**queues(hours=SUNDAYS, after_hours=after), SALES: QueueSettings()})
    assert story.write().effects == []
    assert story.state.queue_id == SALES
    both = Story(
        {**queues(hours=SUNDAYS, after_hours=after), SALES: QueueSettings.model_validate({"hours": SUNDAYS})}
    )
    assert len(both.write().effects) == 1
    assert both.state.queue_id == CARE, "nobody works: it waits where it is"


def test_overflow_passes_over_queues_that_are_closed() -> None:
    settings = {
        CARE: {"overflow": {"wait_s": 60, "queue_id": SALES}},
        SALES: {"hours": SUNDAYS, "overflow": {"wait_s": 60, "queue_id": SPARE}},
    }
    story = Story({key: QueueSettings.model_validate(each) for key, each in settings.items()})
    story.write()
    story.due()
    assert (story.state.queue_id, story.state.due_at) == (SPARE, None)


def test_overflow_waits_while_all_it_leads_to_is_closed() -> None:
    mondays = {"time_zone": "UTC", "week": {"monday": [{"start": "14:00", "end": "15:00"}]}}
    settings = {
        CARE: {"overflow": {"wait_s": 60, "queue_id": SALES}},
        SALES: {"hours": SUNDAYS, "overflow": {"wait_s": 60, "queue_id": SPARE}},
        SPARE: {"hours": mondays, "overflow": {"wait_s": 60, "queue_id": CARE}},
    }
    story = Story({key: QueueSettings.model_validate(each) for key, each in settings.items()})
    story.write()
    story.due()
    assert (story.state.queue_id, story.state.due_at) == (CARE, at(120)), "until the first of them opens"
    story.due()
    assert (story.state.queue_id, story.state.due_at) == (SPARE, None)
    assert story.state.waiting_since == NOON


def test_a_breach_leads_to_no_queue_that_is_closed() -> None:
    rules: dict[str, Any] = {"service_levels": LEVELS, "breach": {"queue_id": str(SALES)}}
    closed = {"hours": SUNDAYS, "overflow": {"wait_s": 60, "queue_id": SPARE}}
    story = Story({**queues(**rules), SALES: QueueSettings.model_validate(closed)})
    story.write()
    story.turn(Accept(ANN, at(1)))
    story.due()
    assert (story.state.queue_id, story.state.assignee_id) == (SPARE, None)
    nowhere = {"hours": SUNDAYS}
    other = Story({**queues(**rules), SALES: QueueSettings.model_validate(nowhere)})
    other.write()
    other.turn(Accept(ANN, at(1)))
    other.due()
    assert (other.state.queue_id, other.state.assignee_id, other.state.priority) == (CARE, ANN, 1)


def test_a_queue_without_settings_counts_nothing_and_runs_no_clock() -> None:
    story = Story({})
    story.write()
    story.reply(5)
    story.turn(Close(at(9)))
    assert (story.counted, story.state.desk, story.state.due_at) == ([], None, None)


def test_settings_read_back_what_was_written() -> None:
    made = QueueSettings.model_validate({"hours": SUNDAYS, "service_levels": LEVELS, "skills": {"german": 3}})
    assert QueueSettings.model_validate(json.loads(made.model_dump_json())) == made


def test_a_note_for_whoever_gets_it_stays_until_they_have_acted() -> None:
    state = Conversation(
        UUID(int=1), UUID(int=2), status="open", queue_id=CARE, address="+1", channel_id=SPARE
    )
    passed = turn(state, Transfer(SALES, "Sales", NOON, "user:1", "asked twice"), TABLE).state
    assert passed.memo.handed_on == HandedOn("asked twice", "user:1", NOON)
    for event in (AgentReply(UUID(int=9), BOB, "Hi", NOON), Close(NOON), Assign(BOB, NOON, "Bob")):
        assert turn(passed, event, TABLE).state.memo.handed_on is None
    assert turn(passed, Assign(BOB, NOON, "Bob", "user:1", "now you"), TABLE).state.memo.handed_on is not None


def test_who_talks_with_the_contact_has_answered() -> None:
    """A call at the desk: the first clock stops, nothing is unread, and it does not go back when the agent leaves."""
    story = Story(queues(service_levels=LEVELS))
    story.write()
    story.turn(Accept(ANN, at(1)))
    story.turn(Talk(ANN, at(2)))
    assert [(moved.seconds, moved.detail) for moved in story.last.moved if moved.kind == "answered"] == [
        (120, "in_time")
    ]
    assert (story.state.unread, story.state.last_direction, story.state.due_at) == (0, "out", at(60))
    refused(story, GiveBack(ANN, at(3), "gone"))
    story.turn(Close(at(4), "user:ann"))
    refused(story, Talk(ANN, at(5)))


def test_who_is_passed_into_a_flow_is_done_with_and_counted_as_closed() -> None:
    story = Story(queues(service_levels=LEVELS))
    story.write()
    flow_id = next(iter(TABLE.book.flows))
    story.turn(PassToFlow(UUID(int=40), flow_id, "Hours", at(20), "user:ann", "was kind"))
    assert (story.state.status, story.state.due_at) == ("closed", None)
    assert [ran.status for ran in story.last.ran] == ["ended"], "it says one thing and is over"
    assert ("closed", CARE) in story.counted
    assert story.state.memo.handed_on is not None
    refused(story, PassToFlow(UUID(int=41), flow_id, "Hours", at(21)))
    story.turn(Reopen(at(30)))
    refused(story, PassToFlow(UUID(int=42), UUID(int=99), "None", at(31)))


def test_an_answer_may_be_more_than_a_text() -> None:
    picture = Media(media="image", media_id="med_1", caption="Your receipt")
    state = Conversation(
        UUID(int=1), UUID(int=2), status="open", queue_id=CARE, address="+1", channel_id=SPARE
    )
    result = turn(state, AgentReply(UUID(int=9), BOB, "Your receipt", NOON, content=picture), TABLE)
    (sent,) = result.effects
    assert isinstance(sent, SendMessage)
    assert (sent.content, result.state.last_text) == (picture, "Your receipt")
