"""The media library: files that are sent, and files that people sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import DB, Db, Who, authenticate, require
from api.media_uploads import DRAFT, FILENAME, MediaRoute, may_upload
from api.requests import HubRoute
from api.schemas.common import PAGE_DEFAULT, Limit, MediaId, Page
from api.schemas.media import AtProvider, ForProvider, Medium
from hub.channels import store as channel_store
from hub.channels.errors import SendRefused
from hub.channels.http import ProviderClient
from hub.errors import Conflict, Invalid, NotFound
from hub.media import service, store
from hub.media.kinds import channels_of
from hub.media.links import Links
from hub.media.shelf import Shelf
from hub.settings import Settings
from hub.tenancy.caller import Caller
from models.channels import channels
from models.db import Scope, transaction

router = APIRouter(prefix="/v1/media", tags=["media"], route_class=HubRoute)
uploads = APIRouter(prefix="/v1/media", tags=["media"], route_class=MediaRoute)
Reader = Annotated[Caller, require("channels:read")]
SHOWN = ("image/", "video/", "audio/")  # what a browser may show; all else is saved
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One file, at most 100 MiB.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            }
        },
    }
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@uploads.post("", operation_id="upload_media", response_model=Medium, status_code=201, openapi_extra=_BODY)
async def upload_media(request: Request, caller: Who) -> Any:
    """Upload a file to send. What it is, is found in the file itself; `channels` says who takes it."""
    shared: AsyncConnection | None = request.scope.get(DB)
    if shared is not None:
        return await _upload(shared, request, caller)
    async with transaction(request.app.state.engine, caller.scope) as db:
        return await _upload(db, request, caller)


async def _upload(db: AsyncConnection, request: Request, caller: Caller) -> Medium:
    settings: Settings = request.app.state.settings
    media_id = await service.keep_upload(
        db, Shelf(settings.var_dir), caller.tenant_id, request.scope[DRAFT], request.scope[FILENAME]
    )
    return _shown(settings, await service.held(db, caller.tenant_id, media_id))


@router.get("", operation_id="list_media")
async def list_media(
    request: Request,
    db: Db,
    caller: Reader,
    source: Literal["upload", "inbound"] | None = None,
    limit: Limit = PAGE_DEFAULT,
    starting_after: MediaId | None = None,
) -> Page[Medium]:
    """Newest first."""
    rows = await store.page(db, caller.tenant_id, source=source, after=starting_after, limit=limit + 1)
    items = [_shown(request.app.state.settings, row) for row in rows[:limit]]
    return Page[Medium](items=items, has_more=len(rows) > limit)


@router.get("/{media_id}", operation_id="get_media")
async def get_media(media_id: MediaId, request: Request, db: Db, caller: Reader) -> Medium:
    return _shown(request.app.state.settings, await service.held(db, caller.tenant_id, media_id))


@router.delete("/{media_id}", status_code=204, operation_id="delete_media")
async def delete_media(media_id: MediaId, request: Request, db: Db, caller: Who) -> None:
    """Take a file out of the library; messages that were sent with it lose it."""
    may_upload(caller)
    row = await service.held(db, caller.tenant_id, media_id)
    alone = row.sha256 is not None and await store.uses(db, caller.tenant_id, row.sha256) == 1
    await store.delete(db, caller.tenant_id, media_id)
    if alone:
        place = Shelf(request.app.state.settings.var_dir).place(caller.tenant_id, row.sha256)
        await asyncio.to_thread(place.unlink, missing_ok=True)


@router.get("/{media_id}/content", operation_id="media_content", responses=_FILE)
async def media_content(
    media_id: MediaId,
    request: Request,
    expires: Annotated[int, Query(ge=0, le=2**40, description="Of a signed address.")] = 0,
    signature: Annotated[str, Query(max_length=64, description="Of a signed address.")] = "",
) -> StreamingResponse:
    """The file itself: by the signed address that `url` gives, or signed in."""
    settings: Settings = request.app.state.settings
    if signature:
        _links(settings).check(media_id, expires, signature, datetime.now(UTC))
        async with transaction(request.app.state.engine, Scope.nothing()) as db:
            row = await store.file(db, media_id)
    else:
        caller = await authenticate(request)
        caller.require("channels:read")
        async with transaction(request.app.state.engine, caller.scope) as db:
            row = await service.held(db, caller.tenant_id, media_id)
    if row is None:
        raise NotFound("there is no such medium")
    if row.status != "ready":
        raise Conflict(f"the medium is {row.status}")
    return _answer(Shelf(settings.var_dir), row)


@router.post("/{media_id}/provider", operation_id="give_media_to_provider", status_code=201)
async def give_to_provider(media_id: MediaId, body: ForProvider, request: Request, caller: Who) -> AtProvider:
    """Upload a file to the provider of a WhatsApp channel, which then needs no address to fetch it from. 30 days."""
    may_upload(caller)
    settings: Settings = request.app.state.settings
    async with transaction(request.app.state.engine, caller.scope) as db:
        row = await service.held(db, caller.tenant_id, media_id)
        where = (channels.c.tenant_id == caller.tenant_id, channels.c.id == body.channel_id)
        channel = (await db.execute(select(channels).where(*where))).one_or_none()
        if channel is None or channel.provider != "whatsapp_cloud":
            raise Invalid("a WhatsApp channel is needed", "/channel_id")
        secret = settings.secret_key.get_secret_value()
        account = await channel_store.account(db, channel.account_id, secret)
    if account is None:
        raise NotFound("the provider account is not there any more")
    client = ProviderClient(1, settings.sender_timeout_s)
    try:
        found = await service.upload_to_provider(
            client, Shelf(settings.var_dir), account, channel.provider_address, row
        )
    except SendRefused as refused:
        raise Conflict(f"the provider refused: {refused}") from None
    finally:
        await client.close()
    expires_at = datetime.now(UTC) + service.PROVIDER_KEEPS
    return AtProvider(channel_id=channel.id, provider_media_id=found, expires_at=expires_at)


def _links(settings: Settings) -> Links:
    return Links(settings.secret_key.get_secret_value(), settings.public_url)


def _shown(settings: Settings, row: Row[Any]) -> Medium:
    ready = row.status == "ready"
    return Medium(
        **{name: getattr(row, name) for name in Medium.model_fields if name not in ("channels", "url")},
        channels=channels_of(row.mime_type, row.size_bytes) if ready else [],
        url=_links(settings).of(row.id, datetime.now(UTC)) if ready else None,
    )


def _answer(shelf: Shelf, row: Row[Any]) -> StreamingResponse:
    """The bytes as they are, so that no browser takes them for a page of ours."""
    pieces = shelf.pieces(row.tenant_id, row.sha256)
    try:
        first = next(pieces)
    except (FileNotFoundError, StopIteration):
        raise NotFound("the file is not on this machine's shelf") from None
    shown = row.mime_type.startswith(SHOWN)
    name = quote(row.filename or "file", safe="")
    headers = {
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }
    kind = row.mime_type if shown else "application/octet-stream"
    if row.mime_type == "application/pdf":
        kind = row.mime_type
    return StreamingResponse(_read(first, pieces), media_type=kind, headers=headers)


async def _read(first: bytes, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    while piece := await asyncio.to_thread(next, rest, b""):
        yield piece
