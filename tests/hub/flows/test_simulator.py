"""Playing a flow: clock, breakpoints, single steps, why, the way back, and runs that are kept as tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.billing.pricing import Rate, RateTable
from hub.channels.base import ChannelKind
from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.errors import Conflict
from hub.flows.definition import Flow, dump, read
from hub.flows.kept_runs import FlowTest, differences, kept
from hub.flows.made_contacts import longest, missing
from hub.flows.shown_costs import UNKNOWN_NUMBER, ShownCost, costs_of
from hub.flows.simulation_json import from_json, to_json
from hub.flows.simulator import ACTION, Simulation, act, back, values_of
from hub.flows.world import NO_ID, Tenant
from hub.ids import encode_id
from tests.hub.flows.drawn import flows

NOW = datetime(2026, 3, 27, 10, tzinfo=UTC)
VIP = {"rules": [{"field": "tag", "operator": "has", "value": "vip"}]}
JOURNEY = read(
    {
        "spec_version": 2,
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "hi", "type": "send", "data": {"content": {"type": "text", "text": "Hello {{ first_name }}"}}},
            {"id": "later", "type": "wait", "data": {"duration": {"amount": 3, "unit": "days"}}},
            {"id": "ask", "type": "ask", "data": {"kind": "choice", "choices": [{"name": "yes"}], "save_as": "said",
             "timeout": {"amount": 1, "unit": "days"}}},
            {"id": "tag", "type": "tag", "data": {"tag": "vip"}},
            {"id": "vip", "type": "branch", "data": {"cases": [{"name": "vip", "condition": VIP}]}},
            {"id": "hook", "type": "webhook", "data": {"url": "https://shop.example/x", "save": {"n": "n"}, "retries": 0}},
            {"id": "end", "type": "end", "data": {"outcome": "done"}},
        ],
        "edges": [
            {"source": "start", "target": "hi"},
            {"source": "hi", "target": "later"},
            {"source": "later", "target": "ask"},
            {"source": "ask", "port": "yes", "target": "tag"},
            {"source": "tag", "target": "vip"},
            {"source": "vip", "port": "vip", "target": "hook"},
            {"source": "hook", "target": "end"},
        ],
    }
)  # fmt: skip


def do(simulation: Simulation, flow: Flow = JOURNEY, **action: Any) -> Simulation:
    return act(simulation, flow, ACTION.validate_python(action))


def begun() -> Simulation:
    return do(Simulation("f", 1, NOW), do="begin")


DAYS_4 = {"do": "pass_time", "duration": {"amount": 4, "unit": "days"}}


def test_time_passes_and_timers_run_out_in_their_order() -> None:
    played = do(begun(), **DAYS_4 | {"duration": {"amount": 3, "unit": "days"}})
    assert played.frames[-1].steps == (("later", "next"), ("ask", ""))
    assert played.at == datetime(2026, 3, 30, 10, tzinfo=UTC)
    silent = do(begun(), **DAYS_4 | {"duration": {"amount": 5, "unit": "days"}})
    assert silent.frames[-1].steps == (("later", "next"), ("ask", ""), ("ask", "timeout"))
    assert silent.frames[-1].status == "ended"


def whole() -> Simulation:
    played = do(begun(), do="pass_time", duration={"amount": 3, "unit": "days"})
    played = do(played, do="reply", text="Yes!")
    return do(played, do="webhook", status=200, body={"n": 7})


def test_a_run_shows_messages_why_and_what_it_did_to_the_contact() -> None:
    played = whole()
    assert [frame.status for frame in played.frames] == ["waiting", "waiting", "waiting", "ended"]
    assert played.frames[0].effects[0]["content"]["text"] == "Hello Ann"
    assert played.person.tags == ("vip",)
    answered, branched = played.frames[2].why
    assert answered == {"node": "ask", "answer": "yes"}
    rule = branched["condition"]["rules"][0]
    assert (rule["result"], rule["words"]) == (True, "tag is vip")
    assert played.frames[-1].outcome == "done"


def test_breakpoints_and_single_steps_stop_before_a_node() -> None:
    start = Simulation("f", 1, NOW)
    stopped = act(start, JOURNEY, ACTION.validate_python({"do": "begin"}), breakpoints={"later"})
    assert (stopped.frames[-1].status, stopped.session.place[1]) == ("paused", "later")  # type: ignore[union-attr]
    gone_on = do(stopped, do="go_on")
    assert gone_on.session == begun().session
    single = act(start, JOURNEY, ACTION.validate_python({"do": "begin"}), single=True)
    places = []
    while single.frames[-1].status == "paused":
        places.append(single.session.place[1])  # type: ignore[union-attr]
        single = act(single, JOURNEY, ACTION.validate_python({"do": "go_on"}), single=True)
    assert places == ["hi", "later"]
    assert single.session == begun().session


@pytest.mark.parametrize(
    "action",
    [{"do": "webhook"}, {"do": "delivery"}, {"do": "begin"}, {"do": "go_on"}, {"do": "hand_back"}],
)
def test_what_a_session_does_not_wait_for_is_refused(action: dict[str, Any]) -> None:
    with pytest.raises(Conflict):
        do(begun(), **action)


def test_what_is_written_during_a_wait_is_remembered() -> None:
    played = do(begun(), do="reply", text="Wait!", intent="complaint", confidence=0.8)
    frame = played.frames[-1]
    assert (frame.status, frame.steps, frame.effects) == ("waiting", (), ())
    assert values_of(frame)["reply"] == {"text": "Wait!", "intent": "complaint", "confidence": 0.8}
    assert back(played).session == begun().session


def test_stepping_back_ends_at_the_beginning() -> None:
    with pytest.raises(Conflict):
        back(back(begun()))


ACTIONS = st.sampled_from(
    [
        {"do": "reply", "text": "yes"},
        {"do": "reply", "text": "7", "intent": "order_status"},
        DAYS_4,
        {"do": "webhook", "status": 200, "body": {"a": {"b": "c"}}},
        {"do": "webhook", "status": 500},
        {"do": "delivery", "status": "failed"},
        {"do": "hand_back"},
        {"do": "call", "value": "1"},
        {"do": "go_on", "variables": {"said": "no"}},
    ]
)


@given(flows(), st.lists(ACTIONS, max_size=8), st.integers(0, 5))
def test_back_and_forward_again_is_the_same_and_every_state_survives_its_storage(
    flow: Flow, actions: list[dict[str, Any]], seed: int
) -> None:
    played = do(Simulation("f", seed, NOW), flow, do="begin")
    for action in actions:
        try:
            following = do(played, flow, **action)
        except Conflict:
            continue
        assert back(following) == played
        assert do(back(following), flow, **action) == following
        stored = from_json(json.loads(json.dumps(to_json(following))))
        assert to_json(stored) == to_json(following)
        assert stored.session == following.session
        played = following
    assert differences(flow, kept(played)) == []


def test_a_kept_run_tells_what_a_change_does() -> None:
    test = FlowTest.model_validate_json(kept(whole()).model_dump_json())
    assert differences(JOURNEY, test) == []
    edges = [edge for edge in JOURNEY.edges if edge.source != "tag"]
    assert differences(Flow(JOURNEY.nodes, edges), test) == [
        "action 3: went ask·yes → tag·next, not ask·yes → tag·next → vip·vip → hook",
        'action 3: did not call webhook {"method": "GET", "url": "https://shop.example/x", "timeout_s": 10}',
        "action 3: is ended, not waiting",
        "action 4: no session is open: begin one, or step back",
    ]


def changed(place: str, **data: Any) -> Flow:
    document = dump(JOURNEY)
    node = next(each for each in document["nodes"] if each["id"] == place)
    node["data"] = {**node["data"], **data}
    return read(document)


@pytest.mark.parametrize(
    ("place", "data", "said"),
    [
        ("tag", {"tag": "keen"}, 'action 3: did add tag {"tag": "keen"}'),
        ("hook", {"url": "https://shop.example/y"}, "action 3: did call webhook"),
        ("hook", {"method": "POST", "body": "{}"}, "action 3: did call webhook"),
        ("hi", {"channels": [{"channel": "whatsapp"}]}, "action 1: did send message"),
        (
            "hi",
            {"content": {"type": "text", "text": "Hello {{ first_name }}", "suggestions": [{"type": "reply", "id": "y", "title": "Y"}]}},
            "action 1: did send message",
        ),
    ],
)  # fmt: skip
def test_a_kept_run_compares_all_that_was_done(place: str, data: dict[str, Any], said: str) -> None:
    test = kept(whole())
    found = differences(changed(place, **data), test)
    assert any(each.startswith(said) for each in found), found
    assert [each for each in found if "did not" in each], "and what it did before"


def test_a_run_that_was_kept_with_less_is_compared_as_far_as_it_goes() -> None:
    run = json.loads(kept(whole()).model_dump_json())
    for expected in run["expect"]:
        del expected["done"]
    assert differences(changed("hook", url="https://shop.example/y"), FlowTest.model_validate(run)) == []


def test_a_run_that_was_kept_before_the_way_out_of_a_sub_flow_was_a_step_still_passes() -> None:
    def flow(*nodes: dict[str, Any]) -> Flow:
        places = ["start", *(node["id"] for node in nodes)]
        edges = [{"source": source, "target": target} for source, target in pairwise(places)]
        start = {"id": "start", "type": "start"}
        return read({"spec_version": 2, "nodes": [start, *nodes], "edges": edges})

    inner_id = UUID(int=2)
    inner = flow({"id": "mark", "type": "tag", "data": {"tag": "vip"}})
    outer = flow(
        {"id": "inside", "type": "sub_flow", "data": {"flow_id": encode_id("flw", inner_id)}},
        {"id": "done", "type": "end"},
    )
    tenant = Tenant(flows={inner_id.hex: inner})
    played = act(Simulation("f" * 32, 1, NOW), outer, ACTION.validate_python({"do": "begin"}), tenant)
    run = json.loads(kept(played).model_dump_json())
    steps = run["expect"][0]["steps"]
    assert ["inside", "next"] in steps
    steps.remove(["inside", "next"])
    assert differences(outer, FlowTest.model_validate(run), tenant) == []
    steps.remove(["mark", "next"])
    assert differences(outer, FlowTest.model_validate(run), tenant) != []


def test_each_step_tells_its_own_effects_and_its_flow() -> None:
    frames = whole().frames
    assert [(step, asked) for step, asked in zip(frames[0].steps, frames[0].asked, strict=True)] == [
        (("start", "next"), 0),
        (("hi", "next"), 1),
        (("later", ""), 1),
    ]
    assert all(sum(frame.asked) == len(frame.effects) for frame in frames)
    assert {flow for frame in frames for flow in frame.inside} == {""}


def test_what_templates_may_read_is_told() -> None:
    values = values_of(whole().frames[2])
    assert (values["said"], values["contact"]["first_name"]) == ("yes", "Ann")
    assert values["reply"]["text"] == "Yes!"


def test_made_contacts_have_a_long_value_for_everything_or_none_at_all() -> None:
    fields = contact_catalog(
        [AttributeSpec("city", "City", "text"), AttributeSpec("age", "Age", "number")]
    ).fields.values()
    long = longest(fields)
    assert (len(long.name), len(str(long.attributes["city"])), long.attributes["age"]) == (
        77,
        119,
        123456789.01,
    )
    assert (missing().name, missing().attributes) == ("", {})
    bare = do(Simulation("f", 1, NOW, missing()), do="begin")
    assert bare.frames[-1].effects[0]["content"]["text"] == "Hello "


RATES = RateTable(
    Rate(0, NO_ID, "Card", 1, kind, "EUR", False, NO_ID, prefix, "*", Decimal(amount), NOW.date())
    for kind, prefix, amount in (("sms", "", "0.05"), ("voice", "", "0.10"))
)


def test_messages_show_their_words_and_price_by_the_channel_they_go() -> None:
    effects = [
        {"type": "add_tag", "tag": "t"},
        {"type": "send_message", "content": {"type": "text", "text": "x" * 200}},
        {
            "type": "send_message",
            "content": {"type": "text", "text": "Hi"},
            "channels": [{"channel": "voice"}],
        },
        {"type": "send_message", "content": {"type": "text", "text": "Hi"}, "channels": [{"channel": "rcs"}]},
    ]

    def costs(phone: str) -> list[ShownCost]:
        found = costs_of(
            effects, talks_by=ChannelKind.SMS, phone=phone, kinds={}, rates=RATES, today=NOW.date()
        )
        return list(found)

    sms, voice, rcs = costs("+4915735983768")
    assert (sms.place, sms.channel, sms.parts, sms.micros, sms.currency) == (1, "sms", 2, 100_000, "EUR")
    assert (voice.channel, voice.micros) == ("voice", 100_000)
    assert (rcs.micros, bool(rcs.refused)) == (0, True)
    assert {cost.refused for cost in costs("")} == {UNKNOWN_NUMBER}


def test_a_message_begins_it_as_in_a_conversation() -> None:
    flow = read(
        {
            "spec_version": 2,
            "nodes": [
                {"id": "start", "type": "start", "data": {"save": {"said": "text", "total": "cart.total"}}},
                {"id": "why", "type": "intent", "data": {"intents": [{"intent": "order_status"}]}},
                {"id": "yes", "type": "send", "data": {"content": {"type": "text", "text": "{{ said }}: {{ total }}"}}},
            ],
            "edges": [
                {"source": "start", "target": "why"},
                {"source": "why", "port": "order_status", "target": "yes"},
            ],
        }
    )  # fmt: skip
    given = {"text": "where is it", "intent": "order_status", "values": {"cart": {"total": 7}}}
    (frame,) = do(Simulation("f", 1, NOW), flow, do="begin", **given).frames
    assert frame.steps[1] == ("why", "order_status")
    assert frame.effects[0]["content"]["text"] == "where is it: 7"
    unsure = do(Simulation("f", 1, NOW), flow, do="begin", **given, confidence=0.1)
    assert unsure.frames[0].steps[1] == ("why", "other")
    silent = do(Simulation("f", 1, NOW), flow, do="begin")
    assert silent.frames[0].steps[1] == ("why", "other")
