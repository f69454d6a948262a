"""Node: Where a flow begins, and what begins it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from hub.compliance.quiet_hours import Weekday
from hub.conditions.catalog import is_event_name
from hub.flows.inputs import Begin
from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.values import Label, Path, VariableName, at_path, editor, reference


class _Trigger(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str

    @model_serializer(mode="wrap")
    def _with_kind(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The kind is written also where defaults are left out: without it nobody could read the trigger again."""
        return {"kind": self.kind, **written(self)}


class AnyTrigger(_Trigger):
    """Whoever starts it: a routing rule, a campaign, another flow, the API."""

    kind: Literal["any"] = "any"


class KeywordTrigger(_Trigger):
    """The contact's whole message is one of these words."""

    kind: Literal["keyword"] = "keyword"
    words: tuple[Label, ...] = Field(min_length=1, max_length=50)


class IntentTrigger(_Trigger):
    """The contact's message was understood as this intent. Without a threshold: the model's own."""

    kind: Literal["intent"] = "intent"
    intent: Annotated[Label, editor("intent")]
    threshold: float | None = Field(None, ge=0, le=1)


class EventTrigger(_Trigger):
    """A custom event of the contact came in."""

    kind: Literal["event"] = "event"
    event: Annotated[str, Field(min_length=1, max_length=80), editor("event")]


class ScheduleTrigger(_Trigger):
    """At this time of these days, for everybody of a segment."""

    kind: Literal["schedule"] = "schedule"
    at: time
    weekdays: tuple[Weekday, ...] = Field((), max_length=7, description="None: every day.")
    zone: Literal["tenant", "contact"] = "tenant"
    segment_id: Annotated[str, Field(min_length=1, max_length=40), reference("seg"), editor("segment")]


class SegmentTrigger(_Trigger):
    """The contact joined or left a segment."""

    kind: Literal["segment"] = "segment"
    segment_id: Annotated[str, Field(min_length=1, max_length=40), reference("seg"), editor("segment")]
    on: Literal["entry", "exit"] = "entry"


class CampaignTrigger(_Trigger):
    """A campaign sent the contact its message."""

    kind: Literal["campaign"] = "campaign"


class ApiTrigger(_Trigger):
    """A program asked for it."""

    kind: Literal["api"] = "api"


Trigger = Annotated[
    AnyTrigger
    | KeywordTrigger
    | IntentTrigger
    | EventTrigger
    | ScheduleTrigger
    | SegmentTrigger
    | CampaignTrigger
    | ApiTrigger,
    Field(discriminator="kind"),
]


class Start(Node):
    """Where a flow begins. Ports: next. Writes: variables[name] from what came with the trigger, by path.

    Example: {"trigger": {"kind": "event", "event": "cart.abandoned"}, "save": {"total": "cart.total"}}.
    """

    type: ClassVar[str] = "start"
    title: ClassVar[str] = "Start"
    group: ClassVar[str] = "Flow"

    trigger: Trigger = AnyTrigger()
    save: Annotated[dict[VariableName, Path], editor("paths")] = Field(default_factory=dict, max_length=40)
    reentry: Literal["always", "not_while_inside", "once"] = Field(
        "not_while_inside", description="Whether a contact may begin again."
    )

    def model_post_init(self, context: Any) -> None:
        if isinstance(self.trigger, ScheduleTrigger) and self.trigger.at.tzinfo is not None:
            raise ValueError("trigger/at: a time of the day, without a zone")
        if isinstance(self.trigger, EventTrigger) and not is_event_name(self.trigger.event):
            raise ValueError("trigger/event: 1 to 80 printable characters without spaces at the ends")

    def writes(self) -> Mapping[str, str]:
        return dict.fromkeys(self.save, "text")

    def summary(self) -> str:
        match self.trigger:
            case KeywordTrigger(words=words):
                return ", ".join(words)
            case IntentTrigger(intent=name) | EventTrigger(event=name):
                return name
            case ScheduleTrigger(at=at):
                return f"{at:%H:%M}"
            case other:
                return other.kind

    def run(self, context: RunContext) -> Next:
        values = context.given.values if isinstance(context.given, Begin) else {}
        for name, path in self.save.items():
            context.set(name, at_path(values, path))
        return Go("next")
