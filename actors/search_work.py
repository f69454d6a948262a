"""Fills in the words of new messages for the search, some seconds after they were written: no message waits for it."""

from __future__ import annotations

import asyncio
import time

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.clock import Clock, SystemClock
from hub.search import store
from models.db import Scope, transaction

EVERY_S = 3.0
TENANTS_AT_ONCE = 200
LIMIT = 1_000  # messages of a tenant in one transaction
REST = 4.0  # times as long as a round took: a campaign under way needs the database more

log = structlog.get_logger()


class SearchWork:
    """One a hub. A second one would do no harm: a message's words are written once."""

    def __init__(self, engine: AsyncEngine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()

    async def run_for_ever(self) -> None:
        while True:
            filled, began = 0, time.monotonic()
            try:
                filled = await self.fill()
            except Exception:
                log.exception("search_not_filled")
            await asyncio.sleep(REST * (time.monotonic() - began) if filled >= LIMIT else EVERY_S)

    async def fill(self) -> int:
        """One round over all tenants. Returns how many messages were filled in."""
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = (await db.execute(text("SELECT tenant_ids()"))).scalar_one()
        filled = 0
        for first in range(0, len(tenants), TENANTS_AT_ONCE):
            some = tenants[first : first + TENANTS_AT_ONCE]
            async with transaction(self._engine, Scope.of(*some)) as db:
                filled += await store.fill(db, some, self._clock.now(), LIMIT)
        return filled
