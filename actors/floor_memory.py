"""What a RouterHost remembers of one tenant: its floor, kept in step with what the conversation hosts tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from hub.routing import store
from hub.routing.floor import NOBODY, Agent, Floor, Offered, Waiting
from hub.routing.queue import Queues
from hub.routing.store import Standing
from models.db import Scope, transaction

# Read whole at first, soon again because the hosts may learn a moment later that the floor is open, then every minute:
# what hosts tell may be lost.
READ_AGAIN = (timedelta(seconds=3), timedelta(seconds=10), timedelta(seconds=60))
PEOPLE_FOR = timedelta(seconds=3)


class FloorMemory:
    """One tenant's floor and what it is made of."""

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.able: dict[UUID, Agent] = {}
        self._floor = Floor()
        self._known: dict[UUID, Standing] = {}
        self._refusals: dict[UUID, datetime] = {}
        self._doubtful: set[UUID] = set()
        self._left_with: dict[UUID, int] = {}
        self._news: list[Standing] | None = None  # told while PostgreSQL is being read
        self._reads = 0
        self._read_next: datetime | None = None
        self._people_next: datetime | None = None

    def learn(self, standing: Standing) -> None:
        """A conversation is so now; older news than what is known is none."""
        if self._news is not None:
            self._news.append(standing)
            return
        known = self._known.get(standing.contact_id)
        if known is not None and known.version >= standing.version:
            return
        self._put(standing)

    def _put(self, each: Standing) -> None:
        contact_id = each.contact_id
        self._refusals.pop(contact_id, None)
        self._known[contact_id] = each
        if not each.open:
            self._known.pop(contact_id)
            self._floor.leave(contact_id)
        elif each.agent_id is not None:
            self._floor.hold(contact_id, each.agent_id, each.channel_kind)
        elif each.queue_id is not None and each.waiting_since is not None:
            if each.refused and each.refused_until is not None:
                self._refusals[contact_id] = each.refused_until
            self._floor.wait(_waiting(each, each.refused))
        else:
            self._floor.leave(contact_id)

    def doubt(self, contact_id: UUID) -> None:
        """Something decided of it did not fit: read it again before the next round."""
        self._floor.leave(contact_id)
        self._known.pop(contact_id, None)
        self._doubtful.add(contact_id)

    def leave_with(self, contact_id: UUID) -> None:
        """It cannot go back to a queue: whoever has it keeps it until it changes."""
        if (known := self._known.get(contact_id)) is not None:
            self._left_with[contact_id] = known.version

    async def refresh(self, engine: AsyncEngine, now: datetime) -> None:
        """Read what is due to be read: everything, or what is in doubt; and who may answer."""
        async with transaction(engine, Scope.of(self.tenant_id)) as db:
            if self._people_next is None or now >= self._people_next:
                self.able = await store.able_agents(db, self.tenant_id)
                self._people_next = now + PEOPLE_FOR
            whole = self._read_next is None or now >= self._read_next
            if not whole and not self._doubtful:
                return
            self._news = []
            try:
                if whole:
                    self._replace(await store.open_conversations(db, self.tenant_id))
                    self._read_next = now + READ_AGAIN[min(self._reads, len(READ_AGAIN) - 1)]
                    self._reads += 1
                else:
                    doubtful, self._doubtful = self._doubtful, set()
                    for each in await store.some_conversations(db, self.tenant_id, list(doubtful)):
                        self._put(each)
            finally:
                news, self._news = self._news, None
                for each in news:
                    self.learn(each)

    def _replace(self, found: Sequence[Standing]) -> None:
        """All that is open; what is known and newer stays, what is not open any more goes."""
        there = {each.contact_id for each in found}
        for contact_id in self._known.keys() - there:
            self._floor.leave(contact_id)
            del self._known[contact_id]
        self._left_with = {key: version for key, version in self._left_with.items() if key in there}
        for each in found:
            if self._known.get(each.contact_id) != each:
                self._put(each)
        self._doubtful = set()

    def furnish(self, queues: Queues, online: Collection[Agent], now: datetime) -> None:
        """Settings and who is here; those who would not have something may be asked again after a while."""
        self._floor.furnish(queues)
        self._floor.seat(online)
        for contact_id in [each for each, until in self._refusals.items() if until <= now]:
            del self._refusals[contact_id]
            known = self._known.get(contact_id)
            if known is not None and contact_id in self._floor.waiting:
                self._floor.wait(_waiting(known, NOBODY))

    def assign(self, now: datetime, most: int) -> list[Offered]:
        """`Floor.assign`; what it decides is known to the floor before anybody has agreed."""
        return self._floor.assign(now, most)

    def unanswered(self, agents: Collection[UUID]) -> Iterator[tuple[UUID, UUID]]:
        """(conversation, agent) of what these were offered, or have and did not answer."""
        for contact_id, held in list(self._floor.held.items()):
            known = self._known.get(contact_id)
            if held.agent_id not in agents or known is None or not (known.asked or known.unanswered):
                continue
            if self._left_with.get(contact_id) != known.version:
                yield contact_id, held.agent_id

    def holders(self) -> set[UUID]:
        """Everybody who has a conversation or is asked about one, here or not."""
        return {held.agent_id for held in self._floor.held.values()}


def _waiting(each: Standing, refused: frozenset[UUID]) -> Waiting:
    assert each.queue_id is not None
    assert each.waiting_since is not None
    return Waiting(
        each.contact_id,
        each.queue_id,
        each.waiting_since,
        each.priority,
        each.channel_kind,
        each.last_agent,
        refused,
    )
