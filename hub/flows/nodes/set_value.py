"""Node: Set an attribute or a variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from hub.conditions.catalog import ATTRIBUTE
from hub.contacts.attributes import Definitions, check_value, parser_for
from hub.errors import Invalid
from hub.flows.effects import Scalar, SetAttribute
from hub.flows.nodes.base import Go, Next, Node, RunContext, Stuck
from hub.flows.values import TemplateText, editor, has_marks


class SetValue(Node):
    """Give one of the contact's attributes, or a variable, a value. Ports: next.

    A text may be a template; null takes the value away. Example: {"target": "attribute", "name": "city", "value": "Pune"}.
    """

    type: ClassVar[str] = "set"
    title: ClassVar[str] = "Set a value"
    group: ClassVar[str] = "Data"

    target: Literal["attribute", "variable"] = "attribute"
    name: Annotated[str, editor("value-name")] = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    value: TemplateText | bool | int | float | None = None

    def model_post_init(self, context: Any) -> None:
        if isinstance(self.value, str) and len(self.value) > 1_000:
            raise ValueError("value: a text has at most 1000 characters")

    def writes(self) -> Mapping[str, str]:
        if self.target == "attribute":
            return {}
        match self.value:
            case bool():
                return {self.name: "boolean"}
            case int() | float():
                return {self.name: "number"}
            case _:
                return {self.name: "text"}

    def texts(self) -> Sequence[str]:
        return (self.value,) if isinstance(self.value, str) and has_marks(self.value) else ()

    def summary(self) -> str:
        return f"{self.name} = {self.value}"

    def run(self, context: RunContext) -> Next:
        value: Scalar = context.render(self.value) if isinstance(self.value, str) else self.value
        if self.target == "variable":
            context.set(self.name, value)
            return Go("next")
        catalog = context.world.tenant.catalog
        if catalog is not None and catalog.find(ATTRIBUTE + self.name) is None:
            raise Stuck(f"there is no attribute {self.name!r} any more")
        value = _fitting(self.name, value, context.world.tenant.definitions)
        context.attributes[self.name] = value
        context.effects.append(SetAttribute(self.name, value))
        return Go("next")


def _fitting(name: str, value: Scalar, definitions: Definitions | None) -> Scalar:
    """The value as the attribute holds it; a text is read as a cell of a file is. Raises Stuck for one that does not fit."""
    if definitions is None or value is None:
        return value
    try:
        if isinstance(value, str) and name in definitions:
            return parser_for(definitions[name])(value)
        return check_value(name, value, definitions)
    except Invalid as error:
        raise Stuck(f"the attribute {name!r} cannot be set: {error.detail}") from None
