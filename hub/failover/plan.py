"""The plan of a message: the channels that are left to try, and what they are given. Pure.

A message is a chain of attempts. The first is the message its caller knows; each later one is a row of its own, with
its own channel, price, hold and receipts, under an id that the plan named before, so that whoever takes over twice
takes over once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from hub.channels.base import ChannelKind
from hub.channels.content import Content
from hub.channels.delivery import FINAL_FAILURES, TOOK_PLACE, Status

STEPS_MAX = 8
TIMEOUT_S_MAX = 3 * 86_400
VALIDITY_S_MAX = 15 * 86_400
ORDER = (ChannelKind.RCS, ChannelKind.WHATSAPP, ChannelKind.SMS, ChannelKind.VOICE)
"""Best first: what can show most and costs least for a reader who has it."""
TIMEOUT_S: Mapping[ChannelKind, int] = {ChannelKind.RCS: 300, ChannelKind.WHATSAPP: 900}
"""How long a receipt is waited for before the next channel takes over; the others only give way when they fail."""


class Step(BaseModel):
    """One channel to try. `timeout_s` None: the next takes over on a failure only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel_id: UUID
    timeout_s: int | None = Field(None, ge=1, le=TIMEOUT_S_MAX)


class Plan(BaseModel):
    """What follows when the attempt that carries this plan fails. `next_id` is the next attempt's id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[Step, ...] = Field(min_length=1, max_length=STEPS_MAX)
    next_id: UUID
    content: Content
    expires_at: datetime | None = None

    def to_row(self) -> dict[str, Any]:
        """JSON for the message's row."""
        return self.model_dump(mode="json")


class Verdict(StrEnum):
    DONE = "done"  # it arrived: nobody takes over
    WAIT = "wait"
    TAKE_OVER = "take-over"


def judge(status: Status, timed_out: bool) -> Verdict:
    """What becomes of an attempt's plan.

    An attempt that nobody knows the fate of is never given up: it is reconciled first, and only then judged.
    """
    if status in TOOK_PLACE:
        return Verdict.DONE
    if status in FINAL_FAILURES or status is Status.REFUSED:
        return Verdict.TAKE_OVER
    return Verdict.TAKE_OVER if status is Status.SENT and timed_out else Verdict.WAIT
