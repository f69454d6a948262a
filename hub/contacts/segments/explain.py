"""Why somebody is in or out: every group and rule of a condition with its answer, and what was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.conditions import nodes, predicate
from hub.conditions.model import Group, Rule
from hub.conditions.nodes import Node, Not
from hub.conditions.plan import plan_rule
from hub.conditions.predicate import Facts, holds
from hub.conditions.vocabulary import Vocabulary
from hub.conditions.words import rule_words
from hub.contacts.addresses import KINDS_OF_CHANNEL
from hub.contacts.segments.loading import Loaded


def events_in(node: Node) -> set[str]:
    """The names of the events that a plan asks for."""
    return {each.name for each in _tests(node) if isinstance(each, nodes.Event)}


def campaigns_in(node: Node) -> set[UUID]:
    """The campaigns that a plan asks for."""
    return {each.campaign_id for each in _tests(node) if isinstance(each, nodes.Received | nodes.WroteSince)}


def _tests(node: Node) -> Sequence[nodes.Test]:
    match node:
        case nodes.All(each) | nodes.Any_(each):
            return [test for one in each for test in _tests(one)]
        case Not(inner):
            return _tests(inner)
        case _:
            return [node]


def explain(loaded: Loaded, facts: Facts) -> dict[str, Any]:
    """The condition as a tree in which every node has its `result`, and every rule its `words` and what was `found`."""
    return _group(loaded.condition, loaded, facts, Vocabulary(loaded.catalog))


def _group(group: Group, loaded: Loaded, facts: Facts, vocabulary: Vocabulary) -> dict[str, Any]:
    items = [
        _rule(item, loaded, facts, vocabulary)
        if isinstance(item, Rule)
        else _group(item, loaded, facts, vocabulary)
        for item in group.rules
    ]
    results = [item["result"] for item in items]
    joined = any(results) if group.combinator == "or" and results else all(results)
    return {
        "combinator": group.combinator,
        "not": group.not_,
        "rules": items,
        "result": joined != group.not_,
    }


def _rule(rule: Rule, loaded: Loaded, facts: Facts, vocabulary: Vocabulary) -> dict[str, Any]:
    node = plan_rule(rule, loaded.catalog)
    return {
        **rule.model_dump(mode="json"),
        "result": holds(node, facts, loaded.now, loaded.segments),
        "words": rule_words(rule, vocabulary),
        "found": _found(rule.field, _positive(node), loaded, facts),
    }


def _positive(node: Node) -> Node:
    match node:
        case Not(inner):
            return _positive(inner)
        case nodes.All((first, *_)):
            return first
        case _:
            return node


def _found(field: str, test: Node, loaded: Loaded, facts: Facts) -> Any:
    """What the contact has of a rule's field: a value, a list, or an object of counts."""
    match test:
        case nodes.Tag():
            return sorted(facts.tags)
        case nodes.Country():
            return [address for kind, address in facts.addresses if kind == "phone"]
        case nodes.Consent(kind, _):
            return predicate.consent_of(facts, kind)
        case nodes.Reachable(kind):
            usable = [address for each, address in facts.addresses if each in KINDS_OF_CHANNEL[kind]]
            return {"addresses": usable, "consent": predicate.consent_of(facts, kind)}
        case nodes.InSegment():
            return {"in": holds(test, facts, loaded.now, loaded.segments)}
        case nodes.Event():
            return _counted([event.at for event in predicate.matching_events(test, facts, loaded.now)])
        case nodes.Message():
            return _counted([message.at for message in predicate.matching_messages(test, facts, loaded.now)])
        case nodes.Received(campaign_id):
            received = predicate.received(facts, campaign_id)
            wrote = holds(nodes.WroteSince(campaign_id), facts, loaded.now)
            return {"received": received, "answered": received and wrote}
        case _:
            return _plain(facts.values.get(field))


def _counted(times: Sequence[datetime]) -> Mapping[str, Any]:
    return {"count": len(times), "last_at": _plain(max(times)) if times else None}


def _plain(value: Any) -> Any:
    """A value as JSON takes it; an empty text is none."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    return None if value == "" else value
