"""Two contacts that are one person: what the merged contact holds, field by field. Pure.

The winner's value stands unless it has none or somebody chose the loser's. Tags are united; of two words on one consent
an opt-out wins, otherwise the newer one. Of two conversations the open one goes on, otherwise the newer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from hub.contacts.attributes import AttributeValue, Definitions
from hub.contacts.changes import FIELDS
from hub.conversations.state import UNDER_WAY
from hub.errors import Invalid
from hub.flows import inside

Side = Literal["winner", "loser"]
LABELS = {"name": "Name", "language": "Language", "time_zone": "Time zone"}
_ATTRIBUTE = "attribute."


@dataclass(frozen=True, slots=True)
class Person:
    """One side of a merge. Consents by (channel, purpose), as rows of JSON."""

    id: UUID
    name: str
    language: str
    time_zone: str
    attributes: Mapping[str, AttributeValue]
    tags: frozenset[str]
    consents: Mapping[tuple[str, str], Mapping[str, Any]]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the preview: what either has and what the merged contact gets."""

    field: str
    label: str
    winner: Any
    loser: Any
    result: Any


@dataclass(slots=True)
class Plan:
    """What the merged contact will hold."""

    fields: list[Field] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    consents: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)


def plan(winner: Person, loser: Person, choices: Mapping[str, Side], definitions: Definitions) -> Plan:
    """Raises Invalid for the choice of a field that neither has."""
    found = Plan(tags=winner.tags | loser.tags, consents=_consents(winner, loser))
    names = [*FIELDS, *(f"{_ATTRIBUTE}{key}" for key in sorted({*winner.attributes, *loser.attributes}))]
    for unknown in set(choices) - set(names):
        raise Invalid("neither contact has this field", f"/choices/{unknown[:80]}")
    for name in names:
        key = name.removeprefix(_ATTRIBUTE)
        if name.startswith(_ATTRIBUTE):
            ours, theirs = winner.attributes.get(key), loser.attributes.get(key)
            label = definitions[key].label if key in definitions else key
        else:
            ours, theirs = getattr(winner, name), getattr(loser, name)
            label = LABELS[name]
        side = choices.get(name, "loser" if ours in (None, "") else "winner")
        result = ours if side == "winner" else theirs
        if name in FIELDS:
            found.values[name] = str(result)
        elif result is not None:
            found.attributes[key] = result
        if ours not in (None, "") or theirs not in (None, ""):
            found.fields.append(Field(name, label, ours, theirs, result))
    return found


def _consents(winner: Person, loser: Person) -> dict[tuple[str, str], Mapping[str, Any]]:
    merged = dict(winner.consents)
    for key, theirs in loser.consents.items():
        ours = merged.get(key)
        if ours is None or _weight(theirs) > _weight(ours):
            merged[key] = theirs
    return merged


def _weight(consent: Mapping[str, Any]) -> tuple[bool, str]:
    return consent["state"] == "opted_out", str(consent["changed_at"])


def conversation(
    winner: Mapping[str, Any] | None, loser: Mapping[str, Any] | None, winner_id: UUID
) -> dict[str, Any] | None:
    """The winner's conversation after a merge, of two rows as JSON; its version is beyond both, so hosts read it again."""
    both = [row for row in (winner, loser) if row is not None]
    if not both:
        return None
    newest = max(both, key=lambda row: str(row["last_at"]))
    open_ones = [row for row in both if row["status"] in UNDER_WAY]
    base = open_ones[0] if len(open_ones) == 1 else newest
    inbound = [row["last_inbound_at"] for row in both if row["last_inbound_at"] is not None]
    return {
        **base,
        **{
            name: newest[name] for name in ("channel_id", "address", "last_text", "last_direction", "last_at")
        },
        "contact_id": str(winner_id),
        "session": _both_inside(both),
        "version": 1 + max(row["version"] for row in both),
        "unread": sum(row["unread"] for row in both if row["status"] in UNDER_WAY),
        "last_inbound_at": max(inbound, default=None),
        "tags": list(dict.fromkeys(tag for row in (base, *both) for tag in row["tags"])),
    }


def _both_inside(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The flows of both: the winner's sessions before the loser's, which so asked last."""
    found = [one for row in rows for one in inside.from_json(row["session"], UUID(str(row["contact_id"])))]
    return inside.to_json(found)


def pack(ids: Iterable[UUID]) -> str:
    """Many ids as one text: 100,000 of them are 2 MB."""
    return base64.b64encode(b"".join(identifier.bytes for identifier in ids)).decode()


def unpack(packed: str) -> list[UUID]:
    """The inverse of `pack`."""
    raw = base64.b64decode(packed)
    return [UUID(bytes=raw[place : place + 16]) for place in range(0, len(raw), 16)]


def restored(
    before: Mapping[str, Any], merged: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Any]:
    """Values after an undo: what is as the merge left it goes back, what was changed since stays."""
    return {name: before.get(name) if now.get(name) == merged.get(name) else now.get(name) for name in names}
