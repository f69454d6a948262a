"""Templates that WhatsApp approves: made, changed and deleted here, submitted by a job, followed by webhook."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas.common import PAGE_DEFAULT, AccountId, Limit, Page, ProviderTemplateId
from api.schemas.templates import TemplateEdit, TemplateIn, TemplateOut, TemplatesSynced, TemplateSync
from hub.channels import store as channel_store
from hub.channels.base import Account
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.errors import Conflict, Forbidden, Invalid, Unavailable
from hub.settings import Settings
from hub.templates.provider_templates import service, store
from hub.templates.provider_templates.definition import NewTemplate
from hub.tenancy.caller import Caller
from models.channels import channels
from models.db import transaction

router = APIRouter(prefix="/v1/templates", tags=["templates"], route_class=HubRoute)
Reader = Annotated[Caller, require("channels:read")]
Writer = Annotated[Caller, require("campaigns:write")]


@router.get("", operation_id="list_templates")
async def list_templates(
    db: Db,
    caller: Reader,
    account_id: AccountId | None = None,
    status: Annotated[str | None, Query(max_length=40, examples=["APPROVED"])] = None,
    search: Annotated[str, Query(max_length=80, description="A piece of the name.")] = "",
    limit: Limit = PAGE_DEFAULT,
    starting_after: ProviderTemplateId | None = None,
) -> Page[TemplateOut]:
    """Newest first."""
    rows = await store.page(
        db,
        caller.tenant_id,
        account_id=account_id,
        status=status,
        search=search,
        after=starting_after,
        limit=limit + 1,
    )
    items = [TemplateOut.model_validate(row) for row in rows[:limit]]
    return Page[TemplateOut](items=items, has_more=len(rows) > limit)


@router.post("", status_code=201, operation_id="create_template")
async def create_template(body: TemplateIn, request: Request, db: Db, caller: Writer) -> TemplateOut:
    """Make a template. It is checked against WhatsApp's limits now and submitted at once; its status follows."""
    account = await _account(request, db, caller, body.channel_id)
    new = NewTemplate.model_validate(body.model_dump(exclude={"channel_id"}))
    template_id = await service.create(db, caller.tenant_id, account.id, new, datetime.now(UTC))
    return await _one(db, caller, template_id)


@router.post("/sync", operation_id="sync_templates")
async def sync_templates(body: TemplateSync, request: Request, caller: Writer) -> TemplatesSynced:
    """Read all templates of the channel's account at WhatsApp, those that were made elsewhere among them."""
    async with transaction(request.app.state.engine, caller.scope) as db:
        account = await _account(request, db, caller, body.channel_id)
    client = ProviderClient(1, request.app.state.settings.sender_timeout_s)
    try:
        rows = await service.read_all(client, account)
    except SendRefused as refused:
        raise Conflict(f"the provider refused: {refused}") from None
    except SendOutcomeUnknown:
        raise Unavailable("the provider does not answer") from None
    finally:
        await client.close()
    async with transaction(request.app.state.engine, caller.scope) as db:
        await service.write_all(db, caller.tenant_id, account.id, rows)
    return TemplatesSynced(templates=len(rows))


@router.get("/{template_id}", operation_id="get_template")
async def get_template(template_id: ProviderTemplateId, db: Db, caller: Reader) -> TemplateOut:
    return await _one(db, caller, template_id)


@router.put("/{template_id}", operation_id="edit_template")
async def edit_template(
    template_id: ProviderTemplateId, body: TemplateEdit, db: Db, caller: Writer
) -> TemplateOut:
    """New words. An approved template takes them once in 24 hours; it is reviewed anew."""
    await service.edit(db, caller.tenant_id, template_id, body, datetime.now(UTC))
    return await _one(db, caller, template_id)


@router.delete("/{template_id}", status_code=204, operation_id="delete_template")
async def delete_template(template_id: ProviderTemplateId, db: Db, caller: Writer) -> None:
    """Delete a template at WhatsApp, in this language."""
    await service.delete(db, caller.tenant_id, template_id, datetime.now(UTC))


async def _one(db: AsyncConnection, caller: Caller, template_id: UUID) -> TemplateOut:
    row: Row[Any] = await service.held(db, caller.tenant_id, template_id)
    return TemplateOut.model_validate(row)


async def _account(request: Request, db: AsyncConnection, caller: Caller, channel_id: UUID) -> Account:
    """The provider account of a WhatsApp channel of the caller's. Raises Invalid, Forbidden."""
    where = (channels.c.tenant_id == caller.tenant_id, channels.c.id == channel_id)
    channel = (await db.execute(select(channels).where(*where))).one_or_none()
    if channel is None or channel.provider != "whatsapp_cloud":
        raise Invalid("a WhatsApp channel is needed", "/channel_id")
    settings: Settings = request.app.state.settings
    account = await channel_store.account(db, channel.account_id, settings.secret_key.get_secret_value())
    if account is None or account.tenant_id != caller.tenant_id:
        raise Forbidden("the account is lent: its templates are managed by its owner")
    return account
