"""One turn of a conversation: state and event to state and effects, as tables. Nothing here touches a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.compliance.keywords import Command, ExtraWord, confirmation, extra_words
from hub.conversations.state import (
    LAST_TEXT_CHARS_MAX,
    AgentReply,
    Assign,
    Close,
    Conversation,
    Effect,
    Event,
    FlowInput,
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
from hub.conversations.turn import NOTHING_UNDERSTOOD, RecordMissing, may_route, needs_classifier, turn
from hub.errors import Conflict
from hub.flows.definition import read
from hub.flows.inputs import TimeUp
from hub.flows.inside import Inside
from hub.flows.session import Session
from hub.ids import encode_id
from hub.routing.compiled import Targets
from hub.routing.fields import NO_RECORD, Record
from hub.routing.loading import compile_all
from hub.routing.rule import Rule, Standing
from hub.routing.table import RoutingTable
from tests.hub.routing.rules import CATALOG, asks, intent, keyword, queue, rule

TENANT, CONTACT, SMS, OTHER_LINE = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ORDERS, CARE, GENERAL = UUID(int=11), UUID(int=12), UUID(int=13)
SURVEY, HOURS, LOOP, VERSION, SORT = UUID(int=21), UUID(int=22), UUID(int=23), UUID(int=24), UUID(int=25)
ANN, BOB = UUID(int=31), UUID(int=32)
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NUMBER = "+15550001"

FLOWS = {
    SURVEY: {
        "start": "answer",
        "nodes": {
            "answer": {"type": "wait_for_reply", "choices": {"yes": ["yes", "y"], "no": ["no"]}},
            "thank": {"type": "send", "text": "Thank you"},
            "tag": {"type": "tag", "tag": "interested"},
            "people": {"type": "hand_over", "queue": "care"},
            "rules": {"type": "hand_over"},
        },
        "edges": [
            {"source": "answer", "port": "yes", "target": "thank"},
            {"source": "thank", "port": "next", "target": "tag"},
            {"source": "answer", "port": "no", "target": "people"},
            {"source": "answer", "port": "other", "target": "rules"},
        ],
    },
    HOURS: {"start": "say", "nodes": {"say": {"type": "send", "text": "9 to 19"}}},
    LOOP: {
        "start": "a",
        "nodes": {"a": {"type": "tag", "tag": "t"}},
        "edges": [{"source": "a", "port": "next", "target": "a"}],
    },
    SORT: {
        "spec_version": 2,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "wait", "type": "wait", "data": {"duration": {"amount": 2, "unit": "hours"}}},
            {"id": "sort", "type": "intent", "data": {"intents": [{"intent": "order_status"}]}},
            {"id": "tag", "type": "tag", "data": {"tag": "asks"}},
        ],
        "edges": [
            {"source": "start", "target": "wait"},
            {"source": "wait", "target": "sort"},
            {"source": "sort", "port": "order_status", "target": "tag"},
        ],
    },
}


def confidence(operator: str, value: float) -> dict[str, Any]:
    return asks("message.confidence", operator, value)


def answer(text: str) -> dict[str, Any]:
    return {"type": "answer", "text": text}


RULES = [
    rule(101, [keyword("hours")], {"type": "flow", "flow_id": HOURS}),
    rule(102, [keyword("round and round")], {"type": "flow", "flow_id": LOOP}),
    rule(103, [keyword("agent")], queue(CARE, 1)),
    rule(105, [intent("order_status"), confidence(">=", 0.5)], queue(ORDERS)),
    rule(107, [keyword("bob")], {"type": "agent", "user_id": BOB}),
    rule(108, [keyword("bye")], {"type": "tag", "tag": "left"}, {"type": "close"}),
    rule(109, [keyword("hello")], answer("Hello {{ first_name }}, we know {{ phone }}"), queue(CARE)),
    rule(110, [keyword("city")], answer("Greetings to {{ city }}"), queue(CARE)),
]


def build(version: UUID | None = VERSION, rules: Sequence[Rule] = RULES) -> RoutingTable:
    queues = {ORDERS: "Orders", CARE: "Care", GENERAL: "General"}
    flows = {key: read(value) for key, value in FLOWS.items()}
    targets = Targets(queues, {key: str(key) for key in flows}, {BOB: "Bob"})
    placed = compile_all([Standing(rule=each) for each in rules], CATALOG, targets)
    return RoutingTable(
        "Acme",
        [each.active for each in placed if each.active],
        queues,
        flows,
        GENERAL,
        version,
        users=targets.users,
    )


TABLE = build()
SURE = Understood("order_status", 0.9, VERSION)
UNSURE = Understood("order_status", 0.4, VERSION)


def conversation(**changes: Any) -> Conversation:
    return replace(Conversation(TENANT, CONTACT), **changes)


def opened(**changes: Any) -> Conversation:
    values = {
        "status": "open",
        "queue_id": CARE,
        "reason": "old reason",
        "channel_id": SMS,
        "address": NUMBER,
    }
    return conversation(**(values | {"opened_at": NOW - timedelta(hours=1)} | changes))


def waiting(node: str = "answer", flow: UUID = SURVEY) -> Conversation:
    return conversation(sessions=(Inside(UUID(int=77), Session(flow.hex, node, {}, "c")),))


def inbound(text: str, **changes: Any) -> Inbound:
    return Inbound(UUID(int=50), "in:1", SMS, "sms", NUMBER, text, "SM1", NOW)._replace(**changes)


def run(state: Conversation, event: Event, understood: Understood = NOTHING_UNDERSTOOD) -> Turn:
    before = replace(state)
    result = turn(state, event, TABLE, understood, floor=0.35, record=NO_RECORD)
    assert state == before, "a turn never changes the state it was given"
    return result


def kinds(effects: Sequence[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


# --- what a text does -------------------------------------------------------------------------------------------

# (state, text, understood) → (status, queue, reason, unread, texts sent)
ROUTED: list[tuple[str, Conversation, str, Understood, tuple[Any, ...]]] = [
    (
        "sure intent",
        conversation(),
        "where is it",
        SURE,
        ("open", ORDERS, "rule “r105” (intent order_status 0.90)", 1, []),
    ),
    (
        "low confidence",
        conversation(),
        "where is it",
        UNSURE,
        ("open", GENERAL, "no rule for intent order_status 0.40 → fallback", 1, []),
    ),
    (
        "no rule for the intent",
        conversation(),
        "hm",
        Understood("gossip", 0.9, VERSION),
        ("open", GENERAL, "no rule for intent gossip 0.90 → fallback", 1, []),
    ),
    (
        "not classified",
        conversation(),
        "hm",
        NOTHING_UNDERSTOOD,
        ("open", GENERAL, "no rule matches → fallback", 1, []),
    ),
    ("keyword to a flow", conversation(), "HOURS!", NOTHING_UNDERSTOOD, ("idle", None, "", 0, ["9 to 19"])),
    (
        "keyword to a queue",
        conversation(),
        "agent",
        NOTHING_UNDERSTOOD,
        ("open", CARE, "rule “r103” (keyword agent)", 1, []),
    ),
    (
        "keyword whose flow never waits",
        conversation(),
        "round and round",
        SURE,
        (
            "open",
            ORDERS,
            "flow failed: more than 100 steps without waiting for the contact; rule “r105” (intent order_status 0.90)",
            1,
            [],
        ),
    ),
    (
        "closed opens again and is routed anew",
        opened(status="closed", closed_at=NOW, assignee_id=ANN, unread=0),
        "where",
        SURE,
        ("open", ORDERS, "rule “r105” (intent order_status 0.90)", 1, []),
    ),
    ("open keeps its queue", opened(unread=2), "where is it", SURE, ("open", CARE, "old reason", 3, [])),
    (
        "open: a keyword runs no flow",
        opened(),
        "hours",
        NOTHING_UNDERSTOOD,
        ("open", CARE, "old reason", 1, []),
    ),
    ("expected answer", waiting(), "Yes!", NOTHING_UNDERSTOOD, ("idle", None, "", 0, ["Thank you"])),
    (
        "answer that hands over to a queue",
        waiting(),
        "no",
        NOTHING_UNDERSTOOD,
        ("open", CARE, "flow handed over to care", 1, []),
    ),
    (
        "another answer, handed over to the rules",
        waiting(),
        "where is it",
        SURE,
        ("open", ORDERS, "flow handed over; rule “r105” (intent order_status 0.90)", 1, []),
    ),
    (
        "the flow is gone",
        waiting(flow=UUID(int=99)),
        "where is it",
        SURE,
        ("open", ORDERS, "rule “r105” (intent order_status 0.90)", 1, []),
    ),
    (
        "the flow's node is gone",
        waiting("old"),
        "where is it",
        UNSURE,
        (
            "open",
            GENERAL,
            "flow failed: the flow has no node 'old' any more; no rule for intent order_status 0.40 → fallback",
            1,
            [],
        ),
    ),
    (
        "flow beats keyword",
        waiting(),
        "hours",
        NOTHING_UNDERSTOOD,
        (
            "open",
            GENERAL,
            "flow handed over; no rule matches → fallback",
            1,
            [],
        ),
    ),
]


@pytest.mark.parametrize(
    ("state", "text", "understood", "then"), [case[1:] for case in ROUTED], ids=[c[0] for c in ROUTED]
)
def test_a_text_goes_where_it_belongs(
    state: Conversation, text: str, understood: Understood, then: tuple[Any, ...]
) -> None:
    result = run(state, inbound(text), understood)
    after = result.state
    sent = [effect.text for effect in result.effects if isinstance(effect, SendMessage)]
    assert (after.status, after.queue_id, after.reason, after.unread, sent) == then
    assert (after.last_text, after.last_direction, after.last_at) == (text, "in", NOW)
    assert (after.channel_id, after.address) == (SMS, NUMBER)
    assert (after.intent, after.confidence) == (
        understood.intent,
        understood.confidence if understood.intent else None,
    )
    assert result.routing is not None


def test_a_rule_whose_flow_is_gone_holds_no_message_back() -> None:
    lost = rule(104, [keyword("lost")], {"type": "flow", "flow_id": UUID(int=99)})
    after = turn(conversation(), inbound("lost"), build(rules=[lost, *RULES]), SURE, record=NO_RECORD).state
    assert (after.status, after.queue_id) == ("open", ORDERS), (
        "the text goes by its intent, as without the rule"
    )


def test_the_message_remembers_its_rule() -> None:
    result = run(conversation(), inbound("agent"))
    assert result.routing == {
        "rule": encode_id("rul", UUID(int=103)),
        "name": "r103",
        "reason": "rule “r103” (keyword agent)",
    }
    assert result.state.priority == 1


def test_a_rule_gives_a_conversation_to_a_person() -> None:
    result = run(conversation(), inbound("bob"))
    assert (result.state.status, result.state.assignee_id) == ("open", BOB)
    assert result.state.queue_id == GENERAL, "where it goes back to when the person is away"
    assert result.happened[-1].data["name"] == "Bob"


def test_a_rule_closes_and_tags() -> None:
    result = run(conversation(), inbound("bye"))
    assert (result.state.status, result.state.closed_at, result.state.unread) == ("closed", NOW, 0)
    assert result.effects == [TagContact("left")]
    assert [each.kind for each in result.happened] == ["tags", "closed"]


def known(**variables: str) -> Record:
    return Record(variables={"first_name": "Ann", **variables})


def test_a_rule_answers_with_what_is_known_of_the_contact() -> None:
    result = turn(conversation(), inbound("hello"), TABLE, record=known())
    (sent,) = result.effects
    assert isinstance(sent, SendMessage)
    assert (sent.text, sent.origin, sent.origin_id) == (
        f"Hello Ann, we know {NUMBER}",
        "rule",
        UUID(int=109),
    )
    assert (result.state.status, result.state.queue_id, result.state.last_direction) == ("open", CARE, "out")


def test_an_answer_that_cannot_be_filled_in_is_left_out_and_told() -> None:
    result = turn(conversation(), inbound("city"), TABLE, record=known())
    assert result.effects == []
    assert result.state.queue_id == CARE
    assert result.state.reason == (
        "rule “r110” (keyword city); the answer of “r110” was left out: 'city' is undefined"
    )
    assert kinds(turn(conversation(), inbound("city"), TABLE, record=known(city="Pune")).effects) == [
        "SendMessage"
    ]


# (state, text) → whether the contact's record is read before the turn
LIKELY = [
    (conversation(), "hi", True),
    (opened(), "hi", False),
    (opened(status="closed"), "hi", True),
    (waiting(), "yes", False),
    (waiting(), "what is this", True),
    (waiting(flow=UUID(int=99)), "yes", True),
]


@pytest.mark.parametrize(("state", "text", "likely"), LIKELY)
def test_rules_that_ask_about_contacts_say_when_the_record_is_missing(
    state: Conversation, text: str, likely: bool
) -> None:
    assert may_route(state, inbound(text), TABLE) is likely
    if likely:
        with pytest.raises(RecordMissing):
            turn(state, inbound(text), TABLE)
    else:
        assert turn(state, inbound(text), TABLE).routing is not None


def test_two_machines_do_not_answer_each_other_for_ever() -> None:
    first = turn(conversation(), inbound("hello"), TABLE, record=known()).state
    closed = replace(first, status="closed", closed_at=NOW)
    soon = turn(closed, inbound("hello", at=NOW + timedelta(seconds=59)), TABLE, record=known())
    later = turn(closed, inbound("hello", at=NOW + timedelta(seconds=60)), TABLE, record=known())
    assert (kinds(soon.effects), kinds(later.effects)) == ([], ["SendMessage"])


def test_who_has_an_open_conversation_keeps_it() -> None:
    after = run(opened(assignee_id=ANN), inbound("where is it"), SURE).state
    assert (after.assignee_id, after.queue_id, after.opened_at) == (ANN, CARE, NOW - timedelta(hours=1))


def test_the_intent_that_is_shown_stays_until_another_is_known() -> None:
    state = run(conversation(), inbound("where is it"), SURE).state
    after = run(state, inbound("hello?")).state
    assert (after.intent, after.confidence) == (SURE.intent, SURE.confidence)
    assert run(after, inbound("STOP")).state.intent == SURE.intent
    reopened = run(replace(after, status="closed"), inbound("hours")).state
    assert reopened.intent is None, "a new matter begins with nothing known"


def test_a_closed_one_that_opens_again_has_nobody_yet() -> None:
    after = run(opened(status="closed", closed_at=NOW, assignee_id=ANN), inbound("hi"), SURE).state
    assert (after.assignee_id, after.opened_at, after.closed_at) == (None, NOW, None)


def test_a_flow_that_answers_ends_its_session_and_tags() -> None:
    result = run(waiting(), inbound("y"))
    assert result.state.sessions == ()
    assert kinds(result.effects) == ["SendMessage", "TagContact"]
    assert result.effects[1] == TagContact("interested")
    assert result.effects[0] == SendMessage("Thank you", SMS, NUMBER, "flow", SURVEY)


def test_a_flow_remembers_what_began_it_and_what_is_written_while_it_waits() -> None:
    table = build(rules=[*RULES, rule(111, [keyword("sort")], {"type": "flow", "flow_id": SORT})])
    assert needs_classifier(conversation(), inbound("sort"), table)
    begun = turn(conversation(), inbound("sort"), table, UNSURE, 0.5, record=NO_RECORD).state
    [one] = begun.sessions
    assert (one.session.node, one.session.heard) == (
        "wait",
        {"text": "sort", "intent": "order_status", "confidence": 0.4},
    )
    assert needs_classifier(begun, inbound("hours"), table), "the flow looks at intents, the rule does not"
    later = turn(begun, inbound("where is it"), table, SURE, 0.5, record=NO_RECORD)
    [one] = later.state.sessions
    assert (one.session.heard["text"], later.state.queue_id) == ("where is it", ORDERS)
    assert one.session.waiting is not None
    given = FlowInput(one.id, TimeUp(token=one.session.waiting.token), NOW + timedelta(hours=2))
    assert TagContact("asks") in turn(later.state, given, table, record=NO_RECORD).effects


def test_a_long_text_is_cut_in_the_list_only() -> None:
    assert run(conversation(), inbound("x" * 5000)).state.last_text == "x" * LAST_TEXT_CHARS_MAX


# --- commands ---------------------------------------------------------------------------------------------------

# (text, kinds opted out before) → (kinds after, effects)
COMMANDS: list[tuple[str, set[str], set[str], list[str], Command]] = [
    ("STOP", set(), {"sms"}, ["SetConsent", "SendMessage"], Command.STOP),
    (" stop. ", {"whatsapp"}, {"sms", "whatsapp"}, ["SetConsent", "SendMessage"], Command.STOP),
    ("stop marketing", set(), set(), ["SetConsent", "SendMessage"], Command.STOP_MARKETING),
    ("START", {"sms", "whatsapp"}, {"whatsapp"}, ["SetConsent", "SetConsent", "SendMessage"], Command.START),
    ("yes", {"sms"}, set(), ["SetConsent", "SetConsent", "SendMessage"], Command.START),
    ("HELP", {"sms"}, {"sms"}, ["SendMessage"], Command.HELP),
    ("info", set(), set(), ["SendMessage"], Command.HELP),
]


@pytest.mark.parametrize(("text", "before", "after", "effects", "command"), COMMANDS)
@pytest.mark.parametrize(
    "state", [conversation(), opened(unread=3, assignee_id=ANN), waiting()], ids=["idle", "open", "flow"]
)
def test_commands_come_before_everything(
    state: Conversation, text: str, before: set[str], after: set[str], effects: list[str], command: Command
) -> None:
    state = replace(state, opted_out=frozenset(before))
    result = run(state, inbound(text), SURE)
    assert result.state.opted_out == after
    assert kinds(result.effects) == effects
    answer = result.effects[-1]
    assert isinstance(answer, SendMessage)
    assert (answer.text, answer.answers_command, answer.origin) == (
        confirmation(command, "Acme"),
        True,
        "system",
    )
    assert (result.state.status, result.state.queue_id, result.state.assignee_id, result.state.unread) == (
        state.status,
        state.queue_id,
        state.assignee_id,
        state.unread,
    ), "no person has to look at it"
    assert result.routing == {"rule": "", "reason": f"{command.upper()} command"}
    assert (result.state.sessions == ()) == (command is Command.STOP or state.sessions == ())


def test_consent_is_of_the_channel_that_was_written_on() -> None:
    result = run(conversation(), inbound("stop", channel_kind="whatsapp"))
    assert result.effects[0] == SetConsent("whatsapp", "opted_out", "stop")
    assert result.state.opted_out == {"whatsapp"}


def test_a_second_stop_is_not_answered_again_and_leaves_the_first_as_the_proof() -> None:
    state = replace(conversation(), opted_out=frozenset({"sms"}))
    result = run(state, inbound("STOP"))
    assert (result.effects, result.happened) == ([], [])
    assert result.state.opted_out == {"sms"}
    assert result.routing == {"rule": "", "reason": "STOP command"}


def test_no_more_advertising_withdraws_that_purpose_only() -> None:
    result = run(conversation(), inbound("Keine Werbung"))
    assert result.effects[0] == SetConsent("sms", "opted_out", "Keine Werbung", "marketing")
    assert result.state.opted_out == frozenset()
    answer = result.effects[1]
    assert isinstance(answer, SendMessage)
    assert answer.text == confirmation(Command.STOP_MARKETING, "Acme", "de")


def test_start_gives_back_all_that_a_stop_took() -> None:
    result = run(replace(conversation(), opted_out=frozenset({"sms"})), inbound("START"))
    assert result.effects[:2] == [
        SetConsent("sms", "opted_in", "START", "all"),
        SetConsent("sms", "opted_in", "START", "marketing"),
    ]


def test_a_tenants_own_word_is_a_command_in_its_language() -> None:
    words = extra_words([ExtraWord("Tschüss", Command.STOP, "de")])
    result = turn(conversation(), inbound("tschüss"), replace(TABLE, words=words))
    assert result.state.opted_out == {"sms"}
    answer = result.effects[1]
    assert isinstance(answer, SendMessage)
    assert answer.text == confirmation(Command.STOP, "Acme", "de")


def test_yes_is_an_answer_for_those_who_are_subscribed() -> None:
    assert kinds(run(waiting(), inbound("yes")).effects) == ["SendMessage", "TagContact"]
    elsewhere = replace(waiting(), opted_out=frozenset({"whatsapp"}))
    assert kinds(run(elsewhere, inbound("yes")).effects) == ["SendMessage", "TagContact"]


NEEDS: list[tuple[Conversation, str, bool]] = [
    (conversation(), "where is my parcel", True),
    (conversation(), "STOP", False),
    (conversation(), "help", False),
    (conversation(), "hours", False),
    (conversation(), "yes", True),
    (conversation(opted_out=frozenset({"sms"})), "yes", False),
    (conversation(opted_out=frozenset({"whatsapp"})), "yes", True),
    (waiting(), "yes", False),
    (waiting(), "what is this", True),
    (waiting(flow=UUID(int=99)), "yes", True),
    (waiting("old"), "yes", True),
    (opened(), "where is my parcel", True),
]


@pytest.mark.parametrize(("state", "text", "needed"), NEEDS)
def test_the_classifier_is_asked_only_when_no_rule_decides(
    state: Conversation, text: str, needed: bool
) -> None:
    assert needs_classifier(state, inbound(text), TABLE) is needed
    without = build(None)
    assert needs_classifier(state, inbound(text), without) is False


# --- what agents do ---------------------------------------------------------------------------------------------


def reply(text: str = "Hello", **changes: Any) -> AgentReply:
    return replace(AgentReply(UUID(int=60), ANN, text, NOW), **changes)


def test_an_agent_s_answer_takes_the_conversation() -> None:
    result = run(opened(unread=3, sessions=waiting().sessions), reply())
    assert (result.state.assignee_id, result.state.unread, result.state.last_direction) == (ANN, 0, "out")
    assert result.state.sessions == (), "a person has taken over"
    assert result.effects == [SendMessage("Hello", SMS, NUMBER, "agent", ANN, message_id=UUID(int=60))]


def test_an_answer_does_not_take_it_from_somebody_else() -> None:
    assert run(opened(assignee_id=BOB), reply()).state.assignee_id == BOB


def test_an_answer_may_leave_on_another_channel() -> None:
    (effect,) = run(opened(), reply(channel_id=OTHER_LINE)).effects
    assert isinstance(effect, SendMessage)
    assert effect.channel_id == OTHER_LINE


def test_an_agent_may_write_first_where_a_flow_has_answered() -> None:
    after = run(conversation(channel_id=SMS, address=NUMBER), reply()).state
    assert (after.status, after.assignee_id, after.reason) == ("open", ANN, "an agent wrote first")


CONFLICTS: list[tuple[str, Conversation, Event]] = [
    ("answer to a closed one", opened(status="closed"), reply()),
    ("answer before the contact has written", conversation(), reply()),
    ("answer without an address", opened(address=""), reply()),
    ("assign a closed one", opened(status="closed"), Assign(ANN, NOW)),
    ("assign an idle one", conversation(), Assign(ANN, NOW)),
    ("transfer a closed one", opened(status="closed"), Transfer(CARE, "Care", NOW)),
    ("close a closed one", opened(status="closed"), Close(NOW)),
    ("close an idle one", conversation(), Close(NOW)),
    ("reopen an open one", opened(), Reopen(NOW)),
]


@pytest.mark.parametrize(
    ("state", "event"), [case[1:] for case in CONFLICTS], ids=[case[0] for case in CONFLICTS]
)
def test_what_does_not_fit_is_a_conflict(state: Conversation, event: Event) -> None:
    before = replace(state)
    with pytest.raises(Conflict):
        turn(state, event, TABLE)
    assert state == before


COMMANDED: list[tuple[str, Conversation, Event, dict[str, Any]]] = [
    ("assign", opened(), Assign(BOB, NOW), {"assignee_id": BOB, "queue_id": CARE, "status": "open"}),
    ("give back", opened(assignee_id=ANN), Assign(None, NOW), {"assignee_id": None, "queue_id": CARE}),
    (
        "transfer",
        opened(assignee_id=ANN),
        Transfer(ORDERS, "Orders", NOW),
        {"queue_id": ORDERS, "assignee_id": None, "reason": "transferred to Orders"},
    ),
    (
        "close",
        opened(unread=3, sessions=waiting().sessions, assignee_id=ANN),
        Close(NOW),
        {"status": "closed", "closed_at": NOW, "unread": 0, "sessions": (), "assignee_id": ANN},
    ),
    (
        "reopen a closed one",
        opened(status="closed", closed_at=NOW, assignee_id=ANN),
        Reopen(NOW),
        {"status": "open", "opened_at": NOW, "closed_at": None, "reason": "reopened", "assignee_id": ANN},
    ),
    ("read", opened(unread=3), MarkRead(NOW), {"unread": 0, "status": "open"}),
    ("read an idle one", conversation(unread=1), MarkRead(NOW), {"unread": 0, "status": "idle"}),
]


@pytest.mark.parametrize(
    ("state", "event", "then"), [case[1:] for case in COMMANDED], ids=[case[0] for case in COMMANDED]
)
def test_what_agents_ask(state: Conversation, event: Event, then: dict[str, Any]) -> None:
    result = run(state, event)
    assert {name: getattr(result.state, name) for name in then} == then
    assert result.effects == []


OWNED: list[tuple[str, Conversation, Event]] = [
    ("a program writes first", conversation(channel_id=SMS, address=NUMBER), reply(user_id=None)),
    ("an idle one is reopened", conversation(channel_id=SMS), Reopen(NOW)),
    ("given back without a queue", opened(queue_id=None, assignee_id=ANN), Assign(None, NOW)),
]


@pytest.mark.parametrize(("state", "event"), [case[1:] for case in OWNED], ids=[case[0] for case in OWNED])
def test_an_open_conversation_is_never_nobody_s(state: Conversation, event: Event) -> None:
    after = run(state, event).state
    assert (after.status, after.queue_id, after.assignee_id) == ("open", GENERAL, None)


def test_who_writes_first_has_it_without_a_queue() -> None:
    after = run(conversation(channel_id=SMS, address=NUMBER), reply()).state
    assert (after.queue_id, after.assignee_id) == (None, ANN)


# What the contact's timeline tells of a turn: (event, state, [(kind, data, actor)]).
HAPPENED: list[tuple[str, Conversation, Event, list[tuple[str, dict[str, Any], str]]]] = [
    (
        "assigned by somebody",
        opened(),
        Assign(BOB, NOW, "Bob", "user:ann"),
        [("assigned", {"assignee_id": encode_id("usr", BOB), "name": "Bob"}, "user:ann")],
    ),
    (
        "given back",
        opened(assignee_id=ANN),
        Assign(None, NOW, "", "user:ann"),
        [("assigned", {"assignee_id": None, "name": ""}, "user:ann")],
    ),
    (
        "transferred",
        opened(),
        Transfer(ORDERS, "Orders", NOW, "key:k"),
        [("transferred", {"queue_id": encode_id("que", ORDERS), "queue": "Orders"}, "key:k")],
    ),
    ("closed", opened(), Close(NOW, "user:ann"), [("closed", {}, "user:ann")]),
    ("reopened", opened(status="closed"), Reopen(NOW, "user:ann"), [("reopened", {}, "user:ann")]),
    (
        "a flow goes on and tags",
        waiting(),
        inbound("yes"),
        [
            (
                "flow",
                {"flow_id": encode_id("flw", SURVEY), "step": "ended", "path": ["answer", "thank", "tag"]},
                "system",
            ),
            ("tags", {"added": ["interested"], "removed": []}, "system"),
        ],
    ),
    (
        "a flow fails",
        conversation(),
        inbound("round and round"),
        [("flow", {"flow_id": encode_id("flw", LOOP), "step": "failed", "path": ["start"]}, "system")],
    ),
    (
        "the contact opts out",
        conversation(),
        inbound("STOP"),
        [
            (
                "consent",
                {
                    "channel_kind": "sms",
                    "purpose": "all",
                    "after": "opted_out",
                    "source": "reply",
                    "proof": "STOP",
                },
                "contact",
            )
        ],
    ),
    ("a text tells nothing more", opened(), inbound("hello"), []),
    ("read tells nothing", opened(unread=2), MarkRead(NOW), []),
]


@pytest.mark.parametrize(
    ("state", "event", "expected"), [case[1:] for case in HAPPENED], ids=[c[0] for c in HAPPENED]
)
def test_what_the_timeline_tells(
    state: Conversation, event: Event, expected: list[tuple[str, dict[str, Any], str]]
) -> None:
    told = [(one.kind, one.data, one.actor) for one in turn(state, event, TABLE, record=NO_RECORD).happened]
    assert told == expected
