"""Queues and how they do; agents, what they can, and whether they are there."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Request, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.deps import Actors, Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import queues as schemas
from api.schemas.common import QueueId, UserId
from hub import realtime
from hub.errors import Forbidden, Unavailable
from hub.ids import encode_id
from hub.routing import service, store_queues
from hub.routing.floor import CAPACITY
from hub.routing.people import People, Seen
from hub.tenancy.audit_log import Record, append
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["queues"], route_class=HubRoute)
Reader = Annotated[Caller, require("queues:read")]
Writer = Annotated[Caller, require("queues:write")]
Answerer = Annotated[Caller, require("inbox:write")]


@router.get("/queues", operation_id="list_queues")
async def queues(
    db: Db,
    caller: Reader,
    archived: bool = False,
    own: Annotated[
        bool, Query(description="Only the acting tenant's: those it can route and transfer to.")
    ] = False,
) -> schemas.QueuePage:
    """By name, of the acting tenant and those below it."""
    tenants = [caller.tenant_id] if own else list(caller.readable)
    rows = await store_queues.page(db, tenants, archived)
    return schemas.QueuePage(items=[_shown(row) for row in rows], has_more=False)


@router.post("/queues", status_code=201, operation_id="create_queue")
async def create_queue(body: schemas.NewQueue, db: Db, caller: Writer, response: Response) -> schemas.Queue:
    """409 `queue-exists` when the name is taken; 422 names the place of what is wrong."""
    settings = body.settings.plain()
    queue_id = await service.create(
        db, caller.tenant_id, body.name, settings, body.member_ids, caller.principal, _now()
    )
    await _tell(db, caller, "queue.created", queue_id)
    return await _one(db, caller, queue_id, response)


@router.get("/queues/{queue_id}", operation_id="get_queue")
async def queue(queue_id: QueueId, db: Db, caller: Reader, response: Response) -> schemas.Queue:
    return await _one(db, caller, queue_id, response)


@router.patch("/queues/{queue_id}", operation_id="update_queue")
async def update_queue(
    queue_id: QueueId,
    body: schemas.PatchQueue,
    db: Db,
    caller: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.Queue:
    """Change name, settings (as a whole) or members. New settings count within seconds, clocks that run keep their time."""
    row = await service.held(db, caller.tenant_id, queue_id)
    etags.match(if_match, row.version, row.updated_by, row.updated_at)
    settings = None if body.settings is None else body.settings.plain()
    asked = service.QueueChange(body.name, settings, body.member_ids, body.archived)
    await service.change(db, row, asked, caller.principal, _now())
    await _tell(db, caller, "queue.changed", queue_id)
    return await _one(db, caller, queue_id, response)


@router.delete("/queues/{queue_id}", status_code=204, operation_id="archive_queue")
async def archive_queue(queue_id: QueueId, db: Db, caller: Writer) -> None:
    """Put a queue away. 409 `queue-in-use` while conversations, rules or other queues need it."""
    row = await service.held(db, caller.tenant_id, queue_id)
    await service.change(db, row, service.QueueChange(archived=True), caller.principal, _now())
    await _tell(db, caller, "queue.archived", queue_id)


@router.get("/queues/{queue_id}/stats", operation_id="get_queue_stats")
async def queue_stats(queue_id: QueueId, db: Db, caller: Reader, request: Request) -> schemas.QueueStats:
    """How the queue does now, and how long the next one who comes would wait."""
    row = await service.queue(db, caller.tenant_id, queue_id)
    found = await service.outlook(db, row, _now())
    seen = await People(request.app.state.redis).of(caller.tenant_id)
    members = {UUID(member["id"]) for member in row.members}
    online = [
        agent_id
        for agent_id, each in seen.items()
        if each.here and each.status == "online" and (not members or agent_id in members)
    ]
    return schemas.QueueStats(
        **found.now._mapping,
        taken=found.pace.taken,
        mean_wait_s=found.pace.wait_s,
        breached=found.pace.breached,
        **found.ratings._mapping,
        estimated_wait_s=found.estimated_wait_s,
        agents_online=len(online),
        is_open=found.is_open,
        opens_at=found.opens_at,
    )


@router.get("/skills", operation_id="list_skills")
async def skills(db: Db, caller: Reader) -> schemas.SkillList:
    """Every skill that a queue needs or somebody has."""
    return schemas.SkillList(items=await store_queues.skills(db, caller.tenant_id), has_more=False)


@router.get("/agents", operation_id="list_agents")
async def agents(db: Db, caller: Reader, request: Request) -> schemas.AgentPage:
    """Everybody who may answer conversations, and the bots, with their presence."""
    rows = await service.agents(db, caller.tenant_id)
    seen = await People(request.app.state.redis).of(caller.tenant_id)
    return schemas.AgentPage(items=[_agent(row, seen) for row in rows], has_more=False)


@router.post("/agents", status_code=201, operation_id="create_agent")
async def create_agent(
    body: schemas.NewAgent, db: Db, caller: Writer, request: Request, response: Response
) -> schemas.Agent:
    """Make a bot."""
    agent_id = await service.create_bot(db, caller.tenant_id, body.name, body.capacity)
    return await _one_agent(db, caller, agent_id, request, response)


@router.get("/agents/{agent_id}", operation_id="get_agent")
async def agent(
    agent_id: UserId, db: Db, caller: Reader, request: Request, response: Response
) -> schemas.Agent:
    return await _one_agent(db, caller, agent_id, request, response)


@router.put("/agents/{agent_id}", operation_id="put_agent")
async def put_agent(
    agent_id: UserId,
    body: schemas.PutAgent,
    db: Db,
    caller: Writer,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.Agent:
    """How much an agent takes at once, and what they can. Of an agent for whom nothing was set the ETag is `"0"`."""
    row = await service.agent(db, caller.tenant_id, agent_id)
    etags.match(if_match, row.version)
    weights = {str(kind): weight for kind, weight in body.weights.items()}
    await service.set_agent(db, caller.tenant_id, row, body.capacity, body.skills, weights, body.name)
    return await _one_agent(db, caller, agent_id, request, response)


@router.put("/agents/{agent_id}/presence", operation_id="put_agent_presence")
async def put_agent_presence(
    agent_id: UserId,
    body: schemas.PresenceIn,
    db: Db,
    caller: Answerer,
    request: Request,
    actors: Actors,
    background: BackgroundTasks,
) -> schemas.PresenceOut:
    """A bot says that it is there, and says it again within 45 seconds; for a person only they themselves do."""
    row = await service.agent(db, caller.tenant_id, agent_id)
    if row.kind != "bot" and agent_id != caller.user_id:
        raise Forbidden("people say themselves whether they are there")
    return await _come(caller, agent_id, row.name, body.status, request, actors, background)


@router.get("/me/presence", operation_id="get_presence")
async def presence(caller: Answerer, request: Request) -> schemas.PresenceOut:
    seen = await People(request.app.state.redis).of(caller.tenant_id)
    return schemas.PresenceOut(status=_presence(seen.get(_person(caller))))


@router.put("/me/presence", operation_id="put_presence")
async def put_presence(
    body: schemas.PresenceIn,
    caller: Answerer,
    request: Request,
    actors: Actors,
    background: BackgroundTasks,
) -> schemas.PresenceOut:
    """Whether the caller takes conversations. An open stream keeps it; away gives back what is unanswered."""
    return await _come(caller, _person(caller), caller.name, body.status, request, actors, background)


def _person(caller: Caller) -> UUID:
    if caller.user_id is None or caller.tenant_id != caller.home_tenant_id:
        raise Forbidden("only people at home in this tenant are at its desk")
    return caller.user_id


async def _come(
    caller: Caller,
    agent_id: UUID,
    name: str,
    status: schemas.Presence,
    request: Request,
    actors: Any,
    background: BackgroundTasks,
) -> schemas.PresenceOut:
    redis = request.app.state.redis
    people = People(redis)
    if status == "offline":
        await people.leave(caller.tenant_id, agent_id)
    else:
        await people.come(caller.tenant_id, agent_id, status)
    told = {
        "type": "presence.updated",
        "agent": {"id": encode_id("usr", agent_id), "name": name},
        "status": status,
    }
    background.add_task(realtime.publish, redis, [(caller.tenant_id, told)])
    background.add_task(_wake, actors, caller.tenant_id)
    return schemas.PresenceOut(status=status)


async def _wake(actors: Any, tenant_id: UUID) -> None:
    with contextlib.suppress(Unavailable):  # it looks by itself in a moment
        await actors.wake_router(tenant_id)


def _presence(seen: Seen | None) -> schemas.Presence:
    return "offline" if seen is None or not seen.here else seen.status


def _agent(row: Row[Any], seen: Mapping[UUID, Seen]) -> schemas.Agent:
    return schemas.Agent(
        id=row.id,
        kind=row.kind,
        name=row.name,
        capacity=row.capacity or CAPACITY,
        skills=row.skills,
        weights=row.weights,
        presence=_presence(seen.get(row.id)),
        open=row.open,
        version=row.version,
    )


async def _one_agent(
    db: AsyncConnection, caller: Caller, agent_id: UUID, request: Request, response: Response
) -> schemas.Agent:
    row = await service.agent(db, caller.tenant_id, agent_id)
    etags.mark(response, row.version)
    return _agent(row, await People(request.app.state.redis).of(caller.tenant_id))


async def _one(db: AsyncConnection, caller: Caller, queue_id: UUID, response: Response) -> schemas.Queue:
    row = await service.queue(db, caller.tenant_id, queue_id)
    etags.mark(response, row.version)
    return _shown(row)


def _shown(row: Row[Any]) -> schemas.Queue:
    return schemas.Queue(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        members=[schemas.QueueMember(id=UUID(each["id"]), name=each["name"]) for each in row.members],
        settings=None if row.settings is None else schemas.QueueRules.of(service.settings_of(row)),
        version=row.version,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )


async def _tell(db: AsyncConnection, caller: Caller, action: str, queue_id: UUID) -> None:
    await append(db, caller.tenant_id, Record(caller.principal, action, encode_id("que", queue_id), {}))


def _now() -> datetime:
    return datetime.now(UTC)
