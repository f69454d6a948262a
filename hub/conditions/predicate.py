"""The answer of a condition for one contact whose facts are at hand. Agrees with hub/conditions/sql.py, by test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.conditions import nodes
from hub.conditions.catalog import ATTRIBUTE
from hub.conditions.nodes import Node
from hub.conditions.text import fold
from hub.conditions.values import exact
from hub.contacts.addresses import KINDS_OF_CHANNEL

Segments = Mapping[UUID, Node | None]
"""The plan of every dynamic segment that a plan may reach; None for a static one."""


@dataclass(frozen=True, slots=True)
class EventFact:
    name: str
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageFact:
    """A message; `taken`: inbound, or outbound and a provider took it. `campaign_id` for one of a campaign."""

    direction: str
    channel_kind: str
    at: datetime
    taken: bool = True
    campaign_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a condition may ask of one contact. `values`: by field name, attributes as `attribute.<key>`."""

    values: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    addresses: Sequence[tuple[str, str]] = ()
    """(kind, address)."""
    consents: Sequence[tuple[str, str, str]] = ()
    """(kind of channel, purpose, state)."""
    segments: frozenset[UUID] = frozenset()
    """The static segments with this contact in them."""
    events: Sequence[EventFact] = ()
    messages: Sequence[MessageFact] = ()
    launches: Mapping[UUID, datetime | None] = field(default_factory=dict)
    """When the campaigns began."""


def holds(node: Node, facts: Facts, now: datetime, segments: Segments | None = None) -> bool:
    """Whether the condition holds for the contact at `now`, whose zone says where a calendar day begins."""
    match node:
        case nodes.All(inner):
            return all(holds(each, facts, now, segments) for each in inner)
        case nodes.Any_(inner):
            return any(holds(each, facts, now, segments) for each in inner)
        case nodes.Not(only):
            return not holds(only, facts, now, segments)
        case nodes.InSegment(segment_id):
            plan = (segments or {}).get(segment_id)
            return segment_id in facts.segments if plan is None else holds(plan, facts, now, segments)
        case nodes.Text() | nodes.OneOf() | nodes.Number() | nodes.Boolean() | nodes.Day() | nodes.Moment():
            return fits(node, facts.values.get(node.field), now)
        case _:
            return _has(node, facts, now)


Ready = Callable[[Facts, datetime], bool]


def ready(node: Node, segments: Segments | None = None) -> Ready:
    """`holds` of one condition, made ready to be asked of many contacts: several times faster, by the same rules."""
    match node:
        case nodes.All(inner):
            each = [ready(one, segments) for one in inner]
            return each[0] if len(each) == 1 else lambda facts, now: all(one(facts, now) for one in each)
        case nodes.Any_(inner):
            some = [ready(one, segments) for one in inner]
            return lambda facts, now: any(one(facts, now) for one in some)
        case nodes.Not(only):
            turned = ready(only, segments)
            return lambda facts, now: not turned(facts, now)
        case nodes.Tag(tag):
            return lambda facts, now: tag in facts.tags
        case nodes.OneOf(field, values) if values is not None:
            wanted = frozenset(values) - {""}
            return lambda facts, now: isinstance(value := facts.values.get(field), str) and value in wanted
        case nodes.Number():
            bounds = node

            def between(facts: Facts, now: datetime) -> bool:
                value = facts.values.get(bounds.field)
                # A whole number compares with decimals as it is.
                return _between(bounds, value) if type(value) is int else fits(bounds, value, now)

            return between
        case nodes.Text() | nodes.OneOf() | nodes.Boolean() | nodes.Day() | nodes.Moment():
            test = node
            return lambda facts, now: fits(test, facts.values.get(test.field), now)
        case _:
            return lambda facts, now: holds(node, facts, now, segments)


def answer(
    node: Node,
    facts: Facts,
    now: datetime,
    segments: Segments | None,
    unknown: Callable[[nodes.Test], bool],
) -> bool | None:
    """As `holds`, in three values: None where it hangs on a test whose facts are `unknown` yet."""
    match node:
        case nodes.All(inner):
            found = [answer(each, facts, now, segments, unknown) for each in inner]
            return False if False in found else None if None in found else True
        case nodes.Any_(inner):
            found = [answer(each, facts, now, segments, unknown) for each in inner]
            return True if True in found else None if None in found else False
        case nodes.Not(only):
            said = answer(only, facts, now, segments, unknown)
            return None if said is None else not said
        case _:
            return None if unknown(node) else holds(node, facts, now, segments)


def fits(test: nodes.Value, value: Any, now: datetime) -> bool:
    """Whether a value passes; one of another type than the test's is a missing one."""
    match test:
        case nodes.Text():
            return isinstance(value, str) and value != "" and _TEXT[test.how](fold(value), test.values)
        case nodes.OneOf():
            return isinstance(value, str) and value != "" and (test.values is None or value in test.values)
        case nodes.Number():
            return (
                isinstance(value, int | float | Decimal)
                and not isinstance(value, bool)
                and _between(test, exact(value))
            )
        case nodes.Boolean():
            return value is test.value
        case nodes.Day():
            low = _iso(test.low.day(now)) if test.low else "0"
            high = _iso(test.high.day(now)) if test.high else ":"  # the character after 9
            return isinstance(value, str) and low <= value < high
        case nodes.Moment():
            return (
                isinstance(value, datetime)
                and (test.low is None or test.low.at(now) <= value)
                and (test.high is None or value < test.high.at(now))
            )


_TEXT: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "equals": lambda text, values: text in values,
    "contains": lambda text, values: values[0] in text,
    "begins": lambda text, values: text.startswith(values),
    "ends": lambda text, values: text.endswith(values),
    "known": lambda text, values: True,
}


def _iso(day: date) -> str:
    return day.isoformat()


def _between(test: nodes.Number, value: Decimal | int) -> bool:
    if test.low is not None and (value < test.low or (test.low_open and value == test.low)):
        return False
    return test.high is None or not (value > test.high or (test.high_open and value == test.high))


def _has(test: nodes.Fact, facts: Facts, now: datetime) -> bool:
    match test:
        case nodes.Country(codes):
            phones = [address for kind, address in facts.addresses if kind == "phone"]
            return any(phone.startswith(codes) for phone in phones) if codes is not None else bool(phones)
        case nodes.Tag(tag):
            return tag in facts.tags
        case nodes.Consent(kind, state):
            return consent_of(facts, kind) == state
        case nodes.Reachable(kind):
            usable = KINDS_OF_CHANNEL[kind]
            return (
                any(each in usable for each, _ in facts.addresses) and consent_of(facts, kind) != "opted_out"
            )
        case nodes.Event():
            return len(matching_events(test, facts, now)) >= test.at_least
        case nodes.Message():
            return len(matching_messages(test, facts, now)) >= test.at_least
        case nodes.Received(campaign_id):
            return received(facts, campaign_id)
        case nodes.WroteSince(campaign_id):
            return _wrote_since(facts, facts.launches.get(campaign_id))
        case _:
            raise TypeError(f"{type(test).__name__} is no test of facts")


def consent_of(facts: Facts, channel_kind: str) -> str:
    """What the contact said about campaigns on this kind of channel: opted_in, opted_out or none."""
    states = {
        state
        for kind, purpose, state in facts.consents
        if kind == channel_kind and purpose in nodes.CAMPAIGN_PURPOSES
    }
    return "opted_out" if "opted_out" in states else "opted_in" if "opted_in" in states else "none"


def matching_events(test: nodes.Event, facts: Facts, now: datetime) -> list[EventFact]:
    """The events that a test counts."""
    return [
        event
        for event in facts.events
        if event.name == test.name
        and event.at <= now
        and (test.within is None or event.at > nodes.ago(now, test.within))
        and all(_property(each, event.properties, now) for each in test.where)
    ]


def matching_messages(test: nodes.Message, facts: Facts, now: datetime) -> list[MessageFact]:
    """The messages that a test counts."""
    return [
        message
        for message in facts.messages
        if message.taken
        and message.direction == test.direction
        and message.at <= now
        and (test.within is None or message.at > nodes.ago(now, test.within))
        and test.channel_kind in (None, message.channel_kind)
    ]


def received(facts: Facts, campaign_id: UUID) -> bool:
    return any(message.taken and message.campaign_id == campaign_id for message in facts.messages)


def _wrote_since(facts: Facts, launched_at: datetime | None) -> bool:
    last = facts.values.get("last_inbound_at")
    return launched_at is not None and isinstance(last, datetime) and last >= launched_at


def _property(node: Node, properties: Mapping[str, Any], now: datetime) -> bool:
    match node:
        case nodes.Not(inner):
            return not _property(inner, properties, now)
        case nodes.Any_(inner):
            return any(_property(each, properties, now) for each in inner)
        case nodes.Text() | nodes.Number() | nodes.Boolean():
            return fits(node, properties.get(node.field), now)
        case _:
            raise TypeError(f"{type(node).__name__} is no test of a property")


def facts_of_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as values of fields."""
    return {ATTRIBUTE + key: value for key, value in attributes.items()}
