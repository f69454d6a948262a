"""Campaigns by API: create, launch, watch, pause, resume, cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Actors, Db, require
from api.requests import HubRoute
from api.routes.steps import steps_of
from api.schemas.campaigns import Campaign, CampaignIn
from api.schemas.common import PAGE_DEFAULT, CampaignId, Limit, Page
from hub.campaigns import service, store
from hub.campaigns.service import Draft
from hub.errors import NotFound
from hub.failover.plan import Step
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"], route_class=HubRoute)
Reader = Annotated[Caller, require("campaigns:read")]
Writer = Annotated[Caller, require("campaigns:write")]
Starter = Annotated[Caller, require("campaigns:start")]


@router.get("", operation_id="list_campaigns", response_model=Page[Campaign])
async def list_campaigns(
    caller: Reader,
    db: Db,
    actors: Actors,
    limit: Limit = PAGE_DEFAULT,
    starting_after: CampaignId | None = None,
) -> dict[str, Any]:
    """Newest first."""
    rows = await store.page(db, caller.tenant_id, after=starting_after, limit=limit)
    directory = await actors.directories.one(caller.tenant_id)
    now = datetime.now(UTC)
    items = [await service.view(db, row, directory, now) for row in rows[:limit]]
    return {"items": items, "has_more": len(rows) > limit}


@router.post("", operation_id="create_campaign", response_model=Campaign, status_code=201)
async def create_campaign(body: CampaignIn, caller: Writer, db: Db, actors: Actors) -> Any:
    """A draft. The template is checked now, each message again when it is rendered."""
    directory = await actors.directories.one(caller.tenant_id)
    steps = None if body.channels is None else steps_of(body.channels, directory)
    if body.channel_id is not None:
        steps = [Step(channel_id=body.channel_id)]
    draft = Draft(
        body.name,
        body.template or "",
        body.content,
        steps,
        body.audience.tag,
        body.audience.segment_id,
        body.variables,
        body.flow_id,
        body.validity_s,
    )
    now = datetime.now(UTC)
    campaign_id = await service.create(db, directory, draft, created_by=caller.principal, now=now)
    return await _view(db, actors, caller, campaign_id)


@router.get("/{campaign_id}", operation_id="get_campaign", response_model=Campaign)
async def get_campaign(campaign_id: CampaignId, caller: Reader, db: Db, actors: Actors) -> Any:
    """Progress as it is now."""
    return await _view(db, actors, caller, campaign_id)


@router.post("/{campaign_id}/launch", operation_id="launch_campaign", response_model=Campaign)
async def launch(
    campaign_id: CampaignId, caller: Starter, db: Db, actors: Actors, after: BackgroundTasks
) -> Any:
    """Freeze the audience and begin to send."""
    size = actors.settings.send_batch
    await service.launch(db, caller.tenant_id, campaign_id, batch_size=size, now=datetime.now(UTC))
    after.add_task(actors.wake_campaign, campaign_id)
    return await _view(db, actors, caller, campaign_id)


@router.post("/{campaign_id}/pause", operation_id="pause_campaign", response_model=Campaign)
async def pause(campaign_id: CampaignId, caller: Starter, db: Db, actors: Actors) -> Any:
    """Stop at the recipient. What a provider has already is on its way."""
    await service.pause(db, caller.tenant_id, campaign_id)
    return await _view(db, actors, caller, campaign_id)


@router.post("/{campaign_id}/resume", operation_id="resume_campaign", response_model=Campaign)
async def resume(
    campaign_id: CampaignId, caller: Starter, db: Db, actors: Actors, after: BackgroundTasks
) -> Any:
    """Go on at the recipient where it stopped."""
    await service.resume(db, caller.tenant_id, campaign_id)
    after.add_task(actors.wake_campaign, campaign_id)
    return await _view(db, actors, caller, campaign_id)


@router.post("/{campaign_id}/cancel", operation_id="cancel_campaign", response_model=Campaign)
async def cancel(campaign_id: CampaignId, caller: Starter, db: Db, actors: Actors) -> Any:
    """End for good; the money of what was not sent is released."""
    await service.cancel(db, caller.tenant_id, campaign_id, datetime.now(UTC))
    return await _view(db, actors, caller, campaign_id)


async def _view(db: AsyncConnection, actors: Any, caller: Caller, campaign_id: UUID) -> dict[str, Any]:
    row = await store.get(db, caller.tenant_id, campaign_id)
    if row is None:
        raise NotFound("there is no such campaign")
    directory = await actors.directories.one(caller.tenant_id)
    return await service.view(db, row, directory, datetime.now(UTC))
