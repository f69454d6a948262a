"""One call of a flow's webhook: bounded in time and size, never inside the house, never redirected; and whose turn it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import aiohttp
import orjson

from hub.errors import Invalid
from hub.flows.inputs import WebhookAnswer
from hub.flows.nodes.webhook import RESPONSE_BYTES_MAX
from hub.guard import PublicResolver
from hub.media.fetch import FetchRefused, refuse_literal
from hub.webhooks.endpoint import host_and_port

USER_AGENT = "parley-flows/1"
CONNECTIONS = 64


def shares(waiting: Iterable[UUID], asking: Mapping[UUID, int], slots: int) -> dict[UUID, int]:
    """How many more each tenant may ask at once: together no more than are free, and none holds more than half of what the
    others leave, so that somebody who comes later finds room beside those who hang. `asking`: how many each has in the air.
    """
    free = slots - sum(asking.values())
    found = {}
    for tenant in sorted(waiting, key=lambda each: asking.get(each, 0)):
        own = asking.get(tenant, 0)
        more = min(free, max(0, (own + free + 1) // 2 - own))
        if more:
            found[tenant] = more
            free -= more
    return found


class Asker:
    """Connections to the systems that flows ask. `allowed`: host:port pairs inside the house that the operator opened."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = allowed
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def ask(self, payload: Mapping[str, Any]) -> WebhookAnswer:
        """Call once, as effects.CallWebhook says. Never raises for what is wrong with the other side."""
        token, url = int(payload["token"]), str(payload["url"])
        try:
            guarded = host_and_port(url) not in self._allowed
            if guarded:
                refuse_literal(url)
        except (Invalid, FetchRefused) as error:
            return WebhookAnswer(token=token, error=error.detail)
        headers = {**payload.get("headers", {}), "User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        body = str(payload.get("body", ""))
        if body and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        timeout_s = float(payload["timeout_s"])
        try:
            async with self._session(guarded=guarded).request(
                payload["method"],
                url,
                data=body.encode() if body else None,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as answer:
                found = await _read(answer)
                if found is None:
                    words = f"the answer has more than {RESPONSE_BYTES_MAX // 1000} kB"
                    return WebhookAnswer(token=token, error=words)
                return WebhookAnswer(token=token, status=answer.status, body=_value(found))
        except TimeoutError:
            return WebhookAnswer(token=token, error=f"no answer within {timeout_s:g} s")
        except aiohttp.ClientConnectorDNSError:
            return WebhookAnswer(token=token, error="the name has no public address")
        except (aiohttp.ClientError, OSError, ValueError) as caught:
            return WebhookAnswer(token=token, error=f"no answer that could be read ({type(caught).__name__})")

    def _session(self, *, guarded: bool) -> aiohttp.ClientSession:
        if guarded not in self._sessions:
            resolver = PublicResolver() if guarded else None
            self._sessions[guarded] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, resolver=resolver),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._sessions[guarded]

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


async def _read(answer: aiohttp.ClientResponse) -> bytes | None:
    """The whole answer, or None when there is more of it than is read."""
    found = bytearray()
    while chunk := await answer.content.read(RESPONSE_BYTES_MAX + 1 - len(found)):
        found += chunk
        if len(found) > RESPONSE_BYTES_MAX:
            answer.close()
            return None
    return bytes(found)


def _value(found: bytes) -> Any:
    """JSON, or a text."""
    try:
        return orjson.loads(found)
    except orjson.JSONDecodeError:
        return found.decode("utf-8", "replace").replace("\0", "\ufffd")
