"""A call as the API and the live stream show it."""

from __future__ import annotations

from typing import Any

from hub.conversations.views import instant
from hub.ids import encode_id
from hub.money import format_micros

PREFIX = "cal"
_NOT_LEFT = {"refused": "failed", "failed": "failed", "expired": "failed", "undelivered": "failed"}


def call_view(row: Any, message: Any = None) -> dict[str, Any]:
    """`message`: the outbound call's message; it knows why a call never left."""
    status, reason, error_code = row.status, row.reason, row.error_code
    if message is not None and status == "queued" and message.status in _NOT_LEFT:
        status = _NOT_LEFT[message.status]
        reason, error_code = message.reason, message.error_code
    return {
        "id": encode_id(PREFIX, row.id),
        "message_id": encode_id("msg", row.id) if row.direction == "out" else None,
        "conversation_id": encode_id("cnv", row.contact_id),
        "contact_id": encode_id("con", row.contact_id),
        "channel_id": encode_id("chn", row.channel_id),
        "flow_session_id": None if row.session_id is None else encode_id("fls", row.session_id),
        "direction": row.direction,
        "address": row.address,
        "status": status,
        "reason": reason,
        "error_code": error_code,
        "answered_by": row.answered_by,
        "steps": row.steps,
        "gathered": row.gathered,
        "duration_s": row.duration_s,
        "billed_s": row.billed_s,
        "price": format_micros(row.price_micros),
        "currency": (row.tariff or {}).get("currency"),
        "recording": recording_view(row),
        "created_at": instant(row.created_at),
        "ringing_at": instant(row.ringing_at),
        "answered_at": instant(row.answered_at),
        "ended_at": instant(row.ended_at),
    }


def recording_view(row: Any) -> dict[str, Any] | None:
    """Where the sound of a call is heard, and how long it is."""
    if not row.recording_url:
        return None
    return {"url": f"/v1/calls/{encode_id(PREFIX, row.id)}/recording", "duration_s": row.recording_s}


def updated(row: Any) -> dict[str, Any]:
    """The live event of a call that moved."""
    return {"type": "call.updated", "call": call_view(row)}
