"""What a leg of a call at the desk is to hear now, as data, and the document that tells a provider so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.channels.base import Account
from hub.channels.voice_desk_twiml import Words, called_back, forward, held, over, room, waiting
from hub.directory import Directory
from hub.routing.queue import Voice
from hub.voice import desk
from hub.voice.desk import Leg, Phase, Scene
from hub.voice.desk_service import Done, Outlook

if TYPE_CHECKING:
    from actors.desk_lines import DeskLines


@dataclass(frozen=True, slots=True)
class Looked:
    """A leg that has asked. `first`: it has heard nothing yet; `press`: keys that its other side is to hear;
    `keeps`: the contact is to be told that the call is kept, and it is from now on.
    """

    done: Done
    number: int
    directory: Directory
    voice: Voice
    outlook: Outlook | None
    press: str
    first: bool
    keeps: bool

    @property
    def scene(self) -> Scene:
        return desk.scene_of(self.done.call, self.number)

    @property
    def leg(self) -> Leg | None:
        return self.done.call.leg(self.number)

    @property
    def called_back(self) -> bool:
        """They have asked to be called back, and may go."""
        return self.scene == "end" and self.done.call.phase is Phase.CALLBACK

    @property
    def words(self) -> Words:
        """For whoever waits."""
        look = self.outlook
        thanks = self.voice.greeting or f"Thank you for calling {self.directory.brand}."
        return Words(
            self.voice.language,
            thanks if self.first else "",
            0 if look is None else look.position,
            look is not None and look.callback and self.done.call.phase is Phase.QUEUED,
            self.voice.music_url,
        )


def document(looked: Looked, lines: DeskLines, account: Account) -> str:
    """As TwiML."""
    done, call, leg = looked.done, looked.done.call, looked.leg
    url = lines.document_url(account, done.id, looked.number)
    match looked.scene:
        case "wait":
            return waiting(looked.words, url, f"{url}&ask=callback")
        case "hold":
            return held(looked.voice.music_url, url)
        case "room" if leg is not None:
            name, listens = lines.room_name(done.id), leg.role == "listener"
            kept = lines.kept(account, done, looked.voice) if looked.keeps else None
            return room(name, url, muted=leg.muted, press=looked.press, listens=listens, kept=kept)
        case "forward":
            channel = looked.directory.channels.get(done.row.channel_id)
            caller_id = "" if channel is None else channel.provider_address
            on = {"Recording": call.recorded, "Transcription": call.transcribed}
            stopped = [noun for noun, kept in on.items() if kept]
            return forward(call.forward, caller_id, f"{url}&from=forward", stopped)
    return called_back(looked.voice.language) if looked.called_back else over()
