"""Transactions through SQLAlchemy's pool: who is cancelled leaves nothing to whoever gets the connection next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models import db as models_db
from models.db import Scope, app_url, make_engine, snapshot, transaction

SLOW_S = 0.1


@pytest.fixture
async def narrow(database_url: str, secret_key: str) -> AsyncIterator[AsyncEngine]:
    """An engine with one connection: the next transaction gets what the last one left."""
    engine = make_engine(app_url(database_url, secret_key), pool=1)
    yield engine
    await engine.dispose()


async def backend(engine: AsyncEngine, tenant: UUID) -> int:
    async with transaction(engine, Scope.of(tenant)) as db:
        found: int = (await db.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    return found


@pytest.mark.parametrize("kind", [snapshot, transaction])
@pytest.mark.parametrize("after_s", [0.5 * SLOW_S, 1.5 * SLOW_S])
async def test_who_is_cancelled_takes_the_connection_along(
    kind: Callable[[AsyncEngine, Scope], AbstractAsyncContextManager[AsyncConnection]],
    after_s: float,
    narrow: AsyncEngine,
    tenant: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the scope is bound, or while a statement runs: an answer on its way there would be taken for another's."""
    before = await backend(narrow, tenant)

    async def work() -> None:
        async with kind(narrow, Scope.of(tenant)) as db:
            await db.execute(text("SELECT pg_sleep(:s)"), {"s": SLOW_S})

    with monkeypatch.context() as patch:
        patch.setattr(models_db, "BIND", f"{models_db.BIND}, pg_sleep({SLOW_S})")
        task = asyncio.create_task(work())
        await asyncio.sleep(after_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    after = await backend(narrow, tenant)
    assert after != before
    with pytest.raises(ZeroDivisionError):
        async with kind(narrow, Scope.of(tenant)):
            raise ZeroDivisionError
    assert await backend(narrow, tenant) == after
