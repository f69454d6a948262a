"""What a run of a flow asks of the world, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SendText:
    """Send this text to the contact on the channel of the conversation."""

    text: str


@dataclass(frozen=True, slots=True)
class AddTag:
    tag: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the conversation to people. An empty queue name leaves the choice to the routing rules."""

    queue: str


Effect = SendText | AddTag | HandOver
