"""The control API of calls: the log, calls from handsets, and what a person does with a ringing or open call."""

from __future__ import annotations

from itertools import islice
from typing import Any

from carrier.accounts import E164
from carrier.call import ENDED, KEYS, Call
from carrier.network import Network
from carrier.wire import Reply, Request, first, json_reply, parse_form

LIST_MAX = 1_000
DOINGS = ("answer", "decline", "hang_up", "keys", "say")


class CallControl:
    """GET and POST /carrier/calls, POST /carrier/call. Errors are {"error": words}."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def handle(self, request: Request) -> Reply:
        """Answer one request; the caller has checked who asks."""
        match request.method, request.path:
            case "GET", "/carrier/calls":
                return self._list(request)
            case "POST", "/carrier/calls":
                return self._dial(request)
            case "POST", "/carrier/call":
                return self._do(request)
        return _error(405, "method not allowed")

    def _list(self, request: Request) -> Reply:
        """Newest first; ?sid=, ?handset=, ?number= and ?status= narrow it."""
        query = parse_form(request.query)
        wanted = {name: first(query, name) for name in ("sid", "handset", "number", "status")}
        entries = (call.entry() for call in reversed(self._network.voice.calls.values()))
        found = (entry for entry in entries if all(not v or entry[name] == v for name, v in wanted.items()))
        return json_reply(200, {"calls": list(islice(found, LIST_MAX))})

    def _dial(self, request: Request) -> Reply:
        """A person calls: {"from", "to"}."""
        data = _object(request)
        handset, address = str(data.get("from", "")), str(data.get("to", ""))
        if not E164(handset):
            return _error(400, "from: a number like +15550001 is needed")
        numbers = self._network.directory.by_address
        number = numbers.get(("sms", address))
        if number is None or not number.voice_url:
            return _error(404, "nobody takes calls at this number")
        base = f"http://{(request.header(b'host') or b'localhost').decode('latin-1')}"
        return json_reply(200, self._network.voice.dial_in(number, handset, base).entry())

    def _do(self, request: Request) -> Reply:
        """{"sid", "do": answer | decline | hang_up | keys | say, "keys"?, "text"?}."""
        data = _object(request)
        call = self._network.voice.calls.get(str(data.get("sid", "")))
        if call is None:
            return _error(404, "there is no such call")
        if call.status in ENDED:
            return _error(409, "the call is over")
        doing = data.get("do")
        if doing not in DOINGS:
            return _error(400, f"do: one of {', '.join(DOINGS)}")
        return self._done(call, str(doing), data)

    def _done(self, call: Call, doing: str, data: dict[str, Any]) -> Reply:
        match doing:
            case "answer":
                call.picked_up.set()
            case "decline":
                call.declined = True
                call.hang_up()
            case "hang_up":
                call.note("hung up")
                call.hang_up()
            case "keys":
                keys = str(data.get("keys", ""))
                if not keys or len(keys) > 64 or set(keys) - KEYS:
                    return _error(400, "keys: 0 to 9, * and #")
                for key in keys:
                    call.keys.put_nowait(key)
            case "say":
                text = str(data.get("text", "")).strip()
                if not text or len(text) > 500:
                    return _error(400, "text: up to 500 characters are needed")
                call.words.put_nowait(text)
        return json_reply(200, call.entry())


def _object(request: Request) -> dict[str, Any]:
    try:
        data = request.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _error(status: int, words: str) -> Reply:
    return json_reply(status, {"error": words})
