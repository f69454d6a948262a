"""A whole hub with a SIP trunk: the API places a call, sipp answers and presses a key, the conversation has it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.demo.runs import Run
from cli.demo.seed import seed
from cli.local.stack import LocalStack
from hub.channels.secrets import seal
from hub.ids import new_id
from hub.settings import Settings
from models.channels import channels, provider_accounts
from models.db import Scope, app_url, insert_rows, make_engine, transaction
from tests.api.whole_hub import Org, client, start, until
from tests.conftest import _fields
from tests.peers.test_sipp import HOST, free_port, sipp, well

# Brings up a hub of its own.
pytestmark = pytest.mark.long

SCRIPT: dict[str, Any] = {
    "type": "call",
    "steps": [
        {
            "type": "gather",
            "digits": 1,
            "timeout_s": 20,
            "prompt": [{"type": "say", "text": "Press one."}],
            "branches": {"1": [{"type": "say", "text": "Thank you."}]},
        }
    ],
}


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A hub of its own: one whose SIP stack is on."""
    listen = {"HUB_SIP_LISTEN": f"{HOST}:{free_port()}"}
    with LocalStack(extra_env=listen) as stack:
        made = Settings(**_fields(stack.env | listen))
        asyncio.run(seed(made))
        yield made


async def trunk_line(settings: Settings, run: Run, port: int) -> None:
    """Give the tenant a voice line over a trunk at `port`."""
    tenant, account_id = run.workspace.tenant_id, new_id()
    key = settings.secret_key.get_secret_value()
    number = f"+1555{secrets.randbelow(10**7):07d}"
    shared = {"tenant_id": tenant, "provider": "sip", "name": "Trunk"}
    account = {
        "id": account_id,
        "external_id": "trunk",
        "base_url": "",
        "credentials": seal({"password": "pw"}, secret_key=key, row_id=account_id),
        "settings": {"host": f"{HOST}:{port}"},
    }
    row = {
        "id": new_id(),
        "account_id": account_id,
        "kind": "voice",
        "address": number,
        "provider_address": number,
    }
    engine = make_engine(app_url(settings.database_url, key), pool=2)
    async with transaction(engine, Scope.of(tenant)) as db:
        await insert_rows(db, provider_accounts, [shared | account])
        await insert_rows(db, channels, [shared | row])
    await engine.dispose()


async def test_a_call_by_the_api_goes_over_the_trunk_and_comes_back_as_a_message(
    settings: Settings, tmp_path: Path
) -> None:
    port, number = free_port(), f"+1555{secrets.randbelow(10**7):07d}"
    run = await start(settings, "Trunk")
    await trunk_line(settings, run, port)
    trunk = await sipp(tmp_path, "-p", str(port), "-mp", str(free_port()), scenario="answerer.xml")
    http: httpx2.AsyncClient
    async with client(settings, Authorization=f"Bearer {run.key}") as http:
        org = Org(settings, run, http)
        placed = await org.post("/v1/calls", {"number": number, "script": SCRIPT}, 201)
        call = await until(
            lambda: org.get(f"/v1/calls/{placed['id']}"), lambda found: found["ended_at"] is not None
        )
        await well(trunk, tmp_path)
        assert (call["status"], [heard["digits"] for heard in call["gathered"]]) == ("completed", ["1"])
        assert call["billed_s"] == 60
        said = [message["body"] for message in await org.thread(number) if message["direction"] == "in"]
        assert said == ["1"]
        wallet = await until(lambda: org.get("/v1/wallet"), lambda found: found["held"] == "0.000000")
        assert wallet["balance"] == "99.986000"
