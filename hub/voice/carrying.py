"""Carrying a call's actions out on a line of our own: sound goes out, keys come in, messages are recorded.

The other carrier of calls is a provider's markup (`hub.channels.voice_twiml`); both follow the same interpreter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from hub.voice.interpreter import (
    Action,
    Advance,
    Answered,
    Ask,
    Dialled,
    End,
    Event,
    Gathered,
    Hold,
    HungUp,
    Recorded,
)
from hub.voice.script import Call, Dial, Pause, Play, Record, Say
from hub.voice.sound import BYTES_PER_S, beep, is_silent, seconds_of
from hub.voice.speech import Speech

SLICE_S = 0.1


class LineGone(Exception):
    """The person has hung up, or the line is lost."""


class Line(Protocol):
    """An answered call. Every method raises LineGone once it is over."""

    async def play(self, pcm: bytes) -> None:
        """Play telephony samples to the end, or until a key is pressed."""
        ...

    async def key(self, timeout_s: float) -> str:
        """The next key, or "" when none came in time."""
        ...

    def forget_keys(self) -> None:
        """Drop keys that were pressed and not asked for."""
        ...

    async def listen(self, seconds: float) -> bytes:
        """What is heard in the next seconds."""
        ...

    async def connect(self, number: str, timeout_s: int, caller_id: str) -> str:
        """Call somebody else and join the two; returns how it went (`completed`, `busy`, …) when that call is over."""
        ...


Turn = Callable[[Event], Awaitable[Advance]]
Fetch = Callable[[Play], Awaitable[bytes]]
Keep = Callable[[bytes], Awaitable[None]]


class Carrier:
    """One call on one line. `turn` lets the script go on, `fetch` gives the samples of a recording that is to be
    played, `keep` takes a message that was left."""

    def __init__(self, line: Line, call: Call, speech: Speech, turn: Turn, fetch: Fetch, keep: Keep) -> None:
        self._line = line
        self._call = call
        self._speech = speech
        self._turn = turn
        self._fetch = fetch
        self._keep = keep

    async def run(self) -> None:
        """From the answer to the end of the script; whoever called then hangs up."""
        event: Event = Answered()
        try:
            while True:
                found = await self._turn(event)
                answer = await self._do(found.actions)
                if found.position is None or answer is None:
                    return
                event = answer
        except LineGone:
            await self._turn(HungUp())

    async def _do(self, actions: Sequence[Action]) -> Event | None:
        """Carry actions out in order; the answer to the last one, or None at the end."""
        answer: Event | None = None
        for action in actions:
            match action:
                case Say() | Play():
                    await self._sound(action)
                case Pause():
                    await self._line.listen(float(action.seconds))
                case Ask():
                    answer = await self._ask(action)
                case Record():
                    answer = await self._record(action)
                case Dial():
                    status = await self._line.connect(action.number, action.timeout_s, action.caller_id or "")
                    answer = Dialled(status)
                case Hold(0):  # to people, who cannot be reached over a line of our own
                    return None
                case Hold():
                    await self._line.listen(float(action.seconds))
                    answer = Gathered()
                case End():
                    return None
        return answer

    async def _sound(self, action: Say | Play) -> None:
        if isinstance(action, Say):
            pcm = await self._speech.say(action.text, action.language or self._call.language)
        else:
            pcm = await self._fetch(action)
        for _ in range(action.loop):
            await self._line.play(pcm)

    async def _ask(self, ask: Ask) -> Gathered:
        """Keys, until there are enough of them, the finishing one, or silence. A key stops the prompt."""
        gather = ask.gather
        self._line.forget_keys()
        pressed = ""
        for prompt in gather.prompt:
            if isinstance(prompt, Pause):
                pressed = await self._line.key(float(prompt.seconds))
            else:
                await self._sound(prompt)
                pressed = await self._line.key(0)
            if pressed:
                break
        digits = ""
        while True:
            key = pressed or await self._line.key(float(gather.timeout_s))
            pressed = ""
            if not key or key == gather.finish_key:
                return Gathered(digits)
            digits += key
            if gather.digits and len(digits) >= gather.digits:
                return Gathered(digits)
            if len(digits) >= 64:
                return Gathered(digits)

    async def _record(self, record: Record) -> Recorded:
        """A message: until it is long enough, a key, or silence."""
        if record.beep:
            await self._line.play(beep())
        self._line.forget_keys()
        heard = bytearray()
        quiet_s = 0.0
        try:
            while seconds_of(heard) < record.seconds_max and quiet_s < record.silence_s:
                piece = await self._line.listen(SLICE_S)
                heard += piece or bytes(int(SLICE_S * BYTES_PER_S))
                quiet_s = quiet_s + SLICE_S if is_silent(piece) else 0.0
                key = await self._line.key(0)
                if key and key == record.finish_key:
                    break
        except LineGone:
            if not is_silent(bytes(heard)):
                await self._keep(bytes(heard))
            raise
        spoken = bytes(heard[: max(0, len(heard) - int(quiet_s * BYTES_PER_S) // 2 * 2)])
        if not spoken:
            return Recorded(0)
        await self._keep(spoken)
        return Recorded(max(1, round(seconds_of(spoken))))


async def until_gone(gone: asyncio.Event, seconds: float) -> None:
    """Let time pass. Raises LineGone when the call ends first."""
    if seconds <= 0:
        await asyncio.sleep(0)
    else:
        try:
            await asyncio.wait_for(gone.wait(), seconds)
        except TimeoutError:
            return
    if gone.is_set():
        raise LineGone
