"""Rows to the bytes of a file, piece by piece: CSV, JSON lines, XLSX. Memory holds one piece, whatever the file."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from io import StringIO
from typing import Any, Protocol
from xml.sax.saxutils import escape

import orjson

from hub.contacts.exporting.cells import guarded
from hub.contacts.exporting.columns import Column, text
from hub.contacts.importing.xlsx_rows import column_name

SHEET_ROWS_MAX = 1_048_576
_BAD_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DAY_ZERO = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)  # before it spreadsheets count a day that never was


class Format(Protocol):
    """`begin`, then `rows` as often as there are some, then `end`: their bytes together are the file."""

    media_type: str
    extension: str

    def begin(self, columns: Sequence[Column]) -> bytes: ...
    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes: ...
    def end(self) -> bytes: ...


class Csv:
    """RFC 4180 with a byte order mark, which spreadsheets want to see UTF-8 as such; no cell is a formula."""

    media_type, extension = "text/csv; charset=utf-8", "csv"

    def begin(self, columns: Sequence[Column]) -> bytes:
        return "\ufeff".encode() + self._lines([[column.head for column in columns]])

    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        return self._lines([[text(value) for value in row] for row in rows])

    def _lines(self, rows: Sequence[Sequence[str]]) -> bytes:
        file = StringIO()
        csv.writer(file).writerows([guarded(cell) for cell in row] for row in rows)
        return file.getvalue().encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""


class JsonLines:
    """One JSON object a line; a member that has no value is left out."""

    media_type, extension = "application/jsonl", "jsonl"

    def begin(self, columns: Sequence[Column]) -> bytes:
        self._names = [column.name for column in columns]
        return b""

    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        return b"".join(
            orjson.dumps(
                {name: value for name, value in zip(self._names, row, strict=True) if value is not None},
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for row in rows
        )

    def end(self) -> bytes:
        return b""


class _Pipe:
    """What the archive writes and nobody has taken yet. It cannot be sought in, so the archive streams."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        return

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts = []
        return taken


class Xlsx:
    """A workbook of plain sheets; texts stand in their cells, so that none is a formula and none is kept in memory.

    Telephone numbers are texts, dates are dates, numbers are numbers. Above 1,048,576 rows another sheet begins.
    """

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    extension = "xlsx"

    def begin(self, columns: Sequence[Column]) -> bytes:
        self._columns = columns
        self._letters = [column_name(place) for place in range(len(columns))]
        self._pipe = _Pipe()
        self._archive = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1)  # type: ignore[call-overload]
        self._sheets = 0
        self._open_sheet()
        return self._pipe.take()

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._row = 0
        self._sheet = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w", force_zip64=True)
        self._sheet.write(_SHEET_HEAD)
        self._write([[column.head for column in self._columns]], typed=False)

    def _close_sheet(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()

    def rows(self, rows: Sequence[Sequence[Any]]) -> bytes:
        while rows:
            room = SHEET_ROWS_MAX - self._row
            if room == 0:
                self._close_sheet()
                self._open_sheet()
                room = SHEET_ROWS_MAX - self._row
            self._write(rows[:room], typed=True)
            rows = rows[room:]
        return self._pipe.take()

    def _write(self, rows: Sequence[Sequence[Any]], *, typed: bool) -> None:
        lines = []
        for row in rows:
            self._row += 1
            cells = [
                _cell(f"{letters}{self._row}", value, column.type if typed else "text")
                for letters, value, column in zip(self._letters, row, self._columns, strict=True)
                if value is not None
            ]
            lines.append(f'<row r="{self._row}">{"".join(cells)}</row>')
        self._sheet.write("".join(lines).encode("utf-8", "replace"))

    def end(self) -> bytes:
        self._close_sheet()
        numbers = range(1, self._sheets + 1)
        sheets = "".join(f'<sheet name="Contacts {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        links = "".join(
            f'<Relationship Id="rId{n}" Type="{_REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        styles = f'<Relationship Id="rId{self._sheets + 1}" Type="{_REL}/styles" Target="styles.xml"/>'
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET_TYPE}"/>' for n in numbers
        )
        for name, content in {
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{sheets}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}{styles}</Relationships>',
            "xl/styles.xml": _STYLES,
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{_ROOT}</Relationships>',
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{_TYPES}{types}</Types>',
        }.items():
            self._archive.writestr(name, _XML + content)
        self._archive.close()
        return self._pipe.take()


def _cell(place: str, value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if kind == "date" and isinstance(value, str):
        day = date.fromisoformat(value)
        if day >= _FIRST_DAY:
            return f'<c r="{place}" s="1"><v>{(day - _DAY_ZERO).days}</v></c>'
    shown = escape(_BAD_IN_XML.sub("\ufffd", text(value)))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET_TYPE = f"{_TYPE}.worksheet+xml"
_SHEET_HEAD = f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
_ROOT = f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
_TYPES = (
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
)
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '</cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
FORMATS: dict[str, type[Csv] | type[JsonLines] | type[Xlsx]] = {"csv": Csv, "xlsx": Xlsx, "jsonl": JsonLines}
