"""Flows at work and beside each other: figures of a version, what differs between two, real sessions on the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import flow_live as schemas
from api.schemas.common import FlowId, Instant
from hub.flows import service, service_live, service_replay, store_live
from hub.flows.diff import difference
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/flows", tags=["flows"], route_class=HubRoute)

Reader = Annotated[Caller, require("campaigns:read")]
DRAFT = "draft"
_VERSION = r"^(draft|[1-9][0-9]{0,8})$"
From = Annotated[str, Query(alias="from", pattern=_VERSION, description="A version's number, or `draft`.")]
To = Annotated[str, Query(pattern=_VERSION, description="A version's number, or `draft`.")]


@router.get("/{flow_id}/diff", operation_id="compare_flow_versions")
async def compare(
    flow_id: FlowId,
    db: Db,
    caller: Reader,
    from_: From,
    to: To = DRAFT,
) -> schemas.FlowDifference:
    """What differs from one version to another: nodes, field by field, and ways between them. 404 for a version that is not there."""
    row = await service.get(db, caller.tenant_id, flow_id)
    found = difference(await _document(db, row, from_), await _document(db, row, to))
    return schemas.FlowDifference(same=found.same, **asdict(found))


@router.get("/{flow_id}/live", operation_id="flow_figures")
async def live(
    flow_id: FlowId,
    db: Db,
    caller: Reader,
    version: Annotated[int | None, Query(ge=1, description="Absent: the one that runs.")] = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> schemas.FlowFigures:
    """How many came to each node of a version, which way they went, how long that took, who stands there now and who left.
    404 before the first version.
    """
    row = await service.get(db, caller.tenant_id, flow_id)
    number = version or row.version
    document = (await service.version(db, caller.tenant_id, flow_id, number)).document
    found = await service_live.figures_of(db, caller.tenant_id, flow_id, number, document, since, until)
    return schemas.FlowFigures(
        version=number,
        as_of=datetime.now(UTC),
        since=since,
        until=until,
        **asdict(found),
        inside=[
            schemas.FlowInside(version=each.version, sessions=each.count)
            for each in await store_live.inside(db, caller.tenant_id, flow_id)
        ],
    )


@router.post("/{flow_id}/replay", operation_id="replay_flow")
async def replay(flow_id: FlowId, body: schemas.FlowReplayIn, db: Db, caller: Reader) -> schemas.FlowReplayed:
    """Play the newest real sessions again on the draft, with what their contacts wrote then, and list those whose way would
    change. Nothing is sent or written. Needs `contacts:read` too. 422 `flow-invalid` for a draft that cannot be read.
    """
    caller.require("contacts:read")
    row = await service.get(db, caller.tenant_id, flow_id)
    found = await service_replay.replay(db, row, body.days, body.limit, datetime.now(UTC))
    changed = [
        schemas.FlowReplayedSession(
            id=each.id,
            contact_id=each.contact_id,
            contact_name=each.name,
            version=each.version,
            started_at=each.started_at,
            was=[list(way) for way in each.replayed.was],
            now=[list(way) for way in each.replayed.now],
            parted=each.replayed.parted,
            reason=each.replayed.reason,
        )
        for each in found.changed
    ]
    played = found.same + found.unrepeatable + found.unreadable + len(changed)
    return schemas.FlowReplayed(
        days=body.days,
        played=played,
        same=found.same,
        unrepeatable=found.unrepeatable,
        unreadable=found.unreadable,
        changed=changed,
    )


async def _document(db: AsyncConnection, row: Row[Any], which: str) -> Mapping[str, Any]:
    if which == DRAFT:
        return (await service.draft_of(db, row)).document
    found: Mapping[str, Any] = (await service.version(db, row.tenant_id, row.id, int(which))).document
    return found
