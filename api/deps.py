"""What routes ask for: the caller, a permission, a transaction."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Forbidden, Throttled, Unauthorized, Unavailable
from hub.settings import Settings
from hub.tenancy import service
from hub.tenancy.caller import Caller
from models.db import transaction

CALLER = "hub.caller"  # scope entries
ALLOWANCE = "hub.allowance"
DB = "hub.db"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf-token"
ANONYMOUS_PER_MIN = 300  # failed authentications an address may cost us


@dataclass(eq=False)
class BadCsrfToken(Forbidden):
    """The X-CSRF-Token header is missing or stale. Reload the page."""

    code: ClassVar[str] = "bad-csrf-token"


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to one host over TLS; without TLS browsers refuse that prefix."""
    return "__Host-hub_session" if settings.cookie_secure else "hub_session"


def client_ip(request: Request) -> str:
    """The peer's address; behind a proxy that uvicorn trusts, the one it forwards."""
    return request.client.host if request.client else "unknown"


async def authenticate(request: Request) -> Caller:
    """The caller of this request, found once. Raises Unauthorized, BadCsrfToken or Throttled.

    A bearer key wins over a cookie. A cookie alone cannot change anything: unsafe methods need the session's token
    in a header, which no other site can read or send.
    """
    known: Caller | None = request.scope.get(CALLER)
    if known is not None:
        return known
    caller = await identify(request)
    settings: Settings = request.app.state.settings
    if caller is None:
        await _take(request, f"rl:ip:{client_ip(request)}", ANONYMOUS_PER_MIN)
        raise Unauthorized()
    if caller.user_id is not None and request.method not in SAFE_METHODS:
        sent = request.headers.get(CSRF_HEADER, "")
        if not secrets.compare_digest(sent.encode(), caller.csrf_token.encode()):
            raise BadCsrfToken()
    quota = settings.rate_user_per_min if caller.user_id is not None else settings.rate_key_per_min
    await _take(request, f"t:{caller.home_tenant_id}:rl:{caller.principal}", quota)
    request.scope[CALLER] = caller
    return caller


async def identify(request: Request, *, touch: bool = True) -> Caller | None:
    """Whose request it is, as the database says now. `touch` False: looking does not keep a session alive."""
    state = request.app.state
    authorization = request.headers.get("authorization", "")
    if authorization:
        scheme, _, credentials = authorization.partition(" ")
        return await state.keys.caller(credentials.strip()) if scheme.lower() == "bearer" else None
    token = request.cookies.get(cookie_name(state.settings), "")
    return await service.caller_of_session(state.engine, token, touch=touch) if token else None


async def _take(request: Request, name: str, quota: int) -> None:
    allowance = await request.app.state.limiter.take(name, quota)
    request.scope[ALLOWANCE] = allowance
    if not allowance.taken:
        raise Throttled("", max(allowance.wait_s, 1))


Who = Annotated[Caller, Depends(authenticate)]


def require(permission: str) -> Any:
    """`caller: Annotated[Caller, require("inbox:read")]`: the caller, or PermissionMissing (403)."""

    async def check(caller: Who) -> Caller:
        caller.require(permission)
        return caller

    return Depends(check)


async def _db(request: Request, caller: Who) -> AsyncIterator[AsyncConnection]:
    shared: AsyncConnection | None = request.scope.get(DB)
    if shared is not None:  # the idempotent request's transaction: it commits, with the remembered answer
        yield shared
        return
    async with transaction(request.app.state.engine, caller.scope) as db:
        yield db


Db = Annotated[AsyncConnection, Depends(_db, scope="function")]
"""A transaction bound to the caller's tenants; it commits before the answer is sent."""


class NoActors:
    """Stands where the actors' client would: a process without one answers 503 to what needs it."""

    def __getattr__(self, name: str) -> Any:
        raise Unavailable("the actor hosts are not connected")


def actors_of(request: Request) -> Any:
    """The client of the actor hosts."""
    return request.app.state.hub


Actors = Annotated[Any, Depends(actors_of)]
