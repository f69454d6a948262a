"""kill -9 of the worker in the middle of an import, and of its undo: everybody is written once, and taken back once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest

from cli.demo.runs import begin
from cli.demo.workspace import PASSWORD
from cli.local.stack import LocalStack
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.chaos.processes import kill_worker
from tests.conftest import _fields

ROWS = 150_000
PATIENCE_S = 240.0


@pytest.fixture
async def stack() -> AsyncIterator[LocalStack]:
    """A hub of its own: what dies here must not be missed elsewhere."""
    made = LocalStack(extra_env={"HUB_RATE_USER_PER_MIN": "100000"})
    await asyncio.to_thread(made.start)
    yield made
    await asyncio.to_thread(made.stop)


class Imports:
    """An import seen through the API."""

    def __init__(self, client: httpx2.AsyncClient, import_id: str) -> None:
        self.client, self.path = client, f"/v1/imports/{import_id}"

    async def get(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(self.path)).json()
        return found

    async def until(self, reached: Any) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        found = await self.get()
        while not reached(found):
            assert time.monotonic() < deadline, f"it goes on: {found['state']}, {found['rows_done']} rows"
            await asyncio.sleep(0.05)
            found = await self.get()
        return found


def people(url: str) -> tuple[int, int, int]:
    with psycopg.connect(url) as db:
        row = db.execute(
            "SELECT (SELECT count(*) FROM app.contacts WHERE import_id IS NOT NULL), "
            "(SELECT count(*) FROM app.contact_addresses WHERE address LIKE '+4475%%'), "
            "(SELECT count(*) FROM app.contact_tags WHERE tag = 'chaos')"
        ).fetchone()
    assert row is not None
    return row


@pytest.mark.long
async def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(stack: LocalStack) -> None:
    settings = Settings(**_fields(stack.env))
    engine = make_engine(app_url(stack.database_url, stack.secret_key), pool=2)
    run = await begin(engine, settings, "Chaos", 1_000_000)
    await engine.dispose()
    ray_pid = stack.pids()["ray"]
    async with httpx2.AsyncClient(base_url=settings.public_url, timeout=60, trust_env=False) as client:
        me = (await client.post("/v1/sessions", json={"email": run.email, "password": PASSWORD})).json()
        client.headers["X-CSRF-Token"] = me["csrf_token"]
        data = "phone,name,tags\n" + "".join(f"+4475{n:08d},Person {n},chaos\n" for n in range(ROWS))
        answer = await client.post(
            "/v1/imports?name=chaos.csv", content=data.encode(), headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == 201, answer.text
        imports = Imports(client, answer.json()["id"])
        assert (await client.post(f"{imports.path}/run")).status_code == 202
        for share in (0.1, 0.4, 0.7):
            await imports.until(lambda found, share=share: found["rows_done"] >= share * ROWS)
            await kill_worker(ray_pid, "run_import")
        done = await imports.until(lambda found: found["state"] != "running")
        assert (done["state"], done["totals"]["created"], done["rows_done"]) == ("completed", ROWS, ROWS)
        assert people(stack.database_url) == (ROWS, ROWS, ROWS)

        assert (await client.post(f"{imports.path}/undo")).status_code == 202
        await imports.until(lambda found: found["rows_done"] >= 0.3 * ROWS)
        await kill_worker(ray_pid, "run_import")
        undone = await imports.until(lambda found: found["state"] != "undoing")
        assert (undone["state"], undone["undo"]) == ("undone", {"removed": ROWS, "restored": 0, "kept": 0})
        assert people(stack.database_url) == (0, 0, 0)
