"""Rows to columns, each column checked at once; what is wrong is named by row and column.

A block comes out as columns of texts, as COPY takes them. Nothing here knows the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import ClassVar

import numpy as np
from phonenumbers.tzdata import TIMEZONE_LONGEST_PREFIX

from hub.contacts.addresses import NUMBER_KINDS, time_zone_of
from hub.contacts.attributes import Definition
from hub.contacts.contact import NAME_CHARS_MAX
from hub.contacts.exporting.cells import unguarded
from hub.contacts.importing.columns import Reader, Wrong, reader_for
from hub.contacts.importing.csv_rows import Block, Text
from hub.contacts.importing.limits import FIELD_CHARS_MAX, VALUE_CHARS_MAX, WHOLE_ROW, RowError
from hub.contacts.importing.numbers import Numbers
from hub.contacts.importing.options import ADDRESS_TARGETS, ATTRIBUTE, ImportOptions, identity
from hub.contacts.importing.seen import Seen, keys_of
from hub.errors import HubError, Invalid

Columns = dict[str, Sequence[str]]
ZONE_CHARS = 1 + TIMEZONE_LONGEST_PREFIX
ZONES_MAX = 50_000


@dataclass(slots=True)
class Checked:
    """The good rows of a block as columns by target, and what is wrong with the others. `rows`: all of them."""

    rows: int
    first: int
    last: int
    numbers: Sequence[int]
    columns: Columns
    errors: list[RowError] = field(default_factory=list)
    plain: bool = False  # no text in any column needs an escape

    @property
    def bad_rows(self) -> int:
        return len({error.row for error in self.errors})


@dataclass(slots=True)
class _Column:
    place: int
    name: str
    target: str
    reader: Reader


class Checker:
    """Checks the blocks of one file in their order. `fixes`: cells that somebody mended, by row and column."""

    def __init__(
        self,
        options: ImportOptions,
        header: Sequence[str],
        definitions: Mapping[str, Definition],
        fixes: Mapping[int, Mapping[str, str]] | None = None,
    ) -> None:
        self.identity = identity(options)
        self._header = list(header)
        self._places = {name: place for place, name in enumerate(header)}
        self._fixes = fixes or {}
        self._seen: dict[str, Seen] = {"number": Seen(), "sip": Seen()}
        self._zones = _Zones()
        numbers = Numbers(options.default_country)
        self._columns = [
            _Column(
                self._places[mapped.column],
                mapped.column,
                mapped.target,
                reader_for(
                    mapped.target,
                    definitions[mapped.target.removeprefix(ATTRIBUTE)]
                    if mapped.target.startswith(ATTRIBUTE)
                    else None,
                    numbers,
                ),
            )
            for mapped in options.mapping
            if mapped.target
        ]
        self._place_of = {column.target: column.place for column in self._columns}
        self.attributes = [c.target for c in self._columns if c.target.startswith(ATTRIBUTE)]
        self.addresses = [c.target for c in self._columns if c.target in ADDRESS_TARGETS]

    def check(self, block: Block) -> Checked:
        errors = list(block.broken)
        known = Text() if self._fixes else block.text
        numbers, cells = self._cells(block, errors)
        wrong: set[int] = set()  # places of rows in this block
        columns: Columns = {}
        for column in self._columns:
            values = cells[column.place] if cells else []
            if not known.trimmed:
                values = [value.strip() for value in values]
            found, told = self._read(column, values, known)
            for place, error in told.items():
                errors.append(_error(numbers[place], column.place, values[place], error))
            wrong.update(told)
            columns[column.target] = found
        self._need_identity(columns, numbers, errors, wrong)
        _join_names(columns)
        if wrong:
            numbers, columns = without(wrong, numbers, columns)
        again = self._find_again(columns, numbers, errors)
        if again:
            numbers, columns = without(again, numbers, columns)
        self._add_time_zones(columns)
        errors.sort(key=lambda error: (error.row, error.place))
        first, last = _ends(block)
        return Checked(
            len(block.numbers) + len(block.broken), first, last, numbers, columns, errors, known.plain
        )

    def _cells(self, block: Block, errors: list[RowError]) -> tuple[Sequence[int], Sequence[Sequence[str]]]:
        """The rows' numbers, and their cells by column."""
        if block.columns is not None and len(block.columns) == len(self._header) and not self._fixes:
            return block.numbers, block.columns
        numbers, rows = self._mended(block)
        numbers, rows = self._even(numbers, rows, errors)
        return numbers, list(zip(*rows, strict=True)) if rows else []

    def _mended(self, block: Block) -> tuple[Sequence[int], Sequence[list[str]]]:
        """The rows with somebody's fixes; rows without any value are left out."""
        numbers, rows = block.numbers, block.rows
        if self._fixes:
            fixed = []
            for number, row in zip(numbers, rows, strict=True):
                cells = self._fixes.get(number)
                if cells:
                    row = [*row, *[""] * (len(self._header) - len(row))]
                    for name, value in cells.items():
                        row[self._places[name]] = value
                fixed.append(row)
            rows = fixed
        return numbers, rows

    def _even(
        self, numbers: Sequence[int], rows: Sequence[list[str]], errors: list[RowError]
    ) -> tuple[Sequence[int], Sequence[list[str]]]:
        """Rows of the header's width: short ones are filled up, longer ones are wrong unless the rest is empty."""
        width = len(self._header)
        sizes = set(map(len, rows))
        if sizes <= {width}:
            return numbers, rows
        kept_numbers, kept = [], []
        for number, row in zip(numbers, rows, strict=True):
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                told = f"the row has {len(row):,} cells, the header {width:,}"
                extra = row[width][:VALUE_CHARS_MAX]
                errors.append(RowError(number, WHOLE_ROW, "too-many-cells", extra, told))
                continue
            kept_numbers.append(number)
            kept.append((row + [""] * (width - len(row)))[:width])
        return kept_numbers, kept

    def _read(self, column: _Column, values: Sequence[str], known: Text) -> tuple[Sequence[str], Wrong]:
        told: Wrong = {}
        if not known.readable:
            told = _unreadable(values)
            if told:
                values = ["" if place in told else value for place, value in enumerate(values)]
        if known.guarded:
            values = list(map(unguarded, values))
        found, more = column.reader.read(values)
        return found, {**more, **told} if told else more

    def _need_identity(
        self, columns: Columns, numbers: Sequence[int], errors: list[RowError], wrong: set[int]
    ) -> None:
        found = columns[self.identity]
        if all(found):
            return
        place_in_file = self._place_of[self.identity]
        for place, value in enumerate(found):
            if not value and place not in wrong:
                told = Invalid(f"the row has no {self.identity}")
                errors.append(RowError(numbers[place], place_in_file, "missing", "", str(told)))
                wrong.add(place)

    def _find_again(self, columns: Columns, numbers: Sequence[int], errors: list[RowError]) -> set[int]:
        """Rows whose person was in an earlier row, with that row named. Others are remembered."""
        again: set[int] = set()
        for family in ("number", "sip"):
            targets = [t for t in self.addresses if (t in NUMBER_KINDS) == (family == "number")]
            if not targets or not numbers:
                continue
            places = [place for target in targets for place, value in enumerate(columns[target]) if value]
            values = [value for target in targets for value in columns[target] if value]
            rows = np.array(numbers, dtype=np.uint32)[places]
            keys = keys_of(values)
            earlier = self._seen[family].earlier(keys, rows)
            new = earlier == 0
            for nth in np.flatnonzero(~new).tolist():
                place = places[nth]
                if place not in again:
                    again.add(place)
                    told = f"the same address as in row {int(earlier[nth])}"
                    column = self._column_of(columns, place, values[nth])
                    errors.append(RowError(numbers[place], column, "duplicate-in-file", values[nth], told))
            if again:
                new &= ~np.isin(places, list(again))
            keys, kept = np.unique(keys[new], return_index=True)
            self._seen[family].add(keys, rows[new][kept])
        return again

    def _column_of(self, columns: Columns, place: int, value: str) -> int:
        target = next((t for t in self.addresses if columns[t][place] == value), self.identity)
        return self._place_of[target]

    def _add_time_zones(self, columns: Columns) -> None:
        """Where no column gives it, the time zone that the number tells."""
        if "time_zone" in columns:
            return
        source = next((t for t in self.addresses if t in NUMBER_KINDS), None)
        if source is None:
            columns["time_zone"] = [""] * len(columns[self.identity])
        else:
            zones = self._zones
            columns["time_zone"] = [zones[value[:ZONE_CHARS]] for value in columns[source]]


class _Zones(dict[str, str]):
    """The beginning of a number to its time zone."""

    def __missing__(self, beginning: str) -> str:
        found = time_zone_of(beginning)
        if len(self) > ZONES_MAX:
            self.clear()
        self[beginning] = found
        return found


def _ends(block: Block) -> tuple[int, int]:
    """The first and last row of a block, broken ones among them; (0, 0) for none."""
    ends = [*block.numbers[:1], *block.numbers[-1:], *(error.row for error in block.broken)]
    return (min(ends), max(ends)) if ends else (0, 0)


def _is_unicode(text: str) -> bool:
    """Whether it has no half of a surrogate pair, which stands for a byte that could not be decoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unreadable(values: Sequence[str]) -> Wrong:
    told: Wrong = {}
    joined = "\n".join(values)
    if "\0" not in joined and _is_unicode(joined) and max(map(len, values), default=0) <= FIELD_CHARS_MAX:
        return told
    for place, value in enumerate(values):
        if "\0" in value:
            told[place] = NulCharacter("the cell holds a NUL character")
        elif len(value) > FIELD_CHARS_MAX:
            told[place] = CellTooLong(f"a cell has at most {FIELD_CHARS_MAX:,} characters")
        elif not _is_unicode(value):
            told[place] = BadEncoding("the cell holds bytes that are not in the encoding of the file")
    return told


@dataclass(eq=False)
class NulCharacter(Invalid):
    """The cell holds a NUL character."""

    code: ClassVar[str] = "nul-character"


@dataclass(eq=False)
class CellTooLong(Invalid):
    """The cell is too long."""

    code: ClassVar[str] = "cell-too-long"


@dataclass(eq=False)
class BadEncoding(Invalid):
    """The cell is not in the encoding of the file."""

    code: ClassVar[str] = "bad-encoding"


def _error(row: int, place: int, value: str, error: HubError) -> RowError:
    shown = value[:VALUE_CHARS_MAX].replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return RowError(row, place, error.code, shown, str(error))


def _join_names(columns: Columns) -> None:
    """`name`, where it is empty, from first and last name."""
    first, last = columns.pop("first_name", None), columns.pop("last_name", None)
    if first is None and last is None:
        return
    size = len(first if first is not None else last or ())
    blank = [""] * size
    joined = [
        f"{one} {two}".strip()[:NAME_CHARS_MAX]
        for one, two in zip(first or blank, last or blank, strict=True)
    ]
    given = columns.get("name")
    columns["name"] = (
        joined if given is None else [old or new for old, new in zip(given, joined, strict=True)]
    )


def without(places: set[int], numbers: Sequence[int], columns: Columns) -> tuple[Sequence[int], Columns]:
    keep = [place not in places for place in range(len(numbers))]
    return list(compress(numbers, keep)), {
        target: list(compress(values, keep)) for target, values in columns.items()
    }
