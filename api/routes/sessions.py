"""Sign in and out, who am I, and the brand of the page before that."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from api.deps import Db, Who, client_ip, cookie_name
from api.presence import Desk
from api.requests import HubRoute
from api.schemas import tenancy as schemas
from hub.errors import Forbidden, NotFound
from hub.settings import Settings
from hub.tenancy import service, store
from hub.tenancy.branding import BrandView, brand_of
from hub.tenancy.caller import Caller
from models.db import Scope, bind, transaction

router = APIRouter(prefix="/v1", tags=["sessions"], route_class=HubRoute)

_PUBLIC: dict[str, Any] = {"security": [], "x-idempotency": "none"}


@router.post("/sessions", status_code=201, operation_id="sign_in", openapi_extra=_PUBLIC)
async def sign_in(body: schemas.SignIn, request: Request, response: Response) -> schemas.Me:
    """Check e-mail and password, open a session and set its cookie. The answer carries the CSRF token."""
    if request.headers.get("sec-fetch-site", "same-origin") == "cross-site":
        raise Forbidden("another site cannot sign you in")
    state = request.app.state
    signed_in = await service.sign_in(
        state.engine, state.throttle, body.email, body.password, client_ip(request)
    )
    set_cookie(response, state.settings, signed_in.token)
    async with transaction(state.engine, signed_in.caller.scope) as db:
        return await me_of(db, signed_in.caller)


@router.delete("/sessions/current", status_code=204, operation_id="sign_out")
async def sign_out(request: Request, response: Response, db: Db, caller: Who, desk: Desk) -> None:
    """End this session: its cookie stops working everywhere at once, and who was at the desk has left it."""
    _require_session(caller)
    await service.sign_out(db, caller)
    if caller.user_id is not None:
        await desk.sign_off(caller.home_tenant_id, caller.user_id, caller.name)
    settings: Settings = request.app.state.settings
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.cookie_secure, httponly=True, samesite="lax"
    )


@router.post("/sessions/current/tenant", operation_id="act_in_tenant")
async def act_in(body: schemas.ActIn, request: Request, db: Db, caller: Who) -> schemas.Me:
    """Act in a tenant of your own subtree from now on, in this session."""
    _require_session(caller)
    await service.act_in(db, caller, body.tenant_id)
    readable = await store.subtree(db, body.tenant_id)
    return await me_of(db, caller.acting_in(body.tenant_id, readable))


@router.get("/me", operation_id="me")
async def me(db: Db, caller: Who) -> schemas.Me:
    """Who you are, where you act, and what you may do there."""
    return await me_of(db, caller)


@router.get("/branding", operation_id="branding", openapi_extra={"security": []})
async def branding(request: Request, tenant: Annotated[str, Query(max_length=63)] = "") -> schemas.Brand:
    """The brand of a tenant by its short name; the platform's without one."""
    async with transaction(request.app.state.engine, Scope.nothing()) as db:
        found = await store.tenant_of_slug(db, tenant)
        if found is None:
            raise NotFound("there is no such tenant")
        return brand_out(await brand_of(db, found))


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(service.SESSION_ABSOLUTE.total_seconds()),
        path="/",
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )


def brand_out(brand: BrandView) -> schemas.Brand:
    return schemas.Brand.model_validate(brand)


async def me_of(db: Any, caller: Caller) -> schemas.Me:
    """The answer about a caller. Leaves the transaction bound to the caller's home subtree."""
    below = await store.subtree(db, caller.home_tenant_id)
    await bind(db, Scope(read=below, write=caller.scope.write))
    rows = await store.tenant_list(db, list(below))
    by_id = {row.id: row for row in rows}
    acting = await _my_tenant(db, by_id[caller.tenant_id])
    home = acting
    if caller.home_tenant_id != caller.tenant_id:
        home = await _my_tenant(db, by_id[caller.home_tenant_id])
    user = key = None
    if caller.user_id is not None:
        user = schemas.User(id=caller.user_id, email=caller.email, name=caller.name, roles=list(caller.roles))
    elif caller.key_id is not None:
        key = schemas.KeyRef(id=caller.key_id, name=caller.name)
    return schemas.Me(
        user=user,
        key=key,
        tenant=acting,
        home_tenant=home,
        tenants=[schemas.TenantNode.model_validate(row) for row in rows],
        permissions=sorted(caller.permissions),
        csrf_token=caller.csrf_token,
    )


async def _my_tenant(db: Any, row: Row[Any]) -> schemas.MyTenant:
    tenant_id: UUID = row.id
    return schemas.MyTenant(
        id=tenant_id,
        name=row.name,
        slug=row.slug,
        kind=row.kind,
        currency=row.currency,
        time_zone=row.time_zone,
        brand=brand_out(await brand_of(db, tenant_id)),
    )


def _require_session(caller: Caller) -> None:
    if caller.user_id is None:
        raise Forbidden("an API key has no session")
