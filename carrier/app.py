"""The carrier as one ASGI application: providers' APIs, control API and phone page on one port."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from starlette.types import Receive, Scope, Send

from carrier.config import Config
from carrier.control import ControlApi
from carrier.errors import meta_error, twilio_error
from carrier.network import Network
from carrier.rcs import TOKEN_PATH, RcsApi, google_error
from carrier.twilio import TwilioApi
from carrier.voice_control import CallControl
from carrier.whatsapp import WhatsAppApi
from carrier.wire import (
    BodyTooLarge,
    ClientGone,
    Fate,
    Reply,
    Request,
    first,
    json_reply,
    parse_form,
    read_request,
)

log = logging.getLogger("carrier")
PING_S = 15.0
_PAGE = Path(__file__).parent / "phone"
_FILES = {
    "/": ("index.html", b"text/html; charset=utf-8"),
    "/phone.css": ("phone.css", b"text/css; charset=utf-8"),
    "/phone.js": ("phone.js", b"text/javascript; charset=utf-8"),
    "/voice.js": ("voice.js", b"text/javascript; charset=utf-8"),
    "/voice.css": ("voice.css", b"text/css; charset=utf-8"),
    "/rich.js": ("rich.js", b"text/javascript; charset=utf-8"),
    "/rich.css": ("rich.css", b"text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", b"image/svg+xml"),
}
_PAGE_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
]


class Carrier:
    """An ASGI app. Its state begins with the lifespan (or the first request) and ends with it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._network: Network | None = None
        self._twilio: TwilioApi
        self._whatsapp: WhatsAppApi
        self._rcs: RcsApi
        self._control: ControlApi
        self._call_control: CallControl

    @property
    def network(self) -> Network:
        """The state behind the APIs; made on first use, inside the running event loop."""
        return self._network or self.start()

    def start(self) -> Network:
        """Make the state. Raises ValueError when the configured accounts or behaviours cannot be used."""
        self._network = Network(self.config)
        self._twilio = TwilioApi(self._network)
        self._whatsapp = WhatsAppApi(self._network)
        self._rcs = RcsApi(self._network)
        self._control = ControlApi(self._network, self._whatsapp.templates)
        self._call_control = CallControl(self._network)
        return self._network

    def close_streams(self) -> None:
        """End open pages and unanswered requests: call it when the server is asked to stop."""
        if self._network is not None:
            self._network.close_streams()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        network = self.network
        try:
            request = await read_request(scope, receive, self._bytes_max(scope["path"]))
        except ClientGone:
            return
        except BodyTooLarge:
            await _answer(send, _too_large(scope["path"]))
            return
        if request.path == "/carrier/stream" and request.method == "GET":
            await self._stream(request, receive, send)
            return
        reply = await self._reply(request)
        if reply.delay_s:
            await _wait(network, receive, reply.delay_s)
        if reply.fate is not Fate.ANSWER:
            if reply.fate is Fate.HANG:
                await _wait(network, receive, self.config.hang_s)
            await _cut(receive, send)
            return
        await _answer(send, reply)

    def _bytes_max(self, path: str) -> int:
        files = path.endswith("/media") or path.startswith("/upload/")
        return self.config.upload_bytes_max if files else self.config.body_bytes_max

    async def _reply(self, request: Request) -> Reply:
        path = request.path
        try:
            if path.startswith("/2010-04-01/"):
                return self._twilio.handle(request)
            if path.startswith(("/v1/", "/upload/v1/")) or path == TOKEN_PATH:
                return self._rcs.handle(request)
            if path.startswith("/whatsapp-media/"):
                return self._whatsapp.download(request)
            if path.startswith("/v") and path[2:3].isdigit():
                return self._whatsapp.handle(request)
            if path.startswith("/carrier/call"):
                return self._control.guard(request) or await self._call_control.handle(request)
            if path.startswith("/carrier/"):
                return await self._control.handle(request)
            return _file(request)
        except Exception:
            log.exception("a request failed: %s", path.split("/")[1])
            if path.startswith(("/v1/", "/upload/v1/")):
                return google_error(500, "internal error")
            return twilio_error(20500) if path.startswith("/2010-04-01/") else meta_error(131000)

    async def _stream(self, request: Request, receive: Receive, send: Send) -> None:
        """Server-sent events of one handset: message, typing, numbers, reset."""
        refusal = self._control.guard(request)
        handset = first(parse_form(request.query), "handset")
        if refusal is None and not handset.startswith("+"):
            refusal = json_reply(400, {"error": "handset: a number like +15550001 is needed"})
        if refusal is not None:
            await _answer(send, refusal)
            return
        live = self.network.live
        watcher = live.open(handset)

        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            watcher.put(None)

        gone = asyncio.create_task(until_gone())
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
            while not self.network.closing.is_set():
                try:
                    async with asyncio.timeout(PING_S):
                        block = await watcher.queue.get()
                except TimeoutError:
                    block = b": ping\n\n"
                if block is None:
                    break
                await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            live.leave(handset, watcher)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start().smsc.open(self.config.smpp_host, self.config.smpp_port)
        except (ValueError, OSError) as error:
            await send({"type": "lifespan.startup.failed", "message": f"carrier: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.network.close()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(config: Config | None = None) -> Carrier:
    """The carrier as an ASGI application. Call its `close_streams()` before the server waits for connections."""
    return Carrier(config or Config())


async def _answer(send: Send, reply: Reply) -> None:
    body = reply.body
    headers = [(b"content-length", b"%d" % len(body)), *reply.headers]
    if body:
        headers.append((b"content-type", reply.content_type))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _wait(network: Network, receive: Receive, delay_s: float) -> None:
    """Wait, but not past the client's leaving or the carrier's stop."""
    waits = [asyncio.ensure_future(receive()), asyncio.ensure_future(network.closing.wait())]
    await asyncio.wait(waits, timeout=delay_s, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _cut(receive: Receive, send: Send) -> None:
    """Close the connection without an answer.

    ASGI has no word for that: uvicorn's `send` is a method of the object that holds the transport. On another
    server the answer is an empty 502, which a client must take for an unknown outcome as well.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        await _answer(send, Reply(502))
        return
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def _file(request: Request) -> Reply:
    if request.method not in ("GET", "HEAD"):
        return json_reply(405, {"error": "method not allowed"})
    known = _FILES.get(request.path)
    if known is None:
        return json_reply(404, {"error": "no such path"})
    name, content_type = known
    return Reply(200, (_PAGE / name).read_bytes(), content_type, _PAGE_HEADERS)


def _too_large(path: str) -> Reply:
    reply = json_reply(413, {"error": "the body is too large"})
    if path.startswith("/2010-04-01/"):
        reply = twilio_error(21617)
    elif path.startswith(("/v1/", "/upload/v1/")):
        reply = google_error(400, "the payload is too large")
    elif path.startswith("/v"):
        reply = meta_error(100, "the body is too large", status=413)
    reply.headers.append((b"connection", b"close"))
    return reply
