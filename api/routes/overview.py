"""The home page, and the lists that other pages pick from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from api.deps import Db, Who, require
from api.requests import HubRoute
from api.schemas import overview as schemas
from api.schemas.common import PAGE_DEFAULT, Limit, UnroutedId
from hub.clock import SystemClock
from hub.overview import service, store
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["overview"], route_class=HubRoute)

Platform = Annotated[Caller, require("platform:read")]


@router.get("/home", operation_id="home")
async def home(db: Db, caller: Who) -> schemas.Home:
    """What happened today and what waits, in the acting tenant and below it."""
    found = await service.home(db, caller, SystemClock().now())
    wallet = found.wallet
    return schemas.Home(
        conversations=schemas.OpenConversations.model_validate(found.conversations),
        messages_today=schemas.MessageCounts.model_validate(found.messages_today),
        queues=[schemas.QueueCounts.model_validate(row) for row in found.queues],
        campaigns=[schemas.CampaignGlance.model_validate(row) for row in found.campaigns],
        wallet=schemas.WalletGlance(
            balance=wallet.balance_micros,
            held=wallet.held_micros,
            available=wallet.available_micros,
            currency=wallet.currency,
        )
        if wallet
        else None,
        intents_today=[
            schemas.IntentCount(intent=row.intent, count=row._mapping["count"]) for row in found.intents_today
        ],
    )


@router.get("/unrouted-events", operation_id="list_unrouted_events")
async def unrouted_events(
    db: Db, caller: Platform, limit: Limit = PAGE_DEFAULT, starting_after: UnroutedId | None = None
) -> schemas.UnroutedPage:
    """Signed messages and receipts for numbers that no channel has, newest first. For platform admins."""
    rows = await store.unrouted_events(db, list(caller.readable), after=starting_after, limit=limit + 1)
    items = [schemas.UnroutedEvent.model_validate(row) for row in rows[:limit]]
    return schemas.UnroutedPage(items=items, has_more=len(rows) > limit)
