"""Calls: place one, watch it, end it, hear its recording."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Actors, Db, require
from api.requests import HubRoute
from api.schemas.calls import CallIn, CallOut, Status
from api.schemas.common import PAGE_DEFAULT, CallId, ContactId, Limit, Page
from hub.errors import NotFound
from hub.ids import encode_id
from hub.tenancy.audit_log import Record, append
from hub.tenancy.caller import Caller
from hub.voice import store
from hub.voice.views import call_view
from models.db import Scope, transaction

router = APIRouter(prefix="/v1/calls", tags=["calls"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]
Writer = Annotated[Caller, require("inbox:write")]
WAV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("", operation_id="list_calls", response_model=Page[CallOut])
async def list_calls(
    caller: Reader,
    db: Db,
    contact_id: ContactId | None = None,
    status: Status | None = None,
    limit: Limit = PAGE_DEFAULT,
    starting_after: CallId | None = None,
) -> dict[str, Any]:
    """Newest first, both directions."""
    rows = await store.page(
        db, caller.tenant_id, contact_id=contact_id, status=status, after=starting_after, limit=limit
    )
    told = await store.outcome(db, caller.tenant_id, [row.id for row in rows])
    items = [call_view(row, told.get(row.id)) for row in rows[:limit]]
    return {"items": items, "has_more": len(rows) > limit}


@router.post("", operation_id="place_call", response_model=CallOut, status_code=201)
async def place_call(body: CallIn, caller: Writer, actors: Actors) -> dict[str, Any]:
    """Call somebody. The price of the call that is expected is held before it is dialled; its real price is charged at
    its end. A call that may not leave is recorded as failed with its reason.
    """
    call_id = await actors.calls.out.place(
        caller.tenant_id,
        body.script,
        contact_id=body.contact_id,
        number=body.number or "",
        channel_id=body.channel_id,
        purpose=body.purpose,
        user_id=caller.user_id,
    )
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        return await _view(db, caller.tenant_id, call_id)


@router.get("/{call_id}", operation_id="get_call", response_model=CallOut)
async def get_call(call_id: CallId, caller: Reader, db: Db) -> dict[str, Any]:
    """One call as it is now: the steps it took, what was pressed and said, its length and price."""
    return await _view(db, caller.tenant_id, call_id)


@router.post("/{call_id}/hang-up", operation_id="hang_up_call", response_model=CallOut)
async def hang_up(call_id: CallId, caller: Writer, db: Db, actors: Actors) -> dict[str, Any]:
    """End a call, or take it back before it is dialled. The provider's news of the end follows. A call at the desk is
    ended by the agent who has it, for everybody.
    """
    if not await actors.calls.desk.hang_up(caller.tenant_id, call_id, caller.user_id, caller.principal):
        await _view(db, caller.tenant_id, call_id)
        await actors.calls.out.hang_up(caller.tenant_id, call_id)
    return await _view(db, caller.tenant_id, call_id)


@router.get("/{call_id}/recording", operation_id="get_call_recording", response_class=Response, responses=WAV)
async def recording(call_id: CallId, caller: Reader, actors: Actors) -> Response:
    """The sound of a recorded call, or of the message that was left. Who hears it stands in the audit log."""
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        await _view(db, caller.tenant_id, call_id)
    sound = await actors.calls.out.recording(caller.tenant_id, call_id)
    record = Record(caller.principal, "call.recording_heard", encode_id("cal", call_id), {})
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        await append(db, caller.tenant_id, record)
    headers = {"Content-Disposition": 'attachment; filename="call.wav"', "X-Content-Type-Options": "nosniff"}
    return Response(sound, media_type="audio/wav", headers=headers)


async def _view(db: AsyncConnection, tenant_id: UUID, call_id: UUID) -> dict[str, Any]:
    row = await store.get(db, tenant_id, call_id)
    if row is None:
        raise NotFound("there is no such call")
    return call_view(row, (await store.outcome(db, tenant_id, [call_id])).get(call_id))
