"""Sessions that were lived through are played again on a draft."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.flows.definition import Flow, read
from hub.flows.experiments import decided
from hub.flows.nodes.split import Split
from hub.flows.replay import Decided, Heard, Lived, Passed, Replayed, compare
from hub.flows.world import Person, Tenant

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ME = UUID(int=7)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def flow(words: tuple[str, ...] = ("y",), hook: bool = True, wait_days: int = 1) -> Flow:
    nodes: list[dict[str, Any]] = [
        {"id": "start", "type": "start", "data": {"save": {"total": "cart.total"}}},
        {
            "id": "ask",
            "type": "ask",
            "data": {
                "kind": "choice",
                "choices": [{"name": "yes", "words": list(words)}],
                "timeout": {"amount": wait_days, "unit": "days"},
            },
        },
        {
            "id": "hook",
            "type": "webhook",
            "data": {"url": "https://shop.example/x", "save": {"state": "order.state"}},
        },
        {
            "id": "say",
            "type": "send",
            "data": {"content": {"type": "text", "text": "{{ state }} {{ total }}"}},
        },
    ]
    edges = [
        {"source": "start", "target": "ask"},
        {"source": "ask", "port": "yes", "target": "hook" if hook else "say"},
        {"source": "hook", "target": "say"},
    ]
    return read({"spec_version": 2, "nodes": nodes, "edges": edges})


WAY = (("start", "next"), ("ask", "yes"), ("hook", "next"), ("say", "next"))


def lived(heard: tuple[Heard, ...] = (Heard(after(5), "Y"),), way: Any = WAY, until: float = 6) -> Lived:
    times = (0, 5, 5.1, 5.1)
    passed = [Passed(node, port, after(times[nth])) for nth, (node, port) in enumerate(way)]
    variables = {"state": "sent", "total": 7}
    return Lived(ME, UUID(int=1), 1, "start", variables, NOON, after(until), passed, heard)


def replayed(session: Lived, draft: Flow) -> Replayed:
    return compare(session, flow(), draft, Person(), (Tenant(), Tenant()))


def test_a_session_repeats_its_way_with_messages_and_answers_of_then() -> None:
    assert replayed(lived(), flow()) == Replayed("same", WAY, WAY)


def test_a_draft_that_understands_other_words_changes_the_way() -> None:
    found = replayed(lived(), flow(words=("sure",)))
    assert (found.verdict, found.parted, found.now) == ("changed", 1, (("start", "next"), ("ask", "other")))


def test_a_step_that_is_gone_changes_the_way_and_what_then_is_stuck_says_why() -> None:
    found = replayed(lived(), flow(hook=False))
    assert (found.verdict, found.parted, found.now) == ("changed", 2, WAY[:2])
    assert "state" in found.reason


def test_silence_runs_into_the_time_limit() -> None:
    silent = lived((), (("start", "next"), ("ask", "timeout")), until=24 * 60)
    assert replayed(silent, flow()).verdict == "same"
    found = replayed(silent, flow(wait_days=3))
    assert (found.verdict, found.now) == ("changed", (("start", "next"),))


def test_what_cannot_be_repeated_proves_nothing() -> None:
    elsewhere = lived((Heard(after(5), "no"),))
    assert replayed(elsewhere, flow()) == Replayed("unrepeatable", WAY)


def called() -> Flow:
    edges = [("start", "next", "call"), ("call", "answered", "ask"), ("ask", "yes", "tag")]
    nodes = [
        {"id": "start", "type": "start"},
        {"id": "call", "type": "call", "data": {"detect_machine": True}},
        {"id": "ask", "type": "gather", "data": {"text": "?", "choices": [{"name": "yes", "words": ["1"]}]}},
        {"id": "tag", "type": "tag", "data": {"tag": "said"}},
    ]
    joined = [{"source": one, "port": port, "target": two} for one, port, two in edges]
    return read({"spec_version": 2, "nodes": nodes, "edges": joined})


@pytest.mark.parametrize(
    "way",
    [
        (("call", "answered"), ("ask", "yes"), ("tag", "next")),
        (("call", "answered"), ("ask", "hung_up")),
        (("call", "machine"),),
        (("call", "busy"),),
    ],
)
def test_a_call_is_lived_through_again(way: tuple[tuple[str, str], ...]) -> None:
    session = lived((), (("start", "next"), *way))
    assert compare(session, called(), called(), Person(), (Tenant(), Tenant())).verdict == "same"


def branched(node: dict[str, Any], *ports: str) -> Flow:
    nodes = [{"id": "start", "type": "start"}, {"id": "x", **node}]
    nodes += [{"id": port, "type": "tag", "data": {"tag": port}} for port in ports]
    edges = [
        {"source": "start", "target": "x"},
        *({"source": "x", "port": each, "target": each} for each in ports),
    ]
    return read({"spec_version": 2, "nodes": nodes, "edges": edges})


def test_the_message_that_began_it_is_the_last_reply() -> None:
    flow = branched({"type": "intent", "data": {"intents": [{"intent": "order_status"}]}}, "order_status")
    way = (("start", "next"), ("x", "order_status"), ("order_status", "next"))
    session = replace(lived((), way, 1), began=Heard(NOON, "where is it", "", "order_status", 0.9))
    assert compare(session, flow, flow, Person(), (Tenant(), Tenant())).verdict == "same"


def test_what_was_decided_of_an_experiment_holds_from_then_on() -> None:
    arms = [{"name": name, "weight": 1} for name in "AB"]
    flow = branched({"type": "split", "data": {"arms": arms}}, "A", "B")
    split = flow.nodes["x"]
    assert isinstance(split, Split)
    key = UUID(int=1).hex, "x", split.signature

    def winner(arm: str, minutes: float) -> Decided:
        return lambda at: {key: decided.Decided(arm)} if at >= after(minutes) else {}

    def verdict(arm: str, minutes: float) -> str:
        session = lived((), (("start", "next"), ("x", drawn), (drawn, "next")), 1)
        tenants = Tenant(), Tenant()
        return compare(session, flow, flow, Person(ME), tenants, winner(arm, minutes)).verdict

    drawn = "A"
    drawn = "A" if verdict("A", 9) == "same" else "B"
    other = "B" if drawn == "A" else "A"
    assert verdict(other, 9) == "same", "it was decided later"
    assert verdict(other, 0) == "unrepeatable", "and would have gone the other way"
