"""What can happen to a session, as data. Each may be written as JSON with its `type`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

REPLY_CHARS_MAX = 4_096
"""A longer reply is cut: whatever comes in, a session stays small."""

HEARD_CHARS_MAX = 1_000

CallEvent = Literal[
    "answered", "busy", "no_answer", "failed", "keys", "speech", "silence", "recorded", "dialled", "hung_up"
]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Begin:
    """The session begins. `values`: what came with it: an event's properties, an API call's variables. `heard`: the message
    that began it, as the session's last reply.
    """

    type: Literal["begin"] = "begin"
    values: Mapping[str, Any] = field(default_factory=dict)
    heard: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_STRICT)
class Reply:
    """The contact wrote, or pressed a button, whose id is `choice`. `intent` as the tenant's model understood it."""

    type: Literal["reply"] = "reply"
    text: str = ""
    choice: str = ""
    intent: str | None = None
    confidence: float = 0.0


def heard_of(reply: Reply) -> dict[str, Any]:
    """What a session remembers of a reply."""
    return {
        "text": reply.text[:HEARD_CHARS_MAX],
        "intent": reply.intent,
        "confidence": reply.confidence,
    }


@dataclass(frozen=True, slots=True, config=_STRICT)
class TimeUp:
    """A timer ran out. One of a wait that is over (another `token`) does nothing."""

    type: Literal["time_up"] = "time_up"
    token: int = 0


@dataclass(frozen=True, slots=True, config=_STRICT)
class WebhookAnswer:
    """What a webhook answered; `status` 0 and `error` when it did not. `body`: JSON, or a text."""

    type: Literal["webhook"] = "webhook"
    token: int = 0
    status: int = 0
    body: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Delivery:
    """What became of a message that is waited for."""

    type: Literal["delivery"] = "delivery"
    token: int = 0
    status: Literal["sent", "delivered", "read", "failed"] = "delivered"


@dataclass(frozen=True, slots=True, config=_STRICT)
class HandedBack:
    """The people who had the conversation closed it."""

    type: Literal["handed_back"] = "handed_back"
    outcome: str = ""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Call:
    """What happened in a call: it was answered (`value`: by whom, where somebody looked) or why not; keys or words, silence,
    a recording, how dialling ended, that it is over. `call`: whose end it is (id in hex), with the `token` it was placed with.
    """

    type: Literal["call"] = "call"
    happened: CallEvent = "keys"
    value: str = ""
    token: int = 0
    call: str = ""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Resume:
    """Run a stuck session again: from its node, or from another one."""

    type: Literal["resume"] = "resume"
    node: str = ""


Input = Begin | Reply | TimeUp | WebhookAnswer | Delivery | HandedBack | Call | Resume
INPUT: TypeAdapter[Input] = TypeAdapter(Annotated[Input, Field(discriminator="type")])
