"""WhatsApp's template management, server side: create, list, edit, delete, a review that takes a moment, and its news."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import Any

import orjson

from carrier.accounts import Account, Template, template_id
from carrier.delivery import Job, meta_headers
from carrier.errors import meta_error
from carrier.network import Network
from carrier.pool import parse_url
from carrier.signatures import meta_signature
from carrier.whatsapp_content import Refused
from carrier.wire import Reply, Request, first, json_reply, parse_form

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
EVENTS = ("APPROVED", "REJECTED", "PENDING", "PAUSED", "DISABLED", "FLAGGED", "REINSTATED")
_name = re.compile(r"[a-z0-9_]{1,512}").fullmatch
_place = re.compile(r"\{\{\s*(\w+)\s*\}\}")
BUTTON_CHARS_MAX = 25


def _wrong(text: str) -> Refused:
    return Refused(meta_error(100, text, subcode=2388023))


class Templates:
    """The templates of every account, kept in the accounts themselves."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def collection(self, account: Account, request: Request) -> Reply:
        """/{waba}/message_templates."""
        match request.method:
            case "POST":
                return self._create(account, _body(request))
            case "GET":
                return self._list(account, request)
            case "DELETE":
                return self._delete(account, request)
        raise Refused(meta_error(100, "GET, POST or DELETE is needed."))

    def one(self, account: Account, template: Template, request: Request) -> Reply:
        """/{template id}: read or edit."""
        if request.method == "GET":
            return json_reply(200, public(template))
        if request.method != "POST":
            raise Refused(meta_error(100, "GET or POST is needed."))
        if template.status not in EDITABLE:
            raise Refused(meta_error(100, f"a template that is {template.status} cannot be edited"))
        data = _body(request)
        if "components" in data:
            template.components, template.body = _components(data["components"])
        if "category" in data:
            template.category = _category(data)
        self._review(account, template)
        return json_reply(200, {"success": True})

    def find(self, account: Account, wanted_id: str) -> Template | None:
        """The template of this id."""
        return next((one for one in account.templates.values() if one.id == wanted_id), None)

    def decide(self, account: Account, template: Template, event: str, reason: str = "NONE") -> None:
        """Give a template a state, and tell the account's webhook."""
        status = {"REINSTATED": "APPROVED", "FLAGGED": template.status}.get(event, event)
        template.status, template.reason = status, reason
        value = {
            "event": event,
            "message_template_id": int(template.id),
            "message_template_name": template.name,
            "message_template_language": template.language,
            "message_template_category": template.category.upper(),
            "reason": reason,
        }
        url = next((number.webhook_url for number in account.numbers.values() if number.webhook_url), "")
        if not url:
            return
        body = orjson.dumps(
            {
                "object": "whatsapp_business_account",
                "entry": [
                    {
                        "id": account.waba_id,
                        "time": int(time.time()),
                        "changes": [{"field": "message_template_status_update", "value": value}],
                    }
                ],
            }
        )
        headers = meta_headers(meta_signature(account.app_secret, body))
        self._network.delivery.submit(
            Job(parse_url(url), headers, body, f"template {template.id} {event}", retry_refused=True)
        )

    def _create(self, account: Account, data: dict[str, Any]) -> Reply:
        name, language = data.get("name"), data.get("language")
        if not isinstance(name, str) or not _name(name):
            raise _wrong("name: lower-case letters, digits and underscores, at most 512.")
        if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", language):
            raise _wrong("language: a code such as en_US is needed.")
        if (name, language) in account.templates:
            raise Refused(meta_error(100, "Content in this language already exists", subcode=2388024))
        components, body = _components(data.get("components"))
        template = Template(name, language, body, _category(data), "PENDING", template_id(name, language))
        template.components = components
        template.parameter_format = str(data.get("parameter_format", "POSITIONAL")).upper()
        account.templates[name, language] = template
        self._review(account, template)
        return json_reply(
            200, {"id": template.id, "status": "PENDING", "category": template.category.upper()}
        )

    def _review(self, account: Account, template: Template) -> None:
        template.status = "PENDING"
        if account.template_review != "hold":
            approved = account.template_review == "approve"
            verdict = ("APPROVED", "NONE") if approved else ("REJECTED", "INVALID_FORMAT")
            self._network.schedule.after(account.template_review_s, self.decide, account, template, *verdict)

    def _list(self, account: Account, request: Request) -> Reply:
        query = parse_form(request.query)
        try:
            limit = min(max(int(first(query, "limit") or 25), 1), 250)
            start = int(first(query, "after") or 0)
        except ValueError:
            raise Refused(meta_error(100, "limit and after: whole numbers.")) from None
        found = [
            one
            for one in account.templates.values()
            if first(query, "name") in ("", one.name) and first(query, "status") in ("", one.status)
        ]
        answer: dict[str, Any] = {"data": [public(one) for one in found[start : start + limit]]}
        if "summary" in query:
            answer["summary"] = {
                "total_count": len(found),
                "message_template_count": len(account.templates),
                "message_template_limit": 250,
                "are_translations_complete": True,
            }
        if start + limit < len(found):
            answer["paging"] = {"cursors": {"after": str(start + limit)}, "next": "more"}
        return json_reply(200, answer)

    def _delete(self, account: Account, request: Request) -> Reply:
        query = parse_form(request.query)
        name, wanted_id = first(query, "name"), first(query, "hsm_id")
        gone = [
            key for key, one in account.templates.items() if one.name == name and wanted_id in ("", one.id)
        ]
        if not gone:
            raise Refused(meta_error(100, "no such template", subcode=2593002))
        for key in gone:
            del account.templates[key]
        return json_reply(200, {"success": True})


def public(template: Template) -> dict[str, Any]:
    """A template as the API shows it."""
    return {
        "id": template.id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category.upper(),
        "parameter_format": template.parameter_format,
        "components": template.components,
        "quality_score": {"score": template.quality, "date": int(time.time())},
        "rejected_reason": template.reason,
    }


def _body(request: Request) -> dict[str, Any]:
    try:
        data = request.json()
    except ValueError:
        raise Refused(meta_error(100, "The request body is not valid JSON.")) from None
    if not isinstance(data, dict):
        raise Refused(meta_error(100, "A JSON object is needed."))
    return data


def _category(data: dict[str, Any]) -> str:
    category = str(data.get("category", "")).upper()
    if category not in CATEGORIES:
        raise _wrong(f"category: one of {', '.join(CATEGORIES)}.")
    return category.lower()


def _components(given: Any) -> tuple[list[dict[str, Any]], str]:
    """The checked components and the body's text."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise _wrong("components: a list of objects is needed.")
    kinds = [str(one.get("type")).upper() for one in given]
    if len(set(kinds)) < len(kinds) or set(kinds) - {"HEADER", "BODY", "FOOTER", "BUTTONS"}:
        raise _wrong("components: one each of HEADER, BODY, FOOTER, BUTTONS.")
    if "BODY" not in kinds:
        raise _wrong("components: a BODY is needed.")
    by_kind = dict(zip(kinds, given, strict=True))
    _check_body(by_kind["BODY"])
    if "HEADER" in by_kind:
        _check_header(by_kind["HEADER"])
    footer = by_kind.get("FOOTER")
    if footer is not None and (
        len(str(footer.get("text", ""))) > 60 or _place.search(str(footer.get("text")))
    ):
        raise _wrong("FOOTER: at most 60 characters and no variables.")
    if "BUTTONS" in by_kind:
        _check_buttons(by_kind["BUTTONS"].get("buttons"))
    return given, str(by_kind["BODY"].get("text", ""))


def _check_body(body: dict[str, Any]) -> None:
    text = body.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= 1024:
        raise _wrong("BODY.text: 1 to 1024 characters.")
    places = _place.findall(text)
    bare = text.strip()
    if places and (_place.match(bare) or re.search(r"\{\{\s*\w+\s*\}\}$", bare)):
        raise _wrong("BODY.text: a variable can be neither first nor last.")
    if re.search(r"\}\}\s*\{\{", text):
        raise _wrong("BODY.text: two variables touch.")
    if places and not body.get("example"):
        raise _wrong("BODY.example: needed when there are variables.")
    numbers = [int(one) for one in dict.fromkeys(places) if one.isdigit()]
    if numbers and numbers != list(range(1, len(numbers) + 1)):
        raise _wrong("BODY.text: variables are numbered from 1 in order.")


def _check_header(header: dict[str, Any]) -> None:
    kind = str(header.get("format", "")).upper()
    if kind not in ("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"):
        raise _wrong("HEADER.format: TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION.")
    text = str(header.get("text", ""))
    if kind == "TEXT" and (not 1 <= len(text) <= 60 or len(_place.findall(text)) > 1):
        raise _wrong("HEADER.text: 1 to 60 characters with at most one variable.")


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 10:
        raise _wrong("BUTTONS: 1 to 10 buttons.")
    kinds = [str(one.get("type")).upper() if isinstance(one, dict) else "" for one in buttons]
    if set(kinds) - {"QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP"}:
        raise _wrong("BUTTONS: a type is not supported.")
    for kind, most in (("URL", 2), ("PHONE_NUMBER", 1), ("COPY_CODE", 1)):
        if kinds.count(kind) > most:
            raise _wrong(f"BUTTONS: at most {most} of type {kind}.")
    changes = sum((before == "QUICK_REPLY") != (after == "QUICK_REPLY") for before, after in pairwise(kinds))
    if changes > 1:
        raise _wrong("BUTTONS: quick replies stand together.")
    for kind, button in zip(kinds, buttons, strict=True):
        text = str(button.get("text", ""))
        if kind not in ("COPY_CODE", "OTP") and not 1 <= len(text) <= BUTTON_CHARS_MAX:
            raise _wrong(f"BUTTONS: a label has 1 to {BUTTON_CHARS_MAX} characters.")
