"""The webhook bodies: what a provider tells a tenant about a message, in the provider's own words."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from urllib.parse import quote_plus

import orjson

from carrier.accounts import Number
from carrier.delivery import Delivery, Job, Outcome, form_headers, meta_headers
from carrier.errors import meta_receipt_error
from carrier.pool import parse_url
from carrier.schedule import Schedule
from carrier.signatures import meta_signature, twilio_signature
from carrier.store import Lane, Message

API_VERSION = "2010-04-01"


def twilio_status_fields(message: Message, state: str) -> dict[str, str]:
    """The form of a status callback."""
    fields = {
        "AccountSid": message.account.id,
        "ApiVersion": API_VERSION,
        "From": message.number.address,
        "MessageSid": message.sid,
        "MessageStatus": state,
        "SmsSid": message.sid,
        "SmsStatus": state,
        "To": message.handset,
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if message.error_code is not None and state in ("failed", "undelivered"):
        fields["ErrorCode"] = str(message.error_code)
        fields["ErrorMessage"] = message.error_message
    return fields


def twilio_inbound_fields(message: Message, opt_out_type: str) -> dict[str, str]:
    """The form of an inbound SMS."""
    fields = {
        "AccountSid": message.account.id,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.handset,
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.parts),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.number.address,
    }
    for sid, members in message.account.services.items():
        if message.number.address in members:
            fields["MessagingServiceSid"] = sid
    if opt_out_type:
        fields["OptOutType"] = opt_out_type
    return fields


def _quote(value: str) -> str:
    """quote_plus, with a short way for sids, states and phone numbers: most fields of a receipt."""
    if value.isascii():
        if value.isalnum():
            return value
        if value[:1] == "+" and value[1:].isdigit():
            return "%2B" + value[1:]
    return quote_plus(value, errors="replace")


def form_job(url: str, token: str, fields: dict[str, str], about: str) -> Job:
    """A signed form POST to `url`. Raises ValueError for a URL that cannot be called."""
    body = "&".join([f"{name}={_quote(value)}" for name, value in fields.items()])
    signature = twilio_signature(token, url.partition("#")[0], fields)
    return Job(parse_url(url), form_headers(signature), body.encode(), about)


def user_id(handset: str) -> str:
    """The business-scoped id of a person: country and digits, the same one for the same number."""
    digest = blake2b(handset.encode(), digest_size=6).digest()
    return f"{'US' if handset.startswith('+1') else 'DE'}.{int.from_bytes(digest, 'big')}"


def whatsapp_status(message: Message, state: str, at: float) -> dict[str, Any]:
    """One entry of `statuses`."""
    status: dict[str, Any] = {
        "id": message.sid,
        "status": state,
        "timestamp": str(int(at)),
        "recipient_id": message.handset.lstrip("+"),
        "recipient_user_id": user_id(message.handset),
    }
    if message.key:
        status["biz_opaque_callback_data"] = message.key
    if state == "failed":
        status["errors"] = [meta_receipt_error(message.error_code or 131000)]
    else:
        free = message.category == "service"
        status["pricing"] = {
            "billable": not free,
            "pricing_model": "PMP",
            "category": message.category,
            "type": "free_customer_service" if free else "regular",
        }
    return status


def whatsapp_inbound(message: Message, profile_name: str) -> dict[str, Any]:
    """The `contacts` and `messages` of one inbound text."""
    wa_id = message.handset.lstrip("+")
    return {
        "contacts": [
            {
                "profile": {"name": profile_name or wa_id},
                "wa_id": wa_id,
                "user_id": user_id(message.handset),
            }
        ],
        "messages": [
            {
                "from": wa_id,
                "from_user_id": user_id(message.handset),
                "id": message.sid,
                "timestamp": str(int(message.created_at)),
                **_said(message),
            }
        ],
    }


def _said(message: Message) -> dict[str, Any]:
    """The type of an inbound message and its object: a text, or what the person tapped or sent."""
    content = message.content or {}
    around: dict[str, Any] = {}
    if content.get("to"):
        around["context"] = {"from": message.number.address.lstrip("+"), "id": content["to"]}
    kind = str(content.get("type", "text"))
    match kind:
        case "button_reply" | "list_reply":
            answer = {"id": content["id"], "title": message.body}
            if content.get("description"):
                answer["description"] = content["description"]
            return around | {"type": "interactive", "interactive": {"type": kind, kind: answer}}
        case "button":
            return around | {"type": "button", "button": {"payload": content["id"], "text": message.body}}
        case "location":
            place = {name: content[name] for name in ("latitude", "longitude")}
            return around | {"type": "location", "location": place}
        case "reaction":
            part = {"message_id": content["to"], "emoji": content["emoji"]}
            return {"type": "reaction", "reaction": part}
        case "media":
            part = {"id": content["file"], "mime_type": content["mime_type"], "sha256": content["sha256"]}
            if content.get("caption"):
                part["caption"] = content["caption"]
            if content["media"] == "document":
                part["filename"] = content["filename"]
            return around | {"type": content["media"], content["media"]: part}
    return around | {"type": "text", "text": {"body": message.body}}


class TwilioEvent:
    """A form POST that waits its turn in the lane of its message."""

    __slots__ = ("_delivery", "_job")

    def __init__(self, delivery: Delivery, job: Job) -> None:
        self._delivery = delivery
        self._job = job

    def launch(self) -> None:
        """Send it."""
        self._delivery.submit(self._job)


class MetaEvent:
    """One status or one message for a Meta webhook; it leaves alone or with others in one body.

    `part` is {"statuses": [one]} or {"contacts": [one], "messages": [one]}.
    """

    __slots__ = ("batcher", "copies", "lane", "number", "on_try", "part", "url")

    def __init__(self, batcher: Batcher, number: Number, url: str, part: dict[str, Any]) -> None:
        self.batcher = batcher
        self.number = number
        self.url = url
        self.part = part
        self.lane: Lane | None = None
        self.copies = 0
        self.on_try: Any = None

    def launch(self) -> None:
        """Hand it to the batcher."""
        self.batcher.add(self)


class Batcher:
    """Coalesces the Meta events that fall due within `coalesce_s` into one body of at most `coalesce_max`.

    Statuses of one number share one `value`; each inbound message has its own, as Meta sends them.
    """

    def __init__(self, delivery: Delivery, schedule: Schedule, coalesce_s: float, coalesce_max: int) -> None:
        self._delivery = delivery
        self._schedule = schedule
        self._coalesce_s = coalesce_s
        self._coalesce_max = coalesce_max
        self._open: dict[tuple[str, str], list[MetaEvent]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def add(self, event: MetaEvent) -> None:
        """Take one event; events that carry copies of themselves travel alone."""
        if self._coalesce_max == 1 or event.copies:
            self._send([event])
            return
        key = (event.number.account.id, event.url)
        group = self._open.setdefault(key, [])
        group.append(event)
        if len(group) >= self._coalesce_max:
            self._flush(key)
        elif len(group) == 1:
            self._schedule.after(self._coalesce_s, self._flush, key)

    def clear(self) -> None:
        """Forget what waits."""
        self._open.clear()

    def _flush(self, key: tuple[str, str]) -> None:
        group = self._open.pop(key, None)
        if group:
            self._send(group)

    def _send(self, events: list[MetaEvent]) -> None:
        account = events[0].number.account
        body = orjson.dumps(
            {
                "object": "whatsapp_business_account",
                "entry": [{"id": account.waba_id, "changes": _changes(events)}],
            }
        )
        headers = meta_headers(meta_signature(account.app_secret, body))
        followers = [event.on_try for event in events if event.on_try is not None]

        def on_try(outcome: Outcome) -> None:
            for follower in followers:
                follower(outcome)

        self._delivery.submit(
            Job(
                target=parse_url(events[0].url),
                headers=headers,
                body=body,
                about=f"{len(events)} WhatsApp events",
                lanes=tuple(event.lane for event in events if event.lane is not None),
                on_try=on_try if followers else None,
                retry_refused=True,
                copies=events[0].copies,
            )
        )


def _changes(events: list[MetaEvent]) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = []
    shared: dict[str, dict[str, Any]] = {}  # the value that the statuses of a number share
    for event in events:
        number = event.number
        known = shared.get(number.phone_number_id)
        if "statuses" in event.part and known is not None:
            known["statuses"].extend(event.part["statuses"])
            known["contacts"].extend(one for one in event.part["contacts"] if one not in known["contacts"])
            continue
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": number.address.lstrip("+"),
                "phone_number_id": number.phone_number_id,
            },
            **event.part,
        }
        if "statuses" in event.part:
            value |= {name: list(event.part[name]) for name in ("contacts", "statuses")}
            shared[number.phone_number_id] = value
        changes.append({"field": "messages", "value": value})
    return changes
