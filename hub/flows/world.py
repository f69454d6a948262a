"""What a run knows beside the flow: the tenant's fields, segments and flows, and the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.conditions import predicate
from hub.conditions.catalog import Catalog, FieldSpec, contact_catalog
from hub.conditions.model import Group
from hub.conditions.nodes import Node
from hub.conditions.plan import plan
from hub.contacts.attributes import Definitions
from hub.flows.experiments.decided import Decisions

if TYPE_CHECKING:
    from hub.flows.definition import Flow

VARIABLE = "variable."
VARIABLES = "Variables"
HEARD = (
    FieldSpec("reply.text", "Last reply", "text", "Flow"),
    FieldSpec("reply.intent", "Intent of the last reply", "text", "Flow"),
    FieldSpec("reply.confidence", "Confidence of the intent", "number", "Flow"),
)
APPROVED = "approved"
UTC_ZONE = ZoneInfo("UTC")
NO_ID = UUID(int=0)


@dataclass(eq=False)
class Tenant:
    """What all runs of one tenant share, with the conditions that were understood once.

    `catalog` None: the tenant's fields are not at hand, so that an attribute cannot be missing.
    """

    catalog: Catalog | None = None
    segments: predicate.Segments = field(default_factory=dict)
    flows: Mapping[str, Flow] = field(default_factory=dict)
    """Flows by id in hex, for flows that enter others."""
    zone: ZoneInfo = UTC_ZONE
    definitions: Definitions | None = None
    """The attributes that values are checked against; None: they are not at hand."""
    decisions: Decisions = field(default_factory=dict)
    """What has been decided of experiments."""
    templates: Mapping[tuple[str, str], str] | None = None
    """Status of the provider's templates by (name, language); None: they are not at hand, so that none can be missing."""
    versions: Mapping[str, int] = field(default_factory=dict)
    """Which version of each of the flows that is; without, the only one there is."""
    older: dict[tuple[str, int], Flow | None] = field(default_factory=dict)
    """Earlier ones that somebody is still inside of, by id in hex and version."""
    _catalogs: dict[int, tuple[Flow, Catalog]] = field(default_factory=dict)
    _plans: dict[tuple[int, int], tuple[Flow, Group, Node]] = field(default_factory=dict)

    def sub_flow(self, flow_id: str, version: int = 0) -> Flow | None:
        """A flow that another one enters, in the version that was entered; 0: the one that runs. None: it is gone."""
        if version in (0, self.versions.get(flow_id, 0)) or flow_id not in self.flows:
            return self.flows.get(flow_id)
        return self.older.get((flow_id, version))

    def learn(self, catalog: Catalog, segments: predicate.Segments) -> None:
        """What conditions of another version name besides."""
        if self.catalog is not None:
            known = self.catalog
            both = {**known.segments, **catalog.segments}, {**known.campaigns, **catalog.campaigns}
            self.catalog = replace(known, segments=both[0], campaigns=both[1])
        self.segments = {**segments, **self.segments}
        self._catalogs.clear()
        self._plans.clear()

    def fields(self, flow: Flow) -> Catalog:
        """The contact's fields and the flow's own."""
        known = self._catalogs.get(id(flow))
        if known is None:
            known = self._catalogs[id(flow)] = (flow, catalog_of(flow.variables().items(), self.catalog))
        return known[1]

    def plan(self, flow: Flow, condition: Group) -> Node:
        """The condition, understood. Raises ConditionInvalid when one of its fields is gone."""
        key = id(flow), id(condition)
        known = self._plans.get(key)
        if known is None:
            known = self._plans[key] = (flow, condition, plan(condition, self.fields(flow)))
        return known[2]


def catalog_of(variables: Iterable[tuple[str, str]], contact: Catalog | None = None) -> Catalog:
    """The fields that conditions of a flow may ask for: of the contact, of the last reply, of the variables with their types."""
    base = contact or contact_catalog()
    own = (FieldSpec(VARIABLE + name, name.replace("_", " "), kind, VARIABLES) for name, kind in variables)
    fields = {**base.fields, **{spec.name: spec for spec in (*HEARD, *own)}}
    return Catalog(fields, base.segments, base.campaigns, events=True)


@dataclass(frozen=True, slots=True)
class Person:
    """The contact. `profile`: what templates read: name, language, attributes; `facts`: what conditions ask."""

    id: UUID = NO_ID
    profile: Mapping[str, Any] = field(default_factory=dict)
    facts: predicate.Facts = field(default_factory=predicate.Facts)
    zone: ZoneInfo | None = None
    """None: the tenant's."""


@dataclass(frozen=True, slots=True)
class World:
    tenant: Tenant = field(default_factory=Tenant)
    person: Person = field(default_factory=Person)
