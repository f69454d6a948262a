"""Saved replies: kept by people, offered to agents filled in for the conversation they answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.deps import Actors, Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import saved_replies as schemas
from api.schemas.common import ConversationId, Limit, SavedReplyId
from hub.replies import service, store
from hub.replies.reply import Ranked
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(tags=["inbox"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]
Agent = Annotated[Caller, require("inbox:write")]
Writer = Annotated[Caller, require("inbox:manage")]
SEARCH_CHARS_MAX = 80


@router.get("/v1/saved-replies", operation_id="list_saved_replies")
async def list_replies(db: Db, caller: Reader) -> schemas.SavedReplyPage:
    """The tenant's own and those of tenants above, by folder and name; of one shortcut the nearest. At most 2,000."""
    rows = await service.visible(db, caller.tenant_id)
    return schemas.SavedReplyPage(items=[_shown(row, row.distance > 0) for row in rows], has_more=False)


@router.post("/v1/saved-replies", status_code=201, operation_id="create_saved_reply")
async def create_reply(
    body: schemas.NewSavedReply, db: Db, caller: Writer, response: Response
) -> schemas.SavedReply:
    """Save an answer. 409 `shortcut-taken` when another one has its shortcut."""
    made = await service.create(db, caller.tenant_id, body.model_dump(), caller.principal, datetime.now(UTC))
    return await _one(db, caller, made, response)


@router.get("/v1/saved-replies/{reply_id}", operation_id="get_saved_reply")
async def get_reply(reply_id: SavedReplyId, db: Db, caller: Reader, response: Response) -> schemas.SavedReply:
    """One of the tenant's own."""
    return await _one(db, caller, reply_id, response)


@router.patch("/v1/saved-replies/{reply_id}", operation_id="update_saved_reply")
async def update_reply(
    reply_id: SavedReplyId,
    body: schemas.ChangeSavedReply,
    db: Db,
    caller: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.SavedReply:
    """Change what the body names."""
    row = await _held(db, caller, reply_id, if_match)
    values = body.model_dump(exclude_none=True)
    await service.change(db, row, values, caller.principal, datetime.now(UTC))
    return await _one(db, caller, reply_id, response)


@router.delete("/v1/saved-replies/{reply_id}", status_code=204, operation_id="delete_saved_reply")
async def delete_reply(reply_id: SavedReplyId, db: Db, caller: Writer, if_match: IfMatch = None) -> None:
    """Take it away. Messages that were sent with it stay as they are."""
    row = await _held(db, caller, reply_id, if_match)
    await store.remove(db, row.tenant_id, row.id)


@router.post("/v1/saved-replies/{reply_id}/uses", status_code=204, operation_id="count_saved_reply")
async def count_use(reply_id: SavedReplyId, body: schemas.UsedReply, db: Db, caller: Agent) -> None:
    """An agent took it for this conversation: it is suggested sooner for messages of the same intent."""
    await service.used(db, caller.tenant_id, reply_id, body.conversation_id, datetime.now(UTC))


@router.get("/v1/conversations/{conversation_id}/saved-replies", operation_id="suggest_saved_replies")
async def suggest_replies(
    conversation_id: ConversationId,
    db: Db,
    caller: Reader,
    actors: Actors,
    search: Annotated[
        str, Query(max_length=SEARCH_CHARS_MAX, description="What was typed after the slash.")
    ] = "",
    limit: Limit = 20,
) -> schemas.SuggestedReplyPage:
    """The replies filled in for this conversation: first those that answer what the contact wrote last."""
    directory = await actors.directories.one(caller.tenant_id)
    found = await service.for_conversation(db, directory, conversation_id, caller.user_id, search)
    return schemas.SuggestedReplyPage(
        items=[_suggested(each) for each in found[:limit]], has_more=len(found) > limit
    )


async def _held(db: AsyncConnection, caller: Caller, reply_id: Any, if_match: str | None) -> Row[Any]:
    row = await service.held(db, caller.tenant_id, reply_id, lock=True)
    known = await names.actors(db, list(caller.readable), [row.updated_by])
    etags.match(if_match, row.version, known[row.updated_by].name, row.updated_at)
    return row


async def _one(db: AsyncConnection, caller: Caller, reply_id: Any, response: Response) -> schemas.SavedReply:
    row = await service.held(db, caller.tenant_id, reply_id)
    etags.mark(response, row.version)
    return _shown(row, False)


def _shown(row: Row[Any], inherited: bool) -> schemas.SavedReply:
    return schemas.SavedReply(**{**row._mapping, "inherited": inherited})


def _suggested(found: Ranked) -> schemas.SuggestedReply:
    reply = found.reply
    return schemas.SuggestedReply(
        id=reply.id,
        name=reply.name,
        shortcut=reply.shortcut,
        folder=reply.folder,
        text=found.text,
        problem=found.problem,
        suggested=found.suggested,
        uses=found.uses,
    )
