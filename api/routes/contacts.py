"""Contacts: lists, one contact, and what changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import orjson
import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from redis.exceptions import RedisError

from api.deps import Db, require
from api.etags import IfMatch
from api.people import Announce, Hasher, contact, country, detail, match
from api.requests import HubRoute
from api.schemas import contacts as schemas
from api.schemas.common import PAGE_DEFAULT, ContactId, FieldError, Limit, SegmentId
from hub.contacts import service, service_changes, service_listing, store
from hub.contacts.consents import Consent
from hub.contacts.contact import ContactInput
from hub.contacts.listing import Filter, Sort
from hub.contacts.service_changes import Patch
from hub.contacts.service_common import locked
from hub.errors import Invalid
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=HubRoute)
log = structlog.get_logger("api")

Reader = Annotated[Caller, require("contacts:read")]
Writer = Annotated[Caller, require("contacts:write")]
TAGS_MAX = 1_000
LANDMARKS_KEPT_S = 60


def _filter(
    search: Annotated[
        str,
        Query(
            description="A piece of a name, at least three digits of a number, its beginning with +, or a tag."
        ),
    ] = "",
    tag: Annotated[str, Query(description="Has this tag.")] = "",
    segment: Annotated[SegmentId | None, Query(description="Is in this segment now.")] = None,
    channel: Annotated[
        schemas.ChannelKind | None, Query(description="Has an address for this channel.")
    ] = None,
    consent: Annotated[
        str,
        Query(
            description="`opted_in`, `opted_out` or `none`; of `channel` when it is given, of any otherwise."
        ),
    ] = "",
    language: str = "",
) -> Filter:
    return Filter(search, tag, segment, channel or "", consent, language)


Wanted = Annotated[Filter, Depends(_filter)]


@router.get("/contacts", operation_id="list_contacts")
async def contact_list(
    db: Db,
    caller: Reader,
    wanted: Wanted,
    sort: Sort = "-created",
    limit: Limit = PAGE_DEFAULT,
    starting_after: ContactId | None = None,
) -> schemas.ContactPage:
    """Contacts of the acting tenant and those below it, newest first unless `sort` says otherwise.

    Any contact can be the place to start after, in every order; a page costs the same wherever it begins.
    """
    rows, has_more = await service_listing.page(
        db, caller.tenant_id, caller.readable, wanted, sort=sort, after=starting_after, limit=limit
    )
    return schemas.ContactPage(items=[contact(row) for row in rows], has_more=has_more)


@router.get("/contacts/count", operation_id="count_contacts")
async def contact_count(db: Db, caller: Reader, wanted: Wanted) -> schemas.ContactCount:
    """How many contacts the same filters find."""
    return schemas.ContactCount(
        count=await service_listing.count(db, caller.tenant_id, caller.readable, wanted)
    )


@router.get("/contacts/landmarks", operation_id="list_contact_landmarks")
async def contact_landmarks(
    request: Request,
    db: Db,
    caller: Reader,
    wanted: Wanted,
    sort: Sort = "-created",
    every: Annotated[int, Query(description="How many rows lie between two landmarks: 50 to 10,000.")] = 500,
) -> schemas.Landmarks:
    """The ids of rows `every`, 2 · `every`, …, for a table that opens at any row. Up to a minute old."""
    name = f"t:{caller.tenant_id.hex}:marks:{_digest(caller, wanted, sort, every)}"
    redis = request.app.state.redis
    try:
        kept = await redis.get(name)
    except (RedisError, OSError) as error:  # made anew each time while Redis is away
        log.warning("landmarks_not_kept", error=type(error).__name__)
        kept = None
    if kept is not None:
        return schemas.Landmarks.model_validate(orjson.loads(kept))
    total, ids = await service_listing.landmarks(
        db, caller.tenant_id, caller.readable, wanted, sort=sort, every=every
    )
    found = schemas.Landmarks(every=every, count=total, items=ids)
    try:
        await redis.set(name, found.model_dump_json(), ex=LANDMARKS_KEPT_S)
    except (RedisError, OSError) as error:
        log.warning("landmarks_not_kept", error=type(error).__name__)
    return found


def _digest(caller: Caller, wanted: Filter, sort: str, every: int) -> str:
    readable = sorted(str(tenant) for tenant in caller.readable)
    return hashlib.sha256(repr((readable, wanted, sort, every)).encode()).hexdigest()[:32]


@router.get("/contacts/{contact_id}", operation_id="get_contact")
async def get_contact(
    contact_id: ContactId, db: Db, caller: Reader, response: Response
) -> schemas.ContactDetail:
    """One contact with every consent. The ETag is what a PATCH sends as If-Match.

    404 has the code `contact-merged` with `merged_into`, or `contact-erased` with `erased_at`, where that is why.
    """
    return await detail(db, caller.readable, contact_id, response)


@router.post("/contacts", status_code=201, operation_id="create_contact")
async def create_contact(
    body: schemas.NewSingleContact,
    db: Db,
    caller: Writer,
    hasher: Hasher,
    announce: Announce,
    response: Response,
) -> schemas.ContactDetail:
    """Create a contact; a number without a country code is read as one of the tenant's default country.

    It begins opted in on SMS and WhatsApp with `consent_source`, or opted out everywhere when an address is suppressed.
    409 `contact-exists` names the contact that has one of the addresses.
    """
    contact_id = await service.create(
        db,
        caller.tenant_id,
        _input(body),
        default_country=await country(db, caller),
        consent_source=body.consent_source,
        hasher=hasher,
        actor=caller.principal,
    )
    announce(contact_id)
    return await detail(db, caller.readable, contact_id, response)


@router.post("/contacts/batch", operation_id="upsert_contacts")
async def upsert_contacts(
    body: schemas.ContactBatch, db: Db, caller: Writer, hasher: Hasher
) -> schemas.BatchResults:
    """Create or update up to 1,000 contacts, known by any of their addresses. One bad item harms no other."""
    results = await service.upsert_batch(
        db,
        caller.tenant_id,
        [_input(item) for item in body.contacts],
        default_country=await country(db, caller),
        consent_source=body.consent_source,
        hasher=hasher,
        actor=caller.principal,
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


@router.post("/contacts/bulk", operation_id="change_contacts")
async def change_contacts(
    body: schemas.BulkChange, db: Db, caller: Writer, announce: Announce
) -> schemas.BulkResult:
    """Add and remove tags of the named contacts, or of all that a filter finds (at most 200,000).

    With `dry_run` nothing changes and `changed` says how many would.
    """
    if (body.contact_ids is None) == (body.filter is None):
        raise Invalid("give either contact_ids or filter", "/contact_ids")
    wanted = None
    if body.filter is not None:
        given = body.filter
        wanted = Filter(
            given.search, given.tag, given.segment, given.channel or "", given.consent or "", given.language
        )
    result = await service_listing.bulk_tags(
        db,
        caller.tenant_id,
        contact_ids=body.contact_ids,
        wanted=wanted,
        add=body.add_tags,
        remove=body.remove_tags,
        dry_run=body.dry_run,
        actor=caller.principal,
    )
    if result.changed and not body.dry_run:
        announce(*(body.contact_ids or ())[:100])
    return schemas.BulkResult(matched=result.matched, changed=result.changed)


@router.patch("/contacts/{contact_id}", operation_id="update_contact")
async def update_contact(
    contact_id: ContactId,
    body: schemas.PatchContact,
    db: Db,
    caller: Writer,
    announce: Announce,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.ContactDetail:
    """Change name, language, time zone or attributes of the version that you saw: send its ETag as If-Match."""
    state = await locked(db, caller.tenant_id, contact_id)
    await match(db, caller, if_match, contact_id, state.version)
    wanted = Patch(body.name, body.language, body.time_zone, body.attributes)
    outcome = await service_changes.patch(db, caller.tenant_id, state, wanted, caller.principal)
    if outcome.changed:
        announce(contact_id)
    return await detail(db, caller.readable, contact_id, response)


@router.post("/contacts/{contact_id}/addresses", status_code=201, operation_id="add_address")
async def add_address(
    contact_id: ContactId,
    body: schemas.AddAddress,
    db: Db,
    caller: Writer,
    hasher: Hasher,
    announce: Announce,
    response: Response,
) -> schemas.ContactDetail:
    """Give the contact one more address. 409 `address-taken` names the contact that has it: merge the two."""
    await service_changes.add_address(
        db,
        caller.tenant_id,
        contact_id,
        kind=body.kind,
        address=body.address,
        primary=body.primary,
        default_country=await country(db, caller),
        hasher=hasher,
        actor=caller.principal,
    )
    announce(contact_id)
    return await detail(db, caller.readable, contact_id, response)


@router.patch("/contacts/{contact_id}/addresses/{kind}/{address}", operation_id="update_address")
async def update_address(
    contact_id: ContactId,
    kind: str,
    address: str,
    body: schemas.ChangeAddress,
    db: Db,
    caller: Writer,
    announce: Announce,
    response: Response,
) -> schemas.ContactDetail:
    """Make it the primary address of its kind: the one that is written to first."""
    assert body.primary
    await service_changes.make_primary(db, caller.tenant_id, contact_id, kind, address, caller.principal)
    announce(contact_id)
    return await detail(db, caller.readable, contact_id, response)


@router.delete("/contacts/{contact_id}/addresses/{kind}/{address}", operation_id="remove_address")
async def remove_address(
    contact_id: ContactId,
    kind: str,
    address: str,
    db: Db,
    caller: Writer,
    announce: Announce,
    response: Response,
) -> schemas.ContactDetail:
    """Take an address away; who writes from it next is somebody new. The last one stays (409)."""
    await service_changes.remove_address(db, caller.tenant_id, contact_id, kind, address, caller.principal)
    announce(contact_id)
    return await detail(db, caller.readable, contact_id, response)


@router.put("/contacts/{contact_id}/tags/{tag}", operation_id="add_tag")
async def add_tag(
    contact_id: ContactId, tag: str, db: Db, caller: Writer, announce: Announce, response: Response
) -> schemas.ContactDetail:
    """Add a tag; one that is there already stays."""
    await _set_tags(db, caller, contact_id, announce, add=[tag])
    return await detail(db, caller.readable, contact_id, response)


@router.delete("/contacts/{contact_id}/tags/{tag}", operation_id="remove_tag")
async def remove_tag(
    contact_id: ContactId, tag: str, db: Db, caller: Writer, announce: Announce, response: Response
) -> schemas.ContactDetail:
    """Take a tag away; one that is not there is no error."""
    await _set_tags(db, caller, contact_id, announce, remove=[tag])
    return await detail(db, caller.readable, contact_id, response)


async def _set_tags(
    db: Db,
    caller: Caller,
    contact_id: UUID,
    announce: Announce,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> None:
    outcome = await service_changes.set_tags(
        db, caller.tenant_id, contact_id, add=add, remove=remove, actor=caller.principal
    )
    if outcome.changed:
        announce(contact_id)


@router.post("/contacts/{contact_id}/consents", operation_id="set_consent")
async def set_consent(
    contact_id: ContactId,
    body: schemas.NewConsent,
    db: Db,
    caller: Writer,
    hasher: Hasher,
    announce: Announce,
    response: Response,
) -> schemas.ContactDetail:
    """Write down what the person said on one channel for one purpose, and how you know.

    The next send looks at it. 409 `suppressed`: nobody opts in who is on the suppression list.
    """
    consent = Consent(body.channel_kind, body.purpose, body.state, body.source, body.proof)
    await service_changes.set_consent(
        db, caller.tenant_id, contact_id, consent, hasher=hasher, actor=caller.principal
    )
    announce(contact_id)
    return await detail(db, caller.readable, contact_id, response)


@router.get("/contacts/{contact_id}/duplicates", operation_id="list_duplicates")
async def duplicates(contact_id: ContactId, db: Db, caller: Reader) -> schemas.Duplicates:
    """Up to ten contacts that may be the same person: the same name, or the same value of an indexed attribute."""
    found = await service_listing.duplicates(db, caller.readable, contact_id)
    items = [
        schemas.Duplicate(contact=contact(row), reason=reason, value=value) for row, reason, value in found
    ]
    return schemas.Duplicates(items=items)


@router.get("/tags", operation_id="list_tags")
async def tags(db: Db, caller: Reader) -> schemas.TagPage:
    """Every tag with the number of its contacts."""
    rows = await store.tag_list(db, list(caller.readable), limit=TAGS_MAX)
    return schemas.TagPage(items=[schemas.Tag.model_validate(row) for row in rows], has_more=False)


def _input(body: schemas.NewContact) -> ContactInput:
    return ContactInput(
        body.phone,
        body.name,
        body.language,
        body.tags,
        body.attributes,
        [(one.kind, one.address) for one in body.addresses],
        body.time_zone,
    )


def _result(result: service.UpsertResult) -> schemas.BatchResult:
    error = None
    if result.error is not None:
        pointer = getattr(result.error, "pointer", "")
        error = FieldError(
            pointer=f"/contacts/{result.index}{pointer}", code=result.error.code, detail=str(result.error)
        )
    return schemas.BatchResult(index=result.index, status=result.status, id=result.id, error=error)
