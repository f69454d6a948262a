"""Imports through the worker's own code, on a real database: counts, policies, crash, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.import_task import drive
from actors.jobs import JobsHost
from hub.contacts import service_attributes
from hub.contacts.importing import service, store, work
from hub.contacts.importing.options import ImportOptions
from hub.contacts.importing.source import inspect
from hub.contacts.importing.spool import Spool
from hub.settings import Settings
from models.db import Scope, transaction

NOW = datetime.now(UTC)


class Desk:
    """A tenant with imports."""

    def __init__(self, engine: AsyncEngine, settings: Settings, tenant: UUID) -> None:
        self.engine, self.settings, self.tenant = engine, settings, tenant

    async def upload(self, data: bytes | str, name: str = "people.csv", **options: Any) -> UUID:
        raw = data.encode() if isinstance(data, str) else data
        with Spool() as spool:
            spool.add(raw)
            spool.seal()
            info = inspect(spool.file, spool.size, name, spool.all_utf8)
            async with transaction(self.engine, Scope.of(self.tenant)) as db:
                import_id = await service.upload(
                    db,
                    self.tenant,
                    name=name,
                    file=spool.file,
                    size=spool.size,
                    info=info,
                    default_country="GB",
                    created_by="user:1",
                )
                if options:
                    row = await service.get(db, self.tenant, import_id)
                    chosen = ImportOptions.model_validate({**row.options, **options})
                    await service.decide(db, self.tenant, import_id, chosen)
        return import_id

    async def begin(self, what: str, import_id: UUID) -> None:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            await getattr(service, what)(db, self.tenant, import_id, NOW)

    async def do(self, what: str, import_id: UUID) -> dict[str, Any]:
        await self.begin(what, import_id)
        await drive(self.settings, self.tenant, import_id)
        return await self.view(import_id)

    async def view(self, import_id: UUID) -> dict[str, Any]:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return service.view(await service.get(db, self.tenant, import_id))

    async def errors(self, import_id: UUID) -> list[tuple[int, str, str]]:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            rows = await store.errors(db, self.tenant, import_id, after=(0, -2), limit=1000)
        return [(row.row_number, row.column_name, row.code) for row in rows]

    async def rows(self, query: str, **values: Any) -> Sequence[Any]:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            return (await db.execute(text(query), {"tenant": self.tenant, **values})).all()

    async def people(self) -> dict[str, Any]:
        rows = await self.rows(
            "SELECT a.address, c.name, c.language, c.time_zone, c.attributes, c.version, "
            "ARRAY(SELECT tag FROM contact_tags t WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id ORDER BY 1) AS tags "
            "FROM contacts c LEFT JOIN contact_addresses a ON a.tenant_id = c.tenant_id AND a.contact_id = c.id "
            "WHERE c.tenant_id = :tenant"
        )
        return {row.address: row for row in rows}


@pytest.fixture
async def imports(engine: AsyncEngine, settings: Settings, tenant: UUID) -> Desk:
    return Desk(engine, settings, tenant)


PEOPLE = """Mobile,Full name,Language,City,Age,Tags
07700 900001,Asha Rao,en,Leeds,31,vip; new
+447700900002,Ben Okoro,EN,York,44,
07700900003,Chloé,français,"Paris, France",7,
,Nobody,en,Hull,1,
+44 7700 900002,Ben again,en,,,
"""


def totals(view: Mapping[str, Any]) -> tuple[int, ...]:
    found = view["totals"]
    assert sum(found.values()) == view["rows_done"], "the numbers add up"
    return tuple(found[name] for name in ("created", "updated", "unchanged", "skipped", "errors"))


async def test_a_dry_run_tells_what_the_run_then_does(imports: Desk) -> None:
    import_id = await imports.upload(PEOPLE, tags=["spring"])
    mapping = {
        entry["column"]: entry["target"] for entry in (await imports.view(import_id))["options"]["mapping"]
    }
    assert mapping == {
        "Mobile": "phone",
        "Full name": "name",
        "Language": "language",
        "City": "attribute.city",
        "Age": "attribute.age",
        "Tags": "tags",
    }
    checked = await imports.do("check", import_id)
    assert checked["state"] == "checked", checked
    assert await imports.people() == {}
    assert await imports.rows("SELECT 1 FROM attribute_definitions WHERE tenant_id = :tenant") == []
    found = await imports.errors(import_id)
    done = await imports.do("run", import_id)
    assert done["state"] == "completed", done
    assert totals(done) == totals(checked)
    assert await imports.errors(import_id) == found
    people = await imports.people()
    assert set(people) == {"+447700900001", "+447700900002"}
    asha = people["+447700900001"]
    assert (asha.name, asha.language, asha.time_zone) == ("Asha Rao", "en", "Europe/London")
    assert asha.attributes == {"city": "Leeds", "age": 31}
    assert asha.tags == ["new", "spring", "vip"]
    assert found == [
        (4, "Language", "invalid"),
        (5, "Mobile", "missing"),
        (6, "Mobile", "duplicate-in-file"),
    ]


async def test_policies(imports: Desk) -> None:
    await imports.do(
        "run", await imports.upload("phone,name,city\n+447700900001,Asha,Leeds\n+447700900002,,York\n")
    )
    again = "phone,name,city\n+447700900001,Asha Rao,\n+447700900002,Ben,Hull\n+447700900003,Cleo,Bath\n"
    for policy, expected in {
        "skip": (1, 0, 0, 2, 0),
        "create": (1, 0, 0, 0, 2),
        "merge": (1, 1, 1, 0, 0),
        "update": (1, 2, 0, 0, 0),
    }.items():
        view = await imports.do("check", await imports.upload(again, policy=policy))
        assert (policy, totals(view)) == (policy, expected)
    merged = await imports.upload(again, policy="merge")
    assert totals(await imports.do("run", merged)) == (1, 1, 1, 0, 0)
    people = await imports.people()
    assert {key: (row.name, row.attributes["city"], row.version) for key, row in people.items()} == {
        "+447700900001": ("Asha", "Leeds", 1),
        "+447700900002": ("Ben", "York", 2),
        "+447700900003": ("Cleo", "Bath", 1),
    }
    updated = await imports.upload(again, policy="update")
    assert totals(await imports.do("run", updated)) == (0, 2, 1, 0, 0)
    people = await imports.people()
    assert (people["+447700900001"].name, people["+447700900001"].attributes) == (
        "Asha Rao",
        {"city": "Leeds"},
    )
    assert people["+447700900002"].attributes == {"city": "Hull"}
    undone = await imports.do("undo", updated)
    assert (undone["state"], undone["undo"]) == ("undone", {"removed": 0, "restored": 2, "kept": 0})
    people = await imports.people()
    assert people["+447700900001"].name == "Asha"
    assert people["+447700900002"].attributes == {"city": "York"}
    undone = await imports.do("undo", merged)
    assert undone["undo"] == {"removed": 1, "restored": 1, "kept": 0}
    people = await imports.people()
    assert set(people) == {"+447700900001", "+447700900002"}
    assert people["+447700900002"].name == ""


async def test_an_undo_keeps_what_somebody_worked_with(imports: Desk) -> None:
    first = await imports.upload(
        "phone,name,city\n+447700900001,Asha,Leeds\n+447700900002,Ben,York\n", tags=["x"]
    )
    await imports.do("run", first)
    second = await imports.upload(
        "phone,name,city\n+447700900001,Asha R,Bath\n+447700900002,Benny,Hull\n", policy="update", tags=["y"]
    )
    await imports.do("run", second)
    async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
        await db.execute(
            text(
                "UPDATE contacts SET name = 'By hand', version = version + 1 WHERE tenant_id = :t AND name = 'Benny'"
            ),
            {"t": imports.tenant},
        )
    assert (await imports.do("undo", second))["undo"] == {"removed": 0, "restored": 1, "kept": 1}
    people = await imports.people()
    assert (people["+447700900001"].name, people["+447700900001"].tags) == ("Asha", ["x"])
    assert (people["+447700900002"].name, people["+447700900002"].attributes) == ("By hand", {"city": "York"})
    async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
        kept = await store.kept(db, imports.tenant, second, after=UUID(int=0), limit=10)
    assert [row.after["kept"] for row in kept] == ["changed since: name"]
    assert (await imports.do("undo", first))["undo"]["kept"] == 2
    with pytest.raises(service.WrongState):
        await imports.begin("undo", first)


async def test_consent_is_for_new_people_and_an_opt_out_survives(imports: Desk) -> None:
    consent = {"channels": ["sms", "rcs"], "source": "Shop", "proof": "form 7"}
    await imports.do("run", await imports.upload("phone\n+447700900001\n", consent=consent))
    async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
        await db.execute(
            text("UPDATE consents SET state = 'opted_out' WHERE tenant_id = :t AND channel_kind = 'sms'"),
            {"t": imports.tenant},
        )
    await imports.do("run", await imports.upload("phone\n+447700900001\n+447700900002\n", consent=consent))
    rows = await imports.rows(
        "SELECT a.address, s.channel_kind, s.state, s.source, s.proof FROM consents s JOIN contact_addresses a "
        "ON a.tenant_id = s.tenant_id AND a.contact_id = s.contact_id WHERE s.tenant_id = :tenant ORDER BY 1, 2"
    )
    assert [(row.address[-1], row.channel_kind, row.state) for row in rows] == [
        ("1", "rcs", "opted_in"),
        ("1", "sms", "opted_out"),
        ("2", "rcs", "opted_in"),
        ("2", "sms", "opted_in"),
    ]
    assert {(row.source, row.proof) for row in rows} == {("Shop", "form 7")}


async def test_several_addresses_are_one_person(imports: Desk) -> None:
    await imports.do("run", await imports.upload("phone,name\n+447700900001,Asha\n+447700900002,Ben\n"))
    import_id = await imports.upload(
        "phone,whatsapp,name\n"
        "+447700900001,+447700900011,Asha\n"  # gets a WhatsApp address
        "+447700900003,+447700900002,Ben\n"  # known by the other number
        "+447700900001,+447700900004,Again\n"  # in the file before
        "+447700900002,+447700900001,Two\n"  # two people
        "+447700900005,+447700900005,New\n"
    )
    view = await imports.do("check", import_id)
    assert await imports.errors(import_id) == [
        (4, "phone", "duplicate-in-file"),
        (5, "phone", "duplicate-in-file"),
    ]
    view = await imports.do("run", import_id)
    assert totals(view) == (1, 2, 0, 0, 2)
    rows = await imports.rows(
        "SELECT c.name, array_agg(a.kind || a.address ORDER BY 1) AS a FROM contacts c JOIN contact_addresses a "
        "ON a.tenant_id = c.tenant_id AND a.contact_id = c.id WHERE c.tenant_id = :tenant GROUP BY c.id, c.name ORDER BY 1"
    )
    assert {row.name: sorted(row.a) for row in rows} == {
        "Asha": ["phone+447700900001", "whatsapp+447700900011"],
        "Ben": ["phone+447700900002", "phone+447700900003", "whatsapp+447700900002"],
        "New": ["phone+447700900005", "whatsapp+447700900005"],
    }
    clash = await imports.upload("phone,whatsapp\n+447700900001,+447700900005\n")
    await imports.do("check", clash)
    assert await imports.errors(clash) == [(2, "whatsapp", "two-people")]


async def test_suppressed_people_are_left_out_with_the_reason(imports: Desk) -> None:
    from hub.contacts import store_attributes
    from hub.contacts.suppression import AddressHasher

    hasher = AddressHasher(imports.settings.secret_key.get_secret_value())
    listed = {
        "tenant_id": imports.tenant,
        "kind": "phone",
        "address_hash": hasher.hash(imports.tenant, "phone", "+447700900002"),
        "address": "",
        "reason": "erased",
        "source": "erasure",
    }
    async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
        await store_attributes.suppress(db, [listed])
    import_id = await imports.upload("phone\n+447700900001\n+447700900002\n")
    view = await imports.do("run", import_id)
    assert totals(view) == (1, 0, 0, 1, 0)
    assert await imports.errors(import_id) == [(3, "phone", "suppressed")]


def many(count: int, first: int = 0) -> str:
    return "phone,name\n" + "".join(
        f"+4477{place:08d},Person {place}\n" for place in range(first, first + count)
    )


class Killed(Exception):
    """The end of a worker."""


async def test_a_run_that_is_cut_off_goes_on_and_writes_everybody_once(
    imports: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.contacts.importing.csv_rows.BLOCK_CHARS", 8_000)
    import_id = await imports.upload(many(5_000))
    await imports.begin("run", import_id)
    real, blocks = work._write, 0

    async def dies(*arguments: Any) -> int:
        nonlocal blocks
        blocks += 1
        own = blocks
        written = await real(*arguments)
        if own in (5, 11):
            raise Killed  # after the statements, before the commit
        return written

    monkeypatch.setattr(work, "_write", dies)
    for _ in range(2):
        with pytest.raises(Killed):
            await drive(imports.settings, imports.tenant, import_id)
        view = await imports.view(import_id)
        assert view["state"] == "running"
        assert 0 < view["rows_done"] < 5_000
        assert len(await imports.people()) == view["rows_done"], "contacts and checkpoint are one"
    await drive(imports.settings, imports.tenant, import_id)
    view = await imports.view(import_id)
    assert (view["state"], totals(view)) == ("completed", (5_000, 0, 0, 0, 0))
    assert len(await imports.people()) == 5_000


async def test_cancel_stops_between_blocks_and_what_is_written_can_be_undone(
    imports: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.contacts.importing.csv_rows.BLOCK_CHARS", 20_000)
    monkeypatch.setattr(work, "LANES", 1)
    import_id = await imports.upload(many(3_000))
    await imports.begin("run", import_id)
    real, blocks = work._write, 0

    async def stops(*arguments: Any) -> int:
        nonlocal blocks
        blocks += 1
        if blocks == 2:
            async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
                await service.cancel(db, imports.tenant, import_id)
        return await real(*arguments)

    monkeypatch.setattr(work, "_write", stops)
    await drive(imports.settings, imports.tenant, import_id)
    view = await imports.view(import_id)
    assert view["state"] == "canceled"
    written = view["totals"]["created"]
    assert 0 < written < 3_000
    assert len(await imports.people()) == written
    undone = await imports.do("undo", import_id)
    assert (undone["state"], undone["undo"]) == ("undone", {"removed": written, "restored": 0, "kept": 0})
    assert await imports.people() == {}
    assert await imports.rows("SELECT 1 FROM contact_addresses WHERE tenant_id = :tenant") == []


async def test_somebody_else_creates_the_same_person_at_the_same_moment(
    imports: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.contacts.importing import stage

    import_id = await imports.upload("phone,name\n+447700900001,Asha\n")
    await imports.begin("run", import_id)
    real, tries = stage.match, 0

    async def overtaken(*arguments: Any) -> Any:
        nonlocal tries
        tries += 1
        found = await real(*arguments)
        if tries == 1:
            await imports.do("run", await imports.upload("phone,city\n+447700900001,Leeds\n"))
        return found

    monkeypatch.setattr(stage, "match", overtaken)
    await drive(imports.settings, imports.tenant, import_id)
    assert totals(await imports.view(import_id)) == (0, 1, 0, 0, 0)
    [person] = (await imports.people()).values()
    assert (person.name, person.attributes) == ("Asha", {"city": "Leeds"})


async def test_mended_cells_win(imports: Desk) -> None:
    import_id = await imports.upload("phone,name\nnonsense,Asha\n+447700900002,Ben\n")
    assert totals(await imports.do("check", import_id)) == (1, 0, 0, 0, 1)
    async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
        await service.mend(db, imports.tenant, import_id, 2, {"phone": "07700 900001"})
    assert totals(await imports.do("check", import_id)) == (2, 0, 0, 0, 0)
    assert totals(await imports.do("run", import_id)) == (2, 0, 0, 0, 0)
    assert set(await imports.people()) == {"+447700900001", "+447700900002"}


async def test_indexed_attributes_are_found_again_and_follow_changes(imports: Desk) -> None:
    async with transaction(imports.engine, Scope.of(imports.tenant)) as db:
        await service_attributes.define(
            db, imports.tenant, service_attributes.NewAttribute("order_id", "text", "Order", (), True)
        )
    await imports.do("run", await imports.upload("phone,order_id\n+447700900001,A-1\n+447700900002,A-2\n"))
    changed = await imports.upload("phone,order_id\n+447700900001,B-1\n", policy="update")
    await imports.do("run", changed)

    async def values() -> list[str]:
        rows = await imports.rows("SELECT value FROM contact_values WHERE tenant_id = :tenant ORDER BY 1")
        return [row.value for row in rows]

    assert await values() == ["A-2", "B-1"]
    await imports.do("undo", changed)
    assert await values() == ["A-1", "A-2"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"phone\n" + b"1" * 9_000_000 + b"\n", "file-refused"),
    ],
)
async def test_a_file_that_cannot_be_read_on_fails_with_the_row(
    imports: Desk, data: bytes, code: str
) -> None:
    good = b"".join(b"+4477%08d\n" % place for place in range(60_000))
    import_id = await imports.upload(b"phone\n" + good + data)
    view = await imports.do("check", import_id)
    assert (view["state"], view["error"]["code"], view["error"]["row"]) == ("failed", code, 60_003)
    assert await imports.people() == {}


async def test_a_workbook_is_imported(imports: Desk) -> None:
    from tests.hub.contacts.importing.books import book

    data = book(
        [["Phone", "Name", "Born"], [447700900001, "Asha", ("date", 45_000)], ["07700 900002", "=1+1", ""]]
    )
    import_id = await imports.upload(data, "people.xlsx")
    view = await imports.do("run", import_id)
    assert view["state"] == "completed", view
    people = await imports.people()
    assert people["+447700900001"].attributes == {"born": "2023-03-15"}
    assert people["+447700900002"].name == "=1+1"


async def test_files_are_forgotten_after_a_month_and_what_they_did_stays(
    imports: Desk, engine: AsyncEngine, settings: Settings
) -> None:
    old, new = [await imports.upload(f"phone\n+4477009000{n:02}\n") for n in (1, 2)]
    await imports.do("run", old)
    async with transaction(engine, Scope.of(imports.tenant)) as db:
        await db.execute(
            text("UPDATE imports SET created_at = now() - interval '31 days' WHERE id = :id"), {"id": old}
        )
    jobs = JobsHost("jobs-0", settings)
    await jobs.forget_files()
    await jobs.close()
    async with transaction(engine, Scope.of(imports.tenant)) as db:
        assert await store.chunk(db, imports.tenant, old, 0) is None
        assert await store.chunk(db, imports.tenant, new, 0) is not None
    undone = await imports.do("undo", old)
    assert undone["state"] == "undone"
