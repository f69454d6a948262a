"""Who named you in a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Request

from api.deps import Db, require
from api.deps import Who as CallerOf
from api.requests import HubRoute
from api.schemas import mentions as schemas
from api.schemas.common import PAGE_DEFAULT, Limit, MentionId
from api.schemas.timeline import Who
from hub import realtime
from hub.contacts import mentions
from hub.errors import Forbidden
from hub.ids import encode_id
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/me/mentions", tags=["inbox"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]


def _teller(
    request: Request, background: BackgroundTasks, caller: CallerOf
) -> Callable[[Sequence[UUID]], None]:
    def tell(user_ids: Sequence[UUID]) -> None:
        events = [
            (caller.tenant_id, {"type": "mention.created", "user_id": encode_id("usr", user_id)})
            for user_id in user_ids
        ]
        if events:
            background.add_task(realtime.publish, request.app.state.redis, events)

    return tell


TellMentioned = Annotated[Callable[[Sequence[UUID]], None], Depends(_teller)]
"""`tell(user_ids)`: their screens show after the commit that somebody named them."""


@router.get("", operation_id="list_mentions")
async def list_mentions(
    db: Db,
    caller: Reader,
    unread: bool = False,
    limit: Limit = PAGE_DEFAULT,
    starting_after: MentionId | None = None,
) -> schemas.MentionPage:
    """Notes that name you in the acting tenant, the newest first."""
    user_id = _person(caller)
    rows = await mentions.page(
        db, caller.tenant_id, user_id, unread=unread, after=starting_after, limit=limit
    )
    people = await names.actors(db, list(caller.readable), {row.mentioned_by for row in rows})
    items = [
        schemas.Mention(
            id=row.id,
            conversation_id=row.contact_id,
            contact_id=row.contact_id,
            contact_name=row.contact_name,
            note_id=row.note_id,
            body=row.data.get("body", ""),
            by=Who.model_validate(people[row.mentioned_by]),
            at=row.at,
            read_at=row.read_at,
        )
        for row in rows[:limit]
    ]
    count = await mentions.count_unread(db, caller.tenant_id, user_id)
    return schemas.MentionPage(items=items, has_more=len(rows) > limit, unread=count)


@router.post("/read", status_code=204, operation_id="read_mentions")
async def read_all(db: Db, caller: Reader) -> None:
    """All of them are read."""
    await mentions.read(db, caller.tenant_id, _person(caller), None, datetime.now(UTC))


@router.post("/{mention_id}/read", status_code=204, operation_id="read_mention")
async def read_one(mention_id: MentionId, db: Db, caller: Reader) -> None:
    """You have read this one."""
    await mentions.read(db, caller.tenant_id, _person(caller), mention_id, datetime.now(UTC))


def _person(caller: Caller) -> UUID:
    if caller.user_id is None:
        raise Forbidden("a key has no name that somebody could mention")
    return caller.user_id
