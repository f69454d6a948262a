"""Voice by the Twilio Calls API. Source: channel reference section 6."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

import orjson

from hub.channels.base import (
    Account,
    Channel,
    ChannelKind,
    InboundEvent,
    OutboundMessage,
    ProviderRequest,
    WebhookRequest,
    identifier,
)
from hub.channels.content import Content, Text
from hub.channels.twilio import TwilioApi
from hub.channels.voice_news import SPOKEN_CHARS_MAX, CallNews, Spoken
from hub.errors import Invalid, Malformed
from hub.voice.interpreter import Answered, Dialled, Event, Gathered, Recorded
from hub.voice.script import SAY_CHARS_MAX, Call, spoken
from hub.voice.state import ENDED, CallStatus

SPEECH_CHARS_MAX = 1_000
DIGITS_MAX = 64
KEYS = frozenset("0123456789*#ABCD")
SECONDS_MAX = 24 * 3600
DIAL_STATUSES = frozenset({"completed", "answered", "busy", "no-answer", "failed", "canceled"})
STATUSES: Mapping[str, CallStatus] = {status.value: status for status in CallStatus}
ANSWERED_BY: Mapping[str, str] = {
    "human": "human",
    "machine_start": "machine",
    "machine_end_beep": "machine",
    "machine_end_silence": "machine",
    "machine_end_other": "machine",
    "fax": "fax",
    "unknown": "",
}
# A call that ended badly says so by its status; the reason in words, for screens.
REASONS: Mapping[CallStatus, str] = {
    CallStatus.BUSY: "the line is busy",
    CallStatus.NO_ANSWER: "nobody answered",
    CallStatus.FAILED: "the call could not be connected",
    CallStatus.CANCELED: "the call was canceled",
}


class TwilioVoice(TwilioApi):
    """Stateless; one instance serves all accounts."""

    kind: ClassVar[ChannelKind] = ChannelKind.VOICE
    resource: ClassVar[str] = "Calls"
    text_chars_max: ClassVar[int] = SAY_CHARS_MAX
    answers_commands: ClassVar[bool] = False
    safe_to_repeat: ClassVar[bool] = False

    def check(self, content: Content) -> None:
        if isinstance(content, Call) or (isinstance(content, Text) and not content.suggestions):
            return
        raise Invalid(f"a call carries a script or a plain text, not {content.type}", "/content/type")

    def callback(self, account: str, reference: str) -> str:
        return f"/webhooks/twilio/{account}/voice-status?ref={reference}"

    def request(self, account: Account, channel: Channel, message: OutboundMessage) -> ProviderRequest:
        script = message.content if isinstance(message.content, Call) else spoken(message.text)
        base, _, reference = message.callback_url.partition("/voice-status?ref=")
        fields = [
            ("To", message.to),
            ("From", channel.provider_address),
            ("Url", f"{base}/voice/{reference}?turn=0"),
            ("Method", "POST"),
            ("StatusCallback", message.callback_url),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in ("initiated", "ringing", "answered", "completed")),
            ("Timeout", str(script.ring_timeout_s)),
            ("TimeLimit", str(script.time_limit_s)),
        ]
        if script.machine is not None:
            fields.append(("MachineDetection", "DetectMessageEnd" if script.machine else "Enable"))
        if script.record:
            recording = f"{base}/voice-recording?ref={reference}"
            fields += [("Record", "true"), ("RecordingStatusCallback", recording)]
        return ProviderRequest(self.url(account), self.request_headers(account), urlencode(fields).encode())

    def hang_up(self, account: Account, sid: str, began: bool) -> ProviderRequest:
        """The request that ends a call: one that is being answered or talks is completed, another canceled."""
        status = "completed" if began else "canceled"
        return ProviderRequest(
            self.url(account, sid), self.request_headers(account), urlencode({"Status": status}).encode()
        )

    def ring(
        self, account: Account, channel: Channel, to: str, document_url: str, news_url: str, ring_s: int
    ) -> ProviderRequest:
        """The request that calls one more phone, a number or a SIP address, which hears the document at `document_url`."""
        fields = [
            ("To", to),
            ("From", channel.provider_address),
            ("Url", document_url),
            ("Method", "POST"),
            ("StatusCallback", news_url),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in ("ringing", "answered", "completed")),
            ("Timeout", str(ring_s)),
        ]
        return ProviderRequest(self.url(account), self.request_headers(account), urlencode(fields).encode())

    def lead(self, account: Account, sid: str, document_url: str) -> ProviderRequest:
        """The request that lets a call that is under way hear another document at once."""
        fields = {"Url": document_url, "Method": "POST"}
        return ProviderRequest(
            self.url(account, sid), self.request_headers(account), urlencode(fields).encode()
        )

    def search_url(self, account: Account, channel: Channel, to: str) -> str:
        """The URL that lists the calls from this channel to `to`, newest first: reconciles unknown outcomes."""
        query = urlencode({"To": to, "From": channel.provider_address, "PageSize": "50"})
        return f"{self.url(account)}?{query}"

    def found(self, body: bytes, text: str) -> list[tuple[str, str]]:
        """(provider id, RFC 2822 date) of the listed calls. Calls have no text to tell them by."""
        return [(call["sid"], call["date_created"]) for call in orjson.loads(body).get("calls", [])]

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        """Calls bring their own kind of news: see `news_of` and `event_of`."""
        raise Malformed("this address takes no messages")


def news_of(account: Account, request: WebhookRequest) -> CallNews:
    """What a status, recording or detection callback says. Raises Malformed.

    A recording's address counts only on the provider's own host: it is fetched with the account's credentials.
    """
    fields = dict(request.form)
    sid = identifier(fields.get("CallSid", ""))
    status = STATUSES.get(fields.get("CallStatus", ""))
    url = fields.get("RecordingUrl", "")
    ended = status in ENDED
    return CallNews(
        sid,
        status,
        _number(fields.get("SequenceNumber")),
        ANSWERED_BY.get(fields.get("AnsweredBy", ""), ""),
        _number(fields.get("CallDuration")) if ended else None,
        url if url and own_recording(account, url) else "",
        _number(fields.get("RecordingDuration")),
        fields.get("ErrorCode") or fields.get("SipResponseCode") or None if ended else None,
        REASONS.get(status) if status else None,
        _moment(fields.get("Timestamp", "")),
    )


def spoken_of(request: WebhookRequest) -> Spoken | None:
    """What a callback of a live transcription says was said; None: it says something else. Raises Malformed.

    On the inbound track of the contact's line is the contact, on the outbound one what they hear.
    """
    fields = dict(request.form)
    identifier(fields.get("CallSid", ""))
    if fields.get("TranscriptionEvent") != "transcription-content" or fields.get("Final", "true") != "true":
        return None
    try:
        said = orjson.loads(fields.get("TranscriptionData", ""))
        text = " ".join(str(said["transcript"]).replace("\0", "").split())[:SPOKEN_CHARS_MAX]
    except (ValueError, TypeError, KeyError):
        raise Malformed("the transcription holds no words") from None
    sequence = _number(fields.get("SequenceId"))
    if not text or sequence is None:
        return None
    key = f"{identifier(fields.get('TranscriptionSid', ''))}:{sequence}"
    confidence = said.get("confidence")
    sure = float(confidence) if type(confidence) in (int, float) and 0 <= confidence <= 1 else None
    at = _instant(fields.get("Timestamp", ""))
    return Spoken(key, sequence, fields.get("Track") != "outbound_track", text, sure, at)


def event_of(request: WebhookRequest) -> Event:
    """What happened in the call, of a request for its next document. Raises Malformed."""
    fields = dict(request.form)
    identifier(fields.get("CallSid", ""))
    if ("Digits" in fields and "RecordingUrl" not in fields) or "SpeechResult" in fields:
        digits = "".join(key for key in fields.get("Digits", "") if key in KEYS)[:DIGITS_MAX]
        speech = fields.get("SpeechResult", "")[:SPEECH_CHARS_MAX]
        return Gathered(digits, speech, _confidence(fields.get("Confidence", "")))
    if "RecordingUrl" in fields or "RecordingDuration" in fields:
        return Recorded(_number(fields.get("RecordingDuration")) or 0)
    if "DialCallStatus" in fields:
        status = fields["DialCallStatus"]
        return Dialled(status if status in DIAL_STATUSES else "failed")
    if fields.get("msg") == "Gather End" or "turn=0" not in request.url:
        return Gathered()
    return Answered(ANSWERED_BY.get(fields.get("AnsweredBy", ""), ""))


def own_recording(account: Account, url: str) -> bool:
    """Whether a recording lies at the provider itself: the scheme, host and port of the account's API."""
    try:
        there, ours = urlsplit(url), urlsplit(account.base_url)
        return (there.scheme, there.hostname, there.port) == (ours.scheme, ours.hostname, ours.port)
    except ValueError:
        return False


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) <= SECONDS_MAX else None


def _confidence(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return 1.0
    return found if 0 <= found <= 1 else 0.0


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
