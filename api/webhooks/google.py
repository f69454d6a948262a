"""RCS for Business: the set-up handshake and the webhook."""

from __future__ import annotations

import hmac
from typing import Any

import orjson

from api.webhooks.common import Call, Reply, account_of, take
from hub.channels import GOOGLE_RCS
from hub.errors import BadSignature, NotFound

RECEIVED = Reply(b"", b"text/plain")


async def answer(hub: Any, call: Call) -> Reply:
    """Google's handshake is an unsigned POST; every other POST brings one event."""
    if call.tail or call.method != "POST":
        raise NotFound("there is no such webhook")
    secret = _handshake(call)
    if secret is not None:
        token, value = secret
        account = await account_of(hub, call, GOOGLE_RCS.provider)
        if not hmac.compare_digest(token.encode(), account.secrets["client_token"].encode()):
            raise BadSignature("the client token is not this account's")
        return Reply(value.encode(), b"text/plain")
    await take(hub, call, GOOGLE_RCS)
    return RECEIVED


def _handshake(call: Call) -> tuple[str, str] | None:
    """(client token, secret) of a handshake; None for anything else."""
    if call.request.header(b"x-goog-signature"):
        return None
    try:
        document = orjson.loads(call.request.body)
        return str(document["clientToken"]), str(document["secret"])
    except (ValueError, KeyError, TypeError):
        return None
