"""What a change of a contact is, and what the timeline says of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.contacts.attributes import AttributeValue

FIELDS = ("name", "language", "time_zone")


@dataclass(frozen=True, slots=True)
class State:
    """A contact's fields, attributes and tags as they are in the database."""

    id: UUID
    name: str
    language: str
    time_zone: str
    attributes: Mapping[str, AttributeValue]
    tags: frozenset[str]
    version: int = 1


@dataclass(slots=True)
class Change:
    """What shall become of one contact. None: leave the field; an attribute that is None: take it away."""

    id: UUID
    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    attributes: Mapping[str, AttributeValue | None] = field(default_factory=dict)
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One contact before and after a change, and what differs."""

    before: State
    after: State
    fields: dict[str, list[Any]]
    """Field or attribute → [before, after]; an attribute that is called like a field is `attribute.<key>`."""
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.fields or self.added or self.removed)


def apply(state: State, change: Change) -> Outcome:
    """The contact after the change. The same change twice changes nothing the second time."""
    differs: dict[str, list[Any]] = {}
    values = {name: getattr(state, name) for name in FIELDS}
    for name in FIELDS:
        wanted = getattr(change, name)
        if wanted is not None and wanted != values[name]:
            differs[name] = [values[name], wanted]
            values[name] = wanted
    attributes = dict(state.attributes)
    for key, value in change.attributes.items():
        before = attributes.get(key)
        if value is None:
            attributes.pop(key, None)
        else:
            attributes[key] = value
        if before != value or type(before) is not type(value):
            differs[key if key not in FIELDS else f"attribute.{key}"] = [before, value]
    added = tuple(tag for tag in dict.fromkeys(change.add_tags) if tag not in state.tags)
    removed = tuple(
        tag for tag in dict.fromkeys(change.remove_tags) if tag in state.tags and tag not in added
    )
    after = State(
        state.id,
        values["name"],
        values["language"],
        values["time_zone"],
        attributes,
        (state.tags | set(added)) - set(removed),
        state.version + 1,
    )
    return Outcome(state, after, differs, added, removed)


def activities_of(outcome: Outcome) -> list[tuple[str, dict[str, Any]]]:
    """(kind, data) for the timeline: one for the fields, one for the tags."""
    found: list[tuple[str, dict[str, Any]]] = []
    if outcome.fields:
        found.append(("attributes", {"changes": outcome.fields}))
    if outcome.added or outcome.removed:
        found.append(("tags", {"added": list(outcome.added), "removed": list(outcome.removed)}))
    return found
