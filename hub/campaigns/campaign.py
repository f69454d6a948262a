"""What a campaign is and which changes it allows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.errors import Conflict

UNFUNDED = "insufficient-funds"
BY_HAND = "paused by hand"

# action: (states it may start from, state it leads to)
TRANSITIONS: Mapping[str, tuple[frozenset[str], str]] = {
    "launch": (frozenset({"draft"}), "running"),
    "pause": (frozenset({"running"}), "paused"),
    "resume": (frozenset({"paused"}), "running"),
    "cancel": (frozenset({"draft", "running", "paused"}), "canceled"),
}
COUNTED = [
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "expired",
    "unknown",
    "refused",
]  # every recipient is in exactly one of these, or pending


def next_status(action: str, status: str) -> str:
    """The status after `action`. Raises Conflict when the campaign's state does not allow it."""
    allowed, target = TRANSITIONS[action]
    if status not in allowed:
        raise Conflict(f"a {status} campaign cannot be changed by {action}")
    return target


@dataclass(frozen=True, slots=True)
class Recipient:
    """One contact of the frozen audience as the template sees it."""

    ordinal: int
    contact_id: UUID
    name: str
    language: str
    address: str
    attributes: Mapping[str, Any]
    opted_out: bool
    time_zone: str = ""

    def variables(self, constants: Mapping[str, Any]) -> dict[str, Any]:
        """The template's context: campaign variables, then attributes, then the contact's own fields."""
        first, _, last = self.name.partition(" ")
        own = {"name": self.name, "first_name": first, "last_name": last, "phone": self.address}
        return {**constants, **self.attributes, **own}


def batch_edges(recipients: int, size: int) -> Sequence[tuple[int, int]]:
    """(first, last) ordinals, from 1, of batches of `size`."""
    return [(first, min(first + size - 1, recipients)) for first in range(1, recipients + 1, size)]
