"""The rows an import left out, as a CSV file for the person who mends them."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Iterator, Sequence
from io import StringIO
from typing import IO, Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.contacts.exporting.cells import guarded
from hub.contacts.importing import store
from hub.contacts.importing.limits import FileRefused
from hub.contacts.importing.source import FileInfo, open_rows, original_cells
from hub.contacts.importing.spool import opened
from models.db import Scope, transaction

HEAD = ("row", "column", "value", "code", "reason")
PAGE = 2_000


async def errors_csv(engine: AsyncEngine, row: Row[Any]) -> AsyncIterator[bytes]:
    """The file in pieces. Cells that a spreadsheet would run as formulas begin with `'`."""
    info = FileInfo.of(row.file)
    yield "\ufeff".encode() + _lines([[*HEAD, *info.header]])
    try:
        async with opened(engine, row.tenant_id, row.id) as file:
            async for piece in _with_cells(engine, row, file, info):
                yield piece
    except FileRefused:  # the file is not kept any more, or ends in the middle: the errors alone
        async for errors in _pages(engine, row):
            yield _lines([_told(error) for error in errors])


async def _pages(engine: AsyncEngine, row: Row[Any]) -> AsyncIterator[Sequence[Row[Any]]]:
    after = (0, -2)
    while True:
        async with transaction(engine, Scope.of(row.tenant_id)) as db:
            found = await store.errors(db, row.tenant_id, row.id, after=after, limit=PAGE)
        if not found:
            return
        yield found[:PAGE]
        if len(found) <= PAGE:
            return
        after = (found[PAGE - 1].row_number, found[PAGE - 1].place)


async def _with_cells(
    engine: AsyncEngine, row: Row[Any], file: IO[bytes], info: FileInfo
) -> AsyncIterator[bytes]:
    cells = original_rows(file, info)
    number, held = 0, list[str]()
    waiting: list[list[str]] = []
    async for errors in _pages(engine, row):
        for error in errors:
            if number < error.row_number:
                number, held = await asyncio.to_thread(_seek, cells, error.row_number)
            waiting.append([*_told(error), *(held if number == error.row_number else [])])
        yield _lines(waiting)
        waiting = []


def original_rows(file: IO[bytes], info: FileInfo) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells) in the order of the file."""
    for block in open_rows(file, info):
        yield from sorted(original_cells(block), key=lambda item: item[0])


def _seek(cells: Iterator[tuple[int, list[str]]], wanted: int) -> tuple[int, list[str]]:
    for number, row in cells:
        if number >= wanted:
            return number, row
    return 2**62, []


def _told(error: Row[Any]) -> list[str]:
    return [str(error.row_number), error.column_name, error.value, error.code, error.detail]


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text)
    for cells in rows:
        writer.writerow([guarded(cell.replace("\0", "\ufffd")) for cell in cells])
    return text.getvalue().encode("utf-8", "replace")
