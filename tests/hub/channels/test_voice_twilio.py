"""The Twilio voice adapter: requests, documents, and what callbacks say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from xml.etree import ElementTree

import pytest

from hub.channels.base import Account, Channel, ChannelKind, OutboundMessage, WebhookRequest
from hub.channels.content import Location, Text
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.voice_twilio import TwilioVoice, event_of, news_of, own_recording, spoken_of
from hub.channels.voice_twiml import render
from hub.errors import Invalid, Malformed
from hub.voice.interpreter import BEGIN, Answered, Dialled, Event, Gathered, Recorded, advance
from hub.voice.script import Call, spoken
from hub.voice.state import CallStatus

ZERO = UUID(int=0)
ACCOUNT = Account(ZERO, ZERO, "twilio", "AC1", "https://api.example", {"auth_token": "t"})
CHANNEL = Channel(ZERO, ZERO, ZERO, ChannelKind.VOICE, "twilio", "Line", "+15550001", "+15550001")
ADAPTER = TwilioVoice()


def request(form: dict[str, str], url: str = "https://hub.example/voice/x?turn=1") -> WebhookRequest:
    return WebhookRequest(url, [], urlencode(form).encode())


def sent(content: Any) -> dict[str, list[str]]:
    callback = "https://hub.example" + ADAPTER.callback("acc_1", "msg_1")
    message = OutboundMessage("msg_1", "+15559999", "Hi", callback, content)
    made = ADAPTER.request(ACCOUNT, CHANNEL, message)
    assert made.url == "https://api.example/2010-04-01/Accounts/AC1/Calls.json"
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(made.body.decode()):
        fields.setdefault(name, []).append(value)
    return fields


def test_a_call_asks_for_its_document_and_all_its_news() -> None:
    fields = sent(Call.model_validate({"steps": [{"type": "say", "text": "x"}], "ring_timeout_s": 20}))
    assert fields["Url"] == ["https://hub.example/webhooks/twilio/acc_1/voice/msg_1?turn=0"]
    assert fields["StatusCallback"] == ["https://hub.example/webhooks/twilio/acc_1/voice-status?ref=msg_1"]
    assert fields["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    assert (fields["Timeout"], fields["TimeLimit"]) == (["20"], ["600"])
    assert "MachineDetection" not in fields


@pytest.mark.parametrize(
    ("machine", "detection"),
    [([], "Enable"), ([{"type": "say", "text": "x"}], "DetectMessageEnd")],
)
def test_a_machine_is_asked_about_only_where_it_matters(machine: list[Any], detection: str) -> None:
    script = {"steps": [{"type": "say", "text": "x"}], "machine": machine, "record": True}
    fields = sent(Call.model_validate(script))
    assert fields["MachineDetection"] == [detection]
    assert fields["RecordingStatusCallback"] == [
        "https://hub.example/webhooks/twilio/acc_1/voice-recording?ref=msg_1"
    ]


def test_a_call_carries_scripts_and_plain_texts_only() -> None:
    ADAPTER.check(spoken("Hi"))
    ADAPTER.check(Text(text="Hi"))
    with pytest.raises(Invalid):
        ADAPTER.check(Location(latitude=1, longitude=1))


def test_answers_are_three() -> None:
    assert ADAPTER.accepted(201, b'{"sid": "CA1"}').provider_message_id == "CA1"
    with pytest.raises(SendRefused, match="not allowed"):
        ADAPTER.accepted(400, b'{"code": 21216, "message": "not allowed"}')
    for body in (b"<html>", b"", b'{"code": 20500, "message": "x"}'):
        with pytest.raises(SendOutcomeUnknown):
            ADAPTER.accepted(500, body)


def document(script: dict[str, Any], event: Event = Answered()) -> ElementTree.Element:  # noqa: B008
    call = Call.model_validate(script)
    found = advance(call, BEGIN, event)
    media = "https://hub.example/media/{}".format
    return ElementTree.fromstring(
        render(call, found.actions, "https://hub.example/a?turn=1", "https://hub.example/r", media)
    )


def test_words_are_words_and_no_markup() -> None:
    evil = '</Say><Dial>+1900</Dial>&"\x00\ud800'
    root = document(
        {"steps": [{"type": "say", "text": evil.encode("utf-8", "replace").decode(), "voice": "alice"}]}
    )
    (say, hang_up) = root
    assert (say.tag, hang_up.tag) == ("Say", "Hangup")
    assert list(say) == []
    assert say.text is not None
    assert say.text.startswith('</Say><Dial>+1900</Dial>&"')
    assert say.attrib == {"language": "en-US", "voice": "alice"}


def test_every_verb_has_its_attributes() -> None:
    root = document(
        {
            "language": "de-DE",
            "steps": [
                {"type": "play", "media_id": "med_1", "loop": 2},
                {"type": "pause", "seconds": 2},
                {
                    "type": "gather",
                    "input": ["dtmf", "speech"],
                    "digits": 4,
                    "finish_key": "",
                    "hints": "yes, no",
                    "prompt": [{"type": "say", "text": "Code?"}],
                },
            ],
        }
    )
    play, pause, gather = root
    assert (play.text, play.get("loop"), pause.get("length")) == ("https://hub.example/media/med_1", "2", "2")
    assert gather.attrib == {
        "input": "dtmf speech",
        "action": "https://hub.example/a?turn=1",
        "method": "POST",
        "timeout": "5",
        "actionOnEmptyResult": "true",
        "finishOnKey": "",
        "numDigits": "4",
        "language": "de-DE",
        "speechTimeout": "auto",
        "hints": "yes, no",
    }
    (record,) = document({"steps": [{"type": "record"}]})
    assert (record.get("playBeep"), record.get("recordingStatusCallback")) == (
        "true",
        "https://hub.example/r",
    )
    (dial,) = document({"steps": [{"type": "dial", "number": "+15550009"}]})
    assert [(inner.tag, inner.text) for inner in dial] == [("Number", "+15550009")]


@pytest.mark.parametrize(
    ("form", "event"),
    [
        ({"Digits": "12"}, Gathered("12")),
        ({"Digits": "1x2;DROP"}, Gathered("12D")),
        ({"Digits": ""}, Gathered()),
        ({"SpeechResult": "yes", "Confidence": "0.4"}, Gathered("", "yes", 0.4)),
        ({"SpeechResult": "yes", "Confidence": "nan"}, Gathered("", "yes", 0.0)),
        ({"SpeechResult": "yes", "Confidence": "high"}, Gathered("", "yes", 1.0)),
        ({"RecordingUrl": "http://x", "RecordingDuration": "7", "Digits": "#"}, Recorded(7)),
        ({"RecordingUrl": "http://x", "RecordingDuration": "-7"}, Recorded(0)),
        ({"DialCallStatus": "busy"}, Dialled("busy")),
        ({"DialCallStatus": "exploded"}, Dialled("failed")),
        ({}, Gathered()),
    ],
)
def test_what_happened_in_a_call(form: dict[str, str], event: Event) -> None:
    assert event_of(request({"CallSid": "CA1"} | form)) == event


def test_the_first_document_is_asked_for_by_whoever_answered() -> None:
    first = "https://hub.example/voice/x?turn=0"
    assert event_of(request({"CallSid": "CA1", "AnsweredBy": "machine_end_beep"}, first)) == Answered(
        "machine"
    )
    assert event_of(request({"CallSid": "CA1"}, first)) == Answered("")
    with pytest.raises(Malformed):
        event_of(request({}, first))


def test_news_of_a_call() -> None:
    form = {
        "CallSid": "CA1",
        "CallStatus": "completed",
        "SequenceNumber": "3",
        "CallDuration": "61",
        "Timestamp": "Thu, 24 Aug 2023 05:01:45 +0000",
        "AnsweredBy": "human",
        "RecordingUrl": "https://api.example/2010-04-01/Accounts/AC1/Recordings/RE1",
    }
    news = news_of(ACCOUNT, request(form))
    assert (news.status, news.sequence, news.duration_s) == (CallStatus.COMPLETED, 3, 61)
    assert (news.answered_by, news.at) == ("human", datetime(2023, 8, 24, 5, 1, 45, tzinfo=UTC))
    assert news.recording_url == form["RecordingUrl"]


@pytest.mark.parametrize(
    "changes",
    [
        {"CallStatus": "dancing"},
        {"SequenceNumber": "-1", "CallDuration": "1e9", "Timestamp": "yesterday"},
        {"SequenceNumber": "9" * 40},
    ],
)
def test_news_that_makes_no_sense_says_nothing(changes: dict[str, str]) -> None:
    news = news_of(ACCOUNT, request({"CallSid": "CA1"} | changes))
    assert (news.status, news.sequence, news.duration_s, news.at) == (None, None, None, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://api.example/x",
        "https://api.example:8443/x",
        "https://api.example.evil/x",
        "https://api.example@evil/x",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_a_recording_anywhere_but_at_the_provider_is_none(url: str) -> None:
    assert not own_recording(ACCOUNT, url)
    assert news_of(ACCOUNT, request({"CallSid": "CA1", "RecordingUrl": url})).recording_url == ""


def test_what_was_said_in_a_call() -> None:
    form = {
        "CallSid": "CA1",
        "TranscriptionSid": "GT1",
        "TranscriptionEvent": "transcription-content",
        "TranscriptionData": '{"transcript": "Where is my order?", "confidence": 0.93}',
        "Track": "inbound_track",
        "SequenceId": "2",
        "Timestamp": "2026-11-26T09:00:00Z",
    }
    said = spoken_of(request(form))
    assert said is not None
    assert (said.key, said.contact, said.text, said.confidence) == ("GT1:2", True, "Where is my order?", 0.93)
    assert said.at == datetime(2026, 11, 26, 9, tzinfo=UTC)
    for nothing in ({"Final": "false"}, {"TranscriptionEvent": "transcription-started"}, {"SequenceId": ""}):
        assert spoken_of(request(form | nothing)) is None
    for broken in ("", "[]", "3", '{"words": 1}'):
        with pytest.raises(Malformed):
            spoken_of(request(form | {"TranscriptionData": broken}))
