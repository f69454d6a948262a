"""The words that `words` writes and `parse` reads: names of fields, values, durations, and which words are taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from hub.conditions.catalog import OPERATORS, Catalog, FieldSpec
from hub.ids import encode_id

RESERVED = frozenset(
    [
        "and",
        "or",
        "not",
        "is",
        "in",
        "on",
        "of",
        "the",
        "last",
        "any",
        "none",
        "with",
        "known",
        "unknown",
        "between",
        "before",
        "after",
        "less",
        "more",
        "than",
        "at",
        "least",
        "most",
        "times",
        "does",
        "contain",
        "contains",
        "begins",
        "ends",
        "did",
        "happen",
        "happened",
        "event",
        "receive",
        "received",
        "answer",
        "answered",
        "but",
        "campaign",
        "segment",
        "wrote",
        "write",
        "to",
        "us",
        "was",
        "sent",
        "a",
        "message",
        "reachable",
        "unreachable",
        "everyone",
        "no",
        "one",
        "true",
        "false",
        "minute",
        "minutes",
        "hour",
        "hours",
        "day",
        "days",
        "week",
        "weeks",
    ]
)
LEADING = frozenset(
    [
        "and",
        "or",
        "not",
        "is",
        "in",
        "contains",
        "does",
        "begins",
        "ends",
        "event",
        "reachable",
        "unreachable",
        "received",
        "answered",
        "did",
        "wrote",
        "was",
        "everyone",
        "no",
    ]
)
"""Words that a field's name cannot hold without being mistaken for a comparison or the begin of another sentence."""
SPOKEN = frozenset(
    {
        "text",
        "number",
        "boolean",
        "date",
        "datetime",
        "choice",
        "country",
        "tag",
        "consent",
        "named",
        "keyword",
        "wording",
    }
)
"""Types of fields whose rules read `field comparison value`; the others have sentences of their own."""
INBOUND = {True: ("wrote", "to", "us"), False: ("did", "not", "write", "to", "us")}
OUTBOUND = {True: ("was", "sent", "a", "message"), False: ("was", "not", "sent", "a", "message")}
CAMPAIGN = {
    "received": ("received", "campaign"),
    "notReceived": ("did", "not", "receive", "campaign"),
    "answered": ("answered", "campaign"),
    "receivedNotAnswered": ("received", "but", "did", "not", "answer", "campaign"),
}
CONSENT = {"opted_in": ("opted", "in"), "opted_out": ("opted", "out"), "none": ("none",)}
PROPERTY = {**OPERATORS["number"], **OPERATORS["text"]}

_BARE = re.compile(r'[^\s(),"]+')
_LABEL = re.compile(r"[\w-]+(?: [\w-]+)*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def word(value: str) -> str:
    """A value as one word: bare where it can stand alone, else in quotes."""
    if _BARE.fullmatch(value) and value.lower() not in RESERVED:
        return value
    return quoted(value)


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value: Any) -> str:
    """A property's value: numbers and truth values bare, a text in quotes where it looks like one of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return quoted(value) if _NUMBER.fullmatch(value) else word(value)


def number_of(bare: str) -> int | float | None:
    """The number that a bare word is, or None."""
    if not _NUMBER.fullmatch(bare) or len(bare) > 400:
        return None
    return int(bare) if bare.lstrip("-").isdigit() else float(bare)


@dataclass(frozen=True)
class Vocabulary:
    """A catalog's fields, segments and campaigns by what people call them."""

    catalog: Catalog

    @cached_property
    def phrases(self) -> Mapping[str, str]:
        """Name of a field → how it is called: its label where that is plain and nobody else's, else its name."""
        spoken = [spec for spec in self.catalog.fields.values() if spec.type in SPOKEN]
        labels = {spec.name: _spoken(spec.label) for spec in spoken}
        times = Counter(label.lower() for label in labels.values())
        return {
            name: label if _is_plain(label) and times[label.lower()] == 1 else name
            for name, label in labels.items()
        }

    @cached_property
    def fields(self) -> Mapping[tuple[str, ...], FieldSpec]:
        """Words in lower case → the field."""
        found: dict[tuple[str, ...], FieldSpec] = {
            (spec.name.lower(),): spec for spec in self.catalog.fields.values() if spec.type in SPOKEN
        }
        for name, phrase in self.phrases.items():
            found[tuple(phrase.lower().split(" "))] = self.catalog.fields[name]
        return found

    @cached_property
    def words_max(self) -> int:
        return max(map(len, self.fields), default=1)

    def segment(self, segment_id: UUID) -> str:
        """Its name, or its id where the name is not its alone."""
        return _named("seg", segment_id, self.catalog.segments)

    def campaign(self, campaign_id: UUID) -> str:
        return _named("cmp", campaign_id, self.catalog.campaigns)


def labels_of(spec: FieldSpec) -> dict[str, str]:
    """Value → how it is called, for a field whose values are ids: its label where that is its alone, else the id."""
    times = Counter(label for _, label in spec.choices or ())
    values = {value for value, _ in spec.choices or ()}
    return {
        value: label if times[label] == 1 and label and label not in values else value
        for value, label in spec.choices or ()
    }


def ids_by_name(prefix: str, names: Mapping[UUID, str]) -> dict[str, str]:
    """Name or public id → public id."""
    found = {encode_id(prefix, each): encode_id(prefix, each) for each in names}
    for each in names:
        found.setdefault(_named(prefix, each, names), encode_id(prefix, each))
    return found


def _named(prefix: str, wanted: UUID, names: Mapping[UUID, str]) -> str:
    name = names.get(wanted, "")
    alone = sum(other == name for other in names.values()) == 1
    return name if name and alone and not name.startswith(f"{prefix}_") else encode_id(prefix, wanted)


def _spoken(label: str) -> str:
    """`City` to `city`; `SMS consent` stays."""
    return label[0].lower() + label[1:] if label[1:2].islower() or len(label) == 1 else label


def _is_plain(label: str) -> bool:
    return bool(_LABEL.fullmatch(label)) and not any(part in LEADING for part in label.lower().split(" "))
