"""Two contacts that are one person: preview, merge, undo."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.deps import Db, client_ip, require
from api.people import Announce, Forget
from api.requests import HubRoute
from api.schemas import merges as schemas
from api.schemas.common import MergeId
from hub.contacts import service_merge
from hub.ids import encode_id
from hub.tenancy import audit_log
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/contacts", tags=["contacts"], route_class=HubRoute)

Writer = Annotated[Caller, require("contacts:write")]


@router.post("/merge", operation_id="merge_contacts")
async def merge_contacts(
    body: schemas.MergeIn,
    request: Request,
    db: Db,
    caller: Writer,
    announce: Announce,
    forget: Forget,
    dry_run: Annotated[bool, Query(description="Only show what would become of each field.")] = False,
) -> schemas.MergePreview:
    """Make one contact of two. Addresses, tags, messages, events, notes and campaigns move; an opt-out always wins.

    The loser's id answers 404 `contact-merged` from then on. `POST /v1/contacts/merges/{merge_id}/undo` puts both back.
    """
    merged = await service_merge.merge(
        db,
        caller.tenant_id,
        body.winner_id,
        body.loser_id,
        body.choices,
        dry_run=dry_run,
        actor=caller.principal,
    )
    if merged.merge_id is not None:
        data = {"merge_id": encode_id("mrg", merged.merge_id), "loser": encode_id("con", body.loser_id)}
        target = f"contact:{encode_id('con', body.winner_id)}"
        record = audit_log.Record(caller.principal, "contact.merged", target, data, client_ip(request))
        await audit_log.append(db, caller.tenant_id, record)
        announce(body.winner_id, body.loser_id)
        forget(body.loser_id)
    return schemas.MergePreview(
        fields=[schemas.MergeField.model_validate(field) for field in merged.fields],
        moves=merged.moves,
        merge_id=merged.merge_id,
    )


@router.post("/merges/{merge_id}/undo", operation_id="undo_merge")
async def undo_merge(
    merge_id: MergeId, request: Request, db: Db, caller: Writer, announce: Announce
) -> schemas.Unmerged:
    """Put both contacts back as they were; what came since stays with the one that was kept.

    409 `cannot-undo` says why not: undone before, erased or merged on since, or an address that has a new owner.
    """
    winner, loser = await service_merge.undo(db, caller.tenant_id, merge_id, caller.principal)
    target = f"contact:{encode_id('con', winner)}"
    data = {"merge_id": encode_id("mrg", merge_id), "loser": encode_id("con", loser)}
    record = audit_log.Record(caller.principal, "contact.unmerged", target, data, client_ip(request))
    await audit_log.append(db, caller.tenant_id, record)
    announce(winner, loser)
    return schemas.Unmerged(winner_id=winner, loser_id=loser)
