"""What a webhook of the Cloud API says: messages of every type, statuses, preferences, news of templates. Pure.

Source: channel reference section 4. A type of the future is kept as `unsupported`, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hub.channels.base import (
    PROFILE_NAME_CHARS_MAX,
    DeliveryReport,
    InboundEvent,
    InboundMessage,
    identifier,
    own_address,
)
from hub.channels.delivery import Status

STATUS: Mapping[str, Status] = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,
    "failed": Status.FAILED,
}
MEDIA = ("image", "video", "audio", "document", "sticker")
COMMANDS = {"stop": "stop", "resume": "start"}
TEMPLATE_FIELDS = (
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
)
FIELD_CHARS_MAX = 4_096
LIST_MAX = 30


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """What became of a template at the provider. An empty field means: nothing said about it."""

    provider_template_id: str
    name: str
    language: str
    status: str = ""
    reason: str = ""
    category: str = ""
    quality: str = ""


def instant(seconds: Any) -> datetime | None:
    """Unix seconds, as a text or number, or None for what is no time."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def changes(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(field, value) of every change. Raises KeyError or TypeError for another document."""
    for entry in document["entry"]:
        for change in entry["changes"]:
            yield str(change.get("field", "")), change["value"]


def events_of(field: str, value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    """The events of one change; a field that says nothing about a message has none."""
    if field == "messages":
        yield from _messages(value)
        yield from _statuses(value)
    elif field == "user_preferences":
        yield from _preferences(value)


def _names(value: Mapping[str, Any]) -> dict[Any, str]:
    contacts = value.get("contacts", [])
    return {c.get("wa_id"): str(c.get("profile", {}).get("name", "")) for c in contacts}


def _messages(value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    to, names = own_address(str(value["metadata"]["phone_number_id"])), _names(value)
    for message in value.get("messages", []):
        sender = str(message["from"])
        wamid = identifier(str(message["id"]))
        text, content = said(message)
        yield InboundMessage(
            f"in:{wamid}",
            to,
            "+" + sender,
            text,
            wamid,
            names.get(sender, "")[:PROFILE_NAME_CHARS_MAX],
            instant(message.get("timestamp")),
            content,
        )


def said(message: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """What the person said: in words, and what was more than words."""
    kind = str(message.get("type"))
    part = message.get(kind)
    part = part if isinstance(part, Mapping) else {}
    match kind:
        case "text":
            text, content = str(message["text"]["body"]), None
        case "button":
            text = str(part["text"])
            content = {"type": "reply", "id": _cut(part.get("payload")), "title": text}
        case "interactive":
            text, content = _interactive(part)
        case "location":
            text, content = _location(part)
        case "reaction":
            text = _cut(part.get("emoji"))
            content = {"type": "reaction", "emoji": text, "to": _cut(part.get("message_id"))}
        case "contacts":
            text, content = _contacts(message.get("contacts"))
        case _ if kind in MEDIA:
            text, content = _medium(kind, part)
        case _:
            text, content = f"[{kind}]", {"type": "unsupported", "kind": kind[:40]}
    context = message.get("context")
    if isinstance(context, Mapping) and context.get("id"):
        content = (content or {"type": "text"}) | {"reply_to": _cut(context["id"])}
    return text, content


def _cut(value: Any) -> str:
    return "" if value is None else str(value)[:FIELD_CHARS_MAX]


def _interactive(part: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    kind = str(part.get("type"))
    answer = part.get(kind, {})
    if kind == "nfm_reply":
        text = _cut(answer.get("body"))
        return text, {"type": "form", "title": text, "answers": _cut(answer.get("response_json"))}
    title = str(answer.get("title", ""))
    content = {"type": "reply", "id": _cut(answer.get("id")), "title": title}
    if answer.get("description"):
        content["description"] = _cut(answer["description"])
    return title, content


def _location(part: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    latitude, longitude = float(part["latitude"]), float(part["longitude"])
    name, address = _cut(part.get("name")), _cut(part.get("address"))
    words = ", ".join(piece for piece in (name, address, f"{latitude:.6f} {longitude:.6f}") if piece)
    content = {"type": "location", "latitude": latitude, "longitude": longitude}
    return f"[location] {words}", content | {"name": name, "address": address}


def _contacts(cards: Any) -> tuple[str, dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for card in (cards if isinstance(cards, list) else [])[:LIST_MAX]:
        name = card.get("name", {}).get("formatted_name", "")
        phones = [_cut(phone.get("phone")) for phone in card.get("phones", [])[:LIST_MAX]]
        shown.append({"name": _cut(name), "phones": phones})
    words = "; ".join(" ".join([card["name"], *card["phones"]]) for card in shown)
    return f"[contacts] {words}".strip(), {"type": "contacts", "contacts": shown}


def _medium(kind: str, part: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    caption = str(part.get("caption", ""))
    content = {
        "type": "media",
        "media": kind,
        "provider_media_id": identifier(str(part.get("id", ""))),
        "mime_type": _cut(part.get("mime_type")).partition(";")[0].strip(),
        "sha256": _cut(part.get("sha256")),
        "filename": _cut(part.get("filename")),
        "caption": caption,
    }
    return f"[{kind}] {caption}".strip(), content


def _statuses(value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    to = own_address(str(value["metadata"]["phone_number_id"]))
    for status in value.get("statuses", []):
        mapped = STATUS.get(status["status"])
        if mapped is None:
            continue
        errors = status.get("errors") or [{}]
        code = errors[0].get("code")
        wamid = identifier(str(status["id"]))
        yield DeliveryReport(
            f"dr:{wamid}:{status['status']}",
            to,
            wamid,
            str(status.get("biz_opaque_callback_data", "")),
            mapped,
            None if code is None else str(code),
            instant(status.get("timestamp")),
            _pricing(status.get("pricing")),
        )


def _pricing(pricing: Any) -> dict[str, Any] | None:
    if not isinstance(pricing, Mapping):
        return None
    words = {key: _cut(pricing.get(key)) for key in ("category", "type", "pricing_model")}
    return words | {"billable": bool(pricing.get("billable", True))}


def _preferences(value: Mapping[str, Any]) -> Iterator[InboundEvent]:
    """The person's own switch for marketing messages: stop counts as an opt-out."""
    to, names = own_address(str(value["metadata"]["phone_number_id"])), _names(value)
    for one in value["user_preferences"]:
        command = COMMANDS.get(str(one.get("value")))
        if command is None or one.get("category", "marketing_messages") != "marketing_messages":
            continue
        wa_id, at = str(one["wa_id"]), str(one.get("timestamp", ""))
        key = identifier(f"pref:{wa_id}:{command}:{at}")
        name = names.get(wa_id, "")[:PROFILE_NAME_CHARS_MAX]
        yield InboundMessage(
            key, to, "+" + wa_id, _cut(one.get("detail")), key, name, instant(at), None, command
        )


def template_news(field: str, value: Mapping[str, Any]) -> Iterator[TemplateNews]:
    """What a change of one of TEMPLATE_FIELDS says."""
    if field not in TEMPLATE_FIELDS:
        return
    named = (
        identifier(str(value["message_template_id"])),
        _cut(value.get("message_template_name")),
        _cut(value.get("message_template_language")),
    )
    match field:
        case "message_template_status_update":
            reason = _cut(value.get("reason"))
            category = _cut(value.get("message_template_category")).lower()
            yield TemplateNews(*named, _cut(value.get("event")), "" if reason == "NONE" else reason, category)
        case "message_template_quality_update":
            yield TemplateNews(*named, quality=_cut(value.get("new_quality_score")))
        case _:
            yield TemplateNews(*named, category=_cut(value.get("new_category")).lower())
