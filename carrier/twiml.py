"""TwiML as the carrier reads it: its own parser, strict about what would surprise a real caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

BYTES_MAX = 64 * 1024
VERBS_MAX = 200
NESTED = {
    "Gather": {"Say", "Play", "Pause"},
    "Dial": {"Number", "Sip", "Client", "Conference", "Queue"},
    "Start": {"Recording", "Transcription"},
    "Stop": {"Recording", "Transcription"},
}
VERBS = {"Say", "Play", "Gather", "Record", "Dial", "Pause", "Hangup", "Redirect", "Reject", "Start", "Stop"}
SSML = {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}


class TwimlError(Exception):
    """The document cannot be carried out; `code` is Twilio's."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(slots=True)
class Verb:
    """One verb with its attributes; `text` is all that it says, markup taken away."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Verb] = field(default_factory=list)

    def number(self, name: str, default: int, most: int = 86_400) -> int:
        """An attribute as a whole number. Raises TwimlError 12200."""
        raw = self.attributes.get(name)
        if raw is None or raw == "auto":
            return default
        if not (raw.isascii() and raw.isdigit() and int(raw) <= most):
            raise TwimlError(12200, f"{self.name}: {name} is no number")
        return int(raw)


def parse(body: bytes) -> list[Verb]:
    """The verbs of a document. Raises TwimlError: 12100 is no XML, 12200 is no TwiML."""
    if len(body) > BYTES_MAX:
        raise TwimlError(11750, "the document is too large")
    if b"<!" in body:
        raise TwimlError(12100, "a document type or comment is not taken")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise TwimlError(12100, "the document is not XML") from None
    if root.tag != "Response":
        raise TwimlError(12100, "the document's root is not Response")
    verbs = [_verb(item) for item in root]
    if len(verbs) > VERBS_MAX:
        raise TwimlError(12200, "too many verbs")
    return verbs


def _verb(item: ElementTree.Element) -> Verb:
    if item.tag not in VERBS:
        raise TwimlError(12200, f"there is no verb {item.tag[:40]}")
    allowed = NESTED.get(item.tag)
    if allowed is None:
        inside = {part.tag for part in item.iter()} - {item.tag}
        if inside - (SSML if item.tag == "Say" else set()):
            raise TwimlError(12200, f"{item.tag} holds what it may not")
        return Verb(item.tag, dict(item.attrib), " ".join("".join(item.itertext()).split()))
    children = []
    for part in item:
        if part.tag not in allowed:
            raise TwimlError(12200, f"{item.tag} holds what it may not")
        inner = " ".join("".join(part.itertext()).split())
        children.append(Verb(part.tag, dict(part.attrib), inner))
    return Verb(item.tag, dict(item.attrib), " ".join((item.text or "").split()), children)
