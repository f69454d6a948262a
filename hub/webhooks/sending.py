"""One attempt to deliver: signed, bounded in time and size, never inside the house, never redirected."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from hub.errors import Invalid
from hub.guard import PublicResolver
from hub.webhooks.endpoint import check_url, host_and_port
from hub.webhooks.signing import sign

TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 2_048
USER_AGENT = "parley-webhooks/1"
GONE = 410


class Attempt(NamedTuple):
    """How an attempt ended. `error` is "" when the receiver took it."""

    status_code: int | None
    error: str
    answer: str
    took_ms: int
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        return not self.error


class Poster:
    """Connections to receivers: no cookies, no proxies from the environment, no redirects, no compression."""

    def __init__(self, allowed: Collection[str], timeout_s: float = TIMEOUT_S) -> None:
        """`allowed`: host:port pairs inside the house that the operator opened."""
        self._allowed = allowed
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    def _session(self, *, guarded: bool) -> aiohttp.ClientSession:
        if guarded not in self._sessions:
            connector = aiohttp.TCPConnector(resolver=PublicResolver()) if guarded else aiohttp.TCPConnector()
            self._sessions[guarded] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._sessions[guarded]

    async def post(
        self, url: str, secrets: Sequence[str], webhook_id: str, body: bytes, timestamp_s: int
    ) -> Attempt:
        """Deliver once. Never raises for what is wrong with the receiver."""
        began = time.monotonic()
        try:
            check_url(url, self._allowed)
        except Invalid as error:
            return Attempt(None, error.detail, "", 0)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": sign(secrets, webhook_id, timestamp_s, body),
            "content-type": "application/json",
            "accept-encoding": "identity",
            "user-agent": USER_AGENT,
        }
        session = self._session(guarded=host_and_port(url) not in self._allowed)
        try:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                text = await _beginning(answer)
                wrong = _error(answer)
                took_ms = _since(began)
                return Attempt(answer.status, wrong, text, took_ms, _retry_after_s(answer))
        except aiohttp.ClientConnectorDNSError:
            wrong = f"{urlsplit(url).hostname} has no public address"
        except TimeoutError:
            wrong = f"no answer within {self._timeout.total:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as caught:
            wrong = _words(caught)
        return Attempt(None, wrong, "", _since(began))

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


async def _beginning(answer: aiohttp.ClientResponse) -> str:
    """The first ANSWER_BYTES_MAX of the answer; the rest is not waited for."""
    found = bytearray()
    while len(found) < ANSWER_BYTES_MAX:
        chunk = await answer.content.read(ANSWER_BYTES_MAX - len(found))
        if not chunk:
            break
        found += chunk
    if not answer.content.at_eof():
        answer.close()
    return found.decode("utf-8", "replace").replace("\0", "\ufffd")


def _error(answer: aiohttp.ClientResponse) -> str:
    if 200 <= answer.status < 300:
        return ""
    if 300 <= answer.status < 400:
        return f"HTTP {answer.status}: redirects are not followed"
    return f"HTTP {answer.status}"


def _retry_after_s(answer: aiohttp.ClientResponse) -> int:
    asked = answer.headers.get("Retry-After", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 0


def _words(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "the receiver's certificate is not accepted"
        case aiohttp.ClientConnectorError():
            return "the connection was refused"
        case aiohttp.ServerDisconnectedError():
            return "the connection ended before the answer"
    return f"no answer that could be read ({type(error).__name__})"


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def secrets_of(opened: dict[str, Any], *, both: bool) -> list[str]:
    """The secrets that sign now: the old one beside the new one while `both`."""
    names = ("current", "old") if both else ("current",)
    return [opened[name] for name in names if name in opened]
