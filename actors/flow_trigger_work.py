"""Lets flows begin: schedules that are due, segments that somebody joined or left, and everybody who is to begin."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.flow_begin import Beginning, Mailer, begin
from hub.clock import Clock, SystemClock
from hub.conversations.flow_events import NO_FLOW, NO_START
from hub.flows.experiments import service as experiments
from hub.flows.experiments import store as experiment_store
from hub.flows.triggers import service, store
from models.db import Scope, transaction

EVERY_S = 1.0
PIECES_MAX = 20
"""So many pieces of work of one kind a tenant has in one round."""
BEGINS_MAX = 500
LEASE = timedelta(minutes=1)
BACK_OFF_MAX = timedelta(minutes=15)
"""Whoever cannot begin because no host answers is asked again after 1, 2, 4, … minutes, for as long as it takes."""
UNHEARD = (NO_FLOW, NO_START)
"""A host has not read yet what was published a moment ago, so that it is asked again soon, so many times."""
UNHEARD_MAX = 3
AGAIN = timedelta(seconds=4)

Piece = Callable[[AsyncConnection, UUID, datetime], Awaitable[bool]]

log = structlog.get_logger()


class FlowTriggerWork:
    """One a jobs host. Several do no harm: rows are held or leased, and a key begins one session.

    A row of `flow_begins` goes after its session's commit; what happened twice for it is `again`.
    """

    def __init__(self, engine: AsyncEngine, conversations: Mailer, clock: Clock | None = None) -> None:
        self._engine = engine
        self._conversations = conversations
        self._clock = clock or SystemClock()

    async def run_for_ever(self) -> None:
        while True:
            try:
                await self.round()
            except Exception:
                log.exception("flow_triggers_failed")
            await asyncio.sleep(EVERY_S)

    async def round(self) -> int:
        """Do what is due; returns how many contacts were to begin."""
        now = self._clock.now()
        async with transaction(self._engine, Scope.nothing()) as db:
            tenants = await store.tenants(db, now)
            experimenting = await experiment_store.tenants(db, now)
        for tenant_id in experimenting:
            await self._pieces(experiments.look_at_one, tenant_id)
        for tenant_id in tenants:
            await self._pieces(service.fire_one, tenant_id)
            await self._pieces(service.look_at_one, tenant_id)
        return await self._begin(tenants) if tenants else 0

    async def _pieces(self, piece: Piece, tenant_id: UUID) -> None:
        """A transaction each. One that fails is tried again in the next round, and keeps no other tenant waiting."""
        for _ in range(PIECES_MAX):
            try:
                async with transaction(self._engine, Scope.of(tenant_id)) as db:
                    if not await piece(db, tenant_id, self._clock.now()):
                        return
            except Exception:
                log.exception("flow_trigger_failed", tenant=str(tenant_id))
                return

    async def _begin(self, tenants: Sequence[UUID]) -> int:
        now = self._clock.now()
        async with transaction(self._engine, Scope.of(*tenants)) as db:
            rows = await store.claim_begins(db, tenants, now, LEASE, BEGINS_MAX)
        groups: dict[tuple[UUID, UUID, str, str], list[Any]] = defaultdict(list)
        for row in rows:
            groups[row.tenant_id, row.flow_id, row.node, row.trigger].append(row)
        await asyncio.gather(*(self._begin_one(*key, group) for key, group in groups.items()))
        return len(rows)

    async def _begin_one(
        self, tenant_id: UUID, flow_id: UUID, node: str, trigger: str, rows: Sequence[Any]
    ) -> None:
        asked = [Beginning(row.contact_id, row.key, row.given) for row in rows]
        found = await begin(
            self._conversations,
            tenant_id,
            flow_id,
            asked,
            at=self._clock.now(),
            node=node,
            trigger=trigger,
        )
        answers = list(zip(rows, found, strict=True))
        unheard = [row.id for row, each in answers if each.reason in UNHEARD and row.attempts <= UNHEARD_MAX]
        failed = [row for row, each in answers if each.status == "failed"]
        if failed:
            log.warning("flow_begins_failed", flow=str(flow_id), failed=len(failed))
        again: dict[timedelta, list[UUID]] = defaultdict(list)
        again[AGAIN] += unheard
        for row in failed:
            again[back_off(row.attempts)].append(row.id)
        left = {key for ids in again.values() for key in ids}
        async with transaction(self._engine, Scope.of(tenant_id)) as db:
            await store.done_begins(db, tenant_id, [row.id for row in rows if row.id not in left])
            for delay, ids in again.items():
                await store.put_off_begins(db, tenant_id, ids, self._clock.now() + delay)


def back_off(attempts: int) -> timedelta:
    """How long whoever failed to begin so often waits."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(LEASE * doubled, BACK_OFF_MAX)
