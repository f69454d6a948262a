"""Use cases of tenancy: sign in and out, act in a tenant, API keys, people.

Sign-in and authentication open their own short transactions, because no tenant is known before them and a password
check must not hold a connection; everything else takes the caller's `db`.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.clock import Clock, SystemClock
from hub.errors import Conflict, Invalid, NotFound, Unauthorized
from hub.ids import new_id
from hub.tenancy import keys, store, tree
from hub.tenancy.caller import Caller
from hub.tenancy.password import hash_password, verify_password
from hub.tenancy.permissions import ROLES, SCOPES, permissions_of_roles, permissions_of_scopes
from hub.tenancy.throttle import LoginThrottle
from models.db import Scope, bind, transaction

SESSION_IDLE = timedelta(minutes=30)
SESSION_ABSOLUTE = timedelta(hours=12)
SESSION_TOUCH = timedelta(seconds=60)
KEY_CACHE_S = 5.0
KEY_CACHE_MAX = 10_000
KEYS_PER_TENANT_MAX = 100
KEY_NAME_CHARS_MAX = 80
EMAIL_CHARS_MAX = 254


@dataclass(eq=False)
class WrongCredentials(Unauthorized):
    """The e-mail or the password is wrong."""

    code: ClassVar[str] = "wrong-credentials"


@dataclass(eq=False)
class EmailTaken(Conflict):
    """There is already a user with this e-mail."""

    code: ClassVar[str] = "email-taken"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token goes into the cookie and is stored nowhere."""

    token: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh API key: `secret` is shown once."""

    id: UUID
    name: str
    secret: str
    last4: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None


def normal_email(email: str) -> str:
    """The form in which an e-mail address is stored and compared."""
    return email.strip().lower()


async def sign_in(
    engine: AsyncEngine,
    throttle: LoginThrottle,
    email: str,
    password: str,
    ip: str,
    clock: Clock | None = None,
) -> SignedIn:
    """Check the password and open a session. Raises WrongCredentials (whatever was wrong) or TooManyAttempts."""
    now = (clock or SystemClock()).now()
    email = normal_email(email)[:EMAIL_CHARS_MAX]
    await throttle.attempt(email, ip)
    async with transaction(engine, Scope.nothing()) as db:
        candidates = await store.login_candidates(db, email)
    found: Row[Any] | None = None
    if not candidates:
        await verify_password(password, None)  # the same work as for a known user
    for candidate in candidates:
        if await verify_password(password, candidate.password_hash) and found is None:
            found = candidate
    if found is None or found.status != "active":
        raise WrongCredentials()
    token = secrets.token_urlsafe(32)
    row = {
        "tenant_id": found.tenant_id,
        "token_hash": keys.hash_secret(token),
        "user_id": found.user_id,
        "acting_tenant_id": found.tenant_id,
        "csrf_token": secrets.token_urlsafe(24),
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + SESSION_ABSOLUTE,
    }
    async with transaction(engine, Scope.of(found.tenant_id)) as db:
        await store.delete_stale_sessions(db, found.tenant_id, found.user_id, now, now - SESSION_IDLE)
        await store.insert_session(db, row)
    caller = await caller_of_session(engine, token, clock)
    if caller is None:  # the tenant, or one above it, is suspended
        raise WrongCredentials()
    await throttle.succeeded(email, ip)
    return SignedIn(token, caller)


async def sign_out(db: AsyncConnection, caller: Caller) -> None:
    """End the caller's session."""
    await bind(db, Scope.of(caller.home_tenant_id))
    await store.delete_session(db, caller.home_tenant_id, caller.token_hash)


async def caller_of_session(
    engine: AsyncEngine, token: str, clock: Clock | None = None, *, touch: bool = True
) -> Caller | None:
    """The person behind a session token, or None: unknown, idle for 30 minutes, 12 hours old, or suspended.

    Read from the database on every request, so that a change of roles or a sign-out holds at once. `touch`: it counts as
    a use of the session.
    """
    now = (clock or SystemClock()).now()
    token_hash = keys.hash_secret(token)
    async with transaction(engine, Scope.nothing()) as db:
        row = await store.session(db, token_hash)
        if row is None or not row.active or row.expires_at <= now or row.last_seen_at + SESSION_IDLE <= now:
            return None
        if row.acting_tenant_id not in row.home_subtree:
            return None
        await bind(db, Scope.of(row.tenant_id))
        user = await store.user(db, row.tenant_id, row.user_id)
        if user is None or user.status != "active":
            return None
        if touch and row.last_seen_at + SESSION_TOUCH <= now:
            await store.touch_session(db, row.tenant_id, token_hash, now)
    return Caller(
        tenant_id=row.acting_tenant_id,
        home_tenant_id=row.tenant_id,
        user_id=user.id,
        key_id=None,
        name=user.name,
        roles=tuple(user.roles),
        permissions=permissions_of_roles(user.roles),
        readable=frozenset(row.acting_subtree),
        email=user.email,
        csrf_token=row.csrf_token,
        token_hash=token_hash,
    )


async def act_in(db: AsyncConnection, caller: Caller, tenant_id: UUID) -> None:
    """Let the caller's session act in a tenant of the caller's own subtree. Raises NotFound for any other tenant."""
    if tenant_id not in await store.subtree(db, caller.home_tenant_id):
        raise NotFound("there is no such tenant below yours")
    await bind(db, Scope.of(caller.home_tenant_id))
    await store.act_in(db, caller.home_tenant_id, caller.token_hash, tenant_id)


@dataclass(slots=True)
class KeyCache:
    """Callers of API keys seen in the last 5 seconds, so that a busy key does not cost a query each.

    A key revoked elsewhere can work for 5 more seconds here; one revoked by this process stops at once.
    """

    engine: AsyncEngine
    clock: Clock = field(default_factory=SystemClock)
    _callers: OrderedDict[bytes, tuple[Caller, datetime]] = field(default_factory=OrderedDict)

    async def caller(self, key: str) -> Caller | None:
        """The program behind an API key, or None. A key with a wrong checksum never reaches the database."""
        if not keys.is_well_formed(key):
            return None
        key_hash = keys.hash_secret(key)
        now = self.clock.now()
        cached = self._callers.get(key_hash)
        if cached is not None and cached[1] > now:
            return cached[0]
        caller, until = await self._load(key_hash, now)
        if caller is None:
            self._callers.pop(key_hash, None)
            return None
        self._callers[key_hash] = (caller, until)
        if len(self._callers) > KEY_CACHE_MAX:
            self._callers.popitem(last=False)
        return caller

    def forget(self, key_hash: bytes) -> None:
        self._callers.pop(key_hash, None)

    async def _load(self, key_hash: bytes, now: datetime) -> tuple[Caller | None, datetime]:
        until = now + timedelta(seconds=KEY_CACHE_S)
        async with transaction(self.engine, Scope.nothing()) as db:
            row = await store.api_key(db, key_hash)
            if row is None or row.revoked_at is not None or not row.active:
                return None, now
            if row.expires_at is not None:
                if row.expires_at <= now:
                    return None, now
                until = min(until, row.expires_at)
            if row.last_used_at is None or row.last_used_at + SESSION_TOUCH <= now:
                await bind(db, Scope.of(row.tenant_id))
                await store.touch_key(db, row.tenant_id, row.id, now)
        caller = Caller(
            tenant_id=row.tenant_id,
            home_tenant_id=row.tenant_id,
            user_id=None,
            key_id=row.id,
            name=row.name,
            roles=(),
            permissions=permissions_of_scopes(row.scopes),
            readable=frozenset(row.subtree),
            token_hash=key_hash,
        )
        return caller, until


async def create_key(
    db: AsyncConnection,
    caller: Caller,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    clock: Clock,
) -> NewKey:
    """Make an API key of the acting tenant with scopes that the caller holds. Raises Invalid or Forbidden."""
    now = clock.now()
    if not 0 < len(name.strip()) <= KEY_NAME_CHARS_MAX:
        raise Invalid(f"a name has 1 to {KEY_NAME_CHARS_MAX} characters", "/name")
    if not scopes:
        raise Invalid("a key needs at least one scope", "/scopes")
    for place, scope in enumerate(scopes):
        if scope not in SCOPES:
            raise Invalid(f"not a scope; there are {', '.join(SCOPES)}", f"/scopes/{place}")
        for permission in sorted(SCOPES[scope]):
            caller.require(permission)  # nobody grants what they do not hold
    if expires_at is not None and expires_at <= now:
        raise Invalid("a key expires in the future", "/expires_at")
    if (
        len(await store.key_list(db, caller.tenant_id, after=None, limit=KEYS_PER_TENANT_MAX))
        >= KEYS_PER_TENANT_MAX
    ):
        raise Conflict(f"a tenant has at most {KEYS_PER_TENANT_MAX} keys; revoke one first")
    secret = keys.new_key()
    key = NewKey(new_id(), name.strip(), secret, secret[-4:], tuple(sorted(set(scopes))), now, expires_at)
    row = {
        "tenant_id": caller.tenant_id,
        "id": key.id,
        "name": key.name,
        "key_hash": keys.hash_secret(secret),
        "last4": key.last4,
        "scopes": list(key.scopes),
        "created_by": caller.user_id,
        "created_at": now,
        "expires_at": expires_at,
    }
    await store.insert_key(db, row)
    return key


async def revoke_key(db: AsyncConnection, caller: Caller, key_id: UUID, cache: KeyCache) -> None:
    """End a key of the acting tenant. Raises NotFound when it has no such key in force."""
    key_hash = await store.revoke_key(db, caller.tenant_id, key_id, cache.clock.now())
    if key_hash is None:
        raise NotFound("there is no such key")
    cache.forget(bytes(key_hash))


async def create_tenant(
    db: AsyncConnection, caller: Caller, parent_id: UUID | None, new: tree.NewTenant
) -> UUID:
    """Create a tenant below the acting tenant or below one of its descendants. Raises Invalid, NotFound, SlugTaken."""
    parent = parent_id or caller.tenant_id
    if parent not in caller.readable:
        raise NotFound("there is no such parent tenant")
    return await tree.create_tenant(db, caller.scope, parent, new)


async def create_user(
    db: AsyncConnection, tenant_id: UUID, email: str, name: str, password: str, roles: Sequence[str]
) -> UUID:
    """Create a person in a tenant of the transaction's write scope. Raises Invalid or EmailTaken."""
    email = normal_email(email)
    if "@" not in email or len(email) > EMAIL_CHARS_MAX:
        raise Invalid("not an e-mail address", "/email")
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise Invalid(f"{unknown[0]} is not a role", "/roles")
    user_id = new_id()
    row = {
        "tenant_id": tenant_id,
        "id": user_id,
        "email": email,
        "name": name.strip() or email,
        "password_hash": await hash_password(password),
        "roles": list(roles),
    }
    if not await store.insert_users(db, [row]):
        raise EmailTaken(f"{email} is taken in this tenant")
    return user_id
