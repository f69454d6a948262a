"""Attribute definitions: what a tenant's contacts may have beside name, language and addresses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import etags
from api.deps import Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import attributes as schemas
from api.schemas.common import AttributeId
from hub.contacts import service_attributes, store_attributes
from hub.contacts.service_attributes import NewAttribute
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=HubRoute)

Reader = Annotated[Caller, require("contacts:read")]
Writer = Annotated[Caller, require("contacts:write")]


@router.get("/attributes", operation_id="list_attributes")
async def attribute_list(db: Db, caller: Reader) -> schemas.AttributePage:
    """All attributes of the acting tenant, in the order that people see; there are at most 100."""
    rows = await store_attributes.rows(db, caller.tenant_id)
    return schemas.AttributePage(
        items=[schemas.Attribute.model_validate(row) for row in rows], has_more=False
    )


@router.post("/attributes", status_code=201, operation_id="create_attribute")
async def create_attribute(
    body: schemas.AttributeIn, db: Db, caller: Writer, response: Response
) -> schemas.Attribute:
    """Define an attribute. Key and type stay for ever; 409 `attribute-exists` when the key is taken."""
    new = NewAttribute(body.key, body.type, body.label, body.choices, body.indexed)
    attribute_id = await service_attributes.define(db, caller.tenant_id, new)
    return await _shown(db, caller, attribute_id, response)


@router.patch("/attributes/{attribute_id}", operation_id="update_attribute")
async def update_attribute(
    attribute_id: AttributeId,
    body: schemas.PatchAttribute,
    db: Db,
    caller: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.Attribute:
    """Change label, choices, place, or whether it is indexed. A choice that contacts have cannot go (409)."""
    row = await service_attributes.held(db, caller.tenant_id, attribute_id)
    etags.match(if_match, row.version, changed_at=row.updated_at)
    await service_attributes.redefine(
        db,
        caller.tenant_id,
        row,
        label=body.label,
        choices=body.choices,
        indexed=body.indexed,
        position=body.position,
    )
    return await _shown(db, caller, attribute_id, response)


@router.delete("/attributes/{attribute_id}", operation_id="delete_attribute")
async def delete_attribute(
    attribute_id: AttributeId,
    db: Db,
    caller: Writer,
    dry_run: Annotated[bool, Query(description="Only say how many contacts have a value.")] = False,
    if_match: IfMatch = None,
) -> schemas.Removed:
    """Take the attribute away, and its value from every contact. There is no way back."""
    row = await service_attributes.held(db, caller.tenant_id, attribute_id)
    if dry_run:
        return schemas.Removed(contacts=await store_attributes.uses(db, caller.tenant_id, row.key))
    etags.match(if_match, row.version, changed_at=row.updated_at)
    return schemas.Removed(contacts=await service_attributes.remove(db, caller.tenant_id, row))


async def _shown(db: Db, caller: Caller, attribute_id: AttributeId, response: Response) -> schemas.Attribute:
    row = await service_attributes.held(db, caller.tenant_id, attribute_id)
    etags.mark(response, row.version)
    return schemas.Attribute.model_validate(row)
