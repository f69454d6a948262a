"""Provider accounts: credentials that are written and never read, rates, health, and a harmless look at the provider."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import channel_views as views
from api import etags
from api.channel_views import Acting
from api.deps import Actors, Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import channels as schemas
from api.schemas.common import AccountId
from hub.channels import service_accounts as service
from hub.channels import store as channel_store
from hub.channels import store_accounts as store
from hub.channels.accounts import ChangeAccount, NewAccount
from hub.channels.base import Account, Channel
from hub.channels.checks import Check, check
from hub.channels.http import ProviderClient
from hub.errors import NotFound
from hub.tenancy.caller import Caller
from models.db import transaction

router = APIRouter(prefix="/v1/provider-accounts", tags=["channels"], route_class=HubRoute)
Reader = Annotated[Caller, require("channels:read")]
Manager = Annotated[Caller, require("channels:manage")]
LINKS = frozenset({"sip", "smpp"})  # spoken to over a connection that an actor keeps


@router.get("", operation_id="list_provider_accounts")
async def list_accounts(request: Request, db: Db, caller: Reader) -> schemas.ProviderAccountPage:
    """Accounts of the acting tenant and below with their channels and health, by name; there are at most 200."""
    rows = await store.accounts(db, list(caller.readable))
    return schemas.ProviderAccountPage(items=await views.accounts(request, db, caller, rows), has_more=False)


@router.post("", status_code=201, operation_id="create_provider_account")
async def create_account(
    body: NewAccount, request: Request, db: Db, caller: Manager, admin: Acting, response: Response
) -> schemas.ProviderAccountOut:
    """Add an account. Its secrets are encrypted at rest and in no answer. Nothing is asked of the provider yet."""
    account_id = await service.create_account(db, admin, body)
    return await _one(request, db, caller, account_id, response)


@router.get("/{account_id}", operation_id="get_provider_account")
async def get_account(
    account_id: AccountId, request: Request, db: Db, caller: Reader, response: Response
) -> schemas.ProviderAccountOut:
    """One account with its channels and health."""
    return await _one(request, db, caller, account_id, response)


@router.patch("/{account_id}", operation_id="update_provider_account")
async def update_account(
    account_id: AccountId,
    body: ChangeAccount,
    request: Request,
    db: Db,
    caller: Manager,
    admin: Acting,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.ProviderAccountOut:
    """Change what the body names: name, rates, settings, new secrets, or pause and resume. Senders follow in seconds."""
    row = await service.held_account(db, caller, account_id, lock=True)
    etags.match(if_match, row.version)
    await service.change_account(db, admin, row, body)
    return await _one(request, db, caller, account_id, response)


@router.delete("/{account_id}", status_code=204, operation_id="delete_provider_account")
async def delete_account(
    account_id: AccountId, db: Db, caller: Manager, admin: Acting, if_match: IfMatch = None
) -> None:
    """Delete an account with its credentials; its channels are archived. 409 `messages-under-way` while some wait."""
    row = await service.held_account(db, caller, account_id, lock=True)
    etags.match(if_match, row.version)
    await service.delete_account(db, admin, row)


@router.post("/{account_id}/check", operation_id="check_provider_account")
async def check_account(
    account_id: AccountId, request: Request, caller: Manager, actors: Actors
) -> schemas.CheckOut:
    """Ask the provider whether it accepts the account, now. Nothing is sent or charged."""
    async with transaction(request.app.state.engine, caller.scope) as db:
        await service.held_account(db, caller, account_id)
        account = await opened(request, db, account_id)
    return await looked_at(request, actors, account)


async def opened(request: Request, db: AsyncConnection, account_id: UUID) -> Account:
    """An account with its credentials, which the caller may use. Raises NotFound."""
    key = request.app.state.settings.secret_key.get_secret_value()
    account = await channel_store.account(db, account_id, key)
    if account is None:
        raise NotFound("there is no such provider account")
    return account


async def looked_at(
    request: Request, actors: Any, account: Account, channel: Channel | None = None
) -> schemas.CheckOut:
    """How a look at the provider ended."""
    settings = request.app.state.settings
    if account.provider in LINKS:
        found: Check = await actors.check_link(account)
    else:
        client = ProviderClient(1, settings.sender_timeout_s)
        try:
            found = await check(client, account, channel)
        finally:
            await client.close()
    return schemas.CheckOut(**asdict(found))


async def _one(
    request: Request, db: AsyncConnection, caller: Caller, account_id: UUID, response: Response
) -> schemas.ProviderAccountOut:
    row = await service.held_account(db, caller, account_id)
    etags.mark(response, row.version)
    (shown,) = await views.accounts(request, db, caller, [row])
    return shown
