"""Fetch a file from an address that somebody else wrote: never from inside the house, never more than was asked for.

Redirects are followed up to three times, each checked anew; credentials stay with the first host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

import aiohttp

from hub.errors import HubError
from hub.guard import PublicResolver, is_public
from hub.media.shelf import Draft, TooLarge

REDIRECTS_MAX = 3
TIMEOUT_S = 60.0
STALL_S = 15.0
CHUNK = 64 * 1024


@dataclass(eq=False)
class FetchRefused(HubError):
    """The file could not be fetched. `retryable`: later it may be there."""

    code: ClassVar[str] = "fetch-refused"
    detail: str = ""
    retryable: bool = False


def origin_of(url: str) -> tuple[str, str, int]:
    """(scheme, host, port). Raises FetchRefused for what is no address of the web."""
    try:
        split = urlsplit(url)
        port = split.port or {"http": 80, "https": 443}.get(split.scheme, 0)
    except ValueError:
        raise FetchRefused("the address is none") from None
    if split.scheme not in ("http", "https") or not split.hostname or split.username is not None:
        raise FetchRefused("the address is none of the web")
    return split.scheme, split.hostname.lower(), port


class Fetcher:
    """Connections to the outside, without cookies, proxies or automatic redirects."""

    def __init__(self, timeout_s: float = TIMEOUT_S, stall_s: float = STALL_S) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=stall_s, sock_read=stall_s)

    async def fetch(
        self, url: str, draft: Draft, headers: Mapping[str, str] | None = None, trusted: str = ""
    ) -> None:
        """Fill `draft` from `url`. Raises FetchRefused.

        `trusted` is the base address of the provider's account: that origin, and no other, may be inside the house
        (a local carrier). `headers` are shown to the first host alone.
        """
        first = origin_of(url)
        for _ in range(REDIRECTS_MAX + 1):
            origin = origin_of(url)
            own = bool(trusted) and origin == origin_of(trusted)
            if not own:
                refuse_literal(url)
            following = await self._once(url, draft, headers if origin == first else None, guarded=not own)
            if following is None:
                return
            url = urljoin(url, following)
        raise FetchRefused("the address leads on and on")

    async def _once(
        self, url: str, draft: Draft, headers: Mapping[str, str] | None, *, guarded: bool
    ) -> str | None:
        """One request; the address that it leads on to, or None when the draft is full."""
        connector = aiohttp.TCPConnector(resolver=PublicResolver()) if guarded else aiohttp.TCPConnector()
        options: dict[str, Any] = {"connector": connector, "timeout": self._timeout, "trust_env": False}
        try:
            async with (
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), **options) as session,
                session.get(url, headers=dict(headers or {}), allow_redirects=False) as answer,
            ):
                if answer.status in (301, 302, 303, 307, 308):
                    return answer.headers.get("Location", "")
                if answer.status != 200:
                    raise FetchRefused(
                        f"HTTP {answer.status}", answer.status in (408, 429) or answer.status >= 500
                    )
                if answer.content_length is not None:
                    draft.expect(answer.content_length)
                async for chunk in answer.content.iter_chunked(CHUNK):
                    draft.add(chunk)
        except TooLarge as error:
            raise FetchRefused(str(error)) from None
        except aiohttp.ClientConnectorDNSError:
            raise FetchRefused("the host has no public address") from None
        except aiohttp.InvalidURL:
            raise FetchRefused("the address is none") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise FetchRefused(type(error).__name__, True) from None
        return None


def refuse_literal(url: str) -> None:
    """An address written in digits is never asked of the resolver, so it is checked here. Raises FetchRefused."""
    host = origin_of(url)[1].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return
    if not is_public(host):
        raise FetchRefused("the address is inside the house")
