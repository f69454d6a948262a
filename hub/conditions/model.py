"""A condition as people build it and as it is stored: react-querybuilder's JSON, bounded in depth and size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.conditions.errors import Fault, invalid

DEPTH_MAX = 8
RULES_MAX = 100
NAME_CHARS_MAX = 120


class ConditionRule(BaseModel):
    """One comparison: `{"field": "attribute.city", "operator": "=", "value": "Pune"}`."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_mode_override="validation",
        json_schema_extra={"examples": [{"field": "attribute.city", "operator": "=", "value": "Pune"}]},
    )

    field: str = Field(description="A name of `GET /v1/segments/fields`.")
    operator: str = Field(description="One of the field's operators.")
    value: Any = Field(None, description="What it is compared with; its form depends on field and operator.")


class ConditionGroup(BaseModel):
    """Rules and groups joined by `and` or `or`, the whole turned round by `not`. Without rules: everybody."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        json_schema_mode_override="validation",
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {
                    "combinator": "and",
                    "not": False,
                    "rules": [
                        {"field": "attribute.city", "operator": "=", "value": "Pune"},
                        {
                            "combinator": "or",
                            "not": False,
                            "rules": [
                                {"field": "tag", "operator": "has", "value": "vip"},
                                {
                                    "field": "last_inbound_at",
                                    "operator": "inLast",
                                    "value": {"amount": 7, "unit": "days"},
                                },
                            ],
                        },
                    ],
                }
            ]
        },
    )

    combinator: Literal["and", "or"] = "and"
    not_: bool = Field(False, alias="not")
    rules: list[ConditionRule | ConditionGroup] = Field(
        description="At most 100 rules and 8 levels of groups in all."
    )


Rule = ConditionRule
Group = ConditionGroup
EVERYBODY = Group(rules=[])


def dump(group: Group) -> dict[str, Any]:
    """The JSON of a condition, as it is stored and answered."""
    return group.model_dump(mode="json", by_alias=True)


def read(raw: Any, pointer: str = "") -> Group:
    """A condition from untrusted JSON. Raises ConditionInvalid, naming the places, for what has not its form.

    The walk keeps its own stack and ends at the limits: a condition of any depth costs what the limits allow.
    """
    if isinstance(raw, Group):
        return raw
    faults: list[Fault] = []
    rules = 0
    waiting: list[tuple[Any, str, int]] = [(raw, pointer, 1)]
    while waiting:
        node, place, depth = waiting.pop()
        is_group = isinstance(node, dict) and "rules" in node
        if depth > DEPTH_MAX + (not is_group):
            raise invalid([Fault(place, "too-deep", f"groups nest at most {DEPTH_MAX} deep")])
        if not is_group:
            if depth == 1:
                raise invalid([Fault(place, "no-group", "a condition is a group: {combinator, rules}")])
            rules += 1
            if rules > RULES_MAX:
                raise invalid([Fault(place, "too-large", f"a condition has at most {RULES_MAX} rules")])
            faults += _rule_faults(node, place)
            continue
        faults += _group_faults(node, place, top=depth == 1)
        below = node["rules"] if isinstance(node["rules"], list) else []
        if len(below) > RULES_MAX:
            raise invalid(
                [Fault(f"{place}/rules", "too-large", f"a condition has at most {RULES_MAX} rules")]
            )
        waiting += [
            (item, f"{place}/rules/{nth}", depth + 1) for nth, item in reversed(list(enumerate(below)))
        ]
    if faults:
        raise invalid(faults)
    return Group.model_validate(raw)


def _group_faults(node: dict[str, Any], place: str, *, top: bool) -> Iterator[Fault]:
    if node.get("combinator", "and") not in ("and", "or"):
        yield Fault(f"{place}/combinator", "unknown-combinator", 'a combinator is "and" or "or"')
    if not isinstance(node.get("not", False), bool):
        yield Fault(f"{place}/not", "wrong-type", "`not` is true or false")
    if not isinstance(node["rules"], list):
        yield Fault(f"{place}/rules", "wrong-type", "`rules` is a list")
    elif not node["rules"] and not top:
        yield Fault(f"{place}/rules", "empty-group", "this group has no rule yet")


def _rule_faults(node: Any, place: str) -> Iterator[Fault]:
    if not isinstance(node, dict):
        yield Fault(place, "wrong-type", "a rule is {field, operator, value}")
        return
    for name in ("field", "operator"):
        value = node.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= NAME_CHARS_MAX:
            yield Fault(
                f"{place}/{name}", "missing", f"`{name}` is a text of 1 to {NAME_CHARS_MAX} characters"
            )


def normal(group: Group) -> Group:
    """The same condition without what makes no difference: groups around one group, the combinator of one rule."""
    items = [item if isinstance(item, Rule) else normal(item) for item in group.rules]
    if len(items) == 1 and isinstance(only := items[0], Group) and not (group.not_ and only.not_):
        return only.model_copy(update={"not_": group.not_ or only.not_})
    combinator = group.combinator if len(items) > 1 else "and"
    return Group(combinator=combinator, not_=group.not_, rules=items)


def rules_of(group: Group, pointer: str = "") -> Iterator[tuple[str, Rule]]:
    """Every rule with its pointer, in order."""
    for nth, item in enumerate(group.rules):
        place = f"{pointer}/rules/{nth}"
        if isinstance(item, Rule):
            yield place, item
        else:
            yield from rules_of(item, place)
