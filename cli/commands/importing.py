"""`hub import FILE`: contacts from a CSV or XLSX file, as the API imports them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli import console
from cli.errors import CliError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from hub.contacts.importing.options import ImportOptions
    from hub.settings import Settings

LOOK_EVERY_S = 0.3
ERRORS_SHOWN = 20
BUSY = frozenset({"checking", "running"})


def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX file.", exists=True, dir_okay=False)],
    tenant: Annotated[
        str, typer.Option(help="Id (ten_…) or slug of the tenant; needed when there are several.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="COLUMN=TARGET, again for each: phone, whatsapp, name, first_name, last_name, language, time_zone, tags, "
            "attribute.KEY, or nothing to leave it out. Others keep the guess.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and write nothing.")] = False,
    policy: Annotated[
        Literal["create", "update", "merge", "skip"],
        typer.Option(help="What happens to people who exist."),
    ] = "update",
    country: Annotated[str, typer.Option(help="Country of numbers without one, such as GB.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A tag for everybody, again for each.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Import contacts into the running hub. Rows with an error are left out and named.

    Exit code 1 when the file cannot be imported or a row had an error.
    """
    changed = {"policy": policy, "tags": list(tag or ())} | ({"default_country": country} if country else {})
    result = asyncio.run(_import(file, tenant, list(columns or ()), changed, dry_run, hidden=as_json))
    if as_json:
        console.print_json(result)
    else:
        _show(result)
    if result["state"] not in ("checked", "completed") or result["totals"]["errors"]:
        raise typer.Exit(1)


async def _import(
    file: Path, tenant: str, columns: list[str], changed: dict[str, Any], dry_run: bool, *, hidden: bool
) -> dict[str, Any]:
    from cli.tenants import find_tenant
    from hub.settings import get_settings
    from models.db import app_url, make_engine

    settings = get_settings()
    if not settings.database_url:
        raise CliError("no running hub found here: start it with hub up, or set HUB_DATABASE_URL")
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        tenant_id = await find_tenant(engine, tenant)
        import_id = await _upload(engine, tenant_id, file, columns, changed)
        await _begin(engine, tenant_id, import_id, dry_run)
        await _watch(settings, engine, tenant_id, import_id, hidden=hidden)
        return await _result(engine, tenant_id, import_id)
    finally:
        await engine.dispose()


async def _upload(
    engine: AsyncEngine, tenant_id: UUID, file: Path, columns: list[str], changed: dict[str, Any]
) -> UUID:
    from hub.contacts.importing import service
    from hub.contacts.importing.options import ImportOptions
    from hub.contacts.importing.source import inspect
    from hub.contacts.importing.spool import Spool
    from hub.tenancy.store import tenant as tenant_row
    from models.db import Scope, transaction

    with Spool() as spool:
        with file.open("rb") as source:
            while data := source.read(1 << 20):
                spool.add(data)
        spool.seal()
        info = inspect(spool.file, spool.size, file.name, spool.all_utf8)
        async with transaction(engine, Scope.of(tenant_id)) as db:
            row = await tenant_row(db, tenant_id)
            import_id = await service.upload(
                db,
                tenant_id,
                name=file.name,
                file=spool.file,
                size=spool.size,
                info=info,
                default_country=row.default_country if row is not None else "US",
                created_by="system",
            )
            options = ImportOptions.model_validate((await service.get(db, tenant_id, import_id)).options)
            options = options.model_copy(
                update={**changed, "mapping": _mapping(options, info.header, columns)}
            )
            await service.decide(db, tenant_id, import_id, options)
    return import_id


def _mapping(options: ImportOptions, header: list[str], wanted: list[str]) -> list[Any]:
    """The guess with what was said on the command line. Raises CliError for a column the file does not have."""
    from hub.contacts.importing.options import Mapped, NewAttribute

    by_column = {mapped.column: mapped for mapped in options.mapping}
    said = dict(entry.rpartition("=")[::2] for entry in wanted if "=" in entry)
    if len(said) < len(wanted):
        raise CliError("--map is written as COLUMN=TARGET")
    for column, target in said.items():
        if column not in header:
            raise CliError(f"the file has no column {column!r}: it has {', '.join(header[:30])}")
        create = NewAttribute(label=column[:80]) if target.startswith("attribute.") else None
        for other, mapped in list(by_column.items()):
            if mapped.target == target and target and other not in said:
                by_column[other] = Mapped(column=other)
        by_column[column] = Mapped(column=column, target=target, create=create)
    return list(by_column.values())


async def _begin(engine: AsyncEngine, tenant_id: UUID, import_id: UUID, dry_run: bool) -> None:
    from datetime import UTC, datetime

    from hub.contacts.importing import service
    from models.db import Scope, transaction

    async with transaction(engine, Scope.of(tenant_id)) as db:
        begin = service.check if dry_run else service.run
        await begin(db, tenant_id, import_id, datetime.now(UTC))


async def _watch(
    settings: Settings, engine: AsyncEngine, tenant_id: UUID, import_id: UUID, *, hidden: bool
) -> None:
    """Work on it here, unless a worker of the hub was faster; show how far it is."""
    from actors.import_task import drive
    from hub.contacts.importing import store
    from models.db import Scope, transaction

    work = asyncio.create_task(drive(settings, tenant_id, import_id))
    shape = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shape, console=console.err, disable=hidden) as bar:
        task = bar.add_task("rows", total=None)
        while True:
            async with transaction(engine, Scope.of(tenant_id)) as db:
                row = await store.get(db, tenant_id, import_id)
            if row is not None:
                total = row.rows_total or row.file["rows_estimate"] or None
                bar.update(task, description=row.state, completed=row.rows_done, total=total)
            if row is None or row.state not in BUSY:
                break
            if work.done():
                work.result()
            await asyncio.sleep(LOOK_EVERY_S)
    await work


async def _result(engine: AsyncEngine, tenant_id: UUID, import_id: UUID) -> dict[str, Any]:
    from hub.contacts.importing import service, store
    from models.db import Scope, transaction

    async with transaction(engine, Scope.of(tenant_id)) as db:
        found = service.view(await service.get(db, tenant_id, import_id))
        rows = await store.errors(db, tenant_id, import_id, after=(0, -2), limit=ERRORS_SHOWN)
    shown = [
        {
            "row": row.row_number,
            "column": row.column_name,
            "value": row.value,
            "code": row.code,
            "detail": row.detail,
        }
        for row in rows[:ERRORS_SHOWN]
    ]
    del found["file"]["preview"]
    return {**found, "errors": shown}


def _show(result: dict[str, Any]) -> None:
    totals = ", ".join(f"{name} {count:,}" for name, count in result["totals"].items())
    console.out.print(f"{result['state']}: {totals} ({result['id']})", soft_wrap=True)
    if result["error"]:
        console.out.print(f"[red]{console.plain(result['error']['detail'])}[/red]", soft_wrap=True)
    if result["errors"]:
        table = Table("row", "column", "value", "what is wrong", box=None, pad_edge=False)
        for one in result["errors"]:
            cells = (one["column"], one["value"], one["detail"])
            table.add_row(str(one["row"]), *(console.plain(cell) for cell in cells))
        console.out.print(table)
