"""A tenant's flows as turns read them: what runs, the versions that sessions still stand in, and what all runs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from hub.flows.definition import Flow
from hub.flows.inside import Inside
from hub.flows.world import Tenant
from hub.ids import uuid_of

Version = tuple[UUID, int]


@dataclass(eq=False)
class FlowBook:
    """`flows`: the published ones, with their `versions`; a flow that is not here was put away.

    `older`: earlier versions, read when a session stands in one; None for one that cannot be read.
    """

    flows: Mapping[UUID, Flow] = field(default_factory=dict)
    versions: Mapping[UUID, int] = field(default_factory=dict)
    tenant: Tenant = field(default_factory=Tenant)
    older: dict[Version, Flow | None] = field(default_factory=dict)
    names: Mapping[UUID, str] = field(default_factory=dict)

    def flow(self, inside: Inside) -> Flow | None:
        """The version that a session runs on; None when there is none (any more)."""
        flow_id, version = inside.flow_id, inside.session.version
        if flow_id not in self.flows:
            return None
        if version in (0, self.versions.get(flow_id, 0)):
            return self.flows[flow_id]
        return self.older.get((flow_id, version))

    def all(self) -> Iterable[Flow]:
        """Every version that is at hand."""
        return (*self.flows.values(), *(flow for flow in self.older.values() if flow is not None))

    def lacks(self, sessions: Iterable[Inside]) -> set[Version]:
        """The earlier versions that these sessions run on and that nobody has read yet."""
        found = set()
        for each in sessions:
            inner = ((uuid_of(frame.flow_id), frame.version) for frame in each.session.inside)
            for place in ((each.flow_id, each.session.version), *inner):
                known = place[0] not in self.flows or place[1] in (0, self.versions.get(place[0], 0))
                if not known and place not in self.older:
                    found.add(place)
        return found

    def remember(self, read: Mapping[Version, Flow | None]) -> None:
        """Earlier versions that were read: sessions began in them, or entered them as sub-flows."""
        self.older.update(read)
        self.tenant.older.update({(flow_id.hex, version): flow for (flow_id, version), flow in read.items()})
