"""One message over several channels, on the whole hub: asked for by the API, carried by the carrier, told by its attempts."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

from cli.demo import workspace as ws
from cli.demo.runs import Run
from hub.channels.rcs_google import signature as google_signature
from hub.ids import encode_id
from hub.settings import Settings
from models.db import app_url, make_engine
from tests.api.api_examples import Reader, examples
from tests.api.whole_hub import Org, Provider, fresh_number, listening, problem, start, until
from tests.conftest import HubStack

TEMPLATE = {"type": "template", "name": "parcel", "language": "en", "text": "Your parcel is here."}
ROUTE = [{"kind": "whatsapp"}, {"kind": "sms"}]


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(_start(hub_stack.settings))


async def _start(settings: Settings) -> Run:
    """A tenant with an RCS agent beside its two lines."""
    run = await start(settings, "Messages")
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        line = await ws.ensure_line(engine, settings, run.workspace.tenant_id, "rcs", "Agent", fresh_number())
        await ws.tell_carrier(settings, [ws.carrier_account(line, "rcs", "Agent", settings.public_url)])
        run.workspace.lines["rcs"] = line
    finally:
        await engine.dispose()
    return run


async def message(org: Org, sent: dict[str, Any], status: str) -> dict[str, Any]:
    """The message once it has that status."""

    async def ask() -> Any:
        return await org.get(f"/v1/messages/{sent['message']['id']}")

    found: dict[str, Any] = await until(ask, lambda one: one["status"] == status)
    return found


async def test_a_text_goes_out_and_its_way_is_told(org: Org) -> None:
    async with listening(org.http) as read:
        sent = await org.post(
            "/v1/messages", {"to": fresh_number(), "text": "Hello", "channels": [{"kind": "sms"}]}, 202
        )
        await read(
            lambda event: (
                event["type"] == "message.created"
                and event["message"]["id"] == sent["message"]["attempts"][0]["id"]
            )
        )
    done = await message(org, sent, "delivered")
    (attempt,) = done["attempts"]
    assert (done["channel_kind"], done["waiting"], done["price"]) == ("sms", False, "0.007900")
    assert attempt["body"] == "Hello"
    assert attempt["created_at"] <= attempt["sent_at"] <= attempt["delivered_at"]
    listed = await org.get(f"/v1/messages?contact_id={done['contact_id']}&direction=out")
    assert [one["id"] for one in listed["items"]] == [done["id"]]


async def test_what_the_provider_refuses_goes_by_the_next_channel(
    org: Org, carrier: httpx2.AsyncClient
) -> None:
    to = fresh_number()
    rules = [
        {"match": {"number": to, "channel": "whatsapp"}, "behaviour": {"answer": "refuse", "code": 131026}}
    ]
    (await carrier.put("/carrier/behaviours", json={"rules": rules})).raise_for_status()
    sent = await org.post("/v1/messages", {"to": to, "content": TEMPLATE, "channels": ROUTE}, 202)
    assert sent["message"]["waiting"] is True
    done = await message(org, sent, "delivered")
    first, second = done["attempts"]
    assert (first["channel_kind"], first["status"], first["error_code"]) == ("whatsapp", "failed", "131026")
    assert (second["channel_kind"], second["body"]) == ("sms", "Your parcel is here.")
    assert (done["price"], done["waiting"]) == (second["price"], False)
    assert await org.get(f"/v1/messages/{second['id']}") == done


async def test_a_dry_run_says_what_each_channel_would_do_and_sends_nothing(org: Org) -> None:
    body = {"to": fresh_number(), "text": "Hello", "channels": ROUTE, "dry_run": True}
    answer = await org.post("/v1/messages", body, 202)
    assert answer["message"] is None
    offers = [(one["channel_kind"], one["refused"], one["price"]) for one in answer["offers"]]
    assert offers[0][:2] == ("whatsapp", "window-closed")
    assert offers[1] == ("sms", None, "0.007900")
    assert (
        org.one(
            "SELECT count(*) FROM app.messages WHERE tenant_id = TENANT AND body = 'Hello' AND plan IS NOT NULL"
        )
        == 0
    )


async def test_buttons_within_the_window_and_their_answer(org: Org, hub_stack: HubStack, run: Run) -> None:
    to = fresh_number()
    async with httpx2.AsyncClient(trust_env=False) as http:
        provider = Provider(hub_stack.settings, run, http)
        assert (await provider.meta(provider.chat(to, "hi"))).status_code == 200
    content = {
        "type": "choices",
        "text": "When?",
        "choices": [{"id": "am", "title": "Morning"}, {"id": "pm", "title": "Noon"}],
    }
    sent = await org.post("/v1/messages", {"to": to, "content": content, "channels": ROUTE}, 202)
    done = await message(org, sent, "delivered")
    assert (done["channel_kind"], done["attempts"][0]["content"]["type"]) == ("whatsapp", "choices")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"text": "x"}, ""),
        ({"to": "+15550001234"}, ""),
        ({"to": "+15550001234", "text": "x", "channels": [{"kind": "fax"}]}, "/channels/0/kind"),
        ({"to": "+15550001234", "text": "x", "channels": [{"kind": "voice"}]}, "/channels/0"),
        ({"to": "+15550001234", "text": "x", "channels": [{"kind": "sms"}, {"kind": "sms"}]}, "/channels"),
        ({"to": "+15550001234", "text": "x", "channels": [{}]}, "/channels/0"),
        ({"to": "5550001234", "text": "x"}, "/to"),
        ({"to": "+15550001234", "content": {"type": "card", "card": {}}}, "/content/card"),
    ],
)
async def test_what_cannot_be_sent_is_said_with_its_place(
    org: Org, body: dict[str, Any], pointer: str
) -> None:
    answer = await org.http.post("/v1/messages", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer, answer.text


async def test_nobody_and_nothing_are_not_found(org: Org) -> None:
    ghost = "con_" + "0" * 26
    problem(
        await org.http.post("/v1/messages", json={"contact_id": ghost, "text": "x"}), 404, "no-such-contact"
    )
    problem(await org.http.get("/v1/messages/msg_" + "0" * 26), 404, "not-found")


async def test_rcs_reaches_who_has_it_and_sms_the_others(org: Org, carrier: httpx2.AsyncClient) -> None:
    """Cards to one handset, words to another, and to a third after silence: what was sent is taken back first."""
    able, unable, silent = fresh_number(), fresh_number(), fresh_number()
    rules = [
        {"match": {"number": unable, "channel": "rcs"}, "behaviour": {"capable": False}},
        {"match": {"number": silent, "channel": "rcs"}, "behaviour": {"delivered_after_s": 3600}},
    ]
    (await carrier.put("/carrier/behaviours", json={"rules": rules})).raise_for_status()
    card = {
        "title": "Order 1",
        "description": "Ready",
        "suggestions": [{"type": "reply", "id": "y", "title": "Yes"}],
    }
    body = {
        "content": {"type": "card", "card": card},
        "channels": [{"kind": "rcs", "timeout_s": 3}, {"kind": "sms"}],
    }
    sent = [await org.post("/v1/messages", body | {"to": to}, 202) for to in (able, unable, silent)]
    rich, plain, late = [await message(org, one, "delivered") for one in sent]
    assert (rich["channel_kind"], rich["attempts"][0]["content"]["type"]) == ("rcs", "card")
    (attempt,) = plain["attempts"]
    assert (attempt["channel_kind"], attempt["body"]) == ("sms", "Order 1\nReady\n1. Yes")
    assert [one["reason"] for one in attempt["history"]] == ["no-rcs"]
    assert [(one["channel_kind"], one["status"]) for one in late["attempts"]] == [
        ("rcs", "expired"),
        ("sms", "delivered"),
    ]
    assert late["price"] == late["attempts"][1]["price"]


async def test_the_page_of_messages_does_what_it_says(org: Org) -> None:
    reader = Reader(org.http)
    for example in examples("messages.md"):
        await reader.follow(example)


async def google(org: Org, event: dict[str, str]) -> int:
    """One event of the tenant's agent, as Google posts it; the status of the answer."""
    line = org.run.workspace.lines["rcs"]
    data = orjson.dumps({"agentId": line.provider_address, **event})
    body = {"message": {"data": base64.b64encode(data).decode()}}
    headers = {"X-Goog-Signature": google_signature(line.secrets["client_token"], data)}
    path = f"/webhooks/google/{encode_id('acc', line.account_id)}"
    return (await org.http.post(path, json=body, headers=headers)).status_code


async def test_rcs_events_replayed_a_hundred_times_are_one(org: Org) -> None:
    handset = fresh_number()
    word = {"senderPhoneNumber": handset, "messageId": secrets.token_hex(8), "text": "rcs once"}
    assert set(await asyncio.gather(*(google(org, word) for _ in range(100)))) == {200}
    assert [one["body"] for one in await org.thread(handset)] == ["rcs once"]


async def test_an_rcs_receipt_of_a_message_nobody_knows_is_taken_and_waits(org: Org) -> None:
    strange, event_id = secrets.token_hex(8), secrets.token_hex(8)
    event = {
        "senderPhoneNumber": fresh_number(),
        "messageId": strange,
        "eventId": event_id,
        "eventType": "DELIVERED",
    }
    assert {await google(org, event) for _ in range(3)} == {200}
    waiting = f"SELECT count(*) FROM app.inbox WHERE payload ->> 'provider_message_id' = '{strange}'"
    assert org.one(waiting) == 1


@pytest.mark.parametrize("kind", ["whatsapp", "rcs"])
async def test_an_agent_s_ticks_and_dots_reach_the_handset(
    org: Org, carrier: httpx2.AsyncClient, kind: str
) -> None:
    handset, line = fresh_number(), org.run.workspace.lines[kind]
    ours = line.provider_address if kind == "rcs" else line.number

    async def write(text: str) -> str:
        body = {"from": handset, "to": ours, "channel": kind, "text": text}
        (await carrier.post("/carrier/inbound", json=body)).raise_for_status()
        found = await until(lambda: org.thread(handset), lambda rows: text in [row["body"] for row in rows])
        return str(found[0]["conversation_id"])

    async def states() -> Any:
        answer = await carrier.get("/carrier/messages", params={"handset": handset})
        return [each["state"] for each in answer.json()["messages"] if each["direction"] == "inbound"]

    conversation = await write("first")
    assert "read" not in await states()
    await org.http.post(f"/v1/conversations/{conversation}/read")
    await until(states, lambda found: found == ["read"])
    async with carrier.stream("GET", "/carrier/stream", params={"handset": handset}, timeout=30) as shown:
        lines = shown.aiter_lines()
        assert await anext(lines) == "retry: 1000"
        assert (await org.http.post(f"/v1/conversations/{conversation}/typing")).status_code == 202
        async with asyncio.timeout(30):
            assert "event: typing" in [line async for line in _until_typing(lines)]


async def _until_typing(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        yield line
        if line == "event: typing":
            return
