"""Answers that are more than a text, and conversations that go into a flow, on the whole hub."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from cli.demo.runs import Run
from hub.ids import encode_id, new_id
from tests.api.whole_hub import Org, Provider, fresh_number, problem, start, until
from tests.conftest import HubStack

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 200
TEMPLATE = {
    "type": "template",
    "name": "parcel",
    "language": "en",
    "category": "utility",
    "body": [{"text": "Ada"}],
    "text": "Ada, your parcel is here.",
}


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Replies"))


def channel_of(org: Org, kind: str) -> str:
    return encode_id("chn", org.run.workspace.lines[kind].channel_id)


async def answer(org: Org, conversation: dict[str, Any], kind: str, **body: Any) -> dict[str, Any]:
    """What an agent's answer by this channel became of, once nothing is on its way."""
    path = f"/v1/conversations/{conversation['id']}"
    made = await org.post(f"{path}/messages", {"channel_id": channel_of(org, kind), **body}, 201)

    async def now() -> dict[str, Any]:
        items = (await org.get(f"{path}/messages?limit=200"))["items"]
        (message,) = [item for item in items if item["id"] == made["id"]]
        return dict(message)

    return dict(await until(now, lambda message: message["status"] not in ("queued", "sending", "sent")))


async def upload(org: Org) -> str:
    made = await org.http.post("/v1/media", files={"file": ("receipt.png", PNG, "image/png")})
    assert made.status_code == 201, made.text
    medium: str = made.json()["id"]
    return medium


async def test_whatsapp_takes_only_a_template_from_who_writes_first(provider: Provider, org: Org) -> None:
    number = fresh_number()
    await provider.sms(number, "Is my parcel there?")
    conversation = await org.conversation(number)
    path = f"/v1/conversations/{conversation['id']}/channels"
    ways = {way["channel"]["kind"]: way for way in (await org.get(path))["items"]}
    assert (ways["sms"]["allows"], ways["sms"]["reason"]) == ("anything", None)
    assert (ways["whatsapp"]["allows"], ways["whatsapp"]["reason"]) == ("templates", "window-closed")
    refused = await answer(org, conversation, "whatsapp", text="It is here")
    assert (refused["status"], refused["reason"]) == ("refused", "window-closed")
    sent = await answer(org, conversation, "whatsapp", content=TEMPLATE)
    assert (sent["body"], sent["author"], sent["content"]["name"]) == (
        TEMPLATE["text"],
        sent["author"],
        "parcel",
    )
    assert sent["status"] in ("delivered", "read"), sent

    await provider.meta(provider.chat(number, "thanks"))
    ways = {way["channel"]["kind"]: way for way in (await org.get(path))["items"]}
    assert (ways["whatsapp"]["allows"], ways["whatsapp"]["reason"]) == ("anything", None)
    assert ways["whatsapp"]["open_until"] is not None
    await provider.sms(number, "STOP")
    ways = {way["channel"]["kind"]: way for way in (await org.get(path))["items"]}
    assert (ways["sms"]["allows"], ways["sms"]["reason"]) == ("nothing", "opted-out")


async def test_a_picture_goes_by_whatsapp_as_one_and_by_sms_as_a_link(
    provider: Provider, org: Org, carrier: httpx2.AsyncClient
) -> None:
    number = fresh_number()
    await provider.meta(provider.chat(number, "may I have the receipt?"))
    conversation = await org.conversation(number)
    content = {
        "type": "media",
        "media": "image",
        "media_id": await upload(org),
        "caption": "Your receipt",
        "filename": "receipt.png",
    }
    by_whatsapp = await answer(org, conversation, "whatsapp", content=content)
    assert by_whatsapp["content"]["media_id"] == content["media_id"]
    by_sms = await answer(org, conversation, "sms", content=content)
    assert by_sms["body"].startswith("Your receipt")
    link = by_sms["body"].split()[-1]
    async with httpx2.AsyncClient(trust_env=False) as anybody:
        assert (await anybody.get(link)).content == PNG
    got = (await carrier.get("/carrier/messages", params={"to": number})).json()["messages"]
    assert sorted(each["channel"] for each in got) == ["sms", "whatsapp"]
    shown = await org.conversation(number)
    assert (shown["last_text"].splitlines()[0], shown["last_direction"]) == ("Your receipt", "out")


async def test_an_answer_says_one_thing(provider: Provider, org: Org) -> None:
    number = fresh_number()
    await provider.sms(number, "hello")
    path = f"/v1/conversations/{(await org.conversation(number))['id']}/messages"
    for body in (
        {},
        {"text": "a", "content": {"type": "text", "text": "b"}},
        {"content": {"type": "call", "steps": [{"do": "say", "text": "hello"}]}},
    ):
        problem(await org.http.post(path, json=body), 422, "invalid")


async def test_a_person_is_passed_into_a_flow_that_asks_them(provider: Provider, org: Org) -> None:
    number = fresh_number()
    await provider.sms(number, "I want to talk to somebody")
    conversation = await org.conversation(number)
    path = f"/v1/conversations/{conversation['id']}/transfer"
    flows = {flow["name"]: flow["id"] for flow in (await org.get("/v1/conversations/flows"))["items"]}
    problem(await org.http.post(path, json={"flow_id": encode_id("flw", new_id())}), 422, "invalid")
    both = {"flow_id": flows["Survey"], "queue_id": conversation["queue"]["id"]}
    problem(await org.http.post(path, json=both), 422, "invalid")
    passed = await org.post(path, {"flow_id": flows["Survey"], "note": "was very kind"})
    assert (passed["status"], passed["assignee"]) == ("closed", None)

    problem(await org.http.post(path, json={"flow_id": flows["Survey"]}), 409, "conflict")
    await provider.sms(number, "yes")

    async def origins() -> list[str]:
        return [message["origin"] for message in await org.thread(number)]

    assert await until(origins, lambda found: "flow" in found) == ["contact", "contact", "flow"]
    assert (await org.conversation(number))["status"] == "closed", "people have nothing to do with it"
