"""What the legs of a call at the desk hear, as TwiML. Pure. Source: channel reference section 6.

Everybody who talks is in one conference that bears the call's id; who is held or waits is outside of it and hears words,
music, and asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from hub.channels.voice_twiml import HANG_UP, HEADER, plain

WAIT_S = 10  # of music or silence, between two times that somebody who waits is told where they stand
CALLBACK_KEY = "1"
DIAL_S = 40


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to somebody who waits. `greeting`: the first time only."""

    language: str = "en-US"
    greeting: str = ""
    position: int = 0
    callback: bool = False
    music_url: str = ""


def waiting(words: Words, url: str, callback_url: str) -> str:
    """Tell where they stand, play something, ask again at `url`; a key that asks to be called back is told at the other."""
    said = []
    if words.greeting:
        said.append(_say(words.greeting, words.language))
    if words.position:
        ahead = "You are next." if words.position == 1 else f"You are number {words.position} in the line."
        said.append(_say(ahead, words.language))
    music = _element("Play", {}, words.music_url) if words.music_url else ""
    rest = music or _element("Pause", {"length": str(WAIT_S)})
    if words.callback:
        offer = _say(f"To be called back without losing your place, press {CALLBACK_KEY}.", words.language)
        asked = {"input": "dtmf", "numDigits": "1", "timeout": "5", "action": callback_url, "method": "POST"}
        said.append(_element("Gather", asked, offer, raw=True))
    return _document("".join(said) + rest + _element("Redirect", {"method": "POST"}, url))


def called_back(language: str) -> str:
    """Who wants to be called back may go."""
    return _document(
        _say("Thank you. We call you back when it is your turn. Goodbye.", language) + "<Hangup/>"
    )


def held(music_url: str, url: str) -> str:
    """Music, or silence, and again."""
    rest = _element("Play", {}, music_url) if music_url else _element("Pause", {"length": str(WAIT_S)})
    return _document(rest + _element("Redirect", {"method": "POST"}, url))


def room(name: str, url: str, *, muted: bool, press: str = "", listens: bool = False) -> str:
    """Into the conference `name`; keys first. When it ends for this leg, it asks again at `url`."""
    keys = _element("Play", {"digits": press}) if press else ""
    inside: Mapping[str, str] = {
        "muted": "true" if muted else "false",
        "beep": "false",
        "startConferenceOnEnter": "false" if listens else "true",
        "endConferenceOnExit": "false",
    }
    conference = _element("Conference", inside, name)
    return _document(keys + _element("Dial", {"action": url, "method": "POST"}, conference, raw=True))


def forward(number: str, caller_id: str, url: str) -> str:
    """On to a number outside; how it went is told at `url`."""
    attributes = {"action": url, "method": "POST", "timeout": str(DIAL_S), "callerId": caller_id}
    return _document(_element("Dial", attributes, _element("Number", {}, number), raw=True))


def over() -> str:
    return HANG_UP


def _document(verbs: str) -> str:
    return f"{HEADER}<Response>{verbs}</Response>"


def _say(words: str, language: str) -> str:
    return _element("Say", {"language": language}, words)


def _element(name: str, attributes: Mapping[str, str], inner: str = "", raw: bool = False) -> str:
    """`raw`: `inner` is markup already."""
    given = "".join(f" {key}={quoteattr(plain(value))}" for key, value in attributes.items())
    held_inside = inner if raw else escape(plain(inner))
    return f"<{name}{given}>{held_inside}</{name}>" if inner else f"<{name}{given}/>"
