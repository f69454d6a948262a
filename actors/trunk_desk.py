"""Calls at the desk on lines of our own: each leg hears what is true of its call now, and those who talk hear each other.

A leg asks `DeskCalls` what it is to hear, hears it, and asks again when that is over or when it is told that something
has changed. What it hears follows from the call's state alone, so a hint that is lost costs seconds and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import structlog

from actors.desk_calls import DeskCalls
from actors.desk_documents import Looked
from actors.sip import FRAME_S, NotConnected, SipLine
from hub.channels.voice_desk_twiml import CALLBACK_OFFER, CALLED_BACK, DIAL_S, WAIT_S, spoken_to
from hub.errors import HubError, NotFound
from hub.routing.queue import Voice
from hub.voice import desk
from hub.voice.carrying import LineGone
from hub.voice.desk import CONTACT, RING
from hub.voice.script import Play
from hub.voice.speech import Speech

CALLBACK_KEY_S = 5.0
SONGS_MAX = 16

log = structlog.get_logger()
Spawn = Callable[[Coroutine[Any, Any, None]], None]
Fields = dict[str, str]


def mixed(heard: Mapping[int, bytes], muted: Collection[int]) -> dict[int, bytes]:
    """What each of a room hears of the last moment: the sum of all others who are not muted.

    >>> mixed({0: b"\\x01\\x00", 1: b"\\x02\\x00", 2: b"\\x04\\x00"}, {2})
    {0: b'\\x02\\x00', 1: b'\\x01\\x00', 2: b'\\x03\\x00'}
    """
    spoken = {who: pcm for who, pcm in heard.items() if pcm and who not in muted}
    found = {}
    for listener in heard:
        others = [pcm for who, pcm in spoken.items() if who != listener]
        whole = np.zeros(max(map(len, others), default=0) // 2, np.int32)
        for pcm in others:
            samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
            whole[: len(samples)] += samples
        found[listener] = np.clip(whole, -32_768, 32_767).astype("<i2").tobytes()
    return found


class Room:
    """Those of one call who talk or listen."""

    def __init__(self) -> None:
        self._people: dict[int, tuple[SipLine, bool]] = {}
        self._mixing: asyncio.Task[None] | None = None

    async def stay(self, number: int, line: SipLine, muted: bool) -> None:
        """Be in the room until cancelled. Raises LineGone."""
        line.heard()  # what came in before was not said here
        self._people[number] = (line, muted)
        if self._mixing is None or self._mixing.done():
            self._mixing = asyncio.create_task(self._mix())
        try:
            await line.gone.wait()
            raise LineGone
        finally:
            del self._people[number]

    async def _mix(self) -> None:
        while self._people:
            await asyncio.sleep(FRAME_S)
            people = dict(self._people)
            heard = {number: line.heard() for number, (line, _) in people.items()}
            for number, pcm in mixed(heard, {who for who, (_, muted) in people.items() if muted}).items():
                if pcm:
                    people[number][0].pass_on(pcm)


@dataclass(slots=True, eq=False)
class _Leg:
    line: SipLine
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class TrunkDesk:
    """The legs of one process. `dial` lets a phone ring over a trunk, `fetch` gives the samples of a song."""

    def __init__(
        self,
        desk_calls: DeskCalls,
        dial: Callable[[UUID, str], Awaitable[SipLine]],
        speech: Speech,
        fetch: Callable[[Play], Awaitable[bytes]],
        spawn: Spawn,
    ) -> None:
        self._desk = desk_calls
        self._dial, self._speech, self._fetch, self._spawn = dial, speech, fetch, spawn
        self._legs: dict[tuple[UUID, int], _Leg] = {}
        self._rooms: dict[UUID, Room] = {}
        self._songs: dict[str, bytes] = {}

    async def contact(self, tenant_id: UUID, call_id: UUID, line: SipLine) -> bool:
        """Carry the contact's answered line while its call is at the desk. True: its script goes on; False: they may go.

        Raises LineGone.
        """
        leg = self._legs[call_id, CONTACT] = _Leg(line)
        try:
            return (await self._follow(tenant_id, call_id, CONTACT, leg)).scene == "script"
        except NotFound:
            return True
        finally:
            self._forget(call_id, CONTACT)

    async def ring(self, tenant_id: UUID, call_id: UUID, number: int, account_id: UUID, address: str) -> str:
        """Call a phone; returns the SIP call's id. Asked again, it rings once. Raises HubError."""
        known = self._legs.get((call_id, number))
        if known is None:
            line = await self._dial(account_id, address)
            known = self._legs[call_id, number] = _Leg(line)
            self._spawn(self._phone(tenant_id, call_id, number, known))
        return await known.line.named()

    async def look(self, call_id: UUID, number: int) -> None:
        """Something has changed for this leg."""
        leg = self._legs.get((call_id, number))
        if leg is not None:
            leg.changed.set()

    async def drop(self, call_id: UUID, number: int) -> None:
        leg = self._legs.get((call_id, number))
        if leg is not None:
            await leg.line.hang_up()

    def _forget(self, call_id: UUID, number: int) -> None:
        del self._legs[call_id, number]
        if not any(known == call_id for known, _ in self._legs):
            self._rooms.pop(call_id, None)

    async def _phone(self, tenant_id: UUID, call_id: UUID, number: int, leg: _Leg) -> None:
        """A phone that the hub has rung, to its end."""
        why = "completed"
        try:
            await leg.line.answered(RING.total_seconds() - 5)
            await self._follow(tenant_id, call_id, number, leg)
        except NotConnected as failure:
            why = failure.status.value
        except LineGone:
            pass
        except HubError as error:
            log.warning("trunk_leg_failed", error=type(error).__name__)
            why = "failed"
        finally:
            self._forget(call_id, number)
        await leg.line.hang_up()
        await self._desk.act(tenant_id, call_id, desk.LegGone(number, why, datetime.now(UTC)))

    async def _follow(self, tenant_id: UUID, call_id: UUID, number: int, leg: _Leg) -> Looked:
        """Until there is nothing more to be heard here; returns the last look. Raises LineGone, NotFound."""
        fields: Fields = {}
        first = True
        while True:
            leg.changed.clear()
            sid = leg.line.sip_call_id
            looked = await self._desk.look(tenant_id, call_id, number, sid, fields, first, keeps=False)
            if looked.called_back:
                await self._say(leg.line, CALLED_BACK, looked.voice.language)
            if looked.scene in ("script", "end"):
                return looked
            fields, first = await self._until_changed(leg, self._hear(call_id, leg.line, looked)), False

    async def _until_changed(self, leg: _Leg, hearing: Coroutine[Any, Any, Fields]) -> Fields:
        heard, changed = asyncio.ensure_future(hearing), asyncio.ensure_future(leg.changed.wait())
        try:
            await asyncio.wait((heard, changed), return_when=asyncio.FIRST_COMPLETED)
            return heard.result() if heard.done() else {}
        finally:
            for task in (heard, changed):
                task.cancel()
            await asyncio.gather(heard, changed, return_exceptions=True)
            leg.line.quiet()

    async def _hear(self, call_id: UUID, line: SipLine, looked: Looked) -> Fields:
        """One scene; what its end tells. Raises LineGone."""
        leg = looked.leg
        match looked.scene:
            case "wait":
                return await self._wait(line, looked)
            case "hold":
                await self._music(line, looked.voice)
            case "room" if leg is not None:
                if looked.press:
                    await line.press(looked.press)
                room = self._rooms.setdefault(call_id, Room())
                await room.stay(looked.number, line, leg.muted)
            case "forward":
                status = await line.connect(looked.done.call.forward, DIAL_S, "")
                return {"from": "forward", "DialCallStatus": status}
        return {}

    async def _wait(self, line: SipLine, looked: Looked) -> Fields:
        words = looked.words
        for text in spoken_to(words):
            await self._say(line, text, words.language)
        if words.callback:
            await self._say(line, CALLBACK_OFFER, words.language)
            key = await line.key(CALLBACK_KEY_S)
            if key:
                return {"ask": "callback", "Digits": key}
        await self._music(line, looked.voice)
        return {}

    async def _say(self, line: SipLine, text: str, language: str) -> None:
        line.forget_keys()
        try:
            await line.play(await self._speech.say(text, language))
        except HubError as error:  # they wait all the same
            log.warning("trunk_words_not_spoken", error=type(error).__name__)

    async def _music(self, line: SipLine, voice: Voice) -> None:
        """Music, or silence for a while."""
        line.forget_keys()
        song = await self._song(voice.music_url) if voice.music_url else b""
        if song:
            await line.play(song)
        else:
            await line.listen(float(WAIT_S))

    async def _song(self, url: str) -> bytes:
        if url not in self._songs:
            if len(self._songs) >= SONGS_MAX:
                self._songs.clear()
            try:
                self._songs[url] = await self._fetch(Play(url=url))
            except HubError as error:
                log.warning("trunk_song_not_fetched", error=type(error).__name__)
                return b""
        return self._songs[url]
