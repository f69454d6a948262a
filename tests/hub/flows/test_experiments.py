"""Experiments: statistics under continuous looking, what is decided by itself, and that the split obeys it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.flows.definition import read
from hub.flows.engine import advance, begin_at
from hub.flows.experiments import sequential
from hub.flows.experiments.decided import NOTHING, Decided, fold
from hub.flows.experiments.experiment import Due, Numbers, due, planned_entries, report, shares
from hub.flows.inputs import Begin
from hub.flows.nodes.split import HOLD_OUT, Split
from hub.flows.session import Session
from hub.flows.world import Person, Tenant, World

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
RUNS, LOOKS = 2_000, 2_000


def throws(coin: float) -> Any:
    return np.cumsum(np.random.default_rng(7).random((RUNS, LOOKS)) < coin, axis=1)


def split_of(**more: Any) -> Split:
    arms = [{"name": name, "weight": weight} for name, weight in more.pop("arms", {"A": 1, "B": 1}).items()]
    return Split.model_validate({"arms": arms, "test": {"goal": "ordered", **more.pop("test", {})}, **more})


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_looking_after_every_conversion_finds_no_more_than_alpha(share: float) -> None:
    first, total = throws(share), np.arange(1, LOOKS + 1)
    found = (sequential.log_evidence(first, total, share) >= log(20)).any(axis=1).mean()
    assert found <= 0.05
    # The same looks with a test that is made for one look: what happens to those who do it.
    scores = np.abs(first - total * share) / np.sqrt(total * share * (1 - share))
    assert (scores[:, 20:] >= 1.96).any(axis=1).mean() > 0.3


def test_a_wanted_difference_is_found_within_the_planned_length() -> None:
    needed = sequential.conversions_needed(0.5, 0.25, 0.05)
    first = throws(1.25 / 2.25)[:, :needed]
    found = (sequential.log_evidence(first, np.arange(1, needed + 1), 0.5, 0.25) >= log(20)).any(axis=1)
    assert found.mean() >= 0.8
    assert sequential.conversions_needed(0.5, 0.1, 0.05) > 3 * needed


def test_the_intervals_hold_at_all_looks_together() -> None:
    rates = throws(0.08)[:100, :]
    for run in rates:
        for total in (20, 100, 500, 2_000):
            low, high = sequential.rate_interval(int(run[total - 1]), total, 1e-4)
            assert low <= 0.08 <= high
    assert sequential.rate_interval(0, 0, 0.05) == (0.0, 1.0)
    low, high = sequential.ratio_interval(600, 1_000, 0.5, 0.05)
    assert 1.1 < low < 1.5 < high < 1.9


def test_one_sided_evidence_speaks_only_against_the_worse() -> None:
    assert sequential.log_evidence_above(40, 50, 0.5) > log(20)
    assert sequential.log_evidence_above(10, 50, 0.5) < 0
    first, total = throws(0.3), np.arange(1, LOOKS + 1)
    looks = [49, 199, 999, 1999]
    wrong = [
        any(sequential.log_evidence_above(int(run[at]), int(total[at]), 0.3) >= log(20) for at in looks)
        for run in first[:400]
    ]
    assert np.mean(wrong) <= 0.05


def test_the_likely_best() -> None:
    assert sequential.likely_best([(50, 1_000), (50, 1_000)]) == pytest.approx([0.5, 0.5])
    better = sequential.likely_best([(60, 1_000), (40, 1_000), (0, 10)])
    assert sum(better) == pytest.approx(1)
    assert better[0] > better[1]
    assert sequential.likely_best([(60_000, 10**6), (61_000, 10**6)])[1] > 0.99


def test_a_sure_winner_is_decided_only_where_that_is_wanted() -> None:
    numbers = {"A": Numbers(5_000, 500), "B": Numbers(5_000, 700)}
    assert due(split_of(), NOTHING, numbers) == []
    (found,) = due(split_of(test={"automatic": True}), NOTHING, numbers)
    assert (found.kind, found.arm) == ("winner", "B")
    assert due(split_of(test={"automatic": True}), Decided(winner="A"), numbers) == []
    close = {"A": Numbers(5_000, 500), "B": Numbers(5_000, 520)}
    assert due(split_of(test={"automatic": True}), NOTHING, close) == []
    third = {**numbers, "C": Numbers(5_000, 690)}
    assert due(split_of(arms={"A": 1, "B": 1, "C": 1}, test={"automatic": True}), NOTHING, third) == []


def test_the_guardrail_stops_an_arm_but_never_the_last() -> None:
    split = split_of(arms={"A": 1, "B": 1, "C": 2}, test={"guardrail": {}})
    numbers = {"A": Numbers(1_000, 0, 4), "B": Numbers(1_000, 0, 60), "C": Numbers(2_000, 0, 10)}
    (found,) = due(split, NOTHING, numbers)
    assert found == Due("stop", "B", "60 of 1000 people opted out, of the others 14 of 3000")
    assert due(split, Decided(stopped=frozenset({"A", "C"})), numbers) == []
    borne = split_of(arms={"A": 1, "B": 1, "C": 2}, test={"guardrail": {"worse_by": 10}})
    assert due(borne, NOTHING, numbers) == []
    limit = split_of(test={"guardrail": {"rate_max": 0.02}})
    both = {"A": Numbers(1_000, 0, 80), "B": Numbers(1_000, 0, 80)}
    assert [each.arm for each in due(limit, NOTHING, both)] == ["A"]


def test_the_report() -> None:
    split = split_of(arms={"A": 3, "B": 1}, hold_out=0.2)
    numbers = {"A": Numbers(300, 30, 3, 9_000_000), "B": Numbers(100, 20, 0, 0), HOLD_OUT: Numbers(100, 5)}
    found = report(split, Decided(stopped=frozenset({"B"})), numbers)
    first, second, kept = found.arms
    assert (first.status, second.status, kept.status) == ("running", "stopped", "hold_out")
    assert (first.share, second.share, kept.share) == pytest.approx((0.8, 0.0, 0.2))
    assert first.cost_per_conversion_micros == 300_000
    assert first.low < 0.1 < first.high
    assert (second.ratio, first.ratio, kept.ratio) == (pytest.approx(2.0), None, None)
    assert second.ratio_low is not None
    assert second.ratio_low < 2
    assert kept.likely_best is None
    assert (found.state, found.entries) == ("running", 400)
    empty = report(split, NOTHING, {})
    assert [arm.rate for arm in empty.arms] == [None, None, None]
    many = planned_entries(split, split.test) if split.test else 0
    same = {"A": Numbers(many, many // 10), "B": Numbers(many // 3, many // 30)}
    assert report(split, NOTHING, same).state == "inconclusive"


@dataclass
class Row:
    kind: str
    arm: str
    at: datetime = NOW


def test_decisions_follow_each_other() -> None:
    rows = [Row("stop", "A"), Row("winner", "B")]
    assert fold(rows) == Decided("B", frozenset({"A"}))
    assert fold([*rows, Row("resume", "")]) == Decided("", frozenset(), NOW)
    assert fold([Row("stop", "A"), Row("stop", "C"), Row("resume", "A")]) == Decided("", frozenset("C"), NOW)


def flow_of(split: Split) -> Any:
    nodes = [
        {"id": "s", "type": "start"},
        {"id": "x", "type": "split", "data": split.model_dump(mode="json")},
    ]
    return read({"spec_version": 2, "nodes": nodes, "edges": [{"source": "s", "target": "x"}]})


def ways(split: Split, decided: Decided = NOTHING, people: int = 400) -> dict[int, str]:
    flow = flow_of(split)
    tenant = Tenant(decisions={("ab", "x", split.signature): decided})
    found = {}
    for person in range(people):
        world = World(tenant, Person(UUID(int=person)))
        sprint = advance(flow, begin_at("ab", flow), Begin(), NOW, random.Random(1), world)
        found[person] = sprint.steps[-1].port
    return found


def test_the_running_split_obeys_decisions_and_stays_sticky() -> None:
    split = split_of(arms={"A": 1, "B": 1, "C": 2}, hold_out=0.25)
    before = ways(split)
    assert Counter(before.values())[HOLD_OUT] == pytest.approx(100, abs=30)
    stopped = ways(split, Decided(stopped=frozenset({"A"})))
    moved = {person for person in before if before[person] != stopped[person]}
    assert moved == {person for person, arm in before.items() if arm == "A"}
    gone = Counter(stopped[person] for person in moved)
    assert gone["C"] > gone["B"] > 0
    won = ways(split, Decided(winner="B"))
    assert set(won.values()) == {"B", HOLD_OUT}
    assert {who for who, arm in won.items() if arm == HOLD_OUT} == {
        who for who, arm in before.items() if arm == HOLD_OUT
    }
    assert shares(split, Decided(stopped=frozenset({"A"})))["C"] == pytest.approx(0.5)


def test_a_changed_split_is_another_experiment() -> None:
    first, second = split_of(), split_of(arms={"A": 1, "B": 2})
    assert first.signature != second.signature
    assert first.signature == split_of(test={"automatic": True}).signature
    with pytest.raises(ValidationError, match="kept aside"):
        split_of(arms={"A": 1, HOLD_OUT: 1}, hold_out=0.1)


FLOWS = st.integers(0, 2**128 - 1).map(lambda key: UUID(int=key).hex)
PEOPLE = 2_000


def arms_of(flow_id: str, before: bool = False, **told: Any) -> list[bool]:
    """Which of many people go by A at the split `x` of this flow."""
    split = {"arms": [{"name": "A", "weight": 1}, {"name": "B", "weight": 1}], **told}
    document = {
        "spec_version": 2,
        "nodes": [{"id": "s", "type": "start"}, {"id": "x", "type": "split", "data": split}],
        "edges": [{"source": "s", "target": "x"}],
    }
    flow = read(document)
    stored = begin_at(flow_id, flow).to_json()
    session = Session.from_json(
        {name: stored[name] for name in stored if not (before and name == "split_by_flow")}
    )
    assert session is not None
    found = []
    for key in range(PEOPLE):
        world = World(Tenant(), Person(UUID(int=key)))
        sprint = advance(flow, session, Begin(), NOW, random.Random(1), world)
        found.append(sprint.steps[-1].port == "A")
    return found


@settings(max_examples=5, deadline=None)
@given(FLOWS, FLOWS)
def test_two_flows_divide_people_each_in_its_own_way(one: str, other: str) -> None:
    assume(one != other)
    here, there = arms_of(one), arms_of(other)
    same = sum(a == b for a, b in zip(here, there, strict=True)) / PEOPLE
    assert 0.43 < same < 0.57
    assert here == arms_of(one), "and always in the same one"
    assert arms_of(one, experiment="e") == arms_of(other, experiment="e")


def test_who_began_before_splits_were_drawn_by_flow_keeps_their_arm() -> None:
    assert arms_of("f", before=True) == arms_of("f", experiment="x"), "by the name of the node alone"
