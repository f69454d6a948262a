"""Messages by the API: one content, sent by the best channel, taken over by the next when that one fails."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Actors, Db, require
from api.requests import HubRoute
from api.schemas.common import PAGE_DEFAULT, ContactId, Limit, MessageId, Page
from api.schemas.messages import MessageAnswer, MessageIn, MessageOut
from hub.channels.base import Channel, ChannelKind
from hub.conversations.views import chain_view, offer_view
from hub.directory import Directory
from hub.errors import Invalid, NotFound
from hub.failover import store
from hub.failover.plan import ORDER, TIMEOUT_S, Step
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
    directory = await actors.directories.one(caller.tenant_id)
    named = [(caller.tenant_id, one.channel_id) for one in body.channels if one.channel_id is not None]
    if named:
        directory = (await actors.directories.knowing(named))[caller.tenant_id]
    steps = _steps(body, directory)
    contact_id = body.contact_id
    if contact_id is None:
        contact_id = await actors.inbounds.contact(caller.tenant_id, body.to or "")
    if body.dry_run:
        found = await actors.attempts.preview(
            caller.tenant_id, contact_id, body.message(), steps, body.purpose
        )
        return {"message": None, "offers": [offer_view(one, directory) for one in found]}
    message_id = await actors.attempts.send(caller.tenant_id, contact_id, body.message(), steps, body.purpose)
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        return {"message": await _one(db, caller.tenant_id, message_id, directory), "offers": []}


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


def _steps(body: MessageIn, directory: Directory) -> list[Step]:
    """The channels to try, in order. Raises Invalid, naming the place."""
    if not body.channels:
        found = [_first(directory, kind) for kind in ORDER if kind is not ChannelKind.VOICE]
        channels = [one for one in found if one is not None]
        if not channels:
            raise Invalid("you have no channel that could carry a message", "/channels")
        return [Step(channel_id=one.id, timeout_s=TIMEOUT_S.get(one.kind)) for one in channels]
    steps: list[Step] = []
    for place, wanted in enumerate(body.channels):
        if wanted.channel_id is not None:
            channel = directory.channels.get(wanted.channel_id)
        else:
            channel = _first(directory, ChannelKind(wanted.kind or ""))
        if channel is None:
            what = "there is no such channel" if wanted.channel_id else f"you have no {wanted.kind} channel"
            raise Invalid(what, f"/channels/{place}")
        steps.append(Step(channel_id=channel.id, timeout_s=wanted.timeout_s or TIMEOUT_S.get(channel.kind)))
    if len({step.channel_id for step in steps}) < len(steps):
        raise Invalid("a channel stands there twice", "/channels")
    return steps


def _first(directory: Directory, kind: ChannelKind) -> Channel | None:
    return next((one for one in directory.channels.values() if one.kind is kind), None)
