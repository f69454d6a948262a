"""The experiments of published flows, as publishing and the running engine see them: without any statistics."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.flows.definition import Flow
from hub.flows.experiments import store
from hub.flows.experiments.decided import Decisions, Key, fold
from hub.flows.nodes.split import Split


def splits_of(flow: Flow) -> dict[str, Split]:
    """The experiments of a flow, by node."""
    return {
        place: node for place, node in flow.nodes.items() if isinstance(node, Split) and node.test is not None
    }


async def published(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, flow: Flow | None, now: datetime
) -> None:
    """Look from now on at what may be decided by itself; None: at nothing, the flow was put away."""
    nodes = [
        place
        for place, split in (splits_of(flow).items() if flow is not None else ())
        if split.test is not None and (split.test.automatic or split.test.guardrail is not None)
    ]
    await store.keep(db, tenant_id, flow_id, nodes, now)


async def in_force(db: AsyncConnection, tenant_id: UUID) -> Decisions:
    """What has been decided of all the tenant's experiments, for the running engine."""
    found: dict[Key, list[Any]] = defaultdict(list)
    for row in await store.all_decisions(db, tenant_id):
        found[row.flow_id.hex, row.node, row.signature].append(row)
    return {key: fold(rows) for key, rows in found.items()}
