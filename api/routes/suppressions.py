"""The suppression list: addresses nobody may write to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Row

from api.deps import Db, require
from api.people import Announce, Hasher, country
from api.requests import HubRoute
from api.schemas import attributes as schemas
from api.schemas.common import PAGE_DEFAULT, Limit
from hub.contacts import service_attributes, store_attributes
from hub.contacts.addresses import KINDS
from hub.errors import Invalid, NotFound
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=HubRoute)

Reader = Annotated[Caller, require("contacts:read")]
Writer = Annotated[Caller, require("contacts:write")]


@router.get("/suppressions", operation_id="list_suppressions")
async def suppression_list(
    db: Db,
    caller: Reader,
    search: Annotated[str, Query(max_length=80, description="A piece of an address.")] = "",
    limit: Limit = PAGE_DEFAULT,
    starting_after: str | None = None,
) -> schemas.SuppressionPage:
    """Addresses of the acting tenant that get nothing. Those of erased people have no address, only its hash."""
    after = _key(starting_after) if starting_after else None
    rows = await store_attributes.suppression_list(
        db, caller.tenant_id, search=search.strip(), after=after, limit=limit + 1
    )
    return schemas.SuppressionPage(items=[_shown(row) for row in rows[:limit]], has_more=len(rows) > limit)


@router.post("/suppressions", status_code=201, operation_id="suppress_address")
async def suppress_address(
    body: schemas.NewSuppression, db: Db, caller: Writer, hasher: Hasher, announce: Announce
) -> schemas.Suppression:
    """Put an address on the list. Its contact is opted out everywhere; a contact that gets it later begins so."""
    address, owner = await service_attributes.suppress(
        db,
        caller.tenant_id,
        kind=body.kind,
        address=body.address,
        reason=body.reason,
        default_country=await country(db, caller),
        hasher=hasher,
        actor=caller.principal,
    )
    if owner is not None:
        announce(owner)
    digest = hasher.hash(caller.tenant_id, body.kind, address)
    row = await store_attributes.suppression(db, caller.tenant_id, body.kind, digest)
    if row is None:
        raise NotFound("this address is not on the list")
    return _shown(row)


@router.delete("/suppressions/{kind}/{address}", status_code=204, operation_id="unsuppress_address")
async def unsuppress_address(kind: str, address: str, db: Db, caller: Writer, hasher: Hasher) -> None:
    """Take an address off the list. Its contact stays opted out until you write a new consent."""
    if kind not in KINDS:
        raise NotFound("this address is not on the list")
    await service_attributes.unsuppress(
        db,
        caller.tenant_id,
        kind=kind,
        address=address,
        default_country=await country(db, caller),
        hasher=hasher,
    )


def _shown(row: Row[Any]) -> schemas.Suppression:
    return schemas.Suppression(id=f"{row.kind}.{bytes(row.address_hash).hex()}", **row._mapping)


def _key(cursor: str) -> tuple[str, bytes]:
    kind, _, digest = cursor.partition(".")
    try:
        return kind, bytes.fromhex(digest)
    except ValueError:
        raise Invalid("not the id of an entry of this list", "?starting_after") from None
