"""Imports of contacts: upload a file, decide what its columns are, try it, run it, take it back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import DB, Db, Who, require
from api.requests import HubRoute
from api.schemas.common import PAGE_DEFAULT, ContactId, ImportId, Limit
from api.schemas.imports import (
    FileChoices,
    Import,
    ImportChange,
    ImportError,
    ImportErrors,
    ImportPage,
    KeptContact,
    KeptPage,
    RowFix,
)
from api.uploads import SPOOL, UploadRoute
from hub.contacts.importing import report, service, store
from hub.contacts.importing.limits import SKIPPED_CODES
from hub.contacts.importing.options import ImportOptions
from hub.contacts.importing.source import Choices, FileInfo, inspect
from hub.contacts.importing.spool import Spool, opened
from hub.tenancy import store as tenancy
from hub.tenancy.caller import Caller
from models.db import transaction

router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=HubRoute)
uploads = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=UploadRoute)
Importer = Annotated[Caller, require("contacts:import")]

_FILE: dict[str, Any] = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself, at most 200 MiB.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "Mobile;Name;City\n07700 900123;Asha Rao;Leeds\n",
            },
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _FILE,
            "application/octet-stream": _FILE,
        },
    }
}


@uploads.post("", operation_id="upload_import", response_model=Import, status_code=201, openapi_extra=_BODY)
async def upload_import(
    request: Request,
    caller: Who,
    name: Annotated[
        str, Query(max_length=400, description="The name of the file.", examples=["people.csv"])
    ] = "",
) -> Any:
    """Upload a CSV or XLSX file of contacts. Nothing is written to contacts yet: check it, then run it.

    Format, encoding, delimiter, quoting and header are found out; the mapping is the one last used for the same header,
    or else a guess.
    """
    spool: Spool = request.scope[SPOOL]
    info = await asyncio.to_thread(inspect, spool.file, spool.size, name, spool.all_utf8)
    shared: AsyncConnection | None = request.scope.get(DB)
    if shared is not None:
        return await _upload(shared, caller, spool, name, info)
    async with transaction(request.app.state.engine, caller.scope) as db:
        return await _upload(db, caller, spool, name, info)


async def _upload(
    db: AsyncConnection, caller: Caller, spool: Spool, name: str, info: FileInfo
) -> dict[str, Any]:
    tenant = await tenancy.tenant(db, caller.tenant_id)
    import_id = await service.upload(
        db,
        caller.tenant_id,
        name=name,
        file=spool.file,
        size=spool.size,
        info=info,
        default_country=tenant.default_country if tenant else "US",
        created_by=caller.principal,
    )
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.get("", operation_id="list_imports")
async def list_imports(
    db: Db, caller: Importer, limit: Limit = PAGE_DEFAULT, starting_after: ImportId | None = None
) -> ImportPage:
    """Newest first."""
    rows = await store.page(db, caller.tenant_id, after=starting_after, limit=limit)
    items = [Import.model_validate(service.view(row)) for row in rows[:limit]]
    return ImportPage(items=items, has_more=len(rows) > limit)


@router.get("/{import_id}", operation_id="get_import", response_model=Import)
async def get_import(import_id: ImportId, db: Db, caller: Importer) -> Any:
    """The import with its progress as it is now."""
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.patch("/{import_id}", operation_id="change_import", response_model=Import)
async def change_import(
    import_id: ImportId, body: ImportChange, request: Request, db: Db, caller: Importer
) -> Any:
    """Decide what the columns are and what happens to people who exist. What a dry run found is forgotten."""
    row = await service.get(db, caller.tenant_id, import_id)
    service.must_be_changeable(row)
    options = ImportOptions.model_validate(row.options)
    info = None
    if body.file is not None:
        info = await _reread(request, caller, row, body.file)
        options = await service.remap(db, caller.tenant_id, info, options)
    changed = {
        name: getattr(body, name)
        for name in body.model_fields_set - {"file"}
        if getattr(body, name) is not None
    }
    if "consent" in body.model_fields_set:
        changed["consent"] = body.consent
    await service.decide(db, caller.tenant_id, import_id, options.model_copy(update=changed), info)
    return service.view(await service.get(db, caller.tenant_id, import_id))


async def _reread(request: Request, caller: Caller, row: Any, choices: FileChoices) -> FileInfo:
    pieces = 1 if row.file["format"] == "csv" else None  # a workbook's directory stands at its end
    wanted = Choices(**choices.model_dump())
    async with opened(request.app.state.engine, caller.tenant_id, row.id, pieces) as file:
        return await asyncio.to_thread(service.reread, file, row, wanted)


@router.post("/{import_id}/check", operation_id="check_import", response_model=Import, status_code=202)
async def check_import(import_id: ImportId, db: Db, caller: Importer) -> Any:
    """Begin a dry run: every row is checked and counted against the contacts, and nothing of them is written."""
    await service.check(db, caller.tenant_id, import_id, datetime.now(UTC))
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.post("/{import_id}/run", operation_id="run_import", response_model=Import, status_code=202)
async def run_import(import_id: ImportId, db: Db, caller: Importer) -> Any:
    """Begin to write contacts. Rows with an error are left out; all others are written."""
    await service.run(db, caller.tenant_id, import_id, datetime.now(UTC))
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.post("/{import_id}/cancel", operation_id="cancel_import", response_model=Import)
async def cancel_import(import_id: ImportId, db: Db, caller: Importer) -> Any:
    """Stop a dry run or a run. What a run has written stays, and can be undone."""
    await service.cancel(db, caller.tenant_id, import_id)
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.post("/{import_id}/undo", operation_id="undo_import", response_model=Import, status_code=202)
async def undo_import(import_id: ImportId, db: Db, caller: Importer) -> Any:
    """Begin to take back what the import wrote, except where somebody has worked with it since."""
    await service.undo(db, caller.tenant_id, import_id, datetime.now(UTC))
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.delete("/{import_id}", operation_id="delete_import", status_code=204)
async def delete_import(import_id: ImportId, db: Db, caller: Importer) -> Response:
    """Forget the import and its file. Contacts stay; they cannot be taken back any more."""
    await service.remove(db, caller.tenant_id, import_id)
    return Response(status_code=204)


@router.put("/{import_id}/rows/{row_number}", operation_id="mend_import_row", response_model=Import)
async def mend_import_row(
    import_id: ImportId, row_number: int, body: RowFix, db: Db, caller: Importer
) -> Any:
    """Mend cells of a row. Check again to see whether it is right now."""
    await service.mend(db, caller.tenant_id, import_id, row_number, body.cells)
    return service.view(await service.get(db, caller.tenant_id, import_id))


@router.get("/{import_id}/errors", operation_id="list_import_errors")
async def list_import_errors(
    import_id: ImportId,
    db: Db,
    caller: Importer,
    limit: Limit = PAGE_DEFAULT,
    after_row: Annotated[int, Query(ge=0, le=100_000_000, description="The last row that is known.")] = 0,
) -> ImportErrors:
    """Rows that were left out, by row, and why."""
    await service.get(db, caller.tenant_id, import_id)
    rows = await store.errors(db, caller.tenant_id, import_id, after=(after_row, 2**31 - 1), limit=limit)
    items = [
        ImportError(
            row=row.row_number,
            column=row.column_name,
            value=row.value,
            code=row.code,
            detail=row.detail,
            outcome="skipped" if row.code in SKIPPED_CODES else "error",
        )
        for row in _whole_rows(rows, limit)
    ]
    stored = await store.errors_stored(db, caller.tenant_id, import_id)
    return ImportErrors(items=items, has_more=len(rows) > limit, stored=stored)


def _whole_rows(rows: Any, limit: int) -> Any:
    """A page ends with all errors of its last row, as far as it has more than one row."""
    if len(rows) <= limit:
        return rows
    last = rows[limit].row_number
    whole = [row for row in rows[:limit] if row.row_number != last]
    return whole or rows[:limit]


@router.get(
    "/{import_id}/errors.csv",
    operation_id="download_import_errors",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The rows left out."}
    },
)
async def download_import_errors(
    import_id: ImportId, request: Request, db: Db, caller: Importer
) -> StreamingResponse:
    """The rows that were left out with row, column, value, code and reason, and their cells as they were in the file."""
    row = await service.get(db, caller.tenant_id, import_id)
    name = f"errors-{row.name.rpartition('.')[0] or row.name}.csv"
    return StreamingResponse(
        report.errors_csv(request.app.state.engine, row),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": attachment(name)},
    )


def attachment(name: str) -> str:
    """RFC 6266, with the name in ASCII and in full."""
    plain = "".join(
        letter if (letter.isascii() and letter.isalnum()) or letter in "-_." else "_" for letter in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


@router.get("/{import_id}/kept", operation_id="list_kept_contacts")
async def list_kept_contacts(
    import_id: ImportId,
    db: Db,
    caller: Importer,
    limit: Limit = PAGE_DEFAULT,
    starting_after: ContactId | None = None,
) -> KeptPage:
    """Contacts that an undo left as they are, with the reason."""
    await service.get(db, caller.tenant_id, import_id)
    rows = await store.kept(db, caller.tenant_id, import_id, after=starting_after or UUID(int=0), limit=limit)
    items = [
        KeptContact(contact_id=row.contact_id, name=row.name or "", reason=row.after["kept"])
        for row in rows[:limit]
    ]
    return KeptPage(items=items, has_more=len(rows) > limit)
