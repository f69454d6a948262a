"""What a carrier of calls tells of one: the same for every provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.voice.state import CallStatus

SPOKEN_CHARS_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something said in a call. `key` tells it from all else that was; `contact`: by the contact, and not to them."""

    key: str
    sequence: int
    contact: bool
    text: str
    confidence: float | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CallNews:
    """What a callback says of a call. None and "": it says nothing of that."""

    provider_call_id: str
    status: CallStatus | None = None
    sequence: int | None = None
    answered_by: str = ""
    duration_s: int | None = None
    recording_url: str = ""
    recording_s: int | None = None
    error_code: str | None = None
    reason: str | None = None
    at: datetime | None = None
