"""The Messages API: what is answered, what is called back, what is found again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from carrier.signatures import twilio_signature

if TYPE_CHECKING:
    from tests.carrier.conftest import World

SID = "AC00000000000000000000000000000001"
TOKEN = "twilio-auth-token"
NUMBER = "+15550001111"
PERSON = "+15557654321"
SERVICE = "MG00000000000000000000000000000001"
RFC2822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000")


async def test_answer_of_a_send(world: World) -> None:
    response = await world.sms(body="Grüße €")
    body = response.json()
    assert response.status_code == 201
    assert re.fullmatch(r"SM[0-9a-f]{32}", body["sid"])
    assert RFC2822.fullmatch(body["date_created"])
    assert RFC2822.fullmatch(body["date_updated"])
    expected = {
        "account_sid": SID,
        "api_version": "2010-04-01",
        "body": "Grüße €",
        "from": NUMBER,
        "to": PERSON,
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "messaging_service_sid": None,
        "date_sent": None,
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/{body['sid']}.json",
    }
    assert {name: body[name] for name in expected} == expected
    assert body["subresource_uris"]["media"].endswith(f"{body['sid']}/Media.json")


async def test_messaging_service_picks_a_number_and_is_accepted_first(world: World) -> None:
    body = (await world.sms(From=None, MessagingServiceSid=SERVICE)).json()
    assert (body["status"], body["from"], body["messaging_service_sid"]) == ("accepted", NUMBER, SERVICE)
    hits = await world.tenant.wait(2)
    assert hits[0].form["MessagingServiceSid"] == SERVICE


async def test_callbacks_are_signed_over_the_whole_url_and_skip_the_first_status(world: World) -> None:
    sid = (await world.sms()).json()["sid"]
    hits = await world.tenant.wait(2)
    await world.settle()
    assert world.tenant.states() == ["sent", "delivered"]
    for hit in hits:
        assert hit.query == "m=1&x=a%20b"
        url = f"{world.tenant.url}/status?m=1&x=a%20b"
        assert hit.headers["x-twilio-signature"] == twilio_signature(TOKEN, url, hit.form)
        assert hit.headers["content-type"].startswith("application/x-www-form-urlencoded")
        form = hit.form
        assert form["MessageSid"] == form["SmsSid"] == sid
        assert form["MessageStatus"] == form["SmsStatus"]
        assert (form["AccountSid"], form["From"], form["To"]) == (SID, NUMBER, PERSON)
    tokens = {hit.headers["i-twilio-idempotency-token"] for hit in hits}
    assert len(tokens) == 2


async def test_no_callback_without_a_url(world: World) -> None:
    await world.sms(StatusCallback=None)
    summary = await world.settle()
    assert summary["by_state"]["outbound"] == {"delivered": 1}
    assert world.tenant.hits == []


async def test_fetch(world: World) -> None:
    sid = (await world.sms()).json()["sid"]
    await world.settle()
    base = f"/2010-04-01/Accounts/{SID}/Messages"
    body = (await world.client.get(f"{base}/{sid}.json", auth=(SID, TOKEN))).json()
    assert (body["sid"], body["status"]) == (sid, "delivered")
    assert RFC2822.fullmatch(body["date_sent"])
    missing = await world.client.get(f"{base}/SM{'0' * 32}.json", auth=(SID, TOKEN))
    assert (missing.status_code, missing.json()["code"]) == (404, 20404)


async def test_list_is_newest_first_and_filtered(world: World) -> None:
    for text in ("one", "two", "three"):
        await world.sms(body=text)
    await world.sms(to="+15550009999", body="other")
    await world.write("inbound")

    async def bodies(**query: Any) -> list[str]:
        response = await world.client.get(world.messages_url, params=query, auth=(SID, TOKEN))
        assert response.status_code == 200, response.text
        return [message["body"] for message in response.json()["messages"]]

    assert await bodies(To=PERSON) == ["three", "two", "one"]
    assert await bodies(To=PERSON, From=NUMBER, PageSize=1) == ["three"]
    assert await bodies(From=PERSON) == ["inbound"]
    assert await bodies(To=NUMBER) == ["inbound"]
    assert await bodies(**{"To": PERSON, "DateSent>": "2020-01-01"}) == ["three", "two", "one"]
    assert await bodies(**{"To": PERSON, "DateSent>": "2020-01-01T00:00:00Z"}) == ["three", "two", "one"]
    assert await bodies(**{"To": PERSON, "DateSent<": "2020-01-01"}) == []
    assert await bodies(To=PERSON, DateSent="2020-01-01") == []
    assert await bodies() == ["inbound", "other", "three", "two", "one"]
    assert await bodies(To="+15551110000") == []


async def test_list_finds_a_message_before_it_is_sent(world: World) -> None:
    await world.behave(sent_after_s=3600)
    await world.sms(body="waiting")
    response = await world.client.get(
        f"{world.messages_url}?To=%2B15557654321&DateSent>=2020-01-01", auth=(SID, TOKEN)
    )
    assert [(m["body"], m["status"], m["date_sent"]) for m in response.json()["messages"]] == [
        ("waiting", "queued", None)
    ]


async def test_list_pages(world: World) -> None:
    for number in range(5):
        await world.sms(body=str(number))
    seen: list[str] = []
    url: str | None = f"{world.messages_url}?To=%2B15557654321&PageSize=2"
    while url:
        page = (await world.client.get(url, auth=(SID, TOKEN))).json()
        seen += [message["body"] for message in page["messages"]]
        url = page["next_page_uri"]
        await world.sms(body="new")
    assert seen == ["4", "3", "2", "1", "0"]


REFUSALS: list[tuple[dict[str, Any], int]] = [
    ({"To": None}, 21604),
    ({"To": "12345"}, 21211),
    ({"To": "+0123456789"}, 21211),
    ({"To": "not a number"}, 21211),
    ({"To": "whatsapp:+15557654321"}, 63007),
    ({"From": None}, 21603),
    ({"From": "+15559998888"}, 21606),
    ({"From": None, "MessagingServiceSid": "MGnone"}, 21701),
    ({"Body": None}, 21602),
    ({"Body": ""}, 21602),
    ({"Body": "a" * 1601}, 21617),
    ({"Body": "😀" * 1601}, 21617),
    ({"StatusCallback": "not a url"}, 21609),
    ({"StatusCallback": "ftp://h.example/"}, 21609),
    ({"StatusCallback": "http://h.example/a b"}, 21609),
    ({"StatusCallback": "http://h.example/\r\nx: y"}, 21609),
    ({"StatusCallback": "http://h.example:99999/"}, 21609),
    ({"ContentSid": "HX1"}, 21655),
    ({"ScheduleType": "fixed"}, 20001),
]


async def test_refusals(world: World) -> None:
    for fields, code in REFUSALS:
        form = {"To": PERSON, "From": NUMBER, "Body": "x"} | fields
        response = await world.sms(form.pop("To"), form.pop("Body"), **form)
        body = response.json()
        assert (response.status_code, body["code"], body["status"]) == (400, code, 400), fields
        assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
        assert body["message"]
    summary = await world.summary()
    assert sum(summary["refused"].values()) == len(REFUSALS)
    assert summary["accepted"] == 0


async def test_the_longest_body_is_taken(world: World) -> None:
    body = (await world.sms(body="a" * 1600)).json()
    assert body["num_segments"] == "11"


@pytest.mark.parametrize("auth", [None, (SID, "wrong"), ("AC0", TOKEN), ("", "")])
async def test_bad_credentials(world: World, auth: tuple[str, str] | None) -> None:
    response = await world.client.post(world.messages_url, data={"To": PERSON}, auth=auth)
    assert (response.status_code, response.json()["code"]) == (401, 20003)
    assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer x", "Basic =", "basic /w=="])
async def test_garbage_credentials(world: World, header: str) -> None:
    response = await world.client.post(world.messages_url, headers={"authorization": header})
    assert (response.status_code, response.json()["code"]) == (401, 20003)


async def test_account_rate(worlds: Any) -> None:
    async with worlds() as world:
        limited = {
            "provider": "twilio",
            "account_sid": "AC2",
            "auth_token": "t",
            "rate_per_s": 0.001,
            "numbers": [{"address": "+15550003333"}],
        }
        await world.client.put("/carrier/accounts", json=[limited])
        url, form = (
            "/2010-04-01/Accounts/AC2/Messages.json",
            {"To": PERSON, "From": "+15550003333", "Body": "x"},
        )
        codes = [(await world.client.post(url, data=form, auth=("AC2", "t"))).status_code for _ in range(3)]
        assert codes == [429, 429, 429] or codes == [201, 429, 429]


async def test_media(world: World) -> None:
    body = (
        await world.sms(body=None, MediaUrl=["https://h.example/a.jpg", "https://h.example/b.jpg"])
    ).json()
    assert body["sid"].startswith("MM")
    assert body["num_media"] == "2"


async def test_inbound_is_signed_and_twiml_is_answered(world: World) -> None:
    twiml = b'<?xml version="1.0"?><Response><Message>Thanks &amp; bye</Message></Response>'
    world.tenant.answer = lambda hit: (200, twiml if hit.path == "/inbound" else b"")
    result = await world.write("héllo 😀")
    assert (result["status"], result["ok"], result["tries"]) == (200, True, 1)
    hit = world.tenant.hits[0]
    assert hit.headers["x-twilio-signature"] == twilio_signature(
        TOKEN, f"{world.tenant.url}/inbound?a=1", hit.form
    )
    form = hit.form
    assert form["MessageSid"] == form["SmsMessageSid"] == result["sid"]
    assert (form["Body"], form["From"], form["To"]) == ("héllo 😀", PERSON, NUMBER)
    assert (form["NumMedia"], form["NumSegments"]) == ("0", "1")
    await world.settle()
    reply = (await world.log(direction="outbound"))[0]
    assert (reply["body"], reply["to"], reply["state"]) == ("Thanks & bye", PERSON, "delivered")


@pytest.mark.parametrize(
    "answer",
    [
        b"<Response/>",
        b"<Response><Message>",
        b"<!DOCTYPE x><Response><Message>a</Message></Response>",
        b"\xff",
    ],
)
async def test_other_answers_to_inbound_are_left_alone(world: World, answer: bytes) -> None:
    world.tenant.answer = lambda hit: (200, answer)
    assert (await world.write("hi"))["ok"] is True
    assert (await world.settle())["accepted"] == 0


async def test_stop_blocks_and_start_frees(world: World) -> None:
    assert (await world.write(" stop "))["status"] == 200
    response = await world.sms()
    assert (response.status_code, response.json()["code"]) == (400, 21610)
    assert (await world.sms(to="+15550007777")).status_code == 201
    assert (await world.summary())["opted_out"] == 1
    await world.write("START")
    assert (await world.sms()).status_code == 201


async def test_wrong_method_and_path(world: World) -> None:
    auth = (SID, TOKEN)
    assert (await world.client.delete(world.messages_url, auth=auth)).status_code == 405
    other = await world.client.get(f"/2010-04-01/Accounts/{SID}/Nothing.json", auth=auth)
    assert (other.status_code, other.json()["code"]) == (404, 20404)
    account = await world.client.get(f"/2010-04-01/Accounts/{SID}.json", auth=auth)
    assert account.json() == {"sid": SID, "status": "active", "friendly_name": SID}
