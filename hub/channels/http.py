"""One HTTP client for provider calls. A provider answers, refuses the connection, or leaves us in the dark."""

from __future__ import annotations

import aiohttp

from hub.channels.base import ProviderRequest
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused

ANSWER_BYTES_MAX = 1_000_000


class ProviderClient:
    """Keep-alive connections to providers. No redirects, no proxies from the environment, no cookies kept.

    aiohttp and not httpx2 here alone: a send costs it a sixth of the processor time (docs/decisions).
    """

    def __init__(self, connections: int, timeout_s: float) -> None:
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._opened: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        """Opened on first use, because it belongs to the running loop."""
        if self._opened is None:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._opened = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._opened

    async def post(self, request: ProviderRequest) -> tuple[int, bytes]:
        """(status, body). Raises SendRefused (retryable) when nothing was sent, SendOutcomeUnknown when it may have been."""
        return await self._call(request.method or "POST", request)

    async def get(self, request: ProviderRequest) -> tuple[int, bytes]:
        """(status, body). Raises as `post` does; a read may simply be repeated."""
        return await self._call("GET", request)

    async def _call(self, method: str, request: ProviderRequest) -> tuple[int, bytes]:
        try:
            async with self._session().request(
                method, request.url, data=request.body or None, headers=request.headers, allow_redirects=False
            ) as answer:
                return answer.status, await _read(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise SendRefused(type(error).__name__, "connect", Retry.AGAIN) from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise SendOutcomeUnknown(type(error).__name__) from None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body; an answer larger than any provider gives is not one."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise SendOutcomeUnknown("the answer is too large")
    return bytes(body)
