"""RouterHost: the floors of many tenants: offers what waits to whoever has room, and calls what is due."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import structlog

from actors.floor_memory import FloorMemory
from actors.host import host_names, owner
from actors.messages import Command
from actors.ports import Conversations
from actors.runtime import counts
from actors.shell import Shell
from hub import realtime
from hub.clock import SystemClock
from hub.conversations.desk import DeskEvent, Due, GiveBack, Offer
from hub.directory import Directories, Directory
from hub.errors import Conflict, HubError
from hub.ids import encode_id
from hub.routing import store
from hub.routing.people import People, Seen
from hub.routing.store import Standing
from hub.settings import Settings
from models.db import Scope, transaction

ROUND_S = 0.5
BREATH_S = 0.02  # between two rounds, whatever happens
DUE_S = 0.5
DUE_MAX = 500
OFFERS_MAX = 500  # a tenant and round, so that presence is looked at again in between
GIVEN_BACK_MAX = 2_000  # a tenant and round, so that offers do not wait for all of them

log = structlog.get_logger()


class RouterHost(Shell):
    """Remembers who waits and who has what, of tenants with somebody at the desk; decides, and asks the conversations.

    What it remembers may be old: the conversation itself refuses an offer that does not fit, and is read again. After a
    restart everything is read from PostgreSQL; offers that nobody heard of come due there.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__(name, settings)
        self.clock = SystemClock()
        self.directories = Directories(self.engine)
        self.people = People(self.redis)
        self.conversations: Any = Conversations(settings)
        self._names = host_names("router", counts(settings)["router"])
        self._floors: dict[UUID, FloorMemory] = {}
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._for_ever(self.round, ROUND_S, self._woken)),
            asyncio.create_task(self._for_ever(self.fire, DUE_S, asyncio.Event())),
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.conversations.close()
        await super().close()

    async def changed(self, news: Sequence[tuple[UUID, Standing]]) -> None:
        """Conversations of (tenant) have changed; of tenants without a floor it is no news."""
        for tenant_id, standing in news:
            if (floor := self._floors.get(tenant_id)) is not None:
                floor.learn(standing)
                self._woken.set()

    async def wake(self) -> None:
        """Somebody came or went: look now."""
        self._woken.set()

    async def round(self) -> int:
        """Look at every floor once. Returns how many offers were taken up by their conversations."""
        mine = {
            tenant for tenant in await self.people.floors() if owner(tenant.bytes, self._names) == self.name
        }
        for gone in self._floors.keys() - mine:
            del self._floors[gone]
        made = await asyncio.gather(*(self._look(tenant) for tenant in mine), return_exceptions=True)
        for error in (each for each in made if isinstance(each, BaseException)):
            log.error("floor_failed", host=self.name, error=type(error).__name__, detail=str(error))
        return sum(each for each in made if isinstance(each, int))

    async def _look(self, tenant_id: UUID) -> int:
        floor = self._floors.setdefault(tenant_id, FloorMemory(tenant_id))
        now = self.clock.now()
        await floor.refresh(self.engine, now)
        directory = await self.directories.one(tenant_id)
        # Read last: whoever has taken something by then was at hand before.
        seen = await self.people.of(tenant_id)
        online = [
            floor.able[agent_id]
            for agent_id, each in seen.items()
            if each.here and each.status == "online" and agent_id in floor.able
        ]
        floor.furnish(directory.queue_settings, online, now)
        gone = {
            agent_id: why
            for agent_id in floor.holders() | seen.keys()
            if (why := _why_gone(agent_id, seen.get(agent_id), directory, floor)) is not None
        }
        await self._give_back(floor, gone, now)
        if left := [agent_id for agent_id, each in seen.items() if not each.here]:
            await self._say_left(directory, await self.people.dismiss(tenant_id, left))
        offers = floor.assign(now, OFFERS_MAX)
        events: list[tuple[UUID, DeskEvent]] = [
            (each.contact_id, Offer(each.agent_id, now + timedelta(seconds=each.accept_s), now))
            for each in offers
        ]
        return await self._tell(floor, events)

    async def _say_left(self, directory: Directory, agents: Sequence[UUID]) -> None:
        """The screens hear who is gone; who only closed the browser said nothing."""
        events = [
            {
                "type": "presence.updated",
                "agent": {"id": encode_id("usr", agent_id), "name": directory.users.get(agent_id, "")},
                "status": "offline",
            }
            for agent_id in agents
            if agent_id in directory.users  # who is at hand from a tenant above was not shown as here
        ]
        await realtime.publish(self.redis, [(directory.tenant_id, event) for event in events])

    async def _give_back(self, floor: FloorMemory, gone: dict[UUID, str], now: datetime) -> None:
        """What those who left have not answered goes back to its queue, before others are asked."""
        if gone:
            unanswered = list(islice(floor.unanswered(gone), GIVEN_BACK_MAX))
            await self._tell(
                floor, [(contact, GiveBack(agent, now, gone[agent])) for contact, agent in unanswered]
            )

    async def _tell(self, floor: FloorMemory, events: Sequence[tuple[UUID, DeskEvent]]) -> int:
        """Ask conversations for a turn each. One that refuses is read again before anything else is decided of it."""
        asked = [
            (contact_id, self.conversations.ask(Command(floor.tenant_id, contact_id, event)))
            for contact_id, event in events
        ]
        answers = await asyncio.gather(*(future for _, future in asked), return_exceptions=True)
        taken = 0
        for (contact_id, event), answer in zip(events, answers, strict=True):
            if isinstance(answer, BaseException):
                if not isinstance(answer, HubError):
                    log.error("desk_turn_failed", host=self.name, error=type(answer).__name__)
                if isinstance(event, GiveBack) and isinstance(answer, Conflict):
                    floor.leave_with(contact_id)
                floor.doubt(contact_id)
            else:
                taken += 1
        return taken

    async def fire(self) -> int:
        """Call what is due now, each once: also what came due while nobody looked. Returns how many turns it were."""
        now = self.clock.now()
        async with transaction(self.engine, Scope.nothing()) as db:
            rows = await store.due(db, now, DUE_MAX * len(self._names))
        mine = [row for row in rows if owner(row.tenant_id.bytes, self._names) == self.name]
        asked = [self.conversations.ask(Command(row.tenant_id, row.contact_id, Due(now))) for row in mine]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return sum(not isinstance(answer, BaseException) for answer in answers)

    async def _for_ever(
        self, once: Callable[[], Awaitable[int]], every_s: float, woken: asyncio.Event
    ) -> None:
        while True:
            try:
                await once()
            except Exception:
                log.exception("router_round_failed", host=self.name)
            await asyncio.sleep(BREATH_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), every_s)
            woken.clear()


def _why_gone(agent_id: UUID, seen: Seen | None, directory: Directory, floor: FloorMemory) -> str | None:
    """Why somebody does not keep what they have not answered; None: they are here and may answer.

    Who answers from a tenant above is no user here: that they may is known where they come from.
    """
    name = directory.users.get(agent_id) or "the agent"
    if agent_id in directory.users and agent_id not in floor.able:
        return f"{name} may not answer any more"
    if seen is None:
        return f"{name} is not at work"
    if not seen.here:
        return f"{name} is gone"
    return f"{name} is away" if seen.status == "away" else None
