"""Saved views of tables."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row

from api.deps import Db, Who
from api.requests import HubRoute
from api.schemas import views as schemas
from api.schemas.common import ViewId
from hub.tenancy import views
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/views", tags=["views"], route_class=HubRoute)


@router.get("", operation_id="list_views")
async def view_list(db: Db, caller: Who, area: schemas.Area = "contacts") -> schemas.ViewPage:
    """Your own views of a table and those of everybody, by name."""
    rows = await views.rows(db, _owner(caller), area)
    return schemas.ViewPage(items=[_shown(row) for row in rows], has_more=False)


@router.post("", status_code=201, operation_id="create_view")
async def create_view(body: schemas.NewView, db: Db, caller: Who) -> schemas.View:
    """Save filters, columns and order under a name. 409 `view-exists` when you have one of that name."""
    return _shown(await views.create(db, _owner(caller), body.area, body.name, body.config, body.shared))


@router.patch("/{view_id}", operation_id="update_view")
async def update_view(view_id: ViewId, body: schemas.PatchView, db: Db, caller: Who) -> schemas.View:
    """Rename it, change what it shows, or share it."""
    row = await views.change(
        db, _owner(caller), view_id, name=body.name, config=body.config, shared=body.shared
    )
    return _shown(row)


@router.delete("/{view_id}", status_code=204, operation_id="delete_view")
async def delete_view(view_id: ViewId, db: Db, caller: Who) -> None:
    """Take a view away."""
    await views.delete(db, _owner(caller), view_id)


def _owner(caller: Caller) -> views.Owner:
    return views.Owner(caller.tenant_id, caller.principal, caller.may("contacts:write"))


def _shown(row: Row[Any]) -> schemas.View:
    shared = row.owner == views.SHARED
    return schemas.View(**{**row._mapping, "shared": shared, "mine": not shared})
