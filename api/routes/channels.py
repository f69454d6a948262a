"""Channels: the numbers and agents that a tenant sends by, their health, and tests of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from actors.attempts import Asked
from api import channel_views as views
from api import etags
from api.channel_views import Acting
from api.deps import Actors, Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.routes.provider_accounts import looked_at, opened
from api.schemas import channels as schemas
from api.schemas.common import AccountId, ChannelId
from api.schemas.messages import MessageOut
from hub.channels import health_report
from hub.channels import service_accounts as service
from hub.channels import store_accounts as store
from hub.channels.base import ChannelKind
from hub.channels.content import Text
from hub.channels.store import channel_from_row
from hub.channels.throttle import limits_of
from hub.conversations.views import chain_view
from hub.errors import Invalid, NotFound
from hub.failover import store as attempts
from hub.failover.plan import Step
from hub.ids import encode_id
from hub.tenancy.caller import Caller
from models.db import Scope, transaction

router = APIRouter(prefix="/v1/channels", tags=["channels"], route_class=HubRoute)
Reader = Annotated[Caller, require("channels:read")]
Manager = Annotated[Caller, require("channels:manage")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@router.get("", operation_id="list_channels")
async def list_channels(db: Db, caller: Reader, account_id: AccountId | None = None) -> schemas.ChannelsPage:
    """The senders of the acting tenant and below, by kind and name; there are at most 500."""
    rows = await store.channel_rows(db, list(caller.readable), account_id)
    items = [schemas.ChannelOut.model_validate(row) for row in rows]
    return schemas.ChannelsPage(items=items, has_more=False)


@router.post("", status_code=201, operation_id="create_channel")
async def create_channel(
    body: schemas.NewChannel, db: Db, caller: Manager, admin: Acting, response: Response
) -> schemas.ChannelOut:
    """Add a number at an account: one that is there, or a new one with its credentials, made in the same step.

    A number that was deleted before comes back with its history. 409 `channel-taken` when it is in use.
    """
    account_id = body.account_id
    if body.account is not None:
        account_id = await service.create_account(db, admin, body.account)
    assert account_id is not None
    account = await store.account(db, [caller.tenant_id], account_id)
    if account is None:
        raise Invalid("there is no such provider account of yours", "/account_id")
    channel_id = await service.create_channel(
        db,
        admin,
        account,
        kind=ChannelKind(body.kind),
        name=body.name,
        address=body.address,
        provider_address=body.provider_address,
    )
    return await _one(db, caller, channel_id, response)


@router.get("/{channel_id}", operation_id="get_channel")
async def get_channel(
    channel_id: ChannelId, db: Db, caller: Reader, response: Response
) -> schemas.ChannelOut:
    """One channel in use."""
    return await _one(db, caller, channel_id, response)


@router.patch("/{channel_id}", operation_id="update_channel")
async def update_channel(
    channel_id: ChannelId,
    body: schemas.ChangeChannel,
    db: Db,
    caller: Manager,
    admin: Acting,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.ChannelOut:
    """Give it another name. Its number and its account stay: for others, add a channel."""
    row = await service.held_channel(db, caller, channel_id, lock=True)
    etags.match(if_match, row.version)
    await service.rename_channel(db, admin, row, body.name)
    return await _one(db, caller, channel_id, response)


@router.delete("/{channel_id}", status_code=204, operation_id="delete_channel")
async def delete_channel(
    channel_id: ChannelId, db: Db, caller: Manager, admin: Acting, if_match: IfMatch = None
) -> None:
    """Take a channel out of use: its messages stay and still name it. 409 `messages-under-way` while some wait."""
    row = await service.held_channel(db, caller, channel_id, lock=True)
    etags.match(if_match, row.version)
    await service.delete_channel(db, admin, row)


@router.get("/{channel_id}/health", operation_id="get_channel_health")
async def channel_health(
    channel_id: ChannelId, request: Request, db: Db, caller: Reader
) -> schemas.ChannelHealthOut:
    """How the account behind it does, and what became of this channel's messages in the last hour and day."""
    row = await service.held_channel(db, caller, channel_id)
    account = await opened(request, db, row.account_id)
    now = datetime.now(UTC)
    calls = row.kind == ChannelKind.VOICE
    rows = await store.outcomes(db, row.tenant_id, row.id, now - HOUR, now - DAY, calls=calls)
    found = await health_report.of_accounts(request.app.state.redis, {account.id: account.provider})
    health = found.get(account.id)
    told = health_report.outcomes(account.provider, rows)
    return schemas.ChannelHealthOut(
        account=views.health(health) if health is not None else None,
        minutes=views.minutes(health),
        limits=limits_of(account, channel_from_row(row)),
        statuses=[
            schemas.StatusCount(status=status, hour=told.hour.get(status, 0), day=count)
            for status, count in told.day.items()
        ],
        errors=views.errors(told.errors),
        last_error=schemas.LastErrorOut.model_validate(told.last_error) if told.last_error else None,
    )


@router.post("/{channel_id}/test", operation_id="test_channel")
async def check_channel(
    channel_id: ChannelId,
    body: schemas.ChannelTest,
    request: Request,
    caller: Manager,
    actors: Actors,
    admin: Acting,
) -> schemas.ChannelTestOut:
    """Ask the provider whether it accepts the account, or really send a test message to a number.

    A test message goes through the one door: consent, window, price and money count. Follow it by its id.
    """
    async with transaction(request.app.state.engine, caller.scope) as db:
        row = await service.held_channel(db, caller, channel_id)
        if row.tenant_id != caller.tenant_id:
            raise NotFound("there is no such channel")
        account = await opened(request, db, row.account_id)
    if isinstance(body, schemas.TestCredentials):
        found = await looked_at(request, actors, account, channel_from_row(row))
        return schemas.ChannelTestOut(check=found, message=None)
    contact_id = await actors.inbounds.contact(caller.tenant_id, body.to)
    content = body.content if body.content is not None else Text(text=body.text)
    steps = [Step(channel_id=row.id, timeout_s=None)]
    asked = Asked(contact_id, content, steps, "transactional")
    message_id = await actors.attempts.send(caller.tenant_id, asked)
    async with transaction(actors.engine, Scope.of(caller.tenant_id)) as db:
        await admin.note(db, "channel.tested", encode_id("chn", row.id), message=encode_id("msg", message_id))
        chain = await attempts.chain(db, caller.tenant_id, message_id)
    directory = await actors.directories.one(caller.tenant_id)
    message = MessageOut.model_validate(chain_view(chain, directory))
    return schemas.ChannelTestOut(check=None, message=message)


async def _one(db: Db, caller: Caller, channel_id: UUID, response: Response) -> schemas.ChannelOut:
    row = await service.held_channel(db, caller, channel_id)
    etags.mark(response, row.version)
    return schemas.ChannelOut.model_validate(row)
