"""Calls at the desk on the whole hub: a contact calls, agents answer, hold, pass on, listen; the carrier is the far end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from cli.demo.runs import Run
from hub.ids import encode_id
from tests.api.phone_desk import QUEUE, VOICE, PhoneDesk, at_desk, start_desk
from tests.api.whole_hub import Org, problem, until
from tests.conftest import HubStack


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start_desk(hub_stack.settings, "DeskCalls"))


@pytest.fixture
async def desk(org: Org, carrier: httpx2.AsyncClient) -> AsyncIterator[PhoneDesk]:
    async with at_desk(org, carrier) as made:
        yield made


async def test_a_call_is_answered_held_listened_to_passed_on_and_ended(desk: PhoneDesk) -> None:
    number, call = await desk.call_in()
    await desk.heard(number, "say", text="Welcome to the line.")
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
    await desk.joined(number, 2)
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
    await desk.joined(number, 4)  # after the welcome, the music, the keys, and the question to Bob
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
    desk: PhoneDesk,
) -> None:
    number, call = await desk.call_in()
    await desk.post("ann", f"/v1/calls/{call}/answer")
    await desk.phase(call, "connected")
    await desk.heard(number, "joined")
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


async def test_who_would_wait_long_is_called_back_in_their_turn(desk: PhoneDesk) -> None:
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


async def test_a_call_is_recorded_and_written_down_after_the_caller_was_told(desk: PhoneDesk) -> None:
    await desk.set_queue({**QUEUE, "voice": {**VOICE, "record": True, "transcribe": True}})
    number, call = await desk.call_in()
    await desk.post("ann", f"/v1/calls/{call}/answer")
    await desk.phase(call, "connected")
    await desk.joined(number, 1)
    steps = [step["did"] for step in (await desk.line(number))["log"]]
    assert steps.index("started") > max(at for at, did in enumerate(steps) if did == "say")
    await desk.heard(number, "say", text="This call is recorded and written down.")

    await desk.say(number, "Where is my order?")
    await desk.heard(desk.phones["ann"], "heard", text="Where is my order?")
    await desk.say(desk.phones["ann"], "It left this morning")
    said = await until(
        lambda: desk.get("bob", f"/v1/calls/{call}/transcript"), lambda found: len(found["items"]) == 2
    )
    assert [(one["speaker"], one["text"], (one["user"] or {}).get("name")) for one in said["items"]] == [
        ("contact", "Where is my order?", None),
        ("agent", "It left this morning", "Ann"),
    ]
    shown = await desk.get("ann", f"/v1/calls/{call}/desk")
    assert (shown["recorded"], shown["transcribed"], shown["recording"]) == (True, True, None)

    await desk.post("ann", f"/v1/calls/{call}/end")
    ended = await until(lambda: desk.get("ann", f"/v1/calls/{call}/desk"), lambda found: found["recording"])
    sound = await desk.people["bob"].get(ended["recording"]["url"])
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
    heard = desk.org.one(
        "SELECT count(*) FROM app.audit_log WHERE tenant_id = TENANT AND action = 'call.recording_heard' "
        f"AND target = '{call}'"
    )
    assert heard == 1
