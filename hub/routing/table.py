"""The routing table of one tenant: which rule has a message, and why. Built once for a tenant and kept for a few seconds.

Keywords and intents are looked up, so that hundreds of such rules cost what one costs; the others are looked at one by
one. The answer is that of a walk through all rules in their order, by test.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from hub.compliance.keywords import Words
from hub.compliance.policy import FLOOD_PER_MINUTE
from hub.conditions.predicate import Facts, Segments
from hub.flows.book import FlowBook
from hub.flows.definition import Flow
from hub.routing.compiled import TAG, Anchor, CompiledRule, To
from hub.routing.fields import (
    INTENT,
    KEYWORD,
    NO_RECORD,
    NOTHING_HEARD,
    WAITING,
    WORDING,
    Heard,
    Message,
    Record,
    keyword_of,
    plain_words,
    values_of,
)
from hub.routing.starts import Starts

NOBODY = To()
MERGED_MAX = 32
"""Lists longer than that are walked as they lie, not sorted together: mostly the first few of them decide."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes and why, in words a person reads. `rule` None: no rule has it: a flow waits for it, or it falls back.

    `passed`: the rules before it that held and went on; with it they say what else happens.
    """

    to: To
    reason: str
    rule: CompiledRule | None = None
    passed: tuple[CompiledRule, ...] = ()

    @property
    def acting(self) -> tuple[CompiledRule, ...]:
        return self.passed if self.rule is None else (*self.passed, self.rule)


@dataclass(slots=True)
class RoutingTable:
    """Everything a turn must know of its tenant's routing. `waiting`: by a queue's field, how many nobody has yet.

    `archived`: queues where nobody looks; `unable`: people who may not answer, or not any more.
    """

    brand: str
    rules: Sequence[CompiledRule]
    queues: Mapping[UUID, str]
    flows: Mapping[UUID, Flow]
    fallback_queue_id: UUID | None = None
    intent_version_id: UUID | None = None
    words: Words = field(default_factory=dict)  # for STOP, START and HELP, beside everybody's
    segments: Segments = field(default_factory=dict)
    users: Mapping[UUID, str] = field(default_factory=dict)
    archived: frozenset[UUID] = frozenset()
    unable: frozenset[UUID] = frozenset()
    waiting: Mapping[str, int] = field(default_factory=dict)
    channel_kinds: Mapping[UUID, str] = field(default_factory=dict)
    flood_limit: int = FLOOD_PER_MINUTE
    book: FlowBook = field(default_factory=FlowBook)
    queue_ids: Mapping[str, UUID] = field(init=False)
    starts: Starts = field(init=False)
    fields: frozenset[str] = field(init=False)
    asks_contact: bool = field(init=False)
    _anchored: Mapping[Anchor, Sequence[int]] = field(init=False, repr=False)
    _kinds: frozenset[str] = field(init=False, repr=False)
    _others: Sequence[int] = field(init=False, repr=False)
    _unheard: Sequence[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.book.flows and self.flows:
            self.book = FlowBook(self.flows)
        self.queue_ids = {name.casefold(): queue_id for queue_id, name in self.queues.items()}
        self.starts = Starts.of(self.flows)
        self.fields = frozenset().union(*(rule.fields for rule in self.rules))
        self.asks_contact = any(rule.asks_contact for rule in self.rules)
        found: dict[Anchor, list[int]] = defaultdict(list)
        others, by_intent = [], []
        for place, rule in enumerate(self.rules):
            if rule.anchors is None:
                others.append(place)
                continue
            for anchor in rule.anchors:
                found[anchor].append(place)
            if any(kind == INTENT for kind, _ in rule.anchors):
                by_intent.append(place)
        self._anchored, self._others = dict(found), others
        self._unheard = sorted([*others, *by_intent])
        self._kinds = frozenset(kind for kind, _ in self._anchored)

    @property
    def waiting_fields(self) -> frozenset[str]:
        """The fields of the queues whose lengths the rules ask for."""
        return frozenset(name for name in self.fields if name.startswith(WAITING))

    def needs_intent(self, message: Message, record: Record = NO_RECORD) -> bool:
        """Whether somebody needs to know what the message means: to find its way, or whoever gets it."""
        to = self.starts.by_words(message)
        if to is not None:
            return self._understands(to)
        rule = self.decided(message, record)
        return rule is None or not rule.spares_classifier or self._understands(rule.to)

    def _understands(self, to: To | None) -> bool:
        """Whether it leads into a flow that looks at intents, and so at that of the message that begins it."""
        flow = None if to is None or to.flow_id is None else self.flows.get(to.flow_id)
        return flow is not None and flow.understands

    def decided(self, message: Message, record: Record = NO_RECORD) -> CompiledRule | None:
        """The rule that has the message whatever it means, or None where that hangs on the intent or no rule has it."""
        walk = _Walk(self, message, None, record, 0.0)
        route = walk.first(self._places(message, None, record))
        return None if route is None else route.rule

    def route(
        self,
        message: Message,
        heard: Heard = NOTHING_HEARD,
        floor: float = 0.0,
        record: Record = NO_RECORD,
        *,
        people_only: bool = False,
    ) -> Route:
        """Where the message goes. An intent below `floor` counts for none, but for rules that ask for the confidence
        themselves. `people_only`: a flow has given up, so that rules which lead to a flow or close are passed over.
        """
        to = None if people_only else self.starts.by_words(message)
        if to is not None:
            return Route(to, f"flow (keyword {keyword_of(message.text)})")
        walk = _Walk(self, message, heard, record, floor, people_only)
        found = walk.first(self._places(message, heard, record))
        assert found is not None  # nothing is unknown
        return found

    def _places(self, message: Message, heard: Heard | None, record: Record) -> Iterable[int]:
        """The rules that can have the message, in their order."""
        hits: set[int] = set()
        for kind, values in self._present(message, heard, record):
            for value in values:
                hits.update(self._anchored.get((kind, value), ()))
        looked_at = self._unheard if heard is None else self._others
        if not hits:
            return looked_at
        return sorted(hits.union(looked_at)) if len(looked_at) < MERGED_MAX else _merged(looked_at, hits)

    def _present(
        self, message: Message, heard: Heard | None, record: Record
    ) -> Iterator[tuple[str, Iterable[str]]]:
        """What the message has of the kinds of facts that rules are looked up by."""
        kinds = self._kinds
        if KEYWORD in kinds and (keyword := keyword_of(message.text)) is not None:
            yield KEYWORD, (keyword,)
        if INTENT in kinds and heard is not None and heard.intent is not None:
            yield INTENT, (heard.intent,)
        if WORDING in kinds:
            yield WORDING, set(plain_words(message.text).split())
        if TAG in kinds:
            yield TAG, record.facts.tags

    def fall_back(self, heard: Heard, floor: float) -> tuple[To, str]:
        """The last resort, and why."""
        intent = None if heard.intent is None else f"intent {heard.intent} {heard.confidence:.2f}"
        if intent is None:
            why = "no rule matches"
        elif heard.confidence < floor:
            why = f"{intent} < {floor:.2f}"
        else:
            why = f"no rule for {intent}"
        if self.fallback_queue_id is None:
            return NOBODY, f"{why}; there is no queue"
        return To(queue_id=self.fallback_queue_id), f"{why} → fallback"


def _merged(places: Sequence[int], more: set[int]) -> Iterator[int]:
    """Both in their order, each once."""
    last = -1
    for place in heapq.merge(places, sorted(more)):
        if place != last:
            yield place
        last = place


class _Walk:
    """One message on its way through the rules. `heard` None: its intent is not known yet."""

    __slots__ = ("_facts", "_floor", "_heard", "_message", "_people_only", "_record", "_table")

    def __init__(
        self,
        table: RoutingTable,
        message: Message,
        heard: Heard | None,
        record: Record,
        floor: float,
        people_only: bool = False,
    ) -> None:
        self._table = table
        self._message = message
        self._heard = heard
        self._record = record
        self._floor = floor
        self._people_only = people_only
        self._facts: dict[bool, Facts] = {}

    def first(self, places: Iterable[int]) -> Route | None:
        """None when a rule that may have the message hangs on the intent."""
        passed: list[CompiledRule] = []
        for rule in self._candidates(places):
            holds = self._holds(rule)
            if holds is None:
                return None
            if not holds:
                continue
            if rule.goes_on:
                passed.append(rule)
                continue
            return self._to(rule, tuple(passed))
        heard = self._heard or NOTHING_HEARD
        start = None if self._people_only else self._table.starts.by_intent(heard, self._floor)
        if start is not None:
            return Route(start, f"flow (intent {heard.intent} {heard.confidence:.2f})", None, tuple(passed))
        to, reason = self._table.fall_back(heard, self._floor)
        return Route(to, reason, None, tuple(passed))

    def _candidates(self, places: Iterable[int]) -> Iterator[CompiledRule]:
        for place in places:
            rule = self._table.rules[place]
            if not self._people_only or rule.to is None or rule.to.is_people:
                yield rule

    def _holds(self, rule: CompiledRule) -> bool | None:
        if rule.exact:  # its place was found by a look-up
            if not rule.asks_intent:
                return True
            return None if self._heard is None else self._heard.confidence >= self._floor
        facts, now = self._facts_for(rule), self._message.at
        if self._heard is not None or not rule.asks_intent:
            return rule.test(facts, now)
        if not rule.early(facts, now):
            return False
        return rule.holds(facts, now, self._table.segments, intent=False, contact=True)

    def _facts_for(self, rule: CompiledRule) -> Facts:
        """Made at most twice a message: with the intent as it was heard, and without one that is below the floor."""
        heard = self._heard or NOTHING_HEARD
        counts = rule.asks_confidence or heard.confidence >= self._floor
        found = self._facts.get(counts)
        if found is None:
            table, record = self._table, self._record
            values = values_of(
                self._message, heard if counts else NOTHING_HEARD, record, table.waiting, table.fields
            )
            found = self._facts[counts] = replace(record.facts, values={**record.facts.values, **values})
        return found

    def _to(self, rule: CompiledRule, passed: tuple[CompiledRule, ...]) -> Route:
        reason = f"rule “{rule.name}”{self._why(rule)}"
        if rule.to is not None:
            return Route(rule.to, reason, rule, passed)
        to, _ = self._table.fall_back(NOTHING_HEARD, 0.0)
        return Route(to, f"{reason} → fallback", rule, passed)

    def _why(self, rule: CompiledRule) -> str:
        """What of the message the rule was about, where that is short."""
        heard = self._heard or NOTHING_HEARD
        if rule.anchors and all(kind == KEYWORD for kind, _ in rule.anchors):
            return f" (keyword {keyword_of(self._message.text)})"
        if rule.asks_intent and heard.intent is not None:
            return f" (intent {heard.intent} {heard.confidence:.2f})"
        return ""
