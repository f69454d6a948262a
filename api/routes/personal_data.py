"""The rights of the person: their own copy, and their erasure."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response

from api.deps import Db, client_ip, require
from api.people import Announce, Forget, Hasher
from api.requests import HubRoute
from api.schemas import merges as schemas
from api.schemas.common import ContactId
from hub.contacts import service_erasure, service_export
from hub.ids import encode_id
from hub.tenancy.audit_log import Record
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/contacts/{contact_id}", tags=["contacts"], route_class=HubRoute)

Exporter = Annotated[Caller, require("contacts:export")]
Eraser = Annotated[Caller, require("contacts:erase")]
_FILES = {
    200: {
        "description": "The person's data.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get(
    "/export",
    operation_id="export_contact",
    response_class=Response,
    responses={**_FILES},  # type: ignore[dict-item]
)
async def export_contact(
    contact_id: ContactId,
    request: Request,
    db: Db,
    caller: Exporter,
    format: Literal["json", "zip"] = "json",
) -> Response:
    """Everything that is kept about one contact: a JSON document, or a ZIP with it and a CSV table of each part.

    Cells that a spreadsheet would take for a formula begin with `'`, numbers among them. The audit log says who took it.
    """
    target = f"contact:{encode_id('con', contact_id)}"
    record = Record(caller.principal, "contact.exported", target, {"format": format}, client_ip(request))
    found = await service_export.document(db, caller.tenant_id, contact_id, record)
    make = service_export.as_json if format == "json" else service_export.as_zip
    name = f"{encode_id('con', contact_id)}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(await asyncio.to_thread(make, found), media_type=f"application/{format}", headers=headers)


@router.post("/erase", operation_id="erase_contact")
async def erase_contact(
    contact_id: ContactId,
    body: schemas.EraseIn,
    request: Request,
    db: Db,
    caller: Eraser,
    hasher: Hasher,
    announce: Announce,
    forget: Forget,
) -> schemas.ErasureReport:
    """Erase a person for good. Texts, addresses, notes, properties and files that hold them go; numbers stay.

    Messages keep status and price, campaigns their counts, and the suppression list a keyed hash of each address, so that
    whoever writes or is imported from there again begins opted out. The report says what was touched, and how many
    stored import files nobody could search.
    """
    record = Record(
        caller.principal,
        "contact.erased",
        f"contact:{encode_id('con', contact_id)}",
        {"reason": hasher.word(caller.tenant_id, body.reason)},
        client_ip(request),
    )
    erased = await service_erasure.erase(
        db, caller.tenant_id, contact_id, reason=body.reason, hasher=hasher, record=record
    )
    forget(contact_id, erased=True)
    announce(contact_id)
    return schemas.ErasureReport.model_validate(erased)
