from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.errors import Conflict, HubError, Invalid, NotFound
from hub.ids import new_id
from hub.tenancy import store
from hub.tenancy.branding import brand_of
from hub.tenancy.tree import DEPTH_MAX, NewTenant, check_brand, create_tenant, slug_of
from models.db import Scope, transaction


async def test_the_closure_knows_every_ancestor(engine: AsyncEngine, tree) -> None:
    async with transaction(engine, Scope.of(*tree.all)) as db:
        rows = await db.execute(
            text("SELECT ancestor_id, depth FROM tenant_closure WHERE descendant_id = :id ORDER BY depth"),
            {"id": tree.north},
        )
        assert rows.all() == [(tree.north, 0), (tree.acme, 1), (tree.platform, 2)]
        assert await store.subtree(db, tree.acme) == {tree.acme, tree.north, tree.south}
        assert await store.subtree(db, tree.platform) == set(tree.all)


async def test_any_depth_up_to_the_limit(engine: AsyncEngine, tree) -> None:
    parent = tree.north
    for depth in range(3, DEPTH_MAX + 1):
        async with transaction(engine, Scope.of(parent)) as db:
            parent = await create_tenant(
                db, Scope.of(parent), parent, NewTenant(f"Level {depth}", "sub_organization")
            )
    with pytest.raises(Invalid, match="levels"):
        async with transaction(engine, Scope.of(parent)) as db:
            await create_tenant(db, Scope.of(parent), parent, NewTenant("Too deep", "sub_organization"))


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (NewTenant("", "sub_organization"), Invalid),
        (NewTenant("x" * 121, "sub_organization"), Invalid),
        (NewTenant("A", "team"), Invalid),
        (NewTenant("A", "platform"), Invalid),
        (NewTenant("A", "organization"), Invalid),  # an organization stands below a platform only
        (NewTenant("A", "sub_organization", slug="No Spaces"), Invalid),
        (NewTenant("A", "sub_organization", currency="eur"), Invalid),
        (NewTenant("A", "sub_organization", time_zone="Mars/Base"), Invalid),
        (NewTenant("A", "sub_organization", default_country="gb"), Invalid),
        (NewTenant("A", "sub_organization", brand={"primary_color": "red"}), Invalid),
    ],
)
async def test_what_is_not_a_tenant_is_refused(
    engine: AsyncEngine, tree, new: NewTenant, error: type[HubError]
) -> None:
    with pytest.raises(error):
        async with transaction(engine, Scope.of(tree.acme)) as db:
            await create_tenant(db, Scope.of(tree.acme), tree.acme, new)


async def test_a_parent_that_cannot_be_seen_is_not_there(engine: AsyncEngine, tree) -> None:
    for parent in (tree.rival, new_id()):
        with pytest.raises(NotFound):
            async with transaction(engine, Scope.of(tree.acme)) as db:
                await create_tenant(db, Scope.of(tree.acme), parent, NewTenant("A", "sub_organization"))


async def test_a_short_name_is_given_once_and_a_refusal_leaves_the_transaction_usable(
    engine: AsyncEngine, tree
) -> None:
    async with transaction(engine, Scope.of(tree.acme)) as db:
        taken = (await store.tenant(db, tree.acme)).slug
        with pytest.raises(Conflict):
            await create_tenant(
                db, Scope.of(tree.acme), tree.acme, NewTenant("A", "sub_organization", slug=taken)
            )
        await create_tenant(db, Scope.of(tree.acme), tree.acme, NewTenant("A", "sub_organization"))


def test_short_names_are_made_of_names() -> None:
    tenant_id = new_id()
    assert slug_of("Zoë & Łukasz GmbH", tenant_id).startswith("zoe-ukasz-gmbh-")
    assert slug_of("李娜", tenant_id).startswith("tenant-")
    assert slug_of("A", new_id()) != slug_of("A", new_id())


async def test_a_tenant_without_a_brand_wears_that_of_its_nearest_ancestor(engine: AsyncEngine, tree) -> None:
    async with transaction(engine, Scope.of(tree.acme)) as db:
        await db.execute(
            text("UPDATE tenants SET brand = CAST(:brand AS jsonb) WHERE id = :id"),
            {"id": tree.acme, "brand": '{"product_name": "Acme Talk", "primary_color": "#8a3ffc"}'},
        )
    async with transaction(engine, Scope.nothing()) as db:
        brand = await brand_of(db, tree.north)
        assert (brand.product_name, brand.primary_color) == ("Acme Talk", "#8a3ffc")
        assert (await brand_of(db, tree.rival)).product_name == "Platform"


async def test_a_suspended_ancestor_suspends_all_below_it(engine: AsyncEngine, tree) -> None:
    async with transaction(engine, Scope.of(tree.acme)) as db:
        await db.execute(text("UPDATE tenants SET status = 'suspended' WHERE id = :id"), {"id": tree.acme})
    async with transaction(engine, Scope.nothing()) as db:
        answers = {
            tenant: (await db.execute(text("SELECT tenant_is_active(:id)"), {"id": tenant})).scalar_one()
            for tenant in (*tree.all, new_id())
        }
    assert [tenant for tenant, active in answers.items() if active] == [tree.platform, tree.rival]


@pytest.mark.parametrize(
    "brand",
    [
        {"css": "body{}"},
        {"primary_color": "#12345"},
        {"primary_color": "#123456; background: url(x)"},
        {"logo_data_url": "https://evil.example/x.png"},
        {"logo_data_url": "data:image/svg+xml;base64,AAAA"},
        {"logo_data_url": "data:image/png;base64," + "A" * 90_000},
        {"product_name": ""},
    ],
)
def test_a_brand_carries_no_code_and_no_weight(brand: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        check_brand(brand)
