"""What goes on beside a call's document: recordings, and live transcriptions, which tell the tenant each thing that is said."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime

from carrier.call import Call, Kept
from carrier.ids import new_sid
from carrier.twiml import TwimlError, Verb
from carrier.voice_callbacks import Callbacks

IN, OUT = "inbound_track", "outbound_track"  # what the person says, what the person hears


class Keeping:
    """Begun by Start, over by Stop or with the call."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks

    def start(self, call: Call, verb: Verb) -> None:
        """Raises TwimlError for one that goes on already by this name."""
        for noun in verb.children:
            key = (noun.name, noun.attributes.get("name", ""))
            if key in call.kept:
                raise TwimlError(12200, f"a {noun.name} of this name goes on already")
            recording = noun.name == "Recording"
            url = noun.attributes.get("recordingStatusCallback" if recording else "statusCallbackUrl", "")
            kept = call.kept[key] = Kept(new_sid("RE" if recording else "GT"), url, noun.attributes)
            call.note("started", what=noun.name.lower())
            if not recording:
                self._tell(call, kept, "transcription-started", {})

    def stop(self, call: Call, verb: Verb) -> None:
        for noun in verb.children:
            kept = call.kept.pop((noun.name, noun.attributes.get("name", "")), None)
            if kept is not None:
                self._over(call, noun.name, kept)

    def end(self, call: Call) -> None:
        """The call is over."""
        for (noun, _), kept in call.kept.items():
            self._over(call, noun, kept)
        call.kept.clear()

    def said(self, call: Call, track: str, text: str) -> None:
        """Something was said on a call's line."""
        for (noun, _), kept in call.kept.items():
            if noun == "Transcription" and kept.attributes.get("track", IN) in (track, "both_tracks"):
                words = {"transcript": text, "confidence": call.behaviour.confidence}
                content = {"TranscriptionData": json.dumps(words), "Track": track, "Final": "true"}
                self._tell(call, kept, "transcription-content", content)

    def _over(self, call: Call, noun: str, kept: Kept) -> None:
        call.note("stopped", what=noun.lower())
        if noun == "Transcription":
            self._tell(call, kept, "transcription-stopped", {})
            return
        seconds = max(1, math.ceil(time.time() - kept.since)) + call.behaviour.talks_s
        self.recorded(call, seconds, kept.url, kept.sid)

    def recorded(self, call: Call, seconds: int, callback: str, sid: str = "") -> tuple[str, str]:
        """A recording is ready: (where it is fetched, its id). `callback`: who is told, or none."""
        sid = sid or new_sid("RE")
        call.recordings.append((sid, seconds))
        base = call.behaviour.recording_host or call.base
        url = f"{base}/2010-04-01/Accounts/{call.account.id}/Recordings/{sid}"
        if callback:
            self._callbacks.recording(call, callback, sid, url, seconds)
        return url, sid

    def _tell(self, call: Call, kept: Kept, event: str, more: dict[str, str]) -> None:
        kept.sequence += 1
        if kept.url:
            language = kept.attributes.get("languageCode", "en-US")
            fields = {
                "AccountSid": call.account.id,
                "CallSid": call.sid,
                "TranscriptionSid": kept.sid,
                "TranscriptionEvent": event,
                "LanguageCode": language,
                "SequenceId": str(kept.sequence),
                "Timestamp": datetime.now(UTC).isoformat(),
            }
            self._callbacks.send(call, kept.url, fields | more)
