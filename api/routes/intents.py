"""Versions of the intent model of the acting tenant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import overview as schemas
from api.schemas.common import IntentVersionId
from hub.errors import NotFound
from hub.intents import store
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/intents", tags=["intents"], route_class=HubRoute)

Reader = Annotated[Caller, require("intents:read")]
Publisher = Annotated[Caller, require("intents:publish")]


@router.get("/versions", operation_id="list_intent_versions")
async def versions(db: Db, caller: Reader) -> schemas.IntentVersionPage:
    """Newest first, each with the report of its training."""
    rows = await store.versions(db, caller.tenant_id)
    return schemas.IntentVersionPage(
        items=[schemas.IntentVersion.model_validate(row) for row in rows], has_more=False
    )


@router.post("/versions/{version_id}/publish", operation_id="publish_intent_version")
async def publish(version_id: IntentVersionId, db: Db, caller: Publisher) -> schemas.IntentVersion:
    """Make a version the live one; the former one is retired and can be published again."""
    await store.publish(db, caller.tenant_id, version_id)
    for row in await store.versions(db, caller.tenant_id):
        if row.id == version_id:
            return schemas.IntentVersion.model_validate(row)
    raise NotFound("there is no such intent model version")
