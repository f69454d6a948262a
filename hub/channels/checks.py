"""Ask a provider something harmless, and say in words what is wrong with an account.

Nothing is sent and nothing is charged: Twilio reads the account, WhatsApp the number (or the business account), RCS
changes its key for an access token. Redirects are never followed. Links (SIP, SMPP) are asked by the actor that keeps them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.channels import GOOGLE_RCS, TWILIO_SMS
from hub.channels.base import Account, Channel, ProviderRequest
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.channels.meanings import meaning_of
from hub.channels.whatsapp_cloud import API_VERSION, json_headers

WORDS_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Check:
    """How a look at a provider ended. `code` is ours and stable, `detail` says it in words, `provider_code` is theirs."""

    ok: bool
    code: str
    detail: str
    provider_code: str | None = None
    latency_ms: int = 0


class _Wrong(Exception):
    """The look ended with something to say."""

    def __init__(self, code: str, detail: str, provider_code: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.provider_code = code, detail, provider_code


async def check(client: ProviderClient, account: Account, channel: Channel | None = None) -> Check:
    """Look at an account of a provider that is spoken to over HTTP, and at one of its numbers where that is given."""
    began = time.monotonic()
    try:
        detail = await _LOOKS[account.provider](client, account, channel)
    except _Wrong as wrong:
        return Check(False, wrong.code, wrong.detail, wrong.provider_code, _since(began))
    return Check(True, "ok", detail, None, _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


async def _twilio(client: ProviderClient, account: Account, channel: Channel | None) -> str:
    url = f"{account.base_url}/2010-04-01/Accounts/{account.external_id}.json"
    status, body = await _ask(client, ProviderRequest(url, TWILIO_SMS.request_headers(account), b"", "GET"))
    answer = _json(account, url, status, body)
    if status != 200:
        raise _refusal(account, status, str(answer.get("code", status)), str(answer.get("message", "")))
    if answer.get("sid") != account.external_id:
        raise _Wrong("not-the-provider", f"{_host(url)} answered, but not with this account")
    state = str(answer.get("status", "active"))
    if state != "active":
        raise _Wrong("not-active", f"Twilio says that the account is {state[:40]}")
    return "Twilio knows the account and accepts the token."


async def _whatsapp(client: ProviderClient, account: Account, channel: Channel | None) -> str:
    node = channel.provider_address if channel is not None else str(account.settings.get("waba_id", ""))
    path = f"{node}" if channel is not None else f"{node}/message_templates?limit=1"
    url = f"{account.base_url}/{API_VERSION}/{path}"
    status, body = await _ask(client, ProviderRequest(url, json_headers(account), b"", "GET"))
    answer = _json(account, url, status, body)
    error = answer.get("error")
    if isinstance(error, dict):
        raise _refusal(account, status, str(error.get("code", status)), str(error.get("message", "")))
    if status != 200:
        raise _refusal(account, status, str(status), "")
    if channel is None:
        return "Meta accepts the access token, and the business account is there."
    if str(answer.get("id", "")) != channel.provider_address:
        raise _Wrong("not-the-provider", f"{_host(url)} answered, but not with this number")
    quality = str(answer.get("quality_rating", "")).lower()[:20]
    name = str(answer.get("verified_name", ""))[:80]
    return f"Meta knows the number as “{name}”" + (f", quality {quality}." if quality else ".")


async def _google(client: ProviderClient, account: Account, channel: Channel | None) -> str:
    GOOGLE_RCS.tokens.forget(account.id)  # a token that is kept proves nothing of the key that is there now
    try:
        await GOOGLE_RCS.prepare(client, account)
    except SendRefused as error:
        if error.provider_code == "connect":
            raise _unreachable(str(account.settings.get("token_url", "")), str(error)) from None
        if "unreadable body" in str(error):
            raise _Wrong("not-json", "The token address does not answer as Google does. Check it.") from None
        raise _Wrong(
            "credentials",
            f"Google gives no access token: {str(error)[:WORDS_CHARS_MAX]}. Check e-mail, key id and private key.",
            error.provider_code,
        ) from None
    return "Google accepts the service account and gave an access token."


_LOOKS: dict[str, Any] = {"twilio": _twilio, "whatsapp_cloud": _whatsapp, "google_rcs": _google}


async def _ask(client: ProviderClient, request: ProviderRequest) -> tuple[int, bytes]:
    """(status, body). Raises _Wrong in words."""
    try:
        return await client.get(request)
    except SendRefused as error:
        if error.provider_code != "connect":
            raise _Wrong("bad-address", f"{str(error).capitalize()}. Check the address.") from None
        raise _unreachable(request.url, str(error)) from None
    except SendOutcomeUnknown as error:
        host, why = _host(request.url), str(error)
        if why == "TimeoutError":
            raise _Wrong("timeout", f"{host} took the call but did not answer in time.") from None
        if why.startswith("the answer"):
            raise _Wrong("not-the-provider", f"{host}: {why}. Check the address.") from None
        if why == "the connection ended before the answer":
            raise _Wrong("cut-off", f"{host} broke off in the middle of its answer.") from None
        raise _Wrong("not-http", f"{host} does not answer as a web server does. Check the address.") from None


def _unreachable(url: str, why: str) -> _Wrong:
    host = _host(url)
    if why == "gaierror":
        return _Wrong("dns", f"The name {host} is not known. Check the address.")
    if "SSL" in why or why == "CertificateError":
        return _Wrong("tls", f"No safe connection to {host}: its certificate or its TLS is not valid.")
    if why == "TimeoutError":
        return _Wrong("timeout", f"{host} did not answer in time.")
    if why == "ConnectionRefusedError":
        return _Wrong("connection-refused", f"{host} refuses connections. Check host and port.")
    return _Wrong("connection", f"{host} cannot be reached ({why}).")


def _json(account: Account, url: str, status: int, body: bytes) -> dict[str, Any]:
    """The answer's object. Raises _Wrong for a redirect, a page, half a body, or another form."""
    host = _host(url)
    if 300 <= status < 400:
        raise _Wrong(
            "redirect",
            f"{host} leads on to another address (HTTP {status}). It is not followed: enter the address itself.",
        )
    try:
        answer = orjson.loads(body)
    except ValueError:
        if status in (401, 403):
            raise _refusal(account, status, str(status), "") from None
        if body.lstrip()[:1] == b"<":
            what = "answers with a web page, not as the provider's API"
        elif body.lstrip()[:1] == b"{":
            what = "sent only half of an answer"
        else:
            what = "does not answer as the provider's API does"
        raise _Wrong("not-json", f"{host} {what} (HTTP {status}). Check the address.") from None
    if not isinstance(answer, dict):
        raise _Wrong("not-the-provider", f"{host} does not answer as the provider's API does.")
    return answer


def _refusal(account: Account, status: int, code: str, words: str) -> _Wrong:
    meaning = meaning_of(account.provider, code)
    said = f" The provider says: {words[:WORDS_CHARS_MAX]}" if words else ""
    if status >= 500:
        return _Wrong("provider-trouble", f"The provider has trouble of its own (HTTP {status}).{said}", code)
    if status == 429:
        return _Wrong("too-many", f"The provider takes no more questions for now.{said}", code)
    secret = status in (401, 403) or code in ("20003", "190", "0")
    kind = "credentials" if secret else "refused"
    return _Wrong(kind, f"{meaning.reason[:1].upper()}{meaning.reason[1:]} ({code}).{said}", code)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or "the address"
