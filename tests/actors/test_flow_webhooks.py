"""Webhooks of flows, many at a time: whose turn it is, and how often each is asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from actors import flow_work as work_module
from cli.demo import workspace as ws
from hub.flows.asking import Asker, shares
from hub.ids import new_id
from hub.tenancy.tree import NewTenant
from models.contacts import contacts
from models.db import Scope, insert_rows, transaction
from models.flow_runs import flow_work
from tests.actors.desk import Desk
from tests.actors.test_flow_runs import Run, now
from tests.actors.test_flow_runs import run as run

HANGING = 200


class Shop:
    """A system that answers `/quick`, and everything else when it is told to."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.goes_on = asyncio.Event()
        self.quick = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).decode().split()[1]
        self.asked[path] += 1
        if path == "/quick":
            self.quick.set()
        else:
            await self.goes_on.wait()
        with suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def shop() -> AsyncIterator[tuple[Shop, str]]:
    found = Shop()
    server = await asyncio.start_server(found, "127.0.0.1", 0, backlog=HANGING)
    yield found, f"localhost:{server.sockets[0].getsockname()[1]}"
    found.goes_on.set()
    server.close()
    await server.wait_closed()


async def left(desk: Desk, tenant_id: UUID, host: str, *paths: str) -> None:
    """Webhooks that sessions of one contact left to be asked."""
    contact = {"tenant_id": tenant_id, "id": new_id(), "name": "Ann"}
    rows = [
        {
            "tenant_id": tenant_id,
            "id": new_id(),
            "contact_id": contact["id"],
            "session_id": new_id(),
            "kind": "webhook",
            "due_at": now() - timedelta(seconds=1),
            "payload": {"token": 1, "method": "POST", "url": f"http://{host}{path}", "timeout_s": 30},
            "created_at": now(),
        }
        for path in paths
    ]
    async with transaction(desk.engine, Scope.of(tenant_id)) as db:
        await insert_rows(db, contacts, [contact])
        await insert_rows(db, flow_work, rows)


async def test_a_tenant_whose_webhooks_hang_holds_up_nobody_and_each_is_asked_once(run: Run) -> None:
    desk = run.desk
    other = await ws.ensure_tenant(
        desk.engine, None, NewTenant("Beside", "platform", f"b{new_id().hex[-9:]}")
    )
    async with shop() as (elsewhere, host):
        run.work._asker = Asker({host})
        await left(desk, desk.tenant_id, host, *(f"/{nth}" for nth in range(HANGING)))
        for _ in range(3):
            await run.work.look()
        await left(desk, other, host, "/quick")
        await run.work.look()
        async with asyncio.timeout(20):  # while all the others hang
            await elsewhere.quick.wait()
        assert not elsewhere.goes_on.is_set()
        for _ in range(work_module.ASKED_MAX + 1):  # every lease runs out
            run.clock.ahead += work_module.LEASE * 2
            await run.work.look()
        assert len(run.work._asking) <= work_module.WEBHOOKS_AT_ONCE / 2
        elsewhere.goes_on.set()
        while await run.work.look():
            await run.work.settle()
        assert elsewhere.asked == Counter([*(f"/{nth}" for nth in range(HANGING)), "/quick"])
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        kinds = select(flow_work.c.kind).where(flow_work.c.tenant_id == desk.tenant_id)
        assert "webhook" not in set((await db.execute(kinds)).scalars())
    await run.work.close()


A, B, C = (UUID(int=number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("waiting", "asking", "expected"),
    [
        ([A], {}, {A: 32}),
        ([A], {A: 32}, {}),
        ([A, B], {A: 32}, {B: 16}),
        ([A, B, C], {}, {A: 32, B: 16, C: 8}),
        ([A, B], {A: 32, C: 31}, {B: 1}),
        ([B], {A: 32, C: 32}, {}),
    ],
)
def test_nobody_holds_more_than_half_of_what_the_others_leave(
    waiting: list[UUID], asking: dict[UUID, int], expected: dict[UUID, int]
) -> None:
    assert shares(waiting, asking, 64) == expected
