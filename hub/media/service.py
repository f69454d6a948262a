"""Use cases of the media library: keep an upload, note what arrives, fetch it, give it to a provider."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.base import Account, ProviderRequest
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.channels.whatsapp_cloud import API_VERSION, answered
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import new_id
from hub.media import store
from hub.media.arriving import Arriving
from hub.media.fetch import Fetcher, FetchRefused
from hub.media.kinds import FILE_BYTES_MAX, LIMITS, kind_of
from hub.media.shelf import Draft, Shelf

ATTEMPTS_MAX = 6
PROVIDER_KEEPS = timedelta(days=29)  # WhatsApp forgets what was uploaded after 30 days
FILENAME_CHARS_MAX = 240


async def keep_upload(
    db: AsyncConnection, shelf: Shelf, tenant_id: UUID, draft: Draft, filename: str
) -> UUID:
    """Put an uploaded file on the shelf and into the library. Raises Invalid for an empty one."""
    if not draft.size:
        raise Invalid("the file is empty", "/file")
    mime_type = draft.mime_type(filename)
    media_id = new_id()
    row = {
        "tenant_id": tenant_id,
        "id": media_id,
        "status": "ready",
        "source": "upload",
        "kind": kind_of(mime_type),
        "mime_type": mime_type,
        "filename": filename[:FILENAME_CHARS_MAX],
        "sha256": draft.sha256,
        "size_bytes": draft.size,
    }
    await shelf.keep(draft, tenant_id)
    await store.insert(db, [row])
    return media_id


async def held(db: AsyncConnection, tenant_id: UUID, media_id: UUID) -> Row[Any]:
    """Raises NotFound."""
    row = await store.one(db, tenant_id, media_id)
    if row is None:
        raise NotFound("there is no such medium")
    return row


async def note_arriving(
    db: AsyncConnection, account: Account, tenant_id: UUID, files: Iterable[Arriving], now: datetime
) -> None:
    """Pending media of what people sent; repeats are no-ops."""
    rows = [
        {
            "tenant_id": tenant_id,
            "id": one.id,
            "status": "pending",
            "source": "inbound",
            "kind": one.kind,
            "mime_type": one.mime_type,
            "filename": one.filename,
            "account_id": account.id,
            "provider_media_id": one.provider_media_id,
            "provider_url": one.provider_url,
            "due_at": now,
        }
        for one in files
    ]
    await store.insert(db, rows)


async def fetch(
    client: ProviderClient, fetcher: Fetcher, account: Account, row: Row[Any], draft: Draft
) -> None:
    """Fill `draft` with a pending medium. Raises FetchRefused: its words are the reason that people see."""
    url, headers = row.provider_url, None
    if row.provider_media_id is not None:
        url, headers = await _address(client, account, row.provider_media_id)
    await fetcher.fetch(str(url), draft, headers, account.base_url)
    found = draft.mime_type(row.filename)
    if row.kind != "document" and kind_of(found) != row.kind:
        raise FetchRefused(f"the file is {found}, not {row.kind}")


async def _address(
    client: ProviderClient, account: Account, provider_media_id: str
) -> tuple[str, dict[str, str]]:
    """Where the file is for the next five minutes, and what has to be shown there."""
    headers = {"Authorization": "Bearer " + account.secrets["access_token"]}
    asked = ProviderRequest(f"{account.base_url}/{API_VERSION}/{provider_media_id}", headers, b"")
    try:
        answer = answered(*await client.get(asked))
        url, size = str(answer["url"]), int(answer.get("file_size", 0))
    except SendRefused as refused:
        raise FetchRefused(str(refused), refused.retryable) from None
    except SendOutcomeUnknown as unknown:
        raise FetchRefused(str(unknown), True) from None
    except (KeyError, TypeError, ValueError):
        raise FetchRefused("the provider's answer names no address") from None
    if size > FILE_BYTES_MAX:
        raise FetchRefused(f"a file has at most {FILE_BYTES_MAX} bytes")
    return url, headers


def backoff(attempts: int) -> timedelta:
    """2, 4, 8 … seconds, at most a minute: an address of WhatsApp's lives five minutes, the medium a week."""
    return timedelta(seconds=min(60, 2 ** min(attempts, 6)))


async def upload_to_provider(
    client: ProviderClient, shelf: Shelf, account: Account, provider_address: str, row: Row[Any]
) -> str:
    """Give a medium to WhatsApp; its id there. Raises Conflict for one that is not ready, Invalid, SendRefused.

    Asking twice leaves two copies at the provider and harms nobody.
    """
    if row.status != "ready":
        raise Conflict(f"the medium is {row.status}")
    if row.mime_type not in next(iter(LIMITS.values())):
        raise Invalid(f"WhatsApp takes no {row.mime_type}", "/id")
    data = b"".join(shelf.pieces(row.tenant_id, row.sha256))
    form = aiohttp.FormData()
    form.add_field("messaging_product", "whatsapp")
    form.add_field("type", row.mime_type)
    form.add_field("file", data, filename=row.filename or "file", content_type=row.mime_type)
    payload = form()
    headers = {
        "Authorization": "Bearer " + account.secrets["access_token"],
        "Content-Type": payload.content_type,
    }
    url = f"{account.base_url}/{API_VERSION}/{provider_address}/media"
    try:
        answer = answered(*await client.post(ProviderRequest(url, headers, await payload.as_bytes())))
        return str(answer["id"])
    except SendOutcomeUnknown as unknown:
        raise SendRefused(str(unknown), "upload") from None
    except (KeyError, TypeError):
        raise SendRefused("the provider's answer names no medium", "upload") from None
