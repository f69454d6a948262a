"""The SIP trunk's adapter: whom to dial, who calls, what an answer means, what a trunk cannot carry."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.channels.codes import Retry
from hub.channels.content import Location, Text
from hub.channels.voice_sip import SipSettings, SipVoice, number_of, uri_of
from hub.channels.voice_sip_codes import CODES, outcome_of
from hub.errors import Invalid
from hub.voice.script import Call, spoken
from hub.voice.state import ENDED, CallStatus


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("sip:+15550001234@trunk.example:5060;user=phone", "+15550001234"),
        ('"Ada" <sip:15550001234@10.0.0.1>;tag=x', "+15550001234"),
        ("<tel:+15550001234>", "+15550001234"),
        ("sip:anonymous@anonymous.invalid", ""),
        ("sip:+1555@evil@trunk", "+1555"),
        ("sip:" + "9" * 40 + "@x", ""),
        ("", ""),
    ],
)
def test_numbers_of_addresses(address: str, number: str) -> None:
    assert number_of(address) == number


def test_whom_to_dial() -> None:
    settings = SipSettings(host="trunk.example:5080", transport="tcp")
    assert uri_of(settings, "+15550001") == "sip:+15550001@trunk.example:5080;transport=tcp"
    plain = settings.model_copy(update={"number_format": "digits"})
    assert uri_of(plain, "+15550001") == "sip:15550001@trunk.example:5080;transport=tcp"


@pytest.mark.parametrize("host", ["", "a b", "x;transport=tls", "x>\r\nVia: y", 'x"'])
def test_a_host_is_a_host(host: str) -> None:
    with pytest.raises(ValidationError):
        SipSettings(host=host)


@pytest.mark.parametrize(
    ("status", "call", "retry"),
    [
        (486, CallStatus.BUSY, Retry.AGAIN),
        (600, CallStatus.BUSY, Retry.AGAIN),
        (408, CallStatus.NO_ANSWER, Retry.AGAIN),
        (480, CallStatus.NO_ANSWER, Retry.AGAIN),
        (404, CallStatus.FAILED, Retry.SUPPRESS),
        (607, CallStatus.FAILED, Retry.SUPPRESS),
        (603, CallStatus.FAILED, Retry.NEVER),
        (407, CallStatus.FAILED, Retry.STOP),
        (488, CallStatus.FAILED, Retry.STOP),
        (503, CallStatus.FAILED, Retry.AGAIN),
        (599, CallStatus.FAILED, Retry.AGAIN),
        (499, CallStatus.FAILED, Retry.NEVER),
        (None, CallStatus.FAILED, Retry.AGAIN),
    ],
)
def test_answers_by_their_status(status: int | None, call: CallStatus, retry: Retry) -> None:
    found, meaning = outcome_of(status)
    assert (found, meaning.retry) == (call, retry)
    assert meaning.reason


def test_every_row_of_the_table_ends_a_call() -> None:
    assert {status for status, _ in CODES.values()} <= ENDED


def test_a_trunk_hears_keys_only() -> None:
    adapter = SipVoice()
    adapter.check(spoken("Hi"))
    adapter.check(Text(text="Hi"))
    adapter.check(Call.model_validate({"steps": [{"type": "gather", "input": ["dtmf", "speech"]}]}))
    for content in (
        Location(latitude=1, longitude=1),
        Call.model_validate({"steps": [{"type": "gather", "input": ["speech"]}]}),
    ):
        with pytest.raises(Invalid):
            adapter.check(content)
