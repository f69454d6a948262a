"""What all of Twilio's products share: credentials, signatures, answers. Source: channel reference section 1."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

import orjson

from hub.channels.base import Account, SendReceipt, WebhookRequest
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.twilio_codes import meaning_of
from hub.errors import BadSignature


def signature(token: str, url: str, fields: list[tuple[str, str]]) -> str:
    """X-Twilio-Signature of a form POST: each name once with its distinct values sorted. HMAC-SHA1, base64."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _other_form(url: str) -> str:
    """The URL with its default port added or removed: Twilio signs either form."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    if parts.port is None:
        return parts._replace(netloc=f"{parts.netloc}:{default}").geturl()
    return parts._replace(netloc=parts.hostname or "").geturl() if parts.port == default else url


class TwilioApi:
    """Stateless. Subclasses name their resource, `Messages` or `Calls`."""

    provider: ClassVar[str] = "twilio"
    resource: ClassVar[str]

    def url(self, account: Account, sid: str = "") -> str:
        """The address of the resource's list, or of one of its items."""
        base = f"{account.base_url}/2010-04-01/Accounts/{account.external_id}/{self.resource}"
        return f"{base}/{sid}.json" if sid else f"{base}.json"

    def request_headers(self, account: Account) -> Mapping[str, str]:
        """Basic authentication and the form content type."""
        pair = f"{account.external_id}:{account.secrets['auth_token']}"
        return {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def accepted(self, status: int, body: bytes) -> SendReceipt:
        """Read Twilio's answer. Raises SendRefused or SendOutcomeUnknown."""
        try:
            answer = orjson.loads(body)
            if status in (200, 201):
                return SendReceipt(str(answer["sid"]))
            number = int(answer["code"])
        except (ValueError, KeyError, TypeError):
            if 400 <= status < 500:
                raise SendRefused.of(meaning_of("", status), str(status), f"HTTP {status}") from None
            raise SendOutcomeUnknown(f"HTTP {status} with an unreadable body") from None
        if status >= 500:
            raise SendOutcomeUnknown(f"HTTP {status}")
        words = str(answer.get("message", ""))[:200]
        raise SendRefused.of(meaning_of(str(number), status), str(number), words)

    def verify(self, account: Account, request: WebhookRequest) -> None:
        """Raises BadSignature; compares in constant time."""
        given = request.header(b"x-twilio-signature").encode()
        token = account.secrets["auth_token"]
        if hmac.compare_digest(signature(token, request.url, request.form).encode(), given):
            return
        if not hmac.compare_digest(signature(token, _other_form(request.url), request.form).encode(), given):
            raise BadSignature("X-Twilio-Signature does not match the body and URL")
