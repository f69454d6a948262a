"""The Cloud API's wire format: signatures, messages of every type, statuses, answers to a send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
from hub.channels.codes import Meaning
from hub.channels.content import (
    Card,
    CardBody,
    Choices,
    Content,
    Location,
    Media,
    OpenUrl,
    Reaction,
    Reply,
    Template,
    TemplateButton,
    TemplateValue,
    Text,
)
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.whatsapp_cloud import WhatsAppCloud, signature
from hub.channels.whatsapp_codes import CODES, meaning_of
from hub.channels.whatsapp_events import TemplateNews
from hub.channels.whatsapp_window import WINDOW, may_send
from hub.errors import BadSignature, Invalid, Malformed

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
    ("location", {"latitude": 1, "longitude": 2, "name": "Depot"}, "[location] Depot, 1.000000 2.000000"),
    ("contacts", [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1555"}]}], "[contacts] Bo +1555"),
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
    assert META.parse(post(webhook({"event": "FLAGGED"}, field="phone_number_quality_update"))) == []
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
    (400, {"error": {"code": 131047, "message": "window closed"}}, "never"),
    (400, {"error": {"code": 131050}}, "suppress"),
    (400, {"error": {"code": 130429}}, "retry"),
    (429, {"error": {"code": 80007}}, "retry"),
    (429, b"slow down", "retry"),
    (401, {"error": {"code": 190}}, "stop"),
    (404, b"<html>", "never"),
    (500, {"error": {"code": 131000}}, "unknown"),
    (503, {"error": {"code": 131057}}, "retry"),
    (502, b"<html>", "unknown"),
    (200, {"messages": []}, "unknown"),
    (200, {"error": {"code": 131026, "message": "in a 200"}}, "never"),
    (200, b'{"messages": [{"id": "wam', "unknown"),
    (302, b"", "unknown"),
    (500, {"error": {"code": 131045}}, "stop"),
    (200, b"<html>", "unknown"),
]


@pytest.mark.parametrize(("status", "body", "outcome"), ANSWERS)
def test_answers_to_a_send(status: int, body: Any, outcome: str) -> None:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    try:
        seen = "accepted" if META.accepted(status, raw).provider_message_id == "wamid.9" else "wrong id"
    except SendRefused as error:
        seen = "retry" if error.retryable else error.retry.value
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


CHANNEL = Channel(
    UUID(int=3), UUID(int=2), UUID(int=1), ChannelKind.WHATSAPP, "whatsapp_cloud", "Line", "+15550002", "77"
)
YES, NO = Reply(id="y", title="Yes"), Reply(id="n", title="No")
MANY = tuple(Reply(id=str(i), title=f"Choice {i}", description="more") for i in range(10))

BODIES: list[tuple[Content, dict[str, Any]]] = [
    (Text(text="Hi"), {"type": "text", "text": {"body": "Hi", "preview_url": False}}),
    (
        Text(text="Look", suggestions=(OpenUrl(title="Open", url="https://a.example/"),)),
        {
            "type": "interactive",
            "interactive": {
                "type": "cta_url",
                "body": {"text": "Look"},
                "action": {
                    "name": "cta_url",
                    "parameters": {"display_text": "Open", "url": "https://a.example/"},
                },
            },
        },
    ),
    (
        Choices(text="Sure?", footer="f", choices=(YES, NO)),
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": "Sure?"},
                "footer": {"text": "f"},
                "action": {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "y", "title": "Yes"}},
                        {"type": "reply", "reply": {"id": "n", "title": "No"}},
                    ]
                },
            },
        },
    ),
    (
        Choices(text="Which?", header="h", button="Open", choices=MANY[:4]),
        {
            "type": "interactive",
            "interactive": {
                "type": "list",
                "header": {"type": "text", "text": "h"},
                "body": {"text": "Which?"},
                "action": {
                    "button": "Open",
                    "sections": [
                        {
                            "rows": [
                                {"id": str(i), "title": f"Choice {i}", "description": "more"}
                                for i in range(4)
                            ]
                        }
                    ],
                },
            },
        },
    ),
    (
        Media(media="document", url="https://a.example/x.pdf", filename="x.pdf", caption="c"),
        {
            "type": "document",
            "document": {"link": "https://a.example/x.pdf", "caption": "c", "filename": "x.pdf"},
        },
    ),
    (Media(media="audio", media_id="123"), {"type": "audio", "audio": {"id": "123"}}),
    (
        Media(media="image", media_id="123", caption="c", suggestions=(YES,)),
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "header": {"type": "image", "image": {"id": "123"}},
                "body": {"text": "c"},
                "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
            },
        },
    ),
    (
        Location(latitude=1.5, longitude=2.5, name="Depot"),
        {"type": "location", "location": {"latitude": 1.5, "longitude": 2.5, "name": "Depot"}},
    ),
    (
        Reaction(message_id="msg_1", emoji="👍"),
        {"type": "reaction", "reaction": {"message_id": "wamid.theirs", "emoji": "👍"}},
    ),
    (
        Template(
            name="order",
            language="en_US",
            header=(TemplateValue(type="image", url="https://a.example/i.png"),),
            body=(TemplateValue(text="Ada"), TemplateValue(text="7", name="count")),
            buttons=(
                TemplateButton(index=0, kind="quick_reply", value=TemplateValue(type="payload", text="p")),
                TemplateButton(index=1, kind="url", value=TemplateValue(text="a/b")),
            ),
        ),
        {
            "type": "template",
            "template": {
                "name": "order",
                "language": {"code": "en_US"},
                "components": [
                    {
                        "type": "header",
                        "parameters": [{"type": "image", "image": {"link": "https://a.example/i.png"}}],
                    },
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": "Ada"},
                            {"type": "text", "text": "7", "parameter_name": "count"},
                        ],
                    },
                    {
                        "type": "button",
                        "sub_type": "quick_reply",
                        "index": "0",
                        "parameters": [{"type": "payload", "payload": "p"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "url",
                        "index": "1",
                        "parameters": [{"type": "text", "text": "a/b"}],
                    },
                ],
            },
        },
    ),
]


@pytest.mark.parametrize(("content", "wanted"), BODIES, ids=[one.type for one, _ in BODIES])
def test_every_content_has_its_body(content: Content, wanted: dict[str, Any]) -> None:
    META.check(content)
    sent = OutboundMessage("msg_1", "+15550001", "words", "unused", content, reply_to="wamid.theirs")
    body = orjson.loads(META.request(ACCOUNT, CHANNEL, sent).body)
    assert {key: body[key] for key in wanted} == wanted
    answers = {"message_id": "wamid.theirs"}
    assert body.get("context") == (None if content.type == "reaction" else answers)


NOT_CARRIED: list[tuple[Content, str]] = [
    (Card(card=CardBody(title="t")), "/content/type"),
    (Text(text="x" * 1025, suggestions=(YES,)), "/content/text"),
    (Text(text="x", suggestions=(Reply(id="1", title="x" * 21),)), "/content/suggestions/0/title"),
    (Text(text="x", suggestions=MANY[:4]), "/content/suggestions"),
    (
        Text(text="x", suggestions=(YES, OpenUrl(title="o", url="https://a.example"))),
        "/content/suggestions/1/type",
    ),
    (Text(text="x", suggestions=(YES, Reply(id="y", title="Other"))), "/content/suggestions"),
    (Media(media="audio", media_id="1", caption="c"), "/content/caption"),
    (Media(media="image", media_id="1", suggestions=(YES,)), "/content/caption"),
    (Choices(text="x", choices=(Reply(id="1", title="x" * 25),)), "/content/choices/0/title"),
    (Choices(text="x", choices=(*MANY[:3], Reply(id="x" * 201, title="t"))), "/content/choices/3/id"),
]


@pytest.mark.parametrize(("content", "pointer"), NOT_CARRIED)
def test_what_is_not_carried_names_the_place(content: Content, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        META.check(content)
    assert refused.value.pointer == pointer


def test_a_medium_of_the_library_never_leaves_by_its_own_id() -> None:
    sent = OutboundMessage("msg_1", "+15550001", "", "unused", Media(media="image", media_id="med_x"))
    with pytest.raises(Invalid):
        META.request(ACCOUNT, CHANNEL, sent)


def content_of(kind: str, content: Any, **more: Any) -> Any:
    body = webhook({"messages": [message(kind, content) | more]})
    (event,) = META.parse(post(body))
    assert isinstance(event, InboundMessage)
    return event.content


def test_inbound_content() -> None:
    assert content_of("text", {"body": "x"}) is None
    assert content_of("text", {"body": "x"}, context={"id": "wamid.0"}) == {
        "type": "text",
        "reply_to": "wamid.0",
    }
    assert content_of("button", {"text": "Yes", "payload": "y"}) == {
        "type": "reply",
        "id": "y",
        "title": "Yes",
    }
    row = {"id": "r1", "title": "Refund", "description": "d"}
    assert content_of("interactive", {"type": "list_reply", "list_reply": row}) == {"type": "reply", **row}
    assert content_of("reaction", {"message_id": "wamid.0", "emoji": "👍"}) == {
        "type": "reaction",
        "emoji": "👍",
        "to": "wamid.0",
    }
    found = content_of("image", {"id": "9", "mime_type": "image/jpeg; q=1", "sha256": "s", "caption": "c"})
    assert found == {
        "type": "media",
        "media": "image",
        "provider_media_id": "9",
        "mime_type": "image/jpeg",
        "sha256": "s",
        "filename": "",
        "caption": "c",
    }
    assert content_of("order", {"catalog_id": "1"}) == {"type": "unsupported", "kind": "order"}


def test_the_price_category_comes_with_a_status() -> None:
    pricing = {"billable": True, "pricing_model": "PMP", "category": "utility", "type": "regular"}
    (report,) = META.parse(
        post(webhook({"statuses": [{"id": "w", "status": "delivered", "pricing": pricing}]}))
    )
    assert isinstance(report, DeliveryReport)
    assert report.pricing == pricing


@pytest.mark.parametrize(("value", "command"), [("stop", "stop"), ("resume", "start")])
def test_the_switch_of_marketing_messages_is_a_command(value: str, command: str) -> None:
    one = {"wa_id": "15550001", "category": "marketing_messages", "value": value, "timestamp": "1767323045"}
    (event,) = META.parse(post(webhook({"user_preferences": [one]}, "user_preferences")))
    assert isinstance(event, InboundMessage)
    assert (event.command, event.sender, event.text) == (command, "+15550001", "")
    assert event.event_key == f"pref:15550001:{command}:1767323045"


def test_news_of_templates() -> None:
    named = {
        "message_template_id": 12,
        "message_template_name": "order",
        "message_template_language": "en_US",
    }
    body = webhook(
        named | {"event": "REJECTED", "reason": "SCAM", "message_template_category": "UTILITY"},
        "message_template_status_update",
    )
    quality = webhook(named | {"new_quality_score": "RED"}, "message_template_quality_update")
    body["entry"] += quality["entry"]
    assert META.parse(post(body)) == []
    assert META.news(post(body)) == [
        TemplateNews("12", "order", "en_US", "REJECTED", "SCAM", "utility"),
        TemplateNews("12", "order", "en_US", quality="RED"),
    ]


def test_marks() -> None:
    read = orjson.loads(META.read_mark(ACCOUNT, CHANNEL, "+15550001", "wamid.1").body)
    assert read == {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    typing = orjson.loads(META.typing_mark(ACCOUNT, CHANNEL, "+15550001", "wamid.1").body)
    assert typing == read | {"typing_indicator": {"type": "text"}}


@pytest.mark.parametrize(("code", "row"), CODES.items())
def test_every_code_has_words_and_ends_somewhere(code: str, row: Meaning) -> None:
    assert row.reason
    assert meaning_of(code) is row


@pytest.mark.parametrize(
    ("code", "http_status", "retry"),
    [("210", 403, "stop"), ("999999", 429, "slower"), ("999999", 401, "stop"), ("999999", 400, "never")],
)
def test_codes_of_the_future(code: str, http_status: int, retry: str) -> None:
    assert meaning_of(code, http_status).retry.value == retry


def test_the_service_window_shuts_at_the_24th_hour() -> None:
    assert not may_send(None, None, AT)
    assert may_send(Text(text="x"), AT - WINDOW + timedelta(seconds=1), AT)
    assert not may_send(Text(text="x"), AT - WINDOW, AT)
    assert may_send(Template(name="order", language="en"), None, AT)
