"""The routing table of one tenant: keyword to flow, intent to queue, everything else to the fallback queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hub.compliance.keywords import NO_EXTRA_WORDS, Words
from hub.flows.answers import normalize
from hub.flows.definition import Flow

NO_SEGMENTS: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; exactly one of `queue_id` and `flow_id` is set. `segment_id`: only for the members of that segment."""

    id: UUID
    kind: str
    match: str
    threshold: float
    queue_id: UUID | None
    flow_id: UUID | None
    segment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes and why, in words a person reads."""

    rule_id: UUID | None
    queue_id: UUID | None
    flow_id: UUID | None
    reason: str


@dataclass(slots=True)
class RoutingTable:
    """Rules by kind, first position wins. Built once for a tenant and kept for a few seconds.

    It holds the rules of everybody; `narrowed` adds those of a contact's segments.
    """

    brand: str
    keywords: Mapping[str, Rule]
    intents: Mapping[str, Rule]
    fallback: Rule | None
    queues: Mapping[UUID, str]
    flows: Mapping[UUID, Flow]
    intent_version_id: UUID | None = None
    rules: Sequence[Rule] = ()
    words: Words = field(default_factory=dict)  # for STOP, START and HELP, beside everybody's
    queue_ids: Mapping[str, UUID] = field(init=False)
    segment_ids: frozenset[UUID] = field(init=False)
    _narrowed: dict[frozenset[UUID], RoutingTable] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.queue_ids = {name.casefold(): queue_id for queue_id, name in self.queues.items()}
        self.segment_ids = frozenset(rule.segment_id for rule in self.rules if rule.segment_id is not None)

    def narrowed(self, member_of: frozenset[UUID]) -> RoutingTable:
        """The table for a contact who is in exactly these of `segment_ids`."""
        if not member_of:
            return self
        found = self._narrowed.get(member_of)
        if found is None:
            rest = (self.rules, self.queues, self.flows, self.intent_version_id)
            found = self._narrowed[member_of] = build(self.brand, *rest, member_of, self.words)
        return found

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
    rules: Sequence[Rule],
    queues: Mapping[UUID, str],
    flows: Mapping[UUID, Flow],
    intent_version_id: UUID | None,
    member_of: frozenset[UUID] = NO_SEGMENTS,
    words: Words = NO_EXTRA_WORDS,
) -> RoutingTable:
    """Rules in their order to a table; of two rules for the same keyword or intent the first wins.

    Rules of segments that are not in `member_of` are left out.
    """
    keywords: dict[str, Rule] = {}
    intents: dict[str, Rule] = {}
    fallback: Rule | None = None
    for rule in rules:
        if rule.segment_id is not None and rule.segment_id not in member_of:
            continue
        match rule.kind:
            case "keyword":
                keywords.setdefault(normalize(rule.match), rule)
            case "intent":
                intents.setdefault(rule.match, rule)
            case _:
                fallback = fallback or rule
    return RoutingTable(brand, keywords, intents, fallback, queues, flows, intent_version_id, rules, words)
