"""Messages by the API: one content, sent by the best channel, taken over by the next when that one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.attempts import Asked, NoSuchPerson
from api.deps import Actors, Db, require
from api.requests import HubRoute
from api.routes.steps import steps_of
from api.schemas.common import PAGE_DEFAULT, ContactId, Limit, MessageId, Page
from api.schemas.messages import BatchAnswer, MessageAnswer, MessageIn, MessageOut, MessagesIn
from hub.conversations.views import batch_view, chain_view, offer_view
from hub.directory import Directory
from hub.errors import HubError, NotFound
from hub.failover import store
from hub.tenancy.caller import Caller
from models.db import Scope, transaction

router = APIRouter(prefix="/v1/messages", tags=["messages"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]
Writer = Annotated[Caller, require("inbox:write")]


@router.post("", operation_id="send_message", response_model=MessageAnswer, status_code=202)
async def send_message(body: MessageIn, caller: Writer, actors: Actors) -> dict[str, Any]:
    """Send one message. The first channel that may carry it does; when it fails, or no receipt comes in time, the next
    one takes over. A message that no channel may carry is recorded as refused with the reason.
    """
    directory = await _knowing(caller, actors, [body])
    asked = await _asked(body, caller, actors, directory)
    if body.dry_run:
        found = await actors.attempts.preview(caller.tenant_id, asked)
        return {"message": None, "offers": [offer_view(one, directory) for one in found]}
    message_id = await actors.attempts.send(caller.tenant_id, asked)
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        return {"message": await _one(db, caller.tenant_id, message_id, directory), "offers": []}


@router.post("/batch", operation_id="send_messages", response_model=BatchAnswer, status_code=202)
async def send_messages(body: MessagesIn, caller: Writer, actors: Actors) -> dict[str, Any]:
    """Send up to 1,000 messages at once, each as `POST /v1/messages` does. What is wrong with one is told at its place
    and keeps the others from nothing; all that can be sent is written in one transaction.
    """
    directory = await _knowing(caller, actors, body.messages)
    results: list[dict[str, Any]] = [{"id": None, "status": "invalid"} for _ in body.messages]
    ready: list[tuple[int, Asked]] = []
    there = await _there(caller, actors, [m.contact_id for m in body.messages if m.contact_id is not None])
    for place, one in enumerate(body.messages):
        try:
            if one.contact_id is not None and one.contact_id not in there:
                raise NoSuchPerson("there is no such contact, or it has no address")
            ready.append((place, await _asked(one, caller, actors, directory, f"/messages/{place}")))
        except HubError as error:
            results[place] |= {"code": error.code, "detail": str(error)}
    outgoings = await actors.attempts.send_many(
        caller.tenant_id, [asked for _, asked in ready], dry_run=body.dry_run
    )
    for (place, _), outgoing in zip(ready, outgoings, strict=True):
        results[place] = batch_view(outgoing, sent=not body.dry_run)
    return {"results": results, "dry_run": body.dry_run}


async def _knowing(caller: Caller, actors: Any, bodies: Sequence[MessageIn]) -> Directory:
    """The tenant's directory, which knows the channels that are named even when one was added this moment."""
    named = [
        (caller.tenant_id, one.channel_id) for body in bodies for one in body.channels or () if one.channel_id
    ]
    if not named:
        known: Directory = await actors.directories.one(caller.tenant_id)
        return known
    found: Mapping[UUID, Directory] = await actors.directories.knowing(named)
    return found[caller.tenant_id]


async def _there(caller: Caller, actors: Any, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the contacts who can be written to at all."""
    if not contact_ids:
        return set()
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        found = await store.people(db, caller.tenant_id, list(set(contact_ids)), datetime.now(UTC))
    return {key for key, person in found.items() if person.addresses}


@router.get("", operation_id="list_all_messages", response_model=Page[MessageOut])
async def list_messages(
    caller: Reader,
    db: Db,
    actors: Actors,
    contact_id: ContactId | None = None,
    status: Annotated[str | None, Query(max_length=20)] = None,
    direction: Literal["in", "out"] | None = None,
    limit: Limit = PAGE_DEFAULT,
    starting_after: MessageId | None = None,
) -> dict[str, Any]:
    """Newest first, both directions; of a message with several attempts the one that stands."""
    rows = await store.page(
        db,
        caller.tenant_id,
        contact_id=contact_id,
        status=status,
        direction=direction,
        after=starting_after,
        limit=limit,
    )
    directory = await actors.directories.one(caller.tenant_id)
    items = [chain_view([row], directory) for row in rows[:limit]]
    return {"items": items, "has_more": len(rows) > limit}


@router.get("/{message_id}", operation_id="get_message", response_model=MessageOut)
async def get_message(message_id: MessageId, caller: Reader, db: Db, actors: Actors) -> dict[str, Any]:
    """One message with all its attempts; the id of any of them will do."""
    directory = await actors.directories.one(caller.tenant_id)
    return await _one(db, caller.tenant_id, message_id, directory)


async def _one(
    db: AsyncConnection, tenant_id: UUID, message_id: UUID, directory: Directory
) -> dict[str, Any]:
    rows = await store.chain(db, tenant_id, message_id)
    if not rows:
        raise NotFound("there is no such message")
    return chain_view(rows, directory)


async def _asked(body: MessageIn, caller: Caller, actors: Any, directory: Directory, at: str = "") -> Asked:
    """What a body asks for; a number nobody has becomes a contact now. Raises Invalid."""
    steps = steps_of(body.channels, directory, at)
    contact_id = body.contact_id
    if contact_id is None:
        contact_id = await actors.inbounds.contact(caller.tenant_id, body.to or "")
    return Asked(contact_id, body.message(), steps, body.purpose, body.validity_s)
