"""What Google's webhook says of RCS: messages and events of people, events of the server. Pure.

Source: channel reference section 5. The data is signed and parsed after it was decoded from base64.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.channels.base import DeliveryReport, InboundEvent, InboundMessage, Typing, identifier, own_address
from hub.channels.delivery import Status
from hub.channels.rcs_codes import REVOKE_FAILED, REVOKED

REPORTS: Mapping[str, Status] = {
    "DELIVERED": Status.DELIVERED,
    "READ": Status.READ,
    REVOKED: Status.EXPIRED,
    REVOKE_FAILED: Status.UNKNOWN,
}
COMMANDS: Mapping[str, str] = {"UNSUBSCRIBE": "stop", "SUBSCRIBE": "start"}
FIELD_CHARS_MAX = 4_096


def instant(text: Any) -> datetime | None:
    """A time as Google writes it (RFC 3339 in UTC), or None for what is no time."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def event_of(data: Mapping[str, Any]) -> list[InboundEvent]:
    """The event of one decoded payload; one of the future is none. Raises KeyError, TypeError, ValueError, Malformed."""
    to = own_address(str(data.get("agentId", "")))
    at = instant(data.get("sendTime"))
    kind = data.get("eventType")
    if kind is None:
        return [_message(data, to, at)]
    sender = str(data.get("senderPhoneNumber") or data.get("phoneNumber") or "")
    if kind == "IS_TYPING":
        return [Typing(to, sender)]
    event_id = identifier(str(data["eventId"]))
    if kind in COMMANDS:
        return [InboundMessage(f"ev:{event_id}", to, sender, "", event_id, "", at, None, COMMANDS[kind])]
    status = REPORTS.get(str(kind))
    if status is None:
        return []
    code = str(kind) if str(kind).startswith("TTL_") else None
    provider_id = identifier(str(data["messageId"]))
    # Our id of the message cannot be read out of Google's: the provider's id finds it.
    return [DeliveryReport(f"ev:{event_id}", to, provider_id, "", status, code, at)]


def _message(data: Mapping[str, Any], to: str, at: datetime | None) -> InboundMessage:
    message_id = identifier(str(data["messageId"]))
    text, content = _said(data)
    sender = str(data["senderPhoneNumber"])
    return InboundMessage(f"in:{message_id}", to, sender, text, message_id, "", at, content)


def _said(data: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    if "suggestionResponse" in data:
        answer = data["suggestionResponse"]
        title = str(answer.get("text", ""))
        kind = "action" if answer.get("type") == "ACTION" else "reply"
        return title, {"type": kind, "id": _cut(answer.get("postbackData")), "title": title}
    if "text" in data:
        return str(data["text"]), None
    if "userFile" in data:
        return _file(data["userFile"]["payload"])
    if "location" in data:
        latitude = float(data["location"].get("latitude", 0))
        longitude = float(data["location"].get("longitude", 0))
        content = {"type": "location", "latitude": latitude, "longitude": longitude}
        return f"[location] {latitude:.6f} {longitude:.6f}", content
    return "[unsupported]", {"type": "unsupported", "kind": ""}


def _file(payload: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    mime_type = _cut(payload.get("mimeType")).partition(";")[0].strip()
    group = mime_type.partition("/")[0]
    medium = group if group in ("image", "video", "audio") else "document"
    name = _cut(payload.get("fileName"))
    content = {
        "type": "media",
        "media": medium,
        "provider_url": _cut(payload["fileUri"]),
        "mime_type": mime_type,
        "filename": name,
        "caption": "",
    }
    return f"[{medium}] {name}".strip(), content


def _cut(value: Any) -> str:
    return "" if value is None else str(value)[:FIELD_CHARS_MAX]
