"""Flows beside each other and at work: what differs between versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import flow_live as schemas
from api.schemas.common import FlowId
from hub.flows import service
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


async def _document(db: AsyncConnection, row: Row[Any], which: str) -> Mapping[str, Any]:
    if which == DRAFT:
        return (await service.draft_of(db, row)).document
    found: Mapping[str, Any] = (await service.version(db, row.tenant_id, row.id, int(which))).document
    return found
