"""Export of contacts as a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from api.deps import Db, client_ip, require
from api.requests import HubRoute
from api.routes.contacts import Wanted
from hub.contacts.exporting import service
from hub.contacts.exporting.formats import FORMATS
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=HubRoute)
Exporter = Annotated[Caller, require("contacts:export")]
_FILE = {"schema": {"type": "string"}}


@router.get(
    "/contacts/export",
    operation_id="export_contacts",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, oldest contact first.",
            "content": {kind.media_type.partition(";")[0]: _FILE for kind in FORMATS.values()},
        }
    },
)
async def export_contacts(
    request: Request,
    db: Db,
    caller: Exporter,
    wanted: Wanted,
    format: Annotated[Literal["csv", "xlsx", "jsonl"], Query()] = "csv",
    columns: Annotated[
        str,
        Query(
            max_length=10_000,
            description="Names with commas between them; all when empty. Addresses, fields, `attribute.<key>`, `consent.<channel>`.",
            examples=["phone,name,tags,attribute.city,consent.sms"],
        ),
    ] = "",
) -> StreamingResponse:
    """The contacts that the same filters list, as CSV, XLSX or JSON lines. It streams, and the audit log tells of it.

    In CSV a cell that a spreadsheet would run as a formula begins with `'`, telephone numbers among them; an import takes
    it away again.
    """
    kind = FORMATS[format]()
    found, filters = await service.begin(
        db,
        caller.tenant_id,
        wanted,
        columns,
        kind=format,
        actor=caller.principal,
        ip=client_ip(request),
    )
    name = f"contacts-{datetime.now(UTC):%Y-%m-%d}.{kind.extension}"
    return StreamingResponse(
        service.stream(request.app.state.engine, list(caller.readable), filters, found, kind),
        media_type=kind.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
