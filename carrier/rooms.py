"""Conferences: who is in which, and what the others hear of somebody. Talk is written here, not sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable

from carrier.call import Call
from carrier.twiml import Verb
from carrier.voice_kept import IN, OUT

STEP_S = 0.1
RoomKey = tuple[str, str]  # the account's id and the conference's name


class Rooms:
    """All conferences of one carrier. `show` tells a handset's open pages of its call, `said` who writes down what is said."""

    def __init__(self, show: Callable[[Call], None], said: Callable[[Call, str, str], None]) -> None:
        self._show, self._said = show, said
        self._inside: dict[RoomKey, dict[str, tuple[Call, bool]]] = defaultdict(dict)

    def clear(self) -> None:
        self._inside.clear()

    async def meet(
        self, call: Call, conference: Verb, rest: Callable[[Call, float], Awaitable[None]]
    ) -> None:
        """Be in a conference until the tenant leads the call elsewhere. `rest` lets time pass and raises HungUp."""
        key = (call.account.id, conference.text)
        self.enter(key, call, conference.attributes.get("muted") == "true")
        try:
            while not call.redirected:
                await rest(call, STEP_S)
                while not call.words.empty():
                    self.say(key, call, call.words.get_nowait())
                while not call.keys.empty():
                    call.note("pressed", digits=call.keys.get_nowait())
                    self._show(call)
        finally:
            self.leave(key, call)

    def enter(self, key: RoomKey, call: Call, muted: bool) -> None:
        """Join; whoever is muted hears and is not heard."""
        self._inside[key][call.sid] = (call, muted)
        call.note("joined", room=key[1], muted=muted)
        self._show(call)

    def leave(self, key: RoomKey, call: Call) -> None:
        people = self._inside[key]
        people.pop(call.sid, None)
        if not people:
            del self._inside[key]
        call.note("left", room=key[1])

    def inside(self, key: RoomKey) -> list[Call]:
        """Who is in it."""
        return [call for call, _ in self._inside.get(key, {}).values()]

    def say(self, key: RoomKey, speaker: Call, text: str) -> None:
        """Whoever speaks is heard by the others, unless they are muted."""
        _, muted = self._inside[key][speaker.sid]
        speaker.note("said", text=text)
        self._show(speaker)
        self._said(speaker, IN, text)
        if muted:
            return
        for call, _ in list(self._inside[key].values()):
            if call is not speaker:
                call.note("heard", text=text, speaker=speaker.handset)
                self._said(call, OUT, text)
                self._show(call)
