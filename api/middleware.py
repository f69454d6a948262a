"""The edge: headers on every answer, one place where unknown errors end. Pure ASGI, a few microseconds a request."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.deps import ALLOWANCE
from api.requests import BODY_BYTES_MAX
from hub.contacts.importing.limits import FILE_BYTES_MAX

Headers = list[tuple[bytes, bytes]]

_EVERYWHERE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_API: Headers = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
]
# What may be larger than a request usually is: files, which their route writes to disk as they arrive.
_UPLOADS = {("POST", "/v1/imports"): FILE_BYTES_MAX}
_NO_STORE = (b"cache-control", b"no-store")


class Edge:
    """Adds headers, refuses bodies that are too large, and answers 500 for bugs, logged once."""

    def __init__(self, app: ASGIApp, version: str, tls: bool) -> None:
        self.app = app
        self._everywhere = list(_EVERYWHERE)
        if tls:
            self._everywhere.append((b"strict-transport-security", b"max-age=31536000"))
        self._api = [*self._everywhere, *_API, (b"x-app-version", version.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        started = False
        headers = self._api if path.startswith("/v1/") else self._everywhere

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _dress(message, headers, scope, api=path.startswith("/v1/"))
            await send(message)

        limit = _UPLOADS.get((scope["method"], path), BODY_BYTES_MAX)
        if _announced(scope) > limit:
            await _too_large(path, limit)(scope, receive, dressed)
            return
        try:
            await self.app(scope, _bounded(receive, limit), dressed)
        except Exception as error:
            problems.report(error, path)
            if started:
                raise
            await problems.unexpected(path)(scope, receive, dressed)


def _too_large(path: str, limit: int) -> Response:
    detail = f"a body has at most {limit} bytes"
    problem = problems.document(413, "too-large", "The request is too large.", path, detail)
    return problems.answer(problem, {"Connection": "close"})


def _bounded(receive: Receive, limit: int) -> Receive:
    """The body, until it turns out larger than the limit although it did not say so."""
    left = limit

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"a body has at most {limit} bytes")
        return message

    return bounded


def _dress(message: Message, headers: Headers, scope: Scope, *, api: bool) -> None:
    raw: list[Any] = message.setdefault("headers", [])
    raw.extend(headers)
    if not api:
        return
    if not any(name == b"cache-control" for name, _ in raw):
        raw.append(_NO_STORE)
    allowance = scope.get(ALLOWANCE)
    if allowance is not None:
        raw.extend(allowance.headers())


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
