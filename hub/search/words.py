"""What a search asks for, and the piece of a message that shows why it was found. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

QUERY_CHARS_MAX = 200
WORDS_MAX = 12
EXCERPT_CHARS = 160
LEAD_CHARS = 50  # of the message before the first hit
_PART = re.compile(r'"([^"]*)"|(\S+)')


class Excerpt(NamedTuple):
    """A piece of a text, and [first, last + 1] of what in it was asked for."""

    text: str
    marks: list[tuple[int, int]]


def words_of(query: str) -> list[str]:
    """The words of a query, each of which must be there; what stands in quotes must be there in this order.

    >>> words_of('refund "card not arrived" 退款')
    ['refund', 'card not arrived', '退款']
    """
    text = query.replace("\0", " ")[:QUERY_CHARS_MAX]
    found = [(quoted or plain).strip().strip('"') for quoted, plain in _PART.findall(text)]
    return [word for word in found if any(char.isalnum() for char in word)][:WORDS_MAX]


def folded(text: str) -> str:
    """Lower case without accents; every character stays at its place."""
    return "".join(_plain(char) for char in text)


def _plain(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0].lower()
    return base if len(base) == 1 else char


def excerpt(body: str, words: list[str]) -> Excerpt:
    """About EXCERPT_CHARS of `body` around the first hit, with the beginnings of words that were asked for marked."""
    plain = folded(body)
    hits = sorted({hit for word in words for hit in _hits(plain, folded(word))})
    first = hits[0][0] if hits else 0
    start = _edge(body, max(0, first - LEAD_CHARS)) if first > LEAD_CHARS else 0
    end = min(len(body), start + EXCERPT_CHARS)
    before, after = "…" if start else "", "…" if end < len(body) else ""
    shown = re.sub(r"\s", " ", body[start:end])
    moved = [
        (at - start + len(before), to - start + len(before)) for at, to in hits if start <= at and to <= end
    ]
    return Excerpt(before + shown + after, _joined(moved))


def _hits(plain: str, word: str) -> list[tuple[int, int]]:
    """Where words begin with `word`; in scripts without spaces, where it stands."""
    joined = r"\s+".join(map(re.escape, word.split()))
    start = r"(?<![^\W_])" if word[:1].isascii() or not _unspaced(word[0]) else ""
    return [hit.span() for hit in re.finditer(start + joined, plain)] if joined else []


def _unspaced(char: str) -> bool:
    return any(low <= char <= high for low, high in (("฀", "໿"), ("က", "႟"), ("ក", "៿"), ("぀", "鿿")))


def _edge(body: str, at: int) -> int:
    """The next beginning of a word, when there is one near."""
    space = body.find(" ", at, at + 20)
    return space + 1 if space >= 0 else at


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans without overlaps."""
    found: list[tuple[int, int]] = []
    for at, to in spans:
        if found and at <= found[-1][1]:
            found[-1] = (found[-1][0], max(to, found[-1][1]))
        else:
            found.append((at, to))
    return found
