"""The floor: who waits, who works, and who is offered what next. Holds its own indexes, does no I/O.

Order: whoever has waited longest, a step of priority counting as `ageing_s` seconds of waiting. That never changes
while somebody waits, so a heap a queue is enough, and nobody starves: a wait outgrows every priority.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple
from uuid import UUID

from hub.routing.hours import is_open
from hub.routing.queue import PLAIN, Queues, QueueSettings

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


_Entry = tuple[float, int, Waiting]
_Seat = tuple[tuple[float, ...], int, UUID]


class Floor:
    """One tenant's floor. `assign` gives what it decides to the agents at once, so that none gets too much."""

    def __init__(self) -> None:
        self.queues: Queues = {}
        self.agents: dict[UUID, Agent] = {}
        self.waiting: dict[UUID, Waiting] = {}
        self.held: dict[UUID, Held] = {}
        self._load: dict[UUID, int] = {}
        self._asked: dict[
            UUID, int
        ] = {}  # when each was last given something, by the number of the assignment
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
        if before != self.agents:
            self._weigh()

    def wait(self, each: Waiting) -> None:
        """Put somebody in a queue, or change what is known of them."""
        self.leave(each.contact_id)
        self.waiting[each.contact_id] = each
        heappush(self._heaps.setdefault(each.queue_id, []), self._entry(each))

    def hold(self, contact_id: UUID, agent_id: UUID, channel_kind: str) -> None:
        """An agent has this conversation, or is asked about it."""
        self.leave(contact_id)
        self.held[contact_id] = Held(agent_id, channel_kind)
        self._load[agent_id] = self._load.get(agent_id, 0) + self._weight(agent_id, channel_kind)

    def leave(self, contact_id: UUID) -> None:
        """Nobody has it and it waits for nobody."""
        self.waiting.pop(contact_id, None)
        held = self.held.pop(contact_id, None)
        if held is not None:
            self._load[held.agent_id] -= self._weight(*held)

    def load(self, agent_id: UUID) -> int:
        return self._load.get(agent_id, 0)

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
            agent = self._agent_for(entry[2], seats[queue_id])
            if agent is None:
                skipped.append(entry)
                looked[queue_id] = looked.get(queue_id, 0) + 1
                if looked[queue_id] >= LOOKED_AT_MAX:
                    continue
            else:
                offers.append(self._give(entry[2], agent))
            if (head := self._head(heap)) is not None:
                heappush(heads, (*head, queue_id))
        for entry in skipped:
            heappush(self._heaps[entry[2].queue_id], entry)
        return offers

    def _give(self, each: Waiting, agent: Agent) -> Offered:
        self.hold(each.contact_id, agent.id, each.channel_kind)
        self._asked[agent.id] = next(self._number)
        return Offered(each.contact_id, each.queue_id, agent.id, self._settings(each.queue_id).accept_s)

    def _agent_for(self, each: Waiting, seats: list[_Seat]) -> Agent | None:
        """The best agent with room for it who has not refused it."""
        settings = self._settings(each.queue_id)
        last = self.agents.get(each.last_agent) if each.last_agent is not None else None
        if (
            settings.strategy == "sticky"
            and last is not None
            and last.fits(each.queue_id, settings)
            and self._takes(last, each)
        ):
            return last
        passed: list[_Seat] = []
        found: Agent | None = None
        while seats:
            key, order, agent_id = heappop(seats)
            agent = self.agents[agent_id]
            if self.load(agent_id) >= agent.capacity:
                continue  # full since the seats were counted
            now = self._key(agent, settings)
            if now != key:  # given something in the meantime: keys only grow, so the true one goes back
                heappush(seats, (now, order, agent_id))
                continue
            passed.append((key, order, agent_id))
            if self._takes(agent, each):
                found = agent
                break
        for seat in passed:
            heappush(seats, seat)
        return found

    def _takes(self, agent: Agent, each: Waiting) -> bool:
        if agent.id in each.refused:
            return False
        return self.load(agent.id) + agent.weight(each.channel_kind) <= agent.capacity

    def _seats(self, queue_id: UUID) -> list[_Seat]:
        settings = self._settings(queue_id)
        seats = [
            (self._key(agent, settings), order, agent.id)
            for order, agent in enumerate(self.agents.values())
            if self.load(agent.id) < agent.capacity and agent.fits(queue_id, settings)
        ]
        heapify(seats)
        return seats

    def _key(self, agent: Agent, settings: QueueSettings) -> tuple[float, ...]:
        """Smaller is better. Only grows while agents are given things."""
        load, asked = self.load(agent.id) / agent.capacity, self._asked.get(agent.id, 0)
        match settings.strategy:
            case "round_robin":
                return (asked,)
            case "least_loaded":
                return (load, asked)
            case _:
                able = sum(agent.skills.get(skill, 0) for skill in settings.skills)
                return (load > 0, -able if load == 0 else load, load if load == 0 else -able, asked)

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

    def _weight(self, agent_id: UUID, channel_kind: str) -> int:
        agent = self.agents.get(agent_id)
        return WEIGHTS.get(channel_kind, 1) if agent is None else agent.weight(channel_kind)

    def _weigh(self) -> None:
        """Count every load again: weights belong to agents."""
        self._load = {}
        for agent_id, channel_kind in self.held.values():
            weight = self._weight(agent_id, channel_kind)
            self._load[agent_id] = self._load.get(agent_id, 0) + weight

    def in_queue(self, queue_id: UUID) -> Iterator[Waiting]:
        """Who waits in a queue, in no order."""
        return (each for each in self.waiting.values() if each.queue_id == queue_id)
