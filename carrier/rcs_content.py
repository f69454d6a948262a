"""What an AgentMessage must hold, what it says in words, and what a handset shows of it. The carrier's own rules.

Source: Google's reference of RCS for Business.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

TEXT_CHARS_MAX = 3072
TRAFFIC = ("AUTHENTICATION", "TRANSACTION", "PROMOTION", "SERVICEREQUEST", "ACKNOWLEDGEMENT")
TTL_S_MAX = 15 * 24 * 3600
ACTIONS = {
    "openUrlAction": "ACTION_OPEN_URL",
    "dialAction": "ACTION_DIAL",
    "viewLocationAction": "ACTION_VIEW_LOCATION",
    "shareLocationAction": "ACTION_SHARE_LOCATION",
    "createCalendarEventAction": "ACTION_CREATE_CALENDAR_EVENT",
}
FEATURES = ("RICHCARD_STANDALONE", "RICHCARD_CAROUSEL", *ACTIONS.values(), "REVOCATION")


class Wrong(Exception):
    """An argument is not valid; the text says which."""


def shown(content: Any, features: frozenset[str]) -> tuple[str, dict[str, Any]]:
    """(words, what the page shows) of a contentMessage. Raises Wrong."""
    if not isinstance(content, dict):
        raise Wrong("contentMessage is required")
    bodies = [key for key in ("text", "richCard", "contentInfo", "uploadedRbmFile") if key in content]
    if len(bodies) != 1:
        raise Wrong("contentMessage: exactly one of text, richCard, contentInfo, uploadedRbmFile")
    suggestions = _suggestions(content.get("suggestions", []), 11, "suggestions", features)
    match bodies[0]:
        case "text":
            text = _text(content, "text", TEXT_CHARS_MAX, "text")
            return _worded(text, suggestions), {"type": "text", "text": text, "suggestions": suggestions}
        case "richCard":
            cards, look = _rich(content["richCard"], features)
            lines = [line for card in cards for line in (card["title"], card["description"]) if line]
            text = "\n".join(lines) or "[card]"
            inside = [one for card in cards for one in card["suggestions"]]
            shape = {"type": look, "cards": cards, "suggestions": suggestions}
            return _worded(text, [*inside, *suggestions]), shape
        case "contentInfo":
            url = _url(content["contentInfo"], "fileUrl", "contentInfo.fileUrl")
        case _:
            name = content["uploadedRbmFile"].get("fileName")
            if not isinstance(name, str) or not name.startswith("files/"):
                raise Wrong("uploadedRbmFile.fileName: a name such as files/1 is needed")
            url = "/" + name
    return _worded("[file]", suggestions), {"type": "media", "link": url, "suggestions": suggestions}


def _worded(text: str, suggestions: list[dict[str, Any]]) -> str:
    return "\n".join([text, *(f"▸ {one['title']}" for one in suggestions)])


def _text(part: Any, name: str, chars_max: int, where: str, needed: bool = True) -> str:
    value = part.get(name, "" if not needed else None) if isinstance(part, dict) else None
    if not isinstance(value, str) or (needed and not value):
        raise Wrong(f"{where}: text is required")
    if len(value) > chars_max:
        raise Wrong(f"{where}: at most {chars_max} characters")
    return value


def _url(part: Any, name: str, where: str) -> str:
    value = _text(part, name, 2048, where)
    if urlsplit(value).scheme not in ("http", "https"):
        raise Wrong(f"{where}: an http or https address is required")
    return value


def _rich(rich: Any, features: frozenset[str]) -> tuple[list[dict[str, Any]], str]:
    kinds = [key for key in ("standaloneCard", "carouselCard") if isinstance(rich, dict) and key in rich]
    if len(kinds) != 1:
        raise Wrong("richCard: exactly one of standaloneCard, carouselCard")
    if kinds[0] == "standaloneCard":
        if "RICHCARD_STANDALONE" not in features:
            raise Wrong("the handset shows no cards")
        card = rich["standaloneCard"]
        if card.get("cardOrientation") not in ("VERTICAL", "HORIZONTAL"):
            raise Wrong("standaloneCard.cardOrientation: VERTICAL or HORIZONTAL")
        return [_card(card.get("cardContent"), "cardContent", features)], "card"
    if "RICHCARD_CAROUSEL" not in features:
        raise Wrong("the handset shows no carousels")
    carousel = rich["carouselCard"]
    contents = carousel.get("cardContents")
    if carousel.get("cardWidth") not in ("SMALL", "MEDIUM"):
        raise Wrong("carouselCard.cardWidth: SMALL or MEDIUM")
    if not isinstance(contents, list) or not 2 <= len(contents) <= 10:
        raise Wrong("carouselCard.cardContents: 2 to 10 cards")
    cards = [_card(one, f"cardContents[{i}]", features) for i, one in enumerate(contents)]
    if carousel["cardWidth"] == "SMALL" and any(card["height"] == "TALL" for card in cards):
        raise Wrong("a SMALL carousel shows no TALL media")
    return cards, "carousel"


def _card(card: Any, where: str, features: frozenset[str]) -> dict[str, Any]:
    if not isinstance(card, dict):
        raise Wrong(f"{where}: an object is required")
    found: dict[str, Any] = {
        "title": _text(card, "title", 200, f"{where}.title", needed=False),
        "description": _text(card, "description", 2000, f"{where}.description", needed=False),
        "link": "",
        "height": "",
        "suggestions": _suggestions(card.get("suggestions", []), 4, f"{where}.suggestions", features),
    }
    media = card.get("media")
    if media is not None:
        found["height"] = media.get("height")
        if found["height"] not in ("SHORT", "MEDIUM", "TALL"):
            raise Wrong(f"{where}.media.height: SHORT, MEDIUM or TALL")
        found["link"] = _url(media.get("contentInfo"), "fileUrl", f"{where}.media.contentInfo.fileUrl")
    if not (found["title"] or found["description"] or found["link"]):
        raise Wrong(f"{where}: a title, a description or media is required")
    return found


def _suggestions(given: Any, most: int, where: str, features: frozenset[str]) -> list[dict[str, Any]]:
    if not isinstance(given, list) or len(given) > most:
        raise Wrong(f"{where}: at most {most}")
    return [_suggestion(one, f"{where}[{i}]", features) for i, one in enumerate(given)]


def _suggestion(one: Any, where: str, features: frozenset[str]) -> dict[str, Any]:
    if not isinstance(one, dict) or len(one) != 1 or next(iter(one)) not in ("reply", "action"):
        raise Wrong(f"{where}: exactly one of reply, action")
    kind, part = next(iter(one.items()))
    found: dict[str, Any] = {
        "kind": kind,
        "title": _text(part, "text", 25, f"{where}.text"),
        "postback": _text(part, "postbackData", 2048, f"{where}.postbackData"),
    }
    if kind == "reply":
        return found
    actions = [name for name in ACTIONS if name in part]
    if len(actions) != 1:
        raise Wrong(f"{where}: exactly one action")
    if ACTIONS[actions[0]] not in features:
        raise Wrong(f"the handset has no {ACTIONS[actions[0]]}")
    return found | {"kind": actions[0]} | _action(actions[0], part[actions[0]], where)


def _action(name: str, action: Any, where: str) -> dict[str, Any]:
    match name:
        case "openUrlAction":
            return {"url": _url(action, "url", f"{where}.openUrlAction.url")}
        case "dialAction":
            return {"number": _text(action, "phoneNumber", 20, f"{where}.dialAction.phoneNumber")}
        case "viewLocationAction":
            place = action.get("latLong") if isinstance(action, dict) else None
            if not isinstance(place, dict) and not (isinstance(action, dict) and action.get("query")):
                raise Wrong(f"{where}.viewLocationAction: latLong or query is required")
            return {"place": place or {}, "label": str(action.get("label", ""))}
        case "createCalendarEventAction":
            for field, most in (("title", 100), ("startTime", 40), ("endTime", 40)):
                _text(action, field, most, f"{where}.createCalendarEventAction.{field}")
            return {"event": action["title"], "starts": action["startTime"], "ends": action["endTime"]}
    return {}


def seconds(ttl: Any) -> float:
    """A duration such as "3600s" in seconds. Raises Wrong."""
    try:
        value = float(str(ttl).removesuffix("s"))
    except ValueError:
        value = -1.0
    if not str(ttl).endswith("s") or not 0 < value <= TTL_S_MAX:
        raise Wrong('ttl: a duration such as "3600s", at most 15 days')
    return value
