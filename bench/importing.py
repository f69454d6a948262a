"""Rows a second of a real import against a bare COPY of the same rows, and the worker's peak memory.

Ours is the whole product: the file lies in `import_chunks`, JobsHost starts a Ray task, which reads, checks, looks for
people who exist and for the same person twice, and writes contacts, addresses and tags under row-level security with all
their indexes. The peer reads the same file with `csv` and sends each row with `copy.write_row` to a table of texts whose
primary key is the telephone number: no check, no index but that one, no tenant.
"""

from __future__ import annotations

import asyncio
import csv
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]
import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.common import database, figure, local_hub, note
from cli.local.stack import LocalStack
from hub.contacts.importing import service, store
from hub.contacts.importing.options import ImportOptions, Mapped, NewAttribute
from hub.contacts.importing.source import inspect
from hub.contacts.importing.spool import Spool
from hub.ids import new_id
from hub.settings import Settings
from models.db import Scope, app_url, make_engine, transaction

ROWS, QUICK_ROWS = 1_000_000, 100_000
REQUIRED_RATIO = 0.4
MEMORY_MB_MAX = 300.0
WAIT_S_MAX = 900.0
HEADER = ["phone", "name", "language", "city", "orders", "since", "tags"]
_FIRST = [
    "Asha",
    "Ben",
    "Chloé",
    "Dev",
    "Elif",
    "Femi",
    "Gita",
    "Hugo",
    "Inés",
    "Jun",
    "Kofi",
    "Lena",
    "Mina",
    "Noor",
    "Olu",
    "Priya",
    "Quinn",
    "Ravi",
    "Sara",
    "Tomás",
]
_LAST = [
    "Rao",
    "Okoro",
    "Martin",
    "Patel",
    "Kaya",
    "Adeyemi",
    "Iyer",
    "Weber",
    "García",
    "Tanaka",
    "Mensah",
    "Novak",
    "Khan",
    "Haddad",
    "Ojo",
    "Nair",
    "Byrne",
    "Das",
]
_CITIES = [
    "Leeds",
    "York",
    "Hull",
    "Bath",
    "Pune",
    "Lagos",
    "Accra",
    "Izmir",
    "Porto",
    "Osaka",
    "Lyon",
    "Graz",
    "Turin",
    "Cork",
    "Delhi",
    "Ghent",
    "Malmö",
    "Cádiz",
]


@dataclass(frozen=True, slots=True)
class Run:
    """One import: seconds from its start to its end, peak memory of the worker."""

    rate: float
    memory_mb: float


def measure_all(quick: bool) -> list[dict[str, Any]]:
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_people(path, rows)
        with local_hub(with_gateway=False, with_carrier=False) as (stack, settings):
            return measure(stack, settings, path, rows)


def write_people(path: Path, rows: int) -> None:
    """People in no order, each with a number of their own; every fifth tag cell holds two tags."""
    dice = random.Random(7)
    numbers = list(range(rows))
    dice.shuffle(numbers)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in numbers:
            writer.writerow(
                (
                    f"+4477{number:08d}",
                    f"{dice.choice(_FIRST)} {dice.choice(_LAST)} {number % 1000}",
                    dice.choice(("en", "en", "en", "fr", "de", "hi")),
                    dice.choice(_CITIES),
                    dice.randrange(400),
                    f"20{dice.randrange(10, 26)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
                    "customer; vip" if number % 5 == 0 else "customer",
                )
            )


def measure(stack: LocalStack, settings: Settings, path: Path, rows: int) -> list[dict[str, Any]]:
    note("a bare COPY of the same rows")
    with database(stack, "peer_import") as url:
        peer = rows / bare_copy(url, path)
    note(f"{peer:,.0f} rows/s; the import")
    with watched(stack) as peak:
        ours = asyncio.run(run_once(settings, path))
    note(f"{ours:,.0f} rows/s, {peak():.0f} MB")
    words = "csv and copy.write_row into a plain table with a primary key"
    return [
        figure("import_rows", ours, "rows/s", words, peer, at_least=REQUIRED_RATIO),
        figure("import_memory", peak(), "MB", value_at_most=MEMORY_MB_MAX),
    ]


def bare_copy(url: str, path: Path) -> float:
    """Seconds for the peer, reading included."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as db:
        columns = ", ".join(f"{name} text" for name in HEADER)
        db.execute(f"CREATE TABLE people ({columns}, PRIMARY KEY (phone))".encode())
        db.commit()
        begun = time.perf_counter()
        with (
            path.open(newline="") as file,
            db.cursor() as cursor,
            cursor.copy(f"COPY people ({', '.join(HEADER)}) FROM STDIN".encode()) as copy,
        ):
            reader = csv.reader(file)
            next(reader)
            for row in reader:
                copy.write_row(row)
        db.commit()
        return time.perf_counter() - begun


async def run_once(settings: Settings, path: Path) -> float:
    """Rows a second of one import, by the times the import itself shows. Raises RuntimeError when a row was lost."""
    engine = make_engine(app_url(settings.database_url, settings.secret_key.get_secret_value()), pool=2)
    try:
        tenant_id = await _new_tenant(engine)
        with Spool() as spool, path.open("rb") as file:
            _fill(spool, file)
            import_id = await _upload(engine, tenant_id, spool)
        row = await _finished(engine, tenant_id, import_id)
    finally:
        await engine.dispose()
    if row.state != "completed" or row.totals["created"] != row.rows_done:
        raise RuntimeError(f"the import did not go well: {row.state} {row.totals} {row.error}")
    seconds: float = (row.finished_at - row.started_at).total_seconds()
    return float(row.rows_done / seconds)


def _fill(spool: Spool, file: IO[bytes]) -> None:
    while data := file.read(1 << 20):
        spool.add(data)
    spool.seal()


async def _new_tenant(engine: AsyncEngine) -> UUID:
    tenant_id = new_id()
    values = {"id": tenant_id, "slug": f"bench-{tenant_id}"}
    async with transaction(engine, Scope.of(tenant_id)) as db:
        for statement in (
            "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (:id, 'organization', 'Bench', :slug, 0)",
            "INSERT INTO tenant_closure (ancestor_id, descendant_id, depth) VALUES (:id, :id, 0)",
        ):
            await db.execute(text(statement), values)
    return tenant_id


async def _upload(engine: AsyncEngine, tenant_id: UUID, spool: Spool) -> UUID:
    """Uploaded, mapped and begun, as the API does it."""
    info = inspect(spool.file, spool.size, "people.csv", spool.all_utf8)
    types = {"city": "text", "orders": "number", "since": "date"}
    mapping = [
        Mapped(
            column=name,
            target=f"attribute.{name}" if name in types else name,
            create=NewAttribute(type=types[name], label=name.title()) if name in types else None,
        )
        for name in HEADER
    ]
    options = ImportOptions(mapping=mapping, default_country="GB")
    async with transaction(engine, Scope.of(tenant_id)) as db:
        import_id = await service.upload(
            db,
            tenant_id,
            name="people.csv",
            file=spool.file,
            size=spool.size,
            info=info,
            default_country="GB",
            created_by="system",
        )
        await service.decide(db, tenant_id, import_id, options)
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await service.run(db, tenant_id, import_id, datetime.now(UTC))
    return import_id


async def _finished(engine: AsyncEngine, tenant_id: UUID, import_id: UUID) -> Any:
    deadline = time.monotonic() + WAIT_S_MAX
    while True:
        async with transaction(engine, Scope.of(tenant_id)) as db:
            row = await store.get(db, tenant_id, import_id)
        if row is None or row.state != "running":
            return row
        if time.monotonic() > deadline:
            raise RuntimeError("the import did not end")
        await asyncio.sleep(0.2)


@contextmanager
def watched(stack: LocalStack) -> Iterator[Any]:
    """A function that tells the highest resident memory of the worker's process, in MB; looked at ten times a second.

    The kernel keeps the peak of a process itself: looking often only makes sure that the last look is a late one.
    """
    peak = 0.0
    over = threading.Event()

    def look() -> None:
        nonlocal peak
        while not over.wait(0.1):
            for process in _workers():
                try:
                    status = Path(f"/proc/{process.pid}/status").read_text()
                except OSError:
                    continue
                kilobytes = next(
                    (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0"
                )
                peak = max(peak, int(kilobytes) / 1024)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield lambda: peak
    finally:
        over.set()
        thread.join()


def _workers() -> list[psutil.Process]:
    mine = psutil.Process()
    return [
        child
        for child in mine.children(recursive=True)
        if any("run_import" in part for part in _title(child)[:1])
    ]


def _title(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
