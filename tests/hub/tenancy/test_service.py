from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.clock import FrozenClock
from hub.errors import Forbidden, HubError, Invalid, NotFound
from hub.tenancy import keys, service
from hub.tenancy.caller import Caller, PermissionMissing
from hub.tenancy.permissions import SCOPES, permissions_of_roles
from hub.tenancy.service import KeyCache, WrongCredentials
from hub.tenancy.throttle import LoginThrottle, TooManyAttempts
from models.db import Scope, transaction

PASSWORD = "parley-demo"
T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(T0)


@pytest.fixture
def ip() -> str:
    """An address of its own: all tests count their attempts on one server."""
    return uuid4().hex


@pytest.fixture
def throttle(redis: Redis) -> LoginThrottle:
    return LoginThrottle(redis)


@pytest.fixture
async def email(engine: AsyncEngine, tree) -> str:
    """An admin of Acme."""
    address = f"admin-{uuid4().hex[:8]}@acme.example"
    async with transaction(engine, Scope.of(tree.acme)) as db:
        await service.create_user(db, tree.acme, address.upper(), "Ines", PASSWORD, ["org_admin"])
    return address


def caller(tenant_id: UUID, roles: list[str], readable: set[UUID] | None = None) -> Caller:
    user_id = uuid4()
    below = frozenset(readable or {tenant_id})
    return Caller(
        tenant_id, tenant_id, user_id, None, "Ines", tuple(roles), permissions_of_roles(roles), below
    )


async def test_a_session_lives_thirty_minutes_without_use_and_twelve_hours_at_most(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, clock: FrozenClock, ip: str
) -> None:
    signed_in = await service.sign_in(engine, throttle, f"  {email.title()} ", PASSWORD, ip, clock)
    for _ in range(24):  # 24 × 29 minutes of work
        clock.advance(timedelta(minutes=29))
        assert await service.caller_of_session(engine, signed_in.token, clock) is not None
    clock.advance(timedelta(minutes=24))  # 12 hours
    assert await service.caller_of_session(engine, signed_in.token, clock) is None

    again = await service.sign_in(engine, throttle, email, PASSWORD, ip, clock)
    clock.advance(timedelta(minutes=30))
    assert await service.caller_of_session(engine, again.token, clock) is None


async def test_the_token_is_stored_nowhere(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, tree, ip: str
) -> None:
    signed_in = await service.sign_in(engine, throttle, email, PASSWORD, ip)
    async with transaction(engine, Scope.of(*tree.all)) as db:
        rows = (await db.execute(text("SELECT sessions::text, token_hash FROM sessions"))).all()
    assert all(signed_in.token not in row[0] for row in rows)
    assert keys.hash_secret(signed_in.token) in {bytes(row[1]) for row in rows}


async def test_each_sign_in_is_a_session_of_its_own(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, ip: str
) -> None:
    first = await service.sign_in(engine, throttle, email, PASSWORD, ip)
    second = await service.sign_in(engine, throttle, email, PASSWORD, ip)
    assert first.token != second.token
    assert first.caller.csrf_token != second.caller.csrf_token
    async with transaction(engine, first.caller.scope) as db:
        await service.sign_out(db, first.caller)
    assert await service.caller_of_session(engine, first.token) is None
    assert await service.caller_of_session(engine, second.token) is not None


@pytest.mark.parametrize(
    ("user", "password"), [("known", "wrong password"), ("unknown", PASSWORD), ("", ""), ("known", "")]
)
async def test_wrong_is_wrong_in_the_same_words(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, user: str, password: str, ip: str
) -> None:
    with pytest.raises(WrongCredentials) as caught:
        await service.sign_in(engine, throttle, email if user == "known" else user, password, ip)
    assert str(caught.value) == "The e-mail or the password is wrong."


async def test_a_change_of_roles_and_a_suspension_hold_at_once(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, tree, ip: str
) -> None:
    signed_in = await service.sign_in(engine, throttle, email, PASSWORD, ip)
    async with transaction(engine, Scope.of(tree.acme)) as db:
        await db.execute(text("UPDATE users SET roles = '{analyst}' WHERE email = :email"), {"email": email})
    now = await service.caller_of_session(engine, signed_in.token)
    assert now is not None
    assert not now.may("tenants:manage")
    async with transaction(engine, Scope.of(tree.platform)) as db:
        await db.execute(
            text("UPDATE tenants SET status = 'suspended' WHERE id = :id"), {"id": tree.platform}
        )
    assert await service.caller_of_session(engine, signed_in.token) is None
    with pytest.raises(WrongCredentials):
        await service.sign_in(engine, throttle, email, PASSWORD, ip)


async def test_a_disabled_user_is_out(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, tree, ip: str
) -> None:
    signed_in = await service.sign_in(engine, throttle, email, PASSWORD, ip)
    async with transaction(engine, Scope.of(tree.acme)) as db:
        await db.execute(text("UPDATE users SET status = 'disabled' WHERE email = :email"), {"email": email})
    assert await service.caller_of_session(engine, signed_in.token) is None
    with pytest.raises(WrongCredentials):
        await service.sign_in(engine, throttle, email, PASSWORD, ip)


async def test_one_acts_below_oneself_and_nowhere_else(
    engine: AsyncEngine, throttle: LoginThrottle, email: str, tree, ip: str
) -> None:
    signed_in = await service.sign_in(engine, throttle, email, PASSWORD, ip)
    me = signed_in.caller
    assert me.scope == Scope(frozenset({tree.acme, tree.north, tree.south}), frozenset({tree.acme}))
    async with transaction(engine, me.scope) as db:
        await service.act_in(db, me, tree.north)
    now = await service.caller_of_session(engine, signed_in.token)
    assert now is not None
    assert (now.tenant_id, now.home_tenant_id) == (tree.north, tree.acme)
    assert now.scope == Scope.of(tree.north)
    for foreign in (tree.rival, tree.platform, uuid4()):
        with pytest.raises(NotFound):
            async with transaction(engine, now.scope) as db:
                await service.act_in(db, now, foreign)
    async with transaction(engine, now.scope) as db:  # and home again
        await service.act_in(db, now, tree.acme)


async def test_attempts_are_bounded_by_account(
    engine: AsyncEngine, redis: Redis, email: str, ip: str
) -> None:
    throttle = LoginThrottle(redis, account_attempts_max=3)
    for _ in range(3):
        with pytest.raises(WrongCredentials):
            await service.sign_in(engine, throttle, email, "wrong password", ip)
    with pytest.raises(TooManyAttempts) as caught:  # from any address, and with the right password too
        await service.sign_in(engine, throttle, email, PASSWORD, "another address")
    assert 0 < caught.value.retry_after_s <= 900


async def test_attempts_are_bounded_by_address_and_parallel_ones_are_counted(
    engine: AsyncEngine, redis: Redis, tree, ip: str
) -> None:
    throttle = LoginThrottle(redis, ip_attempts_max=4)
    tries = [service.sign_in(engine, throttle, f"{n}@x.example", "wrong password", ip) for n in range(12)]
    found = [type(error) for error in await asyncio.gather(*tries, return_exceptions=True)]
    assert (found.count(WrongCredentials), found.count(TooManyAttempts)) == (4, 8)


async def test_a_success_takes_its_attempt_back(
    engine: AsyncEngine, redis: Redis, email: str, ip: str
) -> None:
    throttle = LoginThrottle(redis, account_attempts_max=2, ip_attempts_max=2)
    for _ in range(5):
        await service.sign_in(engine, throttle, email, PASSWORD, ip)
    assert await redis.ttl(f"login:ip:{ip}") > 0


async def test_without_redis_the_door_is_narrower_not_open(ip: str) -> None:
    away = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    throttle = LoginThrottle(away, account_attempts_max=4)
    for _ in range(2):
        await throttle.attempt("a@x.example", ip)
    with pytest.raises(TooManyAttempts):
        await throttle.attempt("a@x.example", ip)
    await throttle.succeeded("a@x.example", ip)
    await throttle.attempt("a@x.example", ip)
    await away.aclose()


async def test_a_key_works_until_it_is_revoked(engine: AsyncEngine, tree, clock: FrozenClock) -> None:
    admin = caller(tree.north, ["sub_org_admin"])
    cache = KeyCache(engine, clock)
    async with transaction(engine, admin.scope) as db:
        made = await service.create_key(db, admin, " shop ", ["contacts:read", "contacts:read"], None, clock)
    assert (made.name, made.scopes, made.secret[-4:]) == ("shop", ("contacts:read",), made.last4)
    found = await cache.caller(made.secret)
    assert found is not None
    assert (found.tenant_id, found.key_id, found.permissions) == (
        tree.north,
        made.id,
        frozenset({"contacts:read"}),
    )
    assert await cache.caller(made.secret) is found  # from memory
    async with transaction(engine, admin.scope) as db:
        await service.revoke_key(db, admin, made.id, cache)
    assert await cache.caller(made.secret) is None
    with pytest.raises(NotFound):
        async with transaction(engine, admin.scope) as db:
            await service.revoke_key(db, admin, made.id, cache)


async def test_another_gateway_learns_of_a_revocation_within_five_seconds(
    engine: AsyncEngine, tree, clock: FrozenClock
) -> None:
    admin = caller(tree.north, ["sub_org_admin"])
    here, there = KeyCache(engine, clock), KeyCache(engine, clock)
    async with transaction(engine, admin.scope) as db:
        made = await service.create_key(db, admin, "shop", ["contacts:read"], None, clock)
    assert await there.caller(made.secret) is not None
    async with transaction(engine, admin.scope) as db:
        await service.revoke_key(db, admin, made.id, here)
    clock.advance(timedelta(seconds=5))
    assert await there.caller(made.secret) is None


async def test_a_key_ends_when_it_expires(engine: AsyncEngine, tree, clock: FrozenClock) -> None:
    admin = caller(tree.north, ["sub_org_admin"])
    cache = KeyCache(engine, clock)
    async with transaction(engine, admin.scope) as db:
        made = await service.create_key(
            db, admin, "shop", ["contacts:read"], T0 + timedelta(seconds=2), clock
        )
    assert await cache.caller(made.secret) is not None
    clock.advance(timedelta(seconds=2))  # sooner than the five seconds of memory
    assert await cache.caller(made.secret) is None


async def test_a_made_up_key_never_reaches_the_database(tree) -> None:
    cache = KeyCache(None)  # type: ignore[arg-type]  # any query would fail
    key = keys.new_key()
    assert await cache.caller(key[:-1] + ("a" if key[-1] != "a" else "b")) is None
    assert await cache.caller("") is None


@pytest.mark.parametrize("scope", sorted(SCOPES))
async def test_nobody_gives_a_key_more_than_they_hold(
    engine: AsyncEngine, tree, clock: FrozenClock, scope: str
) -> None:
    nobody = caller(tree.north, [])
    with pytest.raises(PermissionMissing):
        async with transaction(engine, nobody.scope) as db:
            await service.create_key(db, nobody, "shop", [scope], None, clock)


@pytest.mark.parametrize(
    ("name", "scopes", "expires_at", "error"),
    [
        ("", ["contacts:read"], None, Invalid),
        ("x" * 81, ["contacts:read"], None, Invalid),
        ("shop", [], None, Invalid),
        ("shop", ["users:read"], None, Invalid),
        ("shop", ["contacts:read"], T0, Invalid),
        ("shop", ["messages:send"], None, Forbidden),  # an admin of a sub-organization reads the inbox only
    ],
)
async def test_bad_keys_are_refused(
    engine: AsyncEngine,
    tree,
    clock: FrozenClock,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
    error: type[HubError],
) -> None:
    admin = caller(tree.north, ["sub_org_admin"])
    with pytest.raises(error):
        async with transaction(engine, admin.scope) as db:
            await service.create_key(db, admin, name, scopes, expires_at, clock)
