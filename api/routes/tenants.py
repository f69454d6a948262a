"""Tenants, people and API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.deps import Db, Who, require
from api.requests import HubRoute
from api.schemas import tenancy as schemas
from api.schemas.common import PAGE_DEFAULT, KeyId, Limit, TenantId, UserId
from hub.clock import SystemClock
from hub.errors import NotFound
from hub.tenancy import service, store, tree
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["tenants"], route_class=HubRoute)

Manager = Annotated[Caller, require("tenants:manage")]
UserReader = Annotated[Caller, require("users:read")]
KeyManager = Annotated[Caller, require("keys:manage")]


@router.get("/tenants", operation_id="list_tenants")
async def tenants(
    db: Db, caller: Who, limit: Limit = PAGE_DEFAULT, starting_after: TenantId | None = None
) -> schemas.TenantPage:
    """The acting tenant and everything below it, from the top down."""
    rows = await store.tenant_list(db, list(caller.readable), after=starting_after, limit=limit + 1)
    items = [schemas.Tenant.model_validate(row) for row in rows[:limit]]
    return schemas.TenantPage(items=items, has_more=len(rows) > limit)


@router.get("/tenants/{tenant_id}", operation_id="get_tenant")
async def tenant(tenant_id: TenantId, db: Db, caller: Who) -> schemas.Tenant:
    row = await store.tenant(db, tenant_id)
    if row is None:
        raise NotFound("there is no such tenant")
    return schemas.Tenant.model_validate(row)


@router.post("/tenants", status_code=201, operation_id="create_tenant")
async def create_tenant(body: schemas.NewTenant, db: Db, caller: Manager) -> schemas.Tenant:
    """Create a tenant below the acting one; what is left out is taken from its parent."""
    parent = await store.tenant(db, body.parent_id or caller.tenant_id)
    if parent is None:
        raise NotFound("there is no such parent tenant")
    new = tree.NewTenant(
        name=body.name,
        kind=body.kind,
        slug=body.slug,
        currency=body.currency or parent.currency,
        time_zone=body.time_zone or parent.time_zone,
        default_country=body.default_country or parent.default_country,
        brand=body.brand,
    )
    tenant_id = await service.create_tenant(db, caller, parent.id, new)
    return schemas.Tenant.model_validate(await store.tenant(db, tenant_id))


@router.get("/users", operation_id="list_users")
async def users(
    db: Db, caller: UserReader, limit: Limit = PAGE_DEFAULT, starting_after: UserId | None = None
) -> schemas.UserPage:
    """People of the acting tenant, by name."""
    rows = await store.user_list(db, caller.tenant_id, after=starting_after, limit=limit + 1)
    items = [schemas.UserItem.model_validate(row) for row in rows[:limit]]
    return schemas.UserPage(items=items, has_more=len(rows) > limit)


@router.get("/api-keys", operation_id="list_api_keys")
async def api_keys(
    db: Db,
    caller: KeyManager,
    limit: Limit = PAGE_DEFAULT,
    starting_after: Annotated[KeyId | None, Query()] = None,
) -> schemas.ApiKeyPage:
    """Keys in force, newest first."""
    rows = await store.key_list(db, caller.tenant_id, after=starting_after, limit=limit + 1)
    items = [schemas.ApiKey.model_validate(row) for row in rows[:limit]]
    return schemas.ApiKeyPage(items=items, has_more=len(rows) > limit)


@router.post(
    "/api-keys", status_code=201, operation_id="create_api_key", openapi_extra={"x-secret-fields": ["key"]}
)
async def create_api_key(body: schemas.NewKey, db: Db, caller: KeyManager) -> schemas.CreatedApiKey:
    """Make a key with scopes that you hold yourself. The key is shown this once."""
    key = await service.create_key(db, caller, body.name, body.scopes, body.expires_at, SystemClock())
    return schemas.CreatedApiKey(
        id=key.id,
        name=key.name,
        last4=key.last4,
        scopes=list(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=None,
        key=key.secret,
    )


@router.delete("/api-keys/{key_id}", status_code=204, operation_id="revoke_api_key")
async def revoke_api_key(key_id: KeyId, request: Request, db: Db, caller: KeyManager) -> None:
    """End a key. Other gateways may let it pass for 5 more seconds."""
    await service.revoke_key(db, caller, key_id, request.app.state.keys)
