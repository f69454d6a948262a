"""What happens to a conversation at the desk: taken, declined, put off, passed on by the hundred."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from api.deps import Actors, require
from api.presence import AtTheDesk, Desk
from api.problems import document_of
from api.requests import HubRoute
from api.schemas import desk as schemas
from api.schemas.common import ConversationId
from api.schemas.conversations import Conversation
from hub.conversations.desk import Accept, Decline, DeskEvent, SetPriority, SetTags, Snooze, WaitForContact
from hub.conversations.state import Assign, Event, PassToFlow, Transfer
from hub.conversations.tagging import clean
from hub.directory import Directories, Directory
from hub.errors import Forbidden, HubError, Invalid
from hub.ids import encode_id, new_id
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=HubRoute)
Writer = Annotated[Caller, require("inbox:write")]
ONESELF = schemas.AgentIn()


@router.post("/reassign", operation_id="reassign_conversations", response_model=schemas.Reassigned)
async def reassign(body: schemas.ReassignIn, caller: Writer, actors: Actors, desk: Desk) -> dict[str, Any]:
    """Give up to 500 conversations to a person or a queue. Each has its own result: one that fails stops no other."""
    directory = await directory_for(actors, caller, body.assignee_id)
    event = passing_on(body.assignee_id, body.queue_id, body.note, directory, caller)
    await taken_by(desk, caller, body.assignee_id)
    asked = [actors.command(caller.tenant_id, each, event) for each in dict.fromkeys(body.conversation_ids)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    items = [
        _result(each, answer)
        for each, answer in zip(dict.fromkeys(body.conversation_ids), answers, strict=True)
    ]
    return {"items": items, "failed": sum(item["problem"] is not None for item in items)}


def _result(conversation_id: UUID, answer: Any) -> dict[str, Any]:
    name = encode_id("cnv", conversation_id)
    if isinstance(answer, HubError):
        return {"id": name, "problem": document_of(answer, f"/v1/conversations/{name}")}
    if isinstance(answer, BaseException):
        raise answer
    return {"id": name, "problem": None}


def passing_on(
    assignee_id: UUID | None,
    queue_id: UUID | None,
    note: str,
    directory: Directory,
    caller: Caller,
    flow_id: UUID | None = None,
) -> Event:
    """The event of a conversation that goes to somebody, to a queue or into a flow. Raises Invalid, naming the place."""
    if sum(each is not None for each in (assignee_id, queue_id, flow_id)) != 1:
        raise Invalid("say one of who gets it, which queue, or which flow", "/queue_id")
    if flow_id is not None:
        name = directory.routing.book.names.get(flow_id)
        if name is None:
            raise Invalid("there is no such published flow", "/flow_id")
        return PassToFlow(new_id(), flow_id, name, _now(), caller.principal, note)
    if assignee_id is not None:
        return Assign(assignee_id, _now(), who_answers(directory, assignee_id), caller.principal, note)
    assert queue_id is not None
    name = directory.queues.get(queue_id)
    if name is None or queue_id in directory.archived_queues:
        raise Invalid("there is no such queue", "/queue_id")
    return Transfer(queue_id, name, _now(), caller.principal, note)


def who_answers(directory: Directory, agent_id: UUID, place: str = "/assignee_id") -> str:
    """The name of somebody who may be given a conversation. Raises Invalid, naming the place."""
    name = directory.users.get(agent_id)
    if name is None:
        raise Invalid("there is no such user in this tenant", place)
    if agent_id in directory.unable:
        raise Invalid(f"{name} may not answer conversations", place)
    return name


async def directory_for(actors: Any, caller: Caller, assignee_id: UUID | None) -> Directory:
    """The directory that knows who is to get a conversation."""
    directories: Directories = actors.directories
    if assignee_id is None:
        return await directories.one(caller.tenant_id)
    return await directories.with_agent(caller.tenant_id, assignee_id)


async def taken_by(desk: AtTheDesk, caller: Caller, assignee_id: UUID | None) -> None:
    """Who gives a conversation to themselves is at hand; of others it says nothing."""
    if assignee_id == caller.user_id:
        await desk.acts(caller.tenant_id, assignee_id)


@router.post("/{conversation_id}/accept", operation_id="accept_conversation", response_model=Conversation)
async def accept(
    conversation_id: ConversationId,
    caller: Writer,
    actors: Actors,
    desk: Desk,
    body: schemas.AgentIn = ONESELF,
) -> Any:
    """Take what was offered, or what waits and is offered to nobody. Of two who do it at once one gets 409."""
    agent_id, directory = await speaks_for(caller, body.agent_id, actors.directories)
    name = directory.users.get(agent_id, "")
    await desk.acts(caller.tenant_id, agent_id)
    return await _turn(actors, caller, conversation_id, Accept(agent_id, _now(), name, caller.principal))


@router.post("/{conversation_id}/decline", operation_id="decline_conversation", response_model=Conversation)
async def decline(
    conversation_id: ConversationId, caller: Writer, actors: Actors, body: schemas.AgentIn = ONESELF
) -> Any:
    """Leave an offer to somebody else."""
    agent_id, _ = await speaks_for(caller, body.agent_id, actors.directories)
    return await _turn(actors, caller, conversation_id, Decline(agent_id, _now(), caller.principal))


@router.post("/{conversation_id}/snooze", operation_id="snooze_conversation", response_model=Conversation)
async def snooze(
    conversation_id: ConversationId, body: schemas.SnoozeIn, caller: Writer, actors: Actors
) -> Any:
    """Put it off until a moment within 90 days; the contact's next message wakes it before."""
    return await _turn(actors, caller, conversation_id, Snooze(body.until, _now(), caller.principal))


@router.post("/{conversation_id}/wait", operation_id="wait_for_contact", response_model=Conversation)
async def wait(conversation_id: ConversationId, caller: Writer, actors: Actors) -> Any:
    """It is the contact's turn: the clocks of its service level stand still until they write."""
    return await _turn(actors, caller, conversation_id, WaitForContact(_now(), caller.principal))


@router.post("/{conversation_id}/priority", operation_id="set_priority", response_model=Conversation)
async def priority(
    conversation_id: ConversationId, body: schemas.PriorityIn, caller: Writer, actors: Actors
) -> Any:
    return await _turn(actors, caller, conversation_id, SetPriority(body.priority, _now(), caller.principal))


@router.post("/{conversation_id}/tags", operation_id="tag_conversation", response_model=Conversation)
async def tags(conversation_id: ConversationId, body: schemas.TagsIn, caller: Writer, actors: Actors) -> Any:
    """Put tags on the conversation and take tags off; what is so already stays."""
    add, remove = clean(body.add, "/add"), clean(body.remove, "/remove")
    return await _turn(actors, caller, conversation_id, SetTags(add, remove, _now(), caller.principal))


async def speaks_for(
    caller: Caller, agent_id: UUID | None, directories: Directories
) -> tuple[UUID, Directory]:
    """Who acts, the person who asks or the bot that a program speaks for, and the directory that knows them.

    Raises Forbidden; Invalid, naming the place.
    """
    if caller.user_id is not None:
        if agent_id not in (None, caller.user_id):
            raise Forbidden("people act for themselves")
        return caller.user_id, await directories.one(caller.tenant_id)
    if agent_id is None:
        raise Invalid("say which agent this program speaks for", "/agent_id")
    directory = await directories.with_bot(caller.tenant_id, agent_id)
    if agent_id not in directory.bots:
        raise Invalid("there is no such bot in this tenant", "/agent_id")
    return agent_id, directory


async def _turn(actors: Any, caller: Caller, conversation_id: UUID, event: DeskEvent) -> Any:
    answer = await actors.command(caller.tenant_id, conversation_id, event)
    return answer["conversation"]


def _now() -> datetime:
    return datetime.now(UTC)
