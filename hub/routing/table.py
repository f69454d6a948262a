"""The routing table of one tenant: keyword to flow, intent to queue, everything else to the fallback queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from hub.flows.definition import Flow
from hub.flows.nodes.wait_for_reply import normalize


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; exactly one of `queue_id` and `flow_id` is set."""

    id: UUID
    kind: str
    match: str
    threshold: float
    queue_id: UUID | None
    flow_id: UUID | None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes and why, in words a person reads."""

    rule_id: UUID | None
    queue_id: UUID | None
    flow_id: UUID | None
    reason: str


@dataclass(slots=True)
class RoutingTable:
    """Rules by kind, first position wins. Built once for a tenant and kept for a few seconds."""

    brand: str
    keywords: Mapping[str, Rule]
    intents: Mapping[str, Rule]
    fallback: Rule | None
    queues: Mapping[UUID, str]
    flows: Mapping[UUID, Flow]
    intent_version_id: UUID | None = None
    queue_ids: Mapping[str, UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.queue_ids = {name.casefold(): queue_id for queue_id, name in self.queues.items()}

    def keyword(self, text: str) -> Rule | None:
        """The keyword rule for the whole message, or None."""
        return self.keywords.get(normalize(text)) if len(text) <= 80 else None

    def route(self, intent: str | None, confidence: float, floor: float) -> Route:
        """By intent when it is sure enough for its rule, else to the fallback queue.

        `floor` is the least confidence for a rule that states none of its own.
        """
        if intent is not None:
            rule = self.intents.get(intent)
            if rule is not None:
                needed = rule.threshold or floor
                if confidence >= needed:
                    reason = f"intent {intent} {confidence:.2f} ≥ {needed:.2f}"
                    return Route(rule.id, rule.queue_id, rule.flow_id, reason)
                return self._fall_back(f"intent {intent} {confidence:.2f} < {needed:.2f}")
            return self._fall_back(f"no rule for intent {intent}")
        return self._fall_back("no intent recognised")

    def _fall_back(self, why: str) -> Route:
        if self.fallback is None:
            return Route(None, None, None, f"{why}; no fallback rule")
        return Route(self.fallback.id, self.fallback.queue_id, self.fallback.flow_id, f"{why} → fallback")


def build(
    brand: str,
    rules: list[Rule],
    queues: Mapping[UUID, str],
    flows: Mapping[UUID, Flow],
    intent_version_id: UUID | None,
) -> RoutingTable:
    """Rules in their order to a table; of two rules for the same keyword or intent the first wins."""
    keywords: dict[str, Rule] = {}
    intents: dict[str, Rule] = {}
    fallback: Rule | None = None
    for rule in rules:
        match rule.kind:
            case "keyword":
                keywords.setdefault(normalize(rule.match), rule)
            case "intent":
                intents.setdefault(rule.match, rule)
            case _:
                fallback = fallback or rule
    return RoutingTable(brand, keywords, intents, fallback, queues, flows, intent_version_id)
