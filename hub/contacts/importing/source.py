"""A file as rows: what it is (`inspect`) and its data, block by block (`open_rows`), whatever the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any
from zipfile import ZipFile

from hub.contacts.importing import csv_rows, sniff, xlsx_rows
from hub.contacts.importing.csv_rows import Block
from hub.contacts.importing.limits import (
    FIELD_CHARS_MAX,
    PREVIEW_CHARS_MAX,
    PREVIEW_ROWS,
    FileRefused,
)
from hub.contacts.importing.sniff import Dialect
from hub.contacts.importing.xlsx_texts import SharedTexts, read_all

_TEXTS = "xl/sharedStrings.xml"
_EXTENSIONS = {"csv": ("csv", "txt", "tsv"), "xlsx": ("xlsx", "xlsm")}


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What is known of a file; kept as `imports.file`."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    skip: int = 0
    has_header: bool = True
    header: list[str] = field(default_factory=list)
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    preview: list[list[str]] = field(default_factory=list)
    rows_estimate: int = 0
    warnings: list[str] = field(default_factory=list)
    all_utf8: bool = False

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> FileInfo:
        return cls(**kept)

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def dialect(self) -> Dialect:
        return Dialect(self.delimiter, self.quote, self.skip)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says about the file, where the guess was wrong. None: guess."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None
    has_header: bool | None = None


def inspect(
    file: IO[bytes], size: int, name: str, all_utf8: bool, choices: Choices | None = None
) -> FileInfo:
    """Raises FileRefused when it is nothing that can be imported."""
    choices = choices or Choices()
    file.seek(0)
    head = file.read(sniff.HEAD_BYTES)
    if sniff.format_of(head) == "zip":
        found = _inspect_xlsx(file, choices)
    else:
        found = _inspect_csv(file, head, size, all_utf8, choices)
    if not found.header:
        raise FileRefused("the file has no row with a value", "/", "empty")
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    others = {end for kind, ends in _EXTENSIONS.items() if kind != found.format for end in ends}
    if extension in others:
        said = (
            f"the name ends in .{extension}, and the file is {found.format.upper()}: it is read as what it is"
        )
        found = replace(found, warnings=[*found.warnings, said])
    return replace(found, all_utf8=all_utf8)


def _inspect_csv(file: IO[bytes], head: bytes, size: int, all_utf8: bool, choices: Choices) -> FileInfo:
    encoding = (
        sniff.checked_encoding(choices.encoding) if choices.encoding else sniff.encoding_of(head, all_utf8)
    )
    text = sniff.decode_head(head, encoding)
    dialect = sniff.dialect_of(text)
    if choices.delimiter:
        dialect = replace(dialect, delimiter=choices.delimiter)
    if choices.quote:
        dialect = replace(dialect, quote=choices.quote)
    file.seek(0)
    rows = _first_rows(csv_rows.blocks(_Kept(file), encoding, dialect))
    lines = max(text.count("\n"), text.count("\r"), 1)
    whole = len(head) == size
    estimate = lines if whole else int(size / (len(head) / lines))
    info = FileInfo("csv", encoding, dialect.delimiter, dialect.quote, dialect.skip)
    return _with_rows(info, rows, estimate, choices)


class _Kept:
    """A binary file that stays open when the text layer over it is dropped."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    closed = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    read1 = read

    def flush(self) -> None:
        return

    def close(self) -> None:
        return


def _first_rows(found: Iterator[Block]) -> list[list[str]]:
    rows: list[list[str]] = []
    for block in found:
        rows += [row for row in block.rows if any(cell.strip() for cell in row)]
        if len(rows) > PREVIEW_ROWS:
            break
    return rows[: PREVIEW_ROWS + 1]


def _with_rows(info: FileInfo, rows: list[list[str]], estimate: int, choices: Choices) -> FileInfo:
    if not rows:
        return info
    has_header = (
        choices.has_header if choices.has_header is not None else sniff.looks_like_header(rows[0], rows[1:])
    )
    if has_header:
        header, warnings = sniff.header_names(rows[0])
        rows = rows[1:]
    else:
        header, warnings = sniff.header_names([""] * max(len(row) for row in rows))
    preview = [
        [cell.replace("\0", "\ufffd")[:PREVIEW_CHARS_MAX].encode("utf-8", "replace").decode() for cell in row]
        for row in rows[:PREVIEW_ROWS]
    ]
    return replace(
        info,
        has_header=has_header,
        header=header,
        preview=preview,
        rows_estimate=max(estimate - has_header, len(preview)),
        warnings=warnings,
    )


def _inspect_xlsx(file: IO[bytes], choices: Choices) -> FileInfo:
    archive = xlsx_rows.open_zip(file)
    book = xlsx_rows.book_of(archive)
    sheet = choices.sheet or next(iter(book.sheets))
    if sheet not in book.sheets:
        raise FileRefused(f"the file has no sheet {sheet[:60]!r}", "/file/sheet", "sheet")
    path = book.sheets[sheet]
    with _texts(archive) as texts:
        rows = _first_rows(xlsx_rows.blocks(archive, book, path, texts))
    info = FileInfo("xlsx", sheet=sheet, sheets=list(book.sheets))
    return _with_rows(info, rows, _rows_told(archive, path), choices)


def _rows_told(archive: ZipFile, path: str) -> int:
    """What the sheet says of its own size: `<dimension ref="A1:H50001"/>`."""
    start = next(xlsx_rows.pieces(archive, path), b"")[:4096]
    told = start.partition(b'<dimension ref="')[2].partition(b'"')[0].rpartition(b":")[2]
    digits = bytes(letter for letter in told if 48 <= letter <= 57)
    return int(digits) if 0 < len(digits) < 8 else 0


@contextmanager
def _texts(archive: ZipFile) -> Iterator[SharedTexts]:
    with SharedTexts() as texts:
        if _TEXTS in archive.namelist():
            found = xlsx_rows.pieces(archive, _TEXTS)
            read_all(texts, xlsx_rows.parser(), xlsx_rows.feed, found, FIELD_CHARS_MAX)
        yield texts


def open_rows(file: IO[bytes], info: FileInfo) -> Iterator[Block]:
    """The data rows in blocks. Raises FileRefused when the file cannot be read on, naming the row."""
    file.seek(0)
    if info.format == "csv":
        yield from _after_header(csv_rows.blocks(_Kept(file), info.encoding, info.dialect), info)
        return
    archive = xlsx_rows.open_zip(file)
    book = xlsx_rows.book_of(archive)
    with _texts(archive) as texts:
        path = book.sheets.get(info.sheet)
        if path is None:
            raise FileRefused(f"the file has no sheet {info.sheet[:60]!r}", "/file/sheet", "sheet")
        yield from _after_header(xlsx_rows.blocks(archive, book, path, texts), info)


def _after_header(found: Iterator[Block], info: FileInfo) -> Iterator[Block]:
    """Without the header, which is the first row that holds something."""
    waiting = info.has_header
    for block in found:
        if waiting:
            place = next(
                (place for place, row in enumerate(block.rows) if any(cell.strip() for cell in row)), None
            )
            if place is not None:
                waiting = False
                block = block.after(place)
        if block.numbers or block.broken:
            yield block


def original_cells(block: Block) -> Iterator[tuple[int, list[str]]]:
    """(row, cells) of a block, and of its broken rows what could be seen of them."""
    yield from zip(block.numbers, block.rows, strict=True)
    for error in block.broken:
        yield error.row, [error.value]
