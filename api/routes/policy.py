"""The messaging policy of the acting tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api import etags
from api.deps import Db, client_ip, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas.policy import PolicyIn, PolicyOut
from hub.compliance import service
from hub.compliance.service import Held
from hub.errors import Invalid
from hub.tenancy.audit_log import Record
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/messaging-policy", tags=["messages"], route_class=HubRoute)
Reader = Annotated[Caller, require("channels:read")]
Writer = Annotated[Caller, require("policy:write")]


@router.get("", operation_id="get_messaging_policy", response_model=PolicyOut)
async def get_policy(caller: Reader, db: Db, response: Response) -> dict[str, Any]:
    """What the tenant sets and what it inherits. Without a policy of its own the ETag is `"0"`."""
    found = await service.held(db, caller.tenant_id)
    etags.mark(response, found.version)
    return _view(found)


@router.put("", operation_id="put_messaging_policy", response_model=PolicyOut)
async def put_policy(
    body: PolicyIn,
    caller: Writer,
    db: Db,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Set the tenant's own policy as a whole. It counts within seconds, for messages that are asked for from then on."""
    before = await service.held(db, caller.tenant_id)
    etags.match(if_match, before.version, before.updated_by, before.updated_at)
    try:
        policy = body.policy()
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(str(first["msg"]), "/" + "/".join(map(str, first["loc"]))) from None
    record = Record(caller.principal, "", "", {}, client_ip(request), request.scope.get("hub.request_id", ""))
    await service.put(db, caller.tenant_id, policy, before.version, record, datetime.now(UTC))
    found = await service.held(db, caller.tenant_id)
    etags.mark(response, found.version)
    return _view(found)


def _view(found: Held) -> dict[str, Any]:
    return {
        "own": found.own.model_dump(),
        "effective": found.effective.model_dump(),
        "inherits": list(found.inherits),
        "version": found.version,
        "updated_at": found.updated_at,
        "updated_by": found.updated_by,
    }
