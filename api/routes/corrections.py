"""Corrected intents: one word of an agent becomes training data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Request
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.people import require_any
from api.requests import HubRoute
from api.schemas import corrections as schemas
from api.schemas.common import PAGE_DEFAULT, Limit, MessageId
from api.schemas.timeline import Who
from hub import realtime
from hub.ids import encode_id
from hub.intents import corrections
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(tags=["intents"], route_class=HubRoute)
Agent = Annotated[Caller, require("inbox:write")]
Scientist = Annotated[Caller, require("intents:read")]
Either = Annotated[Caller, require_any("intents:read", "inbox:read")]


@router.get("/v1/intents/labels", operation_id="list_intent_labels")
async def intent_labels(db: Db, caller: Either) -> schemas.IntentLabels:
    """The intents that messages can have."""
    return schemas.IntentLabels(labels=await corrections.labels(db, caller.tenant_id))


@router.get("/v1/intents/corrections", operation_id="list_intent_corrections")
async def list_corrections(
    db: Db, caller: Scientist, limit: Limit = PAGE_DEFAULT, starting_after: MessageId | None = None
) -> schemas.IntentCorrectionPage:
    """What people corrected, the newest first: training data for the next version."""
    rows = await corrections.page(db, caller.tenant_id, after=starting_after, limit=limit)
    return schemas.IntentCorrectionPage(
        items=await _shown(db, caller, rows[:limit]), has_more=len(rows) > limit
    )


@router.put("/v1/messages/{message_id}/intent", operation_id="correct_intent")
async def correct(
    message_id: MessageId,
    body: schemas.IntentIn,
    db: Db,
    caller: Agent,
    request: Request,
    background: BackgroundTasks,
) -> schemas.IntentCorrection:
    """Say what a contact's message means. Where it went does not change; what is trained next does."""
    now = datetime.now(UTC)
    row = await corrections.correct(db, caller.tenant_id, message_id, body.intent, caller.principal, now)
    (shown,) = await _shown(db, caller, [row])
    _announce(request, background, caller, message_id, body.intent)
    return shown


@router.delete("/v1/messages/{message_id}/intent", status_code=204, operation_id="take_back_intent")
async def take_back(
    message_id: MessageId, db: Db, caller: Agent, request: Request, background: BackgroundTasks
) -> None:
    """Take a correction back: what the model said counts again."""
    await corrections.take_back(db, caller.tenant_id, message_id)
    _announce(request, background, caller, message_id, None)


def _announce(
    request: Request, background: BackgroundTasks, caller: Caller, message_id: Any, intent: str | None
) -> None:
    event = {
        "type": "message.corrected",
        "message_id": encode_id("msg", message_id),
        "corrected_intent": intent,
    }
    background.add_task(realtime.publish, request.app.state.redis, [(caller.tenant_id, event)])


async def _shown(
    db: AsyncConnection, caller: Caller, rows: Iterable[Row[Any]]
) -> list[schemas.IntentCorrection]:
    found = list(rows)
    people = await names.actors(db, list(caller.readable), [row.corrected_by for row in found])
    return [
        schemas.IntentCorrection(
            message_id=row.message_id,
            text=row.text,
            was=row.was,
            intent=row.intent,
            by=Who.model_validate(people[row.corrected_by]),
            at=row.corrected_at,
        )
        for row in found
    ]
