"""Conversations: lists, threads, and what an agent does with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query, Request

from api.deps import Actors, Db, require
from api.idempotency import source_id
from api.presence import Desk
from api.requests import HubRoute
from api.routes.desk import directory_for, passing_on, speaks_for, taken_by, who_answers
from api.schemas.common import PAGE_DEFAULT, ConversationId, Limit, MessageId, Page, QueueId, UserId
from api.schemas.conversations import (
    AssignIn,
    CloseIn,
    Conversation,
    ConversationCounts,
    HandBackIn,
    Message,
    Named,
    ReplyIn,
    ReplyWay,
    TagCount,
    TransferIn,
)
from hub import realtime
from hub.channels.base import ChannelKind
from hub.channels.downgrade import words_of
from hub.contacts.contact import TAG_CHARS_MAX
from hub.conversations import store, wrap_ups
from hub.conversations.state import AgentReply, Assign, Close, Event, HandBack, MarkRead, Reopen
from hub.conversations.views import conversation_view, message_view, way_view
from hub.errors import Invalid, NotFound
from hub.failover.store import people
from hub.ids import encode_id, new_id
from hub.intents import corrections
from hub.tenancy.caller import Caller
from hub.voice.script import Call

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]
Writer = Annotated[Caller, require("inbox:write")]
View = Literal["open", "mine", "offered", "unassigned", "snoozed", "waiting", "closed", "all"]
TAGS_SHOWN_MAX = 200
WITHOUT_OUTCOME = HandBackIn(outcome="")
WITHOUT_WORDS = CloseIn(wrap_up=None)
STATUS = {"snoozed": "snoozed", "waiting": "waiting", "closed": "closed", "all": None}


@router.get("", operation_id="list_conversations", response_model=Page[Conversation])
async def list_conversations(
    caller: Reader,
    db: Db,
    actors: Actors,
    view: View = "open",
    queue_id: QueueId | None = None,
    assignee_id: UserId | None = None,
    tag: Annotated[str, Query(max_length=TAG_CHARS_MAX)] = "",
    search: Annotated[str, Query(max_length=80)] = "",
    limit: Limit = PAGE_DEFAULT,
    starting_after: ConversationId | None = None,
) -> dict[str, Any]:
    """Newest first. `mine` are those assigned to the caller, `offered` those the caller is asked about."""
    after = None
    if starting_after is not None:
        last = await store.last_at(db, caller.tenant_id, starting_after)
        if last is None:
            raise NotFound("there is no such conversation to start after")
        after = (last, starting_after)
    found = await store.page(
        db,
        caller.tenant_id,
        status=STATUS.get(view, "open"),
        queue_id=queue_id,
        assignee_id=(caller.user_id or UUID(int=0)) if view == "mine" else assignee_id,
        offered_to=(caller.user_id or UUID(int=0)) if view == "offered" else None,
        unassigned=view == "unassigned",
        tag=tag.strip(),
        search=search.strip(),
        after=after,
        limit=limit,
    )
    directory = await actors.directories.one(caller.tenant_id)
    items = [conversation_view(state, directory) for state in found[:limit]]
    return {"items": items, "has_more": len(found) > limit}


@router.get("/counts", operation_id="count_conversations", response_model=ConversationCounts)
async def count_conversations(caller: Reader, db: Db, actors: Actors) -> dict[str, Any]:
    """Open conversations by view and queue; every queue is listed, empty ones too."""
    rows = await store.counts(db, caller.tenant_id, caller.user_id)
    directory = await actors.directories.one(caller.tenant_id)
    resting = await store.resting(db, caller.tenant_id)
    by_queue = {row.queue_id: row for row in rows}
    queues = [
        {
            "id": encode_id("que", queue_id),
            "name": name,
            "open": by_queue[queue_id].open if queue_id in by_queue else 0,
            "unassigned": by_queue[queue_id].unassigned if queue_id in by_queue else 0,
        }
        for queue_id, name in directory.queues.items()
        if queue_id not in directory.archived_queues
    ]
    return {
        "open": sum(row.open for row in rows),
        "mine": sum(row.mine for row in rows),
        "unassigned": sum(row.unassigned for row in rows),
        **{status: resting.get(status, 0) for status in ("snoozed", "waiting", "closed")},
        "queues": queues,
    }


@router.get("/tags", operation_id="list_conversation_tags", response_model=Page[TagCount])
async def conversation_tags(caller: Reader, db: Db) -> dict[str, Any]:
    """The tags that conversations have, those of most open ones first."""
    rows = await store.tag_counts(db, caller.tenant_id, TAGS_SHOWN_MAX + 1)
    items = [dict(row._mapping) for row in rows[:TAGS_SHOWN_MAX]]
    return {"items": items, "has_more": len(rows) > TAGS_SHOWN_MAX}


@router.get("/flows", operation_id="list_flows_for_conversations", response_model=Page[Named])
async def flows(caller: Reader, actors: Actors) -> dict[str, Any]:
    """The published flows, by name: those that a conversation may be passed into."""
    directory = await actors.directories.one(caller.tenant_id)
    names = sorted(directory.routing.book.names.items(), key=lambda one: one[1].casefold())
    return {"items": [{"id": encode_id("flw", key), "name": name} for key, name in names], "has_more": False}


@router.get("/{conversation_id}", operation_id="get_conversation", response_model=Conversation)
async def get_conversation(
    conversation_id: ConversationId, caller: Reader, db: Db, actors: Actors
) -> dict[str, Any]:
    """One conversation as it is now."""
    found = await store.load(db, [(caller.tenant_id, conversation_id)])
    if not found:
        raise NotFound("there is no such conversation")
    directory = await actors.directories.one(caller.tenant_id)
    return conversation_view(found[caller.tenant_id, conversation_id], directory)


@router.get("/{conversation_id}/messages", operation_id="list_messages", response_model=Page[Message])
async def list_messages(
    conversation_id: ConversationId,
    caller: Reader,
    db: Db,
    actors: Actors,
    limit: Limit = PAGE_DEFAULT,
    ending_before: MessageId | None = None,
) -> dict[str, Any]:
    """The newest page, oldest message first; `ending_before` pages towards the past."""
    if not await store.load(db, [(caller.tenant_id, conversation_id)]):
        raise NotFound("there is no such conversation")
    rows = await store.thread(db, caller.tenant_id, conversation_id, before=ending_before, limit=limit)
    directory = await actors.directories.one(caller.tenant_id)
    corrected = await corrections.of_messages(db, caller.tenant_id, [row.id for row in rows[:limit]])
    items = [message_view(row._mapping, directory) for row in reversed(rows[:limit])]
    for row, item in zip(reversed(rows[:limit]), items, strict=True):
        if row.id in corrected:
            item["corrected_intent"] = corrected[row.id].intent
    return {"items": items, "has_more": len(rows) > limit}


@router.get("/{conversation_id}/channels", operation_id="list_ways_to_reply", response_model=Page[ReplyWay])
async def ways(conversation_id: ConversationId, caller: Reader, db: Db, actors: Actors) -> dict[str, Any]:
    """What each of the tenant's channels would let through to the person now: WhatsApp takes only templates once they have
    not written by it for 24 hours.
    """
    now = _now()
    found = (await people(db, caller.tenant_id, [conversation_id], now)).get(conversation_id)
    if found is None:
        raise NotFound("there is no such conversation")
    directory = await actors.directories.one(caller.tenant_id)
    channels = [each for each in directory.channels.values() if each.kind is not ChannelKind.VOICE]
    return {"items": [way_view(each, found, directory, now) for each in channels], "has_more": False}


@router.post("/{conversation_id}/messages", operation_id="reply", response_model=Message, status_code=201)
async def reply(
    conversation_id: ConversationId,
    body: ReplyIn,
    request: Request,
    caller: Writer,
    actors: Actors,
    desk: Desk,
) -> dict[str, Any]:
    """Answer the contact. An answer that may not leave is recorded with status `refused` and its reason.

    With an Idempotency-Key the contact gets it once, even when the gateway dies before it could say so. With `seen` it is
    held back when somebody else has answered meanwhile.
    """
    if (body.text is None) == (body.content is None):
        raise Invalid("give either text or content", "/text")
    if isinstance(body.content, Call):
        raise Invalid("a call is placed with POST /v1/messages", "/content")
    once = source_id(request, caller) if "idempotency-key" in request.headers else None
    writer, name = caller.user_id, caller.name
    if writer or body.agent_id:
        writer, directory = await speaks_for(caller, body.agent_id, actors.directories)
        name = directory.users.get(writer, "")
    words = body.text if body.content is None else (words_of(body.content) or body.content.type)
    event = AgentReply(
        new_id(), writer, words or "", _now(), body.channel_id, once, name, body.seen, body.content
    )
    await desk.acts(caller.tenant_id, writer)
    answer = await actors.command(caller.tenant_id, conversation_id, event)
    message: dict[str, Any] = answer["messages"][0]
    return message


@router.post("/{conversation_id}/assign", operation_id="assign_conversation", response_model=Conversation)
async def assign(
    conversation_id: ConversationId, body: AssignIn, caller: Writer, actors: Actors, desk: Desk
) -> Any:
    """Give the conversation to a person who may answer, or back to its queue."""
    directory = await directory_for(actors, caller, body.assignee_id)
    name = who_answers(directory, body.assignee_id) if body.assignee_id else ""
    await taken_by(desk, caller, body.assignee_id)
    event = Assign(body.assignee_id, _now(), name, caller.principal)
    return await _turn(actors, caller, conversation_id, event)


@router.post("/{conversation_id}/transfer", operation_id="transfer_conversation", response_model=Conversation)
async def transfer(
    conversation_id: ConversationId, body: TransferIn, caller: Writer, actors: Actors, desk: Desk
) -> Any:
    """Pass the conversation on: to another queue, where nobody has it then, to a person, or into a flow, which closes it for
    people. The note is for whoever gets it next. 409 when the person may not begin the flow now.
    """
    directory = await directory_for(actors, caller, body.assignee_id)
    event = passing_on(body.assignee_id, body.queue_id, body.note, directory, caller, body.flow_id)
    await taken_by(desk, caller, body.assignee_id)
    return await _turn(actors, caller, conversation_id, event)


@router.post("/{conversation_id}/close", operation_id="close_conversation", response_model=Conversation)
async def close(
    conversation_id: ConversationId, caller: Writer, db: Db, actors: Actors, body: CloseIn = WITHOUT_WORDS
) -> Any:
    """Done, and what became of it. The contact's next message opens the conversation again."""
    wrap_up = (await wrap_ups.held(db, caller.tenant_id)).chosen(body.wrap_up)
    return await _turn(actors, caller, conversation_id, Close(_now(), caller.principal, wrap_up))


@router.post(
    "/{conversation_id}/hand-back", operation_id="hand_back_conversation", response_model=Conversation
)
async def hand_back(
    conversation_id: ConversationId, caller: Writer, actors: Actors, body: HandBackIn = WITHOUT_OUTCOME
) -> Any:
    """Give it back into the flow that handed it over; it is closed for people. 409 when no flow waits for it."""
    return await _turn(
        actors, caller, conversation_id, HandBack(_now(), caller.principal, outcome=body.outcome)
    )


@router.post("/{conversation_id}/reopen", operation_id="reopen_conversation", response_model=Conversation)
async def reopen(conversation_id: ConversationId, caller: Writer, actors: Actors) -> Any:
    """Take up again what is closed, in the queue it was in; or what is snoozed or waits for the contact."""
    return await _turn(actors, caller, conversation_id, Reopen(_now(), caller.principal))


@router.post("/{conversation_id}/read", operation_id="read_conversation", response_model=Conversation)
async def read(
    conversation_id: ConversationId, caller: Writer, actors: Actors, after: BackgroundTasks
) -> Any:
    """Somebody has seen it: nothing is unread any more, and where the channel has read marks the person sees it."""
    seen = await _turn(actors, caller, conversation_id, MarkRead(_now()))
    after.add_task(actors.marks.read, caller.tenant_id, conversation_id)
    return seen


@router.post("/{conversation_id}/typing", operation_id="show_typing", status_code=202)
async def typing(
    conversation_id: ConversationId,
    caller: Writer,
    db: Db,
    actors: Actors,
    request: Request,
    after: BackgroundTasks,
) -> None:
    """An agent is writing: colleagues see it on their screens, and the person where the channel has such a mark. Ask while
    it goes on; the person is told at most every 20 s.
    """
    if await store.last_at(db, caller.tenant_id, conversation_id) is None:
        raise NotFound("there is no such conversation")
    after.add_task(actors.marks.typing, caller.tenant_id, conversation_id)
    _tell(request, after, caller, conversation_id, "conversation.typing")


@router.post("/{conversation_id}/viewing", operation_id="show_viewing", status_code=202)
async def viewing(
    conversation_id: ConversationId, caller: Reader, db: Db, request: Request, after: BackgroundTasks
) -> None:
    """Somebody looks at it: colleagues see that on their screens. Ask about every 10 s while it goes on."""
    if await store.last_at(db, caller.tenant_id, conversation_id) is None:
        raise NotFound("there is no such conversation")
    _tell(request, after, caller, conversation_id, "conversation.viewing")


def _tell(request: Request, after: BackgroundTasks, caller: Caller, conversation_id: UUID, kind: str) -> None:
    """What a person does in a conversation just now, for their colleagues' screens."""
    if caller.user_id is None:
        return
    user = {"id": encode_id("usr", caller.user_id), "name": caller.name}
    told = {"type": kind, "conversation_id": encode_id("cnv", conversation_id), "user": user}
    after.add_task(realtime.publish, request.app.state.redis, [(caller.tenant_id, told)])


async def _turn(actors: Any, caller: Caller, conversation_id: UUID, event: Event) -> Any:
    answer = await actors.command(caller.tenant_id, conversation_id, event)
    return answer["conversation"]


def _now() -> datetime:
    return datetime.now(UTC)
