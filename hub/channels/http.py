"""One HTTP client for provider calls. A provider answers, refuses the connection, or leaves us in the dark."""

from __future__ import annotations

import httpx2

from hub.channels.base import ProviderRequest
from hub.channels.errors import SendOutcomeUnknown, SendRefused

ANSWER_BYTES_MAX = 1_000_000


class ProviderClient:
    """Keep-alive connections to providers. No redirects, no proxies from the environment."""

    def __init__(self, connections: int, timeout_s: float) -> None:
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx2.AsyncClient(
            limits=limits, timeout=timeout_s, trust_env=False, follow_redirects=False
        )

    async def post(self, request: ProviderRequest) -> tuple[int, bytes]:
        """(status, body). Raises SendRefused (retryable) when nothing was sent, SendOutcomeUnknown when it may have been."""
        try:
            answer = await self._client.post(request.url, content=request.body, headers=dict(request.headers))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise SendRefused(type(error).__name__, "connect", True, False) from None
        except httpx2.HTTPError as error:
            raise SendOutcomeUnknown(type(error).__name__) from None
        return answer.status_code, answer.content[:ANSWER_BYTES_MAX]

    async def get(self, request: ProviderRequest) -> tuple[int, bytes]:
        """Read-only calls may be repeated: any failure is SendOutcomeUnknown."""
        try:
            answer = await self._client.get(request.url, headers=dict(request.headers))
        except httpx2.HTTPError as error:
            raise SendOutcomeUnknown(type(error).__name__) from None
        return answer.status_code, answer.content[:ANSWER_BYTES_MAX]

    async def close(self) -> None:
        await self._client.aclose()
