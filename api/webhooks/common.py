"""What every provider webhook does: read the raw body, find the account, verify, parse, hand over."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.channels import ADAPTERS
from hub.channels.base import WebhookRequest
from hub.errors import BadSignature, Invalid, NotFound
from hub.ids import decode_id

BODY_BYTES_MAX = 8 * 1024 * 1024  # providers send less; a form may triple the size of a text


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise HTTPException(413)
        chunks.append(chunk)
    return b"".join(chunks)


async def take(request: Request, provider: str) -> None:
    """Returns when every event of the request is durable.

    Raises NotFound for an account that is not there, BadSignature, Malformed, Unavailable.
    """
    hub: Any = request.app.state.hub
    try:
        account_id = decode_id("acc", request.path_params["account_id"])
    except Invalid:
        raise NotFound("there is no such provider account") from None
    account = await hub.account(account_id)
    if account is None or account.provider != provider:
        raise NotFound("there is no such provider account")
    path = request.scope["raw_path"].decode("ascii", "replace")
    query = request.scope["query_string"].decode("ascii", "replace")
    url = f"{hub.settings.public_url}{path}" + (f"?{query}" if query else "")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
    webhook = WebhookRequest(url, headers, await _body(request))
    adapter = ADAPTERS[provider]
    try:
        adapter.verify(account, webhook)
    except UnicodeError:
        raise BadSignature("the signature is not ASCII") from None
    events = adapter.parse(webhook)
    if len(events) == 1:
        await hub.receive(account, events[0])
    elif events:
        await asyncio.gather(*(hub.receive(account, event) for event in events))
