"""What every host has: its settings, one engine, one Redis client, opened on first use inside its own loop."""

from __future__ import annotations

import gc

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.settings import Settings
from models.db import app_url, make_engine
from models.pipe import Pool

POOL_MAX = 4  # of raw connections: a host seldom has more transactions of its hot path at once


def make_app_engine(settings: Settings, name: str) -> AsyncEngine:
    """An engine of the application role for this process."""
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    return make_engine(url, pool=settings.database_pool, application_name=f"parley {name}")


def make_app_pool(settings: Settings, name: str) -> Pool:
    """Raw connections of the application role for this process's hot path."""
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    return Pool(url, size=POOL_MAX, application_name=f"parley {name}")


def make_redis(settings: Settings) -> Redis:
    return Redis.from_url(settings.redis_url, health_check_interval=30)


def calm_collector() -> None:
    """Keep the cycle collector from stopping a process that holds very many long-lived objects.

    What is loaded now is never looked at again, and the young are looked at after 20,000 new objects, not 700: a full
    collection in the middle of a batch is felt by everybody who waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Shell:
    """Base of the hosts: `name` is the actor's, `ping` answers once the host is ready."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        self.engine = make_app_engine(settings, name)
        self.pool = make_app_pool(settings, name)
        self.redis = make_redis(settings)
        self._started = False

    async def start(self) -> None:
        """Begin background work; called once, by the first `ping`."""

    async def ping(self) -> str:
        if not self._started:
            self._started = True
            await self.start()
        return self.name

    async def close(self) -> None:
        """Close what was opened; a host under Ray simply ends."""
        await self.engine.dispose()
        await self.pool.close()
        await self.redis.aclose()
