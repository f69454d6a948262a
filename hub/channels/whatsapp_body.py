"""What the Cloud API is sent for each kind of content, and what it cannot carry. Pure. Source: channel reference section 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.channels.content import (
    Choices,
    Content,
    Location,
    Media,
    OpenUrl,
    Reaction,
    Reply,
    Suggestion,
    Template,
    TemplateValue,
    Text,
)
from hub.errors import Invalid

TEXT_CHARS_MAX = 4_096
BODY_CHARS_MAX = 1_024  # of anything with buttons
BUTTONS_MAX = 3
BUTTON_CHARS_MAX = 20
ROW_ID_CHARS_MAX = 200
ROW_CHARS_MAX = 24
LIST_BUTTON = "Choose"  # where the author named none
HEADER_MEDIA = ("image", "video", "document")
LIBRARY = "med_"  # an id of our own media library: the sender puts its address in its place


def check(content: Content) -> None:
    """Raises Invalid, naming the place, when WhatsApp cannot carry `content` as it is."""
    match content:
        case Text(suggestions=suggestions):
            if suggestions:
                _size(content.text, BODY_CHARS_MAX, "/content/text", "a text with buttons")
                _check_suggestions(suggestions, links=True)
        case Media():
            _check_media(content)
        case Choices():
            _check_choices(content)
        case Location() | Reaction() | Template():
            pass
        case _:
            raise Invalid(f"WhatsApp has no {content.type}", "/content/type")


def _size(text: str, chars_max: int, pointer: str, what: str) -> None:
    if len(text) > chars_max:
        raise Invalid(f"{what} has at most {chars_max} characters on WhatsApp", pointer)


def _check_suggestions(suggestions: Sequence[Suggestion], *, links: bool) -> None:
    """Up to three replies, or one link: nothing else becomes a button."""
    if links and len(suggestions) == 1 and isinstance(suggestions[0], OpenUrl):
        _size(suggestions[0].title, BUTTON_CHARS_MAX, "/content/suggestions/0/title", "a button")
        return
    if len(suggestions) > BUTTONS_MAX:
        raise Invalid("WhatsApp shows at most 3 buttons", "/content/suggestions")
    for place, suggestion in enumerate(suggestions):
        if not isinstance(suggestion, Reply):
            raise Invalid(
                f"WhatsApp has no {suggestion.type} beside a reply", f"/content/suggestions/{place}/type"
            )
        _size(suggestion.title, BUTTON_CHARS_MAX, f"/content/suggestions/{place}/title", "a button")
        if suggestion.description:
            raise Invalid(
                "a button has no description on WhatsApp", f"/content/suggestions/{place}/description"
            )
    replies = [one for one in suggestions if isinstance(one, Reply)]
    if len({one.id for one in replies}) < len(replies) or len({one.title for one in replies}) < len(replies):
        raise Invalid("two buttons have the same id or title", "/content/suggestions")


def _check_media(content: Media) -> None:
    if content.suggestions:
        if content.media not in HEADER_MEDIA:
            raise Invalid(f"{content.media} has no buttons on WhatsApp", "/content/suggestions")
        if not content.caption:
            raise Invalid("a medium with buttons needs a caption on WhatsApp", "/content/caption")
        _check_suggestions(content.suggestions, links=True)
    elif content.caption and content.media in ("audio", "sticker"):
        raise Invalid(f"{content.media} has no caption on WhatsApp", "/content/caption")


def _check_choices(content: Choices) -> None:
    if len(content.choices) <= BUTTONS_MAX and not is_list(content):
        return
    for place, choice in enumerate(content.choices):
        _size(choice.title, ROW_CHARS_MAX, f"/content/choices/{place}/title", "a row of a list")
        _size(choice.id, ROW_ID_CHARS_MAX, f"/content/choices/{place}/id", "the id of a row")


def is_list(content: Choices) -> bool:
    """Whether it is shown as a list that opens: more than three choices, or one that does not fit on a button."""
    return (
        len(content.choices) > BUTTONS_MAX
        or bool(content.button)
        or any(choice.description or len(choice.title) > BUTTON_CHARS_MAX for choice in content.choices)
    )


def part_of(content: Content, reply_to: str) -> dict[str, Any]:
    """The `type` of a message and the object of that name. Raises Invalid as `check` does."""
    check(content)
    match content:
        case Text(suggestions=()):
            return _typed("text", {"body": content.text, "preview_url": "://" in content.text})
        case Text():
            return _typed("interactive", _buttons(content.text, content.suggestions))
        case Media(suggestions=()):
            return _typed(content.media, _medium(content))
        case Media():
            interactive = _buttons(content.caption, content.suggestions)
            header = {"type": content.media, content.media: _file(content.url, content.media_id)}
            return _typed("interactive", {"header": header, **interactive})
        case Choices():
            return _typed("interactive", _choices(content))
        case Location():
            fields = {"name": content.name, "address": content.address}
            place = {"latitude": content.latitude, "longitude": content.longitude}
            return _typed("location", place | {key: value for key, value in fields.items() if value})
        case Reaction():
            return _typed("reaction", {"message_id": reply_to, "emoji": content.emoji})
        case Template():
            return _typed("template", _template(content))
    raise Invalid(f"WhatsApp has no {content.type}", "/content/type")


def _typed(kind: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, kind: part}


def _file(url: str | None, media_id: str | None) -> dict[str, Any]:
    if url is not None:
        return {"link": url}
    if media_id is None or media_id.startswith(LIBRARY):
        raise Invalid("the medium is not in the library any more", "/content/media_id")
    return {"id": media_id}


def _medium(content: Media) -> dict[str, Any]:
    part = _file(content.url, content.media_id)
    if content.caption:
        part["caption"] = content.caption
    if content.filename and content.media == "document":
        part["filename"] = content.filename
    return part


def _buttons(text: str, suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    first = suggestions[0]
    if isinstance(first, OpenUrl):
        parameters = {"display_text": first.title, "url": first.url}
        return {
            "type": "cta_url",
            "body": {"text": text},
            "action": {"name": "cta_url", "parameters": parameters},
        }
    buttons = [_button(one) for one in suggestions if isinstance(one, Reply)]
    return {"type": "button", "body": {"text": text}, "action": {"buttons": buttons}}


def _button(reply: Reply) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": reply.id, "title": reply.title}}


def _choices(content: Choices) -> dict[str, Any]:
    around: dict[str, Any] = {"body": {"text": content.text}}
    if content.header:
        around["header"] = {"type": "text", "text": content.header}
    if content.footer:
        around["footer"] = {"text": content.footer}
    if not is_list(content):
        buttons = [_button(choice) for choice in content.choices]
        return {"type": "button", **around, "action": {"buttons": buttons}}
    rows = [
        {"id": one.id, "title": one.title} | ({"description": one.description} if one.description else {})
        for one in content.choices
    ]
    action = {"button": content.button or LIST_BUTTON, "sections": [{"rows": rows}]}
    return {"type": "list", **around, "action": action}


def _template(content: Template) -> dict[str, Any]:
    components: list[dict[str, Any]] = []
    if content.header:
        components.append({"type": "header", "parameters": [_value(one) for one in content.header]})
    if content.body:
        components.append({"type": "body", "parameters": [_value(one) for one in content.body]})
    components += [
        {
            "type": "button",
            "sub_type": button.kind,
            "index": str(button.index),
            "parameters": [_value(button.value)],
        }
        for button in content.buttons
    ]
    return {"name": content.name, "language": {"code": content.language}, "components": components}


def _value(value: TemplateValue) -> dict[str, Any]:
    part: dict[str, Any] = {"type": value.type}
    match value.type:
        case "text" | "payload" | "coupon_code":
            part[value.type] = value.text
        case "location":
            part["location"] = {"latitude": value.latitude, "longitude": value.longitude}
        case medium:
            part[medium] = _file(value.url, value.media_id)
    if value.name:
        part["parameter_name"] = value.name
    return part
