"""Routing rules in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from api.schemas.common import (
    ChannelId,
    ContactId,
    EndpointId,
    FlowId,
    In,
    Instant,
    MessageId,
    Out,
    Page,
    QueueId,
    RuleId,
    UserId,
)
from hub.channels.base import ChannelKind
from hub.conditions.model import EVERYBODY, ConditionGroup, read
from hub.contacts.contact import TAG_CHARS_MAX
from hub.ids import new_id
from hub.routing.rule import (
    ACTIONS_MAX,
    ANSWER_CHARS_MAX,
    NAME_CHARS_MAX,
    RULES_MAX,
    AddTag,
    Answer,
    CloseIt,
    Priority,
    Rule,
    Tell,
    ToAgent,
    ToFlow,
    ToQueue,
)

CONDITION: JsonDict = {
    "combinator": "and",
    "not": False,
    "rules": [
        {"field": "message.intent", "operator": "=", "value": "complaint"},
        {"field": "message.confidence", "operator": ">=", "value": 0.8},
    ],
}
QUEUE = "que_01kasw8qbefy09m6sc7n75yr3h"
RULE: JsonDict = {
    "name": "Complaints first",
    "condition": CONDITION,
    "actions": [
        {"type": "queue", "queue_id": QUEUE, "priority": 1},
        {"type": "answer", "text": "Sorry to hear that, {{ first_name }}. Somebody will be with you soon."},
    ],
}
LIST: JsonDict = {"rules": [RULE], "fallback_queue_id": QUEUE}


class QueueAction(In):
    """The conversation waits in a queue; 2 is urgent, 1 high, 0 normal, -1 low."""

    type: Literal["queue"]
    queue_id: QueueId
    priority: Priority = 0


class FlowAction(In):
    """A flow begins with this message."""

    type: Literal["flow"]
    flow_id: FlowId


class AgentAction(In):
    """A person has the conversation at once."""

    type: Literal["agent"]
    user_id: UserId


class AnswerAction(In):
    """A text is sent back: a template with the contact's `name`, `first_name`, `last_name`, `language`, `phone` and
    attributes.
    """

    type: Literal["answer"]
    text: Annotated[str, Field(min_length=1, max_length=ANSWER_CHARS_MAX)]


class TagAction(In):
    """The contact gets a tag, or the conversation."""

    type: Literal["tag"]
    tag: Annotated[str, Field(min_length=1, max_length=TAG_CHARS_MAX)]
    on: Literal["contact", "conversation"] = "contact"


class TellAction(In):
    """An endpoint of `/v1/webhook-endpoints` is told `rule.matched`, signed, repeated and logged as all events are. In the
    tenants below such an action does nothing.
    """

    type: Literal["webhook"]
    endpoint_id: EndpointId


class CloseAction(In):
    """Nobody has to look at it: the conversation is closed."""

    type: Literal["close"]


RuleAction = Annotated[
    QueueAction | FlowAction | AgentAction | AnswerAction | TagAction | TellAction | CloseAction,
    Field(discriminator="type"),
]


class RuleIn(In):
    """If the condition holds, the actions are carried out. At most one of queue, flow, agent and close may stand among them."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [RULE]})

    id: RuleId | None = Field(None, description="Keeps a rule the same from list to list; null: a new one.")
    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
    enabled: bool = True
    locked: bool = Field(False, description="In the tenants below it stands before their own rules.")
    continue_: bool = Field(
        False,
        alias="continue",
        description="Also look at the rules behind it; only for a rule that decides nothing.",
    )
    condition: Annotated[ConditionGroup, BeforeValidator(read)] = Field(
        EVERYBODY, description="Without rules: every message."
    )
    actions: Annotated[list[RuleAction], Field(min_length=1, max_length=ACTIONS_MAX)]

    def rule(self) -> Rule:
        """As the product knows it. Raises ValueError."""
        return Rule(
            id=self.id or new_id(),
            name=self.name,
            enabled=self.enabled,
            locked=self.locked,
            continue_=self.continue_,
            condition=self.condition,
            actions=tuple(_action(action) for action in self.actions),
        )


def _action(action: Any) -> Any:
    match action:
        case QueueAction():
            return ToQueue(queue_id=action.queue_id, priority=action.priority)
        case FlowAction():
            return ToFlow(flow_id=action.flow_id)
        case AgentAction():
            return ToAgent(user_id=action.user_id)
        case AnswerAction():
            return Answer(text=action.text)
        case TagAction():
            return AddTag(tag=action.tag, on=action.on)
        case TellAction():
            return Tell(endpoint_id=action.endpoint_id)
        case _:
            return CloseIt()


class RulesIn(In):
    """The whole list, in its order."""

    model_config = ConfigDict(json_schema_extra={"examples": [LIST]})

    rules: Annotated[list[RuleIn], Field(max_length=RULES_MAX)]
    fallback_queue_id: QueueId | None = Field(
        None,
        description="The queue of what no rule decides. null: the queue of the same name as above, else your first.",
    )

    @model_validator(mode="before")
    @classmethod
    def _read_conditions(cls, raw: Any) -> Any:
        """Here, where the number of a rule is known: what is wrong in its condition is named by rule and place."""
        if not isinstance(raw, dict) or not isinstance(raw.get("rules"), list):
            return raw
        rules = [
            {**rule, "condition": read(rule["condition"], f"/rules/{nth}/condition")}
            if isinstance(rule, dict) and "condition" in rule
            else rule
            for nth, rule in enumerate(raw["rules"][: RULES_MAX + 1])
        ]
        return {**raw, "rules": rules}


class RuleOut(Out):
    id: RuleId
    name: str
    enabled: bool
    locked: bool
    continue_: bool = Field(alias="continue")
    condition: ConditionGroup
    words: str = Field(description="The condition in plain English.")
    actions: list[RuleAction]
    does: list[str] = Field(description="The actions in plain English.")
    problem: str | None = Field(description="Why the rule cannot be used (any more); it is passed over.")


class InheritedRule(Out):
    """A rule of a tenant above. It means your queue or flow of the same name."""

    id: RuleId
    name: str
    tenant: str
    enabled: bool
    locked: bool
    words: str
    does: list[str]
    problem: str | None


class RuleWarning(Out):
    rule_id: RuleId | None
    code: Literal["unusable", "never-reached", "unknown-intent", "no-queue"]
    detail: str


class Rules(Out):
    """Rules are looked at in this order: `before`, `rules`, `after`; the first that holds has the message."""

    before: list[InheritedRule] = Field(description="Locked rules from above.")
    rules: list[RuleOut]
    after: list[InheritedRule] = Field(description="The other rules from above.")
    fallback_queue_id: QueueId | None
    fallback_queue: str | None = Field(description="The name of the queue that counts in the end.")
    warnings: list[RuleWarning]
    version: int
    updated_at: Instant | None
    updated_by: str


class RulesVersion(Out):
    version: int
    rules: int = Field(description="How many.")
    names: list[str] = Field(description="Of the rules, in their order; the first 20.")
    created_by: str
    created_at: Instant


class RulesVersions(Page[RulesVersion]):
    pass


class QueueTarget(Out):
    id: QueueId
    name: str


class FlowTarget(Out):
    id: FlowId
    name: str


class UserTarget(Out):
    id: UserId
    name: str


class EndpointTarget(Out):
    id: EndpointId
    name: str


class Targets(Out):
    queues: list[QueueTarget]
    flows: list[FlowTarget]
    users: list[UserTarget]
    webhooks: list[EndpointTarget]


class TestIn(In):
    """A message to try. Without an intent the live model says what it means; without a contact what hangs on one is unknown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "My order arrived broken", "channel_kind": "whatsapp", "intent": "complaint"}
            ]
        }
    )

    text: Annotated[str, Field(max_length=4_000)]
    channel_kind: ChannelKind = ChannelKind.SMS
    channel_id: ChannelId | None = None
    contact_id: ContactId | None = None
    at: Instant | None = Field(None, description="When it comes; null: now.")
    intent: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0
    draft: RulesIn | None = Field(None, description="Rules that are not saved yet; null: those that are.")


class TestedTest(Out):
    field: str
    operator: str
    value: Any
    result: bool | None = Field(description="null: unknown.")
    words: str


class TestedGroup(Out):
    combinator: Literal["and", "or"]
    not_: bool = Field(alias="not")
    rules: list[TestedTest | TestedGroup]
    result: bool | None


class TestedRule(Out):
    id: RuleId
    name: str
    from_tenant: str | None
    enabled: bool
    problem: str | None
    result: bool | None
    tree: TestedGroup | None


class Outcome(Out):
    type: Literal["queue", "flow", "agent", "close", "none"]
    id: str | None
    name: str
    priority: int


class Tested(Out):
    rule_id: RuleId | None = Field(
        description="The rule that has the message, or that hangs on what is missing."
    )
    reason: str
    missing: Literal["intent", "contact"] | None = Field(
        description="What would have to be known to say more."
    )
    command: str | None = Field(description="A word such as STOP: no rule is looked at.")
    outcome: Outcome | None
    tags: list[str]
    answers: list[str] = Field(description="Templates of the texts that would be sent.")
    intent: str | None
    confidence: float | None
    heard_by: Literal["given", "model"] | None = Field(description="Where the intent is from.")
    rules: list[TestedRule] = Field(description="Every rule in its order.")


class BackTestRule(Out):
    id: RuleId | None = Field(description="null: no rule; it falls back.")
    name: str
    now: int
    draft: int


class MovedMessage(Out):
    message_id: MessageId
    contact_id: ContactId
    contact_name: str
    text: str
    at: Instant
    before: Outcome
    after: Outcome
    was: str
    now: str


class BackTested(Out):
    messages: int = Field(description="How many were looked at.")
    since: Instant
    complete: bool = Field(description="Whether these are all of the time; else the newest.")
    moved: int = Field(description="How many would go elsewhere.")
    rules: list[BackTestRule]
    items: list[MovedMessage] = Field(
        description="Those that would go elsewhere, the newest first; at most 200."
    )
