"""How a queue works: who may serve it, in which order, when, and what happens to those who wait too long. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from hub.routing.hours import BusinessHours

LOW, NORMAL, HIGH, URGENT = -1, 0, 1, 2
LEVEL_MAX = 5
SKILLS_MAX = 20
WAIT_S_MAX = 30 * 24 * 3600

Strategy = Literal["capable", "least_loaded", "round_robin", "sticky"]
PriorityName = Literal["low", "normal", "high", "urgent"]
PRIORITIES: Mapping[int, PriorityName] = {LOW: "low", NORMAL: "normal", HIGH: "high", URGENT: "urgent"}
Seconds = Annotated[int, Field(ge=1, le=WAIT_S_MAX)]
SkillName = Annotated[str, Field(min_length=1, max_length=60)]
Level = Annotated[int, Field(ge=1, le=LEVEL_MAX)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceLevel(_Part):
    """Targets in the queue's open time; None: no target."""

    first_response_s: Seconds | None = None
    resolution_s: Seconds | None = None


class Breach(_Part):
    """What a missed target does, beside being counted and shown."""

    raise_priority: bool = True
    queue_id: UUID | None = None
    notify: bool = True
    webhook_id: UUID | None = None


class Overflow(_Part):
    """Who waited `wait_s` seconds in the queue goes to another one; that one's own overflow goes on from there."""

    wait_s: Seconds
    queue_id: UUID


class AfterHours(_Part):
    """While the queue is closed: keep the conversation, say something once, or hand it to a queue that is open."""

    text: str = Field("", max_length=1600)
    queue_id: UUID | None = None


class Satisfaction(_Part):
    """Ask the contact for a number from 1 to 5 when their conversation is closed; without `text` in their language."""

    enabled: bool = False
    text: str = Field("", max_length=480)


class Voice(_Part):
    """Calls that come to this queue wait for an agent; without `answer` they are asked to leave a message.

    `callback_after_s`: who would wait longer, or has, may hang up and be called back in their turn; None: nobody is asked.
    `wait_s`: after so long a message may be left. `music_url`: what is played between the words. `record`, `transcribe`:
    what of the talk is kept, from when the caller has heard `notice`; empty: said in the language of the voice.
    """

    answer: bool = False
    language: str = Field("en-US", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")
    greeting: str = Field("", max_length=480)
    music_url: str = Field("", max_length=2_048, pattern=r"^(https?://\S+)?$")
    callback_after_s: Seconds | None = None
    wait_s: int = Field(1_800, ge=30, le=4 * 3_600)
    record: bool = False
    transcribe: bool = False
    notice: str = Field("", max_length=480)


class QueueSettings(_Part):
    """The settings of one queue. `ageing_s`: so many seconds of waiting weigh as much as one step of priority."""

    strategy: Strategy = "capable"
    skills: dict[SkillName, Level] = Field(default_factory=dict, max_length=SKILLS_MAX)
    hours: BusinessHours | None = None
    service_levels: dict[PriorityName, ServiceLevel] = Field(default_factory=dict)
    breach: Breach = Breach()
    overflow: Overflow | None = None
    after_hours: AfterHours = AfterHours()
    satisfaction: Satisfaction = Satisfaction()
    voice: Voice = Voice()
    accept_s: int = Field(30, ge=5, le=3600)
    ageing_s: int = Field(600, ge=10, le=86_400)

    def level(self, priority: int) -> ServiceLevel:
        """The targets of a priority; what is not set is that of `normal`."""
        name = PRIORITIES[priority]
        return self.service_levels.get(name) or self.service_levels.get("normal") or NO_LEVEL

    def queue_ids(self) -> dict[str, UUID]:
        """The other queues that the settings name, by their place."""
        named = {
            "/overflow/queue_id": self.overflow.queue_id if self.overflow else None,
            "/breach/queue_id": self.breach.queue_id,
            "/after_hours/queue_id": self.after_hours.queue_id,
        }
        return {place: queue_id for place, queue_id in named.items() if queue_id is not None}


NO_LEVEL = ServiceLevel()
PLAIN = QueueSettings()
Queues = Mapping[UUID, QueueSettings]
"""The settings of those queues of a tenant that have any."""
