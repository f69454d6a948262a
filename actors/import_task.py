"""One import as a Ray task: dry run, run or undo to its end, in a worker process of its own.

Whoever runs it twice, or kills it anywhere, changes nothing: each block is written and marked in one transaction, and
a lock of the database lets one worker at a time near an import.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actors.shell import calm_collector, make_app_engine, make_redis
from hub import realtime
from hub.contacts.importing import service, store
from hub.contacts.importing.undoing import take_back
from hub.contacts.importing.work import Job, check_or_run
from hub.contacts.suppression import AddressHasher
from hub.settings import Settings
from models.db import Scope, transaction

CONNECTIONS = 4
_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:key, 4713))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:key, 4713))")


def run_import(settings: Settings, tenant_id: UUID, import_id: UUID) -> str:
    """The Ray task. Returns what became of it: a state, or "busy" when another worker has it."""
    calm_collector()
    return asyncio.run(drive(settings, tenant_id, import_id))


async def drive(settings: Settings, tenant_id: UUID, import_id: UUID) -> str:
    """Do what the import's state asks for."""
    engine = make_app_engine(settings.model_copy(update={"database_pool": CONNECTIONS}), "import")
    redis = make_redis(settings)
    try:
        async with engine.connect() as guard:
            # A lock of the session: it ends with the connection, and so with the process.
            guard = await guard.execution_options(isolation_level="AUTOCOMMIT")
            if not (await guard.execute(_LOCK, {"key": str(import_id)})).scalar_one():
                return "busy"
            try:
                return await _drive(settings, engine, redis, tenant_id, import_id)
            finally:
                await _unlock(guard, import_id)
    finally:
        await redis.aclose()
        await engine.dispose()


async def _unlock(guard: AsyncConnection, import_id: UUID) -> None:
    await guard.execute(_UNLOCK, {"key": str(import_id)})


async def _drive(
    settings: Settings, engine: AsyncEngine, redis: Redis, tenant_id: UUID, import_id: UUID
) -> str:
    async def announce(row: Row[Any]) -> None:
        event = {"type": "import.updated", "import": service.view(row)}
        await realtime.publish(redis, [(tenant_id, event)])

    async with transaction(engine, Scope.of(tenant_id)) as db:
        row = await store.get(db, tenant_id, import_id)
    if row is None:
        return "gone"
    hasher = AddressHasher(settings.secret_key.get_secret_value())
    job = Job(engine, row, announce, hasher, row.state == "running")
    if row.state in ("checking", "running"):
        await check_or_run(job)
    elif row.state == "undoing":
        await take_back(job)
    async with transaction(engine, Scope.of(tenant_id)) as db:
        row = await store.get(db, tenant_id, import_id)
    return row.state if row is not None else "gone"
