"""Rows of a CSV file, a block at a time: memory is bounded whatever the file holds, broken rows are named and passed.

A quote that is never closed swallows what follows it; its row is reported and reading goes on at the next line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from typing import Any

from hub.contacts.importing.limits import FIELD_CHARS_MAX, WHOLE_ROW, FileRefused, RowError
from hub.contacts.importing.sniff import Dialect, errors_of

BLOCK_CHARS = 1024 * 1024
OPEN_CHARS_MAX = 4 * FIELD_CHARS_MAX  # what may follow an opening quote before it counts as never closed
LINE_CHARS_MAX = 8 * 1024 * 1024

csv.field_size_limit(FIELD_CHARS_MAX)


@dataclass(frozen=True, slots=True)
class Text:
    """What is known of all cells of a block at once, so that no cell need be asked.

    `readable`: no NUL, no byte that could not be decoded, no cell that is too long. `trimmed`: no white space around any.
    `plain`: no quote, backslash, tab or end of line in any. `guarded`: some cell may begin with `'`.
    """

    readable: bool = False
    trimmed: bool = False
    plain: bool = False
    guarded: bool = True

    @classmethod
    def of(cls, text: str, dialect: Dialect) -> Text:
        """Of the text that a CSV block was cut from; only what is certain is said."""
        readable = "\0" not in text and (text.isascii() or _is_unicode(text))
        edge, quote = dialect.delimiter, dialect.quote
        spaced = [f"{edge} ", f" {edge}", " \n", "\n ", " \r", f"{quote} ", f" {quote}", *_SPACES]
        spaced += [] if edge == "\t" else ["\t"]
        outside = text.startswith(" ") or text.endswith(" ")
        spaced += () if text.isascii() else _WIDE_SPACES
        trimmed = not outside and not any(piece in text for piece in spaced)
        plain = (
            quote not in text and '"' not in text and "\\" not in text and (edge == "\t" or "\t" not in text)
        )
        return cls(readable, trimmed, plain, "'" in text)


_WIDE_SPACES = (
    "\xa0",
    "\u1680",
    *map(chr, range(0x2000, 0x200B)),
    "\u2028",
    "\u2029",
    "\u202f",
    "\u205f",
    "\u3000",
)
_SPACES = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Block:
    """Rows with their numbers in the file (the first is 1), and rows that could not be read.

    Where all rows are of one width they may be held as columns only; `rows` makes lists of them when somebody asks.
    """

    __slots__ = ("_rows", "broken", "columns", "numbers", "text")

    def __init__(
        self,
        numbers: Sequence[int],
        rows: list[list[str]],
        broken: list[RowError] | None = None,
        text: Text | None = None,
        columns: list[list[str]] | None = None,
    ) -> None:
        self.numbers = numbers
        self.columns = columns
        self.broken = broken if broken is not None else []
        self.text = text if text is not None else Text()
        self._rows: list[list[str]] | None = None if columns is not None else rows

    @property
    def rows(self) -> list[list[str]]:
        if self._rows is None:
            self._rows = [list(row) for row in zip(*self.columns or (), strict=True)]
        return self._rows

    def after(self, place: int) -> Block:
        """Without the rows up to this one."""
        columns = None if self.columns is None else [column[place + 1 :] for column in self.columns]
        rows = self._rows[place + 1 :] if self._rows is not None and columns is None else []
        return Block(self.numbers[place + 1 :], rows, self.broken, self.text, columns)


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
        found = Text.of(whole, dialect)
        columns = _columns(whole, dialect) if found.plain and not skip else None
        if columns is not None:
            block, left = Block(range(number, number + len(columns[0])), [], None, found, columns), ""
        else:
            lines = StringIO(whole, newline="").readlines()
            if skip:
                lines, skip, number = lines[skip:], 0, number + skip
            block, left = _parse(lines, dialect, number, last)
            block.text = found
        number = block.numbers[-1] + 1 if block.numbers else number
        if block.broken:
            number = max(number, block.broken[-1].row + 1)
        if block.numbers or block.broken:
            yield block if columns is not None else _without_empty(block)
        if last:
            return
        carry = left + rest


def _cut(text: str) -> tuple[str, str]:
    """Whole lines, and the rest."""
    end = text.rfind("\n") + 1
    if not end:  # a file of an old Macintosh; a last \r may be half of \r\n
        end = text.rfind("\r", 0, len(text) - 1) + 1
    return text[:end], text[end:]


def _columns(text: str, dialect: Dialect) -> list[list[str]] | None:
    """The columns of lines without quotes that all have the same number of cells; None for any other text.

    Three times as fast as the parser, which looks at every letter. Between lines stands a mark: it comes out at every
    place where a line must end, and nowhere else, exactly when all lines are of one width.
    """
    text = text.replace("\r\n", "\n")
    if "\r" in text or not _lines_are_short(text):
        return None
    text = text.removesuffix("\n")
    delimiter = dialect.delimiter
    width = text.partition("\n")[0].count(delimiter) + 1
    cells = text.replace("\n", f"{delimiter}\n{delimiter}").split(delimiter)
    ends = cells[width :: width + 1]
    rows = len(ends) + 1
    if len(cells) != rows * (width + 1) - 1 or ends.count("\n") != rows - 1:
        return None
    columns = [cells[place :: width + 1] for place in range(width)]
    return columns if width > 1 or all(columns[0]) else None


def _lines_are_short(text: str) -> bool:
    """Whether no line, and so no cell, is longer than a cell may be."""
    place = 0
    while len(text) - place > FIELD_CHARS_MAX:
        end = text.rfind("\n", place, place + FIELD_CHARS_MAX)
        if end < 0:
            return False
        place = end + 1
    return True


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
    while start < len(lines):
        left_over: Any = iter(lines)
        left_over.__setstate__(start)  # at once, however far
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
    return Block([number for number, _ in kept], [row for _, row in kept], block.broken, block.text)
