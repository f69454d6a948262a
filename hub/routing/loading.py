"""From the stored lists of rules to the table that decides; and what contacts' records the table needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.compliance.keywords import NO_EXTRA_WORDS, Words
from hub.compliance.policy import FLOOD_PER_MINUTE
from hub.conditions import nodes
from hub.conditions.catalog import Catalog
from hub.conditions.errors import ConditionInvalid
from hub.conditions.model import Group
from hub.conditions.predicate import Segments
from hub.contacts import store_attributes
from hub.contacts.segments.loading import surroundings
from hub.flows.book import FlowBook
from hub.flows.definition import Flow
from hub.flows.definition import read as read_flow
from hub.flows.experiments import running as experiments
from hub.flows.faults import FlowInvalid
from hub.flows.store import template_states
from hub.flows.world import APPROVED, UTC_ZONE, Tenant
from hub.ids import decode_id
from hub.routing import store_rules
from hub.routing.compiled import CompiledRule, Targets, Unusable, compile_rule, tests_in
from hub.routing.fields import CAMPAIGN, WAITING, routing_catalog
from hub.routing.rule import Level, RuleList, Standing, in_order
from hub.routing.table import RoutingTable

SEGMENTS_MAX = 200
"""How many segments the rules of a tenant may reach."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be read of the contacts before the rules can be asked: parts of a record, and which of them.

    `segments`: the static ones.
    """

    contact: bool
    parts: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    campaigns: frozenset[UUID] = frozenset()
    segments: frozenset[UUID] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.contact or other.contact,
            self.parts | other.parts,
            self.events | other.events,
            self.campaigns | other.campaigns,
            self.segments | other.segments,
        )


NO_NEEDS = Needs(contact=False)


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule at its place, with what it became, or the `problem` for which it cannot be used."""

    standing: Standing
    compiled: CompiledRule | None
    problem: str | None = None

    @property
    def active(self) -> CompiledRule | None:
        """What messages are held against."""
        return self.compiled if self.standing.rule.enabled else None


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """The rules of one tenant in their order."""

    table: RoutingTable
    needs: Needs
    rules: Sequence[PlacedRule]
    catalog: Catalog
    flow_needs: Needs = NO_NEEDS
    """What is read of contacts before their flows run."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the tenant has beside its rules."""

    tenant_id: UUID
    brand: str
    queues: Mapping[UUID, str]
    users: Mapping[UUID, str]
    channels: Mapping[UUID, str]
    intent_version_id: UUID | None = None
    words: Words = field(default_factory=lambda: NO_EXTRA_WORDS)
    channel_kinds: Mapping[UUID, str] = field(default_factory=dict)  # of those that messages can leave by
    zone: ZoneInfo = UTC_ZONE
    flood_limit: int = FLOOD_PER_MINUTE
    hooks: Mapping[UUID, str] = field(default_factory=dict)  # the enabled webhook endpoints
    archived: frozenset[UUID] = frozenset()  # queues, which are not in `queues`
    unable: frozenset[UUID] = frozenset()  # people who may not answer conversations


async def load_rules(db: AsyncConnection, around: Around, draft: RuleList | None = None) -> LoadedRules:
    """The tenant's table; with `draft` as if that were the tenant's own list."""
    levels = await store_rules.levels(db, around.tenant_id)
    if draft is not None:
        mine = Level(tenant_id=around.tenant_id, list=draft)
        levels = [mine, *(level for level in levels if level.tenant_id != around.tenant_id)]
    standings = in_order(levels, around.tenant_id)
    flows, flow_names, versions = await _flows(db, around.tenant_id)
    conditions = [each.rule.condition for each in standings]
    asked = [one for flow in flows.values() for node in flow.nodes.values() for _, one in node.conditions()]
    contact, segments = await fields_and_segments(db, around.tenant_id, [*conditions, *asked])
    catalog = routing_catalog(contact, channels=around.channels, queues=around.queues)
    targets = Targets(around.queues, flow_names, around.users, around.hooks)
    placed = compile_all(standings, catalog, targets, segments)
    table = RoutingTable(
        around.brand,
        [each.active for each in placed if each.active is not None],
        around.queues,
        flows,
        fallback_queue(levels, around.tenant_id, around.queues),
        around.intent_version_id,
        around.words,
        segments,
        around.users,
        archived=around.archived,
        unable=around.unable,
        channel_kinds=around.channel_kinds,
        flood_limit=around.flood_limit,
        book=FlowBook(
            flows, versions, await _runs(db, around, flows, versions, contact, segments), names=flow_names
        ),
    )
    table.waiting = await waiting(db, around.tenant_id, table)
    return LoadedRules(table, needs_of(table), placed, catalog, flow_needs(table))


async def waiting(db: AsyncConnection, tenant_id: UUID, table: RoutingTable) -> Mapping[str, int]:
    """The lengths of the queues that the rules ask for, by field."""
    fields = {decode_id("que", name[len(WAITING) :]): name for name in table.waiting_fields}
    if not fields:
        return {}
    return {fields[key]: count for key, count in (await store_rules.waiting(db, tenant_id, fields)).items()}


async def _flows(
    db: AsyncConnection, tenant_id: UUID
) -> tuple[dict[UUID, Flow], dict[UUID, str], dict[UUID, int]]:
    """Definitions, names and versions of what runs."""
    flows: dict[UUID, Flow] = {}
    names: dict[UUID, str] = {}
    versions: dict[UUID, int] = {}
    for row in await store_rules.flow_documents(db, tenant_id):
        try:
            flows[row.id] = read_flow(row.definition)
        except FlowInvalid:
            continue  # a flow that does not read is as good as gone: its sessions are routed to people
        names[row.id], versions[row.id] = row.name, row.version
    return flows, names, versions


async def _runs(
    db: AsyncConnection,
    around: Around,
    flows: Mapping[UUID, Flow],
    versions: Mapping[UUID, int],
    contact: Catalog,
    segments: Segments,
) -> Tenant:
    """What runs of the tenant's flows share; without flows nothing is read."""
    if not flows:
        return Tenant()
    return Tenant(
        contact,
        dict(segments),
        {flow_id.hex: flow for flow_id, flow in flows.items()},
        around.zone,
        await store_attributes.definitions(db, around.tenant_id),
        await experiments.in_force(db, around.tenant_id),
        await templates(db, around.tenant_id, flows.values()),
        versions={flow_id.hex: version for flow_id, version in versions.items()},
    )


async def templates(
    db: AsyncConnection, tenant_id: UUID, flows: Iterable[Flow]
) -> dict[tuple[str, str], str] | None:
    """The states of the provider's templates by (name, language), where a flow sends any."""
    if not any(flow.sends_templates for flow in flows):
        return None
    rows = await template_states(db, tenant_id)
    found = {(row.name, row.language): row.status.lower() for row in rows}
    return found | {(row.name, row.language): APPROVED for row in rows if row.status.lower() == APPROVED}


async def fields_and_segments(
    db: AsyncConnection, tenant_id: UUID, conditions: Sequence[Group]
) -> tuple[Catalog, Segments]:
    """What the conditions of rules and flows may name. One that names too much is left to be refused alone."""
    try:
        return await surroundings(db, tenant_id, conditions, SEGMENTS_MAX)
    except ConditionInvalid as error:
        # Rules that speak of segments or campaigns cannot be used then; the others hold.
        log.warning("routing_segments_not_usable", tenant=str(tenant_id), error=error.code)
        return await surroundings(db, tenant_id, [], SEGMENTS_MAX)


def compile_all(
    standings: Iterable[Standing], catalog: Catalog, targets: Targets, segments: Segments | None = None
) -> list[PlacedRule]:
    """By place, not by id: a tenant that gives a rule the id of one above must not thereby take its place. A rule that
    cannot be used holds no message back.
    """
    placed: list[PlacedRule] = []
    for each in standings:
        try:
            placed.append(PlacedRule(each, compile_rule(each, catalog, targets, segments)))
        except Unusable as why:
            placed.append(PlacedRule(each, None, str(why)))
    return placed


def fallback_queue(nearest_first: Sequence[Level], own: UUID, queues: Mapping[UUID, str]) -> UUID | None:
    """The queue of what no rule decides: the tenant's own choice, else the queue of the name that the nearest tenant above
    chose, else the first; None only for a tenant without queues.
    """
    ids = {name.casefold(): key for key, name in queues.items()}
    for level in nearest_first:
        chosen = level.list.fallback_queue_id
        if chosen is None:
            continue
        found = chosen if level.tenant_id == own else ids.get(level.queues.get(chosen, "").casefold())
        if found in queues:
            return found
    return next(iter(queues), None)


def needs_of(table: RoutingTable) -> Needs:
    """What the table's rules, and the segments they reach, ask of contacts."""
    parts = {"last_campaign_id"} if CAMPAIGN in table.fields else set[str]()
    return _needs([rule.node for rule in table.rules], table.segments, parts, contact=table.asks_contact)


def flow_needs(table: RoutingTable) -> Needs:
    """What the flows, and the segments they reach, ask of contacts."""
    return needs_of_flows(table.book.all(), table.book.tenant)


def needs_of_flows(flows: Iterable[Flow], tenant: Tenant) -> Needs:
    """What these flows ask of contacts. A condition that cannot be read asks nothing."""
    found = []
    for flow in flows:
        for _, condition in (each for node in flow.nodes.values() for each in node.conditions()):
            try:
                found.append(tenant.plan(flow, condition))
            except ConditionInvalid:
                continue
    return _needs(found, tenant.segments if found else {}, set(), contact=True)


def _needs(own: Iterable[nodes.Node], segments: Segments, parts: set[str], *, contact: bool) -> Needs:
    plans = [*own, *(plan for plan in segments.values() if plan is not None)]
    events: set[str] = set()
    campaigns: set[UUID] = set()
    for test in (test for plan in plans for test in tests_in(plan)):
        parts.update(_PARTS_OF.get(type(test), ()))
        match test:
            case nodes.Event(name=name):
                events.add(name)
            case nodes.Received(campaign_id=key) | nodes.WroteSince(campaign_id=key):
                campaigns.add(key)
    static = frozenset(key for key, plan in segments.items() if plan is None)
    if static:
        parts.add("segments")
    return Needs(contact, frozenset(parts), frozenset(events), frozenset(campaigns), static)


_PARTS_OF: Mapping[type, tuple[str, ...]] = {
    nodes.Tag: ("tags",),
    nodes.Country: ("addresses",),
    nodes.Consent: ("consents",),
    nodes.Reachable: ("addresses", "consents"),
    nodes.Event: ("events",),
    nodes.Message: ("messages",),
    nodes.Received: ("received", "launches"),
    nodes.WroteSince: ("received", "launches"),
}
