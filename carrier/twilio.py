"""The Messages API of Twilio, server side: send, fetch, list."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from carrier.accounts import E164, Account, Number
from carrier.behaviours import Behaviour
from carrier.calls_api import CallsApi
from carrier.errors import twilio_error
from carrier.ids import new_sid
from carrier.network import Network
from carrier.pool import parse_url
from carrier.store import OUTBOUND, Message
from carrier.wire import Fate, Reply, Request, first, json_reply, parse_form

PREFIX = "/2010-04-01/Accounts/"
BODY_CHARS_MAX = 1600
MEDIA_MAX = 10
PAGE_SIZE_MAX = 1000
_route = re.compile(
    r"/2010-04-01/Accounts/([^/]+?)(?:\.json|/Messages\.json|/Messages/([^/]+)\.json"
    r"|/Calls\.json|/Calls/([^/]+)\.json|/Recordings/([^/.]+)(?:\.wav)?)"
).fullmatch
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class TwilioApi:
    """Answers requests under /2010-04-01/. Every answer is complete at once: nothing here waits."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._calls = CallsApi(network)
        self._known: dict[tuple[str, bytes | None], Account] = {}
        self._known_version = -1
        self._buckets: dict[str, tuple[float, float]] = {}

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        match = _route(request.path)
        if match is None:
            return twilio_error(20404, request.path)
        account = self._authenticate(match[1], request.header(b"authorization"))
        if account is None:
            reply = twilio_error(20003)
            reply.headers.append((b"www-authenticate", b'Basic realm="Twilio API"'))
            return reply
        if match[4] is not None:
            return self._calls.recording(account, match[4])
        if match[3] is not None or request.path.endswith("/Calls.json"):
            return self._calls.handle(account, match[3] or "", request)
        if match[2] is not None:
            return self._one(account, match[2], request)
        if not request.path.endswith("/Messages.json"):
            return json_reply(200, {"sid": account.id, "status": "active", "friendly_name": account.id})
        match request.method:
            case "POST":
                return self._create(account, parse_form(request.body))
            case "GET":
                return self._list(account, request)
        return twilio_error(20004)

    def _authenticate(self, sid: str, header: bytes | None) -> Account | None:
        directory = self._network.directory
        if self._known_version != directory.version or len(self._known) > 10_000:
            self._known.clear()
            self._known_version = directory.version
        account = self._known.get((sid, header))
        if account is not None:
            return account
        account = directory.accounts.get(("twilio", sid))
        if account is None or header is None or header[:6].lower() != b"basic ":
            return None
        try:
            given = base64.b64decode(header[6:], validate=True)
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(given, f"{account.id}:{account.secret}".encode()):
            return None
        self._known[sid, header] = account
        return account

    # -- send

    def _create(self, account: Account, form: dict[str, list[str]]) -> Reply:
        network = self._network
        to = first(form, "To").strip()
        refusal = self._refusal(account, form, to)
        number: Number | None = None
        if refusal is None:
            number, refusal = self._sender(account, first(form, "From").strip(), form, to)
        if refusal is None and number is not None and ("sms", to, number.address) in network.opted_out:
            refusal = twilio_error(21610)
        if refusal is not None or number is None:
            return self._refuse(refusal or twilio_error(21603))
        behaviour = network.behaviours.find(to, "sms", number.address)
        answer = network.special_answer(behaviour, "sms", to)
        if answer in ("refuse", "throttle", "error"):
            return self._refuse(_special(answer, behaviour, to))
        media = form.get("MediaUrl", [])
        service = first(form, "MessagingServiceSid")
        message = network.new_outbound(
            account,
            number,
            to,
            first(form, "Body"),
            "accepted" if service else "queued",
            new_sid("MM") if media else "",
        )
        message.service_sid = service or None
        message.media = tuple(media)
        message.status_url = first(form, "StatusCallback") or number.status_url
        message.key = message.status_url
        network.accept(message, behaviour)
        reply = json_reply(201, resource(message))
        if answer == "late":
            reply.delay_s = behaviour.answer_delay_s
        elif answer in ("hang", "drop"):
            reply.fate = Fate(answer)
        return reply

    def _refuse(self, reply: Reply) -> Reply:
        self._network.store.refusals[_code_of(reply)] += 1
        return reply

    def _refusal(self, account: Account, form: dict[str, list[str]], to: str) -> Reply | None:
        """What is wrong with the request before its sender is looked at."""
        if account.rate_per_s and not self._within_rate(account):
            reply = twilio_error(20429)
            reply.headers.append((b"retry-after", b"1"))
            return reply
        body = first(form, "Body")
        if not to:
            return twilio_error(21604)
        if not first(form, "From") and not first(form, "MessagingServiceSid"):
            return twilio_error(21603)
        if first(form, "ContentSid"):
            return twilio_error(21655)
        if not body and not form.get("MediaUrl"):
            return twilio_error(21602)
        if len(body) > BODY_CHARS_MAX:
            return twilio_error(21617)
        if len(form.get("MediaUrl", [])) > MEDIA_MAX:
            return twilio_error(21623)
        if not E164(to):
            channel = to.partition(":")[0] if ":" in to else ""
            return (
                twilio_error(63007, to[:64])
                if channel in ("whatsapp", "rcs")
                else twilio_error(21211, to[:64])
            )
        if first(form, "ScheduleType"):
            return twilio_error(20001, "ScheduleType")
        callback = first(form, "StatusCallback")
        if callback:
            try:
                parse_url(callback)
            except ValueError:
                return twilio_error(21609, callback[:256])
        return None

    def _sender(
        self, account: Account, sender: str, form: dict[str, list[str]], to: str
    ) -> tuple[Number | None, Reply | None]:
        if sender:
            number = account.numbers.get(sender)
            return number, None if number else twilio_error(21606, sender[:64])
        service = first(form, "MessagingServiceSid")
        pool = account.services.get(service)
        if pool is None:
            return None, twilio_error(21701, service[:64])
        members = [account.numbers[address] for address in pool if address in account.numbers]
        if not members:
            return None, twilio_error(21703, service[:64])
        # The same person always hears from the same number of the pool.
        digest = blake2b(to.encode(), digest_size=4).digest()
        return members[int.from_bytes(digest, "big") % len(members)], None

    def _within_rate(self, account: Account) -> bool:
        now = time.monotonic()
        tokens, at = self._buckets.get(account.id, (account.rate_per_s, now))
        tokens = min(max(account.rate_per_s, 1.0), tokens + (now - at) * account.rate_per_s)
        allowed = tokens >= 1.0
        self._buckets[account.id] = (tokens - 1.0 if allowed else tokens, now)
        return allowed

    # -- read

    def _one(self, account: Account, sid: str, request: Request) -> Reply:
        message = self._network.store.messages.get(sid)
        if message is None or message.account.id != account.id or message.channel != "sms":
            return twilio_error(20404, request.path)
        if request.method != "GET":
            return twilio_error(20004)
        return json_reply(200, resource(message))

    def _list(self, account: Account, request: Request) -> Reply:
        query = parse_form(request.query)
        to, sender = first(query, "To").strip(), first(query, "From").strip()
        try:
            size = min(max(int(first(query, "PageSize") or 50), 1), PAGE_SIZE_MAX)
            page = max(int(first(query, "Page") or 0), 0)
            before = int(first(query, "PageToken").removeprefix("PA") or 0)
            since, until = _date_range(query)
        except (ValueError, OverflowError):
            return twilio_error(20001, "Page, PageSize, PageToken or DateSent")
        found = list(islice(self._matching(account, to, sender, before, since, until), size + 1))
        more, found = len(found) > size, found[:size]
        base = f"{PREFIX}{account.id}/Messages.json"
        filters: list[tuple[str, Any]] = [
            (key, value)
            for key, values in query.items()
            if key not in ("Page", "PageToken", "PageSize")
            for value in values
        ]
        filters.append(("PageSize", size))
        following = (
            urlencode([*filters, ("Page", page + 1), ("PageToken", f"PA{found[-1].seq}")]) if more else ""
        )
        return json_reply(
            200,
            {
                "messages": [resource(message) for message in found],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(found) - 1, 0),
                "uri": base + (f"?{request.query.decode('ascii', 'replace')}" if request.query else ""),
                "first_page_uri": f"{base}?{urlencode([*filters, ('Page', 0)])}",
                "next_page_uri": f"{base}?{following}" if more else None,
                "previous_page_uri": None,
            },
        )

    def _matching(
        self, account: Account, to: str, sender: str, before: int, since: float, until: float
    ) -> Iterator[Message]:
        """Newest first. The index is by handset, so a list with To (or From a handset) reads that thread only."""
        store = self._network.store
        handset = next((a for a in (to, sender) if a and a not in account.numbers), "")
        for message in store.handset_messages(handset) if handset else store.newest():
            if message.account.id != account.id or message.channel != "sms":
                continue
            if before and message.seq >= before:
                continue
            outbound = message.direction == OUTBOUND
            if to and to != (message.handset if outbound else message.number.address):
                continue
            if sender and sender != (message.number.address if outbound else message.handset):
                continue
            # A message not sent yet has no DateSent; it is found by its creation, so a sender can reconcile.
            if since <= (message.sent_at or message.created_at) < until:
                yield message


def _special(answer: str, behaviour: Behaviour, to: str) -> Reply:
    match answer:
        case "throttle":
            reply = twilio_error(behaviour.code or 20429, to, behaviour.http_status or 429)
        case "error":
            reply = twilio_error(behaviour.code or 20500, to, behaviour.http_status or 500)
        case _:
            reply = twilio_error(behaviour.code or 21614, to, behaviour.http_status)
    if behaviour.retry_after_s is not None:
        reply.headers.append((b"retry-after", str(behaviour.retry_after_s).encode()))
    return reply


def _code_of(reply: Reply) -> str:
    return reply.body[8 : reply.body.index(b",")].decode()


def _date_range(query: dict[str, list[str]]) -> tuple[float, float]:
    """DateSent=day, DateSent>=from, DateSent<=to as [since, until). A day alone covers all of it. Raises ValueError."""
    since, until = 0.0, float("inf")
    for name, values in query.items():
        if (
            name not in ("DateSent", "DateSent>", "DateSent<", "DateSentAfter", "DateSentBefore")
            or not values[0]
        ):
            continue
        text = values[0].strip()
        # A "+" left unescaped in the query arrives as a space; one between day and time is a space indeed.
        text = text[:10] + text[10:11].replace(" ", "T") + text[11:].replace(" ", "+")
        moment = datetime.fromisoformat(text)
        day = len(text) <= 10
        start = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        end = start + (timedelta(days=1).total_seconds() if day else 1.0)
        if name in ("DateSent", "DateSent>", "DateSentAfter"):
            since = max(since, start)
        if name in ("DateSent", "DateSent<", "DateSentBefore"):
            until = min(until, end)
    return since, until


def resource(message: Message) -> dict[str, Any]:
    """A message in the words of the API: counts are strings, dates RFC 2822."""
    outbound = message.direction == OUTBOUND
    sid, account = message.sid, message.account.id
    uri = f"{PREFIX}{account}/Messages/{sid}"
    sent_at = message.sent_at if outbound else message.created_at
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(int(message.created_at)),
        "date_sent": rfc2822(int(sent_at)) if sent_at else None,
        "date_updated": rfc2822(int(message.updated_at)),
        "direction": ("outbound-reply" if message.kind == "reply" else "outbound-api")
        if outbound
        else "inbound",
        "error_code": message.error_code if outbound else None,
        "error_message": (message.error_message or None) if outbound else None,
        "from": message.number.address if outbound else message.handset,
        "messaging_service_sid": message.service_sid,
        "num_media": str(len(message.media)),
        "num_segments": str(message.parts),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": message.state if outbound else "received",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.handset if outbound else message.number.address,
        "uri": f"{uri}.json",
    }


@lru_cache(maxsize=4096)
def rfc2822(at: int) -> str:
    """Unix seconds as `Thu, 24 Aug 2023 05:01:45 +0000`, whatever the locale."""
    t = time.gmtime(at)
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02} {_MONTHS[t.tm_mon - 1]} {t.tm_year} "
        f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} +0000"
    )
