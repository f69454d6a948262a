"""The WhatsApp Cloud API, server side: messages, media, read marks, template management; and Meta's webhook handshake."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from carrier.accounts import Account, Number
from carrier.behaviours import Behaviour
from carrier.errors import meta_error
from carrier.media import AUDIO_BYTES_MAX, DOCUMENT_BYTES_MAX, WHATSAPP_BYTES_MAX, multipart, sniffed
from carrier.network import Network
from carrier.pool import Pool, RequestFailed, parse_url
from carrier.store import INBOUND, Message
from carrier.whatsapp_content import Refused, checked
from carrier.whatsapp_templates import Templates
from carrier.wire import Fate, Reply, Request, json_reply

CALLBACK_DATA_CHARS_MAX = 512
_route = re.compile(r"/v\d{1,2}\.\d/([A-Za-z0-9_.:+-]+)(?:/(messages|media|message_templates))?").fullmatch
_digits = re.compile(r"\+?[1-9]\d{6,14}").fullmatch


class WhatsAppApi:
    """Answers requests under /v…/{id}. Every answer is complete at once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.templates = Templates(network)

    def handle(self, request: Request) -> Reply:
        """Answer one request; errors have Meta's shape."""
        try:
            return self._handle(request)
        except Refused as refused:
            self._network.store.refusals["whatsapp " + _code_of(refused.reply)] += 1
            return refused.reply

    def _handle(self, request: Request) -> Reply:
        match = _route(request.path)
        if match is None:
            raise Refused(meta_error(2500, status=400, text=f"Unknown path components: {request.path}"))
        if match[2] == "message_templates":
            return self.templates.collection(self._business(match[1], request), request)
        if match[2] is None and match[1] not in self._network.directory.by_phone_number_id:
            return self._object(match[1], request)
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
            raise Refused(
                meta_error(100, text="Unsupported get request. The method POST is needed.", status=400)
            )
        if match[2] == "media":
            return self._upload(number, request)
        try:
            data = request.json()
        except ValueError:
            raise Refused(meta_error(100, "The request body is not valid JSON.")) from None
        if not isinstance(data, dict):
            raise Refused(meta_error(100, "A JSON object is needed."))
        if data.get("messaging_product") != "whatsapp":
            raise Refused(meta_error(100, text="(#100) The parameter messaging_product is required."))
        if data.get("status") is not None:
            return self._mark_read(number, data)
        return self._send(number, data)

    def _token(self, request: Request) -> bytes:
        scheme, _, token = (request.header(b"authorization") or b"").partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Refused(meta_error(190, text="An access token is required to request this resource."))
        return token

    def _account(self, request: Request) -> Account:
        token = self._token(request)
        for account in self._network.directory.accounts.values():
            if account.provider == "whatsapp" and hmac.compare_digest(token, account.secret.encode()):
                return account
        raise Refused(meta_error(190))

    def _business(self, waba_id: str, request: Request) -> Account:
        account = self._account(request)
        if account.waba_id != waba_id:
            raise _nothing(waba_id)
        return account

    def _object(self, object_id: str, request: Request) -> Reply:
        """A template or a medium, by its id."""
        account = self._account(request)
        template = self.templates.find(account, object_id)
        if template is not None:
            return self.templates.one(account, template, request)
        file = self._network.media.get(object_id)
        if file is None or file.account != account.id:
            raise _nothing(object_id)
        if request.method == "DELETE":
            return json_reply(200, {"success": self._network.media.delete(object_id)})
        host = (request.header(b"host") or b"localhost").decode("latin-1")
        url = f"http://{host}/whatsapp-media/{file.id}?key={self._network.media.open(file)}"
        body = {
            "messaging_product": "whatsapp",
            "url": url,
            "mime_type": file.mime_type,
            "sha256": file.sha256,
            "file_size": len(file.data),
            "id": file.id,
        }
        return json_reply(200, body)

    def download(self, request: Request) -> Reply:
        """The bytes of a medium: the address is good for five minutes and needs the token."""
        try:
            account = self._account(request)
        except Refused as refused:
            return refused.reply
        file = self._network.media.get(request.path.rpartition("/")[2])
        key = request.query.partition(b"key=")[2]
        if file is None or file.account != account.id or not hmac.compare_digest(key, file.key.encode()):
            return Reply(404)
        if not file.key or time.time() >= file.key_until:
            return Reply(404)
        return Reply(200, file.data, file.mime_type.encode())

    def _upload(self, number: Number, request: Request) -> Reply:
        content_type = (request.header(b"content-type") or b"").decode("latin-1")
        try:
            parts = multipart(content_type, request.body)
        except ValueError as error:
            raise Refused(meta_error(100, str(error))) from None
        if parts.get("messaging_product", ("", "", b""))[2] != b"whatsapp" or "file" not in parts:
            raise Refused(meta_error(131008, "file and messaging_product are required."))
        name, part_type, data = parts["file"]
        mime_type = parts.get("type", ("", "", b""))[2].decode("latin-1") or part_type
        found = sniffed(data)
        if mime_type.startswith(("image/", "video/")) and found != mime_type:
            raise Refused(meta_error(131053, f"the file is {found or 'unknown'}, not {mime_type}"))
        usual = AUDIO_BYTES_MAX if mime_type.startswith("audio/") else DOCUMENT_BYTES_MAX
        if not data or len(data) > WHATSAPP_BYTES_MAX.get(mime_type, usual):
            raise Refused(meta_error(131053, "the file is empty or too large"))
        return json_reply(200, {"id": self._network.media.add(number.account.id, mime_type, data, name).id})

    def _number(self, phone_number_id: str, request: Request) -> Number:
        number = self._network.directory.by_phone_number_id.get(phone_number_id)
        token = self._token(request)
        if number is not None and hmac.compare_digest(token, number.account.secret.encode()):
            return number
        self._account(request)
        raise _nothing(phone_number_id)

    def _mark_read(self, number: Number, data: dict[str, Any]) -> Reply:
        if data["status"] != "read":
            raise Refused(meta_error(100, "status must be read."))
        message = self._network.store.messages.get(str(data.get("message_id", "")))
        if message is None or message.direction != INBOUND or message.number.address != number.address:
            raise Refused(meta_error(131009, "message_id is not a message this number received."))
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
            raise Refused(meta_error(100, text="(#100) The parameter to is required."))
        if not isinstance(to, str) or not (cleaned := _digits(re.sub(r"[\s().-]", "", to))):
            raise Refused(meta_error(131009, "to is not a phone number."))
        handset = "+" + cleaned[0].lstrip("+")
        if handset == number.address:
            raise Refused(meta_error(131021))
        kind = data.get("type", "text")
        pair = ("whatsapp", handset, number.address)
        shown = checked(account, network.media, lambda sid: self._knows(pair, sid), kind, data)
        context = data.get("context")
        answers = str(context.get("message_id", "")) if isinstance(context, dict) else ""
        if answers and not self._knows(pair, answers):
            raise Refused(meta_error(131009, "context.message_id: no message of this conversation."))
        key = data.get("biz_opaque_callback_data", "")
        if not isinstance(key, str) or len(key) > CALLBACK_DATA_CHARS_MAX:
            raise Refused(meta_error(100, "biz_opaque_callback_data: text of at most 512 characters."))
        if account.enforce_pair_rate and not network.pair_allows(pair):
            raise Refused(meta_error(131056))
        outside = kind != "template" and account.enforce_window != "off" and not network.window_open(pair)
        if outside and account.enforce_window == "answer":
            raise Refused(
                meta_error(131047, "More than 24 hours have passed since the recipient last replied.")
            )
        behaviour = network.behaviours.find(handset, "whatsapp", number.address)
        answer = network.special_answer(behaviour, "whatsapp", handset)
        if answer in ("refuse", "throttle", "error"):
            raise Refused(_special(answer, behaviour))
        message = network.new_outbound(account, number, handset, shown.text, "accepted")
        message.kind = kind
        message.key = key
        message.category = shown.category
        message.content = (shown.content or {}) | {"answers": answers} if answers else shown.content
        if not behaviour.capable:
            network.fail_later(message, 131026)
        elif outside:
            network.fail_later(message, 131047)
        else:
            network.accept(message, behaviour)
        return _accepted(message, to, answer, behaviour)

    def _knows(self, pair: tuple[str, str, str], sid: str) -> bool:
        message = self._network.store.messages.get(sid)
        return message is not None and message.pair == pair


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


def _nothing(object_id: str) -> Refused:
    return Refused(
        meta_error(
            100,
            subcode=33,
            text=f"Unsupported post request. Object with ID '{object_id}' does not exist, cannot be "
            "loaded due to missing permissions, or does not support this operation",
        )
    )


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
