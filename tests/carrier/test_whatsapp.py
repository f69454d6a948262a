"""The Cloud API: answers, errors, webhooks and Meta's own rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from carrier.events import user_id
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
    assert value["contacts"] == [
        {"profile": {"name": "Zoë"}, "wa_id": "15557654321", "user_id": user_id(PERSON)}
    ]
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
    ):
        assert (await world.whatsapp({"to": PERSON, "type": kind, kind: part})).status_code == 200
    bodies = [message["body"] for message in await world.log(order="asc")]
    assert bodies == ["Choose\n▸ Yes", "[image] A cat", "[location]"]


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


async def send(world: World, kind: str, part: Any, **more: Any) -> Any:
    return await world.whatsapp({"to": PERSON, "type": kind, kind: part} | more)


def button(i: int, **changes: Any) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": str(i), "title": f"Choice {i}"} | changes}


def interactive(kind: str, action: dict[str, Any], text: str = "Choose") -> dict[str, Any]:
    return {"type": kind, "body": {"text": text}, "action": action}


ROWS = [{"id": str(i), "title": f"Row {i}"} for i in range(11)]
REFUSED = [
    ("interactive", interactive("button", {"buttons": [button(i) for i in range(4)]}), 131009),
    ("interactive", interactive("button", {"buttons": [button(1), button(1)]}), 131009),
    ("interactive", interactive("button", {"buttons": [button(1, title="x" * 21)]}), 131009),
    ("interactive", interactive("list", {"button": "Open", "sections": [{"rows": ROWS}]}), 131009),
    ("interactive", interactive("list", {"sections": [{"rows": ROWS[:1]}]}), 131008),
    ("interactive", interactive("cta_url", {"name": "cta_url", "parameters": {"display_text": "a"}}), 131008),
    ("interactive", interactive("button", {"buttons": [button(1)]}, "x" * 1025), 131009),
    ("image", {"id": "404"}, 131009),
    ("image", {"link": "ftp://a.example/x"}, 131009),
    ("audio", {"link": "https://a.example/x", "caption": "no"}, 100),
    ("location", {"latitude": 91, "longitude": 0}, 131009),
    ("reaction", {"message_id": "unknown", "emoji": "x"}, 131009),
]


@pytest.mark.parametrize(("kind", "part", "code"), REFUSED)
async def test_every_type_has_its_own_rules(world: World, kind: str, part: Any, code: int) -> None:
    response = await send(world, kind, part)
    assert response.json()["error"]["code"] == code, response.text


async def test_what_a_handset_shows_of_a_list_and_what_a_tap_sends(world: World) -> None:
    sections = [{"title": "Ways", "rows": ROWS[:2]}]
    sent = await send(world, "interactive", interactive("list", {"button": "Open", "sections": sections}))
    wamid = sent.json()["messages"][0]["id"]
    (entry,) = await world.log(sid=wamid)
    assert entry["content"]["list"]["rows"][1] == {
        "id": "1",
        "title": "Row 1",
        "description": "",
        "section": "Ways",
    }
    await world.settle()
    world.tenant.hits.clear()
    tapped = {"type": "list_reply", "id": "1", "to": wamid}
    assert (await world.write("Row 1", "whatsapp", content=tapped))["ok"]
    (message,) = world.tenant.hits[0].json["entry"][0]["changes"][0]["value"]["messages"]
    assert message["context"]["id"] == wamid
    assert message["interactive"] == {"type": "list_reply", "list_reply": {"id": "1", "title": "Row 1"}}


async def test_reactions_and_answers_know_their_message(world: World) -> None:
    wamid = (await world.write("hi", "whatsapp"))["sid"]
    assert (await send(world, "reaction", {"message_id": wamid, "emoji": "👍"})).status_code == 200
    answer = await send(world, "text", {"body": "yes"}, context={"message_id": wamid})
    (entry,) = await world.log(sid=answer.json()["messages"][0]["id"])
    assert entry["content"] == {"answers": wamid}


PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


async def upload(world: World, data: bytes, mime_type: str, name: str = "a.png") -> Any:
    return await world.client.post(
        f"/v23.0/{PHONE_ID}/media",
        files={"file": (name, data, mime_type)},
        data={"messaging_product": "whatsapp", "type": mime_type},
        headers=AUTH,
    )


AUTH = {"authorization": "Bearer meta-access-token"}


async def test_media_up_and_down(world: World) -> None:
    media_id = (await upload(world, PNG, "image/png")).json()["id"]
    about = (await world.client.get(f"/v23.0/{media_id}", headers=AUTH)).json()
    assert (about["mime_type"], about["file_size"]) == ("image/png", len(PNG))
    assert (await world.client.get(about["url"])).status_code == 401
    assert (await world.client.get(about["url"], headers=AUTH)).content == PNG
    assert (await send(world, "image", {"id": media_id})).status_code == 200
    assert (await world.client.delete(f"/v23.0/{media_id}", headers=AUTH)).json() == {"success": True}
    assert (await world.client.get(f"/v23.0/{media_id}", headers=AUTH)).status_code == 400
    for data, kind in ((b"<html>", "image/png"), (PNG + b"0" * 5_000_000, "image/png"), (b"", "text/plain")):
        assert (await upload(world, data, kind)).json()["error"]["code"] == 131053


async def test_a_handset_sends_a_picture(world: World) -> None:
    query = f"?to={NUMBER.replace('+', '%2B')}&channel=whatsapp&name=cat.png"
    file = (await world.client.post("/carrier/media" + query, content=PNG)).json()["file"]
    content = {"type": "media", "file": file, "caption": "A cat"}
    assert (await world.write("A cat", "whatsapp", content=content))["ok"]
    (message,) = world.tenant.hits[0].json["entry"][0]["changes"][0]["value"]["messages"]
    assert message["type"] == "image"
    assert message["image"]["caption"] == "A cat"
    assert (await world.client.get(f"/v23.0/{message['image']['id']}", headers=AUTH)).status_code == 200


NEW = {
    "name": "order_ready",
    "language": "en_US",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["7"]}},
        {"type": "BODY", "text": "Hello {{1}}, it is ready.", "example": {"body_text": [["Ada"]]}},
        {"type": "FOOTER", "text": "Acme"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {"type": "URL", "text": "Track", "url": "https://acme.example/{{1}}", "example": ["x"]},
            ],
        },
    ],
}
WABA = "102290129340398"


async def test_a_template_is_made_reviewed_sent_and_deleted(world: World) -> None:
    path = f"/v23.0/{WABA}/message_templates"
    made = (await world.client.post(path, json=NEW, headers=AUTH)).json()
    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    await world.settle()
    value = world.tenant.hits[0].json["entry"][0]["changes"][0]
    assert value["field"] == "message_template_status_update"
    assert value["value"]["event"] == "APPROVED"
    (listed,) = (await world.client.get(path, headers=AUTH)).json()["data"]
    assert (listed["id"], listed["status"]) == (made["id"], "APPROVED")
    part = {
        "name": "order_ready",
        "language": {"code": "en_US"},
        "components": [
            {"type": "header", "parameters": [{"type": "text", "text": "7"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "Ada"}]},
            {
                "type": "button",
                "sub_type": "url",
                "index": "1",
                "parameters": [{"type": "text", "text": "t7"}],
            },
        ],
    }
    sent = await send(world, "template", part)
    (entry,) = await world.log(sid=sent.json()["messages"][0]["id"])
    shown = entry["content"]
    assert (shown["header"]["text"], shown["text"]) == ("Order 7", "Hello Ada, it is ready.")
    assert [one["url"] for one in shown["buttons"]] == ["", "https://acme.example/t7"]
    part["components"] = part["components"][:2]
    assert (await send(world, "template", part)).json()["error"]["code"] == 132000
    pause = {"account": "app-1", "name": "order_ready", "language": "en_US", "event": "PAUSED"}
    assert (await world.client.post("/carrier/template", json=pause)).status_code == 200
    assert (await send(world, "template", part)).json()["error"]["code"] == 132015
    gone = await world.client.delete(f"{path}?name=order_ready", headers=AUTH)
    assert gone.json() == {"success": True}
    assert (await world.client.get(path, headers=AUTH)).json()["data"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Order"},
        {"language": "english"},
        {"category": "SPAM"},
        {"components": []},
        {"components": [{"type": "BODY", "text": "{{1}} first", "example": {}}]},
        {"components": [{"type": "BODY", "text": "a {{1}} b"}]},
        {"components": [{"type": "BODY", "text": "x" * 1025}]},
        {"components": [{"type": "BODY", "text": "x"}, {"type": "FOOTER", "text": "x" * 61}]},
    ],
)
async def test_a_template_against_the_rules_is_refused(world: World, changes: dict[str, Any]) -> None:
    path = f"/v23.0/{WABA}/message_templates"
    assert (await world.client.post(path, json=NEW | changes, headers=AUTH)).status_code == 400


async def test_a_person_who_is_not_on_whatsapp(world: World) -> None:
    await world.behave(capable=False)
    assert (await world.text()).status_code == 200
    await world.settle()
    assert [(s["status"], s["errors"][0]["code"]) for s in world.tenant.statuses()] == [("failed", 131026)]
