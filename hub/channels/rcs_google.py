"""RCS by Google's RCS for Business. Source: channel reference section 5."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, urlencode
from uuid import UUID, uuid5

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.channels import rcs_body
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
from hub.channels.google_oauth import ServiceAccount, Tokens
from hub.channels.http import ProviderClient
from hub.channels.rcs_codes import meaning_of
from hub.channels.rcs_events import event_of
from hub.errors import BadSignature, Malformed
from hub.ids import decode_id

SCOPE = "https://www.googleapis.com/auth/rcsbusinessmessaging"
TOKEN_URL = "https://oauth2.googleapis.com/token"
USERS_MAX = 10_000  # of one batch of capabilities
DETAIL_CHARS_MAX = 200
_MESSAGES = UUID("5a3c7b0e-6a51-5f0e-9a36-0f1f2d5f8e21")  # the space of the ids that Google is given


class RcsSettings(BaseModel):
    """What an account says beside its secrets: who it is at Google and where tokens are given out."""

    model_config = ConfigDict(extra="forbid")
    client_email: str = Field(min_length=3, max_length=320)
    private_key_id: str = Field("", max_length=100)
    token_url: str = Field(TOKEN_URL, max_length=2_048, pattern=r"^https?://\S+$")


def settings_of(account: Account) -> RcsSettings:
    """Raises SendRefused (stop) for an account that is not set up."""
    try:
        return RcsSettings.model_validate(account.settings)
    except ValidationError:
        raise SendRefused("the account's settings are incomplete", "settings", Retry.STOP) from None


def message_id(reference: str) -> str:
    """The UUID that Google knows our message by: the same one however often it is sent. Raises Invalid.

    Our own id is not given away: it tells when the message was made and orders a tenant's messages.
    """
    return str(uuid5(_MESSAGES, decode_id("msg", reference).hex))


def signature(client_token: str, data: bytes) -> str:
    """X-Goog-Signature over the decoded data: base64 of HMAC-SHA512."""
    return base64.b64encode(hmac.digest(client_token.encode(), data, hashlib.sha512)).decode()


def decoded(request: WebhookRequest) -> bytes:
    """The data of a Pub/Sub envelope. Raises Malformed."""
    try:
        data = orjson.loads(request.body)["message"]["data"]
        return base64.b64decode(data, validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Malformed("the body is not an RCS webhook") from None


class GoogleRcs:
    """One instance serves all accounts; it keeps nothing but their access tokens."""

    provider: ClassVar[str] = "google_rcs"
    kind: ClassVar[ChannelKind] = ChannelKind.RCS
    text_chars_max: ClassVar[int] = rcs_body.TEXT_CHARS_MAX
    answers_commands: ClassVar[bool] = False
    safe_to_repeat: ClassVar[bool] = True  # a messageId that was used before is ignored

    def __init__(self, tokens: Tokens | None = None) -> None:
        self.tokens = tokens or Tokens()

    def check(self, content: Content) -> None:
        rcs_body.check(content)

    async def prepare(self, client: ProviderClient, account: Account) -> Account:
        """The account with an access token among its secrets. Raises SendRefused."""
        settings = settings_of(account)
        who = ServiceAccount(
            settings.client_email,
            account.secrets.get("private_key", ""),
            settings.private_key_id,
            settings.token_url,
            SCOPE,
        )
        token = await self.tokens.token(client, account.id, who)
        return replace(account, secrets={**account.secrets, "access_token": token})

    def callback(self, account: str, reference: str) -> str:
        return f"/webhooks/google/{account}"

    def request(self, account: Account, channel: Channel, message: OutboundMessage) -> ProviderRequest:
        content = message.content
        if content is None:
            content = Text.model_construct(text=message.text)
        around: dict[str, Any] = {"messageTrafficType": rcs_body.traffic_type(message.traffic)}
        if message.validity_s:
            around["ttl"] = (
                f"{min(max(message.validity_s, rcs_body.VALIDITY_S_MIN), rcs_body.VALIDITY_S_MAX)}s"
            )
        query = {"messageId": message_id(message.reference), "agentId": channel.provider_address}
        body = orjson.dumps(rcs_body.message_of(content, around))
        return ProviderRequest(
            _url(account, f"{_phone(message.to)}/agentMessages", query), _headers(account), body
        )

    def accepted(self, status: int, body: bytes) -> SendReceipt:
        answer = answered(status, body)
        try:
            return SendReceipt(str(answer["name"]).rpartition("/")[2])
        except (KeyError, TypeError):
            raise SendOutcomeUnknown(f"HTTP {status} without a message") from None

    def revoke(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        """The request that takes a message back which was not delivered yet."""
        path = f"{_phone(to)}/agentMessages/{quote(provider_message_id, safe='')}"
        url = _url(account, path, {"agentId": channel.provider_address})
        return ProviderRequest(url, _headers(account), b"", "DELETE")

    def read_mark(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        body = {"eventType": "READ", "messageId": provider_message_id}
        return self._event(account, channel, to, f"read:{provider_message_id}", body)

    def typing_mark(
        self, account: Account, channel: Channel, to: str, provider_message_id: str
    ) -> ProviderRequest:
        body = {"eventType": "IS_TYPING"}
        return self._event(account, channel, to, f"typing:{provider_message_id}", body)

    def _event(
        self, account: Account, channel: Channel, to: str, key: str, body: dict[str, Any]
    ) -> ProviderRequest:
        query = {"eventId": str(uuid5(_MESSAGES, key)), "agentId": channel.provider_address}
        url = _url(account, f"{_phone(to)}/agentEvents", query)
        return ProviderRequest(url, _headers(account), orjson.dumps(body))

    def capabilities(self, account: Account, channel: Channel, to: str, request_id: str) -> ProviderRequest:
        """The request that asks what a number's handset can show."""
        query = {"requestId": request_id, "agentId": channel.provider_address}
        return ProviderRequest(
            _url(account, f"{_phone(to)}/capabilities", query), _headers(account), b"", "GET"
        )

    def batch(self, account: Account, channel: Channel, numbers: Sequence[str]) -> ProviderRequest:
        """The request that asks which of up to USERS_MAX numbers can be reached."""
        body = orjson.dumps({"users": list(numbers), "agentId": channel.provider_address})
        return ProviderRequest(f"{account.base_url}/v1/users:batchGet", _headers(account), body)

    def verify(self, account: Account, request: WebhookRequest) -> None:
        given = request.header(b"x-goog-signature").encode()
        wanted = signature(account.secrets["client_token"], decoded(request)).encode()
        if not hmac.compare_digest(wanted, given):
            raise BadSignature("X-Goog-Signature does not match the data")

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        try:
            data = orjson.loads(decoded(request))
            if not isinstance(data, dict):
                raise Malformed("the data is no JSON object")
            return event_of(data)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Malformed("the data is not an RCS event") from None


def _phone(number: str) -> str:
    return f"/v1/phones/{quote(number, safe='+')}"


def _url(account: Account, path: str, query: dict[str, str]) -> str:
    return f"{account.base_url}{path}?{urlencode(query)}"


def _headers(account: Account) -> dict[str, str]:
    return {
        "Authorization": "Bearer " + account.secrets.get("access_token", ""),
        "Content-Type": "application/json",
    }


def answered(status: int, body: bytes) -> Any:
    """The JSON of a 200. Raises SendRefused by Google's status word, SendOutcomeUnknown when nobody can tell.

    A 5xx is a refusal that may be repeated: the same messageId is taken once. A 200 with an error inside is an error.
    """
    try:
        answer: Any = orjson.loads(body) if body.strip() else {}
        error = answer.get("error")
        if error is None and 200 <= status < 300:
            return answer
        word, words = str(error["status"]), str(error.get("message", ""))[:DETAIL_CHARS_MAX]
    except (ValueError, KeyError, TypeError, AttributeError):
        if 200 <= status < 400:
            raise SendOutcomeUnknown(f"HTTP {status} with an unreadable body") from None
        word, words = str(status), f"HTTP {status}"
    raise SendRefused.of(meaning_of(word, status), word, words)
