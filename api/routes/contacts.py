"""Contacts and their tags."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import contacts as schemas
from api.schemas.common import PAGE_DEFAULT, ContactId, FieldError, Limit
from hub.contacts import service, store
from hub.contacts.contact import ContactInput
from hub.tenancy import store as tenancy
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=HubRoute)

Reader = Annotated[Caller, require("contacts:read")]
Writer = Annotated[Caller, require("contacts:write")]
TagReader = Annotated[Caller, require("contacts:read")]
TAGS_MAX = 1_000


@router.get("/contacts", operation_id="list_contacts")
async def contact_list(
    db: Db,
    caller: Reader,
    search: str = "",
    tag: str = "",
    limit: Limit = PAGE_DEFAULT,
    starting_after: ContactId | None = None,
) -> schemas.ContactPage:
    """Newest first. `search` is a piece of a name, or at least three digits of a number."""
    rows, has_more = await service.contact_list(
        db, caller.readable, search=search, tag=tag, after=starting_after, limit=limit
    )
    return schemas.ContactPage(items=[schemas.Contact(**_fields(row)) for row in rows], has_more=has_more)


@router.get("/contacts/{contact_id}", operation_id="get_contact")
async def contact(contact_id: ContactId, db: Db, caller: Reader) -> schemas.ContactDetail:
    return await _detail(db, caller, contact_id)


@router.post("/contacts", status_code=201, operation_id="create_contact")
async def create_contact(body: schemas.NewSingleContact, db: Db, caller: Writer) -> schemas.ContactDetail:
    """Create a contact; a number without a country code is read as one of the tenant's default country."""
    contact_id = await service.create(
        db,
        caller.tenant_id,
        _input(body),
        default_country=await _country(db, caller),
        consent_source=body.consent_source,
    )
    return await _detail(db, caller, contact_id)


@router.post("/contacts/batch", operation_id="upsert_contacts")
async def upsert_contacts(body: schemas.ContactBatch, db: Db, caller: Writer) -> schemas.BatchResults:
    """Create or update up to 1,000 contacts. One bad item is reported and harms no other."""
    results = await service.upsert_batch(
        db,
        caller.tenant_id,
        [_input(item) for item in body.contacts],
        default_country=await _country(db, caller),
        consent_source=body.consent_source,
    )
    counts = {
        status: sum(result.status == status for result in results)
        for status in ("created", "updated", "error")
    }
    return schemas.BatchResults(
        results=[_result(result) for result in results],
        created=counts["created"],
        updated=counts["updated"],
        errors=counts["error"],
    )


@router.get("/tags", operation_id="list_tags")
async def tags(db: Db, caller: TagReader) -> schemas.TagPage:
    """Every tag with the number of its contacts."""
    rows = await store.tag_list(db, list(caller.readable), limit=TAGS_MAX)
    return schemas.TagPage(items=[schemas.Tag.model_validate(row) for row in rows], has_more=False)


async def _country(db: AsyncConnection, caller: Caller) -> str:
    tenant = await tenancy.tenant(db, caller.tenant_id)
    return tenant.default_country if tenant else "US"


async def _detail(db: AsyncConnection, caller: Caller, contact_id: Any) -> schemas.ContactDetail:
    row, consents = await service.get(db, caller.readable, contact_id)
    return schemas.ContactDetail(
        **_fields(row), consents=[schemas.Consent.model_validate(consent) for consent in consents]
    )


def _input(body: schemas.NewContact) -> ContactInput:
    return ContactInput(body.phone, body.name, body.language, body.tags, body.attributes)


def _fields(row: Row[Any]) -> dict[str, Any]:
    phones = [address["address"] for address in row.addresses if address["kind"] == service.PHONE]
    return {**row._mapping, "phone": phones[0] if phones else None}


def _result(result: service.UpsertResult) -> schemas.BatchResult:
    error = None
    if result.error is not None:
        pointer = getattr(result.error, "pointer", "")
        error = FieldError(
            pointer=f"/contacts/{result.index}{pointer}", code=result.error.code, detail=str(result.error)
        )
    return schemas.BatchResult(index=result.index, status=result.status, id=result.id, error=error)
