"""A tenant whose people answer the phone: three of them, each with a phone at the carrier, and whoever calls them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.directory import TTL_S
from hub.ids import encode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import Org, fresh_number, signed_in, start, until

VOICE = {"answer": True, "greeting": "Welcome to the line."}
QUEUE: dict[str, Any] = {"accept_s": 60, "voice": VOICE}


async def start_desk(settings: Settings, kind: str) -> Run:
    """A tenant with a voice line, two agents and a supervisor."""
    run = await start(settings, kind)
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        number, tenant_id = fresh_number(), run.workspace.tenant_id
        line = await ws.ensure_line(engine, settings, tenant_id, "voice", "Calls", number)
        run.workspace.lines["voice"] = line
        account = ws.carrier_account(line, "voice", number, settings.public_url)
        await ws.tell_carrier(settings, [account])
        for name, role in (("ann", "support_agent"), ("bob", "support_agent"), ("sue", "supervisor")):
            await ws.ensure_user(engine, tenant_id, f"{name}-{run.email}", name.title(), [role])
    finally:
        await engine.dispose()
    return run


class PhoneDesk:
    """Three people at the desk, each with a phone of their own, and whoever calls them."""

    def __init__(self, org: Org, carrier: httpx2.AsyncClient) -> None:
        self.org, self.carrier = org, carrier
        self.people: dict[str, httpx2.AsyncClient] = {}
        self.phones = {name: fresh_number() for name in ("ann", "bob", "sue")}

    async def call_in(self, **behaviour: Any) -> tuple[str, str]:
        """(the contact's number, the call's id) once it waits."""
        number, line = fresh_number(), self.org.run.workspace.lines["voice"].number
        rules = [{"match": {"number": number}, "behaviour": {"call": behaviour}}]
        assert (await self.carrier.put("/carrier/behaviours", json={"rules": rules})).status_code == 200
        answer = await self.carrier.post("/carrier/calls", json={"from": number, "to": line})
        assert answer.status_code == 200, answer.text

        async def waiting() -> Any:
            found = (await self.get("ann", "/v1/calls/live"))["items"]
            return [call for call in found if call["contact"]["address"] == number]

        (call,) = await until(waiting, bool)
        return number, call["id"]

    async def get(self, who: str, path: str) -> Any:
        answer = await self.people[who].get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, who: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.people[who].post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def phase(self, call_id: str, *phases: str) -> dict[str, Any]:
        found: dict[str, Any] = await until(
            lambda: self.get("ann", f"/v1/calls/{call_id}/desk"), lambda call: call["phase"] in phases
        )
        return found

    async def line(self, number: str) -> dict[str, Any]:
        """The carrier's last call with a handset; before there is one, a call in which nothing happened."""
        calls = (await self.carrier.get("/carrier/calls", params={"handset": number})).json()["calls"]
        found: dict[str, Any] = calls[0] if calls else {"status": "", "log": []}
        return found

    async def heard(self, number: str, did: str, **fields: Any) -> dict[str, Any]:
        """What a handset's line went through, once it did."""

        def fits(line: dict[str, Any]) -> Any:
            return [
                step
                for step in line["log"]
                if step["did"] == did and all(step.get(key) == value for key, value in fields.items())
            ]

        return fits(await until(lambda: self.line(number), fits))[-1]

    async def joined(self, number: str, times: int) -> None:
        """Wait until a handset is in the room for this time: what comes earlier is not heard there."""
        await until(
            lambda: self.line(number), lambda line: [s["did"] for s in line["log"]].count("joined") == times
        )

    async def set_queue(self, settings: dict[str, Any]) -> None:
        """How the queue takes calls; what hosts know of it is a few seconds old."""
        path = f"/v1/queues/{encode_id('que', self.org.run.workspace.queues['General'])}"
        seen = (await self.people["sue"].get(path)).headers["etag"]
        if (await self.get("sue", path))["settings"] == settings:
            return
        answer = await self.people["sue"].patch(path, json={"settings": settings}, headers={"If-Match": seen})
        assert answer.status_code == 200, answer.text
        await asyncio.sleep(TTL_S + 0.5)

    async def say(self, number: str, text: str) -> None:
        sid = (await self.line(number))["sid"]
        answer = await self.carrier.post("/carrier/call", json={"sid": sid, "do": "say", "text": text})
        assert answer.status_code == 200, answer.text

    async def hangs_up(self, number: str) -> None:
        sid = (await self.line(number))["sid"]
        await self.carrier.post("/carrier/call", json={"sid": sid, "do": "hang_up"})


@asynccontextmanager
async def at_desk(org: Org, carrier: httpx2.AsyncClient) -> AsyncIterator[PhoneDesk]:
    """Everybody has a phone, and calls wait for them."""
    made = PhoneDesk(org, carrier)
    async with AsyncExitStack() as stack:
        for name, phone in made.phones.items():
            email = f"{name}-{org.run.email}"
            made.people[name] = await stack.enter_async_context(signed_in(org.settings, email))
            answer = await made.people[name].put("/v1/me/phone", json={"address": phone})
            assert answer.status_code == 200, answer.text
        await made.set_queue(QUEUE)
        yield made
