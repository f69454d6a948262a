"""WhatsApp Cloud API: the verification handshake and the webhook."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import parse_qs

from api.webhooks.common import Call, Reply, account_of, take
from hub.channels import WHATSAPP_CLOUD
from hub.errors import BadSignature, NotFound

RECEIVED = Reply(b"EVENT_RECEIVED", b"text/plain")


async def answer(hub: Any, call: Call) -> Reply:
    """GET is Meta's handshake, POST brings events."""
    if call.tail or call.method not in ("GET", "POST"):
        raise NotFound("there is no such webhook")
    if call.method == "GET":
        return await _handshake(hub, call)
    await take(hub, call, WHATSAPP_CLOUD)
    news = WHATSAPP_CLOUD.news(call.request)
    if news:
        await hub.learn(await account_of(hub, call, WHATSAPP_CLOUD.provider), news)
    return RECEIVED


async def _handshake(hub: Any, call: Call) -> Reply:
    """Echo the challenge when the verify token is the account's. Raises BadSignature."""
    account = await account_of(hub, call, WHATSAPP_CLOUD.provider)
    query = {name: values[0] for name, values in parse_qs(call.query).items()}
    given = query.get("hub.verify_token", "").encode()
    if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(
        given, account.secrets["verify_token"].encode()
    ):
        raise BadSignature("the verify token is not this account's")
    return Reply(query.get("hub.challenge", "").encode(), b"text/plain")
