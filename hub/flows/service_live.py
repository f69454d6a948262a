"""Use cases of flows at work: the figures of a version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.flows import store_live
from hub.flows.live import Figures, Standing, figures


async def figures_of(
    db: AsyncConnection,
    tenant_id: UUID,
    flow_id: UUID,
    version: int,
    document: Mapping[str, Any],
    since: datetime | None,
    until: datetime | None,
) -> Figures:
    """The figures of one version, ever or in a part of the time. Who stands where is always told as of now."""
    taken = await store_live.taken(db, tenant_id, flow_id, version, since, until)
    here: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await store_live.standing(db, tenant_id, flow_id, version):
        here[row.node][row.status] = row.count
    return figures(
        document,
        {(row.node, row.port): row.count for row in taken},
        {node: Standing(**counts) for node, counts in here.items()},
        {
            (row.node, row.port): float(row.median_s)
            for row in await store_live.medians(db, tenant_id, flow_id, version)
        },
        whole=since is None and until is None,
    )
