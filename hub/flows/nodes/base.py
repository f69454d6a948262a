"""What a node is: the fields an editor saves are the fields that run."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from hub.conditions.errors import ConditionInvalid
from hub.conditions.model import Group
from hub.conditions.predicate import Facts, holds
from hub.contacts.segments.explain import explain
from hub.contacts.segments.loading import Loaded
from hub.flows.effects import Effect, Scalar
from hub.flows.inputs import Input
from hub.flows.ports import NEXT, Port, names_of
from hub.flows.values import as_scalar, has_marks
from hub.flows.world import VARIABLE, World
from hub.templates.render import compile_template

if TYPE_CHECKING:
    from hub.flows.definition import Flow

VARIABLES_MAX = 200
Explain = Callable[[dict[str, Any]], None]


class Stuck(Exception):
    """The session cannot go on from this node; the words say why."""


@dataclass(frozen=True, slots=True)
class Go:
    """Leave by this port."""

    port: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay here until an input of this kind comes, or until the instant `until`. `data`: what the node must remember."""

    kind: str
    until: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stay:
    """Go on with the same wait, with the same end."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Enter:
    """Go through another flow (id in hex), then leave by `next`."""

    flow_id: str


Next = Go | Wait | Stay | End | Enter


@dataclass(slots=True)
class RunContext:
    """What a node may read and write during one step.

    `given` is the input of the step, `waiting` what the node remembered and `until` when its wait ends; None for a node
    that is arrived at.
    `token` is that of the next wait; `on_call`: the contact is on the phone with us. `explain` is told why it went this way; None when nobody asks.
    """

    flow: Flow
    node: str
    world: World
    now: datetime
    rng: random.Random
    variables: dict[str, Scalar]
    heard: Mapping[str, Any]
    given: Input | None = None
    waiting: Mapping[str, Any] | None = None
    until: datetime | None = None
    token: int = 1
    goals: tuple[str, ...] = ()
    effects: list[Effect] = field(default_factory=list)
    attributes: dict[str, Scalar] = field(default_factory=dict)
    tags: dict[str, bool] = field(default_factory=dict)
    explain: Explain | None = None
    flow_id: str = ""
    on_call: bool = False
    split_by_flow: bool = True

    @property
    def zone(self) -> ZoneInfo:
        return self.world.person.zone or self.world.tenant.zone

    def set(self, name: str, value: Any) -> None:
        """Give a variable its value, cut to what variables hold. Without a name nothing is set."""
        if not name:
            return
        if name not in self.variables and len(self.variables) >= VARIABLES_MAX:
            raise Stuck(f"a session holds at most {VARIABLES_MAX} variables")
        self.variables[name] = as_scalar(value)

    def values(self) -> dict[str, Any]:
        """What templates read: variables by name, over the contact's own values; all of the contact's in `contact`."""
        contact = {**self.world.person.profile, **self.attributes}
        set_ones = {name: value for name, value in self.variables.items() if value is not None}
        return {**contact, **set_ones, "contact": contact, "reply": dict(self.heard)}

    def render(self, text: str) -> str:
        """Fill in a text. Raises TemplateFailed, which leaves the session stuck here."""
        return compile_template(text).render(self.values()) if has_marks(text) else text

    def facts(self) -> Facts:
        """The contact's facts, with what this run knows beside them."""
        facts = self.world.person.facts
        values = dict(facts.values)
        values |= {f"attribute.{key}": value for key, value in self.attributes.items()}
        values |= {VARIABLE + name: value for name, value in self.variables.items()}
        values |= {f"reply.{name}": value for name, value in self.heard.items()}
        tags = facts.tags
        if self.tags:
            tags = (tags | {tag for tag, on in self.tags.items() if on}) - {
                tag for tag, on in self.tags.items() if not on
            }
        return replace(facts, values=values, tags=tags)

    def holds(self, condition: Group, facts: Facts) -> bool:
        """Whether a condition holds now. Raises Stuck when one of its fields does not exist (any more)."""
        tenant = self.world.tenant
        try:
            node = tenant.plan(self.flow, condition)
        except ConditionInvalid as error:
            raise Stuck(f"the condition cannot be read: {error.detail}") from None
        now = self.now.astimezone(self.zone)
        if self.explain is not None:
            loaded = Loaded(condition, node, tenant.fields(self.flow), tenant.segments, {}, now)
            self.explain({"node": self.node, "condition": explain(loaded, facts)})
        return holds(node, facts, now, tenant.segments)

    def note(self, **why: Any) -> None:
        """Say why it went this way, where somebody asks."""
        if self.explain is not None:
            self.explain({"node": self.node, **why})


class Node(BaseModel):
    """Base of all node types. `title`, `group` and the first line of the docstring are shown by the editor."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: ClassVar[str]
    title: ClassVar[str]
    group: ClassVar[str]
    ports: ClassVar[tuple[Port, ...]] = (NEXT,)

    def out_ports(self) -> Sequence[str]:
        """The names of the ports that edges may start at."""
        return tuple(names_of(self.ports, self))

    def stops(self) -> bool:
        """Whether a run that comes here always stops, so that no loop through it is one without a wait."""
        return False

    def writes(self) -> Mapping[str, str]:
        """The variables that it sets, with their types of conditions: text, number, date or boolean."""
        return {}

    def writes_at(self, port: str) -> frozenset[str]:
        """The variables that are set for sure when it is left by this port."""
        return frozenset(self.writes())

    def texts(self) -> Sequence[str]:
        """The templates that it fills in."""
        return ()

    def conditions(self) -> Sequence[tuple[str, Group]]:
        """(place inside the data, condition)."""
        return ()

    def summary(self) -> str:
        """One line for a picture."""
        return ""

    def run(self, context: RunContext) -> Next:
        raise NotImplementedError
