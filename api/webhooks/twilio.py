"""Twilio: inbound messages and status callbacks."""

from __future__ import annotations

from typing import Any

from api.webhooks.common import Call, Reply, take
from hub.channels import TWILIO_SMS
from hub.errors import NotFound

EMPTY = Reply(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', b"application/xml")


async def answer(hub: Any, call: Call) -> Reply:
    """POST …/message and …/status: the form itself says which it is; two addresses keep the console readable."""
    if call.method != "POST" or call.tail not in ("message", "status"):
        raise NotFound("there is no such webhook")
    await take(hub, call, TWILIO_SMS)
    return EMPTY
