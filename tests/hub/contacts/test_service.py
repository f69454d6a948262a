from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts import service, service_listing, store
from hub.contacts.contact import ContactInput
from hub.contacts.listing import Filter
from hub.contacts.service_attributes import NewAttribute, ensure
from hub.contacts.suppression import AddressHasher
from hub.errors import Invalid, NotFound
from hub.ids import new_id
from models.db import Scope, transaction

HASHER = AddressHasher("a secret of the tests")
ASHA = ContactInput("+447700900123", "Asha Rao", "en", ["vip"], {"city": "Leeds"})


@pytest.fixture(autouse=True)
async def attributes(engine: AsyncEngine, tenant: UUID) -> None:
    async with transaction(engine, Scope.of(tenant)) as db:
        await ensure(db, tenant, [NewAttribute("city"), NewAttribute("orders", "number", indexed=True)])


async def upsert(engine: AsyncEngine, tenant: UUID, *batch: ContactInput) -> list[service.UpsertResult]:
    async with transaction(engine, Scope.of(tenant)) as db:
        return await service.upsert_batch(
            db, tenant, batch, default_country="GB", consent_source="test", hasher=HASHER
        )


async def get(engine: AsyncEngine, tenant: UUID, contact_id: UUID) -> tuple[Any, Any]:
    async with transaction(engine, Scope.of(tenant)) as db:
        return await service.get(db, [tenant], contact_id)


async def total(db: AsyncConnection, table: str) -> int:
    return (await db.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()


async def test_a_contact_has_what_it_was_given_and_its_consents(engine: AsyncEngine, tenant: UUID) -> None:
    async with transaction(engine, Scope.of(tenant)) as db:
        contact_id = await service.create(
            db, tenant, ASHA, default_country="GB", consent_source="form 7", hasher=HASHER
        )
    row, consents = await get(engine, tenant, contact_id)
    assert (row.name, row.language, row.tags, row.attributes) == (
        "Asha Rao",
        "en",
        ["vip"],
        {"city": "Leeds"},
    )
    assert [(one["kind"], one["address"], one["primary"]) for one in row.addresses] == [
        ("phone", "+447700900123", True)
    ]
    assert row.time_zone == "Europe/London"
    assert {(c.channel_kind, c.purpose, c.state, c.source) for c in consents} == {
        ("sms", "all", "opted_in", "form 7"),
        ("whatsapp", "all", "opted_in", "form 7"),
    }


async def test_a_number_belongs_to_one_contact(engine: AsyncEngine, tenant: UUID) -> None:
    await upsert(engine, tenant, ASHA)
    with pytest.raises(service.ContactExists):
        async with transaction(engine, Scope.of(tenant)) as db:
            await service.create(db, tenant, ASHA, default_country="GB", consent_source="test", hasher=HASHER)
    async with transaction(engine, Scope.of(tenant)) as db:
        assert await total(db, "contacts") == 1


async def test_a_batch_reports_each_item(engine: AsyncEngine, tenant: UUID) -> None:
    first = await upsert(engine, tenant, ASHA)
    results = await upsert(
        engine,
        tenant,
        ContactInput("07700 900123", "Asha R.", tags=["new"], attributes={"orders": 2}),
        ContactInput("nonsense"),
        ContactInput("+447700900124"),
        ContactInput("+447700900125", "x" * 500),
        ContactInput("07700900124", "Second name for one number"),
    )
    assert [result.status for result in results] == ["updated", "error", "created", "error", "updated"]
    assert [result.index for result in results] == [0, 1, 2, 3, 4]
    assert results[0].id == first[0].id
    assert results[2].id == results[4].id
    assert [getattr(results[n].error, "pointer", None) for n in (1, 3)] == ["/phone", "/name"]
    row, _ = await get(engine, tenant, first[0].id)  # type: ignore[arg-type]
    assert (row.name, row.tags) == ("Asha R.", ["new", "vip"])
    assert row.attributes == {"city": "Leeds", "orders": 2}
    other, _ = await get(engine, tenant, results[2].id)  # type: ignore[arg-type]
    assert other.name == "Second name for one number"


async def test_an_empty_value_keeps_what_is_there_and_an_opt_out_survives(
    engine: AsyncEngine, tenant: UUID
) -> None:
    [made] = await upsert(engine, tenant, ASHA)
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(
            text("UPDATE consents SET state = 'opted_out', source = 'STOP' WHERE channel_kind = 'sms'")
        )
    await upsert(engine, tenant, ContactInput(ASHA.phone))
    row, consents = await get(engine, tenant, made.id)  # type: ignore[arg-type]
    assert (row.name, row.language, row.attributes) == ("Asha Rao", "en", {"city": "Leeds"})
    assert {(c.channel_kind, c.state) for c in consents} == {("sms", "opted_out"), ("whatsapp", "opted_in")}


async def test_a_thousand_and_one_are_too_many(engine: AsyncEngine, tenant: UUID) -> None:
    with pytest.raises(Invalid):
        await upsert(engine, tenant, *[ASHA] * 1001)


async def test_a_thousand_go_in_at_once_and_again(engine: AsyncEngine, tenant: UUID) -> None:
    batch = [ContactInput(f"+447700{n:06d}", f"N {n}", tags=["all"]) for n in range(1000)]
    assert {result.status for result in await upsert(engine, tenant, *batch)} == {"created"}
    assert {result.status for result in await upsert(engine, tenant, *batch)} == {"updated"}
    async with transaction(engine, Scope.of(tenant)) as db:
        counts = [
            await total(db, table) for table in ("contacts", "contact_addresses", "contact_tags", "consents")
        ]
    assert counts == [1000, 1000, 1000, 2000]


async def test_two_imports_of_the_same_people_at_once_make_each_once(
    engine: AsyncEngine, tenant: UUID
) -> None:
    forward = [ContactInput(f"+447700{n:06d}", f"N {n}", tags=["t"]) for n in range(300)]
    results = await asyncio.gather(
        *(upsert(engine, tenant, *batch) for batch in (forward, forward[::-1], forward))
    )
    ids = [{result.id for result in result_list} for result_list in results]
    assert ids[0] == ids[1] == ids[2]
    assert sum(result.status == "created" for result_list in results for result in result_list) == 300
    async with transaction(engine, Scope.of(tenant)) as db:
        assert (await total(db, "contacts"), await total(db, "contact_addresses")) == (300, 300)


async def test_an_address_becomes_a_contact_on_first_sight_and_stays_it(
    engine: AsyncEngine, tenant: UUID
) -> None:
    key = (tenant, "phone", "+447700900123")
    async with transaction(engine, Scope.of(tenant)) as db:
        first = await service.resolve_addresses(db, [(*key, "Asha"), (*key, "Asha")], HASHER)
        again = await service.resolve_addresses(
            db, [(*key, "Somebody else"), (tenant, "whatsapp", "+447700900123", "")], HASHER
        )
    assert first[key] == again[key]
    assert set(again.values()) == set(first.values())  # one number is one person, whatever it is used for
    row, consents = await get(engine, tenant, first[key])
    assert (row.name, consents) == ("Asha", [])


async def test_racing_gateways_find_one_contact(engine: AsyncEngine, tenant: UUID) -> None:
    wanted = [(tenant, "phone", f"+447700900{n:03d}", "") for n in range(50)]

    async def gateway(offset: int) -> dict[service.AddressKey, UUID]:
        async with transaction(engine, Scope.of(tenant)) as db:
            return await service.resolve_addresses(db, wanted[offset:] + wanted[:offset], HASHER)

    found = await asyncio.gather(*(gateway(offset) for offset in range(0, 50, 10)))
    assert all(each == found[0] for each in found)
    assert len(set(found[0].values())) == 50
    async with transaction(engine, Scope.of(tenant)) as db:
        assert await total(db, "contacts") == 50


async def test_several_tenants_in_one_call(engine: AsyncEngine, tenant: UUID) -> None:
    other = new_id()
    async with transaction(engine, Scope.of(tenant, other)) as db:
        found = await service.resolve_addresses(
            db, [(t, "phone", "+447700900123", "") for t in (tenant, other)], HASHER
        )
    assert len(set(found.values())) == 2
    async with transaction(engine, Scope.of(other)) as db:
        assert await total(db, "contacts") == 1


async def test_lists_are_paged_searched_and_filtered(engine: AsyncEngine, tenant: UUID) -> None:
    await upsert(
        engine,
        tenant,
        ContactInput("+447700900001", "Zoë Fraser", tags=["vip"]),
        ContactInput("+447700900002", "100% Wool_Ltd", tags=["vip", "new"]),
        ContactInput("+447700900003", "Émile"),
    )

    async def names(**wanted: Any) -> list[str]:
        async with transaction(engine, Scope.of(tenant)) as db:
            rows, _ = await service_listing.page(
                db, tenant, [tenant], Filter(**wanted), sort="-created", after=None, limit=10
            )
        return [row.name for row in rows]

    assert await names() == ["Émile", "100% Wool_Ltd", "Zoë Fraser"]
    assert await names(search="zoë") == ["Zoë Fraser"]
    assert await names(search="%") == ["100% Wool_Ltd"]
    assert await names(search="l_l") == ["100% Wool_Ltd"]
    assert await names(search="\\") == []
    assert await names(search="0900 003") == ["Émile"]
    assert await names(search="' OR 1=1 --") == []
    assert await names(tag="vip") == ["100% Wool_Ltd", "Zoë Fraser"]
    assert await names(tag="vip", search="wool") == ["100% Wool_Ltd"]
    async with transaction(engine, Scope.of(tenant)) as db:
        pages = []
        for after in (None, "last"):
            last = pages[-1][0][-1].id if after else None
            pages.append(
                await service_listing.page(
                    db, tenant, [tenant], Filter(), sort="-created", after=last, limit=2
                )
            )
        (_, more), (rest, end) = pages
        assert [row.name for row in rest] == ["Zoë Fraser"]
        assert (more, end) == (True, False)
        assert [(row.tag, row.contacts) for row in await store.tag_list(db, [tenant], limit=9)] == [
            ("new", 1),
            ("vip", 2),
        ]


async def test_another_tenant_s_contact_is_not_there(engine: AsyncEngine, tenant: UUID) -> None:
    [made] = await upsert(engine, tenant, ASHA)
    stranger = new_id()
    with pytest.raises(NotFound):
        async with transaction(engine, Scope.of(stranger)) as db:
            await service.get(db, [stranger, tenant], made.id)  # type: ignore[arg-type]
