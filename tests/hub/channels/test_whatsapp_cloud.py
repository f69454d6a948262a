"""The Cloud API's wire format: signatures, messages of every type, statuses, answers to a send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.channels.base import (
    Account,
    Channel,
    ChannelKind,
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    WebhookRequest,
)
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.whatsapp_cloud import WhatsAppCloud, signature
from hub.errors import BadSignature, Malformed

META = WhatsAppCloud()
SECRETS = {"app_secret": "s3cret", "access_token": "token", "verify_token": "v"}
ACCOUNT = Account(UUID(int=1), UUID(int=2), "whatsapp_cloud", "1", "https://graph.example", SECRETS)
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
VECTOR = "sha256=76d7cf0d41b1c62907ab63a2ffb509a14ebd4bfe05b33a2e8c6960459868a174"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def post(body: Any, signed: str | None = None) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = [] if signed is None else [(b"x-hub-signature-256", signed.encode("latin-1"))]
    return WebhookRequest("https://h.example/w", headers, raw)


def webhook(value: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    value = {"metadata": {"display_phone_number": "15550002", "phone_number_id": "77"}} | value
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "0", "changes": [{"field": field, "value": value}]}],
    }


def message(kind: str, content: Any) -> dict[str, Any]:
    return {
        "from": "15550001",
        "id": "wamid.1",
        "timestamp": str(int(AT.timestamp())),
        "type": kind,
        kind: content,
    }


def text_of(kind: str, content: Any) -> str:
    (event,) = META.parse(post(webhook({"messages": [message(kind, content)]})))
    assert isinstance(event, InboundMessage)
    return event.text


def test_signature_vector() -> None:
    assert signature("s3cret", BODY) == VECTOR
    META.verify(ACCOUNT, post(BODY, VECTOR))


@pytest.mark.parametrize(
    "given", [None, "", "sha256=", VECTOR[:-1], VECTOR.removeprefix("sha256="), "é", "sha256=" + "é" * 64]
)
def test_a_wrong_signature_is_refused(given: str | None) -> None:
    with pytest.raises(BadSignature):
        META.verify(ACCOUNT, post(BODY, given))


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(BadSignature):
        META.verify(ACCOUNT, post(BODY + b" ", VECTOR))


def test_a_text_with_the_name_of_its_sender() -> None:
    contacts = [{"wa_id": "15550001", "profile": {"name": "Ada"}}]
    body = webhook({"contacts": contacts, "messages": [message("text", {"body": "Hello 👋"})]})
    assert META.parse(post(body)) == [
        InboundMessage("in:wamid.1", "77", "+15550001", "Hello 👋", "wamid.1", "Ada", AT)
    ]


TYPES = [
    ("text", {"body": "مرحبا"}, "مرحبا"),
    ("button", {"text": "Yes", "payload": "y"}, "Yes"),
    (
        "interactive",
        {"type": "button_reply", "button_reply": {"id": "1", "title": "Track order"}},
        "Track order",
    ),
    (
        "interactive",
        {"type": "list_reply", "list_reply": {"id": "1", "title": "Refund", "description": "x"}},
        "Refund",
    ),
    ("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}, ""),
    ("image", {"id": "1", "caption": "my parcel"}, "[image] my parcel"),
    ("sticker", {"id": "1"}, "[sticker]"),
    ("location", {"latitude": 1, "longitude": 2}, "[location]"),
    ("contacts", [{"name": {}}], "[contacts]"),
    ("unheard_of", {}, "[unheard_of]"),
]


@pytest.mark.parametrize(("kind", "content", "text"), TYPES)
def test_every_type_becomes_words(kind: str, content: Any, text: str) -> None:
    assert text_of(kind, content) == text


STATUSES = [
    ("sent", Status.SENT),
    ("delivered", Status.DELIVERED),
    ("read", Status.READ),
    ("played", Status.READ),
    ("failed", Status.FAILED),
]


@pytest.mark.parametrize(("status", "mapped"), STATUSES)
def test_statuses(status: str, mapped: Status) -> None:
    one = {
        "id": "wamid.9",
        "status": status,
        "timestamp": int(AT.timestamp()),
        "biz_opaque_callback_data": "msg_1",
    }
    found = META.parse(post(webhook({"statuses": [one]})))
    assert found == [DeliveryReport(f"dr:wamid.9:{status}", "77", "wamid.9", "msg_1", mapped, None, AT)]


def test_a_failure_carries_its_code() -> None:
    one = {"id": "wamid.9", "status": "failed", "timestamp": "not a number", "errors": [{"code": 131047}]}
    (report,) = META.parse(post(webhook({"statuses": [one]})))
    assert isinstance(report, DeliveryReport)
    assert (report.error_code, report.at, report.reference) == ("131047", None, "")


def test_one_webhook_may_carry_many_events_of_several_numbers() -> None:
    first = webhook({"messages": [message("text", {"body": "1"}), message("text", {"body": "2"})]})
    second = webhook({"statuses": [{"id": "w", "status": "read"}]})
    first["entry"] += second["entry"]
    assert [type(event).__name__ for event in META.parse(post(first))] == [
        "InboundMessage",
        "InboundMessage",
        "DeliveryReport",
    ]


def test_what_is_known_but_not_used_is_no_event() -> None:
    assert META.parse(post(webhook({"statuses": [{"id": "w", "status": "teleported"}]}))) == []
    assert META.parse(post(webhook({"event": "APPROVED"}, field="message_template_status_update"))) == []
    assert META.parse(post(BODY)) == []


GARBAGE: list[Any] = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"{'single': 1}",
    b"\xff\xfe",
    b'{"object":"page","entry":[]}',
    b'{"object":"whatsapp_business_account"}',
    b'{"object":"whatsapp_business_account","entry":{"a":1}}',
    b'{"object":"whatsapp_business_account","entry":[1]}',
    b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":[]}]}]}',
    b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{}}]}]}',
    webhook({"messages": [{"from": "1"}]}),
    webhook({"messages": [message("text", {})]}),
    webhook({"messages": [message("text", "plain")]}),
    webhook({"messages": ["text"]}),
    webhook({"statuses": [{"status": "sent"}]}),
    webhook({"statuses": [{"id": "w", "status": ["sent"]}]}),
    webhook({"messages": [message("text", {"body": "x"}) | {"id": "w" * 4000}]}),
    # A lone surrogate is not text in any encoding.
    orjson.dumps(webhook({"messages": [message("text", {"body": "BODY"})]})).replace(b"BODY", b"\\ud83d"),
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        META.parse(post(body))


ANSWERS: list[tuple[int, Any, str]] = [
    (200, {"messages": [{"id": "wamid.9"}]}, "accepted"),
    (400, {"error": {"code": 131047, "message": "window closed"}}, "refused"),
    (400, {"error": {"code": 131050}}, "suppress"),
    (400, {"error": {"code": 130429}}, "retry"),
    (429, {"error": {"code": 80007}}, "retry"),
    (429, b"slow down", "retry"),
    (401, {"error": {"code": 190}}, "refused"),
    (404, b"<html>", "refused"),
    (500, {"error": {"code": 131000}}, "unknown"),
    (503, {"error": {"code": 131057}}, "retry"),
    (502, b"<html>", "unknown"),
    (200, {"messages": []}, "unknown"),
    (200, b"<html>", "unknown"),
]


@pytest.mark.parametrize(("status", "body", "outcome"), ANSWERS)
def test_answers_to_a_send(status: int, body: Any, outcome: str) -> None:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    try:
        seen = "accepted" if META.accepted(status, raw).provider_message_id == "wamid.9" else "wrong id"
    except SendRefused as error:
        seen = "retry" if error.retryable else "suppress" if error.suppress else "refused"
    except SendOutcomeUnknown:
        seen = "unknown"
    assert seen == outcome


def test_a_send_carries_our_reference() -> None:
    channel = Channel(
        UUID(int=3),
        UUID(int=2),
        UUID(int=1),
        ChannelKind.WHATSAPP,
        "whatsapp_cloud",
        "Line",
        "+15550002",
        "77",
    )
    request = META.request(ACCOUNT, channel, OutboundMessage("msg_1", "+15550001", "Hello", "unused"))
    assert request.url == "https://graph.example/v23.0/77/messages"
    assert request.headers["Authorization"] == "Bearer token"
    body = orjson.loads(request.body)
    assert (body["to"], body["text"]["body"], body["biz_opaque_callback_data"]) == (
        "+15550001",
        "Hello",
        "msg_1",
    )
