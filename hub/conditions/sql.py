"""A plan as SQL over contacts, for the application role under row-level security. Values are always bound, never written
into the text. Agrees with hub/conditions/predicate.py, by test.

How it is made to be quick:
- Negations are pushed down to single tests, so that "not" is an anti-join or `IS NOT TRUE`, not a filter over a whole
  condition.
- What stands in a table of its own (tags, events, messages…) is a set of contact ids. In a conjunction it is a
  semi-join, which PostgreSQL may hash and share between parallel workers; sets joined by "or" are one semi-join over
  their union. Elsewhere it is EXISTS, of which PostgreSQL makes a hashed or a correlated plan.
- Each set names the tenant as a value: with the policy alone the planner knows nothing of its size.
- Tests of values are written so that the planner does not take them for rare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.conditions import nodes
from hub.conditions.errors import Fault, invalid
from hub.conditions.nodes import Node, Not
from hub.conditions.predicate import Segments
from hub.conditions.sql_values import ValueWriter, like_json
from hub.contacts.addresses import KINDS_OF_CHANNEL
from hub.ids import id_of_moment

TESTS_MAX = 500
INDEX_CHARS = 200
ID_SLACK = timedelta(days=1)
"""A message's id, a UUIDv7, was made at most so long before its `created_at`."""


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A boolean SQL expression over the alias, for `sqlalchemy.text`, and the values that it binds."""

    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Set:
    """Contact ids: `SELECT x.contact_id FROM … WHERE …`, with `having` grouped by contact."""

    source: str
    where: str
    having: str = ""

    def ids(self) -> str:
        tail = f" GROUP BY x.contact_id HAVING {self.having}" if self.having else ""
        return f"SELECT x.contact_id FROM {self.source} x WHERE {self.where}{tail}"

    def exists(self, alias: str) -> str:
        if self.having:
            return f"EXISTS (SELECT 1 FROM ({self.ids()}) g WHERE g.contact_id = {alias}.id)"
        return f"EXISTS (SELECT 1 FROM {self.source} x WHERE {self.where} AND x.contact_id = {alias}.id)"


@dataclass(frozen=True, slots=True)
class _Filter:
    """A boolean expression over the alias; NULL stands for false."""

    sql: str


_Piece = _Set | _Filter
_TRUE, _FALSE = _Filter("true"), _Filter("false")


def compile_condition(
    node: Node,
    *,
    tenant_id: UUID,
    now: datetime,
    segments: Segments | None = None,
    indexed: Mapping[str, UUID] | None = None,
    alias: str = "c",
    prefix: str = "cond",
) -> CompiledCondition:
    """`alias.tenant_id = … AND …` over a table or sub-select with the columns of `contacts`. Two conditions in one
    statement need different prefixes. `indexed`: field → the attribute's id, of those that have an index of values. Raises ConditionInvalid when segments in segments make it too large.
    """
    writer = _Writer(now, alias, prefix, tenant_id, segments or {}, indexed or {})
    condition = writer.conjunction(node)
    return CompiledCondition(f"({alias}.tenant_id = {writer.tenant} AND {condition})", writer.values)


@dataclass
class _Writer(ValueWriter):
    tenant_id: UUID
    segments: Segments
    indexed: Mapping[str, UUID]
    tests: int = 0

    def __post_init__(self) -> None:
        self.tenant = self.bind(self.tenant_id, "uuid")

    def conjunction(self, node: Node) -> str:
        """The expression where it stands in a WHERE by itself: sets become semi-joins and anti-joins."""
        parts = []
        for piece, negated in self._conjuncts(node, False):
            if isinstance(piece, _Filter):
                parts.append(piece.sql)
            elif negated:
                parts.append(f"NOT {piece.exists(self.alias)}")
            else:
                parts.append(f"{self.alias}.id IN ({piece.ids()})")
        return " AND ".join(parts) or "true"

    def _conjuncts(self, node: Node, negated: bool) -> Iterable[tuple[_Piece, bool]]:
        match node:
            case Not(inner):
                yield from self._conjuncts(inner, not negated)
            case nodes.InSegment(segment_id) if (plan := self.segments.get(segment_id)) is not None:
                yield from self._conjuncts(plan, negated)
            case nodes.All(each) if not negated:
                for one in each:
                    yield from self._conjuncts(one, False)
            case nodes.Any_(each) if negated:
                for one in each:
                    yield from self._conjuncts(one, True)
            case nodes.All(each) | nodes.Any_(each):
                yield self._disjunction(each, negated), False
            case _:
                yield from self._test(node, negated)

    def _disjunction(self, each: tuple[Node, ...], negated: bool) -> _Piece:
        """One of the nodes (each turned round when `negated`): a union of sets where all are sets."""
        if not each:
            return _FALSE
        pieces = [piece for one in each for piece in [self._expression_or_set(one, negated)]]
        if all(isinstance(piece, _Set) for piece in pieces):
            union = " UNION ".join(piece.ids() for piece in pieces if isinstance(piece, _Set))
            return _Set(f"({union})", "true")
        return _Filter("(" + " OR ".join(self._boolean(piece) for piece in pieces) + ")")

    def _expression_or_set(self, node: Node, negated: bool) -> _Piece:
        """A node inside an "or": a bare set, or an expression of everything it holds."""
        match node:
            case Not(inner):
                return self._expression_or_set(inner, not negated)
            case nodes.InSegment(segment_id) if (plan := self.segments.get(segment_id)) is not None:
                return self._expression_or_set(plan, negated)
            case nodes.All(each) | nodes.Any_(each):
                if isinstance(node, nodes.Any_) != negated:
                    return self._disjunction(each, negated)
                if len(each) == 1:
                    return self._expression_or_set(each[0], negated)
                parts = [self._boolean(self._expression_or_set(one, negated)) for one in each]
                return _Filter("(" + " AND ".join(parts) + ")") if parts else _TRUE
            case _:
                made = list(self._test(node, negated))
                if len(made) == 1 and not made[0][1]:
                    return made[0][0]
                return _Filter("(" + " AND ".join(self._boolean(piece, no) for piece, no in made) + ")")

    def _boolean(self, piece: _Piece, negated: bool = False) -> str:
        words = piece.sql if isinstance(piece, _Filter) else piece.exists(self.alias)
        return f"NOT {words}" if negated else words

    def _test(self, node: Node, negated: bool) -> Iterable[tuple[_Piece, bool]]:
        """One test: a set, negated or not, or an expression with the negation in it."""
        self.tests += 1
        if self.tests > TESTS_MAX:
            detail = f"with the segments it names the condition has more than {TESTS_MAX} rules"
            raise invalid([Fault("", "too-large", detail)])
        match node:
            case nodes.Reachable(kind):
                yield from self._reachable(kind, negated)
            case nodes.Consent(kind, state):
                yield from self._consent(kind, state, negated)
            case nodes.Moment("last_inbound_at"):
                yield self._last_inbound(node), negated
            case nodes.Text(name, "equals", values) | nodes.OneOf(name, tuple(values)) if (
                name in self.indexed and not any(map(_needs_json, values))
            ):
                yield self._indexed(node, self.indexed[name]), negated
            case (
                nodes.Text() | nodes.OneOf() | nodes.Number() | nodes.Boolean() | nodes.Day() | nodes.Moment()
            ):
                test = self.value_test(node, self.json_of(node.field), self.text_of(node.field))
                yield _Filter(_two_valued(node, test, negated)), False
            case _:
                yield self._set(node), negated

    def _either(self, pieces: Iterable[tuple[_Piece, bool]]) -> _Filter:
        return _Filter("(" + " OR ".join(self._boolean(piece, negated) for piece, negated in pieces) + ")")

    # Sets of contacts

    def _of_tenant(self, *parts: str) -> str:
        return " AND ".join([f"x.tenant_id = {self.tenant}", *(part for part in parts if part)])

    def _set(self, node: Node) -> _Set:
        match node:
            case nodes.Tag(tag):
                return _Set("contact_tags", self._of_tenant(f"x.tag = {self.bind(tag, 'text')}"))
            case nodes.Country(codes):
                return self._country(codes)
            case nodes.InSegment(segment_id):
                return _Set(
                    "segment_members", self._of_tenant(f"x.segment_id = {self.bind(segment_id, 'uuid')}")
                )
            case nodes.Event():
                return self._event(node)
            case nodes.Message():
                return self._message(node)
            case nodes.Received(campaign_id):
                return self._received(campaign_id)
            case nodes.WroteSince(campaign_id):
                return self._wrote_since(campaign_id)
            case _:
                raise TypeError(f"{type(node).__name__} is no set of contacts")

    def _indexed(self, test: nodes.Text | nodes.OneOf, attribute_id: UUID) -> _Set:
        """Who has one of the values, by the index of the attribute alone."""
        fits = self.value_test(test, "", "x.value")
        if isinstance(test, nodes.Text):  # the index holds them with their case, so all of it is walked
            fits = _opaque(fits)
        return _Set(
            "contact_values", self._of_tenant(f"x.attribute_id = {self.bind(attribute_id, 'uuid')}", fits)
        )

    def _country(self, codes: tuple[str, ...] | None) -> _Set:
        known = [f"starts_with(x.address, {self.bind(code, 'text')})" for code in codes or ()]
        fits = f"({' OR '.join(known)})" if known else ""
        return _Set("contact_addresses", self._of_tenant("x.kind = 'phone'", fits))

    def _last_inbound(self, test: nodes.Moment) -> _Set:
        return _Set("conversations", self._of_tenant(self.span("x.last_inbound_at", test.low, test.high)))

    def _event(self, test: nodes.Event) -> _Set:
        parts = [f"x.name = {self.bind(test.name, 'text')}", *self._times("x.at", test.within)]
        parts += [self._property(each) for each in test.where]
        return _Set("contact_events", self._of_tenant(*parts), self._at_least(test.at_least))

    def _times(self, column: str, within: timedelta | None) -> list[str]:
        until = f"{column} <= {self.bind(self.now, 'timestamptz')}"
        if within is None:
            return [until]
        return [f"{column} > {self.bind(nodes.ago(self.now, within), 'timestamptz')}", until]

    def _at_least(self, count: int) -> str:
        return f"count(*) >= {int(count)}" if count > 1 else ""

    def _property(self, node: Node) -> str:
        match node:
            case Not(inner):
                return f"({self._property(inner)}) IS NOT TRUE"
            case nodes.Any_(each):
                return "(" + " OR ".join(f"({self._property(one)}) IS TRUE" for one in each) + ")"
            case nodes.Text() | nodes.Number() | nodes.Boolean():
                key = self.bind(node.field, "text")
                return self.value_test(node, f"(x.properties -> {key})", f"(x.properties ->> {key})")
            case _:
                raise TypeError(f"{type(node).__name__} is no test of a property")

    def _message(self, test: nodes.Message) -> _Set:
        parts = [
            f"x.direction = '{test.direction}'",
            _opaque(" AND ".join(self._times("x.created_at", test.within))),
        ]
        if test.within is not None:
            first = id_of_moment(nodes.ago(self.now, test.within + ID_SLACK))
            parts.insert(0, f"x.id >= {self.bind(first, 'uuid')}")
        if test.direction == "out":
            parts.append(_TAKEN)
        if test.channel_kind is not None:
            parts.append(f"x.channel_kind = {self.bind(test.channel_kind, 'text')}")
        return _Set("messages", self._of_tenant(*parts), self._at_least(test.at_least))

    def _received(self, campaign_id: UUID) -> _Set:
        origin = f"x.origin = 'campaign' AND x.origin_id = {self.bind(campaign_id, 'uuid')}"
        return _Set("messages", self._of_tenant(origin, _TAKEN))

    def _wrote_since(self, campaign_id: UUID) -> _Set:
        launch = (
            f"SELECT l.launched_at FROM campaigns l WHERE l.tenant_id = {self.tenant} "
            f"AND l.id = {self.bind(campaign_id, 'uuid')}"
        )
        return _Set("conversations", self._of_tenant(f"x.last_inbound_at >= ({launch})"))

    def _said(self, kind: str, state: str) -> _Set:
        return _Set(
            "consents",
            self._of_tenant(f"x.channel_kind = {self.bind(kind, 'text')}", f"x.state = '{state}'", _PURPOSES),
        )

    def _consent(self, kind: str, state: str, negated: bool) -> Iterable[tuple[_Piece, bool]]:
        out = self._said(kind, "opted_out")
        if state == "opted_out":
            yield out, negated
            return
        said_in = self._said(kind, "opted_in")
        wanted = [(said_in, state == "none"), (out, True)]  # opted in: said so and not the opposite
        if negated:
            yield self._either([(piece, not no) for piece, no in wanted]), False
        else:
            yield from wanted

    def _reachable(self, kind: str, negated: bool) -> Iterable[tuple[_Piece, bool]]:
        kinds = ", ".join(f"'{each}'" for each in KINDS_OF_CHANNEL[kind])
        address = _Set("contact_addresses", self._of_tenant(f"x.kind IN ({kinds})"))
        out = self._said(kind, "opted_out")
        if negated:
            yield self._either([(address, True), (out, False)]), False
        else:
            yield address, False
            yield out, True


def _needs_json(value: str) -> bool:
    """Whether the index of values cannot tell: it holds the text of any JSON, cut at 200 characters."""
    return like_json(value) or len(value) >= INDEX_CHARS


def _two_valued(node: nodes.Value, test: str, negated: bool) -> str:
    """A test of a value, turned round when `negated`: then NULL is true.

    As a CASE, of which PostgreSQL expects that every second row passes. Of most expressions over an attribute it expects
    one row in 200 without knowing anything, and then looks up in the next table, one by one, what turns out to be half a
    million rows.
    """
    if isinstance(node, nodes.Moment) and not negated:
        return test  # a plain column, whose values the planner knows
    return _opaque(test, negated)


def _opaque(test: str, negated: bool = False) -> str:
    """The same test, of which the planner knows nothing: also where it knows several that go together, such as a
    message's id and its time, and would multiply how rare each is.
    """
    yes, no = ("false", "true") if negated else ("true", "false")
    return f"CASE WHEN {test} THEN {yes} ELSE {no} END"


_TAKEN = _opaque("x.status IN (" + ", ".join(f"'{state}'" for state in nodes.TAKEN) + ")")
# So it is looked at beside the index, not searched for in it once for each purpose.
_PURPOSES = _opaque("x.purpose IN (" + ", ".join(f"'{purpose}'" for purpose in nodes.CAMPAIGN_PURPOSES) + ")")
