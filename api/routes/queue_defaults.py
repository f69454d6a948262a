"""What queues have where they set nothing, of the acting tenant and from above."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.deps import Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import queue_defaults as schemas
from hub.errors import Conflict
from hub.ids import encode_id
from hub.routing import store_defaults
from hub.routing.queue_defaults import NO_DEFAULTS, QueueDefaults, effective
from hub.tenancy.audit_log import Record, append
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/queue-defaults", tags=["queues"], route_class=HubRoute)
Reader = Annotated[Caller, require("queues:read")]
Writer = Annotated[Caller, require("queues:write")]


@router.get("", operation_id="get_queue_defaults")
async def get_defaults(caller: Reader, db: Db, response: Response) -> schemas.QueueDefaultsOut:
    """What the tenant says, and what counts for its queues with what comes from above. Without own ones the ETag is `"0"`."""
    return await _shown(db, caller, response)


@router.put("", operation_id="put_queue_defaults")
async def put_defaults(
    body: schemas.QueueDefaultsIn, caller: Writer, db: Db, response: Response, if_match: IfMatch = None
) -> schemas.QueueDefaultsOut:
    """Set the tenant's own as a whole. They count within seconds, here and in the tenants below; clocks that run keep
    their time.
    """
    row = await store_defaults.own(db, caller.tenant_id)
    version = 0 if row is None else row.version
    etags.match(
        if_match, version, "" if row is None else row.updated_by, None if row is None else row.updated_at
    )
    now, defaults = datetime.now(UTC), QueueDefaults.model_validate(body.model_dump())
    saved = await store_defaults.save(db, caller.tenant_id, defaults, version, caller.principal, now)
    if saved is None:
        raise Conflict("the defaults were changed meanwhile")
    target = encode_id("ten", caller.tenant_id)
    await append(
        db, caller.tenant_id, Record(caller.principal, "queue_defaults.set", target, {"version": saved})
    )
    return await _shown(db, caller, response)


async def _shown(db: AsyncConnection, caller: Caller, response: Response) -> schemas.QueueDefaultsOut:
    row = await store_defaults.own(db, caller.tenant_id)
    own = NO_DEFAULTS if row is None else QueueDefaults.model_validate(row.document)
    counts = effective(await store_defaults.levels(db, caller.tenant_id), caller.tenant_id)
    version = 0 if row is None else row.version
    etags.mark(response, version)
    return schemas.QueueDefaultsOut(
        own=schemas.QueueDefaultsIn.model_validate(own.model_dump()),
        effective=schemas.QueueParts.model_validate(counts.values),
        sources={
            part: schemas.DefaultSource(
                tenant=source.tenant, own=source.tenant_id == caller.tenant_id, locked=source.locked
            )
            for part, source in counts.sources.items()
        },
        version=version,
    )
