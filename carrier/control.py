"""The control API under /carrier/: accounts, behaviours, texts from handsets, and the log of what was sent."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import orjson

from carrier import journal
from carrier.accounts import E164, Number
from carrier.delivery import Outcome
from carrier.handset import handset_content
from carrier.media import sniffed
from carrier.network import Network
from carrier.store import entry
from carrier.whatsapp import handshake
from carrier.whatsapp_templates import EVENTS, Templates
from carrier.wire import Reply, Request, first, json_reply, parse_form

INBOUND_LIST_MAX = 10_000
PHONE_MESSAGES_MAX = 300
RECENT_MAX = 12
Handler = Callable[[Request], Awaitable[Reply]]


class _Bad(Exception):
    """The request cannot be carried out: (HTTP status, words)."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class ControlApi:
    """Answers requests under /carrier/. Errors are {"error": words}."""

    def __init__(self, network: Network, templates: Templates) -> None:
        self._network = network
        self._templates = templates
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "/carrier/health"): self._health,
            ("GET", "/carrier/accounts"): self._accounts,
            ("PUT", "/carrier/accounts"): self._put_accounts,
            ("DELETE", "/carrier/accounts"): self._delete_accounts,
            ("GET", "/carrier/behaviours"): self._behaviours,
            ("PUT", "/carrier/behaviours"): self._put_behaviours,
            ("POST", "/carrier/inbound"): self._inbound,
            ("POST", "/carrier/verify"): self._verify,
            ("GET", "/carrier/messages"): self._messages,
            ("DELETE", "/carrier/messages"): self._delete_messages,
            ("GET", "/carrier/summary"): self._summary,
            ("GET", "/carrier/phone"): self._phone,
            ("POST", "/carrier/read"): self._read,
            ("POST", "/carrier/event"): self._event,
            ("POST", "/carrier/template"): self._template,
            ("POST", "/carrier/media"): self._upload,
            ("GET", "/carrier/media"): self._download,
        }

    async def handle(self, request: Request) -> Reply:
        """Answer one request."""
        refusal = self.guard(request)
        if refusal is not None:
            # That it lives may be known to a health check without a token; what it holds may not.
            return json_reply(200, {"ok": True}) if request.path == "/carrier/health" else refusal
        handler = self._routes.get((request.method, request.path))
        if handler is None:
            known = any(path == request.path for _, path in self._routes)
            return _error(405, "method not allowed") if known else _error(404, "no such path")
        try:
            return await handler(request)
        except _Bad as bad:
            return _error(bad.status, str(bad))

    def guard(self, request: Request) -> Reply | None:
        """None when the request may pass.

        With a token: X-Carrier-Token or a Bearer token must match it. Without one: only loopback clients that
        call a loopback name, and no page of another site (its Origin would differ from the Host).
        """
        token = self._network.config.token
        if token:
            given = request.header(b"x-carrier-token")
            if given is None:
                scheme, _, value = (request.header(b"authorization") or b"").partition(b" ")
                given = value if scheme.lower() == b"bearer" else b""
            return (
                None
                if hmac.compare_digest(given, token.encode())
                else _error(401, "a carrier token is needed")
            )
        host = (request.header(b"host") or b"").decode("latin-1")
        if not _loopback(request.client_host) or not _loopback(urlsplit(f"//{host}").hostname or ""):
            return _error(403, "without a token the control API is open to this machine only")
        origin = request.header(b"origin")
        if origin is not None and urlsplit(origin.decode("latin-1")).netloc != host:
            return _error(403, "requests of another site are not taken")
        return None

    async def _health(self, request: Request) -> Reply:
        network = self._network
        return json_reply(
            200,
            {
                "ok": True,
                "uptime_s": round(time.time() - network.started_at, 3),
                "accounts": len(network.directory.accounts),
                "messages": len(network.store.messages),
                "settled": network.settled,
            },
        )

    # -- accounts and behaviours

    async def _accounts(self, request: Request) -> Reply:
        accounts = self._network.directory.accounts.values()
        return json_reply(200, {"accounts": [account.public() for account in accounts]})

    async def _put_accounts(self, request: Request) -> Reply:
        data = _json(request)
        if isinstance(data, dict) and "accounts" in data:
            data = data["accounts"]
        try:
            accounts = self._network.directory.put(data)
        except ValueError as error:
            raise _Bad(400, str(error)) from error
        self._network.live.announce("numbers", {})
        return json_reply(200, {"accounts": [account.public() for account in accounts]})

    async def _delete_accounts(self, request: Request) -> Reply:
        self._network.directory.clear()
        self._network.live.announce("numbers", {})
        return Reply(204)

    async def _behaviours(self, request: Request) -> Reply:
        return json_reply(200, self._network.behaviours.source)

    async def _put_behaviours(self, request: Request) -> Reply:
        try:
            self._network.behaviours.put(_json(request))
        except ValueError as error:
            raise _Bad(400, str(error)) from error
        return json_reply(200, self._network.behaviours.source)

    # -- a handset writes

    async def _inbound(self, request: Request) -> Reply:
        """One text or a list of texts; each waits for the first answer of its webhook (?wait=first|final|no)."""
        wait = first(parse_form(request.query), "wait") or "first"
        if wait not in ("first", "final", "no"):
            raise _Bad(400, "wait: first, final or no")
        data = _json(request)
        items = data if isinstance(data, list) else [data]
        if len(items) > INBOUND_LIST_MAX:
            raise _Bad(400, f"at most {INBOUND_LIST_MAX} texts at once")
        checked = [
            self._checked(item, f"[{i}] " if isinstance(data, list) else "") for i, item in enumerate(items)
        ]
        pending = [self._write(*fields, wait) for fields in checked]
        results = [await result for result in pending]
        return json_reply(200, {"results": results} if isinstance(data, list) else results[0])

    def _checked(self, item: Any, where: str) -> tuple[Number, str, str, str, dict[str, Any] | None]:
        if not isinstance(item, dict):
            raise _Bad(400, f"{where}an object with from, to, channel, text is needed")
        text, name = item.get("text"), item.get("profile_name", "")
        if not isinstance(text, str) or not isinstance(name, str):
            raise _Bad(400, f"{where}text: text is needed")
        handset = _handset(item.get("from"), where + "from")
        number = self._number(item, where)
        content = item.get("content")
        if content is not None:
            try:
                content = handset_content(self._network.media, number, content)
            except ValueError as error:
                raise _Bad(400, f"{where}content: {error}") from error
        return number, handset, text, name, content

    def _number(self, item: dict[str, Any], where: str = "") -> Number:
        address, channel = item.get("to"), item.get("channel", "sms")
        if not isinstance(address, str) or channel not in ("sms", "whatsapp", "rcs"):
            raise _Bad(400, f"{where}to: text, and channel: sms, whatsapp or rcs, are needed")
        directory = self._network.directory
        number = directory.by_address.get((channel, address)) or directory.by_address.get(
            (channel, "+" + address)
        )
        if number is None:
            raise _Bad(404, f"{where}no account has this {channel} number")
        return number

    def _write(
        self,
        number: Number,
        handset: str,
        text: str,
        name: str,
        content: dict[str, Any] | None,
        wait: str,
    ) -> asyncio.Future[dict[str, Any]]:
        done: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        last: list[Outcome] = []

        def tried(outcome: Outcome) -> None:
            last.append(outcome)
            if not done.done() and (outcome.final or wait == "first") and sid:
                done.set_result(_result(sid[0], outcome))

        sid: list[str] = []
        message = self._network.write(number, handset, text, name, tried, content)
        sid.append(message.sid)
        if last:  # the outcome was known at once: no webhook is set
            done.set_result(_result(message.sid, last[0]))
        elif wait == "no":
            done.set_result(
                {"sid": message.sid, "status": None, "ok": None, "final": False, "tries": 0, "error": ""}
            )
        return done

    async def _verify(self, request: Request) -> Reply:
        """Run Meta's webhook handshake: {"url", "verify_token"}."""
        data = _json(request)
        if not isinstance(data, dict) or not isinstance(data.get("url"), str):
            raise _Bad(400, "an object with url and verify_token is needed")
        try:
            verified, status = await handshake(
                self._network.delivery.pool, data["url"], str(data.get("verify_token", ""))
            )
        except ValueError as error:
            raise _Bad(400, f"url: {error}") from error
        return json_reply(200, {"verified": verified, "status": status})

    async def _event(self, request: Request) -> Reply:
        """A person does something that is no message: {"from", "to", "channel": "rcs", "event"}."""
        data = _json(request)
        kinds = ("IS_TYPING", "SUBSCRIBE", "UNSUBSCRIBE")
        if not isinstance(data, dict) or data.get("event") not in kinds:
            raise _Bad(400, f"an object with from, to, channel and event ({', '.join(kinds)}) is needed")
        number = self._number(data)
        if number.channel != "rcs":
            raise _Bad(400, "only RCS tells such events")
        self._network.tell_person(number, _handset(data.get("from"), "from"), data["event"])
        return json_reply(200, {"ok": True})

    async def _template(self, request: Request) -> Reply:
        """Decide a WhatsApp template: {"account", "name", "language", "event", "reason"?}."""
        data = _json(request)
        if not isinstance(data, dict) or data.get("event") not in EVENTS:
            raise _Bad(400, f"an object with account, name, language, event ({', '.join(EVENTS)}) is needed")
        account = self._network.directory.accounts.get(("whatsapp", str(data.get("account"))))
        key = (str(data.get("name")), str(data.get("language")))
        template = None if account is None else account.templates.get(key)
        if account is None or template is None:
            raise _Bad(404, "no such account or template")
        self._templates.decide(account, template, data["event"], str(data.get("reason", "NONE")))
        return json_reply(200, {"id": template.id, "status": template.status})

    async def _upload(self, request: Request) -> Reply:
        """A handset's file: the body is the file, ?to= and &channel= name the number it goes to."""
        query = parse_form(request.query)
        number = self._number({"to": first(query, "to"), "channel": first(query, "channel")})
        if not request.body:
            raise _Bad(400, "the body is the file")
        kind = sniffed(request.body) or "application/octet-stream"
        file = self._network.media.add(number.account.id, kind, request.body, first(query, "name"))
        return json_reply(200, {"file": file.id, "mime_type": kind, "size": len(request.body)})

    async def _download(self, request: Request) -> Reply:
        """A file as the phone page shows it: ?file=."""
        file = self._network.media.get(first(parse_form(request.query), "file"))
        if file is None:
            raise _Bad(404, "no such file")
        shown = file.mime_type if file.mime_type.startswith(("image/", "video/", "audio/")) else ""
        kind = shown or "application/octet-stream"
        return Reply(200, file.data, kind.encode(), [(b"x-content-type-options", b"nosniff")])

    # -- the log

    async def _messages(self, request: Request) -> Reply:
        try:
            return json_reply(200, journal.messages(self._network, parse_form(request.query)))
        except ValueError as error:
            raise _Bad(400, str(error)) from error

    async def _delete_messages(self, request: Request) -> Reply:
        self._network.reset()
        return Reply(204)

    async def _summary(self, request: Request) -> Reply:
        return json_reply(200, journal.summary(self._network))

    # -- the phone page

    async def _phone(self, request: Request) -> Reply:
        """What a phone page shows first: tenants' numbers, recent handsets, this handset's messages."""
        network = self._network
        handset = first(parse_form(request.query), "handset")
        numbers = [
            {
                "channel": n.channel,
                "address": n.address,
                "label": n.label,
                "kind": n.kind,
                "live": bool(n.webhook_url),
            }
            for n in network.directory.by_address.values()
        ]
        messages: list[dict[str, Any]] = []
        if handset:
            handset = _handset(handset, "handset")
            messages = [entry(m) for m in islice(network.store.handset_messages(handset), PHONE_MESSAGES_MAX)]
        recent = network.store.recent_handsets(RECENT_MAX)
        data = {"handset": handset, "numbers": numbers, "recent": recent, "messages": messages[::-1]}
        return json_reply(200, data)

    async def _read(self, request: Request) -> Reply:
        """The person has a WhatsApp or RCS thread open: {"handset", "to", "channel"}; answers how many became read."""
        data = _json(request)
        if not isinstance(data, dict):
            raise _Bad(400, "an object with handset, to, channel is needed")
        number = self._number(data)
        handset = _handset(data.get("handset"), "handset")
        return json_reply(200, {"read": self._network.read_thread(number.channel, handset, number.address)})


def _json(request: Request) -> Any:
    try:
        return request.json()
    except orjson.JSONDecodeError as error:
        raise _Bad(400, "the body is not JSON") from error


def _handset(value: Any, where: str) -> str:
    text = value if isinstance(value, str) else ""
    if text[:1].isdigit():
        text = "+" + text
    if not E164(text):
        raise _Bad(400, f"{where}: a number like +15550001 is needed")
    return text


def _result(sid: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "sid": sid,
        "status": outcome.status,
        "ok": outcome.ok,
        "final": outcome.final,
        "tries": outcome.tries,
        "error": outcome.error,
    }


def _loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _error(status: int, words: str) -> Reply:
    return json_reply(status, {"error": words})
