"""Noise as phones make it: typing slips and SMS spelling. For augmentation and for measuring robustness."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

TYPO_WORD_SHARE = 0.25  # of words with at least TYPO_LETTERS_MIN letters
TYPO_LETTERS_MIN = 4
SMS_WORD_SHARE = 0.7  # of words that have an SMS spelling

# Neighbours on a QWERTY keyboard: same row, one key left and right.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {
    key: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _ROWS for at, key in enumerate(row)
}

_SMS = {
    "you": "u", "your": "ur", "youre": "ur", "are": "r", "why": "y", "be": "b", "see": "c", "to": "2", "too": "2", "for": "4",
    "before": "b4", "please": "pls", "thanks": "thx", "thank": "thx", "people": "ppl", "because": "cuz", "about": "abt",
    "message": "msg", "what": "wat", "with": "w", "without": "w/o", "and": "n", "okay": "k", "tomorrow": "tmrw", "today": "2day",
    "great": "gr8", "late": "l8", "wait": "w8", "minutes": "mins", "number": "no", "account": "acct", "transfer": "trnsfr",
    "payment": "pymt", "money": "$$", "have": "hv", "would": "wud", "could": "cud", "should": "shud", "the": "da", "that": "dat",
    "this": "dis", "i'm": "im", "don't": "dont", "can't": "cant", "doesn't": "doesnt", "didn't": "didnt", "isn't": "isnt",
    "where": "wer", "when": "wen", "how": "hw", "want": "wanna", "going": "goin", "something": "smth", "delivery": "dlvry",
    "order": "ordr", "package": "pkg", "address": "addr", "customer": "cust", "service": "svc", "question": "q", "really": "rly",
}  # fmt: skip

_WORDS = re.compile(r"[A-Za-z']+")


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) - 1)
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]  # swapped
        case 1:
            return word[:at] + word[at + 1 :]  # missed
        case 2:
            return word[:at] + word[at] + word[at:]  # doubled
        case _:
            beside = _BESIDE.get(word[at].lower(), word[at])
            return word[:at] + rng.choice(beside) + word[at + 1 :]  # the key beside


def typos(text: str, rng: random.Random, *, share: float = TYPO_WORD_SHARE) -> str:
    """One slip in `share` of the longer words; at least one when the text has a longer word at all."""
    words = [match for match in _WORDS.finditer(text) if len(match[0]) >= TYPO_LETTERS_MIN]
    if not words:
        return text
    hit = [match for match in words if rng.random() < share] or [rng.choice(words)]
    for match in reversed(hit):
        text = text[: match.start()] + _slip(match[0], rng) + text[match.end() :]
    return text


def sms_spelling(text: str, rng: random.Random, *, share: float = SMS_WORD_SHARE) -> str:
    """`share` of the words that have an SMS spelling in it; lower case; marks at the end dropped."""

    def shorten(match: re.Match[str]) -> str:
        short = _SMS.get(match[0].lower())
        return short if short is not None and rng.random() < share else match[0]

    return _WORDS.sub(shorten, text).lower().rstrip(".?! ")


def noised(texts: Sequence[str], *, seed: int) -> list[str]:
    """One noised copy of each text: typos in all, SMS spelling first in a third."""
    rng = random.Random(seed)
    return [typos(sms_spelling(text, rng) if rng.random() < 1 / 3 else text, rng) for text in texts]
