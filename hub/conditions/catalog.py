"""Which fields there are, of which type, and what may be asked of each. A context (contacts, routing, later flows)
brings a catalog of its own to the same language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import phonenumbers

CHANNELS = ("sms", "whatsapp", "rcs", "voice")
CHANNEL_LABELS = {"sms": "SMS", "whatsapp": "WhatsApp", "rcs": "RCS", "voice": "Voice"}
EVENT = "event."
EVENT_NAME_CHARS_MAX = 80
ATTRIBUTE = "attribute."

_TEXT = {
    "=": "is",
    "!=": "is not",
    "contains": "contains",
    "doesNotContain": "does not contain",
    "beginsWith": "begins with",
    "endsWith": "ends with",
    "in": "is any of",
    "notIn": "is none of",
    "null": "is unknown",
    "notNull": "is known",
}
_ORDER = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "between": "is between",
    "notBetween": "is not between",
    "null": "is unknown",
    "notNull": "is known",
}
_TIME = {
    **_ORDER,
    "<": "is before",
    "<=": "is not after",
    ">": "is after",
    ">=": "is not before",
    "inLast": "in the last",
    "notInLast": "not in the last",
}
_CHOICE = {name: _TEXT[name] for name in ("=", "!=", "in", "notIn", "null", "notNull")}
_HAPPENED = {"happened": "happened", "didNotHappen": "did not happen"}

OPERATORS: Mapping[str, Mapping[str, str]] = {
    "text": _TEXT,
    "number": _ORDER,
    "date": _TIME,
    "datetime": _TIME,
    "boolean": {"=": "is"},
    "choice": _CHOICE,
    "country": _CHOICE,
    "named": _CHOICE,
    "keyword": {"in": "is any of", "notIn": "is none of"},
    "wording": {
        "contains": "contains",
        "doesNotContain": "does not contain",
        "containsAny": "contains any of",
        "containsNone": "contains none of",
    },
    "tag": {"has": "is", "hasNot": "is not"},
    "consent": {"=": "is"},
    "reachable": {"on": "on", "notOn": "not on"},
    "segment": {"in": "in", "notIn": "not in"},
    "event": _HAPPENED,
    "message": _HAPPENED,
    "campaign": {
        "received": "received",
        "notReceived": "did not receive",
        "answered": "answered",
        "receivedNotAnswered": "received but did not answer",
    },
}
"""Operators by type of field, each with its label. A negated one is true where a value is missing."""

Choices = tuple[tuple[str, str], ...]
CONSENTS: Choices = (("opted_in", "opted in"), ("opted_out", "opted out"), ("none", "none"))


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field: its `name` in rules, a `label` for people, its type, and its values where they are few."""

    name: str
    label: str
    type: str
    group: str = "Contact"
    choices: Choices | None = None

    @property
    def operators(self) -> Mapping[str, str]:
        return OPERATORS[self.type]


@dataclass(frozen=True)
class Catalog:
    """The fields of one context, and the segments and campaigns that its rules may name (id → name)."""

    fields: Mapping[str, FieldSpec]
    segments: Mapping[UUID, str] = field(default_factory=dict)
    campaigns: Mapping[UUID, str] = field(default_factory=dict)
    events: bool = False
    """Whether `event.<any name>` is a field: also before the first event of that name came."""

    def find(self, name: str) -> FieldSpec | None:
        known = self.fields.get(name)
        if known is None and self.events and name.startswith(EVENT):
            event = name[len(EVENT) :]
            if is_event_name(event):
                return FieldSpec(name, event, "event", "Events")
        return known


def is_event_name(name: str) -> bool:
    """1 to 80 printable characters without spaces at the ends."""
    return 0 < len(name) <= EVENT_NAME_CHARS_MAX and name.isprintable() and name.strip() == name


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """What the catalog needs to know of an attribute's definition."""

    key: str
    label: str
    type: str
    choices: tuple[str, ...] = ()


def contact_catalog(
    attributes: Iterable[AttributeSpec] = (),
    *,
    tags: Iterable[str] = (),
    segments: Mapping[UUID, str] | None = None,
    campaigns: Mapping[UUID, str] | None = None,
    events: Iterable[str] = (),
    choices: Mapping[str, Choices] | None = None,
) -> Catalog:
    """The fields of contacts: fixed ones, a tenant's attributes, and what happened to the contact.

    `choices` gives the segment and campaign fields their values in public ids; tags and events likewise fill lists for
    a builder, while any tag and any event name may be asked for.
    """
    listed = dict(choices or {})
    specs = [
        FieldSpec("name", "Name", "text"),
        FieldSpec("language", "Language", "text"),
        FieldSpec("time_zone", "Time zone", "text"),
        FieldSpec("country", "Country", "country", choices=COUNTRIES),
        FieldSpec("created_at", "Created", "datetime"),
        FieldSpec("last_inbound_at", "Last inbound", "datetime"),
        *(_attribute(spec) for spec in attributes),
        FieldSpec("tag", "Tag", "tag", choices=tuple((tag, tag) for tag in tags)),
        *(
            FieldSpec(f"consent.{kind}", f"{CHANNEL_LABELS[kind]} consent", "consent", "Consent", CONSENTS)
            for kind in CHANNELS
        ),
        FieldSpec("reachable", "Reachable", "reachable", "Consent", tuple(CHANNEL_LABELS.items())),
        FieldSpec("segment", "Segment", "segment", "Segments", listed.get("segment", ())),
        FieldSpec("message.inbound", "Message from the contact", "message", "Messages"),
        FieldSpec("message.outbound", "Message to the contact", "message", "Messages"),
        FieldSpec("campaign", "Campaign", "campaign", "Messages", listed.get("campaign", ())),
        *(FieldSpec(EVENT + name, name, "event", "Events") for name in events),
    ]
    return Catalog({spec.name: spec for spec in specs}, segments or {}, campaigns or {}, events=True)


def _attribute(spec: AttributeSpec) -> FieldSpec:
    choices = tuple((choice, choice) for choice in spec.choices) if spec.type == "choice" else None
    return FieldSpec(ATTRIBUTE + spec.key, spec.label, spec.type, "Attributes", choices)


def _countries() -> dict[str, str]:
    """Main country → its calling code. Countries that share a code (+1, +7, +44) go by the code's main one."""
    regions: Mapping[int, Any] = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return {names[0]: f"+{code}" for code, names in regions.items() if names[0] != "001"}


CALLING_CODES: Mapping[str, str] = _countries()
COUNTRIES: Choices = tuple((name, f"{name} ({code})") for name, code in sorted(CALLING_CODES.items()))
