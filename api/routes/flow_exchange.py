"""Flows in from elsewhere, out as JSON and as a picture."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import flows as schemas
from api.schemas.common import FlowId
from hub.flows import service
from hub.flows.definition import read
from hub.flows.faults import FlowInvalid
from hub.flows.picture import svg
from hub.flows.textit import Translated, translate
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/flows", tags=["flows"], route_class=HubRoute)

Reader = Annotated[Caller, require("campaigns:read")]
Writer = Annotated[Caller, require("campaigns:write")]
SVG = "image/svg+xml"


@router.post("/import", status_code=201, operation_id="import_flows")
async def import_flows(body: schemas.ImportFlows, db: Db, caller: Writer) -> schemas.ImportedFlows:
    """Make flows, as drafts, of an export: all of them or, when one name is taken (409 `flow-exists`), none."""
    if body.format == "textit":
        found = translate(body.document)
    else:
        document = body.document.get("document", body.document)
        found = [
            Translated(str(body.document.get("name", "Imported"))[: service.NAME_CHARS_MAX], document, [])
        ]
    items = []
    for each in found:
        name = body.name if body.name and len(found) == 1 else each.name
        flow_id = await service.create(
            db,
            caller.tenant_id,
            name,
            "",
            each.document,
            created_by=caller.principal,
            now=datetime.now(UTC),
        )
        row = await service.get(db, caller.tenant_id, flow_id)
        items.append(
            schemas.ImportedFlow(
                flow=schemas.Flow.model_validate(row),
                faults=faults_of(each.document),
                report=[schemas.FlowLoss(node=loss.node, what=loss.what) for loss in each.report],
            )
        )
    return schemas.ImportedFlows(items=items)


@router.get("/{flow_id}/export", operation_id="export_flow")
async def export_flow(flow_id: FlowId, db: Db, caller: Reader) -> schemas.ExportedFlow:
    """The draft, or what is published where nobody edited it since."""
    row = await service.get(db, caller.tenant_id, flow_id)
    draft = await service.draft_of(db, row)
    return schemas.ExportedFlow(name=row.name, description=row.description, document=dict(draft.document))


@router.get(
    "/{flow_id}/picture",
    operation_id="picture_of_flow",
    response_class=Response,
    responses={200: {"content": {SVG: {"schema": {"type": "string"}}}}},
)
async def picture(flow_id: FlowId, db: Db, caller: Reader) -> Response:
    """The draft as a picture (SVG). 422 names what is wrong with one that cannot be read."""
    row = await service.get(db, caller.tenant_id, flow_id)
    draft = await service.draft_of(db, row)
    return Response(svg(read(draft.document), row.name), media_type=SVG)


def faults_of(document: object) -> list[schemas.FlowFault]:
    """What is wrong with a document that is kept as it is."""
    try:
        read(document)
    except FlowInvalid as error:
        return [schemas.FlowFault(**each) for each in error.errors]
    return []
