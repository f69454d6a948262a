"""Queues, agents and presence in and out."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from api.schemas.common import EndpointId, In, Instant, Out, Page, QueueId, TenantId, UserId
from hub.routing.floor import CAPACITY
from hub.routing.queue import SKILLS_MAX, AfterHours, Breach, Level, Overflow, QueueSettings, SkillName
from hub.routing.service import MEMBERS_MAX

Name = Annotated[str, Field(min_length=1, max_length=80)]
Members = Annotated[list[UserId], Field(max_length=MEMBERS_MAX)]
Skills = Annotated[dict[SkillName, Level], Field(max_length=SKILLS_MAX)]
ChannelKindName = Literal["sms", "voice", "whatsapp", "rcs"]
Weights = Annotated[
    dict[ChannelKindName, Annotated[int, Field(ge=1, le=100)]],
    Field(description="How much of the capacity a conversation of this channel takes; a call 3, others 1."),
]
Presence = Literal["online", "busy", "away", "offline"]


class BreachRules(Breach):
    """What a missed target does, beside being counted and shown."""

    queue_id: QueueId | None = Field(None, description="Where the conversation goes then.")
    webhook_id: EndpointId | None = Field(
        None, description="The endpoint that is told, whatever it listens for."
    )


class OverflowRule(Overflow):
    """Who waited `wait_s` seconds goes to another queue; that one's own overflow goes on from there."""

    queue_id: QueueId


class AfterHoursRules(AfterHours):
    """While the queue is closed: a queue that is open gets what comes, or `text` is said once."""

    queue_id: QueueId | None = None


class QueueRules(QueueSettings):
    """How a queue works. Everything has a default; a change replaces the settings as a whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "strategy": "capable",
                    "skills": {"german": 3},
                    "hours": {
                        "time_zone": "Europe/Berlin",
                        "week": {"monday": [{"start": "09:00", "end": "17:00"}]},
                    },
                    "service_levels": {"normal": {"first_response_s": 300, "resolution_s": 86400}},
                }
            ]
        }
    )

    breach: BreachRules = BreachRules()
    overflow: OverflowRule | None = None
    after_hours: AfterHoursRules = AfterHoursRules()

    @classmethod
    def of(cls, settings: QueueSettings) -> Self:
        """From what is stored."""
        return cls.model_validate(settings.model_dump())

    def plain(self) -> QueueSettings:
        """As it is stored: ids without a prefix."""
        overflow, breach, after = self.overflow, self.breach, self.after_hours
        return QueueSettings(
            strategy=self.strategy,
            skills=self.skills,
            hours=self.hours,
            service_levels=self.service_levels,
            breach=Breach(
                raise_priority=breach.raise_priority,
                queue_id=breach.queue_id,
                notify=breach.notify,
                webhook_id=breach.webhook_id,
            ),
            overflow=None
            if overflow is None
            else Overflow(wait_s=overflow.wait_s, queue_id=overflow.queue_id),
            after_hours=AfterHours(text=after.text, queue_id=after.queue_id),
            satisfaction=self.satisfaction,
            voice=self.voice,
            accept_s=self.accept_s,
            ageing_s=self.ageing_s,
        )


class QueueMember(Out):
    id: UserId
    name: str


class Queue(Out):
    id: QueueId
    tenant_id: TenantId
    name: str
    members: list[QueueMember] = Field(description="Who serves it; empty: everybody who may answer.")
    settings: QueueRules | None = Field(description="Null: no clocks run and nothing is counted.")
    version: int
    updated_at: Instant
    archived_at: Instant | None


class QueuePage(Page[Queue]):
    pass


class NewQueue(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Care", "settings": {"accept_s": 20}}]}
    )

    name: Name
    settings: QueueRules = QueueRules()
    member_ids: Members = Field(default_factory=list)


class PatchQueue(In):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"settings": {"accept_s": 45}}, {"archived": False}]}
    )

    name: Name | None = None
    settings: QueueRules | None = None
    member_ids: Members | None = None
    archived: bool | None = Field(None, description="False brings an archived queue back.")


class QueueStats(Out):
    waiting: int
    handled: int = Field(description="Open ones that somebody has.")
    snoozed: int
    waiting_for_contact: int
    waiting_since: Instant | None = Field(description="Of the one that has waited longest.")
    taken: int = Field(description="In the last half hour.")
    mean_wait_s: float | None = Field(description="Of those taken in the last half hour.")
    breached: int = Field(description="Missed targets in the last half hour.")
    rated: int = Field(description="Contacts who said how it was, in the last 30 days.")
    mean_score: float | None = Field(description="Of what they said, 1 to 5; null when nobody did.")
    estimated_wait_s: float | None = Field(
        description="For the next one who comes, at the pace of the last half hour."
    )
    agents_online: int
    is_open: bool
    opens_at: Instant | None


class Agent(Out):
    id: UserId
    kind: Literal["person", "bot"]
    name: str
    capacity: int
    skills: dict[str, int]
    weights: dict[str, int]
    presence: Presence
    open: int = Field(description="Open conversations that the agent has.")
    version: int


class AgentPage(Page[Agent]):
    pass


class NewAgent(In):
    """A bot: a program that takes conversations through the API. People are agents by their role."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Order bot", "capacity": 20}]})

    name: Name
    capacity: int = Field(CAPACITY, ge=1, le=100)


class PutAgent(In):
    model_config = ConfigDict(json_schema_extra={"examples": [{"capacity": 4, "skills": {"german": 3}}]})

    capacity: int = Field(CAPACITY, ge=1, le=100)
    skills: Skills = Field(default_factory=dict)
    weights: Weights = Field(default_factory=dict)
    name: Name | None = Field(None, description="Of a bot.")


class PresenceIn(In):
    """Everybody but people with an open stream says it again within 45 seconds, or is gone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "online"}]})

    status: Presence


class PresenceOut(Out):
    status: Presence


class SkillList(Out):
    items: list[str]
    has_more: bool
