"""The tenant's wrap-up codes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response

from api import etags
from api.deps import Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import wrap_ups as schemas
from hub.conversations import wrap_ups
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/wrap-up-codes", tags=["inbox"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]
Manager = Annotated[Caller, require("inbox:manage")]


@router.get("", operation_id="get_wrap_up_codes")
async def get_codes(db: Db, caller: Reader, response: Response) -> schemas.WrapUpsOut:
    """The list in its order. Without one the ETag is `"0"`."""
    found = await wrap_ups.held(db, caller.tenant_id)
    etags.mark(response, found.version)
    return schemas.WrapUpsOut.model_validate(found)


@router.put("", operation_id="put_wrap_up_codes")
async def put_codes(
    body: schemas.WrapUpsIn, db: Db, caller: Manager, response: Response, if_match: IfMatch = None
) -> schemas.WrapUpsOut:
    """Set the list as a whole. Conversations that were closed keep the words they were closed with."""
    before = await wrap_ups.held(db, caller.tenant_id)
    known = await names.actors(db, list(caller.readable), [before.updated_by])
    etags.match(if_match, before.version, known[before.updated_by].name, before.updated_at)
    now = datetime.now(UTC)
    await wrap_ups.put(db, caller.tenant_id, before, body.codes, body.required, caller.principal, now)
    return await get_codes(db, caller, response)
