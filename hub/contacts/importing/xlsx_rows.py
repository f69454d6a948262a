"""Rows of an XLSX file as a stream: the sheet is parsed while it is inflated, shared texts lie on disk, so that memory
is flat for a file of any size. Why no library: docs/decisions/0014-imports-stream.md.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any
from xml.parsers import expat

from hub.contacts.importing.csv_rows import Block
from hub.contacts.importing.limits import COLUMNS_MAX, FIELD_CHARS_MAX, FileRefused
from hub.contacts.importing.xlsx_texts import SharedTexts

BLOCK_ROWS = 10_000
BLOCK_WEIGHT = 4 * 1024 * 1024  # characters, and CELL_WEIGHT a cell: what a block may cost in memory
CELL_WEIGHT = 60
PIECE_BYTES = 256 * 1024
FED_BYTES = 16 * 1024  # at once: a few bytes may name a long shared text
MEMBERS_MAX = 10_000
SMALL_PART_BYTES_MAX = 16 * 1024 * 1024
PART_BYTES_MAX = 2 * 1024 * 1024 * 1024
RATIO_MAX = 250  # real sheets inflate 5 to 60 times, a bomb a thousand times
RATIO_FROM_BYTES = 32 * 1024 * 1024
ROW_CELLS_MAX = 16_384  # as many as the format has

_BUILT_IN_DATES = frozenset({14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47, 27, 30, 36, 50, 57})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_REFERENCE = re.compile(r"([A-Z]{1,3})\d*")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001


@dataclass(frozen=True, slots=True)
class Book:
    """The sheets by name, with the path of each, and what its numbers mean."""

    sheets: Mapping[str, str]
    date_styles: frozenset[int]
    is_1904: bool


def broken(words: str) -> FileRefused:
    return FileRefused(f"the Excel file {words}", "/", "broken-xlsx")


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """The archive, after a look at its directory. Raises FileRefused for a broken one, a bomb, another kind of file."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise broken("is cut off or damaged") from error
    members = archive.infolist()
    if len(members) > MEMBERS_MAX:
        raise broken(f"holds {len(members):,} parts")
    for member in members:
        too_dense = member.file_size > RATIO_FROM_BYTES and member.file_size > RATIO_MAX * max(
            member.compress_size, 1
        )
        if too_dense or member.file_size > PART_BYTES_MAX:
            raise FileRefused(
                f"{member.filename[:80]} would unpack to {member.file_size / 2**20:,.0f} MiB", "/", "zip-bomb"
            )
        if member.flag_bits & 1:
            raise broken("is protected by a password: save it without one")
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise FileRefused("this is a binary Excel file (.xlsb): save it as .xlsx or CSV", "/", "format")
    if "content.xml" in names:
        raise FileRefused("this is an OpenDocument file: save it as .xlsx or CSV", "/", "format")
    if "xl/workbook.xml" not in names:
        raise FileRefused("this is an archive without an Excel workbook", "/", "format")
    return archive


def pieces(archive: zipfile.ZipFile, name: str, bytes_max: int = PART_BYTES_MAX) -> Iterator[bytes]:
    """A part of the archive while it is inflated. Raises FileRefused above its limit, whatever the directory said."""
    done = 0
    packed = archive.getinfo(name).compress_size
    try:
        with archive.open(name) as part:
            while piece := part.read(PIECE_BYTES):
                done += len(piece)
                if done > bytes_max or (done > RATIO_FROM_BYTES and done > RATIO_MAX * max(packed, 1)):
                    raise FileRefused(f"{name} unpacks to more than {done / 2**20:,.0f} MiB", "/", "zip-bomb")
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise broken("is cut off or damaged") from error


def parser() -> Any:
    """An XML parser that refuses a document type, and with it every entity."""
    made = expat.ParserCreate(namespace_separator=None)
    made.buffer_text = True
    made.buffer_size = FIELD_CHARS_MAX

    def refuse(*_: object) -> None:
        raise broken("holds a document type declaration")

    made.StartDoctypeDeclHandler = refuse
    return made


def feed(made: Any, data: bytes, final: bool = False) -> None:
    try:
        made.Parse(data, final)
    except expat.ExpatError as error:
        raise broken(f"holds XML that cannot be read: {expat.errors.messages[error.code]}") from error


def local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _elements(archive: zipfile.ZipFile, name: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a small part in their order, with their attributes."""
    found: list[tuple[str, dict[str, str]]] = []
    made = parser()
    made.StartElementHandler = lambda tag, attributes: found.append((local(tag), attributes))
    for piece in pieces(archive, name, SMALL_PART_BYTES_MAX):
        feed(made, piece)
    feed(made, b"", True)
    return found


def book_of(archive: zipfile.ZipFile) -> Book:
    """Raises FileRefused for a workbook without sheets."""
    paths = {}
    relations = "xl/_rels/workbook.xml.rels"
    for tag, attributes in _elements(archive, relations) if relations in archive.namelist() else ():
        if tag == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            paths[attributes.get("Id", "")] = path
    sheets: dict[str, str] = {}
    is_1904 = False
    for tag, attributes in _elements(archive, "xl/workbook.xml"):
        if tag == "workbookPr":
            is_1904 = attributes.get("date1904", "0") in ("1", "true")
        if tag == "sheet":
            reference = next((value for name, value in attributes.items() if local(name) == "id"), "")
            path = paths.get(reference, "")
            if path in archive.namelist() and "worksheets" in path:
                sheets[attributes.get("name", path)[:100]] = path
    if not sheets:
        raise broken("has no sheet")
    return Book(sheets, _date_styles(archive), is_1904)


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """The numbers of the cell styles that show a date."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    formats: dict[int, bool] = {}
    found: set[int] = set()
    inside = False
    count = 0
    for tag, attributes in _elements(archive, "xl/styles.xml"):
        if tag == "numFmt":
            code = _QUOTED.sub("", attributes.get("formatCode", "")).lower()
            formats[_int(attributes.get("numFmtId"))] = any(letter in code for letter in "ymdh")
        elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = tag == "cellXfs"
        elif tag == "xf" and inside:
            number = _int(attributes.get("numFmtId"))
            if formats.get(number, number in _BUILT_IN_DATES):
                found.add(count)
            count += 1
    return frozenset(found)


def _int(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def blocks(archive: zipfile.ZipFile, book: Book, path: str, texts: SharedTexts) -> Iterator[Block]:
    """The rows of a sheet; empty ones are left out and counted. Raises FileRefused, naming row and column."""
    sheet = _Sheet(book, texts)
    made = parser()
    made.StartElementHandler = sheet.start
    made.EndElementHandler = sheet.end
    made.CharacterDataHandler = sheet.text
    for piece in pieces(archive, path):
        for start in range(0, len(piece), FED_BYTES):
            feed(made, piece[start : start + FED_BYTES])
            if len(sheet.rows) >= BLOCK_ROWS or sheet.weight > BLOCK_WEIGHT:
                yield sheet.take()
    feed(made, b"", True)
    if sheet.rows:
        yield sheet.take()


class _Sheet:
    """What the parser tells, as rows of texts."""

    def __init__(self, book: Book, texts: SharedTexts) -> None:
        self.numbers: list[int] = []
        self.rows: list[list[str]] = []
        self.weight = 0
        self._book = book
        self._texts = texts
        self._row: list[str] = []
        self._number = 0
        self._place = 0
        self._kind = "n"
        self._style = 0
        self._value: list[str] | None = None
        self._held = ""
        self._formula = ""
        self._size = 0
        self._phonetic = False

    def take(self) -> Block:
        block = Block(self.numbers, self.rows)
        self.numbers, self.rows, self.weight = [], [], 0
        return block

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "c" or tag.endswith(":c"):
            self._start_cell(attributes)
        elif local(tag) in ("v", "t", "f"):
            self._value, self._size = None if self._phonetic else [], 0
        elif local(tag) == "rPh":
            self._phonetic = True
        elif local(tag) == "row":
            number = _int(attributes.get("r"))
            self._number = number if number > self._number else self._number + 1
            self._row, self._place = [], -1

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        reference = _REFERENCE.match(attributes.get("r", ""))
        self._place = column_number(reference.group(1)) if reference else self._place + 1
        self._kind = attributes.get("t", "n")
        self._style = _int(attributes.get("s"))
        self._held = self._formula = ""
        if self._place >= ROW_CELLS_MAX:
            raise FileRefused(
                f"row {self._number} has more than {ROW_CELLS_MAX:,} cells", "/", "columns", self._number
            )

    def text(self, data: str) -> None:
        if self._value is None:
            return
        self._size += len(data)
        if self._size > FIELD_CHARS_MAX:
            raise FileRefused(
                f"row {self._number}, column {self._place + 1}: a cell has more than {FIELD_CHARS_MAX:,} characters",
                "/",
                "cell-too-long",
                self._number,
                column_name(self._place),
            )
        self._value.append(data)

    def end(self, tag: str) -> None:
        name = local(tag)
        if name == "v" or name == "t":
            self._held += "".join(self._value or ())
            self._value = None
        elif name == "f":
            self._formula, self._value = "".join(self._value or ()), None
        elif name == "rPh":
            self._phonetic = False
        elif name == "c":
            self._end_cell()
        elif name == "row" and any(self._row):
            self.numbers.append(self._number)
            self.rows.append(self._row)

    def _end_cell(self) -> None:
        value = self._shown()
        if not value:
            return
        self.weight += len(value) + CELL_WEIGHT
        row = self._row
        if len(row) <= self._place:
            if self._place >= COLUMNS_MAX * 4:
                raise FileRefused(
                    f"row {self._number} has {self._place + 1:,} columns: a file has at most {COLUMNS_MAX}",
                    "/",
                    "columns",
                    self._number,
                )
            row.extend([""] * (self._place - len(row)))
            row.append(value)
        else:
            row[self._place] = value

    def _shown(self) -> str:
        """The cell as text: what a person sees, as far as dates and long numbers go."""
        held = self._held
        if self._kind == "s":
            return self._texts.get(_int(held.strip())) if held.strip() else ""
        if self._kind == "b":
            return "true" if held == "1" else "false"
        if self._kind in ("str", "inlineStr", "e", "d"):
            return held
        if not held:
            return f"={self._formula}" if self._formula else ""
        if self._style in self._book.date_styles:
            return _date(held, self._book.is_1904)
        return _number(held)


def column_number(letters: str) -> int:
    """`A` to 0, `AB` to 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_name(place: int) -> str:
    """0 to `A`, 27 to `AB`."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _number(held: str) -> str:
    """`4.47700900123E11` to `447700900123`; digits that say nothing are left out."""
    try:
        value = float(held)
    except ValueError:
        return held
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


def _date(held: str, is_1904: bool) -> str:
    """A serial day to `2026-05-01`, or `2026-05-01 13:30:00` when it has a time."""
    try:
        days = float(held)
        moment = (_EPOCH_1904 if is_1904 else _EPOCH) + timedelta(days=days)
    except (ValueError, OverflowError):
        return held
    rounded = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    if days < 1:
        return rounded.time().isoformat()
    midnight = rounded.replace(hour=0, minute=0, second=0)
    return rounded.date().isoformat() if rounded == midnight else rounded.isoformat(" ")
