"""The work of an import: dry run, run and undo, block by block. It may be killed anywhere and goes on where it was.

A thread reads and checks the file while the database writes the block before. A block's contacts, errors and counts and
its place in the checkpoint are one transaction, so that a block is written once, whoever runs it twice.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.contacts import service_attributes, store_attributes
from hub.contacts.attributes import Definition
from hub.contacts.importing import progress, stage, store
from hub.contacts.importing.checking import Checker
from hub.contacts.importing.csv_rows import Block
from hub.contacts.importing.limits import ERRORS_STORED_MAX, ROWS_MAX, FileRefused, RowError
from hub.contacts.importing.options import ATTRIBUTE, ImportOptions
from hub.contacts.importing.prepared import Prepared, prepare
from hub.contacts.importing.source import FileInfo, open_rows
from hub.contacts.importing.spool import opened
from hub.contacts.importing.stage import Outcome, Plan
from hub.contacts.importing.suppressed import Suppressed
from hub.contacts.suppression import AddressHasher
from hub.errors import HubError
from hub.ids import encode_id
from models.db import Scope, sqlstate, transaction

READ_AHEAD = 2  # blocks that wait for the database
LANES = 2  # blocks that are being written
RETRIES_MAX = 6
UNIQUE_VIOLATION = "23505"
RETRYABLE = frozenset({UNIQUE_VIOLATION, "40001", "40P01", "55P03"})

# A plan that is kept from when the tables were empty must not read them whole ever after.
_SETTINGS = text(
    "SELECT set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true)"
)

Announce = Callable[[Row[Any]], Awaitable[None]]
log = structlog.get_logger()


class Canceled(Exception):
    """Somebody asked to stop."""


@dataclass(slots=True)
class Job:
    """One import at work. `writing`: a run, no dry run."""

    engine: AsyncEngine
    row: Row[Any]
    announce: Announce
    hasher: AddressHasher
    writing: bool

    @property
    def tenant_id(self) -> UUID:
        tenant_id: UUID = self.row.tenant_id
        return tenant_id

    @property
    def scope(self) -> Scope:
        return Scope.of(self.tenant_id)

    @asynccontextmanager
    async def block(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of one block. A lost one is done again, so nobody need wait for its disk."""
        async with transaction(self.engine, self.scope) as db:
            await db.execute(_SETTINGS)
            yield db


async def check_or_run(job: Job) -> None:
    """A dry run or a run to its end, which is written to the import. Raises what is not the file's fault."""
    try:
        await _work(job)
        await progress.finish(job.engine, job.row, "completed" if job.writing else "checked")
        if job.writing:
            await progress.refresh_statistics(job.engine, job.row)
    except Canceled:
        await progress.finish(job.engine, job.row, "canceled" if job.writing else "uploaded")
    except HubError as error:
        log.info("import_refused", import_id=str(job.row.id), code=error.code)
        problem: dict[str, Any] = {"code": error.code, "detail": str(error)}
        if isinstance(error, FileRefused):
            problem = {**problem, "row": error.row or None, "column": error.column or None}
        await progress.finish(job.engine, job.row, "failed", problem)
    await tell(job)


async def tell(job: Job) -> None:
    """Let the screens know how far it is."""
    async with transaction(job.engine, job.scope) as db:
        row = await store.get(db, job.tenant_id, job.row.id)
    if row is not None:
        await job.announce(row)


async def _work(job: Job) -> None:
    options = ImportOptions.model_validate(job.row.options)
    info = FileInfo.of(job.row.file)
    async with transaction(job.engine, job.scope) as db:
        if job.writing:
            await service_attributes.ensure(db, job.tenant_id, _new_attributes(options))
        definitions = await _definitions(db, job.tenant_id, options)
        fixes = await store.fixes(db, job.tenant_id, job.row.id)
        if not job.writing:
            await progress.restart(db, job.row)
        stored = await store.errors_stored(db, job.tenant_id, job.row.id)
        suppressed = await Suppressed.load(db, job.tenant_id, job.hasher)
    checker = Checker(options, info.header, definitions, fixes)
    plan = _plan(job, options, info, checker, definitions)
    done = progress.ranges(job.row) if job.writing else []
    async with opened(job.engine, job.tenant_id, job.row.id) as file:
        reading = Reading(file, info, checker, plan, done, suppressed)
        await _drain(job, plan, info, reading, stored)


def _new_attributes(options: ImportOptions) -> list[service_attributes.NewAttribute]:
    return [
        service_attributes.NewAttribute(
            mapped.target.removeprefix(ATTRIBUTE),
            mapped.create.type,
            mapped.create.label,
            mapped.create.choices,
        )
        for mapped in options.mapping
        if mapped.create is not None
    ]


async def _definitions(db: AsyncConnection, tenant_id: UUID, options: ImportOptions) -> dict[str, Definition]:
    """The tenant's attributes, and those that a run would make first."""
    known = await store_attributes.definitions(db, tenant_id)
    for new in _new_attributes(options):
        if new.key not in known:
            known[new.key] = Definition(UUID(int=0), new.key, new.label, new.type, tuple(new.choices))
    return known


def _plan(
    job: Job, options: ImportOptions, info: FileInfo, checker: Checker, definitions: dict[str, Definition]
) -> Plan:
    keys = [target.removeprefix(ATTRIBUTE) for target in checker.attributes]
    activity = {"import_id": encode_id("imp", job.row.id), "file": job.row.name, "action": "updated"}
    columns = {mapped.target: info.header.index(mapped.column) for mapped in options.mapping if mapped.target}
    return Plan(
        job.tenant_id,
        job.row.id,
        options,
        checker.identity,
        [(definitions[key].id, key) for key in keys if definitions[key].indexed],
        job.row.created_by,
        orjson.dumps(activity).decode(),
        {kind: columns[kind] for kind in checker.addresses},
    )


class Reading:
    """Reads, checks and prepares blocks in a thread of its own, a few ahead of the database."""

    def __init__(
        self,
        file: IO[bytes],
        info: FileInfo,
        checker: Checker,
        plan: Plan,
        done: list[tuple[int, int]],
        suppressed: Suppressed,
    ) -> None:
        self._blocks = open_rows(file, info)
        self._checker = checker
        self._plan = plan
        self._done = done
        self._suppressed = suppressed
        self._rows = 0

    async def blocks(self) -> AsyncIterator[Prepared]:
        """Blocks in the order of the file. Raises FileRefused."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Prepared | BaseException | None] = asyncio.Queue()
        room = threading.Semaphore(READ_AHEAD)
        stop = threading.Event()

        def put(item: Prepared | BaseException | None) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, item)

        def read() -> None:
            try:
                for prepared in self._prepared():
                    room.acquire()
                    if stop.is_set():
                        return
                    put(prepared)
                put(None)
            except BaseException as error:
                put(error)

        thread = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
                room.release()
        finally:
            stop.set()
            room.release()
            await thread

    def _prepared(self) -> Iterator[Prepared]:
        for block in self._blocks:
            self._rows += len(block.numbers) + len(block.broken)
            if self._rows > ROWS_MAX:
                row = block.numbers[0] if block.numbers else block.broken[0].row
                raise FileRefused(f"a file has at most {ROWS_MAX:,} rows", "/", "rows", row)
            yield self._prepare(block)

    def _prepare(self, block: Block) -> Prepared:
        checked = self._checker.check(block)
        skipped = self._suppressed.leave_out(checked, self._checker.addresses, self._plan.places)
        found = prepare(
            checked,
            self._checker.identity,
            self._checker.attributes,
            self._checker.addresses,
            self._plan.options.tags,
            time.time_ns() // 1_000_000,
            skipped,
        )
        return found

    def is_done(self, block: Prepared) -> bool:
        """Whether an earlier life of this import has written the block. Reading it was not for nothing: it says who
        was in the file before.
        """
        return any(first <= block.first and block.last <= last for first, last in self._done)


async def _drain(job: Job, plan: Plan, info: FileInfo, reading: Reading, stored: int) -> None:
    """Write the blocks, two at a time: while one waits for a lock or its pages, the other's rows go in."""
    shown = time.monotonic()
    found = reading.blocks()
    flying: set[asyncio.Task[int]] = set()
    try:
        async for block in found:
            if reading.is_done(block):
                continue
            # What the blocks in flight store is not known yet: each may take its share of what is left.
            room = (ERRORS_STORED_MAX - stored) // LANES
            flying.add(asyncio.create_task(_block(job, plan, info, block, room)))
            if len(flying) >= LANES:
                stored += await _landed(flying)
            if time.monotonic() - shown > progress.SHOW_EVERY_S:
                shown = time.monotonic()
                await tell(job)
        while flying:
            stored += await _landed(flying)
    finally:
        await asyncio.gather(*flying, return_exceptions=True)
        await found.aclose()  # type: ignore[attr-defined]


async def _landed(flying: set[asyncio.Task[int]]) -> int:
    """Wait for the first block of several. Raises what it raised."""
    done, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
    flying -= done
    return sum(task.result() for task in done)


async def _block(job: Job, plan: Plan, info: FileInfo, block: Prepared, room: int) -> int:
    """One block in one transaction. Returns how many errors were stored. Raises Canceled.

    Somebody may create one of the same people at the same moment: then the block is done again and finds them.
    """
    for attempt in range(RETRIES_MAX):
        try:
            async with job.block() as db:
                return await _write(db, job, plan, info, block, room)
        except HubError:
            raise
        except Exception as error:
            if sqlstate(error) not in RETRYABLE or attempt == RETRIES_MAX - 1:
                raise
            log.info(
                "import_block_again", import_id=str(job.row.id), row=block.first, sqlstate=sqlstate(error)
            )
            await asyncio.sleep(0.05 * 2**attempt)
    raise AssertionError("unreachable")


async def _write(
    db: AsyncConnection, job: Job, plan: Plan, info: FileInfo, block: Prepared, room: int
) -> int:
    await stage.open_tables(db)
    outcome = await stage.match(db, plan, block) if block.good else Outcome()
    if job.writing and block.good:
        await stage.write(db, plan, block, outcome)
    outcome.errors += block.bad_rows
    outcome.skipped += block.skipped
    told: list[RowError] = sorted([*block.errors, *outcome.told], key=lambda error: (error.row, error.place))
    await store.add_errors(db, job.tenant_id, job.row.id, info.header, told[: max(room, 0)])
    went_on = await progress.add(db, job.row, block, outcome, writing=job.writing)
    if not went_on:
        raise Canceled
    return min(len(told), max(room, 0))
