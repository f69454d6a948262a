"""What the legs of a call at the desk hear, as TwiML. Pure. Source: channel reference section 6.

Everybody who talks is in one conference that bears the call's id; who is held or waits is outside of it and hears words,
music, and asks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from hub.channels.voice_twiml import HANG_UP, HEADER, plain

WAIT_S = 10  # of music or silence, between two times that somebody who waits is told where they stand
CALLBACK_KEY = "1"
CALLBACK_OFFER = f"To be called back without losing your place, press {CALLBACK_KEY}."
CALLED_BACK = "Thank you. We call you back when it is your turn. Goodbye."
DIAL_S = 40
KEPT = "desk"  # the name that a recording and a transcription are stopped by


@dataclass(frozen=True, slots=True)
class Words:
    """What is said to somebody who waits. `greeting`: the first time only."""

    language: str = "en-US"
    greeting: str = ""
    position: int = 0
    callback: bool = False
    music_url: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a call is kept from now on: the notice that is said first, the language that is spoken, and where the
    provider tells of it; "": not that.
    """

    notice: tuple[str, str]  # the words and their language
    language: str
    recording_url: str = ""
    transcript_url: str = ""


NOTICES: Mapping[str, tuple[str, str, str]] = {
    "en": ("This call is recorded.", "This call is written down.", "This call is recorded and written down."),
    "de": ("Dieses Gespräch wird aufgezeichnet.", "Dieses Gespräch wird mitgeschrieben.", "Dieses Gespräch wird aufgezeichnet und mitgeschrieben."),
    "es": ("Esta llamada se graba.", "Esta llamada se transcribe.", "Esta llamada se graba y se transcribe."),
    "fr": ("Cet appel est enregistré.", "Cet appel est transcrit.", "Cet appel est enregistré et transcrit."),
    "it": ("Questa chiamata viene registrata.", "Questa chiamata viene trascritta.", "Questa chiamata viene registrata e trascritta."),
    "nl": ("Dit gesprek wordt opgenomen.", "Dit gesprek wordt uitgeschreven.", "Dit gesprek wordt opgenomen en uitgeschreven."),
    "pt": ("Esta chamada é gravada.", "Esta chamada é transcrita.", "Esta chamada é gravada e transcrita."),
}  # fmt: skip


def notice(language: str, recorded: bool, transcribed: bool) -> tuple[str, str]:
    """(words, their language) that tell a caller what is kept; in English where there are none in theirs.

    >>> notice("de-AT", True, False)
    ('Dieses Gespräch wird aufgezeichnet.', 'de-AT')
    """
    known = NOTICES.get(language.partition("-")[0])
    words = known or NOTICES["en"]
    return words[2 if recorded and transcribed else 1 if transcribed else 0], language if known else "en-US"


def spoken_to(words: Words) -> list[str]:
    """What somebody who waits is told, one after the other."""
    ahead = "You are next." if words.position == 1 else f"You are number {words.position} in the line."
    return [each for each in (words.greeting, ahead if words.position else "") if each]


def waiting(words: Words, url: str, callback_url: str) -> str:
    """Tell where they stand, play something, ask again at `url`; a key that asks to be called back is told at the other."""
    said = [_say(each, words.language) for each in spoken_to(words)]
    music = _element("Play", {}, words.music_url) if words.music_url else ""
    rest = music or _element("Pause", {"length": str(WAIT_S)})
    if words.callback:
        offer = _say(CALLBACK_OFFER, words.language)
        asked = {"input": "dtmf", "numDigits": "1", "timeout": "5", "action": callback_url, "method": "POST"}
        said.append(_element("Gather", asked, offer, raw=True))
    return _document("".join(said) + rest + _element("Redirect", {"method": "POST"}, url))


def called_back(language: str) -> str:
    """Who wants to be called back may go."""
    return _document(_say(CALLED_BACK, language) + "<Hangup/>")


def held(music_url: str, url: str) -> str:
    """Music, or silence, and again."""
    rest = _element("Play", {}, music_url) if music_url else _element("Pause", {"length": str(WAIT_S)})
    return _document(rest + _element("Redirect", {"method": "POST"}, url))


def room(
    name: str, url: str, *, muted: bool, press: str = "", listens: bool = False, kept: Kept | None = None
) -> str:
    """Into the conference `name`; keys first. When it ends for this leg, it asks again at `url`.

    With `kept` the leg hears its notice, and is recorded or transcribed after it, until the call is over or `forward`.
    """
    keys = _element("Play", {"digits": press}) if press else ""
    inside: Mapping[str, str] = {
        "muted": "true" if muted else "false",
        "beep": "false",
        "startConferenceOnEnter": "false" if listens else "true",
        "endConferenceOnExit": "false",
    }
    conference = _element("Conference", inside, name)
    begins = "" if kept is None else _keep(kept)
    return _document(
        begins + keys + _element("Dial", {"action": url, "method": "POST"}, conference, raw=True)
    )


def _keep(kept: Kept) -> str:
    nouns = []
    if kept.recording_url:
        told = {"name": KEPT, "channels": "dual", "recordingStatusCallback": kept.recording_url}
        nouns.append(_element("Recording", told))
    if kept.transcript_url:
        told = {"name": KEPT, "track": "both_tracks", "languageCode": kept.language}
        nouns.append(_element("Transcription", told | {"statusCallbackUrl": kept.transcript_url}))
    started = "".join(_element("Start", {}, noun, raw=True) for noun in nouns)
    return _say(*kept.notice) + started


def forward(number: str, caller_id: str, url: str, kept: Sequence[str] = ()) -> str:
    """On to a number outside; how it went is told at `url`. `kept`: the nouns of what is kept no longer."""
    attributes = {"action": url, "method": "POST", "timeout": str(DIAL_S), "callerId": caller_id}
    stopped = "".join(_element("Stop", {}, _element(noun, {"name": KEPT}), raw=True) for noun in kept)
    return _document(stopped + _element("Dial", attributes, _element("Number", {}, number), raw=True))


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
