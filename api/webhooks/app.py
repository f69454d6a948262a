"""The webhooks' own ASGI application, in front of FastAPI.

Measured: of the gateway's processor time for one webhook three quarters went to middleware and route matching that
a webhook has no use for. This application reads a body, asks the provider's module, and writes the answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.types import Receive, Scope, Send

from api import problems
from api.webhooks import google, twilio, whatsapp
from api.webhooks.common import Call, Reply
from hub.channels.base import WebhookRequest
from hub.errors import HubError, NotFound, Unavailable

PREFIX = "/webhooks/"
BODY_BYTES_MAX = 8 * 1024 * 1024  # providers send less; a form may triple the size of a text
PROVIDERS: dict[str, Callable[[Any, Call], Awaitable[Reply]]] = {
    "twilio": twilio.answer,
    "whatsapp": whatsapp.answer,
    "google": google.answer,
}

log = structlog.get_logger("webhooks")


class _TooLarge(Exception):
    """The body is larger than BODY_BYTES_MAX."""


async def webhooks(hub: Any, public_url: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one HTTP request below /webhooks/. Providers get 200 only after the commit."""
    path: str = scope["path"]
    try:
        reply = await _reply(hub, public_url, scope, receive)
    except Exception as error:
        await _problem(path, error)(scope, receive, send)
        return
    headers = [(b"content-type", reply.media_type), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _reply(hub: Any, public_url: str, scope: Scope, receive: Receive) -> Reply:
    if hub is None:
        raise Unavailable("the actor hosts are not connected")
    parts = scope["path"][len(PREFIX) :].split("/", 2)
    answer = PROVIDERS.get(parts[0])
    if answer is None or len(parts) < 2:
        raise NotFound("there is no such webhook")
    query = scope["query_string"].decode("ascii", "replace")
    url = public_url + scope["raw_path"].decode("ascii", "replace") + (f"?{query}" if query else "")
    request = WebhookRequest(url, scope["headers"], await _body(receive))
    return await answer(
        hub, Call(scope["method"], parts[1], parts[2] if len(parts) > 2 else "", query, request)
    )


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_BYTES_MAX:
            raise _TooLarge
    return b"".join(chunks)


def _problem(path: str, error: Exception) -> Any:
    match error:
        case HubError():
            return problems.answer_of(error, path)
        case _TooLarge():
            detail = f"a body has at most {BODY_BYTES_MAX} bytes"
            problem = problems.document(413, "too-large", "The request is too large.", path, detail)
            return problems.answer(problem, {"Connection": "close"})
        case DBAPIError() | PoolTimeout() | OSError():
            log.warning("database away", path=path, error=type(error).__name__)
            return problems.answer_of(Unavailable("the database does not answer now"), path)
        case _:
            log.error("unexpected error", path=path, exc_info=error)
            return problems.unexpected(path)
