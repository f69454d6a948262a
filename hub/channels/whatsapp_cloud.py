"""WhatsApp by Meta's Cloud API. Source: channel reference section 4."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson

from hub.channels.base import (
    PROFILE_NAME_CHARS_MAX,
    Account,
    Channel,
    ChannelKind,
    DeliveryReport,
    InboundEvent,
    InboundMessage,
    OutboundMessage,
    ProviderRequest,
    SendReceipt,
    WebhookRequest,
    identifier,
    own_address,
)
from hub.channels.codes import Retry
from hub.channels.content import Content, Text
from hub.channels.delivery import Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.errors import BadSignature, Invalid, Malformed

API_VERSION = "v23.0"
STATUS: Mapping[str, Status] = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,
    "failed": Status.FAILED,
}
RETRYABLE = frozenset({4, 80007, 130429, 131056, 131057})
SUPPRESSED = frozenset({131050})


def signature(secret: str, body: bytes) -> str:
    """X-Hub-Signature-256 over the raw body: `sha256=` and hex HMAC-SHA256."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def _instant(seconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _text(message: Mapping[str, Any]) -> str:
    """What the person said, in words: text, a button's or list row's title, or the kind of medium."""
    match message.get("type"):
        case "text":
            return str(message["text"]["body"])
        case "button":
            return str(message["button"]["text"])
        case "interactive":
            interactive = message["interactive"]
            return str(interactive.get(interactive.get("type"), {}).get("title", ""))
        case kind:
            medium = message.get(str(kind))
            caption = medium.get("caption", "") if isinstance(medium, dict) else ""
            return f"[{kind}] {caption}".strip()


class WhatsAppCloud:
    """Stateless; one instance serves all accounts."""

    provider: ClassVar[str] = "whatsapp_cloud"
    kind: ClassVar[ChannelKind] = ChannelKind.WHATSAPP
    text_chars_max: ClassVar[int] = 4096
    answers_commands: ClassVar[bool] = False
    safe_to_repeat: ClassVar[bool] = False

    def check(self, content: Content) -> None:
        if not isinstance(content, Text) or content.suggestions:
            raise Invalid(f"this channel carries texts only, not {content.type}", "/content/type")

    def callback(self, account: str, reference: str) -> str:
        return f"/webhooks/whatsapp/{account}"

    def request(self, account: Account, channel: Channel, message: OutboundMessage) -> ProviderRequest:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to,
            "type": "text",
            "text": {"body": message.text, "preview_url": False},
            "biz_opaque_callback_data": message.reference,
        }
        headers = {
            "Authorization": "Bearer " + account.secrets["access_token"],
            "Content-Type": "application/json",
        }
        url = f"{account.base_url}/{API_VERSION}/{channel.provider_address}/messages"
        return ProviderRequest(url, headers, orjson.dumps(body))

    def accepted(self, status: int, body: bytes) -> SendReceipt:
        try:
            answer = orjson.loads(body)
            if status == 200:
                return SendReceipt(str(answer["messages"][0]["id"]))
            error = answer["error"]
            number = int(error["code"])
        except (ValueError, KeyError, TypeError, IndexError):
            if 400 <= status < 500:
                retry = Retry.SLOWER if status == 429 else Retry.NEVER
                raise SendRefused(f"HTTP {status}", str(status), retry) from None
            raise SendOutcomeUnknown(f"HTTP {status} with an unreadable body") from None
        if status >= 500 and number not in RETRYABLE:
            raise SendOutcomeUnknown(f"HTTP {status}: {number}")
        retry = (
            Retry.AGAIN if number in RETRYABLE else Retry.SUPPRESS if number in SUPPRESSED else Retry.NEVER
        )
        raise SendRefused(str(error.get("message", ""))[:200], str(number), retry)

    def verify(self, account: Account, request: WebhookRequest) -> None:
        given = request.header(b"x-hub-signature-256").encode()
        if not hmac.compare_digest(signature(account.secrets["app_secret"], request.body).encode(), given):
            raise BadSignature("X-Hub-Signature-256 does not match the body")

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        try:
            document = orjson.loads(request.body)
            if document["object"] != "whatsapp_business_account":
                raise Malformed("the body is not a WhatsApp webhook")
            values = [
                c["value"] for e in document["entry"] for c in e["changes"] if c.get("field") == "messages"
            ]
            return [event for value in values for event in self._events(value)]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Malformed("the body is not a WhatsApp webhook") from None

    def _events(self, value: Mapping[str, Any]) -> Iterator[InboundEvent]:
        to = own_address(str(value["metadata"]["phone_number_id"]))
        names = {c.get("wa_id"): c.get("profile", {}).get("name", "") for c in value.get("contacts", [])}
        for message in value.get("messages", []):
            sender = str(message["from"])
            wamid = identifier(str(message["id"]))
            yield InboundMessage(
                f"in:{wamid}",
                to,
                "+" + sender,
                _text(message),
                wamid,
                str(names.get(sender, ""))[:PROFILE_NAME_CHARS_MAX],
                _instant(message.get("timestamp")),
            )
        for status in value.get("statuses", []):
            mapped = STATUS.get(status["status"])
            if mapped is None:
                continue
            errors = status.get("errors") or [{}]
            code = errors[0].get("code")
            wamid = identifier(str(status["id"]))
            yield DeliveryReport(
                f"dr:{wamid}:{status['status']}",
                to,
                wamid,
                str(status.get("biz_opaque_callback_data", "")),
                mapped,
                None if code is None else str(code),
                _instant(status.get("timestamp")),
            )
