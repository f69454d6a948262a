"""The floor: who waits, who works, and who is offered what next. Holds its own indexes, does no I/O.

Order: whoever has waited longest, a step of priority counting as `ageing_s` seconds of waiting. That never changes
while somebody waits, so a heap a queue is enough, and nobody starves: a wait outgrows every priority.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple
from uuid import UUID

from hub.routing.hours import is_open
from hub.routing.queue import PLAIN, Queues, QueueSettings, Strategy

WEIGHTS: Mapping[str, int] = {"voice": 3}  # what a conversation takes of its agent's capacity; others 1
CAPACITY = 5
LOOKED_AT_MAX = 50  # how far behind a head that nobody here may take a queue is searched for another
NOBODY: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who takes conversations now. `capacity` in weights; `queues` None: all queues."""

    id: UUID
    capacity: int = CAPACITY
    skills: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)
    queues: frozenset[UUID] | None = None

    def weight(self, channel_kind: str) -> int:
        return self.weights.get(channel_kind) or WEIGHTS.get(channel_kind, 1)

    def fits(self, queue_id: UUID, settings: QueueSettings) -> bool:
        """Whether the agent serves the queue and has its skills."""
        if self.queues is not None and queue_id not in self.queues:
            return False
        return all(self.skills.get(skill, 0) >= level for skill, level in settings.skills.items())


class Waiting(NamedTuple):
    """A conversation in a queue that nobody has and nobody is asked about. `refused`: who would not have it."""

    contact_id: UUID
    queue_id: UUID
    since: datetime
    priority: int = 0
    channel_kind: str = "sms"
    last_agent: UUID | None = None
    refused: frozenset[UUID] = NOBODY


class Offered(NamedTuple):
    """Ask this agent whether they take this conversation, for so many seconds."""

    contact_id: UUID
    queue_id: UUID
    agent_id: UUID
    accept_s: int


class Held(NamedTuple):
    agent_id: UUID
    channel_kind: str


@dataclass(slots=True, eq=False)
class _Chair:
    """An agent at work: what they have, and when they were last given something. `changes` tells an old seat."""

    agent: Agent
    load: int = 0
    asked: int = 0
    changes: int = 0


_Entry = tuple[float, int, Waiting]
_Seat = tuple[
    tuple[float, ...], int, int, int, _Chair
]  # key, order, the chair's changes, how able, the chair


class Floor:
    """One tenant's floor. `assign` gives what it decides to the agents at once, so that none gets too much."""

    def __init__(self) -> None:
        self.queues: Queues = {}
        self.agents: dict[UUID, Agent] = {}
        self.waiting: dict[UUID, Waiting] = {}
        self.held: dict[UUID, Held] = {}
        self._chairs: dict[UUID, _Chair] = {}
        self._heaps: dict[UUID, list[_Entry]] = {}
        self._number = count(1)

    def furnish(self, queues: Queues) -> None:
        """New settings; the order of those who wait is found anew when it depends on them."""
        if queues == self.queues:
            return
        self.queues = queues
        self._heaps = {}
        for each in self.waiting.values():
            self._heaps.setdefault(each.queue_id, []).append(self._entry(each))
        for heap in self._heaps.values():
            heapify(heap)

    def seat(self, agents: Iterable[Agent]) -> None:
        """These agents take conversations now, and nobody else does; what others hold they keep."""
        before, self.agents = self.agents, {agent.id: agent for agent in agents}
        if before == self.agents:
            return
        asked = {agent_id: chair.asked for agent_id, chair in self._chairs.items()}
        self._chairs = {each.id: _Chair(each, asked=asked.get(each.id, 0)) for each in self.agents.values()}
        for held in self.held.values():  # counted again: weights belong to agents
            if (chair := self._chairs.get(held.agent_id)) is not None:
                chair.load += chair.agent.weight(held.channel_kind)

    def wait(self, each: Waiting) -> None:
        """Put somebody in a queue, or change what is known of them."""
        self.leave(each.contact_id)
        self.waiting[each.contact_id] = each
        heappush(self._heaps.setdefault(each.queue_id, []), self._entry(each))

    def hold(self, contact_id: UUID, agent_id: UUID, channel_kind: str) -> None:
        """An agent has this conversation, or is asked about it."""
        self.leave(contact_id)
        self.held[contact_id] = Held(agent_id, channel_kind)
        if (chair := self._chairs.get(agent_id)) is not None:
            chair.load += chair.agent.weight(channel_kind)
            chair.changes += 1

    def leave(self, contact_id: UUID) -> None:
        """Nobody has it and it waits for nobody."""
        self.waiting.pop(contact_id, None)
        held = self.held.pop(contact_id, None)
        if held is not None and (chair := self._chairs.get(held.agent_id)) is not None:
            chair.load -= chair.agent.weight(held.channel_kind)
            chair.changes += 1

    def load(self, agent_id: UUID) -> int:
        """What an agent who is here has, in weights."""
        return self._chairs[agent_id].load

    def assign(self, now: datetime, most: int | None = None) -> list[Offered]:
        """Offers for as many of the waiting as there is room for, at most `most`; the longest waiting first.

        Queues that are closed now wait until they open.
        """
        seats: dict[UUID, list[_Seat]] = {}
        heads = [
            (*entry, queue_id)
            for queue_id, heap in self._heaps.items()
            if (entry := self._head(heap)) and is_open(self._settings(queue_id).hours, now)
        ]
        heapify(heads)
        offers: list[Offered] = []
        skipped: list[_Entry] = []
        looked: dict[UUID, int] = {}
        while heads and (most is None or len(offers) < most):
            queue_id = heappop(heads)[3]
            heap = self._heaps[queue_id]
            if queue_id not in seats:
                seats[queue_id] = self._seats(queue_id)
            if not seats[queue_id]:
                continue  # nobody here has room: the queue is done for this time
            entry = heappop(heap)
            chair = self._chair_for(entry[2], seats[queue_id])
            if chair is None:
                skipped.append(entry)
                looked[queue_id] = looked.get(queue_id, 0) + 1
                if looked[queue_id] >= LOOKED_AT_MAX:
                    continue
            else:
                offers.append(self._give(entry[2], chair))
            if (head := self._head(heap)) is not None:
                heappush(heads, (*head, queue_id))
        for entry in skipped:
            heappush(self._heaps[entry[2].queue_id], entry)
        return offers

    def _give(self, each: Waiting, chair: _Chair) -> Offered:
        chair.asked = next(self._number)
        self.hold(each.contact_id, chair.agent.id, each.channel_kind)
        return Offered(each.contact_id, each.queue_id, chair.agent.id, self._settings(each.queue_id).accept_s)

    def _chair_for(self, each: Waiting, seats: list[_Seat]) -> _Chair | None:
        """The best agent with room for it who has not refused it."""
        settings = self._settings(each.queue_id)
        last = self._chairs.get(each.last_agent) if each.last_agent is not None else None
        sticks = settings.strategy == "sticky" and last is not None and _takes(last, each)
        if sticks and last is not None and last.agent.fits(each.queue_id, settings):
            return last
        passed: list[_Seat] = []
        found: _Chair | None = None
        while seats:
            seat = heappop(seats)
            _, order, changes, able, chair = seat
            if chair.load >= chair.agent.capacity:
                continue  # full since the seats were counted
            if chair.changes != changes:  # given something since: keys only grow, so the true one goes back
                key = _key(settings.strategy, chair, able)
                heappush(seats, (key, order, chair.changes, able, chair))
                continue
            passed.append(seat)
            if _takes(chair, each):
                found = chair
                break
        for seat in passed:
            heappush(seats, seat)
        return found

    def _seats(self, queue_id: UUID) -> list[_Seat]:
        settings = self._settings(queue_id)
        seats: list[_Seat] = []
        for order, chair in enumerate(self._chairs.values()):
            agent = chair.agent
            if chair.load < agent.capacity and agent.fits(queue_id, settings):
                able = sum(agent.skills[skill] for skill in settings.skills)
                seats.append((_key(settings.strategy, chair, able), order, chair.changes, able, chair))
        heapify(seats)
        return seats

    def _head(self, heap: list[_Entry]) -> _Entry | None:
        while heap:
            if self.waiting.get(heap[0][2].contact_id) is heap[0][2]:
                return heap[0]
            heappop(heap)  # left, or waits differently now
        return None

    def _entry(self, each: Waiting) -> _Entry:
        ageing_s = self._settings(each.queue_id).ageing_s
        return each.since.timestamp() - each.priority * ageing_s, next(self._number), each

    def _settings(self, queue_id: UUID) -> QueueSettings:
        return self.queues.get(queue_id, PLAIN)


def _takes(chair: _Chair, each: Waiting) -> bool:
    agent = chair.agent
    return agent.id not in each.refused and chair.load + agent.weight(each.channel_kind) <= agent.capacity


def _key(strategy: Strategy, chair: _Chair, able: int) -> tuple[float, ...]:
    """Smaller is better. Only grows while agents are given things."""
    if strategy == "round_robin":
        return (chair.asked,)
    load = chair.load / chair.agent.capacity
    if strategy == "least_loaded":
        return (load, chair.asked)
    return (1, load, -able, chair.asked) if chair.load else (0, -able, 0, chair.asked)
