"""Imports through the worker's own code, on a real database: counts, policies, crash, undo."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.import_task import drive
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
async def imports(engine: AsyncEngine, settings: Settings, tenant: UUID) -> AsyncIterator[Desk]:
    yield Desk(engine, settings, tenant)


PEOPLE = """Mobile,Full name,Language,City,Age,Tags
07700 900001,Asha Rao,en,Leeds,31,vip; new
+447700900002,Ben Okoro,EN,York,44,
07700900003,Chloé,fr-fr,"Paris, France",x,
,Nobody,en,Hull,1,
+44 7700 900002,Ben again,en,,,
"""


def totals(view: Mapping[str, Any]) -> tuple[int, ...]:
    found = view["totals"]
    assert sum(found.values()) == view["rows_done"], "the numbers add up"
    return tuple(found[name] for name in ("created", "updated", "unchanged", "skipped", "errors"))


async def test_a_dry_run_tells_what_the_run_then_does(imports: Desk) -> None:
    import_id = await imports.upload(PEOPLE, tags=["spring"])
    mapping = {entry["column"]: entry["target"] for entry in (await imports.view(import_id))["options"]["mapping"]}
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
