"""The floor: who is offered what, in which order, and never more than they can take."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from hub.routing.floor import Agent, Floor, Waiting
from hub.routing.queue import QueueSettings

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CARE, SALES = UUID(int=1), UUID(int=2)
ANN, BOB, CAT = (UUID(int=number) for number in (11, 12, 13))


def someone(number: int, minutes: float = 0, queue: UUID = CARE, **more: Any) -> Waiting:
    return Waiting(UUID(int=1000 + number), queue, NOON - timedelta(minutes=minutes), **more)


def floor(agents: list[Agent], waiting: list[Waiting], **settings: Any) -> Floor:
    made = Floor()
    made.furnish({CARE: QueueSettings.model_validate(settings)})
    made.seat(agents)
    for each in waiting:
        made.wait(each)
    return made


def offers(made: Floor) -> list[tuple[int, UUID]]:
    return [(offer.contact_id.int - 1000, offer.agent_id) for offer in made.assign(NOON)]


def test_the_longest_waiting_is_first_and_nobody_gets_more_than_fits() -> None:
    made = floor([Agent(ANN, 2)], [someone(1, 1), someone(2, 9), someone(3, 5)])
    assert offers(made) == [(2, ANN), (3, ANN)]
    assert offers(made) == []
    made.leave(UUID(int=1002))
    assert offers(made) == [(1, ANN)]


def test_priority_weighs_as_much_as_its_seconds_of_waiting() -> None:
    urgent, old = someone(1, 1, priority=2), someone(2, 25)
    assert offers(floor([Agent(ANN, 1)], [urgent, old], ageing_s=600)) == [(2, ANN)], "nothing starves"
    assert offers(floor([Agent(ANN, 1)], [urgent, old], ageing_s=900)) == [(1, ANN)]


def test_new_settings_reorder_those_who_wait() -> None:
    made = floor([Agent(ANN, 1)], [someone(1, 1, priority=2), someone(2, 25)], ageing_s=600)
    made.furnish({CARE: QueueSettings(ageing_s=900)})
    assert offers(made) == [(1, ANN)]


def test_the_most_capable_idle_agent_is_first() -> None:
    needs = {"skills": {"german": 2}}
    agents = [Agent(ANN, 5, {"german": 2}), Agent(BOB, 5, {"german": 5}), Agent(CAT, 5, {"german": 1})]
    made = floor(agents, [someone(n, 9 - n) for n in range(4)], **needs)
    assert offers(made)[:2] == [(0, BOB), (1, ANN)], "both idle ones, then the less loaded; never who cannot"
    assert all(agent != CAT for _, agent in offers(floor(agents, [someone(1)], **needs)))


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("least_loaded", {ANN: 2, BOB: 4}), ("round_robin", {ANN: 3, BOB: 3})],
)
def test_strategies_share_out(strategy: str, expected: dict[UUID, int]) -> None:
    made = floor([Agent(ANN, 5), Agent(BOB, 10)], [someone(n) for n in range(6)], strategy=strategy)
    assert Counter(agent for _, agent in offers(made)) == expected


def test_a_sticky_queue_asks_the_last_agent_while_there_is_room() -> None:
    waiting = [someone(n, 9 - n, last_agent=BOB) for n in range(3)]
    made = floor([Agent(ANN, 5), Agent(BOB, 2)], waiting, strategy="sticky")
    assert offers(made) == [(0, BOB), (1, BOB), (2, ANN)]


def test_who_refused_is_not_asked_again_and_does_not_block_the_others() -> None:
    made = floor([Agent(ANN)], [someone(1, 9, refused=frozenset({ANN})), someone(2, 1)])
    assert offers(made) == [(2, ANN)]
    made.seat([Agent(ANN), Agent(BOB)])
    assert offers(made) == [(1, BOB)]


def test_a_call_takes_more_than_a_text() -> None:
    made = floor([Agent(ANN, 4)], [someone(1, 9, channel_kind="voice"), someone(2, 8, channel_kind="voice")])
    assert offers(made) == [(1, ANN)]
    made.wait(someone(3, 1))
    assert offers(made) == [(3, ANN)], "the second call does not fit, the text behind it does"
    assert made.load(ANN) == 4


def test_agents_serve_their_queues_and_queues_their_hours() -> None:
    made = floor([Agent(ANN, queues=frozenset({SALES}))], [someone(1), someone(2, queue=SALES)])
    assert offers(made) == [(2, ANN)]
    hours = {"time_zone": "UTC", "week": {"sunday": [{"start": "09:00", "end": "10:00"}]}}
    assert offers(floor([Agent(ANN)], [someone(1)], hours=hours)) == [], "closed on a Monday"


def test_when_all_agents_vanish_nobody_is_asked_and_nobody_is_lost() -> None:
    made = floor([Agent(ANN), Agent(BOB)], [someone(n) for n in range(12)])
    assert len(offers(made)) == 10
    made.seat([])
    assert offers(made) == []
    for contact_id in list(made.held):
        made.wait(someone(contact_id.int - 1000))
    assert len(made.waiting) == 12
    made.seat([Agent(BOB)])
    assert made.load(BOB) == 0
    assert len(offers(made)) == 5


def test_any_history_keeps_the_books() -> None:
    """Whatever happens: nobody over capacity, nobody in two places, loads as counted afresh."""
    rng = Random(7)
    made = floor([Agent(UUID(int=n), rng.randint(1, 6)) for n in range(1, 20)], [], strategy="least_loaded")
    for step in range(400):
        number = rng.randrange(80)
        match rng.randrange(4):
            case 0 | 1:
                made.wait(someone(number, step, priority=rng.randint(-1, 2)))
            case 2:
                made.leave(UUID(int=1000 + number))
            case _:
                made.assign(NOON, rng.randint(1, 9))
        assert not set(made.waiting) & set(made.held)
        counted = Counter(held.agent_id for held in made.held.values())
        assert all(
            made.load(agent.id) == counted[agent.id] <= agent.capacity for agent in made.agents.values()
        )
