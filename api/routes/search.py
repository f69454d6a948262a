"""Search over the messages of all conversations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy import Row

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import search as schemas
from api.schemas.common import Instant, Limit, MessageId
from hub.errors import Invalid
from hub.search import store
from hub.search.words import QUERY_CHARS_MAX, excerpt, words_of
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/search", tags=["inbox"], route_class=HubRoute)
Reader = Annotated[Caller, require("inbox:read")]


@router.get("/messages", operation_id="search_messages")
async def search_messages(
    db: Db,
    caller: Reader,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=QUERY_CHARS_MAX,
            description='Words that must all be there, or their beginnings; `"in quotes"` in this order.',
        ),
    ],
    channel: Literal["sms", "whatsapp", "rcs", "voice"] | None = None,
    direction: Literal["in", "out"] | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    limit: Limit = 20,
    starting_after: MessageId | None = None,
) -> schemas.FoundMessagePage:
    """Messages of all conversations and what was said in calls, the newest first. A message is found some seconds after it was written.

    Case and accents do not count. What campaigns sent is left out; the answers to it are found.
    """
    words = words_of(q)
    if not words:
        raise Invalid("at least one word", "?q")
    rows = await store.find(
        db,
        caller.tenant_id,
        words,
        channel=channel,
        direction=direction,
        since=since,
        until=until,
        after=starting_after,
        limit=limit + 1,
    )
    return schemas.FoundMessagePage(
        items=[_found(row, words) for row in rows[:limit]], has_more=len(rows) > limit
    )


def _found(row: Row[Any], words: list[str]) -> schemas.FoundMessage:
    piece = excerpt(row.body, words)
    return schemas.FoundMessage(
        message_id=row.id,
        call_id=row.call_id,
        conversation_id=row.contact_id,
        contact_id=row.contact_id,
        contact_name=row.contact_name,
        address=row.address,
        channel_kind=row.channel_kind,
        direction=row.direction,
        origin=row.origin,
        at=row.created_at,
        excerpt=piece.text,
        marks=piece.marks,
    )
