"""Twilio's wire format: signatures, inbound forms, status callbacks, answers to a send."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
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
from hub.channels.codes import Retry
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.sms_twilio import TwilioSms, signature
from hub.errors import BadSignature, Malformed

TWILIO = TwilioSms()
ACCOUNT = Account(UUID(int=1), UUID(int=2), "twilio", "AC1", "https://api.example", {"auth_token": "12345"})
# The vector of Twilio's documentation, equal in its SDKs.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
VECTOR = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def post(url: str, fields: list[tuple[str, str]] | bytes, signed: str | None = None) -> WebhookRequest:
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    headers = [] if signed is None else [(b"x-twilio-signature", signed.encode("latin-1"))]
    return WebhookRequest(url, headers, body)


def test_signature_vector() -> None:
    assert signature("12345", URL, FIELDS) == VECTOR
    assert signature("12345", URL, FIELDS[::-1]) == VECTOR, "the order of the form does not matter"
    TWILIO.verify(ACCOUNT, post(URL, FIELDS, VECTOR))


@pytest.mark.parametrize(
    ("called", "signed"),
    [
        ("https://h.example/x?a=1", "https://h.example:443/x?a=1"),
        ("https://h.example:443/x?a=1", "https://h.example/x?a=1"),
        ("http://h.example/x", "http://h.example:80/x"),
        ("http://h.example:8000/x", "http://h.example:8000/x"),
    ],
)
def test_the_default_port_may_be_in_the_signed_url_or_not(called: str, signed: str) -> None:
    TWILIO.verify(ACCOUNT, post(called, FIELDS, signature("12345", signed, FIELDS)))


def test_another_port_is_another_url() -> None:
    with pytest.raises(BadSignature):
        TWILIO.verify(
            ACCOUNT,
            post("https://h.example:8443/x", FIELDS, signature("12345", "https://h.example/x", FIELDS)),
        )


def test_a_repeated_name_counts_once_a_value_in_order() -> None:
    repeated = [("A", "2"), ("A", "1"), ("A", "2"), ("B", "")]
    assert signature("t", "https://h/", repeated) == signature(
        "t", "https://h/", [("B", ""), ("A", "1"), ("A", "2")]
    )
    TWILIO.verify(
        ACCOUNT, post("https://h.example/", repeated, signature("12345", "https://h.example/", repeated))
    )


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "nonsense",
        VECTOR[:-1],
        VECTOR.lower(),
        "é" * 28,
        signature("54321", URL, FIELDS),
        VECTOR + " ",
    ],
)
def test_a_wrong_signature_is_refused(given: str | None) -> None:
    with pytest.raises(BadSignature):
        TWILIO.verify(ACCOUNT, post(URL, FIELDS, given))


@pytest.mark.parametrize("changed", [[*FIELDS, ("New", "1")], FIELDS[1:], [("CallSid", "CA2"), *FIELDS[1:]]])
def test_a_changed_form_is_refused(changed: list[tuple[str, str]]) -> None:
    with pytest.raises(BadSignature):
        TWILIO.verify(ACCOUNT, post(URL, changed, VECTOR))


def inbound(**changes: str | None) -> list[tuple[str, str]]:
    fields: dict[str, str | None] = {
        "MessageSid": "SM1",
        "SmsMessageSid": "SM1",
        "AccountSid": "AC1",
        "From": "+15550001",
        "To": "+15550002",
        "Body": "Hello",
    }
    return [(name, value) for name, value in (fields | changes).items() if value is not None]


def parse(fields: list[tuple[str, str]] | bytes, url: str = "https://h.example/w") -> list[Any]:
    return TWILIO.parse(post(url, fields))


@pytest.mark.parametrize(
    "text",
    ["Hello", "", "شكرا \u200fجزيلا", "👩‍👩‍👧‍👦 €", "a+b=c&d%", "line\r\nline", "nul\0nul", "x" * 1_000_000],
)
def test_inbound_text_is_kept_as_it_came(text: str) -> None:
    assert parse(inbound(Body=text)) == [InboundMessage("in:SM1", "+15550002", "+15550001", text, "SM1")]


def test_invalid_utf8_becomes_replacement_characters() -> None:
    body = b"MessageSid=SM1&From=%2B15550001&To=%2B15550002&Body=caf%E9+%ED%A0%80+%FF"
    (event,) = parse(body)
    assert event.text.startswith("caf�")
    event.text.encode()


def test_a_name_of_the_contact_is_taken_but_not_without_end() -> None:
    (event,) = parse(inbound(ProfileName="Ada " * 1000))
    assert event.profile_name.startswith("Ada ")
    assert len(event.profile_name) <= 200


GARBAGE = [
    b"",
    b"{}",
    b"\xff\xfe\xfd",
    "Body=é".encode(),
    b"<xml/>",
    b"a=1&" * 500,
    urlencode(inbound(MessageSid=None)).encode(),
    urlencode(inbound(From=None)).encode(),
    urlencode(inbound(To="")).encode(),
    urlencode(inbound(MessageSid="S" * 4000)).encode(),
]


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(body)


REPORTS = [
    ("accepted", Status.SENT),
    ("scheduled", Status.SENT),
    ("queued", Status.SENT),
    ("sending", Status.SENT),
    ("sent", Status.SENT),
    ("delivered", Status.DELIVERED),
    ("partially_delivered", Status.DELIVERED),
    ("read", Status.READ),
    ("undelivered", Status.UNDELIVERED),
    ("failed", Status.FAILED),
    ("canceled", Status.FAILED),
]


@pytest.mark.parametrize(("status", "mapped"), REPORTS)
def test_status_callbacks(status: str, mapped: Status) -> None:
    fields = [("MessageSid", "SM1"), ("MessageStatus", status), ("From", "+15550002"), ("To", "+15550001")]
    found = parse(fields, "https://h.example/status?x=1&ref=msg_abc")
    assert found == [DeliveryReport(f"dr:SM1:{status}", "+15550002", "SM1", "msg_abc", mapped, None)]


def test_a_status_carries_its_error_and_36_is_expired() -> None:
    fields = [("SmsSid", "SM1"), ("SmsStatus", "failed"), ("From", "+15550002"), ("ErrorCode", "30036")]
    (report,) = parse(fields)
    assert (report.status, report.error_code, report.reference) == (Status.EXPIRED, "30036", "")
    (report,) = parse([("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")])
    assert (report.status, report.error_code) == (Status.UNDELIVERED, "30003")


def test_a_status_nobody_knows_yet_is_no_event() -> None:
    assert parse([("MessageSid", "SM1"), ("MessageStatus", "teleported"), ("From", "+15550002")]) == []


ANSWERS: list[tuple[int, Any, str]] = [
    (201, {"sid": "SM9"}, "accepted"),
    (200, {"sid": "SM9"}, "accepted"),
    (400, {"code": 21211, "message": "invalid To"}, "suppress"),
    (400, {"code": 21610, "message": "opted out"}, "suppress"),
    (400, {"code": 21614}, "suppress"),
    (400, {"code": 21617}, "refused"),
    (401, {"code": 20003}, "refused"),
    (404, {"code": 20404}, "refused"),
    (429, {"code": 20429}, "retry"),
    (400, {"code": 21611}, "retry"),
    (429, b"<html>slow down</html>", "retry"),
    (403, b"<html>no</html>", "refused"),
    (400, {"no": "code"}, "refused"),
    (500, {"code": 20500}, "unknown"),
    (503, b"<html>bad gateway</html>", "unknown"),
    (201, b"<html>a proxy says hello</html>", "unknown"),
    (201, {"no": "sid"}, "unknown"),
    (201, [], "unknown"),
    (201, b"", "unknown"),
    (302, b"", "unknown"),
]


@pytest.mark.parametrize(("status", "body", "outcome"), ANSWERS)
def test_answers_to_a_send(status: int, body: Any, outcome: str) -> None:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    try:
        seen = "accepted" if TWILIO.accepted(status, raw).provider_message_id == "SM9" else "wrong id"
    except SendRefused as error:
        seen = {(True, False): "retry", (False, True): "suppress", (False, False): "refused"}[
            error.retryable, error.retry is Retry.SUPPRESS
        ]
    except SendOutcomeUnknown:
        seen = "unknown"
    assert seen == outcome


def test_a_send_is_the_form_that_twilio_takes() -> None:
    channel = Channel(
        UUID(int=3), UUID(int=2), UUID(int=1), ChannelKind.SMS, "twilio", "Line", "+15550002", "+15550002"
    )
    message = OutboundMessage("msg_1", "+15550001", "Größe & 50 % 👋", "https://h.example/s?ref=msg_1")
    request = TWILIO.request(ACCOUNT, channel, message)
    assert request.url == "https://api.example/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["Authorization"] == "Basic QUMxOjEyMzQ1"
    assert request.body.decode() == urlencode(
        {
            "To": "+15550001",
            "From": "+15550002",
            "Body": "Größe & 50 % 👋",
            "StatusCallback": "https://h.example/s?ref=msg_1",
        }
    )


def test_an_account_never_shows_its_secrets() -> None:
    assert "12345" not in repr(ACCOUNT)
    assert "12345" not in f"{ACCOUNT} {[ACCOUNT]}"
