"""Twilio: inbound messages and status callbacks. Plain routes: they are the hottest path and need no dependencies."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.webhooks.common import take

router = APIRouter()
EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def twilio(request: Request) -> Response:
    """Both webhooks carry their kind in the form itself; the two addresses keep Twilio's console readable."""
    await take(request, "twilio")
    return Response(EMPTY, media_type="application/xml")


router.add_route("/webhooks/twilio/{account_id}/message", twilio, methods=["POST"], include_in_schema=False)
router.add_route("/webhooks/twilio/{account_id}/status", twilio, methods=["POST"], include_in_schema=False)
