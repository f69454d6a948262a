"""What RCS for Business is sent for each kind of content, and what it cannot carry. Pure.

Sizes and names: channel reference section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from hub.channels.content import (
    Card,
    CardBody,
    Carousel,
    Choices,
    Content,
    CreateEvent,
    DialNumber,
    Media,
    OpenUrl,
    Reply,
    ShareLocation,
    Suggestion,
    Text,
    ViewLocation,
)
from hub.errors import Invalid

TEXT_CHARS_MAX = 3_072
PAYLOAD_BYTES_MAX = 250_000
POSTBACK_CHARS_MAX = 2_048
VALIDITY_S_MAX = 15 * 24 * 3600
VALIDITY_S_MIN = 10  # below it a message may be both revoked and delivered
UPLOADED = "files/"  # the name of a file that was uploaded to Google
MEDIA = ("image", "video", "document")
TRAFFIC: Mapping[str, str] = {
    "marketing": "PROMOTION",
    "promotional": "PROMOTION",
    "transactional": "TRANSACTION",
    "utility": "TRANSACTION",
    "authentication": "AUTHENTICATION",
    "service": "SERVICEREQUEST",
    "acknowledgement": "ACKNOWLEDGEMENT",
}


def check(content: Content) -> None:
    """Raises Invalid, naming the place, when RCS cannot carry `content` as it is."""
    match content:
        case Text():
            if len(content.text) > TEXT_CHARS_MAX:
                raise Invalid(f"a text has at most {TEXT_CHARS_MAX} characters on RCS", "/content/text")
        case Media():
            if content.media not in MEDIA:
                raise Invalid(f"RCS carries no {content.media}", "/content/media")
            if content.caption:
                raise Invalid("a medium has no caption on RCS: use a card", "/content/caption")
        case Choices():
            _check_choices(content)
        case Card() | Carousel():
            pass
        case _:
            raise Invalid(f"RCS has no {content.type}", "/content/type")
    if any(isinstance(one, Reply) and one.description for one in _all(content)):
        raise Invalid("a reply has no description on RCS", "/content/suggestions")
    if len(orjson.dumps(message_of(content, {}))) > PAYLOAD_BYTES_MAX:
        raise Invalid(f"a message has at most {PAYLOAD_BYTES_MAX} bytes on RCS", "/content")


def _check_choices(content: Choices) -> None:
    if content.header or content.footer:
        raise Invalid("RCS has neither header nor footer: use a card", "/content/header")
    for place, choice in enumerate(content.choices):
        if choice.description:
            raise Invalid("a reply has no description on RCS", f"/content/choices/{place}/description")


def _all(content: Content) -> list[Suggestion]:
    match content:
        case Card():
            return [*content.card.suggestions, *content.suggestions]
        case Carousel():
            return [*(one for card in content.cards for one in card.suggestions), *content.suggestions]
        case Text() | Media():
            return list(content.suggestions)
    return []


def traffic_type(purpose: str) -> str:
    """messageTrafficType of a message's purpose; an unknown purpose is a service request's answer."""
    return TRAFFIC.get(purpose, "SERVICEREQUEST")


def message_of(content: Content, around: Mapping[str, Any]) -> dict[str, Any]:
    """The AgentMessage of `content`, with `around` beside its contentMessage."""
    return {"contentMessage": _content(content), **around}


def _content(content: Content) -> dict[str, Any]:
    match content:
        case Text():
            return _with({"text": content.text}, content.suggestions)
        case Media():
            return _with(_file(content.url, content.media_id), content.suggestions)
        case Choices():
            return _with({"text": content.text}, content.choices)
        case Card():
            card: dict[str, Any] = {
                "cardOrientation": content.orientation.upper(),
                "cardContent": _card(content.card),
            }
            if content.orientation == "horizontal":
                card["thumbnailImageAlignment"] = "LEFT"
            return _with({"richCard": {"standaloneCard": card}}, content.suggestions)
        case Carousel():
            carousel = {
                "cardWidth": content.width.upper(),
                "cardContents": [_card(card, small=content.width == "small") for card in content.cards],
            }
            return _with({"richCard": {"carouselCard": carousel}}, content.suggestions)
    raise Invalid(f"RCS has no {content.type}", "/content/type")


def _with(part: dict[str, Any], suggestions: Sequence[Suggestion]) -> dict[str, Any]:
    return part | {"suggestions": [_suggestion(one) for one in suggestions]} if suggestions else part


def _file(url: str | None, media_id: str | None) -> dict[str, Any]:
    if url is not None:
        return {"contentInfo": {"fileUrl": url, "forceRefresh": False}}
    if media_id is not None and media_id.startswith(UPLOADED):
        return {"uploadedRbmFile": {"fileName": media_id}}
    # A medium of our library has an address by the time it is sent; its place stands for it while sizes are checked.
    return {"contentInfo": {"fileUrl": media_id or "", "forceRefresh": False}}


def _card(card: CardBody, small: bool = False) -> dict[str, Any]:
    part: dict[str, Any] = {}
    if card.title:
        part["title"] = card.title
    if card.description:
        part["description"] = card.description
    if card.media_url:
        info = {"fileUrl": card.media_url, "forceRefresh": False}
        if card.thumbnail_url:
            info["thumbnailUrl"] = card.thumbnail_url
        # A small carousel shows no tall media.
        height = "MEDIUM" if small and card.height == "tall" else card.height.upper()
        part["media"] = {"height": height, "contentInfo": info}
    return _with(part, card.suggestions)


def _suggestion(one: Suggestion) -> dict[str, Any]:
    match one:
        case Reply():
            return {"reply": {"text": one.title, "postbackData": one.id}}
        case OpenUrl():
            return _action(one.title, one.url, "openUrlAction", {"url": one.url, "application": "BROWSER"})
        case DialNumber():
            return _action(one.title, one.number, "dialAction", {"phoneNumber": one.number})
        case ViewLocation():
            place = {"latLong": {"latitude": one.latitude, "longitude": one.longitude}}
            label = {"label": one.label} if one.label else {}
            return _action(one.title, "view_location", "viewLocationAction", {**place, **label})
        case ShareLocation():
            return _action(one.title, "share_location", "shareLocationAction", {})
        case CreateEvent():
            event = {"startTime": one.starts_at, "endTime": one.ends_at, "title": one.event_title}
            if one.description:
                event["description"] = one.description
            return _action(one.title, "create_event", "createCalendarEventAction", event)


def _action(text: str, postback: str, name: str, action: dict[str, Any]) -> dict[str, Any]:
    return {"action": {"text": text, "postbackData": postback[:POSTBACK_CHARS_MAX], name: action}}
