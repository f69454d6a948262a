"""What a run of a flow asks of the world, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from hub.channels.content import Content
from hub.voice.script import Step

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ChannelStep:
    """A kind of channel or one channel's public id; the next one takes over on failure or after `timeout_s`."""

    channel: str
    timeout_s: int | None = None


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Send this to the contact. Without `channels`: where the contact talks to us, else by the tenant's policy.

    `token`: tell the session what becomes of the message (inputs.Delivery); 0: it does not wait for that.
    """

    content: Content
    channels: tuple[ChannelStep, ...] = ()
    token: int = 0


@dataclass(frozen=True, slots=True)
class AddTag:
    tag: str


@dataclass(frozen=True, slots=True)
class RemoveTag:
    tag: str


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """Set one of the contact's attributes; None takes its value away."""

    key: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Record a custom event of the contact."""

    name: str
    properties: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the conversation to people. An empty queue name leaves the choice to the routing rules.

    `token`: tell the session when they close it; 0: it has ended.
    """

    queue: str
    token: int = 0


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Give inputs.TimeUp(token) to the session at this instant (UTC)."""

    token: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StopTimer:
    token: int


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """Ask an address of the web, once; the answer goes to the session as inputs.WebhookAnswer(token)."""

    token: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    timeout_s: int


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Call the contact, by this channel (a public id) or the first that can; tell the session how that went: inputs.Call."""

    token: int
    channel: str = ""
    ring_timeout_s: int = 30
    time_limit_s: int = 1_800
    detect_machine: bool = False
    record: bool = False


@dataclass(frozen=True, slots=True)
class CallStep:
    """Do this in the call with the contact. `token` 0: the flow does not wait for it."""

    step: Step
    token: int = 0


@dataclass(frozen=True, slots=True)
class ReachGoal:
    """The session reached a goal for the first time. `value_micros` in the tenant's currency."""

    name: str
    value_micros: int = 0


Effect = (
    SendMessage
    | AddTag
    | RemoveTag
    | SetAttribute
    | EmitEvent
    | HandOver
    | StartTimer
    | StopTimer
    | CallWebhook
    | PlaceCall
    | CallStep
    | ReachGoal
)

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def to_json(effect: Effect) -> dict[str, Any]:
    """An effect for screens and test cases: its `type` and its fields; what is empty is left out."""
    fields = _bare(_ANY.dump_python(effect, mode="json"))
    if not fields.get("token", 1):
        del fields["token"]
    return {"type": type_of(effect), **fields}


def type_of(effect: Effect) -> str:
    """`send_message` for SendMessage."""
    name = type(effect).__name__
    return name[0].lower() + "".join(f"_{each.lower()}" if each.isupper() else each for each in name[1:])


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each not in (None, "", [], {})}
    return [_bare(each) for each in value] if isinstance(value, list) else value
