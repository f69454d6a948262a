"""What a person does beyond writing words: taps, places, files. Checked before it becomes a webhook."""

from __future__ import annotations

from typing import Any

from carrier.accounts import Number
from carrier.media import MediaStore

CHARS_MAX = 2_048


def handset_content(media: MediaStore, number: Number, content: Any) -> dict[str, Any]:
    """The content of an inbound message as the tellers read it. Raises ValueError, saying what is missing.

    WhatsApp: button_reply {id, to}, list_reply {id, description, to}, button {id, to}, reaction {emoji, to}.
    RCS: suggestion {postback, action}. Both: location {latitude, longitude}, media {file, caption}.
    """
    if not isinstance(content, dict):
        raise ValueError("an object with a type is needed")
    kind = content.get("type")
    whatsapp = number.channel == "whatsapp"
    match kind:
        case "button_reply" | "list_reply" | "button" if whatsapp:
            return {"type": kind, "id": _text(content, "id")} | _maybe(content, "to", "description")
        case "reaction" if whatsapp:
            return {"type": kind, "to": _text(content, "to"), "emoji": str(content.get("emoji", ""))[:16]}
        case "suggestion" if number.channel == "rcs":
            action = bool(content.get("action", False))
            return {"type": kind, "postback": _text(content, "postback"), "action": action}
        case "location" if number.channel != "sms":
            return {"type": kind} | {name: _number(content, name) for name in ("latitude", "longitude")}
        case "media" if number.channel != "sms":
            return _media(media, number, content)
    raise ValueError(f"{number.channel} has no {str(kind)[:40]!r}")


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= CHARS_MAX:
        raise ValueError(f"{name}: text is needed")
    return value


def _maybe(content: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: _text(content, name) for name in names if content.get(name)}


def _number(content: dict[str, Any], name: str) -> float:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -180 <= value <= 180:
        raise ValueError(f"{name}: a number is needed")
    return float(value)


def _media(media: MediaStore, number: Number, content: dict[str, Any]) -> dict[str, Any]:
    file = media.get(_text(content, "file"))
    if file is None or file.account != number.account.id:
        raise ValueError("file: no such file of this account")
    group = file.mime_type.partition("/")[0]
    return {
        "type": "media",
        "media": "sticker" if file.mime_type == "image/webp" else group if group in _GROUPS else "document",
        "file": file.id,
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "size": len(file.data),
        "filename": file.name or "file",
        "caption": str(content.get("caption", ""))[:1024],
        "url": str(content.get("url", "")),
    }


_GROUPS = ("image", "video", "audio")
