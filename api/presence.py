"""Presence as routes say it: who comes and goes, and who does something at the desk."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import BackgroundTasks, Depends, Request
from redis.exceptions import RedisError

from api.schemas.queues import Presence
from hub import realtime
from hub.errors import Unavailable
from hub.ids import encode_id
from hub.routing.people import People

log = structlog.get_logger()


class AtTheDesk:
    """Says on behalf of one request who is at the desk of a tenant."""

    def __init__(self, request: Request, background: BackgroundTasks) -> None:
        self._redis = request.app.state.redis
        self._actors: Any = request.app.state.hub
        self._background = background
        self.people = People(self._redis)

    async def say(self, tenant_id: UUID, agent_id: UUID, name: str, status: Presence) -> None:
        """Somebody is there, as `status`, or not; screens and the router hear of it once the request is answered."""
        if status == "offline":
            await self.people.leave(tenant_id, agent_id)
        else:
            await self.people.come(tenant_id, agent_id, status)
        told = {
            "type": "presence.updated",
            "agent": {"id": encode_id("usr", agent_id), "name": name},
            "status": status,
        }
        self._background.add_task(realtime.publish, self._redis, [(tenant_id, told)])
        self._background.add_task(self._wake, tenant_id)

    async def sign_off(self, tenant_id: UUID, agent_id: UUID, name: str) -> None:
        """Off duty, for somebody who signs out: without Redis that still works, and their beats are over in a moment."""
        try:
            seen = (await self.people.of(tenant_id)).get(agent_id)
            if seen is not None:
                await self.say(tenant_id, agent_id, name, "offline")
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("sign_off_not_said", error=type(error).__name__)

    async def _wake(self, tenant_id: UUID) -> None:
        with contextlib.suppress(Unavailable):  # it looks by itself in a moment
            await self._actors.wake_router(tenant_id)

    async def acts(self, tenant_id: UUID, agent_id: UUID | None) -> None:
        """Somebody takes or answers a conversation, and keeps it for a while also if they never said that they are there."""
        if agent_id is None:
            return
        try:
            await self.people.act(tenant_id, agent_id)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("act_not_noted", error=type(error).__name__)


Desk = Annotated[AtTheDesk, Depends()]
