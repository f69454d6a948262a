"""The Cloud API: answers, errors, webhooks and Meta's own rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from carrier.signatures import meta_signature
from carrier.whatsapp import handshake

if TYPE_CHECKING:
    from tests.carrier.conftest import Hit, World

PERSON = "+15557654321"
NUMBER = "+15550002222"
PHONE_ID = "106540352242922"
SECRET = "meta-app-secret"


async def test_answer_of_a_text(world: World) -> None:
    response = await world.text("héllo 😀")
    assert response.status_code == 200
    body = response.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": PERSON, "wa_id": "15557654321"}]
    assert re.fullmatch(r"wamid\.[A-Za-z0-9+/]+=*", body["messages"][0]["id"])
    assert body["messages"][0]["message_status"] == "accepted"


async def test_statuses_are_signed_and_echo_the_callback_data(world: World) -> None:
    wamid = (await world.text(biz_opaque_callback_data="msg_01")).json()["messages"][0]["id"]
    await world.settle()
    assert [status["status"] for status in world.tenant.statuses()] == ["sent", "delivered"]
    for hit in world.tenant.hits:
        assert hit.headers["x-hub-signature-256"] == meta_signature(SECRET, hit.raw)
        assert hit.json["object"] == "whatsapp_business_account"
        assert hit.json["entry"][0]["id"] == "102290129340398"
        change = hit.json["entry"][0]["changes"][0]
        assert change["field"] == "messages"
        assert change["value"]["metadata"] == {
            "display_phone_number": "15550002222",
            "phone_number_id": PHONE_ID,
        }
    for status in world.tenant.statuses():
        assert (status["id"], status["recipient_id"]) == (wamid, "15557654321")
        assert status["biz_opaque_callback_data"] == "msg_01"
        assert status["timestamp"].isdigit()
        assert status["pricing"]["category"] == "service"


async def test_failed_and_undelivered_carry_meta_errors(world: World) -> None:
    for receipts in ("failed", "undelivered"):
        world.tenant.hits.clear()
        await world.behave(receipts=receipts, receipt_code=131049)
        await world.text()
        await world.settle()
        last = world.tenant.statuses()[-1]
        assert last["status"] == "failed"
        assert last["errors"][0]["code"] == 131049
        assert set(last["errors"][0]) == {"code", "title", "message", "error_data", "href"}


async def test_read_by_behaviour_and_by_opening_the_thread(world: World) -> None:
    await world.behave(receipts="read", read_after_s=0.01)
    await world.text()
    await world.settle()
    assert [status["status"] for status in world.tenant.statuses()] == ["sent", "delivered", "read"]
    world.tenant.hits.clear()
    await world.behave()
    await world.text("again")
    await world.settle()
    data = {"handset": PERSON, "to": NUMBER, "channel": "whatsapp"}
    assert (await world.client.post("/carrier/read", json=data)).json() == {"read": 1}
    assert (await world.client.post("/carrier/read", json=data)).json() == {"read": 0}
    await world.settle()
    assert [status["status"] for status in world.tenant.statuses()] == ["sent", "delivered", "read"]


async def test_statuses_due_together_share_a_body(worlds: Any) -> None:
    async with worlds(coalesce_s=0.2) as world:
        await world.behave(receipts="sent")
        for number in range(60):
            await world.text(to=f"+1555000{number:04}")
        await world.settle()
        sizes = [len(hit.json["entry"][0]["changes"][0]["value"]["statuses"]) for hit in world.tenant.hits]
        assert sum(sizes) == 60
        assert max(sizes) <= 50
        assert len(sizes) < 20
        assert len({status["id"] for status in world.tenant.statuses()}) == 60


async def test_coalescing_can_be_switched_off(worlds: Any) -> None:
    async with worlds(coalesce_max=1) as world:
        for number in range(5):
            await world.text(to=f"+1555000{number:04}")
        await world.settle()
        assert len(world.tenant.hits) == len(world.tenant.statuses()) == 10


async def test_inbound_text(world: World) -> None:
    result = await world.write("héllo 😀\n\x00", "whatsapp", profile_name="Zoë")
    assert (result["status"], result["ok"]) == (200, True)
    hit = world.tenant.hits[0]
    assert hit.headers["x-hub-signature-256"] == meta_signature(SECRET, hit.raw)
    value = hit.json["entry"][0]["changes"][0]["value"]
    assert value["contacts"] == [{"profile": {"name": "Zoë"}, "wa_id": "15557654321"}]
    message = value["messages"][0]
    assert (message["from"], message["type"], message["text"]) == (
        "15557654321",
        "text",
        {"body": "héllo 😀\n\x00"},
    )
    assert message["id"] == result["sid"]


async def test_mark_read(world: World) -> None:
    wamid = (await world.write("hi", "whatsapp"))["sid"]
    # A tenant that registers again still owns what it received before.
    await world.client.put("/carrier/accounts", json=rules_account(world.tenant.url))
    data = {"status": "read", "message_id": wamid, "typing_indicator": {"type": "text"}}
    assert (await world.whatsapp(data)).json() == {"success": True}
    assert (await world.log(sid=wamid))[0]["state"] == "read"
    response = await world.whatsapp({"status": "read", "message_id": "wamid.none"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, 131009)


BAD: list[tuple[dict[str, Any], int, int]] = [
    ({"messaging_product": "sms", "to": PERSON, "text": {"body": "x"}}, 400, 100),
    ({"type": "text", "text": {"body": "x"}}, 400, 100),
    ({"to": 15557654321, "text": {"body": "x"}}, 400, 131009),
    ({"to": "hello", "text": {"body": "x"}}, 400, 131009),
    ({"to": NUMBER, "text": {"body": "x"}}, 400, 131021),
    ({"to": PERSON, "type": "text"}, 400, 100),
    ({"to": PERSON, "type": "text", "text": "x"}, 400, 100),
    ({"to": PERSON, "type": "text", "text": {"body": ""}}, 400, 100),
    ({"to": PERSON, "type": "text", "text": {"body": "a" * 4097}}, 400, 100),
    ({"to": PERSON, "type": "smell"}, 400, 131051),
    ({"to": PERSON, "type": ["text"]}, 400, 131051),
    ({"to": PERSON, "type": "image", "image": {}}, 400, 131008),
    ({"to": PERSON, "type": "template", "template": {"name": "x"}}, 400, 131008),
    (
        {
            "to": PERSON,
            "type": "template",
            "template": {"name": "x", "language": {"code": "en"}, "components": 1},
        },
        400,
        132012,
    ),
    ({"to": PERSON, "type": "interactive", "interactive": []}, 400, 131008),
    ({"to": PERSON, "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 400, 100),
    ({"status": "unread", "message_id": "x"}, 400, 100),
]


async def test_refusals_have_metas_shape(world: World) -> None:
    for data, status, code in BAD:
        response = await world.whatsapp(data)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (status, code), data
        assert error["type"] == "OAuthException"
        assert error["fbtrace_id"]
        assert error["message"]
    assert (await world.summary())["accepted"] == 0


async def test_tokens_and_unknown_numbers(world: World) -> None:
    response = await world.whatsapp({"to": PERSON, "text": {"body": "x"}}, token="wrong")
    assert (response.status_code, response.json()["error"]["code"]) == (401, 190)
    headers = {"authorization": "Bearer meta-access-token"}
    response = await world.client.post("/v23.0/999/messages", json={}, headers=headers)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["error_subcode"]) == (400, 100, 33)
    response = await world.client.post("/v23.0/999/messages", json={})
    assert response.json()["error"]["code"] == 190
    response = await world.client.get(f"/v23.0/{PHONE_ID}", headers=headers)
    assert response.json()["display_phone_number"] == NUMBER


async def test_other_types_are_shown_as_text(world: World) -> None:
    buttons = {
        "type": "button",
        "body": {"text": "Choose"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]},
    }
    for kind, part in (
        ("interactive", buttons),
        ("image", {"link": "https://h.example/a.jpg", "caption": "A cat"}),
        ("location", {"latitude": 1, "longitude": 2}),
        ("reaction", {"message_id": "x", "emoji": "👍"}),
    ):
        assert (await world.whatsapp({"to": PERSON, "type": kind, kind: part})).status_code == 200
    bodies = [message["body"] for message in await world.log(order="asc")]
    assert bodies == ["Choose\n▸ Yes", "[image] A cat", "[location]", "👍"]


def template(name: str, *values: str, language: str = "en") -> dict[str, Any]:
    parameters = [{"type": "text", "text": value} for value in values]
    part = {
        "name": name,
        "language": {"code": language},
        "components": [{"type": "body", "parameters": parameters}],
    }
    return {"to": PERSON, "type": "template", "template": part}


async def test_templates(world: World) -> None:
    assert (await world.whatsapp(template("anything", "Ann", "5"))).status_code == 200
    assert (await world.log())[0]["body"] == "[anything] Ann, 5"
    account = {
        "provider": "whatsapp",
        "app_id": "app-1",
        "access_token": "meta-access-token",
        "app_secret": SECRET,
        "numbers": [{"address": NUMBER, "phone_number_id": PHONE_ID}],
        "templates": [
            {
                "name": "order",
                "language": "en",
                "body": "Hi {{1}}, order {{2}}. {{1}}!",
                "category": "MARKETING",
            },
            {"name": "paused", "language": "en", "body": "x", "status": "PAUSED"},
        ],
    }
    assert (await world.client.put("/carrier/accounts", json=[account])).status_code == 200
    assert (await world.whatsapp(template("order", "Ann", "{{1}}"))).status_code == 200
    assert (await world.log())[0]["body"] == "Hi Ann, order {{1}}. Ann!"
    for data, status, code in (
        (template("order", "Ann"), 400, 132000),
        (template("order", "Ann", "5", language="fr"), 404, 132001),
        (template("none"), 404, 132001),
        (template("paused"), 400, 132015),
    ):
        response = await world.whatsapp(data)
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def rules_account(tenant_url: str, **rules: Any) -> list[dict[str, Any]]:
    number = {"address": NUMBER, "phone_number_id": PHONE_ID, "webhook_url": f"{tenant_url}/whatsapp"}
    keys = {"app_id": "app-1", "access_token": "meta-access-token", "app_secret": SECRET}
    return [{"provider": "whatsapp", "numbers": [number], **keys, **rules}]


async def test_service_window(world: World) -> None:
    await world.client.put("/carrier/accounts", json=rules_account(world.tenant.url, enforce_window="answer"))
    response = await world.text()
    assert (response.status_code, response.json()["error"]["code"]) == (400, 131047)
    assert (await world.whatsapp(template("hello"))).status_code == 200
    await world.write("hi", "whatsapp")
    assert (await world.text()).status_code == 200
    await world.client.put(
        "/carrier/accounts", json=rules_account(world.tenant.url, enforce_window="receipt")
    )
    await world.settle()
    world.tenant.hits.clear()
    assert (await world.text(to="+15550008888")).status_code == 200
    await world.settle()
    assert [status["errors"][0]["code"] for status in world.tenant.statuses()] == [131047]


async def test_pair_rate(world: World) -> None:
    await world.client.put("/carrier/accounts", json=rules_account(world.tenant.url, enforce_pair_rate=True))
    statuses = [(await world.text(str(number))).status_code for number in range(46)]
    assert statuses == [200] * 45 + [400]
    assert (await world.text()).json()["error"]["code"] == 131056
    assert (await world.text(to="+15550008888")).status_code == 200


@pytest.mark.parametrize(
    ("answer", "status", "code"), [("throttle", 429, 130429), ("error", 500, 131000), ("refuse", 400, 131026)]
)
async def test_special_answers(world: World, answer: str, status: int, code: int) -> None:
    await world.behave(answer=answer)
    response = await world.text()
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_handshake(world: World) -> None:
    def verify(hit: Hit) -> tuple[int, bytes]:
        query = dict(pair.split("=") for pair in hit.query.split("&"))
        good = query["hub.verify_token"] == "tok" and query["hub.mode"] == "subscribe"
        return (200, query["hub.challenge"].encode()) if good else (403, b"")

    world.tenant.answer = verify
    pool, url = world.app.network.delivery.pool, f"{world.tenant.url}/whatsapp"
    assert await handshake(pool, url, "tok") == (True, 200)
    assert await handshake(pool, url, "other") == (False, 403)
    assert await handshake(pool, "http://127.0.0.1:1/", "tok") == (False, None)
    response = await world.client.post("/carrier/verify", json={"url": url, "verify_token": "tok"})
    assert response.json() == {"verified": True, "status": 200}
    assert (await world.client.post("/carrier/verify", json={"url": "x"})).status_code == 400
