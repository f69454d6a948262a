"""Twilio: inbound messages and status callbacks; documents and news of calls."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from api.webhooks.common import Call, Reply, account_of, take
from hub.channels import TWILIO_SMS, TWILIO_VOICE
from hub.channels.base import Account, identifier, own_address
from hub.channels.voice_twilio import event_of, news_of, spoken_of
from hub.channels.voice_twiml import REJECT
from hub.errors import BadSignature, Invalid, Malformed, NotFound
from hub.ids import decode_id
from hub.voice.interpreter import Answered

XML = b"application/xml"
EMPTY = Reply(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', XML)
NEWS = ("voice-status", "voice-recording", "voice-amd")


async def answer(hub: Any, call: Call) -> Reply:
    """POST …/message and …/status: the form itself says which it is; two addresses keep the console readable.

    Calls: …/voice (a call comes in), …/voice/{call} (its next document), …/voice-status, …/voice-recording and
    …/voice-amd (news of it), …/voice-words (what is said in it); …/voice-leg/{call} and …/voice-leg-status/{call}: the same of one line of a call at the desk.
    """
    if call.method != "POST":
        raise NotFound("there is no such webhook")
    if call.tail in ("message", "status"):
        await take(hub, call, TWILIO_SMS)
        return EMPTY
    if call.tail == "voice" or call.tail.startswith("voice/"):
        return await _document(hub, call)
    if call.tail.startswith("voice-leg/"):
        return await _leg_document(hub, call)
    if call.tail.startswith("voice-leg-status/"):
        return await _leg_news(hub, call)
    if call.tail == "voice-words":
        return await _words(hub, call)
    if call.tail in NEWS:
        return await _news(hub, call)
    raise NotFound("there is no such webhook")


async def _verified(hub: Any, call: Call) -> Account:
    account = await account_of(hub, call, TWILIO_VOICE.provider)
    try:
        TWILIO_VOICE.verify(account, call.request)
    except (TypeError, UnicodeError):  # compare_digest takes ASCII only
        raise BadSignature("the signature is not ASCII") from None
    return account


async def _document(hub: Any, call: Call) -> Reply:
    """What the call is to do next, as TwiML."""
    account = await _verified(hub, call)
    fields = dict(call.request.form)
    event = event_of(call.request)
    sid = fields["CallSid"]
    name = call.tail.partition("/")[2]
    if name:
        call_id, turn = _call_id(name), _turn(call.query)
    else:
        number, caller = own_address(fields.get("To", "")), fields.get("From", "")
        arrived = await hub.calls.arrived(account, number, caller, sid)
        if arrived is None:
            return Reply(REJECT.encode(), XML)
        call_id, turn, event = arrived, 0, Answered()
    return Reply((await hub.calls.document(account, call_id, turn, event, sid)).encode(), XML)


async def _news(hub: Any, call: Call) -> Reply:
    """Of an outbound call by our own id; of one that came in by Twilio's. News of no call of ours is answered, too:
    Twilio would only tell it again."""
    account = await _verified(hub, call)
    news = news_of(account, call.request)
    name = parse_qs(call.query).get("ref", [""])[0]
    if name:
        try:
            await hub.calls.report(account, _call_id(name), news)
        except NotFound:
            await hub.keep_strange(account, f"call:{news.provider_call_id}:{news.sequence}", "no such call")
        return EMPTY
    number = own_address(dict(call.request.form).get("To", ""))
    if not await hub.calls.report_arrived(account, number, news):
        await hub.keep_strange(account, f"call:{news.provider_call_id}:{news.sequence}", "no such call")
    return EMPTY


async def _leg_document(hub: Any, call: Call) -> Reply:
    """What a line of a call at the desk is to hear, as TwiML."""
    account = await _verified(hub, call)
    form = dict(call.request.form)
    sid = identifier(form.get("CallSid", ""))
    asked = parse_qs(call.query)
    fields: dict[str, str] = {name: asked[name][0] for name in ("ask", "from") if name in asked}
    fields |= {name: value for name, value in form.items() if name in ("Digits", "DialCallStatus")}
    call_id = _call_id(call.tail.partition("/")[2])
    return Reply(
        (await hub.calls.leg_document(account, call_id, _leg(call.query), sid, fields)).encode(), XML
    )


async def _leg_news(hub: Any, call: Call) -> Reply:
    account = await _verified(hub, call)
    news = news_of(account, call.request)
    try:
        call_id = _call_id(call.tail.partition("/")[2])
        await hub.calls.desk.leg_news(account, call_id, _leg(call.query), news)
    except NotFound:
        await hub.keep_strange(account, f"leg:{news.provider_call_id}:{news.sequence}", "no such call")
    return EMPTY


async def _words(hub: Any, call: Call) -> Reply:
    """What somebody said in a call at the desk."""
    account = await _verified(hub, call)
    spoken = spoken_of(call.request)
    if spoken is not None:
        try:
            call_id = _call_id(parse_qs(call.query).get("ref", [""])[0])
            await hub.calls.desk.said(account, call_id, spoken)
        except NotFound:
            await hub.keep_strange(account, f"words:{spoken.key}", "no such call")
    return EMPTY


def _leg(query: str) -> int:
    return _whole(query, "leg")


def _call_id(name: str) -> UUID:
    """The call of `cal_…`, or of the message it was sent as. Raises NotFound."""
    try:
        return decode_id("msg" if name.startswith("msg_") else "cal", name)
    except Invalid:
        raise NotFound("there is no such call") from None


def _turn(query: str) -> int:
    return _whole(query, "turn")


def _whole(query: str, name: str) -> int:
    text = parse_qs(query).get(name, [""])[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Malformed(f"{name} is missing")
    return int(text)
