"""A whole hub with a SIP trunk: the API places a call, sipp answers and presses a key, the conversation has it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from cli.demo.seed import seed
from cli.local.stack import LocalStack
from hub.channels.secrets import seal
from hub.directory import TTL_S
from hub.ids import encode_id, new_id
from hub.settings import Settings
from models.channels import channels, provider_accounts
from models.db import Scope, app_url, insert_rows, make_engine, transaction
from tests.api.whole_hub import Org, client, signed_in, start, until
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


async def trunk_line(settings: Settings, run: Run, port: int, **more: Any) -> tuple[str, str]:
    """Give the tenant a voice line over a trunk at `port`: its number, and the account's id."""
    tenant, account_id = run.workspace.tenant_id, new_id()
    key = settings.secret_key.get_secret_value()
    number = f"+1555{secrets.randbelow(10**7):07d}"
    shared = {"tenant_id": tenant, "provider": "sip", "name": "Trunk"}
    account = {
        "id": account_id,
        "external_id": "trunk",
        "base_url": "",
        "credentials": seal({"password": "pw"}, secret_key=key, row_id=account_id),
        "settings": {"host": f"{HOST}:{port}", **more},
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
    return number, encode_id("acc", account_id)


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


async def test_a_call_over_the_trunk_waits_is_answered_held_keyed_and_ended_by_an_agent(
    settings: Settings, tmp_path: Path
) -> None:
    theirs, phone = free_port(), free_port()
    run = await start(settings, "TrunkDesk")
    number, account = await trunk_line(settings, run, theirs, codecs=["pcma"])
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    for name, role in (("ann", "support_agent"), ("sue", "supervisor")):
        await ws.ensure_user(engine, run.workspace.tenant_id, f"{name}-{run.email}", name.title(), [role])
    await engine.dispose()
    async with signed_in(settings, f"ann-{run.email}") as ann, signed_in(settings, f"sue-{run.email}") as sue:
        queue = f"/v1/queues/{encode_id('que', run.workspace.queues['General'])}"
        voice = {"settings": {"voice": {"answer": True, "record": True}}}
        seen = (await sue.get(queue)).headers["etag"]
        assert (await sue.patch(queue, json=voice, headers={"If-Match": seen})).status_code == 200
        assert (await ann.put("/v1/me/phone", json={"address": f"sip:ann@{HOST}:{phone}"})).status_code == 200
        async with signed_in(settings, run.email) as boss:
            checked = (await boss.post(f"/v1/provider-accounts/{account}/check")).json()
            assert checked["ok"], checked
        await asyncio.sleep(TTL_S + 0.5)  # what hosts know of the queue is a few seconds old
        (tmp_path / "theirs").mkdir()
        (tmp_path / "ann").mkdir()
        media = ("-rtp_echo", "-mp", str(free_port()))
        phone_of_ann = await sipp(tmp_path / "ann", "-p", str(phone), *media, scenario="echo.xml")

        caller = await sipp(
            tmp_path / "theirs", settings.sip_listen, "-p", str(theirs), "-s", number, scenario="waiter.xml"
        )
        waits = (await until(lambda: _json(ann, "/v1/calls/live"), lambda found: found["items"]))["items"][0]
        call = f"/v1/calls/{waits['id']}"
        assert (waits["phase"], waits["contact"]["address"]) == ("queued", "+15557654321")

        async def at(*phases: str) -> Any:
            async def shown() -> Any:
                return (await ann.get(f"{call}/desk")).json()

            return await until(shown, lambda found: found["phase"] in phases)

        async def do(what: str, body: Any = None) -> None:
            answer = await ann.post(f"{call}/{what}", json=body)
            assert answer.status_code == 200, answer.text

        await do("answer")
        talks = await at("connected")
        assert (talks["agent"]["name"], talks["recorded"]) == ("Ann", False)
        await do("hold")
        await do("resume")
        await do("keys", {"keys": "12#"})
        await do("end")
        await well(phone_of_ann, tmp_path / "ann")
        await well(caller, tmp_path / "theirs")
        ended = await at("ended")
        assert ended["outcome"] == "completed"
        over = await until(
            lambda: _json(ann, f"/v1/calls/{waits['id']}"), lambda found: found["ended_at"] is not None
        )
        assert (over["status"], over["direction"]) == ("completed", "in")

        phone_of_ann = await sipp(tmp_path / "ann", "-p", str(phone), *media, scenario="echo.xml")
        contact = await sipp(
            tmp_path / "theirs", "-p", str(theirs), "-mp", str(free_port()), scenario="echo.xml"
        )
        answer = await ann.post(f"/v1/conversations/{waits['conversation_id']}/call", json={})
        assert answer.status_code == 201, answer.text
        call = f"/v1/calls/{answer.json()['id']}"
        assert (await at("connected"))["direction"] == "out"
        await asyncio.sleep(1.5)  # what is shorter than a second costs nothing
        await do("end")
        await well(phone_of_ann, tmp_path / "ann")
        await well(contact, tmp_path / "theirs")
        paid = await until(lambda: _json(ann, call), lambda found: found["ended_at"] is not None)
        assert (paid["status"], paid["billed_s"]) == ("completed", 60)


async def _json(http: httpx2.AsyncClient, path: str) -> Any:
    return (await http.get(path)).json()
