"""What an import may be at most, and how a file or one of its rows is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.errors import Conflict, Invalid

FILE_BYTES_MAX = 200 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
ROWS_MAX = 5_000_000
COLUMNS_MAX = 500
FIELD_CHARS_MAX = 64 * 1024
HEADER_CHARS_MAX = 200
PREVIEW_ROWS = 20
PREVIEW_CHARS_MAX = 200
ERRORS_STORED_MAX = 100_000
FIXES_MAX = 10_000
NAME_CHARS_MAX = 200
VALUE_CHARS_MAX = 200  # of a bad value, kept to be shown

# Rows that are right and were left alone on purpose.
SKIPPED_CODES = frozenset({"exists", "suppressed"})

WHOLE_ROW = -1  # the place of an error that is not one column's


@dataclass(eq=False)
class FileRefused(Invalid):
    """This file cannot be imported."""

    code: ClassVar[str] = "file-refused"
    reason: str = ""
    row: int = 0
    column: str = ""


@dataclass(eq=False)
class WrongState(Conflict):
    """The import is not in a state that allows this."""

    code: ClassVar[str] = "import-state"
    state: str = ""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a cell (`place` is its column, from 0) or a whole row (WHOLE_ROW). Rows count from 1."""

    row: int
    place: int
    code: str
    value: str
    detail: str
