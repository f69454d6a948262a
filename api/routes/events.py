"""Custom events of contacts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter

from api.deps import Db, require
from api.people import Announce, Hasher, country, require_any
from api.requests import HubRoute
from api.schemas import events as schemas
from api.schemas.common import FieldError
from hub.contacts.events import service, store
from hub.contacts.events.event import NAMES_MAX, NewEvent
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=HubRoute)

Sender = Annotated[Caller, require("events:write")]
Reader = Annotated[Caller, require_any("contacts:read", "events:write")]


@router.post("", operation_id="send_events")
async def send_events(
    body: schemas.EventBatch, db: Db, caller: Sender, announce: Announce, hasher: Hasher
) -> schemas.EventResults:
    """Tell what happened to up to 1,000 contacts. One bad event is reported and harms no other; an event whose `id` came
    before is a duplicate and written once.
    """
    if body.create_missing:
        caller.require("contacts:write")
    results = await service.take(
        db,
        caller.tenant_id,
        [_event(item) for item in body.events],
        now=datetime.now(UTC),
        default_country=await country(db, caller),
        create_missing=body.create_missing,
        hasher=hasher,
    )
    changed = {result.contact_id for result in results if result.status == "accepted" and result.contact_id}
    announce(*sorted(changed))
    counts = {
        status: sum(result.status == status for result in results)
        for status in ("accepted", "duplicate", "error")
    }
    return schemas.EventResults(
        results=[_result(result) for result in results],
        accepted=counts["accepted"],
        duplicates=counts["duplicate"],
        errors=counts["error"],
    )


@router.get("/names", operation_id="list_event_names")
async def event_names(db: Db, caller: Reader) -> schemas.EventNames:
    """Every name of an event that came, when it came last, and with which properties."""
    rows = await store.names(db, caller.tenant_id, NAMES_MAX + 1)
    items = [schemas.EventName.model_validate(row) for row in rows[:NAMES_MAX]]
    return schemas.EventNames(items=items, has_more=len(rows) > NAMES_MAX)


def _event(item: schemas.NewEvent) -> NewEvent:
    attribute = item.contact.attribute
    return NewEvent(
        item.name,
        item.contact.id,
        item.contact.address,
        None if attribute is None else (attribute.key, attribute.value),
        item.at,
        item.id,
        item.properties,
    )


def _result(result: service.EventResult) -> schemas.EventResult:
    error = None
    if result.error is not None:
        pointer = getattr(result.error, "pointer", "")
        error = FieldError(
            pointer=f"/events/{result.index}{pointer}", code=result.error.code, detail=str(result.error)
        )
    return schemas.EventResult(
        index=result.index,
        status=result.status,
        id=result.id,
        contact_id=result.contact_id,
        error=error,
    )
