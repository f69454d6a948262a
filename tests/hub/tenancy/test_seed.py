from __future__ import annotations

import re

import phonenumbers
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.settings import Settings
from hub.tenancy import seed, service, store
from hub.tenancy.permissions import ROLES
from hub.tenancy.throttle import LoginThrottle
from models.db import Scope, transaction


@pytest.mark.parametrize("slug", [seed.NORTH, seed.SOUTH])
def test_the_people_are_many_and_the_same_each_time(slug: str) -> None:
    people = list(seed.people_of(slug))
    assert people == list(seed.people_of(slug))
    assert len({person.phone for person in people}) == 1_000
    assert len({person.name for person in people}) > 400
    assert {"city", "language", "order_id"} == set(people[0].attributes)
    assert 40 < sum("vip" in person.tags for person in people) < 140


@pytest.mark.parametrize(
    ("slug", "reserved"), [(seed.NORTH, r"\+447700900\d{3}"), (seed.SOUTH, r"\+1\d{3}55501\d{2}")]
)
def test_every_number_is_reserved_for_fiction(slug: str, reserved: str) -> None:
    for number in seed.numbers_of(slug):
        assert re.fullmatch(reserved, number)
        assert phonenumbers.is_possible_number(phonenumbers.parse(number))


async def test_the_demo_is_made_once(engine: AsyncEngine, redis: Redis) -> None:
    logins = await seed.seed_demo(engine, Settings())
    assert await seed.seed_demo(engine, Settings()) == logins
    assert {login.role for login in logins} == set(ROLES)
    async with transaction(engine, Scope.nothing()) as db:
        tenants = {slug: await store.tenant_of_slug(db, slug) for slug in (seed.NORTH, seed.SOUTH)}
    for tenant_id in tenants.values():
        assert tenant_id is not None
        async with transaction(engine, Scope.of(tenant_id)) as db:
            counts = {
                table: (await db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                for table in ("contacts", "contact_addresses", "consents", "queues", "users")
            }
        assert counts == {
            "contacts": 1_000,
            "contact_addresses": 1_000,
            "consents": 2_000,
            "queues": 4,
            "users": 8,
        }
    for login in (logins[0], logins[1], logins[7]):
        signed_in = await service.sign_in(
            engine, LoginThrottle(redis), login.email, login.password, login.email
        )
        assert signed_in.caller.roles == (login.role,)
