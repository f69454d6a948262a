"""What the routes of contacts share: how a contact looks, whose country a number is read in, the news of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import BackgroundTasks, Depends, Request, Response
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.deps import Who
from api.schemas import contacts as schemas
from hub import realtime
from hub.contacts import service, store
from hub.contacts.addresses import PHONE, reachable
from hub.contacts.suppression import AddressHasher
from hub.conversations.state import MarkRead
from hub.errors import HubError, Stale
from hub.ids import encode_id
from hub.tenancy import names
from hub.tenancy import store as tenancy
from hub.tenancy.caller import Caller, PermissionMissing


def _hasher(request: Request) -> AddressHasher:
    return AddressHasher(request.app.state.settings.secret_key.get_secret_value())


Hasher = Annotated[AddressHasher, Depends(_hasher)]


def _announcer(request: Request, background: BackgroundTasks, caller: Who) -> Callable[..., None]:
    def announce(*contact_ids: UUID) -> None:
        events = [
            (caller.tenant_id, {"type": "contact.updated", "contact_id": encode_id("con", contact_id)})
            for contact_id in contact_ids
        ]
        background.add_task(realtime.publish, request.app.state.redis, events)

    return announce


Announce = Annotated[Callable[..., None], Depends(_announcer)]
"""`announce(contact_id)`: tell the tenant's screens, after the commit."""


def _forgetter(request: Request, background: BackgroundTasks, caller: Who) -> Callable[..., None]:
    async def forget(contact_id: UUID, erased: bool) -> None:
        state = request.app.state
        with suppress(HubError):  # its host finds the contact gone, and drops what it has in memory
            await state.hub.command(caller.tenant_id, contact_id, MarkRead(datetime.now(UTC)))
        if erased:
            words = [encode_id(prefix, contact_id).encode() for prefix in ("con", "cnv")]
            await realtime.forget(state.redis, caller.tenant_id, words)

    def later(contact_id: UUID, *, erased: bool = False) -> None:
        background.add_task(forget, contact_id, erased)

    return later


Forget = Annotated[Callable[..., None], Depends(_forgetter)]
"""`forget(contact_id)`: after the commit, take a contact that is gone out of its host's memory; `erased`: and out of the
tenant's live stream."""


def require_any(*permissions: str) -> Any:
    """The caller, when they hold one of the permissions; PermissionMissing (403) names the first."""

    async def check(caller: Who) -> Caller:
        if not any(caller.may(permission) for permission in permissions):
            raise PermissionMissing(f"this needs the permission {permissions[0]}", permissions[0])
        return caller

    return Depends(check)


async def country(db: AsyncConnection, caller: Caller) -> str:
    """The country in which a number without one is read."""
    tenant = await tenancy.tenant(db, caller.tenant_id)
    return tenant.default_country if tenant else "US"


def fields(row: Row[Any]) -> dict[str, Any]:
    """A row of `hub.contacts.store` as the fields of a Contact."""
    phones = [address["address"] for address in row.addresses if address["kind"] == PHONE]
    return {**row._mapping, "phone": phones[0] if phones else None}


def contact(row: Row[Any]) -> schemas.Contact:
    return schemas.Contact(**fields(row))


async def detail(
    db: AsyncConnection, readable: Iterable[UUID], contact_id: UUID, response: Response
) -> schemas.ContactDetail:
    """One contact with its consents, and its ETag on the answer. Raises NotFound, ContactMerged or ContactErased."""
    tenants = list(readable)
    row, consents = await service.get(db, tenants, contact_id)
    etags.mark(response, row.version)
    kinds = {address["kind"] for address in row.addresses}
    out = {one.channel_kind for one in consents if one.purpose == "all" and one.state == "opted_out"}
    known = await names.actors(db, tenants, [one.changed_by for one in consents])
    return schemas.ContactDetail(
        **{
            **fields(row),
            "consents": [
                schemas.Consent(**one._mapping, changed_by_name=known[one.changed_by].name)
                for one in consents
            ],
            "reachable": reachable(kinds, out),
        }
    )


async def match(
    db: AsyncConnection, caller: Caller, if_match: str | None, contact_id: UUID, version: int
) -> None:
    """Compare If-Match with a held contact's version; a stale one is told who changed it and when."""
    try:
        etags.match(if_match, version)
    except Stale:
        last = await store.last_change(db, caller.tenant_id, contact_id)
        if last is None:
            raise
        known = await names.actors(db, list(caller.readable), [last.actor])
        etags.match(if_match, version, known[last.actor].name or known[last.actor].kind, last.at)
