"""Calls at the carrier, as a tenant's server sees them: over HTTP, with documents of its own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from carrier.signatures import twilio_signature
from carrier.twiml import TwimlError, parse
from tests.carrier.conftest import NUMBER, PERSON, SID, TOKEN, Hit, World, make_world

CALLS = f"/2010-04-01/Accounts/{SID}/Calls.json"
ALL = ["initiated", "ringing", "answered", "completed"]
GATHER = b'<Response><Gather numDigits="1" action="/menu?x=1"><Say>Press 1.</Say></Gather><Say>Nothing.</Say></Response>'
BYE = b"<Response><Say>Bye.</Say><Hangup/></Response>"


async def handset(world: World, **call: Any) -> None:
    await world.behave([{"match": {"number": PERSON}, "behaviour": {"call": call}}])


async def dial(world: World, **fields: Any) -> str:
    form = {
        "To": PERSON,
        "From": NUMBER,
        "Url": f"{world.tenant.url}/start",
        "StatusCallback": f"{world.tenant.url}/progress",
        "StatusCallbackEvent": ALL,
    } | fields
    answer = await world.client.post(CALLS, data=form, auth=(SID, TOKEN))
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "queued"
    sid: str = answer.json()["sid"]
    return sid


async def over(world: World, sid: str) -> dict[str, Any]:
    """The call's log once everything has been told."""
    await world.settle()
    (found,) = (await world.client.get("/carrier/calls", params={"sid": sid})).json()["calls"]
    return found


def script(world: World, **documents: bytes) -> None:
    world.tenant.answer = lambda hit: (200, documents.get(hit.path.strip("/"), b""))


def hits(world: World, path: str) -> list[Hit]:
    return [hit for hit in world.tenant.hits if hit.path == path]


async def test_a_menu_is_heard_answered_and_told(world: World) -> None:
    script(world, start=GATHER, menu=BYE)
    await handset(world, keys=["1"])
    call = await over(world, await dial(world))
    assert [step["did"] for step in call["log"]] == [
        "ringing", "in-progress", "asked", "say", "gathered", "asked", "say", "hangup", "completed",
    ]  # fmt: skip
    (asked,) = hits(world, "/menu")
    assert (asked.form["Digits"], asked.query) == ("1", "x=1")
    told = [hit.form for hit in hits(world, "/progress")]
    assert [(form["CallStatus"], form["SequenceNumber"]) for form in told] == [
        ("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3"),
    ]  # fmt: skip
    assert told[-1]["CallDuration"] == "1"
    for hit in world.tenant.hits:
        url = f"{world.tenant.url}{hit.path}" + (f"?{hit.query}" if hit.query else "")
        assert hit.headers["x-twilio-signature"] == twilio_signature(TOKEN, url, hit.form)


@pytest.mark.parametrize(
    ("outcome", "status", "sip"),
    [("busy", "busy", "486"), ("no-answer", "no-answer", "480"), ("failed", "failed", "404")],
)
async def test_calls_that_nobody_takes(world: World, outcome: str, status: str, sip: str) -> None:
    await handset(world, outcome=outcome)
    call = await over(world, await dial(world, Timeout=1))
    assert call["status"] == status
    assert hits(world, "/start") == []
    last = hits(world, "/progress")[-1].form
    assert (last["CallStatus"], last["CallDuration"], last["SipResponseCode"]) == (status, "0", sip)


@pytest.mark.parametrize(
    ("detection", "word"), [("Enable", "machine_start"), ("DetectMessageEnd", "machine_end_beep")]
)
async def test_a_machine_is_detected_before_the_document_is_asked_for(
    world: World, detection: str, word: str
) -> None:
    script(world, start=BYE)
    await handset(world, outcome="machine")
    await over(world, await dial(world, MachineDetection=detection))
    assert hits(world, "/start")[0].form["AnsweredBy"] == word


async def test_asynchronous_detection_comes_by_its_own_callback(world: World) -> None:
    script(world, start=BYE)
    amd = {"AsyncAmd": "true", "AsyncAmdStatusCallback": f"{world.tenant.url}/amd"}
    await over(world, await dial(world, MachineDetection="Enable", **amd))
    assert "AnsweredBy" not in hits(world, "/start")[0].form
    assert hits(world, "/amd")[0].form["AnsweredBy"] == "human"


async def test_speech_comes_with_its_confidence(world: World) -> None:
    script(world, start=GATHER.replace(b"<Gather", b'<Gather input="speech"'), menu=BYE)
    await handset(world, says=["sales please"], confidence=0.5)
    await over(world, await dial(world))
    form = hits(world, "/menu")[0].form
    assert (form["SpeechResult"], form["Confidence"]) == ("sales please", "0.50")


async def test_silence_goes_on_with_the_next_verb_unless_the_action_wants_it(world: World) -> None:
    script(world, start=GATHER, menu=BYE)
    call = await over(world, await dial(world))
    assert hits(world, "/menu") == []
    assert call["log"][-2]["text"] == "Nothing."
    script(world, start=GATHER.replace(b"<Gather", b'<Gather actionOnEmptyResult="true"'), menu=BYE)
    await over(world, await dial(world))
    assert hits(world, "/menu")[0].form["Digits"] == ""


async def test_a_message_is_recorded_and_can_be_fetched(world: World) -> None:
    callback = f'recordingStatusCallback="{world.tenant.url}/rec"'.encode()
    script(world, start=b'<Response><Record action="/done" ' + callback + b"/></Response>", done=BYE)
    await handset(world, records_s=2)
    await over(world, await dial(world))
    form = hits(world, "/done")[0].form
    assert form["RecordingDuration"] == hits(world, "/rec")[0].form["RecordingDuration"] == "2"
    sound = await world.client.get(form["RecordingUrl"], auth=(SID, TOKEN))
    assert (sound.status_code, sound.content[:4], sound.content[8:12]) == (200, b"RIFF", b"WAVE")
    assert (await world.client.get(form["RecordingUrl"])).status_code == 401


async def test_the_other_call_of_a_dial_behaves_as_its_number(world: World) -> None:
    script(
        world,
        start=b'<Response><Dial action="/done"><Number>+15559990000</Number></Dial></Response>',
        done=BYE,
    )
    rules = [{"match": {"number": "+15559990000"}, "behaviour": {"call": {"outcome": "busy"}}}]
    await world.behave(rules)
    await over(world, await dial(world))
    assert hits(world, "/done")[0].form["DialCallStatus"] == "busy"


async def test_callbacks_repeat_and_change_places_when_asked(world: World) -> None:
    script(world, start=BYE)
    await handset(world, reorders=True, repeats=1)
    await over(world, await dial(world))
    numbers = [hit.form["SequenceNumber"] for hit in hits(world, "/progress")]
    assert sorted(numbers) == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert numbers[0] == "3"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"<html><body>500</body></html>", 12100),
        (b"<Response><Say>", 12100),
        (b"<!DOCTYPE x><Response/>", 12100),
        (b"<Response><Sing/></Response>", 12200),
        (b"<Response><Pause><Say>x</Say></Pause></Response>", 12200),
        (b"x" * 70_000, 11750),
    ],
)
async def test_a_document_that_is_none_ends_the_call_with_its_code(
    world: World, document: bytes, code: int
) -> None:
    script(world, start=document)
    call = await over(world, await dial(world))
    assert (call["status"], call["error_code"]) == ("completed", code)
    with pytest.raises(TwimlError):
        parse(document)


async def test_no_document_at_all_is_error_11200_and_a_fallback_is_asked(world: World) -> None:
    world.tenant.answer = lambda hit: (200, BYE) if hit.path == "/spare" else (500, b"")
    assert (await over(world, await dial(world)))["error_code"] == 11200
    call = await over(world, await dial(world, FallbackUrl=f"{world.tenant.url}/spare"))
    assert call["error_code"] is None


async def test_a_document_that_leads_to_itself_ends(world: World) -> None:
    script(world, start=b"<Response><Redirect>/start</Redirect></Response>")
    assert (await over(world, await dial(world)))["error_code"] == 11210


async def test_a_person_at_the_page_answers_presses_and_hangs_up(world: World) -> None:
    script(world, start=GATHER, menu=GATHER)
    watcher = world.app.network.live.open(PERSON)
    sid = await dial(world)

    async def status() -> dict[str, Any]:
        found = await world.client.get("/carrier/calls", params={"sid": sid})
        entry: dict[str, Any] = found.json()["calls"][0]
        return entry

    async def do(**what: str) -> None:
        answer = await world.client.post("/carrier/call", json={"sid": sid, **what})
        assert answer.status_code == 200, answer.text

    async with asyncio.timeout(20):
        while (await status())["status"] != "ringing":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await do(do="answer")
        while (await status())["status"] != "in-progress":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await do(do="keys", keys="1")
        while not hits(world, "/menu"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await do(do="hang_up")
    world.app.network.live.leave(PERSON, watcher)
    assert (await over(world, sid))["status"] == "completed"
    refused = await world.client.post("/carrier/call", json={"sid": sid, "do": "answer"})
    assert refused.status_code == 409


async def test_the_tenant_ends_a_call_and_cancels_one_that_rings(world: World) -> None:
    watcher = world.app.network.live.open(PERSON)
    sid = await dial(world)
    one = f"/2010-04-01/Accounts/{SID}/Calls/{sid}.json"
    answer = await world.client.post(one, data={"Status": "canceled"}, auth=(SID, TOKEN))
    assert answer.status_code == 200
    world.app.network.live.leave(PERSON, watcher)
    assert (await over(world, sid))["status"] == "canceled"
    again = await world.client.post(one, data={"Status": "completed"}, auth=(SID, TOKEN))
    assert again.json()["code"] == 21220


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "bob"}, 21211),
        ({"From": "+15551112222"}, 21210),
        ({"Url": ""}, 21205),
        ({"Url": "ftp://x/"}, 21205),
        ({"Url": "", "Twiml": "<html/>"}, 21205),
        ({"Timeout": "x"}, 20001),
        ({"MachineDetection": "Maybe"}, 20001),
    ],
)
async def test_a_request_that_cannot_be_carried_out_is_refused_by_code(
    world: World, fields: dict[str, str], code: int
) -> None:
    form = {"To": PERSON, "From": NUMBER, "Url": f"{world.tenant.url}/start"} | fields
    answer = await world.client.post(CALLS, data=form, auth=(SID, TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_person_calls_a_number_that_takes_calls(world: World) -> None:
    script(world, answer=BYE)
    account = {
        "provider": "twilio", "account_sid": SID, "auth_token": TOKEN,
        "numbers": [{"address": NUMBER, "voice_url": f"{world.tenant.url}/answer"}],
    }  # fmt: skip
    await world.client.put("/carrier/accounts", json=[account])
    answer = await world.client.post("/carrier/calls", json={"from": PERSON, "to": NUMBER})
    assert answer.status_code == 200
    call = await over(world, answer.json()["sid"])
    assert (call["direction"], call["status"]) == ("inbound", "completed")
    form = hits(world, "/answer")[0].form
    assert (form["From"], form["To"], form["Direction"]) == (PERSON, NUMBER, "inbound")
    nobody = await world.client.post("/carrier/calls", json={"from": PERSON, "to": "+15550009999"})
    assert nobody.status_code == 404


async def test_an_unusable_behaviour_is_refused_by_its_place() -> None:
    async with make_world() as world:
        rule = {"match": {"number": PERSON}, "behaviour": {"call": {"outcome": "sings"}}}
        answer = await world.client.put("/carrier/behaviours", json={"rules": [rule]})
        assert answer.status_code == 400
        assert "rules[0].behaviour.call.outcome" in answer.json()["error"]


async def test_a_document_that_never_comes_ends_the_call(worlds: Any) -> None:
    async with worlds(webhook_timeout_s=0.2) as world:
        world.tenant.hold = asyncio.Event()
        sid = await dial(world, StatusCallback=None)
        call = await over(world, sid)
        world.tenant.hold.set()
        assert call["error_code"] == 11200


async def test_two_talk_in_a_conference_and_one_is_led_out_of_it(world: World) -> None:
    """What one says the other hears; a tenant leads a call elsewhere at once; tones are heard as such."""
    meet = b"<Response><Dial><Conference>talk</Conference></Dial></Response>"
    aside = b'<Response><Play digits="12"/><Pause length="60"/></Response>'
    script(world, start=meet, aside=aside)
    first, second = await dial(world), await dial(world)

    async def log(sid: str) -> list[dict[str, Any]]:
        (call,) = (await world.client.get("/carrier/calls", params={"sid": sid})).json()["calls"]
        return call["log"]

    async def seen(sid: str, did: str) -> dict[str, Any]:
        for _ in range(100):
            if found := [step for step in await log(sid) if step["did"] == did]:
                return found[-1]
            await asyncio.sleep(0.05)
        raise AssertionError(f"{sid} never {did}: {await log(sid)}")

    await seen(first, "joined")
    await seen(second, "joined")
    spoken = {"sid": first, "do": "say", "text": "Good morning"}
    assert (await world.client.post("/carrier/call", json=spoken)).status_code == 200
    assert (await seen(second, "heard"))["text"] == "Good morning"
    path = f"/2010-04-01/Accounts/{SID}/Calls/{first}.json"
    form = {"Url": f"{world.tenant.url}/aside"}
    assert (await world.client.post(path, data=form, auth=(SID, TOKEN))).status_code == 200
    assert (await seen(first, "tones"))["digits"] == "12"
    for sid in (first, second):
        await world.client.post("/carrier/call", json={"sid": sid, "do": "hang_up"})
    assert [(await over(world, sid))["status"] for sid in (first, second)] == ["completed"] * 2


async def test_what_is_said_is_told_as_it_is_said_until_it_is_stopped(world: World) -> None:
    kept = (
        b'<Response><Say>It is kept.</Say><Start><Recording name="a" recordingStatusCallback="/sound"/></Start>'
        b'<Start><Transcription name="a" track="both_tracks" statusCallbackUrl="/words"/></Start><Say>Hello</Say>'
        b'<Stop><Transcription name="a"/></Stop><Say>Unwritten</Say></Response>'
    ).replace(b'="/', f'="{world.tenant.url}/'.encode())
    script(world, start=kept)
    call = await over(world, await dial(world))
    told = [hit.form["TranscriptionEvent"] for hit in hits(world, "/words")]
    assert told == ["transcription-started", "transcription-content", "transcription-stopped"]
    said = hits(world, "/words")[1].form
    assert json.loads(said["TranscriptionData"]) == {"transcript": "Hello", "confidence": 0.9}
    assert (said["Track"], said["SequenceId"], said["CallSid"]) == ("outbound_track", "2", call["sid"])
    (sound,) = hits(world, "/sound")
    assert (sound.form["RecordingStatus"], sound.form["RecordingDuration"]) == ("completed", "1")
