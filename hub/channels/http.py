"""One HTTP client for provider calls. A provider answers, refuses the connection, or leaves us in the dark.

HTTP/1.1 over kept connections: httptools (the parser of Node) reads the answers, asyncio carries the bytes, and there
is nothing between them. Every outbound message is one such call: an HTTP library's request object, headers, timers and
streams cost more processor time than everything else a send needs (docs/decisions/0017). Large bodies are no business
of this client: hub/media streams them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httptools

from hub.channels.base import ProviderRequest
from hub.channels.codes import Retry
from hub.channels.errors import SendOutcomeUnknown, SendRefused

ANSWER_BYTES_MAX = 1_000_000  # of a body; no provider's answer to a call is longer
HEAD_BYTES_MAX = 64_000
IDLE_S_MAX = 15.0  # servers close a kept connection after 20 s or more: one that may be closing is not used
URL_CHARS_MAX = 4_096


class _Target(NamedTuple):
    """A parsed address: where to connect, and what the request's head begins with."""

    host: str
    port: int
    tls: bool
    path: str
    authority: str


@lru_cache(maxsize=4_096)
def _target(url: str) -> _Target:
    """Raises SendRefused for what is no absolute http(s) address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SendRefused("the provider's address is none", "bad-url", Retry.NEVER) from None
    plain = len(url) <= URL_CHARS_MAX and url.isascii() and url.isprintable() and " " not in url
    if not plain or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise SendRefused("the provider's address is none", "bad-url", Retry.NEVER)
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(parts.hostname, port or (443 if tls else 80), tls, path, parts.netloc)


def _bytes(method: str, target: _Target, request: ProviderRequest) -> bytes:
    """The request as it goes over the wire. Raises SendRefused when a header would end too early."""
    lines = [f"{method} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(request.body)}")
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1:
        raise SendRefused("a header has a line break in it", "bad-header", Retry.NEVER)
    return head.encode("latin-1", "replace") + b"\r\n\r\n" + request.body


class _Connection(asyncio.Protocol):
    """One connection with one call at a time. The parser calls the on_… methods."""

    def __init__(self) -> None:
        self.transport: Any = None  # uvloop's transports are no subclass of asyncio's
        self.open = True
        self.idle_since = 0.0
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser: Any = None
        self._body = bytearray()
        self._head_bytes = 0
        self._headed = self._framed = self._complete = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def call(self, data: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Write one request; the future brings (status, body) or SendOutcomeUnknown."""
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._head_bytes = 0
        self._headed = self._framed = self._complete = False
        self.transport.write(data)
        return self._answer

    @property
    def usable(self) -> bool:
        """The answer has ended where it should, and the server keeps the connection."""
        return self.open and self._complete and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():  # nobody asked
            self.close()
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(type(error).__name__)
            return
        if self._head_bytes - len(self._body) > HEAD_BYTES_MAX and not self._answer.done():
            self._fail("the answer's head is too large")

    def on_message_begin(self) -> None:
        if self._answer is not None and self._answer.done():  # a second answer to one question
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._framed = True

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > ANSWER_BYTES_MAX:
            self._fail("the answer is too large")

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue and its kin: the answer proper follows
            self._headed = self._framed = False
            return
        self._complete = self._parser.should_keep_alive()
        self._finish(status)

    def _finish(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, bytes(self._body)))

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._answer is None or self._answer.done():
            return
        status = self._parser.get_status_code()
        if (
            error is None and self._headed and status >= 200 and not self._framed
        ):  # an answer that ends with its connection
            self._finish(status)
        else:
            self._fail("the connection ended before the answer")

    def _fail(self, reason: str) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(SendOutcomeUnknown(reason))

    def close(self) -> None:
        self.open = False
        if self.transport is not None:
            self.transport.abort()


class ProviderClient:
    """Keep-alive connections to providers: no redirects, no proxies from the environment, no cookies, no compression."""

    def __init__(self, connections: int, timeout_s: float) -> None:
        """At most `connections` calls at a time; each may take `timeout_s` from connecting to the answer's last byte."""
        self._slots = asyncio.Semaphore(connections)
        self._timeout_s = timeout_s
        self._idle: defaultdict[tuple[str, int, bool], list[_Connection]] = defaultdict(list)
        self._tls: ssl.SSLContext | None = None

    async def post(self, request: ProviderRequest) -> tuple[int, bytes]:
        """(status, body). Raises SendRefused (retryable) when nothing was sent, SendOutcomeUnknown when it may have been."""
        return await self._call(request.method or "POST", request)

    async def get(self, request: ProviderRequest) -> tuple[int, bytes]:
        """(status, body). Raises as `post` does; a read may simply be repeated."""
        return await self._call("GET", request)

    async def _call(self, method: str, request: ProviderRequest) -> tuple[int, bytes]:
        target = _target(request.url)
        data = _bytes(method, target, request)
        async with self._slots:
            deadline = asyncio.get_running_loop().time() + self._timeout_s
            connection = self._kept(target) or await self._connect(target, deadline)
            return await self._ask(connection, target, data, deadline)

    async def _ask(
        self, connection: _Connection, target: _Target, data: bytes, deadline: float
    ) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        answer = connection.call(data)
        late = loop.call_at(deadline, connection._fail, "TimeoutError")
        try:
            return await answer
        except asyncio.CancelledError:
            connection.close()
            raise
        finally:
            late.cancel()
            if connection.usable:
                connection.idle_since = loop.time()
                self._idle[target[:3]].append(connection)
            elif connection.open:
                connection.close()

    def _kept(self, target: _Target) -> _Connection | None:
        """The connection that was used last, unless the server may be closing it just now."""
        idle = self._idle[target[:3]]
        youngest_s = asyncio.get_running_loop().time() - IDLE_S_MAX
        while idle:
            connection = idle.pop()
            if connection.usable and connection.idle_since > youngest_s:
                return connection
            connection.close()
        return None

    async def _connect(self, target: _Target, deadline: float) -> _Connection:
        loop = asyncio.get_running_loop()
        context = self._context() if target.tls else None
        try:
            async with asyncio.timeout_at(deadline):
                _, connection = await loop.create_connection(
                    _Connection, target.host, target.port, ssl=context
                )
        except (OSError, TimeoutError, ssl.SSLError) as error:
            raise SendRefused(type(error).__name__, "connect", Retry.AGAIN) from None
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    async def close(self) -> None:
        """Close the idle connections; those at work end with their calls."""
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)
