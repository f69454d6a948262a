"""Actions of a call as TwiML, Twilio's markup of calls. Pure. Source: channel reference section 6."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

from hub.voice.interpreter import Action, Ask, End, Hold
from hub.voice.script import Call, Dial, Pause, Play, Record, Say

HEADER = '<?xml version="1.0" encoding="UTF-8"?>'
HANG_UP = f"{HEADER}<Response><Hangup/></Response>"
REJECT = f"{HEADER}<Response><Reject/></Response>"
# What no XML document may hold, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(
    call: Call, actions: Sequence[Action], action_url: str, recording_url: str, media: Callable[[str], str]
) -> str:
    """The document that carries out `actions`. The answer to the last of them is sent to `action_url`.

    `media` gives the address of a medium of our library, `recording_url` takes the news of recordings.
    """
    urls = _Urls(action_url, recording_url, media)
    return f"{HEADER}<Response>{''.join(_verb(call, action, urls) for action in actions)}</Response>"


class _Urls:
    def __init__(self, action: str, recording: str, media: Callable[[str], str]) -> None:
        self.action, self.recording, self.media = action, recording, media


def _verb(call: Call, action: Action, urls: _Urls) -> str:
    match action:
        case Say():
            return _say(call, action)
        case Play():
            url = action.url if action.url is not None else urls.media(action.media_id or "")
            loop = {"loop": str(action.loop)} if action.loop > 1 else {}
            return _element("Play", loop, _text(url))
        case Pause():
            return _element("Pause", {"length": str(action.seconds)})
        case Ask():
            return _gather(call, action, urls)
        case Record():
            return _record(action, urls)
        case Dial():
            attributes = {"action": urls.action, "method": "POST", "timeout": str(action.timeout_s)}
            if action.caller_id:
                attributes["callerId"] = action.caller_id
            return _element("Dial", attributes, _element("Number", {}, _text(action.number)))
        case Hold():
            again = _element("Redirect", {"method": "POST"}, _text(urls.action))
            return (_element("Pause", {"length": str(action.seconds)}) if action.seconds else "") + again
        case End():
            return "<Hangup/>"


def _say(call: Call, say: Say) -> str:
    attributes = {"language": say.language or call.language}
    if say.voice or call.voice:
        attributes["voice"] = say.voice or call.voice
    if say.loop > 1:
        attributes["loop"] = str(say.loop)
    return _element("Say", attributes, _text(say.text))


def _gather(call: Call, ask: Ask, urls: _Urls) -> str:
    gather = ask.gather
    attributes = {
        "input": " ".join(gather.input),
        "action": urls.action,
        "method": "POST",
        "timeout": str(gather.timeout_s),
        "actionOnEmptyResult": "true",
    }
    if "dtmf" in gather.input:
        attributes["finishOnKey"] = gather.finish_key
        if gather.digits:
            attributes["numDigits"] = str(gather.digits)
    if "speech" in gather.input:
        attributes["language"] = gather.language or call.language
        attributes["speechTimeout"] = "auto"
        if gather.hints:
            attributes["hints"] = gather.hints
    inner = "".join(_verb(call, prompt, urls) for prompt in gather.prompt)
    return _element("Gather", attributes, inner)


def _record(record: Record, urls: _Urls) -> str:
    attributes = {
        "action": urls.action,
        "method": "POST",
        "maxLength": str(record.seconds_max),
        "timeout": str(record.silence_s),
        "finishOnKey": record.finish_key,
        "playBeep": "true" if record.beep else "false",
        "recordingStatusCallback": urls.recording,
    }
    return _element("Record", attributes)


def _element(name: str, attributes: dict[str, str], inner: str = "") -> str:
    words = "".join(f" {key}={quoteattr(plain(value))}" for key, value in attributes.items())
    return f"<{name}{words}>{inner}</{name}>" if inner else f"<{name}{words}/>"


def _text(words: str) -> str:
    return escape(plain(words))


def plain(words: str) -> str:
    """Without what no XML document may hold."""
    return _FORBIDDEN.sub(" ", words)
