"""Access tokens of a Google service account: a signed JWT is changed for a token, which is kept until shortly before its end.

Source: RFC 7523 (grant) and RFC 7515 (RS256); channel reference section 5.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.channels.base import ProviderRequest
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_S = 3600  # the longest that Google takes
EARLY_S = 120.0  # a token is renewed this long before its end
KEPT_MAX = 10_000


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(email: str, private_key: str, key_id: str, scope: str, audience: str, now_s: int) -> str:
    """A JWT that asks for `scope`, signed RS256 by the service account. Raises ValueError for a key that is none."""
    try:
        key = load_pem_private_key(private_key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the private key cannot be read") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key is no RSA key")
    header: dict[str, Any] = {"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    claims = {"iss": email, "scope": scope, "aud": audience, "iat": now_s, "exp": now_s + ASSERTION_S}
    signed = f"{_part(orjson.dumps(header))}.{_part(orjson.dumps(claims))}"
    return f"{signed}.{_part(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who asks, and where. `token_url` is where Google (or a local carrier) gives tokens out."""

    email: str
    private_key: str
    key_id: str
    token_url: str
    scope: str


class Tokens:
    """The tokens of one process: one request at a time an account, however many sends wait for it."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[UUID, tuple[ServiceAccount, str, float]] = {}
        self._asking: dict[UUID, asyncio.Lock] = {}

    async def token(self, client: ProviderClient, account_id: UUID, who: ServiceAccount) -> str:
        """A token that is good for at least EARLY_S. Raises SendRefused: without a token nothing was sent."""
        known = self._good(account_id, who)
        if known is not None:
            return known
        lock = self._asking.setdefault(account_id, asyncio.Lock())
        try:
            async with lock:
                known = self._good(account_id, who)
                return known if known is not None else await self._ask(client, account_id, who)
        finally:
            if not lock.locked():
                self._asking.pop(account_id, None)

    def forget(self, account_id: UUID) -> None:
        """The token is not accepted any more."""
        self._kept.pop(account_id, None)

    def _good(self, account_id: UUID, who: ServiceAccount) -> str | None:
        kept = self._kept.get(account_id)
        if kept is None or kept[0] != who or kept[2] - EARLY_S <= self._clock():
            return None
        return kept[1]

    async def _ask(self, client: ProviderClient, account_id: UUID, who: ServiceAccount) -> str:
        asked_at = self._clock()
        try:
            jwt = assertion(who.email, who.private_key, who.key_id, who.scope, who.token_url, int(asked_at))
        except ValueError as error:
            raise SendRefused(str(error), "credentials", Retry.STOP) from None
        form = urlencode({"grant_type": GRANT, "assertion": jwt}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            status, body = await client.post(ProviderRequest(who.token_url, headers, form))
        except SendOutcomeUnknown as error:  # asking for a token twice harms nobody
            raise SendRefused(str(error), "token", Retry.AGAIN) from None
        token, life_s = _read(status, body)
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[account_id] = (who, token, asked_at + life_s)
        return token


def _read(status: int, body: bytes) -> tuple[str, float]:
    """(token, life in seconds). Raises SendRefused."""
    try:
        answer = orjson.loads(body)
        if status == 200:
            return str(answer["access_token"]), float(answer.get("expires_in", ASSERTION_S))
        words = str(answer.get("error_description") or answer.get("error") or "")[:200]
    except (ValueError, KeyError, TypeError, AttributeError):
        words = f"HTTP {status} with an unreadable body"
    if status == 200 or status >= 500 or status == 429:
        raise SendRefused(words, "token", Retry.AGAIN)
    raise SendRefused(words or f"HTTP {status}", "token", Retry.STOP)
