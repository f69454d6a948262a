"""The control API: accounts, texts from handsets, the log, the sums, and who may call it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.carrier.conftest import World

SID = "AC00000000000000000000000000000001"
TOKEN = "twilio-auth-token"
NUMBER = "+15550001111"
PERSON = "+15557654321"


async def test_health(world: World) -> None:
    health = (await world.client.get("/carrier/health")).json()
    assert (health["ok"], health["accounts"], health["settled"]) == (True, 2, True)


async def test_accounts_show_no_secrets_and_are_added_one_by_one(world: World) -> None:
    text = (await world.client.get("/carrier/accounts")).text
    assert TOKEN not in text
    assert "meta-a" not in text
    more = {"provider": "twilio", "account_sid": "AC9", "auth_token": "t", "numbers": [{"address": NUMBER}]}
    await world.client.put("/carrier/accounts", json={"accounts": [more]})
    found = {a["id"]: a for a in (await world.client.get("/carrier/accounts")).json()["accounts"]}
    assert set(found) == {SID, "app-1", "AC9"}
    # The number moved to the account that named it last.
    assert found[SID]["numbers"] == []
    assert (await world.sms()).json()["code"] == 21606
    assert (await world.client.delete("/carrier/accounts")).status_code == 204
    assert (await world.sms()).status_code == 401


@pytest.mark.parametrize(
    "data",
    [
        {},
        "x",
        ["x"],
        [{"provider": "pigeon"}],
        [{"provider": "twilio"}],
        [{"provider": "twilio", "account_sid": "AC 1/2", "auth_token": "t"}],
        [{"provider": "twilio", "account_sid": "AC1", "auth_token": 5}],
        [{"provider": "twilio", "account_sid": "AC1", "auth_token": "t", "numbers": {}}],
        [
            {
                "provider": "twilio",
                "account_sid": "AC1",
                "auth_token": "t",
                "numbers": [{"address": "hello world!!"}],
            }
        ],
        [{"provider": "twilio", "account_sid": "AC1", "auth_token": "t", "rate_per_s": "5"}],
        [
            {
                "provider": "twilio",
                "account_sid": "A",
                "auth_token": "t",
                "numbers": [{"address": NUMBER, "webhook_url": "x"}],
            }
        ],
        [{"provider": "whatsapp", "app_id": "1", "access_token": "t"}],
        [
            {
                "provider": "whatsapp",
                "app_id": "1",
                "access_token": "t",
                "app_secret": "s",
                "numbers": [{"address": NUMBER}],
            }
        ],
        [
            {
                "provider": "whatsapp",
                "app_id": "1",
                "access_token": "t",
                "app_secret": "s",
                "enforce_window": "yes",
            }
        ],
    ],
)
async def test_bad_accounts_change_nothing(world: World, data: Any) -> None:
    response = await world.client.put("/carrier/accounts", json=data)
    assert response.status_code == 400
    assert response.json()["error"]
    assert len((await world.client.get("/carrier/accounts")).json()["accounts"]) == 2


async def test_behaviours_are_kept_as_given(world: World) -> None:
    data = {
        "seed": 3,
        "default": {"receipts": "none"},
        "rules": [{"match": {"suffix": "1"}, "behaviour": {}}],
    }
    assert (await world.client.put("/carrier/behaviours", json=data)).json() == data
    assert (await world.client.get("/carrier/behaviours")).json() == data
    response = await world.client.put("/carrier/behaviours", json={"default": {"nope": 1}})
    assert (response.status_code, response.json()) == (400, {"error": "default: unknown nope"})


async def test_inbound_reports_the_webhooks_answer(world: World) -> None:
    world.tenant.answer = lambda hit: (403, b"")
    result = await world.write("hi")
    assert (result["status"], result["ok"], result["final"]) == (403, False, True)
    assert (await world.log(sid=result["sid"]))[0]["state"] == "failed"
    answers = iter([503])
    world.tenant.answer = lambda hit: (next(answers, 200), b"")
    result = await world.write("hi")
    assert (result["status"], result["ok"], result["final"]) == (503, False, False)
    await world.settle()
    assert (await world.log(sid=result["sid"]))[0]["state"] == "delivered"


async def test_inbound_list_and_waits(world: World) -> None:
    texts = [{"from": f"+1555100{number:04}", "to": NUMBER, "text": str(number)} for number in range(50)]
    results = (await world.client.post("/carrier/inbound", json=texts)).json()["results"]
    assert [result["status"] for result in results] == [200] * 50
    result = (await world.client.post("/carrier/inbound?wait=no", json=texts[0])).json()
    assert (result["status"], result["final"]) == (None, False)
    answers = iter([500, 500])
    await world.settle()
    world.tenant.answer = lambda hit: (next(answers, 200), b"")
    result = (await world.client.post("/carrier/inbound?wait=final", json=texts[0])).json()
    assert (result["status"], result["tries"]) == (200, 3)


async def test_inbound_without_a_webhook(world: World) -> None:
    account = {
        "provider": "twilio",
        "account_sid": "AC9",
        "auth_token": "t",
        "numbers": [{"address": "+15550004444"}],
    }
    await world.client.put("/carrier/accounts", json=[account])
    response = await world.client.post(
        "/carrier/inbound", json={"from": PERSON, "to": "+15550004444", "text": "x"}
    )
    assert response.json()["error"] == "this number has no webhook"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 400),
        ([{}], 400),
        ("x", 400),
        ({"from": PERSON, "to": NUMBER}, 400),
        ({"from": PERSON, "to": NUMBER, "text": 5}, 400),
        ({"from": "hello", "to": NUMBER, "text": "x"}, 400),
        ({"from": PERSON, "to": NUMBER, "text": "x", "channel": "pigeon"}, 400),
        ({"from": PERSON, "to": NUMBER, "text": "x", "channel": ["sms"]}, 400),
        ({"from": PERSON, "to": "+15559999999", "text": "x"}, 404),
        ({"from": PERSON, "to": NUMBER, "text": "x", "channel": "whatsapp"}, 404),
    ],
)
async def test_bad_inbound(world: World, data: Any, status: int) -> None:
    response = await world.client.post("/carrier/inbound", json=data)
    assert response.status_code == status
    assert response.json()["error"]
    assert world.tenant.hits == []


async def test_log_filters_and_counts_repeats(world: World) -> None:
    for body in ("a", "b", "a"):
        await world.sms(body=body)
    await world.text("a")
    await world.write("back")
    await world.settle()
    assert [m["body"] for m in await world.log(order="asc")] == ["a", "b", "a", "a", "back"]
    assert [m["body"] for m in await world.log(limit=2)] == ["back", "a"]
    assert len(await world.log(to=PERSON)) == 4
    assert len(await world.log(to=NUMBER)) == 1
    assert len(await world.log(channel="whatsapp", state="delivered")) == 1
    assert len(await world.log(direction="inbound", number=NUMBER)) == 1
    assert [m["accepted_count"] for m in await world.log(body="a", channel="sms")] == [3, 3]
    assert {m["body"] for m in await world.log(repeated=1)} == {"a"}
    first = (await world.log(order="asc", limit=1))[0]
    assert first["key"].endswith("/status?m=1&x=a%20b")
    assert [step["state"] for step in first["states"]] == ["queued", "sent", "delivered"]
    assert all(step["at"].endswith("Z") for step in first["states"])
    after = await world.log(order="asc", after=first["seq"], limit=1)
    assert after[0]["body"] == "b"
    assert (await world.client.get("/carrier/messages?limit=x")).status_code == 400


async def test_summary_proves_what_was_sent(world: World) -> None:
    for number in range(10):
        await world.sms(to=f"+1555000{number:04}")
    await world.sms(to="+15550000003")
    await world.sms(body=None)
    await world.write("hi")
    summary = await world.settle()
    assert (summary["accepted"], summary["distinct"], summary["duplicates"]) == (11, 10, 1)
    assert summary["by_state"] == {"outbound": {"delivered": 11}, "inbound": {"delivered": 1}}
    assert (summary["inbound"], summary["refused"], summary["kept"]) == (1, {"21602": 1}, 12)
    assert (summary["webhooks"]["delivered"], summary["webhooks"]["lost"]) == (23, 0)


async def test_reset_forgets_messages_and_what_was_planned(world: World) -> None:
    await world.behave(sent_after_s=0.2)
    await world.write("STOP")
    await world.sms(to="+15550000003")
    assert (await world.client.delete("/carrier/messages")).status_code == 204
    summary = await world.settle()
    assert (summary["accepted"], summary["inbound"], summary["kept"], summary["opted_out"]) == (0, 0, 0, 0)
    await asyncio.sleep(0.25)
    assert [hit.path for hit in world.tenant.hits] == ["/inbound"]
    assert (await world.sms()).status_code == 201


async def test_log_is_bounded_and_sums_stay(worlds: Any) -> None:
    async with worlds(messages_max=5) as world:
        for number in range(12):
            await world.sms(to=f"+1555000{number % 6:04}", body=str(number % 6))
        summary = await world.settle()
        assert (summary["accepted"], summary["kept"], summary["evicted"]) == (12, 5, 7)
        assert (summary["distinct"], summary["duplicates"]) == (6, 6)
        assert summary["by_state"]["outbound"] == {"delivered": 12}
        assert len(await world.log()) == 5
        assert await world.log(to="+15550000000") == []


async def test_distinct_says_when_it_is_not_complete(worlds: Any) -> None:
    async with worlds(distinct_max=2) as world:
        for number in range(3):
            await world.sms(body=str(number))
        summary = await world.settle()
        assert (summary["distinct_complete"], summary["duplicates"]) == (False, None)


async def test_token_is_asked_for(worlds: Any) -> None:
    async with worlds() as world:
        world.app.config.token = "s3cret"
        get = world.client.get
        assert (await get("/carrier/summary")).status_code == 401
        assert (await get("/carrier/summary", headers={"x-carrier-token": "wrong"})).status_code == 401
        assert (await get("/carrier/summary", headers={"x-carrier-token": "s3cret"})).status_code == 200
        assert (await get("/carrier/summary", headers={"authorization": "Bearer s3cret"})).status_code == 200
        assert (await get(f"/carrier/stream?handset=%2B{PERSON[1:]}")).status_code == 401
        assert (await get("/carrier/health")).json() == {"ok": True}
        # The providers' own APIs have their own credentials; the empty page shows nothing.
        assert (await world.sms()).status_code == 201
        assert (await get("/")).status_code == 200


async def test_without_a_token_other_sites_and_names_are_turned_away(world: World) -> None:
    get = world.client.get
    assert (await get("/carrier/summary", headers={"origin": "https://evil.example"})).status_code == 403
    assert (await get("/carrier/summary", headers={"host": "evil.example"})).status_code == 403
    own = str(world.client.base_url).rstrip("/")
    assert (await get("/carrier/summary", headers={"origin": own})).status_code == 200


async def test_unknown_paths_and_methods(world: World) -> None:
    assert (await world.client.get("/carrier/nothing")).status_code == 404
    assert (await world.client.post("/carrier/summary")).status_code == 405
    assert (await world.client.get("/nothing")).status_code == 404
    assert (await world.client.post("/")).status_code == 405
    assert (await world.client.get("/../carrier/app.py")).status_code == 404
    assert (await world.client.get("/v23.0/")).status_code == 400


GARBAGE = [
    b"",
    b"\x00\xff\xfe",
    b"&&&===%%%",
    b"To=%ff%fe&From=%zz&Body=%",
    b"To=%2B15557654321&From=%2B15550001111&Body=%ff%00%fe",
    b"To=%2B15557654321&From=%2B15550001111&Body=%F0%9F%98%80&StatusCallback=http://[",
    b"a=1&" * 5000,
    b"{" * 10000,
    b'{"to":',
    b"null",
    b"[]",
    b'{"messaging_product":"whatsapp","to":{"a":1},"text":[[]]}',
    b'{"messaging_product":"whatsapp","to":"+15557654321","type":{},"text":{"body":"\\ud800"}}',
]


async def test_garbage_is_never_a_500(world: World) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    bearer = {"authorization": "Bearer meta-access-token"}
    for raw in GARBAGE:
        for response in (
            await world.client.post(world.messages_url, content=raw, headers=headers, auth=(SID, TOKEN)),
            await world.client.post("/v23.0/106540352242922/messages", content=raw, headers=bearer),
            await world.client.post("/carrier/inbound", content=raw),
            await world.client.put("/carrier/accounts", content=raw),
            await world.client.put("/carrier/behaviours", content=raw),
            await world.client.post("/carrier/read", content=raw),
            await world.client.post("/carrier/verify", content=raw),
        ):
            assert response.status_code < 500, (raw[:40], response.request.url)
    for query in ("To=%ff", "PageSize=x", "PageSize=99999999999999999999", "PageToken=PA", "DateSent=x",
                  "DateSent>=9999-99-99", "Page=-5", "DateSent>=0001-01-01"):  # fmt: skip
        response = await world.client.get(f"{world.messages_url}?{query}", auth=(SID, TOKEN))
        assert response.status_code < 500, query


async def test_a_megabyte_is_too_long_and_more_is_not_read(worlds: Any) -> None:
    async with worlds(body_bytes_max=2_000_000) as world:
        response = await world.sms(body="a" * 1_000_000)
        assert (response.status_code, response.json()["code"]) == (400, 21617)
        response = await world.sms(body="a" * 3_000_000)
        assert (response.status_code, response.json()["code"]) == (400, 21617)
        response = await world.text("a" * 1_000_000)
        assert (response.status_code, response.json()["error"]["code"]) == (400, 100)
        response = await world.text("a" * 3_000_000)
        assert (response.status_code, response.json()["error"]["code"]) == (413, 100)
        response = await world.client.post("/carrier/inbound", content=b"x" * 3_000_000)
        assert response.status_code == 413


async def test_invalid_utf8_and_nul_are_kept_as_far_as_they_are_text(world: World) -> None:
    raw = b"To=%2B15557654321&From=%2B15550001111&Body=a%ff%00%D7%A9%F0%9F%98%80"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = await world.client.post(world.messages_url, content=raw, headers=headers, auth=(SID, TOKEN))
    assert response.status_code == 201
    assert (await world.log())[0]["body"] == "a\ufffd\x00ש😀"


async def test_a_client_that_leaves_in_the_middle_does_no_harm(world: World) -> None:
    url = httpx2.URL(str(world.client.base_url))
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /carrier/inbound HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await world.client.get("/carrier/health")).status_code == 200
