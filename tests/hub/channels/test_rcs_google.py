"""RCS for Business: the wire format, its limits, its signatures, its tokens, and who can be reached."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from redis.asyncio import Redis

from hub.channels.base import (
    Account,
    Channel,
    ChannelKind,
    DeliveryReport,
    InboundMessage,
    OutboundMessage,
    ProviderRequest,
    Typing,
    WebhookRequest,
)
from hub.channels.content import (
    Card,
    CardBody,
    Carousel,
    Choices,
    Content,
    CreateEvent,
    DialNumber,
    Location,
    Media,
    OpenUrl,
    Reply,
    ShareLocation,
    Template,
    Text,
    ViewLocation,
)
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.google_oauth import ServiceAccount, Tokens, assertion
from hub.channels.rcs_capabilities import Capabilities
from hub.channels.rcs_codes import CODES, meaning_of
from hub.channels.rcs_google import GoogleRcs, message_id, signature
from hub.errors import BadSignature, Invalid, Malformed
from hub.ids import encode_id, new_id

RCS = GoogleRcs()
KEY = generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SECRETS = {"client_token": "tok", "private_key": PEM, "access_token": "t0"}
ACCOUNT = Account(
    UUID(int=1),
    UUID(int=2),
    "google_rcs",
    "partner",
    "https://rcs.example",
    SECRETS,
    {"client_email": "hub@p.example", "token_url": "https://rcs.example/token"},
)
CHANNEL = Channel(UUID(int=3), UUID(int=2), UUID(int=1), ChannelKind.RCS, "google_rcs", "Line", "Acme", "a1")
REFERENCE = encode_id("msg", UUID(int=77))
VECTOR_DATA = b'{"senderPhoneNumber":"+15550001","eventType":"DELIVERED","eventId":"e1","messageId":"m1","agentId":"a1"}'
VECTOR = "hGt5n/CPKxMV2MQUl5XWbPQyBD6Q51B6c0Ujw5q6mfyIEVBqbv7+b9yaEtb8Scyiwj08DHW1i8JQU1Sf36ZNcA=="


def post(data: bytes, signed: str = "") -> WebhookRequest:
    envelope = {"message": {"data": base64.b64encode(data).decode(), "messageId": "1"}, "subscription": "s"}
    return WebhookRequest(
        "https://h.example/w", [(b"x-goog-signature", signed.encode())], orjson.dumps(envelope)
    )


def body_of(content: Content | None, **more: Any) -> Any:
    sent = OutboundMessage(REFERENCE, "+15550001", "words", "unused", content, **more)
    return orjson.loads(RCS.request(ACCOUNT, CHANNEL, sent).body)


def test_the_vector_of_the_signature() -> None:
    assert signature("tok", VECTOR_DATA) == VECTOR
    RCS.verify(ACCOUNT, post(VECTOR_DATA, VECTOR))
    for wrong in ("", VECTOR[:-3] + "===", "A" * 88):
        with pytest.raises(BadSignature):
            RCS.verify(ACCOUNT, post(VECTOR_DATA, wrong))
    with pytest.raises(BadSignature):
        RCS.verify(ACCOUNT, post(VECTOR_DATA + b" ", VECTOR))


def test_the_card_of_the_reference() -> None:
    card = Card(
        card=CardBody(
            title="Order 1",
            description="Ready",
            media_url="https://h.example/a.jpg",
            thumbnail_url="https://h.example/t.jpg",
            suggestions=(
                Reply(id="y", title="Yes"),
                DialNumber(title="Call", number="+15550001"),
                OpenUrl(title="Open", url="https://h.example/"),
            ),
        )
    )
    found = body_of(card, validity_s=3600, traffic="transactional")
    assert (found["messageTrafficType"], found["ttl"]) == ("TRANSACTION", "3600s")
    shown = found["contentMessage"]["richCard"]["standaloneCard"]
    assert shown["cardOrientation"] == "VERTICAL"
    content = shown["cardContent"]
    assert (content["title"], content["description"]) == ("Order 1", "Ready")
    assert content["media"]["height"] == "MEDIUM"
    assert content["media"]["contentInfo"]["fileUrl"] == "https://h.example/a.jpg"
    assert content["media"]["contentInfo"]["thumbnailUrl"] == "https://h.example/t.jpg"
    reply, call, link = content["suggestions"]
    assert reply == {"reply": {"text": "Yes", "postbackData": "y"}}
    assert call["action"]["dialAction"] == {"phoneNumber": "+15550001"}
    assert link["action"]["openUrlAction"] == {"url": "https://h.example/", "application": "BROWSER"}


def test_the_other_actions() -> None:
    suggestions = (
        ViewLocation(title="Where", latitude=1.5, longitude=2.5, label="Depot"),
        ShareLocation(title="Share"),
        CreateEvent(
            title="Note",
            event_title="Pickup",
            starts_at="2026-01-02T03:04:05Z",
            ends_at="2026-01-02T04:04:05Z",
        ),
    )
    view, share, event = (
        one["action"]
        for one in body_of(Text(text="x", suggestions=suggestions))["contentMessage"]["suggestions"]
    )
    assert view["viewLocationAction"] == {
        "latLong": {"latitude": 1.5, "longitude": 2.5},
        "label": "Depot",
    }
    assert share["shareLocationAction"] == {}
    assert event["createCalendarEventAction"]["title"] == "Pickup"


def test_texts_media_choices_and_carousels() -> None:
    assert body_of(None)["contentMessage"] == {"text": "words"}
    media = body_of(Media(media="image", url="https://h.example/a.png"))
    assert media["contentMessage"]["contentInfo"]["fileUrl"] == "https://h.example/a.png"
    assert body_of(Media(media="image", media_id="files/7"))["contentMessage"] == {
        "uploadedRbmFile": {"fileName": "files/7"}
    }
    choices = body_of(Choices(text="Sure?", choices=(Reply(id="y", title="Yes"),)))
    assert choices["contentMessage"]["suggestions"] == [{"reply": {"text": "Yes", "postbackData": "y"}}]
    cards = (
        CardBody(title="a", media_url="https://h.example/a.png", height="tall"),
        CardBody(title="b"),
    )
    carousel = body_of(Carousel(width="small", cards=cards))["contentMessage"]["richCard"]["carouselCard"]
    assert carousel["cardWidth"] == "SMALL"
    assert carousel["cardContents"][0]["media"]["height"] == "MEDIUM"  # a small carousel shows no tall media


NOT_CARRIED: list[tuple[Content, str]] = [
    (Text(text="x" * 3073), "/content/text"),
    (Media(media="audio", url="https://h.example/a.mp3"), "/content/media"),
    (Media(media="image", url="https://h.example/a.png", caption="c"), "/content/caption"),
    (Choices(text="x", footer="f", choices=(Reply(id="y", title="Yes"),)), "/content/header"),
    (
        Choices(text="x", choices=(Reply(id="y", title="Yes", description="d"),)),
        "/content/choices/0/description",
    ),
    (Location(latitude=1, longitude=2), "/content/type"),
    (Template(name="t", language="en"), "/content/type"),
]


@pytest.mark.parametrize(("content", "pointer"), NOT_CARRIED)
def test_what_is_not_carried_names_the_place(content: Content, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        RCS.check(content)
    assert refused.value.pointer == pointer


def test_the_largest_carousel_fits_the_payload_and_a_larger_one_is_refused() -> None:
    link = OpenUrl(title="x" * 25, url="https://h.example/" + "u" * 2000)
    cards = tuple(
        CardBody(title="t" * 200, description="d" * 2000, suggestions=(link,) * 4) for _ in range(10)
    )
    RCS.check(Carousel(cards=cards))
    wide = tuple(CardBody(description="😀" * 2000, suggestions=(link,) * 4) for _ in range(10))
    with pytest.raises(Invalid) as refused:
        RCS.check(Carousel(cards=wide, suggestions=(link,) * 11))
    assert refused.value.pointer == "/content"


def test_a_message_has_the_same_id_however_often_it_is_sent() -> None:
    assert RCS.safe_to_repeat
    first = RCS.request(ACCOUNT, CHANNEL, OutboundMessage(REFERENCE, "+15550001", "a", ""))
    again = RCS.request(ACCOUNT, CHANNEL, OutboundMessage(REFERENCE, "+15550001", "a", "", attempt=2))
    assert first.url == again.url
    assert first.url == (
        f"https://rcs.example/v1/phones/+15550001/agentMessages?messageId={message_id(REFERENCE)}&agentId=a1"
    )
    assert UUID(message_id(REFERENCE)).version == 5
    assert message_id(REFERENCE) != message_id(encode_id("msg", new_id()))


def test_revoke_and_marks() -> None:
    revoked = RCS.revoke(ACCOUNT, CHANNEL, "+15550001", "m1")
    assert (revoked.method, revoked.url) == (
        "DELETE",
        "https://rcs.example/v1/phones/+15550001/agentMessages/m1?agentId=a1",
    )
    read = RCS.read_mark(ACCOUNT, CHANNEL, "+15550001", "m1")
    assert orjson.loads(read.body) == {"eventType": "READ", "messageId": "m1"}
    assert "/agentEvents?eventId=" in read.url
    assert read.url == RCS.read_mark(ACCOUNT, CHANNEL, "+15550001", "m1").url
    assert orjson.loads(RCS.typing_mark(ACCOUNT, CHANNEL, "+15550001", "m1").body) == {
        "eventType": "IS_TYPING"
    }


EVENTS: list[tuple[dict[str, Any], Any]] = [
    (
        {"text": "Hello"},
        InboundMessage("in:m1", "a1", "+15550001", "Hello", "m1"),
    ),
    (
        {"suggestionResponse": {"postbackData": "y", "text": "Yes", "type": "REPLY"}},
        InboundMessage(
            "in:m1", "a1", "+15550001", "Yes", "m1", content={"type": "reply", "id": "y", "title": "Yes"}
        ),
    ),
    (
        {"location": {"latitude": 1.5, "longitude": 2.5}},
        InboundMessage(
            "in:m1",
            "a1",
            "+15550001",
            "[location] 1.500000 2.500000",
            "m1",
            content={"type": "location", "latitude": 1.5, "longitude": 2.5},
        ),
    ),
    (
        {
            "userFile": {
                "payload": {"mimeType": "image/png", "fileUri": "https://f.example/1", "fileName": "a.png"}
            }
        },
        InboundMessage(
            "in:m1",
            "a1",
            "+15550001",
            "[image] a.png",
            "m1",
            content={
                "type": "media",
                "media": "image",
                "provider_url": "https://f.example/1",
                "mime_type": "image/png",
                "filename": "a.png",
                "caption": "",
            },
        ),
    ),
    (
        {"eventType": "DELIVERED", "eventId": "e1"},
        DeliveryReport("ev:e1", "a1", "m1", "", Status.DELIVERED),
    ),
    ({"eventType": "READ", "eventId": "e1"}, DeliveryReport("ev:e1", "a1", "m1", "", Status.READ)),
    (
        {"eventType": "TTL_EXPIRATION_REVOKED", "eventId": "e1", "phoneNumber": "+15550001"},
        DeliveryReport("ev:e1", "a1", "m1", "", Status.EXPIRED, "TTL_EXPIRATION_REVOKED"),
    ),
    ({"eventType": "IS_TYPING", "eventId": "e1"}, Typing("a1", "+15550001")),
    (
        {"eventType": "UNSUBSCRIBE", "eventId": "e1"},
        InboundMessage("ev:e1", "a1", "+15550001", "", "e1", command="stop"),
    ),
    (
        {"eventType": "SUBSCRIBE", "eventId": "e1"},
        InboundMessage("ev:e1", "a1", "+15550001", "", "e1", command="start"),
    ),
]


@pytest.mark.parametrize(("data", "wanted"), EVENTS)
def test_every_event_of_the_webhook(data: dict[str, Any], wanted: Any) -> None:
    whole = {"senderPhoneNumber": "+15550001", "messageId": "m1", "agentId": "a1"} | data
    assert RCS.parse(post(orjson.dumps(whole))) == [wanted]


def test_an_event_of_the_future_is_none() -> None:
    assert RCS.parse(post(b'{"eventType":"WAVED","eventId":"e1","messageId":"m","agentId":"a1"}')) == []


GARBAGE = [b"", b"null", b"[]", b"{}", b"\xff", b'{"eventType":"READ"}', b'{"messageId":"m"}', b"[" * 9999]


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        RCS.parse(post(data))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"message":{"data":"!"}}', b'{"message":1}'])
def test_an_envelope_that_is_none_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        RCS.parse(WebhookRequest("https://h.example/w", [], body))


def error(word: str, code: int) -> dict[str, Any]:
    return {"error": {"code": code, "status": word, "message": "words"}}


ANSWERS: list[tuple[int, Any, str]] = [
    (200, {"name": "phones/+15550001/agentMessages/m1"}, "m1"),
    (400, error("INVALID_ARGUMENT", 400), "never, next channel"),
    (401, error("UNAUTHENTICATED", 401), "stop"),
    (403, error("PERMISSION_DENIED", 403), "stop"),
    (404, error("NOT_FOUND", 404), "never, next channel"),
    (404, b"<html>", "never, next channel"),
    (429, error("RESOURCE_EXHAUSTED", 429), "slower"),
    (500, error("INTERNAL", 500), "again"),
    (503, b"<html>", "again"),
    (504, error("DEADLINE_EXCEEDED", 504), "again"),
    (200, error("NOT_FOUND", 404), "never, next channel"),
    (200, b"<html>", "unknown"),
    (200, b'{"name": "pho', "unknown"),
    (200, {}, "unknown"),
    (302, b"", "unknown"),
]


@pytest.mark.parametrize(("status", "body", "outcome"), ANSWERS)
def test_answers_to_a_send(status: int, body: Any, outcome: str) -> None:
    try:
        seen = RCS.accepted(
            status, body if isinstance(body, bytes) else orjson.dumps(body)
        ).provider_message_id
    except SendRefused as refused:
        seen = refused.retry.value + (", next channel" if refused.fallback else "")
    except SendOutcomeUnknown:
        seen = "unknown"
    assert seen == outcome


def test_every_code_has_words() -> None:
    assert all(row.reason for row in CODES.values())
    assert meaning_of("TTL_EXPIRATION_REVOKED").status is Status.EXPIRED
    assert meaning_of("FROM_THE_FUTURE", 418).retry.value == "never"


# -- tokens


class Provider:
    """Answers in the place of the network, and counts."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[ProviderRequest] = []

    async def post(self, request: ProviderRequest) -> tuple[int, bytes]:
        self.asked.append(request)
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(body, Exception):
            raise body
        return status, body if isinstance(body, bytes) else orjson.dumps(body)

    get = post


WHO = ServiceAccount("hub@p.example", PEM, "k1", "https://rcs.example/token", "scope")


def test_the_assertion_is_a_jwt_that_the_key_signed() -> None:
    head, claims, signed = assertion("a@b", PEM, "k1", "s", "https://t", 1000).split(".")

    def opened(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert orjson.loads(opened(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert orjson.loads(opened(claims)) == {
        "iss": "a@b",
        "scope": "s",
        "aud": "https://t",
        "iat": 1000,
        "exp": 4600,
    }
    KEY.public_key().verify(opened(signed), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    with pytest.raises(ValueError, match="key"):
        assertion("a@b", "no key", "", "s", "https://t", 1000)


async def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    now = [1000.0]
    provider = Provider(
        (200, {"access_token": "one", "expires_in": 3600}), (200, {"access_token": "two", "expires_in": 3600})
    )
    tokens = Tokens(lambda: now[0])
    account = uuid4()
    assert await tokens.token(provider, account, WHO) == "one"  # type: ignore[arg-type]
    now[0] += 3479
    assert await tokens.token(provider, account, WHO) == "one"  # type: ignore[arg-type]
    now[0] += 2
    assert await tokens.token(provider, account, WHO) == "two"  # type: ignore[arg-type]
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "retry"),
    [
        (400, {"error": "invalid_grant"}, "stop"),
        (401, b"<html>", "stop"),
        (503, b"<html>", "again"),
        (200, b"{", "again"),
        (0, SendOutcomeUnknown("timeout"), "again"),
    ],
)
async def test_without_a_token_nothing_is_sent(status: int, body: Any, retry: str) -> None:
    with pytest.raises(SendRefused) as refused:
        await Tokens().token(Provider((status, body)), uuid4(), WHO)  # type: ignore[arg-type]
    assert refused.value.retry.value == retry


async def test_an_account_that_is_not_set_up_stops() -> None:
    bare = Account(uuid4(), uuid4(), "google_rcs", "p", "https://rcs.example", {})
    with pytest.raises(SendRefused) as refused:
        await GoogleRcs().prepare(Provider((200, {})), bare)  # type: ignore[arg-type]
    assert refused.value.retry.value == "stop"


# -- capabilities


async def test_capabilities_are_asked_once_and_kept(redis: Redis) -> None:
    channel = Channel(new_id(), new_id(), UUID(int=1), ChannelKind.RCS, "google_rcs", "Line", "Acme", "a1")
    token = (200, {"access_token": "one", "expires_in": 3600})
    provider = Provider(token, (200, {"features": ["RICHCARD_STANDALONE", "REVOCATION"]}))
    asker = Capabilities(GoogleRcs(), provider, redis)  # type: ignore[arg-type]
    for _ in range(3):
        assert await asker.of(ACCOUNT, channel, "+15550001") == {"RICHCARD_STANDALONE", "REVOCATION"}
    assert len(provider.asked) == 2
    provider.answers = [(404, error("NOT_FOUND", 404))]
    assert await asker.of(ACCOUNT, channel, "+15550002") == frozenset()
    assert await asker.of(ACCOUNT, channel, "+15550002") == frozenset()
    assert len(provider.asked) == 3
    provider.answers = [(200, {"reachableUsers": ["+15550003", "+1999"]})]
    numbers = ["+15550001", "+15550002", "+15550003", "+15550004"]
    assert await asker.reachable(ACCOUNT, channel, numbers) == {"+15550001", "+15550003"}
    assert orjson.loads(provider.asked[-1].body) == {"users": ["+15550003", "+15550004"], "agentId": "a1"}
    assert await asker.reachable(ACCOUNT, channel, numbers) == {"+15550001", "+15550003"}
    assert len(provider.asked) == 4
    for key in await redis.keys(f"t:{channel.tenant_id}:rcs:*"):
        assert b"1555" not in key
        assert await redis.ttl(key) > 0
