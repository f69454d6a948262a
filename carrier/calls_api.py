"""The Calls API of Twilio, server side: create, fetch, list, change; and recordings."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import islice
from typing import Any

from carrier.accounts import E164, Account, Number
from carrier.behaviours import Behaviour
from carrier.call import ENDED, Call
from carrier.errors import twilio_error
from carrier.ids import new_sid
from carrier.network import Network
from carrier.pool import parse_url
from carrier.twiml import TwimlError, parse
from carrier.wire import Fate, Reply, Request, first, json_reply, parse_form

TWIML_CHARS_MAX = 4_000
PAGE_SIZE_MAX = 1_000
SIP_ADDRESS = re.compile(r"sips?:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+(:\d{1,5})?")
EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
RATE = 8_000  # samples a second of a recording


class CallsApi:
    """Every answer is complete at once: calls go on by themselves."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def handle(self, account: Account, sid: str, request: Request) -> Reply:
        """`sid` empty: the list."""
        if not sid:
            match request.method:
                case "POST":
                    return self._create(account, request)
                case "GET":
                    return self._list(account, request)
            return twilio_error(20004)
        call = self._network.voice.calls.get(sid)
        if call is None or call.account.id != account.id:
            return twilio_error(20404, request.path)
        if request.method == "GET":
            return json_reply(200, resource(call))
        return (
            self._change(call, parse_form(request.body)) if request.method == "POST" else twilio_error(20004)
        )

    def recording(self, account: Account, sid: str) -> Reply:
        """A recording as WAV: a tone as long as it says."""
        for call in self._network.voice.calls.values():
            for name, seconds in call.recordings:
                if name == sid and call.account.id == account.id:
                    return Reply(200, tone(seconds), b"audio/wav")
        return twilio_error(20404, f"/Recordings/{sid}")

    def _create(self, account: Account, request: Request) -> Reply:
        form = parse_form(request.body)
        to, sender = first(form, "To").strip(), first(form, "From").strip()
        number = account.numbers.get(sender)
        refusal = _refusal(form, to, sender, number)
        if refusal is not None or number is None:
            return self._refuse(refusal or twilio_error(21210, sender))
        behaviour = self._network.behaviours.find(to, "voice", number.address)
        answer = self._network.special_answer(behaviour, "voice", to)
        if answer in ("refuse", "throttle", "error"):
            return self._refuse(_special(answer, behaviour, to))
        call = _call(account, number, form, behaviour, _base(request))
        self._network.voice.start(call)
        reply = json_reply(201, resource(call))
        if answer == "late":
            reply.delay_s = behaviour.answer_delay_s
        elif answer in ("hang", "drop"):
            reply.fate = Fate(answer)
        return reply

    def _refuse(self, reply: Reply) -> Reply:
        self._network.store.refusals["call"] += 1
        return reply

    def _change(self, call: Call, form: dict[str, list[str]]) -> Reply:
        """End a call, or lead it to another document."""
        if call.status in ENDED:
            return twilio_error(21220, call.sid)
        status, url, twiml = first(form, "Status"), first(form, "Url"), first(form, "Twiml")
        if status not in ("", "canceled", "completed"):
            return twilio_error(20001, "Status")
        if status:
            call.canceled = call.status in ("queued", "ringing")
            call.note(f"{status} by the tenant")
            call.hang_up()
        elif url or twiml:
            call.redirected = url or f"twiml:{twiml}"
        return json_reply(200, resource(call))

    def _list(self, account: Account, request: Request) -> Reply:
        query = parse_form(request.query)
        try:
            size = min(max(int(first(query, "PageSize") or 50), 1), PAGE_SIZE_MAX)
            page = max(int(first(query, "Page") or 0), 0)
        except ValueError:
            return twilio_error(20001, "Page or PageSize")
        found = list(islice(self._matching(account, query), page * size, (page + 1) * size + 1))
        more, found = len(found) > size, found[:size]
        base = f"/2010-04-01/Accounts/{account.id}/Calls.json"
        following = f"{base}?PageSize={size}&Page={page + 1}" if more else None
        return json_reply(
            200,
            {
                "calls": [resource(call) for call in found],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(found) - 1, 0),
                "uri": base,
                "first_page_uri": f"{base}?PageSize={size}&Page=0",
                "next_page_uri": following,
                "previous_page_uri": None,
            },
        )

    def _matching(self, account: Account, query: dict[str, list[str]]) -> Iterator[Call]:
        wanted = {name: first(query, name).strip() for name in ("To", "From", "Status")}
        for call in reversed(self._network.voice.calls.values()):
            shown = resource(call)
            values = {"To": shown["to"], "From": shown["from"], "Status": shown["status"]}
            if call.account.id == account.id and all(
                not value or values[name] == value for name, value in wanted.items()
            ):
                yield call


def _call(
    account: Account, number: Number, form: dict[str, list[str]], behaviour: Behaviour, base: str
) -> Call:
    asked = {word for value in form.get("StatusCallbackEvent", []) for word in value.split()}
    return Call(
        new_sid("CA"),
        account,
        number,
        first(form, "To").strip(),
        "outbound-api",
        behaviour.call,
        base,
        url=first(form, "Url"),
        twiml="" if first(form, "Url") else first(form, "Twiml"),
        fallback_url=first(form, "FallbackUrl"),
        status_url=first(form, "StatusCallback"),
        events=frozenset(asked & EVENTS) or frozenset({"completed"}),
        ring_s=float(_number(form, "Timeout", 60)),
        time_limit_s=_number(form, "TimeLimit", 14_400),
        machine_detection=first(form, "MachineDetection"),
        amd_url=first(form, "AsyncAmdStatusCallback") if first(form, "AsyncAmd") == "true" else "",
        record=first(form, "Record") == "true",
        recording_url=first(form, "RecordingStatusCallback"),
    )


def _refusal(form: dict[str, list[str]], to: str, sender: str, number: Number | None) -> Reply | None:
    if not to:
        return twilio_error(21201)
    if not E164(to) and not SIP_ADDRESS.fullmatch(to):
        return twilio_error(21211, to[:64])
    if number is None:
        return twilio_error(21210, sender[:64])
    url, twiml = first(form, "Url"), first(form, "Twiml")
    if not url and not twiml:
        return twilio_error(21205, "Url")
    for name in ("Url", "FallbackUrl", "StatusCallback", "RecordingStatusCallback", "AsyncAmdStatusCallback"):
        if first(form, name) and not _usable(first(form, name)):
            return twilio_error(21205, first(form, name)[:256])
    if twiml and not url:
        try:
            parse(twiml.encode())
        except TwimlError:
            return twilio_error(21205, "Twiml")
        if len(twiml) > TWIML_CHARS_MAX:
            return twilio_error(21205, "Twiml")
    if first(form, "MachineDetection") not in ("", "Enable", "DetectMessageEnd"):
        return twilio_error(20001, "MachineDetection")
    for name, most in (("Timeout", 600), ("TimeLimit", 86_400)):
        value = first(form, name)
        if value and not (value.isascii() and value.isdigit() and 0 < int(value) <= most):
            return twilio_error(20001, name)
    return None


def _special(answer: str, behaviour: Behaviour, to: str) -> Reply:
    code, status = {"throttle": (20429, 429), "error": (20500, 500)}.get(answer, (21216, 400))
    reply = twilio_error(behaviour.code or code, to, behaviour.http_status or status)
    if behaviour.retry_after_s is not None:
        reply.headers.append((b"retry-after", str(behaviour.retry_after_s).encode()))
    return reply


def _usable(url: str) -> bool:
    try:
        parse_url(url)
    except ValueError:
        return False
    return True


def _number(form: dict[str, list[str]], name: str, default: int) -> int:
    return int(first(form, name) or default)


def _base(request: Request) -> str:
    """This carrier's own address, as its caller knows it."""
    return f"http://{(request.header(b'host') or b'localhost').decode('latin-1')}"


def resource(call: Call) -> dict[str, Any]:
    """A call in the words of the API: the duration is a string, dates are RFC 2822."""
    inbound = call.direction == "inbound"
    uri = f"/2010-04-01/Accounts/{call.account.id}/Calls/{call.sid}"
    duration = str(call.duration_s) if call.ended_at is not None else None
    answered_by = {"machine": "machine_start"}.get(call.answered_by, call.answered_by)
    return {
        "account_sid": call.account.id,
        "answered_by": answered_by if call.machine_detection and answered_by else None,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": _date(call.created_at),
        "date_updated": _date(call.ended_at or call.answered_at or call.created_at),
        "direction": call.direction,
        "duration": duration,
        "end_time": _date(call.ended_at),
        "forwarded_from": None,
        "from": call.handset if inbound else call.number.address,
        "from_formatted": call.handset if inbound else call.number.address,
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": _date(call.answered_at),
        "status": call.status,
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        "to": call.number.address if inbound else call.handset,
        "to_formatted": call.number.address if inbound else call.handset,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def _date(at: float | None) -> str | None:
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))


def tone(seconds: int) -> bytes:
    """A quiet 440 Hz tone as WAV, 8 kHz, 16 bit; at most ten seconds of it are made."""
    one = b"".join(
        struct.pack("<h", int(3_000 * math.sin(2 * math.pi * 440 * n / RATE))) for n in range(RATE)
    )
    data = one * min(max(seconds, 1), 10)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16, b"data", len(data))  # fmt: skip
    return head + data
