"""What a wallboard shows, put together from counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.routing.floor import Agent
from hub.routing.people import Seen, Status
from hub.routing.queue import QueueSettings

Presence = Literal[Status, "offline"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Conversations as they are now. `waiting` and `handled` are the open ones, which nobody or somebody has."""

    waiting: int = 0
    handled: int = 0
    snoozed: int = 0
    waiting_for_contact: int = 0
    oldest_wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """What happened since midnight. `in_time` and `late` are the first answers that had a target."""

    entered: int = 0
    answered: int = 0
    in_time: int = 0
    late: int = 0
    closed: int = 0
    breached: int = 0

    @property
    def in_time_share(self) -> float | None:
        """Of the first answers of today that had a target, how many were in time: 0 to 1, None where there was none."""
        had = self.in_time + self.late
        return self.in_time / had if had else None


@dataclass(frozen=True, slots=True)
class QueueLine:
    id: UUID
    name: str
    now: Standing
    today: Today
    agents_online: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class AgentLine:
    """`load` in weights, of `capacity`: what they have and what they are asked about."""

    id: UUID
    kind: str
    name: str
    presence: str
    load: int
    capacity: int
    open: int
    offered: int


@dataclass(frozen=True, slots=True)
class Board:
    """One moment of a tenant's floor."""

    at: datetime
    since: datetime
    time_zone: str
    now: Standing
    today: Today
    queues: Sequence[QueueLine] = ()
    agents: Sequence[AgentLine] = ()
    messages: Sequence[Any] = ()
    accounts: Sequence[Any] = field(default=())


def standing(rows: Iterable[Any], at: datetime) -> Standing:
    """The sum over rows of counts by queue, with the longest wait until `at`."""
    rows = list(rows)
    since = min((row.waiting_since for row in rows if row.waiting_since is not None), default=None)
    return Standing(
        sum(row.waiting for row in rows),
        sum(row.handled for row in rows),
        sum(row.snoozed for row in rows),
        sum(row.waiting_for_contact for row in rows),
        None if since is None else max((at - since).total_seconds(), 0.0),
    )


def today(rows: Iterable[Any]) -> Today:
    """The sum over rows of what happened by queue."""
    rows = list(rows)
    names = ("entered", "answered", "in_time", "late", "closed", "breached")
    return Today(**{name: sum(getattr(row, name) for row in rows) for name in names})


def presence(seen: Seen | None) -> Presence:
    """In one word; somebody without a beat is offline."""
    return "offline" if seen is None or not seen.here else seen.status


def online(
    able: Mapping[UUID, Agent], seen: Mapping[UUID, Seen], queue_id: UUID, settings: QueueSettings
) -> int:
    """How many who are online serve the queue."""
    return sum(
        agent.fits(queue_id, settings) and presence(seen.get(agent.id)) == "online" for agent in able.values()
    )


def agent_lines(
    rows: Iterable[Any], able: Mapping[UUID, Agent], held: Iterable[Any], seen: Mapping[UUID, Seen]
) -> list[AgentLine]:
    """Those who may answer, with what they have. `held`: agent_id, kind, open, offered by agent and kind of channel."""
    by_agent: dict[UUID, list[Any]] = {}
    for each in held:
        by_agent.setdefault(each.agent_id, []).append(each)
    found = []
    for row in rows:
        agent = able.get(row.id)
        if agent is None:
            continue
        has = by_agent.get(row.id, [])
        found.append(
            AgentLine(
                row.id,
                row.kind,
                row.name,
                presence(seen.get(row.id)),
                sum((each.open + each.offered) * agent.weight(each.kind) for each in has),
                agent.capacity,
                sum(each.open for each in has),
                sum(each.offered for each in has),
            )
        )
    return found
