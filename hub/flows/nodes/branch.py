"""Node: Branch on conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.conditions.errors import ConditionInvalid
from hub.conditions.model import Group, read
from hub.flows.nodes.base import Go, Next, Node, RunContext
from hub.flows.ports import Port
from hub.flows.values import Label

OTHER = "other"


def _checked(raw: dict[str, Any]) -> dict[str, Any]:
    try:
        read(raw)
    except ConditionInvalid as error:
        raise ValueError(error.detail) from None
    return raw


ConditionDocument = Annotated[
    dict[str, Any], AfterValidator(_checked), Field(json_schema_extra={"x-editor": "condition"})
]


class Case(BaseModel):
    """A port and what must hold for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Label
    condition: ConditionDocument


class Branch(Node):
    """Leave by the first case whose condition holds. Ports: one a case, and other.

    Conditions ask for the contact, for `reply.text`, `reply.intent`, `reply.confidence` and for `variable.<name>`.
    Example: {"cases": [{"name": "vip", "condition": {"rules": [{"field": "tag", "operator": "has", "value": "vip"}]}}]}.
    """

    type: ClassVar[str] = "branch"
    title: ClassVar[str] = "Branch"
    group: ClassVar[str] = "Logic"
    ports: ClassVar[tuple[Port, ...]] = (Port(each="cases"), Port(OTHER))

    cases: tuple[Case, ...] = Field(min_length=1, max_length=20)
    _groups: tuple[tuple[str, Group], ...] = ()

    def model_post_init(self, context: Any) -> None:
        names = [case.name for case in self.cases]
        if len(set(names)) < len(names) or OTHER in names:
            raise ValueError("cases: each has a name of its own, and none is called other")
        self._groups = tuple((case.name, read(case.condition)) for case in self.cases)

    def conditions(self) -> Sequence[tuple[str, Group]]:
        return [(f"/cases/{nth}/condition", group) for nth, (_, group) in enumerate(self._groups)]

    def summary(self) -> str:
        return ", ".join(case.name for case in self.cases)

    def run(self, context: RunContext) -> Next:
        facts = context.facts()
        for name, group in self._groups:
            if context.holds(group, facts):
                return Go(name)
        return Go(OTHER)
