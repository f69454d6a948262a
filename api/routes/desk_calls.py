"""Calls at the desk: answered, held, passed on, listened to; and the phone that an agent's calls come to.

Agent and contact talk by phone: the hub rings the agent's own, a number or a SIP address, and joins the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from api.deps import Actors, Db, require
from api.presence import Desk
from api.requests import HubRoute
from api.routes.desk import directory_for, who_answers
from api.schemas import desk_calls as schemas
from api.schemas.common import CallId, ConversationId
from hub.conversations.desk import Decline
from hub.conversations.state import Assign, Event, Transfer
from hub.directory import Directory
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.ids import encode_id
from hub.routing.store import some_conversations
from hub.tenancy.audit_log import Record, append
from hub.tenancy.caller import Caller
from hub.voice import desk, desk_store
from hub.voice.desk_views import desk_call_view
from hub.voice.words import words_view
from models.db import Scope, transaction

router = APIRouter(prefix="/v1", tags=["calls"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]
Writer = Annotated[Caller, require("inbox:write")]
Supervisor = Annotated[Caller, require("inbox:manage")]
OF_CONTACT_MAX = 20


@router.get("/calls/live", operation_id="list_live_calls")
async def live(db: Db, caller: Reader, actors: Actors) -> schemas.DeskCallPage:
    """The calls at the desk that are not over, the oldest first."""
    directory = await actors.directories.one(caller.tenant_id)
    rows = await desk_store.live(db, caller.tenant_id)
    items = [schemas.DeskCall.model_validate(desk_call_view(row, directory)) for row in rows]
    return schemas.DeskCallPage(items=items, has_more=False)


@router.get("/conversations/{conversation_id}/calls", operation_id="list_calls_of_conversation")
async def of_conversation(
    conversation_id: ConversationId, db: Db, caller: Reader, actors: Actors
) -> schemas.DeskCallPage:
    """The last calls at the desk with this contact, the newest first."""
    if not await some_conversations(db, caller.tenant_id, [conversation_id]):
        raise NotFound("there is no such conversation")
    directory = await actors.directories.one(caller.tenant_id)
    rows = await desk_store.of_contact(db, caller.tenant_id, conversation_id, OF_CONTACT_MAX)
    items = [schemas.DeskCall.model_validate(desk_call_view(row, directory)) for row in rows]
    return schemas.DeskCallPage(items=items, has_more=False)


@router.post("/conversations/{conversation_id}/call", operation_id="call_contact", status_code=201)
async def call_contact(
    conversation_id: ConversationId, body: schemas.CallOutIn, caller: Writer, actors: Actors
) -> schemas.DeskCall:
    """Call the contact: your own phone rings first. The conversation must be yours, or wait for somebody."""
    call_id = await actors.calls.desk.call_out(
        caller.tenant_id, conversation_id, body.channel_id, _person(caller), caller.principal
    )
    return await _view(actors, caller, call_id)


@router.get("/calls/{call_id}/desk", operation_id="get_desk_call")
async def get(call_id: CallId, caller: Reader, actors: Actors) -> schemas.DeskCall:
    """The call as the desk sees it. 404 for one that went by its script."""
    return await _view(actors, caller, call_id)


@router.get("/calls/{call_id}/transcript", operation_id="get_call_transcript")
async def transcript(call_id: CallId, db: Db, caller: Reader, actors: Actors) -> schemas.Transcript:
    """What was said in a call at the desk, in its order, where its queue has calls transcribed: 3,000 entries at most."""
    await actors.calls.desk.known(caller.tenant_id, call_id)
    directory = await actors.directories.one(caller.tenant_id)
    rows = await desk_store.words(db, caller.tenant_id, call_id)
    items = [schemas.Said.model_validate(words_view(row, directory)) for row in rows]
    return schemas.Transcript(items=items, has_more=False)


@router.post("/calls/{call_id}/answer", operation_id="answer_call")
async def answer(call_id: CallId, caller: Writer, actors: Actors, at: Desk) -> schemas.DeskCall:
    """Take a call that waits: the conversation becomes yours and your phone rings. Of two who do it at once one gets
    409. Somebody who asked to be called back is called when you have picked up: a call of its own, which is returned.
    """
    await at.acts(caller.tenant_id, _person(caller))
    taken = await actors.calls.desk.answer(caller.tenant_id, call_id, _person(caller), caller.principal)
    return await _view(actors, caller, taken)


@router.post("/calls/{call_id}/decline", operation_id="decline_call")
async def decline(call_id: CallId, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """Leave a call that rings for you to somebody else: it is offered on, and the contact goes on waiting."""
    own = _person(caller)
    row = await actors.calls.desk.known(caller.tenant_id, call_id)
    if row.phase not in ("queued", "callback") or own not in (row.offered_to, row.assignee_id):
        raise Conflict("this call does not ring for you")
    if row.assignee_id == own:
        turn: Event = Assign(None, _now(), "", caller.principal, "declined the call")
    else:
        turn = Decline(own, _now(), caller.principal)
    await actors.command(caller.tenant_id, row.contact_id, turn)
    return await _view(actors, caller, call_id)


@router.post("/calls/{call_id}/hold", operation_id="hold_call")
async def hold(call_id: CallId, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """The contact hears music, and nothing of you."""
    return await _act(actors, caller, call_id, desk.Hold(_person(caller), _now()))


@router.post("/calls/{call_id}/resume", operation_id="resume_call")
async def resume(call_id: CallId, caller: Writer, actors: Actors) -> schemas.DeskCall:
    return await _act(actors, caller, call_id, desk.Resume(_person(caller), _now()))


@router.post("/calls/{call_id}/mute", operation_id="mute_call")
async def mute(call_id: CallId, body: schemas.MuteIn, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """You are not heard, or heard again."""
    return await _act(actors, caller, call_id, desk.Mute(_person(caller), body.muted, _now()))


@router.post("/calls/{call_id}/keys", operation_id="press_keys")
async def keys(call_id: CallId, body: schemas.KeysIn, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """Press keys into the call, as tones that the contact's side hears."""
    return await _act(actors, caller, call_id, desk.Keys(_person(caller), body.keys, _now()))


@router.post("/calls/{call_id}/transfer", operation_id="transfer_call")
async def transfer(
    call_id: CallId, body: schemas.CallTransferIn, caller: Writer, actors: Actors
) -> schemas.DeskCall:
    """Pass the call on. To an agent or a queue the conversation goes along with it; with `consult` the agent's phone is
    rung first, and the call changes hands with `complete-transfer`, or when you hang up.
    """
    directory = await directory_for(actors, caller, body.agent_id)
    own = _person(caller)
    if body.consult and body.agent_id is not None:
        name = _agent_name(directory, body.agent_id)
        address = await _phone_of(actors, caller.tenant_id, body.agent_id)
        event: desk.Event = desk.Consult(own, body.agent_id, address, _now(), name, body.note)
        return await _act(actors, caller, call_id, event)
    if body.number is not None:
        passed = desk.PassOn(own, _now(), forward=body.number, note=body.note)
        return await _act(actors, caller, call_id, passed)
    if body.agent_id is not None:
        name = _agent_name(directory, body.agent_id)
        if body.agent_id == own:
            raise Invalid("a call is passed on to somebody else", "/agent_id")
        turn: Assign | Transfer = Assign(body.agent_id, _now(), name, caller.principal, body.note)
    else:
        assert body.queue_id is not None
        name = directory.queues.get(body.queue_id, "")
        if not name or body.queue_id in directory.archived_queues:
            raise Invalid("there is no such queue", "/queue_id")
        turn = Transfer(body.queue_id, name, _now(), caller.principal, body.note)
    await _require_open(actors, caller, call_id)
    passed = desk.PassOn(own, _now(), name, note=body.note)
    done = await actors.calls.desk.act(caller.tenant_id, call_id, passed, caller.principal)
    await actors.command(caller.tenant_id, done.row.contact_id, turn)
    await actors.calls.desk.settle(caller.tenant_id, call_id)
    return await _view(actors, caller, call_id)


@router.post("/calls/{call_id}/complete-transfer", operation_id="complete_call_transfer")
async def complete(call_id: CallId, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """Whoever was asked takes the call, and the conversation with it; you are out."""
    return await _act(actors, caller, call_id, desk.Complete(_person(caller), _now()))


@router.post("/calls/{call_id}/cancel-transfer", operation_id="cancel_call_transfer")
async def cancel(call_id: CallId, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """Back to the contact; whoever was asked is out."""
    return await _act(actors, caller, call_id, desk.CancelConsult(_person(caller), _now()))


@router.post("/calls/{call_id}/end", operation_id="end_desk_call")
async def end(call_id: CallId, caller: Writer, actors: Actors) -> schemas.DeskCall:
    """Hang up, for everybody in the call."""
    return await _act(actors, caller, call_id, desk.HangUp(_person(caller), _now()))


@router.post("/calls/{call_id}/listen", operation_id="listen_to_call")
async def listen(call_id: CallId, db: Db, caller: Supervisor, actors: Actors) -> schemas.DeskCall:
    """Hear a call that is under way on your phone, muted. It is written to the audit log."""
    own = _person(caller)
    await actors.calls.desk.known(caller.tenant_id, call_id)
    address = await actors.calls.desk.phone(caller.tenant_id, own)
    record = Record(caller.principal, "call.listened", encode_id("cal", call_id), {})
    await append(db, caller.tenant_id, record)
    return await _act(actors, caller, call_id, desk.Listen(own, address, _now()))


@router.post("/calls/{call_id}/stop-listening", operation_id="stop_listening")
async def stop_listening(call_id: CallId, caller: Supervisor, actors: Actors) -> schemas.DeskCall:
    return await _act(actors, caller, call_id, desk.StopListening(_person(caller), _now()))


@router.get("/me/phone", operation_id="get_phone")
async def get_phone(db: Db, caller: Writer) -> schemas.PhoneOut:
    """The phone that the caller's calls come to; empty where none was set."""
    return schemas.PhoneOut(address=await desk_store.phone(db, caller.tenant_id, _person(caller)))


@router.put("/me/phone", operation_id="put_phone")
async def put_phone(body: schemas.Phone, db: Db, caller: Writer) -> schemas.PhoneOut:
    """Say which phone the caller's calls come to: a number, or a SIP address."""
    await desk_store.put_phone(db, caller.tenant_id, _person(caller), body.address, _now())
    return schemas.PhoneOut(address=body.address)


def _person(caller: Caller) -> UUID:
    if caller.user_id is None or caller.tenant_id != caller.home_tenant_id:
        raise Forbidden("only people at home in this tenant take its calls")
    return caller.user_id


def _agent_name(directory: Directory, agent_id: UUID) -> str:
    if agent_id in directory.bots:
        raise Invalid("there is no such person in this tenant", "/agent_id")
    return who_answers(directory, agent_id, "/agent_id")


async def _phone_of(actors: Any, tenant_id: UUID, agent_id: UUID) -> str:
    async with transaction(actors.engine, Scope.of(tenant_id)) as db:
        address = await desk_store.phone(db, tenant_id, agent_id)
    if not address:
        raise Invalid("they have not said which phone their calls come to", "/agent_id")
    return address


async def _require_open(actors: Any, caller: Caller, call_id: UUID) -> None:
    """A call waits where its conversation does, so that must be open. Raises NotFound, Conflict."""
    row = await actors.calls.desk.known(caller.tenant_id, call_id)
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        found = await some_conversations(db, caller.tenant_id, [row.contact_id])
    if not found or not found[0].open:
        raise Conflict("the conversation is closed; reopen it to pass its call on")


async def _act(actors: Any, caller: Caller, call_id: UUID, event: desk.Event) -> schemas.DeskCall:
    await actors.calls.desk.act(caller.tenant_id, call_id, event, caller.principal)
    return await _view(actors, caller, call_id)


async def _view(actors: Any, caller: Caller, call_id: UUID) -> schemas.DeskCall:
    directory = await actors.directories.one(caller.tenant_id)
    row = await actors.calls.desk.known(caller.tenant_id, call_id)
    return schemas.DeskCall.model_validate(desk_call_view(row, directory))


def _now() -> datetime:
    return datetime.now(UTC)
