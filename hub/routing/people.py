"""Who is at the desk: presence in Redis, kept alive by heartbeats. Nothing of it is the truth about a conversation."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from redis.asyncio import Redis

Status = Literal["online", "busy", "away"]
BEAT_TTL_S = 45.0  # after so long without a beat somebody is gone
FLOOR_TTL_S = 900.0  # how long a tenant is looked after when nobody of it beats any more
AT_HAND_S = 600.0  # how long who takes or answers something counts as here without saying so
FORGET_S = 12 * 3600  # what somebody chose is theirs again when they come back within a shift
FLOORS = "hub:floors"


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody chose, and whether they still beat. `offline` and here: they take and answer without having said so."""

    status: Literal[Status, "offline"]
    here: bool


class People:
    """Presence of the tenants' agents."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def come(self, tenant_id: UUID, agent_id: UUID, status: Status) -> None:
        """Somebody is here, as `status`; a beat as well."""
        chosen, beats = _keys(tenant_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(chosen, agent_id.hex, status)
            pipe.expire(chosen, FORGET_S)
            self._beat(pipe, tenant_id, beats, agent_id)
            await pipe.execute()

    async def beat(self, tenant_id: UUID, agent_id: UUID) -> None:
        """Still here; of somebody who chose nothing it says nothing."""
        chosen, beats = _keys(tenant_id)
        if not await self._redis.hexists(chosen, agent_id.hex):
            return
        async with self._redis.pipeline(transaction=True) as pipe:
            self._beat(pipe, tenant_id, beats, agent_id)
            await pipe.execute()

    async def act(self, tenant_id: UUID, agent_id: UUID) -> None:
        """Somebody takes or answers a conversation: who chose nothing is at hand for a while, and keeps it."""
        chosen, beats = _keys(tenant_id)
        if await self._redis.hexists(chosen, agent_id.hex):
            return
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(beats, {agent_id.hex: time.time() + AT_HAND_S})
            pipe.expire(beats, FORGET_S)
            await pipe.execute()

    @staticmethod
    def _beat(pipe: Any, tenant_id: UUID, beats: str, agent_id: UUID) -> None:
        now = time.time()
        pipe.zadd(beats, {agent_id.hex: now + BEAT_TTL_S})
        pipe.expire(beats, FORGET_S)
        pipe.zadd(FLOORS, {tenant_id.hex: now + FLOOR_TTL_S})

    async def leave(self, tenant_id: UUID, agent_id: UUID) -> None:
        """Off duty: as somebody whose beats are over, at once."""
        chosen, beats = _keys(tenant_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(chosen, agent_id.hex)
            pipe.zadd(beats, {agent_id.hex: 0}, xx=True)
            await pipe.execute()

    async def of(self, tenant_id: UUID) -> dict[UUID, Seen]:
        """Everybody who chose something or is at hand, and those whose beats are over and who were not dismissed yet."""
        chosen, beats = _keys(tenant_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(chosen)
            pipe.zrange(beats, 0, -1, withscores=True)
            statuses, scores = await pipe.execute()
        now = time.time()
        until = {UUID(hex=each.decode()): score for each, score in scores}
        found = {
            agent_id: Seen("offline", True) if score > now else Seen("away", False)
            for agent_id, score in until.items()
        }
        for each, status in statuses.items():
            agent_id = UUID(hex=each.decode())
            found[agent_id] = Seen(status.decode(), until.get(agent_id, 0) > now)
        return found

    async def dismiss(self, tenant_id: UUID, agents: list[UUID]) -> list[UUID]:
        """What these had is taken care of: they are not told of again until they beat. Returns those who just left."""
        _, beats = _keys(tenant_id)
        now = time.time()
        scores = await self._redis.zmscore(beats, [agent_id.hex for agent_id in agents])
        over = [
            agent_id
            for agent_id, score in zip(agents, scores, strict=True)
            if score is not None and score <= now
        ]
        if over:
            await self._redis.zrem(beats, *(agent_id.hex for agent_id in over))
        return over

    async def floors(self) -> set[UUID]:
        """The tenants that somebody is, or a moment ago was, at the desk of."""
        now = time.time()
        found: Any = await self._redis.zrangebyscore(FLOORS, now, "+inf")
        return {UUID(hex=each.decode()) for each in found}


def _keys(tenant_id: UUID) -> tuple[str, str]:
    return f"t:{tenant_id.hex}:presence", f"t:{tenant_id.hex}:beats"
