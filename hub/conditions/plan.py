"""From a condition and a catalog to nodes: every field, operator and value is understood here, or refused by place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.compliance.keywords import normal
from hub.conditions import nodes, values
from hub.conditions.catalog import ATTRIBUTE, CALLING_CODES, CHANNELS, EVENT, Catalog, FieldSpec
from hub.conditions.errors import Fault, invalid
from hub.conditions.model import Group, Rule
from hub.conditions.nodes import Node, Not
from hub.conditions.text import normalize
from hub.conditions.values import Wrong

NEGATED = {
    "!=": "=",
    "doesNotContain": "contains",
    "containsNone": "containsAny",
    "notIn": "in",
    "null": "notNull",
    "notBetween": "between",
    "notInLast": "inLast",
    "hasNot": "has",
    "notOn": "on",
    "didNotHappen": "happened",
    "notReceived": "received",
}


def check(condition: Group, catalog: Catalog, pointer: str = "") -> None:
    """Raise ConditionInvalid, naming each place below `pointer`, when the condition does not fit the catalog."""
    plan(condition, catalog, pointer, strict=True)


def plan(condition: Group, catalog: Catalog, pointer: str = "", *, strict: bool = False) -> Node:
    """The condition's nodes. Raises ConditionInvalid. `strict` also refuses a choice that its list has not: right when
    somebody writes, wrong when an old condition is used after the list changed.
    """
    faults: list[Fault] = []
    node = _group(condition, catalog, pointer, strict, faults)
    if faults:
        raise invalid(faults)
    return node


def _group(group: Group, catalog: Catalog, pointer: str, strict: bool, faults: list[Fault]) -> Node:
    made: list[Node] = []
    for nth, item in enumerate(group.rules):
        place = f"{pointer}/rules/{nth}"
        if isinstance(item, Group):
            made.append(_group(item, catalog, place, strict, faults))
            continue
        try:
            made.append(plan_rule(item, catalog, strict=strict))
        except Wrong as wrong:
            faults.append(Fault(place + wrong.place, wrong.code, wrong.detail))
    joined: Node = nodes.Any_(tuple(made)) if group.combinator == "or" and made else nodes.All(tuple(made))
    return Not(joined) if group.not_ else joined


def plan_rule(rule: Rule, catalog: Catalog, *, strict: bool = False) -> Node:
    """The node of one rule. Raises Wrong, with the place inside the rule."""
    spec = catalog.find(rule.field)
    if spec is None:
        shown = rule.field[:60]
        if rule.field.startswith(ATTRIBUTE):
            raise Wrong("/field", "unknown-attribute", f"there is no attribute {shown[len(ATTRIBUTE) :]!r}")
        raise Wrong("/field", "unknown-field", f"there is no field {shown!r}")
    if rule.operator not in spec.operators:
        known = ", ".join(spec.operators)
        raise Wrong("/operator", "unknown-operator", f"{spec.label} takes the operators {known}")
    positive = NEGATED.get(rule.operator, rule.operator)
    node = _READERS[spec.type](spec, positive, rule.value, catalog, strict)
    return Not(node) if positive != rule.operator else node


def segments_in(node: Node) -> Iterator[UUID]:
    """The segments that a plan names."""
    match node:
        case nodes.All(each) | nodes.Any_(each):
            for one in each:
                yield from segments_in(one)
        case Not(inner):
            yield from segments_in(inner)
        case nodes.InSegment(segment_id):
            yield segment_id


def _text(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    return text_test(spec.name, operator, value)


def text_test(name: str, operator: str, value: Any) -> Node:
    """A test of a text; also of an event's property."""
    if operator == "notNull":
        return nodes.Text(name, "known")
    if operator == "in":
        return nodes.Text(name, "equals", tuple(values.folded(item) for item in values.items(value)))
    how = {"=": "equals", "contains": "contains", "beginsWith": "begins", "endsWith": "ends"}[operator]
    return nodes.Text(name, how, (values.folded(value),))  # type: ignore[arg-type]


def _number(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    return number_test(spec.name, operator, value)


def number_test(name: str, operator: str, value: Any) -> Node:
    """A test of a number; also of an event's property."""
    match operator:
        case "notNull":
            return nodes.Number(name)
        case "between":
            low, high = values.pair(value, values.number)
            return nodes.Number(name, low, high)
        case "=":
            one = values.number(value)
            return nodes.Number(name, one, one)
        case "<" | "<=":
            return nodes.Number(name, None, values.number(value), high_open=operator == "<")
        case _:
            return nodes.Number(name, values.number(value), None, low_open=operator == ">")


def _boolean(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    return nodes.Boolean(spec.name, values.truth(value))


def _date(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    if operator == "inLast":
        ago = values.duration(value, ("days", "weeks"))
        return nodes.Day(spec.name, nodes.Edge(ago, nodes.DAY), nodes.Edge(timedelta(0), nodes.DAY))
    return nodes.Day(spec.name, *_span(operator, value, values.day))


def _datetime(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    if operator == "inLast":
        ago = values.duration(value)
        now = nodes.Edge(timedelta(0), nodes.MICROSECOND)
        return nodes.Moment(spec.name, nodes.Edge(ago, nodes.MICROSECOND), now)
    return nodes.Moment(spec.name, *_span(operator, value, values.moment))


def _span(
    operator: str, value: Any, reader: Callable[[Any], date]
) -> tuple[nodes.Edge | None, nodes.Edge | None]:
    """[low, high) of a comparison. A day is as long as a day, an instant a microsecond."""

    def begin(at: date) -> nodes.Edge:
        return nodes.Edge(at)

    def end(at: date) -> nodes.Edge:
        return nodes.Edge(at, nodes.MICROSECOND if isinstance(at, datetime) else nodes.DAY)

    match operator:
        case "notNull":
            return None, None
        case "between":
            low, high = values.pair(value, reader)
            return begin(low), end(high)
        case "=":
            return begin(reader(value)), end(reader(value))
        case "<":
            return None, begin(reader(value))
        case "<=":
            return None, end(reader(value))
        case ">":
            return end(reader(value)), None
        case _:
            return begin(reader(value)), None


def _choice(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    if operator == "notNull":
        return nodes.OneOf(spec.name, None)
    chosen = tuple(values.text(item) for item in (values.items(value) if operator == "in" else [value]))
    known = {name for name, _ in spec.choices or ()}
    missing = [item for item in chosen if item not in known] if strict and known else []
    if missing:
        raise Wrong("/value", "unknown-choice", f"{missing[0][:60]!r} is not a choice of {spec.label}")
    return nodes.OneOf(spec.name, chosen)


def _keyword(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    """A whole message, compared as answers are: without case, doubled spaces and an end mark."""
    words = tuple(normalize(values.text(item)) for item in values.items(value))
    if not all(words):
        raise Wrong("/value", "wrong-text", "a keyword has letters or digits")
    return nodes.OneOf(spec.name, words)


def _wording(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    """Whole words, one after the other; the field's own value is ` its words ` with a space at each end."""
    wanted = values.items(value) if operator == "containsAny" else [value]
    phrases = [normal(values.text(item)) for item in wanted]
    if not all(phrases):
        raise Wrong("/value", "wrong-text", "words have letters or digits")
    tests = tuple(nodes.Text(spec.name, "contains", (f" {phrase} ",)) for phrase in phrases)
    return tests[0] if len(tests) == 1 else nodes.Any_(tests)


def _country(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    if operator == "notNull":
        return nodes.Country(None)
    chosen = [values.text(item) for item in (values.items(value) if operator == "in" else [value])]
    unknown = [item for item in chosen if item not in CALLING_CODES]
    if unknown:
        raise Wrong(
            "/value",
            "unknown-country",
            f"{unknown[0][:10]!r} is not a country with a calling code of its own",
        )
    return nodes.Country(tuple(CALLING_CODES[item] for item in chosen))


def _tag(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    return nodes.Tag(values.text(value))


def _consent(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    state: Any = values.one_of(value, ("opted_in", "opted_out", "none"))
    return nodes.Consent(spec.name.partition(".")[2], state)


def _reachable(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    return nodes.Reachable(values.one_of(value, CHANNELS))


def _segment(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    segment_id = values.public_id("seg", value)
    if segment_id not in catalog.segments:
        raise Wrong("/value", "unknown-segment", "there is no such segment")
    return nodes.InSegment(segment_id)


def _campaign(value: Any, catalog: Catalog) -> UUID:
    campaign_id = values.public_id("cmp", value)
    if campaign_id not in catalog.campaigns:
        raise Wrong("/value", "unknown-campaign", "there is no such campaign")
    return campaign_id


def _campaign_test(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    campaign_id = _campaign(value, catalog)
    wrote = nodes.WroteSince(campaign_id)
    match operator:
        case "received":
            return nodes.Received(campaign_id)
        case "answered":
            return nodes.All((nodes.Received(campaign_id), wrote))
        case _:
            return nodes.All((nodes.Received(campaign_id), Not(wrote)))


def _message(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    at_least, within, rest = values.happening(value, ("channel",))
    channel = rest.get("channel")
    if channel is not None:
        channel = values.one_of(channel, CHANNELS, "/value/channel")
    direction: Any = {"message.inbound": "in", "message.outbound": "out"}[spec.name]
    return nodes.Message(direction, at_least, within, channel)


def _event(spec: FieldSpec, operator: str, value: Any, catalog: Catalog, strict: bool) -> Node:
    at_least, within, rest = values.happening(value, ("where",))
    where = tuple(
        _property(name, op, asked, f"/value/where/{nth}")
        for nth, (name, op, asked) in enumerate(values.properties(rest.get("where")))
    )
    return nodes.Event(spec.name[len(EVENT) :], at_least, within, where)


def _property(name: str, operator: str, value: Any, place: str) -> Node:
    """A test of an event's property: the type of the value says which operators fit."""
    positive = NEGATED.get(operator, operator)
    kind = values.property_type(operator, value)
    try:
        if operator not in values.PROPERTY_OPERATORS[kind]:
            allowed = ", ".join(values.PROPERTY_OPERATORS[kind])
            raise Wrong("/operator", "unknown-operator", f"with such a value the operators are {allowed}")
        match kind:
            case "number":
                node = number_test(name, positive, value)
            case "boolean":
                node = nodes.Boolean(name, values.truth(value))
            case "any":
                node = nodes.Any_(
                    (
                        nodes.Text(name, "known"),
                        nodes.Number(name),
                        nodes.Boolean(name, True),
                        nodes.Boolean(name, False),
                    )
                )
            case _:
                node = text_test(name, positive, value)
    except Wrong as wrong:
        raise Wrong(place + wrong.place, wrong.code, wrong.detail) from None
    return Not(node) if positive != operator else node


_READERS: dict[str, Callable[[FieldSpec, str, Any, Catalog, bool], Node]] = {
    "text": _text,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "choice": _choice,
    "named": _choice,
    "keyword": _keyword,
    "wording": _wording,
    "country": _country,
    "tag": _tag,
    "consent": _consent,
    "reachable": _reachable,
    "segment": _segment,
    "campaign": _campaign_test,
    "message": _message,
    "event": _event,
}
