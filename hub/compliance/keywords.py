"""STOP, START and HELP in the languages people write them: handled before anything else. Pure.

A command is the whole message, never a part of one: "stop by tomorrow" is no command, and neither is "stop?".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from hub.compliance.keyword_table import ANSWERS, CARRIER_WORDS, FAMILIES

WORD_CHARS_MAX = 40
DEFAULT_LANGUAGE = "en"
_TEXT_CHARS_MAX = WORD_CHARS_MAX + 20
_QUESTION = frozenset("?؟")
# Accents, Arabic vowel and hamza marks, the Arabic stretch: people leave them out. Kana and Indic marks are letters.
_DROPPED = {*range(0x0300, 0x0370), *range(0x064B, 0x0660), 0x0670, 0x0640}
_DROP = dict.fromkeys(_DROPPED)
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ى": "ي", "ة": "ه"})


class Command(StrEnum):
    STOP = "stop"
    STOP_MARKETING = "stop-marketing"
    START = "start"
    HELP = "help"


class Said(NamedTuple):
    """A command and the language it was given in. `carrier_answers`: written as a carrier knows it, which then answers."""

    command: Command
    language: str = DEFAULT_LANGUAGE
    carrier_answers: bool = False


class ExtraWord(NamedTuple):
    """A word that a tenant adds to a family."""

    word: str
    command: Command
    language: str = DEFAULT_LANGUAGE


Words = Mapping[str, Said]


def normal(text: str) -> str:
    """A message or a word as it is compared: no case, accents or punctuation, one space between words."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFC", decomposed.translate(_DROP)).translate(_LETTERS)
    kept = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in plain)
    return " ".join(kept.split())


def _table() -> dict[str, Said]:
    """Every word once; of two languages with the same word the one that stands first answers."""
    found: dict[str, Said] = {}
    for language, family in FAMILIES.items():
        for command, words in (
            (Command.STOP, family.stop),
            (Command.STOP_MARKETING, family.marketing),
            (Command.START, family.start),
            (Command.HELP, family.help),
        ):
            for word in words:
                found.setdefault(normal(word), Said(command, language))
    return found


WORDS: Words = _table()
_AFFIRM = normal("yes")  # an opt-in word only for somebody who is opted out; else a normal answer
NO_EXTRA_WORDS: Words = {}


def extra_words(added: Iterable[ExtraWord]) -> Words:
    """A tenant's own words, ready to be looked up. A word of the table keeps its meaning."""
    return {
        key: Said(each.command, each.language) for each in added if (key := normal(each.word)) not in WORDS
    }


def command_of(text: str, opted_out: bool, extra: Words = NO_EXTRA_WORDS) -> Said | None:
    """The command that the whole message is, or None."""
    if len(text) > _TEXT_CHARS_MAX:
        return None
    key = normal(text)
    if not key or not _QUESTION.isdisjoint(unicodedata.normalize("NFKC", text)):
        return None
    if opted_out and key == _AFFIRM:
        said: Said | None = Said(Command.START)
    else:
        said = WORDS.get(key) or extra.get(key)
    if said is None or text.strip().casefold() not in CARRIER_WORDS:
        return said
    return said._replace(carrier_answers=True)


def confirmation(command: Command, brand: str, language: str = DEFAULT_LANGUAGE) -> str:
    """The one answer to a command, in the language it was given in."""
    answers = ANSWERS.get(language, ANSWERS[DEFAULT_LANGUAGE])
    texts = {
        Command.STOP: answers.stop,
        Command.STOP_MARKETING: answers.marketing,
        Command.START: answers.start,
        Command.HELP: answers.help,
    }
    return texts[command].replace("{brand}", brand)
