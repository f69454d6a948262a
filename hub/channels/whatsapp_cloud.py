"""WhatsApp by Meta's Cloud API. Source: channel reference section 4."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict, Field

from hub.channels import whatsapp_body
from hub.channels.base import (
    Account,
    Channel,
    ChannelKind,
    InboundEvent,
    OutboundMessage,
    ProviderRequest,
    SendReceipt,
    WebhookRequest,
)
from hub.channels.codes import Retry
from hub.channels.content import Content, Text
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.whatsapp_codes import CODES, meaning_of
from hub.channels.whatsapp_events import TemplateNews, changes, events_of, template_news
from hub.errors import BadSignature, Malformed

API_VERSION = "v23.0"
DETAIL_CHARS_MAX = 200


class WhatsAppSettings(BaseModel):
    """What an account says beside its secrets. `waba_id`: the business account that its templates belong to."""

    model_config = ConfigDict(extra="forbid")
    waba_id: str = Field("", max_length=40, pattern=r"^\d*$")


def signature(secret: str, body: bytes) -> str:
    """X-Hub-Signature-256 over the raw body: `sha256=` and hex HMAC-SHA256."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def _document(request: WebhookRequest) -> Any:
    document = orjson.loads(request.body)
    if document["object"] != "whatsapp_business_account":
        raise Malformed("the body is not a WhatsApp webhook")
    return document


class WhatsAppCloud:
    """Stateless; one instance serves all accounts."""

    provider: ClassVar[str] = "whatsapp_cloud"
    kind: ClassVar[ChannelKind] = ChannelKind.WHATSAPP
    text_chars_max: ClassVar[int] = whatsapp_body.TEXT_CHARS_MAX
    answers_commands: ClassVar[bool] = False
    safe_to_repeat: ClassVar[bool] = False

    def check(self, content: Content) -> None:
        whatsapp_body.check(content)

    def callback(self, account: str, reference: str) -> str:
        return f"/webhooks/whatsapp/{account}"

    def request(self, account: Account, channel: Channel, message: OutboundMessage) -> ProviderRequest:
        content = message.content
        if content is None:
            content = Text.model_construct(text=message.text)
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to,
            **whatsapp_body.part_of(content, message.reply_to),
            "biz_opaque_callback_data": message.reference,
        }
        if message.reply_to and body["type"] != "reaction":
            body["context"] = {"message_id": message.reply_to}
        return self._post(account, channel, body)

    def read_mark(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        """Two blue ticks on the person's message."""
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": provider_message_id}
        return self._post(account, channel, body)

    def typing_mark(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        """Typing dots, for 25 s or until an answer; the message becomes read as well."""
        body = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": provider_message_id,
            "typing_indicator": {"type": "text"},
        }
        return self._post(account, channel, body)

    def _post(self, account: Account, channel: Channel, body: dict[str, Any]) -> ProviderRequest:
        url = f"{account.base_url}/{API_VERSION}/{channel.provider_address}/messages"
        return ProviderRequest(url, json_headers(account), orjson.dumps(body))

    def accepted(self, status: int, body: bytes) -> SendReceipt:
        answer = answered(status, body)
        try:
            return SendReceipt(str(answer["messages"][0]["id"]))
        except (KeyError, TypeError, IndexError):
            raise SendOutcomeUnknown(f"HTTP {status} without a message") from None

    def verify(self, account: Account, request: WebhookRequest) -> None:
        given = request.header(b"x-hub-signature-256").encode()
        if not hmac.compare_digest(signature(account.secrets["app_secret"], request.body).encode(), given):
            raise BadSignature("X-Hub-Signature-256 does not match the body")

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        try:
            found = changes(_document(request))
            return [event for field, value in found for event in events_of(field, value)]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Malformed("the body is not a WhatsApp webhook") from None

    def news(self, request: WebhookRequest) -> list[TemplateNews]:
        """What a verified request says about templates. Raises Malformed."""
        if b"template" not in request.body:  # as in nearly every request: each is read already
            return []
        try:
            found = changes(_document(request))
            return [news for field, value in found for news in template_news(field, value)]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Malformed("the body is not a WhatsApp webhook") from None


def json_headers(account: Account) -> dict[str, str]:
    """Bearer authentication and the JSON content type."""
    return {
        "Authorization": "Bearer " + account.secrets["access_token"],
        "Content-Type": "application/json",
    }


def answered(status: int, body: bytes) -> Any:
    """The JSON of a 200. Raises SendRefused for an error that Meta names, SendOutcomeUnknown when nobody can tell.

    A 200 with an error inside is an error.
    """
    try:
        answer = orjson.loads(body)
        error = answer.get("error")
        if error is None and 200 <= status < 300:
            return answer
        number = str(int(error["code"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        if 400 <= status < 500:
            raise SendRefused.of(meaning_of("", status), str(status), f"HTTP {status}") from None
        raise SendOutcomeUnknown(f"HTTP {status} with an unreadable body") from None
    meaning = meaning_of(number, status)
    # A named refusal is one whatever its HTTP status; a fault of Meta's own may have come after the message left.
    if status >= 500 and (number not in CODES or meaning.retry is Retry.AGAIN) and number != "131057":
        raise SendOutcomeUnknown(f"HTTP {status}: {number}")
    raise SendRefused.of(meaning, number, _detail(error))


def _detail(error: Any) -> str:
    data = error.get("error_data")
    detail = data.get("details") if isinstance(data, dict) else None
    return str(detail or error.get("message") or "")[:DETAIL_CHARS_MAX]
