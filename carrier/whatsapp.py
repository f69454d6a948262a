"""The WhatsApp Cloud API, server side: messages, templates' use, mark-read; and Meta's webhook handshake."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from carrier.accounts import Account, Number, Template
from carrier.behaviours import Behaviour
from carrier.errors import meta_error
from carrier.network import Network
from carrier.pool import Pool, RequestFailed, parse_url
from carrier.store import INBOUND, Message
from carrier.wire import Fate, Reply, Request, json_reply

TEXT_CHARS_MAX = 4096
CAPTION_CHARS_MAX = 1024
CALLBACK_DATA_CHARS_MAX = 512
MEDIA_TYPES = ("image", "video", "audio", "document", "sticker")
_route = re.compile(r"/v\d{1,2}\.\d/([A-Za-z0-9_.:+-]+)(/messages)?").fullmatch
_digits = re.compile(r"\+?[1-9]\d{6,14}").fullmatch


@dataclass(slots=True)
class _Refused(Exception):
    """The request cannot be carried out; `reply` says why."""

    reply: Reply


class WhatsAppApi:
    """Answers requests under /v…/{phone_number_id}. Every answer is complete at once."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def handle(self, request: Request) -> Reply:
        """Answer one request; errors have Meta's shape."""
        try:
            return self._handle(request)
        except _Refused as refused:
            self._network.store.refusals["whatsapp " + _code_of(refused.reply)] += 1
            return refused.reply

    def _handle(self, request: Request) -> Reply:
        match = _route(request.path)
        if match is None:
            raise _Refused(meta_error(2500, status=400, text=f"Unknown path components: {request.path}"))
        number = self._number(match[1], request)
        if match[2] is None:
            body = {
                "id": number.phone_number_id,
                "display_phone_number": number.address,
                "verified_name": number.label,
                "quality_rating": "GREEN",
            }
            return json_reply(200, body)
        if request.method != "POST":
            raise _Refused(
                meta_error(100, text="Unsupported get request. The method POST is needed.", status=400)
            )
        try:
            data = request.json()
        except ValueError:
            raise _Refused(meta_error(100, "The request body is not valid JSON.")) from None
        if not isinstance(data, dict):
            raise _Refused(meta_error(100, "A JSON object is needed."))
        if data.get("messaging_product") != "whatsapp":
            raise _Refused(meta_error(100, text="(#100) The parameter messaging_product is required."))
        if data.get("status") is not None:
            return self._mark_read(number, data)
        return self._send(number, data)

    def _number(self, phone_number_id: str, request: Request) -> Number:
        number = self._network.directory.by_phone_number_id.get(phone_number_id)
        header = request.header(b"authorization") or b""
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise _Refused(meta_error(190, text="An access token is required to request this resource."))
        accounts = self._network.directory.accounts.values()
        if number is not None and hmac.compare_digest(token, number.account.secret.encode()):
            return number
        known = [a for a in accounts if a.provider == "whatsapp" and a.secret.encode() == token]
        if not known:
            raise _Refused(meta_error(190))
        raise _Refused(
            meta_error(
                100,
                subcode=33,
                text=f"Unsupported post request. Object with ID '{phone_number_id}' does not exist, cannot be "
                "loaded due to missing permissions, or does not support this operation",
            )
        )

    def _mark_read(self, number: Number, data: dict[str, Any]) -> Reply:
        if data["status"] != "read":
            raise _Refused(meta_error(100, "status must be read."))
        message = self._network.store.messages.get(str(data.get("message_id", "")))
        if message is None or message.direction != INBOUND or message.number.address != number.address:
            raise _Refused(meta_error(131009, "message_id is not a message this number received."))
        if message.state != "read":
            self._network.store.move(message, "read")
            self._network.show(message)
        if data.get("typing_indicator"):
            self._network.live.publish(
                message.handset, "typing", {"number": number.address, "channel": "whatsapp"}
            )
        return json_reply(200, {"success": True})

    def _send(self, number: Number, data: dict[str, Any]) -> Reply:
        network, account = self._network, number.account
        to = data.get("to")
        if to is None or to == "":
            raise _Refused(meta_error(100, text="(#100) The parameter to is required."))
        if not isinstance(to, str) or not (cleaned := _digits(re.sub(r"[\s().-]", "", to))):
            raise _Refused(meta_error(131009, "to is not a phone number."))
        handset = "+" + cleaned[0].lstrip("+")
        if handset == number.address:
            raise _Refused(meta_error(131021))
        kind = data.get("type", "text")
        text, category = _content(account, kind, data)
        key = data.get("biz_opaque_callback_data", "")
        if not isinstance(key, str) or len(key) > CALLBACK_DATA_CHARS_MAX:
            raise _Refused(meta_error(100, "biz_opaque_callback_data: text of at most 512 characters."))
        pair = ("whatsapp", handset, number.address)
        if account.enforce_pair_rate and not network.pair_allows(pair):
            raise _Refused(meta_error(131056))
        outside = kind != "template" and account.enforce_window != "off" and not network.window_open(pair)
        if outside and account.enforce_window == "answer":
            raise _Refused(
                meta_error(131047, "More than 24 hours have passed since the recipient last replied.")
            )
        behaviour = network.behaviours.find(handset, "whatsapp", number.address)
        answer = network.special_answer(behaviour, "whatsapp", handset)
        if answer in ("refuse", "throttle", "error"):
            raise _Refused(_special(answer, behaviour))
        message = network.new_outbound(account, number, handset, text, "accepted")
        message.kind = kind
        message.key = key
        message.category = category
        if outside:
            network.fail_later(message, 131047)
        else:
            network.accept(message, behaviour)
        return _accepted(message, to, answer, behaviour)


def _accepted(message: Message, to: str, answer: str, behaviour: Behaviour) -> Reply:
    reply = json_reply(
        200,
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": message.handset.lstrip("+")}],
            "messages": [{"id": message.sid, "message_status": "accepted"}],
        },
    )
    if answer == "late":
        reply.delay_s = behaviour.answer_delay_s
    elif answer in ("hang", "drop"):
        reply.fate = Fate(answer)
    return reply


def _special(answer: str, behaviour: Behaviour) -> Reply:
    match answer:
        case "throttle":
            reply = meta_error(behaviour.code or 130429, status=behaviour.http_status)
        case "error":
            reply = meta_error(behaviour.code or 131000, status=behaviour.http_status or 500)
        case _:
            reply = meta_error(behaviour.code or 131026, status=behaviour.http_status)
    if behaviour.retry_after_s is not None:
        reply.headers.append((b"retry-after", str(behaviour.retry_after_s).encode()))
    return reply


def _content(account: Account, kind: Any, data: dict[str, Any]) -> tuple[str, str]:
    """What the handset shows and the price category. Raises _Refused."""
    part = data.get(kind) if isinstance(kind, str) else None
    match kind:
        case "text":
            body = part.get("body") if isinstance(part, dict) else None
            if not isinstance(body, str) or not body:
                raise _Refused(meta_error(100, text="(#100) The parameter text['body'] is required."))
            if len(body) > TEXT_CHARS_MAX:
                limit = f"(#100) Param text['body'] must be at most {TEXT_CHARS_MAX} characters long."
                raise _Refused(meta_error(100, text=limit))
            return body, "service"
        case "template":
            return _template(account, part)
        case "interactive" if isinstance(part, dict):
            return _interactive(part), "service"
        case "location" | "contacts" | "reaction" if part:
            emoji = part.get("emoji") if isinstance(part, dict) else None
            return str(emoji) if emoji else f"[{kind}]", "service"
    if kind in MEDIA_TYPES:
        if not isinstance(part, dict) or not (part.get("id") or part.get("link")):
            raise _Refused(meta_error(131008, f"{kind}: id or link is needed."))
        caption = str(part.get("caption") or part.get("filename") or "")
        if len(caption) > CAPTION_CHARS_MAX:
            raise _Refused(meta_error(100, f"{kind}.caption: at most {CAPTION_CHARS_MAX} characters."))
        return f"[{kind}] {caption}".strip(), "service"
    if kind in ("interactive", "location", "contacts", "reaction"):
        raise _Refused(meta_error(131008, f"{kind} is required."))
    raise _Refused(meta_error(131051, f"type {str(kind)[:40]!r} is not supported."))


def _interactive(part: dict[str, Any]) -> str:
    body = part.get("body")
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text or len(text) > 1024:
        raise _Refused(meta_error(100, "interactive.body.text: 1 to 1024 characters."))
    action = part.get("action")
    buttons = action.get("buttons") if isinstance(action, dict) else None
    titles = [
        str(button["reply"].get("title", ""))
        for button in (buttons if isinstance(buttons, list) else [])
        if isinstance(button, dict) and isinstance(button.get("reply"), dict)
    ]
    return "\n".join([text, *(f"▸ {title}" for title in titles)])


def _template(account: Account, part: Any) -> tuple[str, str]:
    """Render a template; one not listed by the account is shown by its name and parameters."""
    language = part.get("language") if isinstance(part, dict) else None
    name = part.get("name") if isinstance(part, dict) else None
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(name, str) or not name or not isinstance(code, str) or not code:
        raise _Refused(meta_error(131008, "template.name and template.language.code are required."))
    components = part.get("components", [])
    if not isinstance(components, list):
        raise _Refused(meta_error(132012, "template.components: a list is needed."))
    given: list[tuple[str, str]] = []
    for component in components:
        if not isinstance(component, dict) or not isinstance(component.get("parameters", []), list):
            raise _Refused(meta_error(132012, "template.components: objects with parameters are needed."))
        if component.get("type") != "body":
            continue
        for place, parameter in enumerate(component.get("parameters", []), 1):
            value = _parameter(parameter)
            given.append((str(parameter.get("parameter_name") or place), value))
    if not account.templates:
        values = ", ".join(value for _, value in given)
        return f"[{name}] {values}".strip(), "utility"
    template = account.templates.get((name, code))
    if template is None:
        raise _Refused(meta_error(132001, f"template name ({name}) does not exist in {code}"))
    return _render(template, given), template.category


def _parameter(parameter: Any) -> str:
    if not isinstance(parameter, dict):
        raise _Refused(meta_error(132012, "a template parameter must be an object."))
    kind = parameter.get("type")
    if kind == "text" and isinstance(parameter.get("text"), str):
        return str(parameter["text"])
    older = parameter.get(str(kind))
    if kind in ("currency", "date_time") and isinstance(older, dict):
        return str(older.get("fallback_value", ""))
    raise _Refused(meta_error(132012, "a body parameter must be text, currency or date_time."))


def _render(template: Template, given: list[tuple[str, str]]) -> str:
    if template.status in ("PAUSED", "DISABLED"):
        raise _Refused(meta_error(132015 if template.status == "PAUSED" else 132016))
    if template.status != "APPROVED":
        raise _Refused(meta_error(132001, "the template is not approved"))
    places = template.places()
    if len(places) != len(given):
        details = (
            f"body: number of localizable_params ({len(given)}) does not match the expected ({len(places)})"
        )
        raise _Refused(meta_error(132000, details))
    values = dict(given)
    if set(values) != set(places):
        raise _Refused(meta_error(132000, "body: the names of the parameters do not match"))
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: values[match[1]], template.body)


def _code_of(reply: Reply) -> str:
    match = re.search(rb'"code":(\d+)', reply.body)
    return match[1].decode() if match else "?"


async def handshake(pool: Pool, url: str, verify_token: str) -> tuple[bool, int | None]:
    """Verify a tenant's webhook the way Meta does: GET with hub.challenge, which must come back as the body.

    Returns (verified, HTTP status or None when no answer came). Raises ValueError for an unusable URL.
    """
    challenge = str(secrets.randbelow(10**9))
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token})
    target = parse_url(url + ("&" if "?" in url else "?") + query)
    try:
        response = await pool.get(target)
    except RequestFailed:
        return False, None
    return response.status == 200 and response.body.strip() == challenge.encode(), response.status
