"""Who is inside of a flow: lists, one session with its way, repair, and ending from outside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Actors, Db, require
from api.requests import HubRoute
from api.schemas import flow_sessions as schemas
from api.schemas.common import PAGE_DEFAULT, FlowId, FlowSessionId, Limit
from hub.conversations.state import Event, ExitFlow
from hub.conversations.state import FlowInput as Input
from hub.errors import Conflict, NotFound
from hub.flows import service, store_sessions
from hub.flows.inputs import Resume
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["flows"], route_class=HubRoute)
Reader = Annotated[Caller, require("campaigns:read")]
Starter = Annotated[Caller, require("campaigns:start")]
AS_IT_STANDS, BY_HAND = schemas.ResumeSessionIn(), schemas.ExitSessionIn()


@router.get("/flows/{flow_id}/sessions", operation_id="list_flow_sessions")
async def flow_sessions(
    flow_id: FlowId,
    db: Db,
    caller: Reader,
    status: schemas.Status | None = None,
    node: schemas.NodeName | None = None,
    version: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    limit: Limit = PAGE_DEFAULT,
    starting_after: FlowSessionId | None = None,
) -> schemas.FlowSessionPage:
    """Newest first; those that are `stuck` say why in `reason`."""
    await service.get(db, caller.tenant_id, flow_id)
    rows = await store_sessions.page(
        db,
        caller.tenant_id,
        flow_id,
        status=status,
        node=node,
        version=version,
        after=starting_after,
        limit=limit + 1,
    )
    items = [schemas.FlowSession.model_validate(row) for row in rows[:limit]]
    return schemas.FlowSessionPage(items=items, has_more=len(rows) > limit)


@router.get("/flows/{flow_id}/in-flight", operation_id="count_flow_sessions")
async def in_flight(flow_id: FlowId, db: Db, caller: Reader) -> schemas.InFlight:
    """How many are inside, by version and node: what a new version would meet."""
    flow = await service.get(db, caller.tenant_id, flow_id)
    rows = await store_sessions.in_flight(db, caller.tenant_id, flow_id)
    items = [schemas.InFlightGroup.model_validate(row) for row in rows]
    return schemas.InFlight(
        version=flow.version,
        total=sum(item.count for item in items),
        moving=flow.in_flight is not None,
        items=items,
        as_sub_flow=[
            schemas.InFlightGroup.model_validate(row)
            for row in await store_sessions.as_sub_flow(db, caller.tenant_id, flow_id)
        ],
    )


@router.get("/flow-sessions/stuck", operation_id="list_stuck_sessions")
async def stuck_sessions(
    db: Db, caller: Reader, limit: Limit = PAGE_DEFAULT, starting_after: FlowSessionId | None = None
) -> schemas.StuckSessions:
    """Everybody who is stuck, in whichever flow, newest first, with the reason."""
    rows = await store_sessions.page(
        db, caller.tenant_id, None, status="stuck", after=starting_after, limit=limit + 1
    )
    return schemas.StuckSessions(
        items=[schemas.FlowSession.model_validate(row) for row in rows[:limit]],
        has_more=len(rows) > limit,
        flows=[
            schemas.StuckFlow.model_validate(row) for row in await store_sessions.stuck(db, caller.tenant_id)
        ],
    )


@router.get("/flow-sessions/{session_id}", operation_id="get_flow_session")
async def flow_session(session_id: FlowSessionId, db: Db, caller: Reader) -> schemas.FlowSessionView:
    """One session: what it knows, what it waits for, the way it took."""
    row = await _held(db, caller, session_id)
    waiting = row.state.get("waiting") or {}
    return schemas.FlowSessionView(
        session=schemas.FlowSession.model_validate(row),
        variables=row.state.get("variables", {}),
        waits_for=waiting.get("kind", "") if row.status == "waiting" else "",
        steps=[
            schemas.FlowStep.model_validate(each)
            for each in await store_sessions.steps(db, caller.tenant_id, session_id)
        ],
        goals=[
            schemas.FlowGoal.model_validate(each)
            for each in await store_sessions.goals(db, caller.tenant_id, session_id)
        ],
    )


@router.post("/flow-sessions/{session_id}/resume", operation_id="resume_flow_session")
async def resume_session(
    session_id: FlowSessionId,
    db: Db,
    caller: Starter,
    actors: Actors,
    body: schemas.ResumeSessionIn = AS_IT_STANDS,
) -> schemas.FlowInput:
    """Run a stuck session again, after what stopped it was repaired. 409 for one that is not stuck."""
    row = await _held(db, caller, session_id)
    event = Input(session_id, Resume(node=body.node), datetime.now(UTC))
    return await _turn(actors, caller, row, event)


@router.post("/flow-sessions/{session_id}/exit", operation_id="exit_flow_session")
async def exit_session(
    session_id: FlowSessionId,
    db: Db,
    caller: Starter,
    actors: Actors,
    body: schemas.ExitSessionIn = BY_HAND,
) -> schemas.FlowInput:
    """End a session where it stands. 409 for one that is over."""
    row = await _held(db, caller, session_id)
    event = ExitFlow(session_id, datetime.now(UTC), body.reason, caller.principal)
    return await _turn(actors, caller, row, event)


async def _held(db: AsyncConnection, caller: Caller, session_id: UUID) -> Row[Any]:
    row = await store_sessions.get(db, caller.tenant_id, session_id)
    if row is None:
        raise NotFound("there is no such session")
    return row


async def _turn(actors: Any, caller: Caller, row: Row[Any], event: Event) -> schemas.FlowInput:
    answer = await actors.command(caller.tenant_id, row.contact_id, event)
    if answer["status"] in ("gone", "ignored"):
        what = "it is over" if answer["status"] == "gone" else "it is not stuck"
        raise Conflict(f"the session cannot do that: {what}")
    return schemas.FlowInput(status=answer["status"], reason=answer["reason"])
