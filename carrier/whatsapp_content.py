"""What a message of each type must hold, what it says in words, and what a handset shows of it. The carrier's own rules.

Source: Meta's reference of the Cloud API. Every rule raises Refused with Meta's code for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from carrier.accounts import Account, Template
from carrier.errors import meta_error
from carrier.media import MediaStore
from carrier.wire import Reply

TEXT_CHARS_MAX = 4096
BODY_CHARS_MAX = 1024
CAPTION_CHARS_MAX = 1024
MEDIA_TYPES = ("image", "video", "audio", "document", "sticker")
_place = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(slots=True)
class Refused(Exception):
    """The request cannot be carried out; `reply` says why."""

    reply: Reply


@dataclass(slots=True)
class Shown:
    """A checked message: its words, its price category, and what the handset shows beyond the words."""

    text: str
    category: str = "service"
    content: dict[str, Any] | None = None


def _bad(code: int, details: str) -> Refused:
    return Refused(meta_error(code, details))


def checked(
    account: Account, media: MediaStore, knows: Callable[[str], bool], kind: Any, data: dict[str, Any]
) -> Shown:
    """The message of type `kind`. `knows` tells whether a message id is of this conversation. Raises Refused."""
    part = data.get(kind) if isinstance(kind, str) else None
    if kind in MEDIA_TYPES:
        return _media(media, kind, part)
    match kind:
        case "text":
            return _text(part)
        case "template":
            return _template(account, media, part)
        case "interactive" if isinstance(part, dict):
            return _interactive(media, part)
        case "location" if isinstance(part, dict):
            return _location(part)
        case "reaction" if isinstance(part, dict):
            return _reaction(knows, part)
        case "contacts" if isinstance(part, list) and part:
            return _contacts(part)
        case "interactive" | "location" | "contacts" | "reaction":
            raise _bad(131008, f"{kind} is required.")
    raise _bad(131051, f"type {str(kind)[:40]!r} is not supported.")


def _text(part: Any) -> Shown:
    body = part.get("body") if isinstance(part, dict) else None
    if not isinstance(body, str) or not body:
        raise Refused(meta_error(100, text="(#100) The parameter text['body'] is required."))
    if len(body) > TEXT_CHARS_MAX:
        limit = f"(#100) Param text['body'] must be at most {TEXT_CHARS_MAX} characters long."
        raise Refused(meta_error(100, text=limit))
    return Shown(body)


def _string(part: Any, name: str, where: str, chars_max: int, needed: bool = True) -> str:
    value = part.get(name) if isinstance(part, dict) else None
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value:
        raise _bad(131008, f"{where}: text is required.")
    if len(value) > chars_max:
        raise _bad(131009, f"{where}: at most {chars_max} characters.")
    return value


def _file(media: MediaStore, part: Any, where: str) -> dict[str, Any]:
    """Where a medium is: by an id that was uploaded, or by a link."""
    if not isinstance(part, dict) or bool(part.get("id")) == bool(part.get("link")):
        raise _bad(131008, f"{where}: id or link is needed.")
    if part.get("id"):
        file = media.get(str(part["id"]))
        if file is None:
            raise _bad(131009, f"{where}.id: no such media.")
        return {"file": file.id, "mime_type": file.mime_type}
    link = part["link"]
    split = urlsplit(link) if isinstance(link, str) and len(link) <= 2048 else None
    if split is None or split.scheme not in ("http", "https") or not split.hostname:
        raise _bad(131009, f"{where}.link: an http or https address is needed.")
    return {"link": link}


def _media(media: MediaStore, kind: str, part: Any) -> Shown:
    source = _file(media, part, kind)
    caption, filename = (str(part.get(name) or "") for name in ("caption", "filename"))
    if caption and kind in ("audio", "sticker"):
        raise _bad(100, f"{kind}.caption: not allowed.")
    if len(caption) > CAPTION_CHARS_MAX:
        raise _bad(100, f"{kind}.caption: at most {CAPTION_CHARS_MAX} characters.")
    content = {"type": "media", "media": kind, "caption": caption, "filename": filename, **source}
    return Shown(f"[{kind}] {caption or filename}".strip(), content=content)


def _location(part: dict[str, Any]) -> Shown:
    values = []
    for name, limit in (("latitude", 90), ("longitude", 180)):
        try:
            value = float(part[name])
        except (KeyError, TypeError, ValueError):
            raise _bad(131008, f"location.{name}: a number is required.") from None
        if not -limit <= value <= limit:
            raise _bad(131009, f"location.{name}: out of range.")
        values.append(value)
    content = {"type": "location", "latitude": values[0], "longitude": values[1]}
    content |= {name: str(part.get(name) or "") for name in ("name", "address")}
    return Shown(f"[location] {content['name']}".strip(), content=content)


def _reaction(knows: Callable[[str], bool], part: dict[str, Any]) -> Shown:
    target, emoji = part.get("message_id"), part.get("emoji")
    if not isinstance(target, str) or not knows(target):
        raise _bad(131009, "reaction.message_id: no message of this conversation.")
    if not isinstance(emoji, str) or len(emoji) > 16:
        raise _bad(131009, "reaction.emoji: one emoji, or an empty text.")
    return Shown(emoji or "[reaction]", content={"type": "reaction", "emoji": emoji, "to": target})


def _contacts(part: list[Any]) -> Shown:
    names = []
    for i, card in enumerate(part):
        name = card.get("name") if isinstance(card, dict) else None
        names.append(_string(name, "formatted_name", f"contacts[{i}].name.formatted_name", 1024))
    return Shown(f"[contacts] {', '.join(names)}", content={"type": "contacts", "names": names})


# -- buttons and lists


def _interactive(media: MediaStore, part: dict[str, Any]) -> Shown:
    text = _string(part.get("body"), "text", "interactive.body.text", BODY_CHARS_MAX)
    footer = part.get("footer")
    content: dict[str, Any] = {
        "type": "interactive",
        "text": text,
        "header": _header(media, part.get("header")),
        "footer": "" if footer is None else _string(footer, "text", "interactive.footer.text", 60),
    }
    action = part.get("action")
    if not isinstance(action, dict):
        raise _bad(131008, "interactive.action is required.")
    match part.get("type"):
        case "button":
            content["buttons"] = _buttons(action)
            titles = [one["title"] for one in content["buttons"]]
        case "list":
            content["list"] = {
                "button": _string(action, "button", "action.button", 20),
                "rows": _rows(action),
            }
            titles = [row["title"] for row in content["list"]["rows"]]
        case "cta_url":
            content["link"] = _link(action)
            titles = [f"{content['link']['title']}: {content['link']['url']}"]
        case _:
            raise _bad(131009, "interactive.type: button, list or cta_url.")
    return Shown("\n".join([text, *(f"▸ {title}" for title in titles)]), content=content)


def _header(media: MediaStore, header: Any) -> dict[str, Any] | None:
    if header is None:
        return None
    if (kind := header.get("type") if isinstance(header, dict) else None) == "text":
        return {"type": "text", "text": _string(header, "text", "interactive.header.text", 60)}
    if kind in ("image", "video", "document"):
        return {"type": kind, **_file(media, header.get(kind), f"interactive.header.{kind}")}
    raise _bad(131009, "interactive.header.type: text, image, video or document.")


def _buttons(action: dict[str, Any]) -> list[dict[str, str]]:
    given = action.get("buttons")
    if not isinstance(given, list) or not 1 <= len(given) <= 3:
        raise _bad(131009, "action.buttons: 1 to 3 buttons.")
    found = []
    for i, button in enumerate(given):
        where = f"action.buttons[{i}].reply"
        if not isinstance(button, dict) or button.get("type") != "reply":
            raise _bad(131009, f"{where}: type reply is needed.")
        reply = button.get("reply")
        found.append(
            {
                "id": _string(reply, "id", where + ".id", 256),
                "title": _string(reply, "title", where + ".title", 20),
            }
        )
    for name in ("id", "title"):
        if len({one[name] for one in found}) < len(found):
            raise _bad(131009, f"action.buttons: two have the same {name}.")
    return found


def _rows(action: dict[str, Any]) -> list[dict[str, str]]:
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise _bad(131009, "action.sections: 1 to 10 sections.")
    found: list[dict[str, str]] = []
    for i, section in enumerate(sections):
        rows = section.get("rows") if isinstance(section, dict) else None
        if not isinstance(rows, list) or not rows:
            raise _bad(131009, f"action.sections[{i}].rows: at least one row.")
        title = _string(section, "title", f"action.sections[{i}].title", 24, needed=len(sections) > 1)
        for j, row in enumerate(rows):
            where = f"action.sections[{i}].rows[{j}]"
            found.append(
                {
                    "id": _string(row, "id", where + ".id", 200),
                    "title": _string(row, "title", where + ".title", 24),
                    "description": _string(row, "description", where + ".description", 72, needed=False),
                    "section": title,
                }
            )
    if len(found) > 10:
        raise _bad(131009, "action.sections: at most 10 rows in all.")
    if len({row["id"] for row in found}) < len(found):
        raise _bad(131009, "action.sections: two rows have the same id.")
    return found


def _link(action: dict[str, Any]) -> dict[str, str]:
    parameters = action.get("parameters")
    if action.get("name") != "cta_url":
        raise _bad(131009, "action.name: cta_url is needed.")
    title = _string(parameters, "display_text", "action.parameters.display_text", 20)
    url = _string(parameters, "url", "action.parameters.url", 2000)
    if urlsplit(url).scheme not in ("http", "https"):
        raise _bad(131009, "action.parameters.url: an http or https address is needed.")
    return {"title": title, "url": url}


# -- templates in use


def _template(account: Account, media: MediaStore, part: Any) -> Shown:
    """Render a template; one of an account that lists none is shown by its name and parameters."""
    language = part.get("language") if isinstance(part, dict) else None
    name = part.get("name") if isinstance(part, dict) else None
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(name, str) or not name or not isinstance(code, str) or not code:
        raise _bad(131008, "template.name and template.language.code are required.")
    components = part.get("components", [])
    if not isinstance(components, list):
        raise _bad(132012, "template.components: a list is needed.")
    given = _given(media, components)
    if not account.templates:
        values = ", ".join(value for _, value in given["body"])
        return Shown(f"[{name}] {values}".strip(), "utility")
    template = account.templates.get((name, code))
    if template is None:
        raise _bad(132001, f"template name ({name}) does not exist in {code}")
    if template.status in ("PAUSED", "DISABLED"):
        raise Refused(meta_error(132015 if template.status == "PAUSED" else 132016))
    if template.status != "APPROVED":
        raise _bad(132001, "the template is not approved")
    return _render(template, given)


def _given(media: MediaStore, components: list[Any]) -> dict[str, Any]:
    """What was given: {"header": […], "body": [(place, value)], "buttons": {index: value}}."""
    given: dict[str, Any] = {"header": [], "body": [], "buttons": {}}
    for component in components:
        if not isinstance(component, dict) or not isinstance(component.get("parameters", []), list):
            raise _bad(132012, "template.components: objects with parameters are needed.")
        parameters = component.get("parameters", [])
        match str(component.get("type")).lower():
            case "body":
                for place, one in enumerate(parameters, 1):
                    given["body"].append((_name(one, place), _value(one)))
            case "header":
                given["header"] = [_header_value(media, one) for one in parameters]
            case "button":
                index = str(component.get("index", ""))
                if index not in "0123456789" or not index:
                    raise _bad(132012, "a button component needs an index from 0 to 9.")
                given["buttons"][int(index)] = (component.get("sub_type"), parameters)
            case other:
                raise _bad(132012, f"template.components: type {other[:40]!r} is not supported.")
    return given


def _name(parameter: Any, place: int) -> str:
    return str(parameter.get("parameter_name") or place) if isinstance(parameter, dict) else str(place)


def _value(parameter: Any) -> str:
    if not isinstance(parameter, dict):
        raise _bad(132012, "a template parameter must be an object.")
    kind = parameter.get("type")
    if kind == "text" and isinstance(parameter.get("text"), str):
        return str(parameter["text"])
    older = parameter.get(str(kind))
    if kind in ("currency", "date_time") and isinstance(older, dict):
        return str(older.get("fallback_value", ""))
    raise _bad(132012, "a body parameter must be text, currency or date_time.")


def _header_value(media: MediaStore, parameter: Any) -> dict[str, Any]:
    kind = parameter.get("type") if isinstance(parameter, dict) else None
    if kind in ("image", "video", "document"):
        return {"type": kind, **_file(media, parameter.get(kind), f"header.{kind}")}
    if kind == "location":
        shown = _location(parameter.get("location") or {})
        return shown.content or {}
    return {"type": "text", "text": _value(parameter)}


def _render(template: Template, given: dict[str, Any]) -> Shown:
    content: dict[str, Any] = {
        "type": "template",
        "header": None,
        "footer": "",
        "buttons": [],
        "name": template.name,
    }
    text = template.body
    index = 0
    for component in template.components:
        match str(component.get("type")).upper():
            case "HEADER":
                content["header"] = _render_header(component, given["header"])
            case "BODY":
                text = _filled(template.body, given["body"], "body")
            case "FOOTER":
                content["footer"] = component.get("text", "")
            case "BUTTONS":
                for button in component.get("buttons", []):
                    content["buttons"].append(_render_button(button, given["buttons"].get(index)))
                    index += 1
    content["text"] = text
    words = "\n".join([text, *(f"▸ {one['title']}" for one in content["buttons"])])
    return Shown(words, template.category, content)


def _filled(text: str, given: list[tuple[str, str]], where: str) -> str:
    places = list(dict.fromkeys(_place.findall(text)))
    if len(places) != len(given):
        details = f"{where}: number of localizable_params ({len(given)}) does not match the expected ({len(places)})"
        raise _bad(132000, details)
    values = dict(given)
    if set(values) != set(places):
        raise _bad(132000, f"{where}: the names of the parameters do not match")
    return _place.sub(lambda match: values[match[1]], text)


def _render_header(component: dict[str, Any], given: list[dict[str, Any]]) -> dict[str, Any]:
    kind = str(component.get("format", "TEXT")).lower()
    if kind == "text":
        values = [(str(place), str(one.get("text", ""))) for place, one in enumerate(given, 1)]
        names = _place.findall(str(component.get("text", "")))
        if len(names) == len(values) == 1:
            values = [(names[0], values[0][1])]
        return {"type": "text", "text": _filled(str(component.get("text", "")), values, "header")}
    if len(given) != 1 or given[0].get("type") != kind:
        raise _bad(132012, f"header: Format mismatch, expected {kind.upper()}")
    return given[0]


def _render_button(button: dict[str, Any], given: tuple[Any, list[Any]] | None) -> dict[str, Any]:
    kind, title, value = str(button.get("type")).lower(), str(button.get("text", "")), ""
    if given is not None:
        sub_type, parameters = given
        if str(sub_type).lower() != kind or len(parameters) != 1 or not isinstance(parameters[0], dict):
            raise _bad(132012, f"button {title!r}: the component does not fit.")
        one = parameters[0]
        value = str(one.get("payload") or one.get("text") or one.get("coupon_code") or "")
    url = str(button.get("url", ""))
    if kind == "url" and _place.search(url):
        if given is None:
            raise _bad(132000, f"button {title!r}: its parameter is missing")
        url = _place.sub(lambda _: value, url)
    return {
        "type": kind,
        "title": title or kind.replace("_", " "),
        "url": url,
        "number": str(button.get("phone_number", "")),
        "payload": value or title,
    }
