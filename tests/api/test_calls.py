"""Calls on the whole hub: the API places them, the carrier rings, documents and news come back, the wallet pays."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.channels.twilio import signature
from hub.ids import encode_id, new_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.whole_hub import FORM, Org, fresh_number, listening, problem, start, until
from tests.conftest import HubStack

MENU: dict[str, Any] = {
    "type": "call",
    "steps": [
        {"type": "say", "text": "Hello & <welcome>."},
        {
            "type": "gather",
            "digits": 1,
            "prompt": [{"type": "say", "text": "Press 1 for sales."}],
            "branches": {"1": [{"type": "say", "text": "Sales."}]},
            "otherwise": [{"type": "say", "text": "Wrong."}],
            "silence": [{"type": "record", "seconds_max": 10}],
        },
    ],
    "machine": [{"type": "say", "text": "Call us back."}],
}
FINISHED = ("completed", "busy", "no-answer", "failed", "canceled")


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(with_a_line(hub_stack.settings, "Calls"))


async def with_a_line(settings: Settings, kind: str) -> Run:
    """A tenant that can call and be called."""
    run = await start(settings, kind)
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        number = fresh_number()
        line = await ws.ensure_line(engine, settings, run.workspace.tenant_id, "voice", "Calls", number)
        run.workspace.lines["voice"] = line
        account = ws.carrier_account(line, "voice", number, settings.public_url)
        await ws.tell_carrier(settings, [account])
    finally:
        await engine.dispose()
    return run


async def handset(carrier: httpx2.AsyncClient, number: str, **call: Any) -> None:
    rules = {"rules": [{"match": {"number": number}, "behaviour": {"call": call}}]}
    answer = await carrier.put("/carrier/behaviours", json=rules)
    assert answer.status_code == 200, answer.text


async def place(org: Org, number: str, script: dict[str, Any] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = await org.post("/v1/calls", {"number": number, "script": script or MENU}, 201)
    return answer


async def ended(org: Org, call: dict[str, Any]) -> dict[str, Any]:
    """The call once it is over."""
    return await until(lambda: org.get(f"/v1/calls/{call['id']}"), lambda found: found["status"] in FINISHED)


async def settled(org: Org) -> dict[str, Any]:
    """The wallet once nothing is held."""
    return await until(lambda: org.get("/v1/wallet"), lambda wallet: wallet["held"] == "0.000000")


async def test_a_call_is_placed_answered_gathered_and_paid(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    before = (await settled(org))["balance"]
    await handset(carrier, number, keys=["1"], talks_s=60)
    async with listening(org.http) as read:
        placed = await place(org, number)
        assert (placed["status"], placed["direction"], placed["price"]) == ("queued", "out", "0.000000")
        events = await read(
            lambda event: event.get("type") == "call.updated" and event["call"]["status"] == "completed"
        )
    assert events[-1][1]["call"]["id"] == placed["id"]
    call = await ended(org, placed)
    assert (call["answered_by"], call["gathered"][0]["digits"]) == ("human", "1")
    assert [step["did"] for step in call["steps"]] == ["answered", "say", "answer", "say"]
    # 61 s and a little: two minutes at 0.014, though one minute was held.
    assert (call["billed_s"], call["price"], call["currency"]) == (120, "0.028000", "EUR")
    after = (await settled(org))["balance"]
    assert round(float(before) - float(after), 6) == 0.028
    message, answer = await org.thread(number)
    assert (message["status"], message["price"], message["channel_kind"]) == (
        "delivered",
        "0.028000",
        "voice",
    )
    assert (answer["direction"], answer["body"], answer["content"]["type"]) == ("in", "1", "gather")
    contact = call["contact_id"]
    timeline = await org.get(f"/v1/contacts/{contact}/timeline?channel=voice")
    (entry,) = [item for item in timeline["items"] if item["data"]["direction"] == "out"]
    assert entry["data"]["call"]["duration_s"] == call["duration_s"] >= 61


@pytest.mark.parametrize(
    ("outcome", "status", "message"),
    [("busy", "busy", "undelivered"), ("failed", "failed", "failed")],
)
async def test_a_call_nobody_takes_costs_nothing(
    org: Org, carrier: httpx2.AsyncClient, outcome: str, status: str, message: str
) -> None:
    number = fresh_number()
    before = (await settled(org))["balance"]
    await handset(carrier, number, outcome=outcome)
    call = await ended(org, await place(org, number))
    assert (call["status"], call["duration_s"], call["price"]) == (status, 0, "0.000000")
    assert call["reason"]
    assert (await settled(org))["balance"] == before
    (sent,) = await org.entries(call["contact_id"])
    assert sent["status"] == message


async def test_a_machine_hears_its_own_words(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, outcome="machine")
    call = await ended(org, await place(org, number))
    assert call["answered_by"] == "machine"
    (log,) = (await carrier.get("/carrier/calls", params={"handset": number})).json()["calls"]
    assert [step["text"] for step in log["log"] if step["did"] == "say"] == ["Call us back."]


async def test_a_left_message_can_be_heard(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, records_s=2)
    placed = await place(org, number)
    await ended(org, placed)
    call = await until(lambda: org.get(f"/v1/calls/{placed['id']}"), lambda found: found["recording"])
    assert call["recording"]["duration_s"] == 2
    sound = await org.http.get(call["recording"]["url"])
    assert (sound.status_code, sound.headers["content-type"], sound.content[:4]) == (
        200,
        "audio/wav",
        b"RIFF",
    )


async def test_a_recording_at_another_host_is_not_fetched(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, records_s=2, recording_host="http://169.254.169.254")
    call = await ended(org, await place(org, number))
    assert call["recording"] is None
    problem(await org.http.get(f"/v1/calls/{call['id']}/recording"), 404, "not-found")


async def test_callbacks_out_of_order_and_repeated_change_nothing(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    number = fresh_number()
    await handset(carrier, number, keys=["1"], reorders=True, repeats=2)
    call = await ended(org, await place(org, number))
    await asyncio.sleep(0.5)  # what is told late
    again = await org.get(f"/v1/calls/{call['id']}")
    assert (again["status"], again["duration_s"], again["price"]) == (
        call["status"],
        call["duration_s"],
        call["price"],
    )
    assert len(call["gathered"]) == 1
    assert len([m for m in await org.thread(number) if m["direction"] == "in"]) == 1


async def test_a_person_who_hangs_up_during_a_question_ends_the_call(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    number = fresh_number()
    await handset(carrier, number, hangs_up_at="gather")
    call = await ended(org, await place(org, number))
    assert (call["status"], call["gathered"]) == ("completed", [])


async def test_a_person_calls_and_leaves_a_message(org: Org, run: Run, carrier: httpx2.AsyncClient) -> None:
    number, line = fresh_number(), run.workspace.lines["voice"].number
    answer = await carrier.post("/carrier/calls", json={"from": number, "to": line})
    assert answer.status_code == 200, answer.text

    async def calls() -> Any:
        people = (await org.get(f"/v1/contacts?search=%2B{number[1:]}"))["items"]
        if not people:
            return []
        return (await org.get(f"/v1/calls?contact_id={people[0]['id']}"))["items"]

    (call,) = await until(
        calls, lambda found: found and found[0]["status"] == "completed" and found[0]["recording"]
    )
    assert (call["direction"], call["message_id"]) == ("in", None)
    bodies = [message["body"] for message in await org.thread(number)]
    assert bodies == ["Incoming call", "Voice message, 3 s"]


async def test_an_end_on_demand(org: Org, carrier: httpx2.AsyncClient) -> None:
    number = fresh_number()
    await handset(carrier, number, outcome="manual")
    placed = await place(org, number)
    await until(lambda: org.get(f"/v1/calls/{placed['id']}"), lambda found: found["status"] == "ringing")
    await org.post(f"/v1/calls/{placed['id']}/hang-up")
    assert (await ended(org, placed))["status"] == "canceled"
    problem(await org.http.post(f"/v1/calls/{placed['id']}/hang-up"), 409, "call-over")


async def test_what_cannot_be_called_is_said_in_words(org: Org) -> None:
    refused = await org.http.post("/v1/calls", json={"number": "0800", "script": MENU})
    assert problem(refused, 422, "invalid")["errors"][0]["pointer"] == "/number"
    endless = {
        "type": "call",
        "steps": [{"type": "gather", "branches": {"1": [{"type": "dial", "number": "1"}]}}],
    }
    refused = await org.http.post("/v1/calls", json={"number": fresh_number(), "script": endless})
    assert "/script/steps/0" in problem(refused, 422, "invalid")["errors"][0]["pointer"]
    problem(await org.http.get(f"/v1/calls/{encode_id('cal', new_id())}"), 404, "not-found")


class TwilioSide:
    """Signed requests of the voice line's account."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.line = org.run.workspace.lines["voice"]

    async def post(self, tail: str, fields: dict[str, str]) -> httpx2.Response:
        base = f"{self.org.settings.public_url}/webhooks/twilio/{encode_id('acc', self.line.account_id)}"
        pairs = list(fields.items())
        token = self.line.secrets["auth_token"]
        headers = FORM | {"X-Twilio-Signature": signature(token, f"{base}/{tail}", pairs)}
        return await self.org.http.post(f"{base}/{tail}", content=urlencode(pairs).encode(), headers=headers)


async def test_a_document_asked_for_a_hundred_times_is_one_turn(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    number = fresh_number()
    await handset(carrier, number, outcome="manual")
    placed = await place(org, number)
    ringing = await until(
        lambda: org.get(f"/v1/calls/{placed['id']}"), lambda found: found["status"] == "ringing"
    )
    twilio = TwilioSide(org)
    fields = {"CallSid": "CA" + "0" * 32, "CallStatus": "in-progress"}
    path = f"voice/{ringing['id']}"
    first = await twilio.post(f"{path}?turn=0", fields)
    assert first.status_code == 200, first.text
    assert "<Say" in first.text
    assert "Hello &amp; &lt;welcome&gt;." in first.text
    gathered = fields | {"Digits": "1"}
    answers = [await twilio.post(f"{path}?turn=1", gathered) for _ in range(100)]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert "Sales." in answers[0].text
    call = await org.get(f"/v1/calls/{placed['id']}")
    assert [heard["digits"] for heard in call["gathered"]] == ["1"]
    late = await twilio.post(f"{path}?turn=2", fields | {"Digits": "9'; DROP TABLE calls"})
    assert late.text.endswith("<Response><Hangup/></Response>")
    await org.post(f"/v1/calls/{placed['id']}/hang-up")


async def test_strangers_and_unknown_calls_get_nothing(org: Org) -> None:
    twilio = TwilioSide(org)
    unknown = encode_id("msg", new_id())
    news = {"CallSid": "CA" + "1" * 32, "CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "9"}
    assert (await twilio.post(f"voice-status?ref={unknown}", news)).status_code == 200  # kept, not told again
    assert (await twilio.post(f"voice/{unknown}?turn=0", news)).status_code == 404
    assert (await twilio.post("voice/nonsense?turn=0", news)).status_code == 404
    url = f"/webhooks/twilio/{encode_id('acc', twilio.line.account_id)}/voice-status?ref={unknown}"
    unsigned = await org.http.post(url, content=urlencode(news).encode(), headers=FORM)
    assert unsigned.status_code == 403
    nobody = await twilio.post("voice", news | {"To": "+15550000000", "From": fresh_number()})
    assert nobody.text.endswith("<Response><Reject/></Response>")
