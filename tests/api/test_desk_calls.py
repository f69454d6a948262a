"""Calls at the desk on the whole hub: a contact calls, agents answer, hold, pass on, listen; the carrier is the far end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.directory import TTL_S
from hub.ids import encode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import Org, fresh_number, problem, signed_in, start, until
from tests.conftest import HubStack

VOICE = {"answer": True, "greeting": "Welcome to the line."}
QUEUE: dict[str, Any] = {"accept_s": 60, "voice": VOICE}


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(_start(hub_stack.settings))


async def _start(settings: Settings) -> Run:
    run = await start(settings, "DeskCalls")
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


class Desk:
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
        """The carrier's last call with a handset."""
        calls = (await self.carrier.get("/carrier/calls", params={"handset": number})).json()["calls"]
        found: dict[str, Any] = calls[0]
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


@pytest.fixture
async def desk(org: Org, carrier: httpx2.AsyncClient) -> AsyncIterator[Desk]:
    made = Desk(org, carrier)
    async with AsyncExitStack() as stack:
        for name, phone in made.phones.items():
            email = f"{name}-{org.run.email}"
            made.people[name] = await stack.enter_async_context(signed_in(org.settings, email))
            answer = await made.people[name].put("/v1/me/phone", json={"address": phone})
            assert answer.status_code == 200, answer.text
        await made.set_queue(QUEUE)
        yield made


async def test_a_call_is_answered_held_listened_to_passed_on_and_ended(desk: Desk) -> None:
    number, call = await desk.call_in()
    assert "Welcome to the line." in [step.get("text") for step in (await desk.line(number))["log"]]
    await desk.post("ann", f"/v1/calls/{call}/answer")
    problem(await desk.people["bob"].post(f"/v1/calls/{call}/answer"), 409, "call-state")
    await desk.phase(call, "connected")
    await desk.heard(number, "joined")
    await desk.say(number, "Where is my order?")
    assert (await desk.heard(desk.phones["ann"], "heard"))["text"] == "Where is my order?"
    problem(await desk.people["bob"].post(f"/v1/calls/{call}/hold"), 403, "not-your-call")

    await desk.post("ann", f"/v1/calls/{call}/hold")
    await desk.heard(number, "left")
    await desk.post("ann", f"/v1/calls/{call}/resume")
    await desk.post("ann", f"/v1/calls/{call}/keys", {"keys": "12#"})
    assert (await desk.heard(number, "tones"))["digits"] == "12#"
    await desk.post("ann", f"/v1/calls/{call}/mute", {"muted": True})
    await desk.heard(desk.phones["ann"], "joined", muted=True)

    problem(await desk.people["bob"].post(f"/v1/calls/{call}/listen"), 403, "permission-missing")
    await desk.post("sue", f"/v1/calls/{call}/listen")
    await desk.heard(desk.phones["sue"], "joined", muted=True)
    listened = desk.org.one(
        "SELECT count(*) FROM app.audit_log WHERE tenant_id = TENANT AND action = 'call.listened'"
    )
    assert listened == 1

    ids = {agent["name"]: agent["id"] for agent in (await desk.get("ann", "/v1/agents"))["items"]}
    passed = {"agent_id": ids["Bob"], "consult": True, "note": "A parcel is lost"}
    await desk.post("ann", f"/v1/calls/{call}/transfer", passed)
    await until(lambda: desk.get("ann", f"/v1/calls/{call}/desk"), lambda found: found["consulted_up"])
    done = await desk.post("ann", f"/v1/calls/{call}/complete-transfer")
    assert (done["agent"]["name"], done["phase"], done["note"]) == ("Bob", "connected", "A parcel is lost")
    conversation = await until(
        lambda: desk.org.conversation(number), lambda found: found["assignee"]["name"] == "Bob"
    )
    await until(lambda: desk.line(desk.phones["ann"]), lambda line: line["status"] == "completed")
    await desk.say(desk.phones["bob"], "Good morning, this is Bob")
    await desk.heard(number, "heard", text="Good morning, this is Bob")

    await desk.post("bob", f"/v1/calls/{call}/end")
    for phone in (number, desk.phones["bob"], desk.phones["sue"]):
        await until(lambda phone=phone: desk.line(phone), lambda line: line["status"] == "completed")
    ended = await desk.phase(call, "ended")
    assert (ended["outcome"], ended["listeners"]) == ("completed", [])
    contact = conversation["contact"]["id"]
    timeline = await desk.org.get(f"/v1/contacts/{contact}/timeline?kinds=call")
    assert [item["data"]["did"] for item in reversed(timeline["items"])] == [
        "connected", "handed_over", "connected", "ended",
    ]  # fmt: skip


async def test_who_is_passed_on_waits_again_and_an_agent_whose_phone_is_busy_loses_the_call(
    desk: Desk,
) -> None:
    number, call = await desk.call_in()
    await desk.post("ann", f"/v1/calls/{call}/answer")
    await desk.phase(call, "connected")
    care = encode_id("que", desk.org.run.workspace.queues["Care"])
    passed = await desk.post("ann", f"/v1/calls/{call}/transfer", {"queue_id": care, "note": "Angry"})
    assert (passed["agent"], passed["queue"]["name"]) == (None, "Care")
    assert (await desk.org.conversation(number))["assignee"] is None
    await desk.heard(number, "left")

    rules = [{"match": {"number": desk.phones["bob"]}, "behaviour": {"call": {"outcome": "busy"}}}]
    await desk.carrier.put("/carrier/behaviours", json={"rules": rules})
    await desk.post("bob", f"/v1/calls/{call}/answer")
    back = await desk.phase(call, "queued", "offered")
    assert back["agent"] is None
    await until(lambda: desk.org.conversation(number), lambda found: found["assignee"] is None)
    await desk.hangs_up(number)
    assert (await desk.phase(call, "ended"))["outcome"] == "abandoned"


async def test_who_would_wait_long_is_called_back_in_their_turn(desk: Desk) -> None:
    await desk.set_queue({**QUEUE, "voice": {**VOICE, "callback_after_s": 1}})
    number, call = await desk.call_in(keys=["1"])
    waited = await desk.phase(call, "callback")
    await until(lambda: desk.line(number), lambda line: line["status"] == "completed")
    taken = await desk.post("ann", f"/v1/calls/{call}/answer")
    assert (taken["direction"], taken["waited_from"]) == ("out", waited["waited_from"])
    assert (await desk.phase(taken["id"], "connected"))["agent"]["name"] == "Ann"
    await desk.say(desk.phones["ann"], "You asked us to call you back")
    await desk.heard(number, "heard", text="You asked us to call you back")
    await desk.hangs_up(number)
    assert (await desk.phase(taken["id"], "ended"))["outcome"] == "completed"
    call_made = await until(
        lambda: desk.org.get(f"/v1/calls/{taken['id']}"), lambda found: found["status"] == "completed"
    )
    assert (call_made["direction"], call_made["currency"]) == ("out", "EUR")
    assert float(call_made["price"]) > 0
