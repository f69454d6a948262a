"""SMS by the Twilio Messages API. Source: channel reference section 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qs, quote_plus, urlencode

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
    WebhookRequest,
    identifier,
    own_address,
)
from hub.channels.content import Content, Text
from hub.channels.delivery import Status
from hub.channels.twilio import TwilioApi, signature
from hub.errors import Invalid, Malformed

__all__ = ["TwilioSms", "signature"]

STATUS: Mapping[str, Status] = {
    "accepted": Status.SENT,  # Twilio has taken it; `queued`, `sending` and `sent` say no more than that
    "scheduled": Status.SENT,
    "queued": Status.SENT,
    "sending": Status.SENT,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "partially_delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
EXPIRED = "30036"


class TwilioSms(TwilioApi):
    """Stateless; one instance serves all accounts."""

    resource: ClassVar[str] = "Messages"
    kind: ClassVar[ChannelKind] = ChannelKind.SMS
    text_chars_max: ClassVar[int] = 1600
    answers_commands: ClassVar[bool] = True  # and refuses (21610) whatever is sent to somebody who said STOP
    safe_to_repeat: ClassVar[bool] = False

    def check(self, content: Content) -> None:
        if not isinstance(content, Text) or content.suggestions:
            raise Invalid(f"SMS carries texts only, not {content.type}", "/content/type")

    def callback(self, account: str, reference: str) -> str:
        return f"/webhooks/twilio/{account}/status?ref={reference}"

    def request(self, account: Account, channel: Channel, message: OutboundMessage) -> ProviderRequest:
        form = (
            f"To={quote_plus(message.to)}&From={quote_plus(channel.provider_address)}"
            f"&Body={quote_plus(message.text)}&StatusCallback={quote_plus(message.callback_url)}"
        )
        return ProviderRequest(self.url(account), self.request_headers(account), form.encode())

    def search_url(self, account: Account, channel: Channel, to: str) -> str:
        """The URL that lists what was sent from this channel to `to`, newest first: reconciles unknown outcomes."""
        query = urlencode({"To": to, "From": channel.provider_address, "PageSize": "50"})
        return f"{self.url(account)}?{query}"

    def found(self, body: bytes, text: str) -> list[tuple[str, str]]:
        """(provider id, RFC 2822 date) of the listed messages whose body is `text`."""
        return [
            (m["sid"], m["date_created"]) for m in orjson.loads(body).get("messages", []) if m["body"] == text
        ]

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        fields = dict(request.form)
        sid = identifier(fields.get("MessageSid") or fields.get("SmsSid") or "")
        status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
        if status and status not in ("received", "receiving"):
            return self._report(request, fields, sid, status)
        sender, to = fields.get("From", ""), own_address(fields.get("To", ""))
        if not sender or not to:
            raise Malformed("From or To is missing")
        name = fields.get("ProfileName", "")[:PROFILE_NAME_CHARS_MAX]
        return [InboundMessage(f"in:{sid}", to, sender, fields.get("Body", ""), sid, name)]

    def _report(
        self, request: WebhookRequest, fields: Mapping[str, str], sid: str, status: str
    ) -> list[InboundEvent]:
        mapped = STATUS.get(status)
        if mapped is None:
            return []  # a status of the future: known event, nothing to do
        code = fields.get("ErrorCode") or None
        if code == EXPIRED:
            mapped = Status.EXPIRED
        reference = parse_qs(request.url.partition("?")[2]).get("ref", [""])[0]
        sender = own_address(fields.get("From", ""))
        return [DeliveryReport(f"dr:{sid}:{status}", sender, sid, reference, mapped, code)]
