"""Sound as telephony has it, and a line of our own that carries a script: without a network."""

from __future__ import annotations

import asyncio
import io
import struct
import wave
from typing import Any

import numpy as np
import pytest

from hub.errors import Invalid, Unavailable
from hub.voice import speech as speaking
from hub.voice.carrying import Carrier, LineGone
from hub.voice.interpreter import BEGIN, Advance, Event, Gathered, HungUp, Position, Recorded, advance
from hub.voice.script import Call, Play
from hub.voice.sound import RATE, beep, is_silent, pcm_of_wav, seconds_of, wav_of_pcm
from hub.voice.speech import Speech


def tone(rate: int, channels: int, width: int, seconds: float = 0.5) -> bytes:
    moments = np.arange(int(rate * seconds)) / rate
    samples = np.sin(2 * np.pi * 440 * moments)
    made = (samples * 20_000).astype("<i2") if width == 2 else (samples * 100 + 128).astype(np.uint8)
    raw = np.repeat(made, channels).tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(raw)
    return file.getvalue()


@pytest.mark.parametrize(
    ("rate", "channels", "width"), [(8_000, 1, 2), (44_100, 2, 2), (22_050, 1, 1), (16_000, 6, 2)]
)
def test_any_wav_becomes_telephony(rate: int, channels: int, width: int) -> None:
    pcm = pcm_of_wav(tone(rate, channels, width))
    assert seconds_of(pcm) == pytest.approx(0.5, abs=0.01)
    spectrum = np.abs(np.fft.rfft(np.frombuffer(pcm, "<i2")))
    assert np.argmax(spectrum) * RATE / (len(pcm) // 2) == pytest.approx(440, abs=5)
    assert pcm_of_wav(wav_of_pcm(pcm)) == pcm


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"RIFF", struct.pack("<4sI4s", b"RIFF", 99, b"WAVE"), tone(8_000, 1, 2)[:20]]
)
def test_what_is_no_wav_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        pcm_of_wav(data)


def test_silence_is_told_from_sound() -> None:
    assert is_silent(b"")
    assert is_silent(bytes(1_600))
    assert not is_silent(beep())


async def test_without_espeak_ng_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "PROGRAM", "no-such-program")
    with pytest.raises(Unavailable, match="apt-get install no-such-program"):
        await Speech().say("Hi", "en-US")


class QuietSpeech(Speech):
    """Says every text as one sample: here only the order of things counts."""

    async def say(self, text: str, language: str) -> bytes:
        return text.encode()


class Handset:
    """A line whose person does what the test says: `presses` are given out one a question, `says` one a second."""

    def __init__(self, presses: list[str], heard: list[bytes]) -> None:
        self.presses, self.heard = list(presses), list(heard)
        self.played: list[str] = []

    async def play(self, pcm: bytes) -> None:
        self.played.append("beep" if pcm == beep() else pcm.decode())

    async def key(self, timeout_s: float) -> str:
        if timeout_s and self.presses:
            pressed = self.presses.pop(0)
            if pressed == "gone":
                raise LineGone
            return pressed
        return ""

    def forget_keys(self) -> None:
        return

    async def listen(self, seconds: float) -> bytes:
        return self.heard.pop(0) if self.heard else bytes(int(RATE * 2 * seconds))

    async def connect(self, number: str, timeout_s: int, caller_id: str) -> str:
        self.played.append(number)
        return "busy"


SCRIPT = Call.model_validate(
    {
        "steps": [
            {
                "type": "gather",
                "digits": 2,
                "retries": 0,
                "prompt": [{"type": "say", "text": "Code?"}],
                "branches": {"12": [{"type": "dial", "number": "+15550001"}]},
                "silence": [{"type": "record", "seconds_max": 5, "silence_s": 1}],
            },
            {"type": "say", "text": "Bye."},
        ]
    }
)


async def carried(presses: list[str], heard: list[bytes] = []) -> tuple[Handset, list[Event], list[bytes]]:  # noqa: B006
    handset, events, kept = Handset(presses, heard), [], []
    position: Position | None = BEGIN

    async def turn(event: Event) -> Advance:
        nonlocal position
        events.append(event)
        found = advance(SCRIPT, position or BEGIN, event)
        position = found.position
        return found

    async def fetch(play: Play) -> bytes:
        return b""

    async def keep(pcm: bytes) -> None:
        kept.append(pcm)

    async with asyncio.timeout(20):
        await Carrier(handset, SCRIPT, QuietSpeech(), turn, fetch, keep).run()
    return handset, events, kept


@pytest.mark.parametrize(
    ("presses", "played", "last"),
    [
        (["1", "2"], ["Code?", "+15550001", "Bye."], Gathered("12")),
        (["1", "#"], ["Code?", "Bye."], Gathered("1")),
        (["gone"], ["Code?"], HungUp()),
    ],
)
async def test_keys_lead_through_the_script(presses: list[str], played: list[str], last: Any) -> None:
    handset, events, _ = await carried(presses)
    assert handset.played == played
    assert last in events


async def test_a_message_is_kept_without_the_silence_that_ended_it() -> None:
    voice = beep(0.1)
    handset, events, (message,) = await carried([], [voice] * 20)
    assert handset.played == ["Code?", "beep", "Bye."]
    assert seconds_of(message) == pytest.approx(2.0, abs=0.01)
    assert events[-1] == Recorded(2)
