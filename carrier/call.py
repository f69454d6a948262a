"""One call as the carrier knows it: what is known, what happened, and what the person does with the handset."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from carrier.accounts import Account, Number
from carrier.store import Lane, rfc3339
from carrier.voice_behaviour import CallBehaviour

ENDED = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
KEYS = frozenset("0123456789*#")
LOG_MAX = 1_000


class HungUp(Exception):
    """The call is over; carrying on with its document makes no sense."""


@dataclass(slots=True)
class Kept:
    """A recording or a live transcription of a call. `sequence` counts what is told of a transcription."""

    sid: str
    url: str
    attributes: dict[str, str]
    since: float = field(default_factory=time.time)
    sequence: int = 0


@dataclass(slots=True, eq=False)
class Call:
    """A call. `handset` is the person's number, `number` the tenant's; times are Unix seconds."""

    sid: str
    account: Account
    number: Number
    handset: str
    direction: str  # outbound-api or inbound
    behaviour: CallBehaviour
    base: str  # where recordings are fetched: this carrier as the tenant called it
    url: str = ""
    twiml: str = ""
    fallback_url: str = ""
    status_url: str = ""
    events: frozenset[str] = frozenset({"completed"})
    ring_s: float = 60.0
    time_limit_s: int = 14_400
    machine_detection: str = ""
    amd_url: str = ""
    record: bool = False
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)  # by noun and name, while it goes on
    recording_url: str = ""
    status: str = "queued"
    answered_by: str = ""
    created_at: float = field(default_factory=time.time)
    answered_at: float | None = None
    ended_at: float | None = None
    sequence: int = 0
    error_code: int | None = None
    questions: int = 0
    recordings: list[tuple[str, int]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, str]] = field(default_factory=list)
    lane: Lane = field(default_factory=Lane)
    keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    words: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    picked_up: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    redirected: str = ""
    declined: bool = False
    canceled: bool = False

    @property
    def duration_s(self) -> int:
        """Whole seconds from the answer to the end, begun ones counted, and those the behaviour adds."""
        if self.answered_at is None:
            return 0
        passed = (self.ended_at or time.time()) - self.answered_at
        return max(1, int(passed + 0.999)) + self.behaviour.talks_s

    def note(self, did: str, **more: Any) -> None:
        """Write down what happened."""
        if len(self.log) < LOG_MAX:
            self.log.append({"at": rfc3339(time.time()), "did": did, **more})

    def hang_up(self) -> None:
        """The person, or the tenant by the API, ends the call."""
        self.over.set()

    def entry(self) -> dict[str, Any]:
        """As the control API and the phone page show it."""
        return {
            "sid": self.sid,
            "direction": "inbound" if self.direction == "inbound" else "outbound",
            "account": self.account.id,
            "number": self.number.address,
            "label": self.number.label,
            "handset": self.handset,
            "status": self.status,
            "answered_by": self.answered_by,
            "duration_s": self.duration_s,
            "error_code": self.error_code,
            "created_at": rfc3339(self.created_at),
            "log": self.log,
            "callbacks": self.told,
        }
