"""Rows of a CSV file, a block at a time: memory is bounded whatever the file holds, broken rows are named and passed.

A quote that is never closed swallows what follows it; its row is reported and reading goes on at the next line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from typing import Any

from hub.contacts.importing.limits import FIELD_CHARS_MAX, WHOLE_ROW, FileRefused, RowError
from hub.contacts.importing.sniff import Dialect, errors_of

BLOCK_CHARS = 1024 * 1024
OPEN_CHARS_MAX = 4 * FIELD_CHARS_MAX  # what may follow an opening quote before it counts as never closed
LINE_CHARS_MAX = 8 * 1024 * 1024

csv.field_size_limit(FIELD_CHARS_MAX)


@dataclass(slots=True)
class Block:
    """Rows with their numbers in the file (the first is 1), and rows that could not be read."""

    numbers: Sequence[int]
    rows: list[list[str]]
    broken: list[RowError] = field(default_factory=list)


def blocks(file: Any, encoding: str, dialect: Dialect) -> Iterator[Block]:
    """All records of a binary file, the header among them; lines without any cell are left out and counted.

    Raises FileRefused for a line longer than 8 Mi characters.
    """
    text = TextIOWrapper(file, encoding, errors_of(encoding), newline="")
    number, carry = 1, ""
    skip = dialect.skip
    while True:
        fresh = text.read(BLOCK_CHARS)
        last = len(fresh) == 0
        whole, rest = (carry + fresh, "") if last else _cut(carry + fresh)
        if len(rest) > LINE_CHARS_MAX:
            raise FileRefused(
                f"row {number} has more than {LINE_CHARS_MAX:,} characters without an end of line",
                "/",
                "line",
                number,
            )
        if not whole:
            carry = rest
            if last:
                return
            continue
        lines = StringIO(whole, newline="").readlines()
        if skip:
            lines, skip, number = lines[skip:], 0, number + skip
        block, left = _parse(lines, dialect, number, last)
        number = block.numbers[-1] + 1 if block.numbers else number
        if block.broken:
            number = max(number, block.broken[-1].row + 1)
        if block.rows or block.broken:
            yield _without_empty(block)
        if last:
            return
        carry = left + rest


def _cut(text: str) -> tuple[str, str]:
    """Whole lines, and the rest."""
    end = text.rfind("\n") + 1
    if not end:  # a file of an old Macintosh; a last \r may be half of \r\n
        end = text.rfind("\r", 0, len(text) - 1) + 1
    return text[:end], text[end:]


def _reader(lines: Sequence[str], dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


def _parse(lines: Sequence[str], dialect: Dialect, first: int, last: bool) -> tuple[Block, str]:
    """The records of whole lines, and the text of a record that goes on in the next block."""
    rows: list[list[str]] = []
    try:
        rows.extend(_reader(lines, dialect))
        return Block(range(first, first + len(rows)), rows), ""
    except csv.Error:
        return _parse_slowly(lines, dialect, first, last)


def _parse_slowly(lines: Sequence[str], dialect: Dialect, first: int, last: bool) -> tuple[Block, str]:
    """The same, one record at a time, because one of them is broken or unfinished."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    broken: list[RowError] = []
    start, number = 0, first
    left_over: Any = iter(lines)  # can be set back, which a record of many lines needs
    while start < len(lines):
        left_over.__setstate__(start)
        reader = csv.reader(left_over, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)
        read = 0
        try:
            for row in reader:
                numbers.append(number)
                rows.append(row)
                number, read = number + 1, reader.line_num
        except csv.Error as error:
            start += read
            unfinished = "unexpected end" in str(error)
            if unfinished and not last:
                left = "".join(lines[start:])
                if len(left) <= OPEN_CHARS_MAX:
                    return Block(numbers, rows, broken), left
            broken.append(_broken(number, lines[start], str(error), unfinished))
            number, start = number + 1, start + 1
        else:
            break
    return Block(numbers, rows, broken), ""


def _broken(row: int, line: str, said: str, unfinished: bool) -> RowError:
    shown = line.rstrip("\r\n")[:200]
    if unfinished or "field limit" in said:
        if "field limit" in said and len(line) > FIELD_CHARS_MAX:
            return RowError(
                row, WHOLE_ROW, "cell-too-long", shown, f"a cell has more than {FIELD_CHARS_MAX:,} characters"
            )
        return RowError(row, WHOLE_ROW, "open-quote", shown, "a quote is opened in this row and never closed")
    return RowError(
        row,
        WHOLE_ROW,
        "bad-quoting",
        shown,
        "after a closing quote comes neither a delimiter nor the end of the row",
    )


def _without_empty(block: Block) -> Block:
    if all(block.rows):
        return block
    kept = [(number, row) for number, row in zip(block.numbers, block.rows, strict=True) if row]
    return Block([number for number, _ in kept], [row for _, row in kept], block.broken)
