"""A condition in plain English, for screens and the audit log. `parse` reads exactly these words back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from hub.conditions.catalog import EVENT, OPERATORS, Catalog, FieldSpec
from hub.conditions.errors import ConditionInvalid
from hub.conditions.model import Group, Rule, normal
from hub.conditions.plan import plan_rule
from hub.conditions.values import Wrong, properties, property_type
from hub.conditions.vocabulary import (
    CAMPAIGN,
    CONSENT,
    INBOUND,
    OUTBOUND,
    PROPERTY,
    Vocabulary,
    labels_of,
    literal,
    word,
)
from hub.ids import decode_id

EVERYONE, NO_ONE = "everyone", "no one"


def canonical(condition: Group) -> Group:
    """The condition in the one form that its words stand for: no idle groups, values with all their members."""
    return _filled(normal(condition))


def _filled(group: Group) -> Group:
    rules = [_filled_rule(item) if isinstance(item, Rule) else _filled(item) for item in group.rules]
    return Group(combinator=group.combinator, not_=group.not_, rules=rules)


def _filled_rule(rule: Rule) -> Rule:
    value = rule.value
    if rule.operator in ("null", "notNull"):
        value = None
    elif rule.operator in ("happened", "didNotHappen"):
        given = value if isinstance(value, dict) else {}
        value = {"at_least": given.get("at_least", 1), "within": given.get("within")}
        if rule.field.startswith(EVENT):
            value["where"] = [
                {"property": name, "operator": operator, "value": asked}
                for name, operator, asked in properties(given.get("where"))
            ]
        else:
            value["channel"] = given.get("channel")
    return Rule(field=rule.field, operator=rule.operator, value=value)


def words(condition: Group, catalog: Catalog) -> str:
    """`city is Pune and (tag is vip or last inbound in the last 7 days)`. A rule that the catalog does not know (any more)
    is written as it is stored, and cannot be read back.
    """
    vocabulary = Vocabulary(catalog)
    whole = normal(condition)
    if not whole.rules:
        return NO_ONE if whole.not_ else EVERYONE
    inside = _joined(whole, vocabulary)
    return f"not ({inside})" if whole.not_ else inside


def _joined(group: Group, vocabulary: Vocabulary) -> str:
    parts = []
    for item in group.rules:
        if isinstance(item, Rule):
            parts.append(rule_words(item, vocabulary))
        else:
            parts.append(f"{'not ' if item.not_ else ''}({_joined(item, vocabulary)})")
    return f" {group.combinator} ".join(parts)


def rule_words(rule: Rule, vocabulary: Vocabulary) -> str:
    """The words of one rule."""
    try:
        plan_rule(rule, vocabulary.catalog)
        spec = vocabulary.catalog.find(rule.field)
        assert spec is not None
        return _sentence(_filled_rule(rule), spec, vocabulary)
    except (Wrong, ConditionInvalid):
        value = "" if rule.value is None else " " + orjson.dumps(rule.value).decode()
        return f"{rule.field} {rule.operator}{value}"


def _sentence(rule: Rule, spec: FieldSpec, vocabulary: Vocabulary) -> str:
    match spec.type:
        case "reachable":
            return f"{'reachable' if rule.operator == 'on' else 'unreachable'} on {rule.value}"
        case "segment":
            name = word(vocabulary.segment(decode_id("seg", rule.value)))
            return f"{'in' if rule.operator == 'in' else 'not in'} segment {name}"
        case "campaign":
            name = word(vocabulary.campaign(decode_id("cmp", rule.value)))
            return f"{' '.join(CAMPAIGN[rule.operator])} {name}"
        case "message":
            said = INBOUND if rule.field == "message.inbound" else OUTBOUND
            channel = f" on {rule.value['channel']}" if rule.value["channel"] else ""
            return f"{' '.join(said[rule.operator == 'happened'])}{_how_often(rule.value)}{channel}"
        case "event":
            happened = OPERATORS["event"][rule.operator]
            where = " and ".join(_property(each) for each in rule.value["where"])
            with_ = f" with ({where})" if where else ""
            return f"event {word(rule.field[len(EVENT) :])} {happened}{_how_often(rule.value)}{with_}"
        case "consent":
            return f"{vocabulary.phrases[rule.field]} is {' '.join(CONSENT[rule.value])}"
        case "named":
            labels = labels_of(spec)
            phrase = vocabulary.phrases[rule.field]
            label = spec.operators[rule.operator]
            return f"{phrase} {_comparison(label, rule.operator, rule.value, lambda each: word(labels.get(str(each), str(each))))}"
        case _:
            phrase = vocabulary.phrases[rule.field]
            return f"{phrase} {_comparison(spec.operators[rule.operator], rule.operator, rule.value, _value)}"


def _comparison(label: str, operator: str, value: Any, said: Any) -> str:
    match operator:
        case "null" | "notNull":
            return label
        case "between" | "notBetween":
            return f"{label} {said(value[0])} and {said(value[1])}"
        case "in" | "notIn" | "containsAny" | "containsNone":
            return f"{label} {', '.join(said(each) for each in value)}"
        case "inLast" | "notInLast":
            return f"{label} {_duration(value)}"
        case _:
            return f"{label} {said(value)}"


def _value(value: Any) -> str:
    return word(value) if isinstance(value, str) else literal(value)


def _duration(value: Mapping[str, Any]) -> str:
    unit = value["unit"]
    return f"{value['amount']} {unit[:-1] if value['amount'] == 1 else unit}"


def _how_often(value: Mapping[str, Any]) -> str:
    times = f" at least {value['at_least']} times" if value["at_least"] > 1 else ""
    return times + (f" in the last {_duration(value['within'])}" if value["within"] else "")


def _property(rule: Mapping[str, Any]) -> str:
    operator, value = rule["operator"], rule["value"]
    kind = property_type(operator, value)
    label = OPERATORS["text" if kind in ("text", "any", "boolean") else "number"][operator]
    assert label in PROPERTY.values()
    return f"{word(rule['property'])} {_comparison(label, operator, value, literal)}"
