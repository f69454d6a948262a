"""WhatsApp Cloud API: the verification handshake and the webhook."""

from __future__ import annotations

import hmac
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.webhooks.common import take
from hub.errors import BadSignature, Invalid, NotFound
from hub.ids import decode_id

router = APIRouter()


async def verify(request: Request) -> Response:
    """Meta's handshake: echo the challenge when the verify token is the account's."""
    hub: Any = request.app.state.hub
    try:
        account = await hub.account(decode_id("acc", request.path_params["account_id"]))
    except Invalid:
        account = None
    if account is None or account.provider != "whatsapp_cloud":
        raise NotFound("there is no such provider account")
    query = request.query_params
    given = query.get("hub.verify_token", "").encode()
    expected = account.secrets["verify_token"].encode()
    if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(given, expected):
        raise BadSignature("the verify token is not this account's")
    return PlainTextResponse(query.get("hub.challenge", ""))


async def whatsapp(request: Request) -> Response:
    await take(request, "whatsapp_cloud")
    return PlainTextResponse("EVENT_RECEIVED")


router.add_route("/webhooks/whatsapp/{account_id}", verify, methods=["GET"], include_in_schema=False)
router.add_route("/webhooks/whatsapp/{account_id}", whatsapp, methods=["POST"], include_in_schema=False)
