"""Imports of contacts in and out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import ContactId, ImportId, In, Instant, Out, Page
from hub.contacts.importing.limits import FIELD_CHARS_MAX
from hub.contacts.importing.options import ConsentGrant, ImportOptions, Mapped, Policy

State = Literal[
    "uploaded", "checking", "checked", "running", "completed", "canceled", "failed", "undoing", "undone"
]


class ImportFile(Out):
    """What was found out about the file."""

    format: Literal["csv", "xlsx"]
    encoding: str
    delimiter: str
    quote: str
    has_header: bool
    header: list[str] = Field(description="The names of the columns, each once; unnamed ones are `Column 3`.")
    sheet: str
    sheets: list[str]
    preview: list[list[str]] = Field(description="The first 20 rows, long cells cut.")
    rows_estimate: int
    warnings: list[str]


class ImportTotals(Out):
    """Rows by what became of them; together they are all rows."""

    created: int
    updated: int
    unchanged: int
    skipped: int
    errors: int


class ImportUndo(Out):
    """What an undo has done so far."""

    removed: int = Field(description="Contacts the import had created, and that are gone.")
    restored: int = Field(description="Contacts that are again as before the import.")
    kept: int = Field(description="Contacts left as they are because something happened to them since.")


class ImportProblem(Out):
    """Why the import failed."""

    code: str
    detail: str
    row: int | None = None
    column: str | None = None


class Import(Out):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "imp_01kasw8qbefw09m6sc5kymr0kh",
                    "name": "people.csv",
                    "state": "checked",
                    "size_bytes": 5124,
                    "file": {
                        "format": "csv",
                        "encoding": "utf-8",
                        "delimiter": ";",
                        "quote": '"',
                        "has_header": True,
                        "header": ["Mobile", "Name", "City"],
                        "sheet": "",
                        "sheets": [],
                        "preview": [["07700 900123", "Asha Rao", "Leeds"]],
                        "rows_estimate": 100,
                        "warnings": [],
                    },
                    "options": {
                        "mapping": [
                            {"column": "Mobile", "target": "phone", "create": None},
                            {"column": "Name", "target": "name", "create": None},
                            {
                                "column": "City",
                                "target": "attribute.city",
                                "create": {"type": "text", "label": "City"},
                            },
                        ],
                        "policy": "update",
                        "default_country": "GB",
                        "consent": {
                            "channels": ["sms"],
                            "state": "opted_in",
                            "source": "Shop form",
                            "proof": "",
                        },
                        "tags": ["spring"],
                    },
                    "totals": {"created": 91, "updated": 6, "unchanged": 1, "skipped": 1, "errors": 1},
                    "undo": None,
                    "rows_done": 100,
                    "rows_total": 100,
                    "rows_per_s": 2500.0,
                    "seconds_left": None,
                    "error": None,
                    "created_by": "user:019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071",
                    "created_at": "2026-01-02T03:04:05.678901Z",
                    "started_at": "2026-01-02T03:05:00.000000Z",
                    "finished_at": "2026-01-02T03:05:01.000000Z",
                }
            ]
        }
    )

    id: ImportId
    name: str
    state: State
    size_bytes: int
    file: ImportFile
    options: ImportOptions
    totals: ImportTotals
    undo: ImportUndo | None = None
    rows_done: int
    rows_total: int | None
    rows_per_s: float
    seconds_left: float | None = None
    error: ImportProblem | None = None
    created_by: str
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class FileChoices(In):
    """How the file is to be read, where the guess was wrong."""

    encoding: Annotated[str | None, Field(max_length=40, examples=["cp1252"])] = None
    delimiter: Annotated[str | None, Field(min_length=1, max_length=1, examples=[";"])] = None
    quote: Annotated[str | None, Field(min_length=1, max_length=1, examples=['"'])] = None
    sheet: Annotated[str | None, Field(max_length=100)] = None
    has_header: bool | None = None


class ImportChange(In):
    """Options to change; what is absent stays. `consent: null` takes a consent back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "mapping": [
                        {"column": "Mobile", "target": "phone"},
                        {
                            "column": "City",
                            "target": "attribute.city",
                            "create": {"type": "text", "label": "City"},
                        },
                    ],
                    "policy": "merge",
                    "default_country": "GB",
                    "consent": {"channels": ["sms"], "state": "opted_in", "source": "Shop form"},
                    "tags": ["spring"],
                }
            ]
        }
    )

    mapping: list[Mapped] | None = None
    policy: Policy | None = None
    default_country: Annotated[str | None, Field(pattern="^[A-Z]{2}$", examples=["GB"])] = None
    consent: ConsentGrant | None = None
    tags: list[str] | None = None
    file: FileChoices | None = None


class RowFix(In):
    """Cells that win over the file, by the name of their column."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cells": {"Mobile": "+447700900123"}}]})

    cells: Annotated[
        dict[str, Annotated[str, Field(max_length=FIELD_CHARS_MAX)]], Field(min_length=1, max_length=500)
    ]


class ImportError(Out):
    """What is wrong with a cell, or (`column` empty) with a row; rows count as in a spreadsheet."""

    row: int
    column: str
    value: str
    code: str
    detail: str
    outcome: Literal["error", "skipped"]


class ImportErrors(Out):
    """Errors by row. Ask for the next page with `after_row` = row of the last one."""

    items: list[ImportError]
    has_more: bool
    stored: int = Field(description="How many are kept to be shown: at most 100,000, though all are counted.")


class KeptContact(Out):
    """A contact that an undo left as it is, or could restore only in part."""

    contact_id: ContactId
    name: str
    reason: str


class KeptPage(Page[KeptContact]):
    pass


class ImportPage(Page[Import]):
    pass
