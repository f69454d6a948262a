"""A tenant's routing rules as people write them and as they are stored: one ordered list. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from hub.conditions.model import EVERYBODY, ConditionGroup, dump, read
from hub.contacts.contact import TAG_CHARS_MAX

RULES_MAX = 500
ACTIONS_MAX = 8
NAME_CHARS_MAX = 80
ANSWER_CHARS_MAX = 1_600

Priority = Literal[-1, 0, 1, 2]
PRIORITIES: Mapping[int, str] = {-1: "low", 0: "normal", 1: "high", 2: "urgent"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ToQueue(_Part):
    """The conversation waits in a queue, the more urgent before the less."""

    type: Literal["queue"] = "queue"
    queue_id: UUID
    priority: Priority = 0


class ToFlow(_Part):
    """A flow begins with this message."""

    type: Literal["flow"] = "flow"
    flow_id: UUID


class ToAgent(_Part):
    """A person has the conversation at once."""

    type: Literal["agent"] = "agent"
    user_id: UUID


class Answer(_Part):
    """A text is sent back; a template as everywhere, with the contact's fields as variables."""

    type: Literal["answer"] = "answer"
    text: str = Field(min_length=1, max_length=ANSWER_CHARS_MAX)


class AddTag(_Part):
    """The contact gets a tag, or the conversation."""

    type: Literal["tag"] = "tag"
    tag: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TAG_CHARS_MAX)]
    on: Literal["contact", "conversation"] = "contact"


class Tell(_Part):
    """One of the tenant's webhook endpoints is told; it is delivered, repeated and logged as all webhooks are."""

    type: Literal["webhook"] = "webhook"
    endpoint_id: UUID


class CloseIt(_Part):
    """Nobody has to look at it: the conversation is closed."""

    type: Literal["close"] = "close"


Action = Annotated[ToQueue | ToFlow | ToAgent | Answer | AddTag | Tell | CloseIt, Field(discriminator="type")]
Deciding = ToQueue | ToFlow | ToAgent | CloseIt


class Rule(_Part):
    """If the condition holds, the actions are carried out in their order. An empty condition always holds.

    At most one action decides where the conversation goes. A rule without such a one may let the rules behind it be
    looked at (`continue`). `locked`: in the tenants below it stands before their own rules.
    """

    id: UUID
    name: str = Field(min_length=1, max_length=NAME_CHARS_MAX)
    enabled: bool = True
    locked: bool = False
    continue_: bool = Field(False, alias="continue")
    condition: Annotated[ConditionGroup, BeforeValidator(read)] = EVERYBODY
    actions: tuple[Action, ...] = Field(min_length=1, max_length=ACTIONS_MAX)

    @model_validator(mode="after")
    def _one_decision(self) -> Rule:
        deciding = [action for action in self.actions if isinstance(action, Deciding)]
        if len(deciding) > 1:
            raise ValueError("only one of queue, flow, agent and close can decide")
        if deciding and self.continue_:
            raise ValueError("a rule that decides where the conversation goes cannot continue")
        return self

    @property
    def decision(self) -> Deciding | None:
        return next((action for action in self.actions if isinstance(action, Deciding)), None)


class RuleList(_Part):
    """The rules in their order, and the queue of what no rule decides (None: that of the tenant above, or the first)."""

    rules: tuple[Rule, ...] = Field((), max_length=RULES_MAX)
    fallback_queue_id: UUID | None = None

    @model_validator(mode="after")
    def _each_once(self) -> RuleList:
        if len({rule.id for rule in self.rules}) < len(self.rules):
            raise ValueError("a rule stands there twice")
        return self

    def to_json(self) -> dict[str, Any]:
        """The document as it is stored."""
        return {
            "rules": [
                {**rule.model_dump(mode="json", by_alias=True), "condition": dump(rule.condition)}
                for rule in self.rules
            ],
            "fallback_queue_id": None if self.fallback_queue_id is None else str(self.fallback_queue_id),
        }


NO_RULES = RuleList()


class Level(_Part):
    """The list of one tenant of the tree; the names of the queues and flows that it speaks of, for tenants below."""

    tenant_id: UUID
    list: RuleList
    tenant: str = ""
    queues: Mapping[UUID, str] = Field(default_factory=dict)
    flows: Mapping[UUID, str] = Field(default_factory=dict)


class Standing(_Part):
    """A rule at its place in the order of one tenant; `source` is the level above that it comes from, None for its own."""

    rule: Rule
    source: Level | None = None


def in_order(nearest_first: Sequence[Level], own: UUID) -> list[Standing]:
    """All rules that hold for the tenant `own`, in the order in which they are looked at.

    First the locked ones from above, the farthest tenant's leading; then its own; then the others from above, the
    nearest tenant's leading.
    """
    above = [level for level in nearest_first if level.tenant_id != own]
    locked = [
        Standing(rule=rule, source=level)
        for level in reversed(above)
        for rule in level.list.rules
        if rule.locked
    ]
    mine = [
        Standing(rule=rule) for level in nearest_first if level.tenant_id == own for rule in level.list.rules
    ]
    rest = [
        Standing(rule=rule, source=level) for level in above for rule in level.list.rules if not rule.locked
    ]
    return [*locked, *mine, *rest]
