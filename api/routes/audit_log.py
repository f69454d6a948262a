"""The audit log: who did what to which thing, in a chain that shows every change of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Row

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import views as schemas
from api.schemas.common import PAGE_DEFAULT, Limit
from api.schemas.timeline import Who
from hub.tenancy import audit_log, names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/audit-log", tags=["audit"], route_class=HubRoute)

Reader = Annotated[Caller, require("audit:read")]


@router.get("", operation_id="list_audit_log")
async def audit_rows(
    db: Db,
    caller: Reader,
    action: Annotated[
        str, Query(max_length=80, description="An action, or the beginning of one: contact.")
    ] = "",
    target: Annotated[str, Query(max_length=120, description="A thing: contact:con_…")] = "",
    limit: Limit = PAGE_DEFAULT,
    starting_after: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> schemas.AuditPage:
    """The acting tenant's rows, newest first."""
    rows = await audit_log.page(
        db, caller.tenant_id, action=action, target=target, before=starting_after, limit=limit + 1
    )
    people = await names.actors(db, list(caller.readable), {row.actor for row in rows})
    items = [_shown(row, people) for row in rows[:limit]]
    return schemas.AuditPage(items=items, has_more=len(rows) > limit)


@router.get("/verify", operation_id="verify_audit_log")
async def verify(db: Db, caller: Reader) -> schemas.AuditVerdict:
    """Compute the whole chain again and say where it breaks, if it does."""
    verdict = await audit_log.verify(db, caller.tenant_id)
    return schemas.AuditVerdict(
        intact=verdict.broken_seq is None,
        rows=verdict.rows,
        broken_seq=verdict.broken_seq,
        head=verdict.head,
    )


def _shown(row: Row[Any], people: dict[str, names.Actor]) -> schemas.AuditRow:
    return schemas.AuditRow(
        **{**row._mapping, "actor": Who.model_validate(people[row.actor]), "hash": bytes(row.hash).hex()}
    )
