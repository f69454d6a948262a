"""Provider webhooks on the whole hub: what is signed gets in once, what is not stays out, and nothing is a 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from cli.demo.runs import Run
from hub.channels.sms_twilio import signature
from hub.ids import encode_id, new_id
from tests.api.whole_hub import FORM, Org, Provider, problem, signed_in, start, until
from tests.conftest import HubStack


@pytest.fixture(scope="module")
def run(hub_stack: HubStack) -> Run:
    return asyncio.run(start(hub_stack.settings, "Webhooks"))


# --- what gets in -------------------------------------------------------------------------------------------------


async def test_an_sms_is_visible_when_it_is_answered(provider: Provider, org: Org) -> None:
    answer = await provider.sms("+15556000001", "Where is my order?")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.text.endswith("<Response/>")
    conversation = await org.conversation("+15556000001")
    assert (conversation["status"], conversation["queue"]["name"]) == ("open", "General")
    assert conversation["last_text"] == "Where is my order?"
    (message,) = await org.thread("+15556000001")
    assert (message["direction"], message["status"], message["origin"]) == ("in", "received", "contact")


async def test_whatsapp_texts_come_in_order_with_their_sender_s_name(provider: Provider, org: Org) -> None:
    answer = await provider.meta(provider.chat("+15556000002", "one", "two"))
    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    conversation = await org.conversation("+15556000002")
    assert conversation["contact"]["name"] == "Ada Lovelace"
    assert sorted(message["body"] for message in await org.thread("+15556000002")) == ["one", "two"]


async def test_two_channels_of_one_person_are_one_conversation(provider: Provider, org: Org) -> None:
    await provider.sms("+15556000003", "by sms")
    await provider.meta(provider.chat("+15556000003", "by chat"))
    assert [message["channel_kind"] for message in await org.thread("+15556000003")] == ["sms", "whatsapp"]


TEXTS = [
    ("a megabyte", "x" * 1_048_576, "x" * (65_536 - 4) + " […]"),
    ("a megabyte of emoji", "👋" * 262_144, "👋" * (65_536 - 4) + " […]"),
    ("emoji", "👩‍👩‍👧‍👦 🏳️‍🌈 é", "👩‍👩‍👧‍👦 🏳️‍🌈 é"),
    ("nul", "a\0b", "a�b"),
    ("right to left", "مرحبا \u200fبالعالم שלום", "مرحبا \u200fبالعالم שלום"),
    ("control characters", "a\x01\x1b[31m\x7f\u2028", "a\x01\x1b[31m\x7f\u2028"),
    ("nothing", "", ""),
    ("only spaces", "   ", "   "),
    ("code", "{{ 7 * 7 }} <script>alert(1)</script> '; DROP TABLE messages; --", None),
    ("replacement", "�￿", "�￿"),
]


@pytest.mark.parametrize(("text", "kept"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS])
async def test_any_text_is_kept(provider: Provider, org: Org, text: str, kept: str | None) -> None:
    number = f"+1555601{abs(hash(text)) % 10_000:04d}"
    assert (await provider.sms(number, text)).status_code == 200
    (message,) = await org.thread(number)
    assert message["body"] == (text if kept is None else kept)
    if "\0" not in text and len(text) < 1000:
        assert (await provider.meta(provider.chat(number, text))).status_code == 200
        assert [m["body"] for m in await org.thread(number)] == [message["body"]] * 2


async def test_invalid_utf8_is_kept_with_marks(provider: Provider, org: Org) -> None:
    fields = [*provider.fields("+15556000004", "BODY")]
    url, token = provider.twilio_url(), provider.run.workspace.lines["sms"].secrets["auth_token"]
    seen = [(name, "caf�" if name == "Body" else value) for name, value in fields]
    headers = FORM | {"X-Twilio-Signature": signature(token, url, seen)}
    body = urlencode(fields).encode().replace(b"BODY", b"caf%E9")
    answer = await provider.http.post(url, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert [message["body"] for message in await org.thread("+15556000004")] == ["caf�"]


async def test_duplicates_are_absorbed(provider: Provider, org: Org) -> None:
    fields = provider.fields("+15556000005", "once")
    answers = await asyncio.gather(*(provider.form(fields) for _ in range(8)))
    answers += [await provider.form(fields)]
    assert {answer.status_code for answer in answers} == {200}
    body = provider.chat("+15556000005", "also once")
    assert {(await provider.meta(body)).status_code for _ in range(3)} == {200}
    assert [message["body"] for message in await org.thread("+15556000005")] == ["once", "also once"]
    assert (await org.conversation("+15556000005"))["unread"] == 2


async def test_a_webhook_replayed_a_hundred_times_is_one(provider: Provider, org: Org) -> None:
    fields, chat = provider.fields("+15556000015", "sms once"), provider.chat("+15556000016", "chat once")
    answers = await asyncio.gather(*(provider.form(fields) for _ in range(100)))
    answers += await asyncio.gather(*(provider.meta(chat) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert [message["body"] for message in await org.thread("+15556000015")] == ["sms once"]
    assert [message["body"] for message in await org.thread("+15556000016")] == ["chat once"]


async def test_order_is_kept(provider: Provider, org: Org) -> None:
    for n in range(10):
        await provider.sms("+15556000006", f"text {n}")
    assert [m["body"] for m in await org.thread("+15556000006")] == [f"text {n}" for n in range(10)]


async def test_a_keyword_is_answered_and_the_answer_reaches_the_handset(provider: Provider, org: Org) -> None:
    assert (await provider.sms("+15556000007", "Hours")).status_code == 200
    answer = (await org.thread("+15556000007"))[1]
    assert (answer["direction"], answer["origin"]) == ("out", "flow")
    await until(lambda: org.thread("+15556000007"), lambda thread: thread[1]["status"] == "delivered")
    carrier = f"{org.settings.carrier_url}/carrier/messages?handset=%2B15556000007"
    (seen,) = (await provider.http.get(carrier)).json()["messages"]
    assert seen["body"].startswith("We are open")


# --- what stays out -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [None, "", "AAAA", "é", "x" * 10_000])
async def test_a_wrong_signature_is_403(provider: Provider, org: Org, signed: str | None) -> None:
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    if signed is not None:
        headers.append((b"x-twilio-signature", signed.encode("latin-1")))
    body = urlencode(provider.fields("+15556000010", "let me in")).encode()
    problem(
        await provider.http.post(provider.twilio_url(), content=body, headers=headers), 403, "bad-signature"
    )
    chat = provider.chat("+15556000010", "let me in")
    if signed is not None:
        headers = [(b"x-hub-signature-256", signed.encode("latin-1"))]
    problem(
        await provider.http.post(provider.meta_url(), content=chat, headers=headers), 403, "bad-signature"
    )
    assert (await org.get("/v1/conversations?view=all&search=%2B15556000010"))["items"] == []


async def test_a_signature_of_another_address_or_another_account_is_403(provider: Provider) -> None:
    fields = provider.fields("+15556000010", "let me in")
    token = provider.run.workspace.lines["sms"].secrets["auth_token"]
    for url, key in ((provider.twilio_url("status"), token), (provider.twilio_url(), "another token")):
        headers = FORM | {"X-Twilio-Signature": signature(key, url, fields)}
        body = urlencode(fields).encode()
        problem(
            await provider.http.post(provider.twilio_url(), content=body, headers=headers),
            403,
            "bad-signature",
        )


async def test_what_is_signed_but_cannot_be_read_is_400(provider: Provider) -> None:
    for fields in (
        [("Body", "no id")],
        provider.fields("", "nobody"),
        provider.fields("not a number\n", "somebody"),
        provider.fields("+15556000010", "x", MessageSid="S" * 5000),
        provider.fields("+15556000010", "x", MessageSid="SM\0"),
        provider.fields("+15556000010", "x", To="\0"),
        provider.fields("+" + "1" * 40, "x"),
    ):
        problem(await provider.form(fields), 400, "malformed")
    surrogate = provider.chat("+15556000010", "BODY").replace(b"BODY", b"\\ud83d")
    for body in (b"", b"null", b"[]", b'{"object":"page"}', b"[" * 50_000, b"\xff\xfe", surrogate):
        problem(await provider.meta(body), 400, "malformed")


async def test_a_body_that_is_no_form_is_400_or_403(provider: Provider) -> None:
    for body in (b"\xff\xfe", "Body=é".encode(), b"a=1&" * 5000):
        headers = FORM | {"X-Twilio-Signature": "AAAA"}
        answer = await provider.http.post(provider.twilio_url(), content=body, headers=headers)
        assert answer.status_code in (400, 403)
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_body_without_end_is_413(provider: Provider) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1_048_576

    try:
        answer = await provider.http.post(provider.twilio_url(), content=pieces(), headers=FORM)
    except httpx2.TransportError:
        return  # the gateway had heard enough
    problem(answer, 413, "too-large")


async def test_an_address_that_is_nobodys_is_404(provider: Provider) -> None:
    sms = encode_id("acc", provider.run.workspace.lines["sms"].account_id)
    paths = [
        f"/webhooks/twilio/{encode_id('acc', new_id())}/message",
        "/webhooks/twilio/acc_nonsense/message",
        "/webhooks/twilio/%00/message",
        f"/webhooks/twilio/{sms}",
        f"/webhooks/twilio/{sms}/message/more",
        f"/webhooks/whatsapp/{sms}",
        f"/webhooks/carrierpigeon/{sms}",
        "/webhooks/",
    ]
    for path in paths:
        problem(
            await provider.http.post(provider.settings.public_url + path, content=b"a=1", headers=FORM),
            404,
            "not-found",
        )


# --- numbers nobody has -------------------------------------------------------------------------------------------


async def test_an_unknown_number_is_recorded_for_the_platform(
    provider: Provider, org: Org, hub_stack: HubStack
) -> None:
    fields = provider.fields("+15556000011", "anybody there?", To="+15559999999")
    for _ in range(3):
        assert (await provider.form(fields)).status_code == 200
    status = [
        ("MessageSid", "SMnobody"),
        ("MessageStatus", "delivered"),
        ("From", "+15559999999"),
        ("To", "+15556000011"),
    ]
    assert (await provider.form(status, provider.twilio_url("status"))).status_code == 200
    async with signed_in(hub_stack.settings, "admin@platform.example") as admin:
        listed = (await admin.get("/v1/unrouted-events?limit=200")).json()["items"]
    mine = [event for event in listed if event["payload"].get("to") == "+15559999999"]
    assert len(mine) == 2, "each once, however often it was told"
    assert any(event["payload"].get("text") == "anybody there?" for event in mine)
    assert (await org.get("/v1/conversations?view=all&search=%2B15556000011"))["items"] == []
    answer = await org.http.get("/v1/unrouted-events")
    assert answer.status_code == 403


async def test_a_receipt_of_a_message_nobody_knows_is_200_and_waits(provider: Provider, org: Org) -> None:
    number = provider.run.workspace.lines["sms"].number
    fields = [
        ("MessageSid", "SMunheard"),
        ("MessageStatus", "delivered"),
        ("From", number),
        ("To", "+15556000012"),
    ]
    for tail in ("status", "status?ref=msg_00000000000000000000000001", "status?ref=%00nonsense"):
        assert (await provider.form(fields, provider.twilio_url(tail))).status_code == 200
    waiting = org.one(
        "SELECT count(*) FROM app.inbox WHERE event_key = 'dr:SMunheard:delivered' AND done_at IS NULL"
    )
    assert waiting == 1
    future = [
        ("MessageSid", "SMx"),
        ("MessageStatus", "teleported"),
        ("From", number),
        ("To", "+15556000012"),
    ]
    assert (await provider.form(future, provider.twilio_url("status"))).status_code == 200


# --- Meta's handshake ---------------------------------------------------------------------------------------------


async def test_the_handshake_echoes_the_challenge(provider: Provider) -> None:
    token = provider.run.workspace.lines["whatsapp"].secrets["verify_token"]
    query: dict[str, Any] = {
        "hub.mode": "subscribe",
        "hub.verify_token": token,
        "hub.challenge": "1158201444",
    }
    answer = await provider.http.get(provider.meta_url(), params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain"), "never a page that a browser would run"
    for wrong in ({"hub.verify_token": "é"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}):
        problem(await provider.http.get(provider.meta_url(), params=query | wrong), 403, "bad-signature")
    problem(await provider.http.get(provider.meta_url()), 403, "bad-signature")
    problem(await provider.http.get(provider.twilio_url(), params=query), 404, "not-found")
