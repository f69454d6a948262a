"""Saved views: filters, columns and order of a table under a name, for oneself or for everybody of a tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.ids import new_id
from models.db import insert_rows
from models.tenancy import saved_views

AREAS = ("contacts", "segments", "imports")
NAME_CHARS_MAX = 80
CONFIG_BYTES_MAX = 16_000
VIEWS_MAX = 200
SHARED = ""  # the owner of what is everybody's

_COLUMNS = "SELECT id, area, name, owner, config, created_at, updated_at FROM saved_views "
_LIST = text(
    _COLUMNS
    + "WHERE tenant_id = :tenant_id AND area = :area AND owner IN ('', :owner) ORDER BY name, owner, id"
)
_GET = text(_COLUMNS + "WHERE tenant_id = :tenant_id AND id = :id AND owner IN ('', :owner) FOR UPDATE")
_TAKEN = text(
    "SELECT 1 FROM saved_views WHERE tenant_id = :tenant_id AND area = :area AND owner = :owner AND name = :name AND id <> :id"
)
_UPDATE = text(
    "UPDATE saved_views SET name = :name, owner = :owner, config = CAST(:config AS jsonb), updated_at = :now "
    "WHERE tenant_id = :tenant_id AND id = :id"
)
_DELETE = text("DELETE FROM saved_views WHERE tenant_id = :tenant_id AND id = :id")


@dataclass(eq=False)
class ViewExists(Conflict):
    """There is already a view of this name."""

    code: ClassVar[str] = "view-exists"


@dataclass(eq=False)
class SharedView(Forbidden):
    """Views of everybody are changed by those who may change what they show."""

    code: ClassVar[str] = "shared-view"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks, and whether they may write what everybody sees."""

    tenant_id: UUID
    principal: str
    may_share: bool

    def name(self, shared: bool) -> str:
        """The owner of a view. Raises SharedView."""
        if shared and not self.may_share:
            raise SharedView()
        return SHARED if shared else self.principal


async def rows(db: AsyncConnection, who: Owner, area: str) -> Sequence[Row[Any]]:
    """One's own views and everybody's, by name. Raises Invalid."""
    if area not in AREAS:
        raise Invalid(f"an area is one of {', '.join(AREAS)}", "?area")
    values = {"tenant_id": who.tenant_id, "area": area, "owner": who.principal}
    return (await db.execute(_LIST, values)).all()


async def get(db: AsyncConnection, who: Owner, view_id: UUID) -> Row[Any]:
    """One view, held for a change. Raises NotFound, also for somebody else's own."""
    values = {"tenant_id": who.tenant_id, "id": view_id, "owner": who.principal}
    row = (await db.execute(_GET, values)).one_or_none()
    if row is None:
        raise NotFound("there is no such view")
    return row


async def create(
    db: AsyncConnection, who: Owner, area: str, name: str, config: Mapping[str, Any], shared: bool
) -> Row[Any]:
    """Raises Invalid, ViewExists, SharedView, or Conflict at 200 views."""
    known = await rows(db, who, area)
    if len(known) >= VIEWS_MAX:
        raise Conflict(f"there are at most {VIEWS_MAX} views of a table")
    row: dict[str, Any] = {
        "tenant_id": who.tenant_id,
        "id": new_id(),
        "area": area,
        "name": _name(name),
        "owner": who.name(shared),
        "config": _config(config),
    }
    suffix = "ON CONFLICT (tenant_id, area, owner, name) DO NOTHING RETURNING id"
    if not await insert_rows(db, saved_views, [row], suffix):
        raise ViewExists(f"there is a view {row['name']} already")
    return await get(db, who, row["id"])


async def change(
    db: AsyncConnection,
    who: Owner,
    view_id: UUID,
    *,
    name: str | None,
    config: Mapping[str, Any] | None,
    shared: bool | None,
) -> Row[Any]:
    """Raises NotFound, Invalid, ViewExists or SharedView."""
    row = await get(db, who, view_id)
    who.name(row.owner == SHARED)
    owner = who.name((row.owner == SHARED) if shared is None else shared)
    values = {
        "tenant_id": who.tenant_id,
        "id": view_id,
        "area": row.area,
        "name": row.name if name is None else _name(name),
        "owner": owner,
        "config": orjson.dumps(row.config if config is None else _config(config)).decode(),
        "now": datetime.now(UTC),
    }
    if (await db.execute(_TAKEN, values)).first() is not None:
        raise ViewExists(f"there is a view {values['name']} already")
    await db.execute(_UPDATE, values)
    return await get(db, who, view_id)


async def delete(db: AsyncConnection, who: Owner, view_id: UUID) -> None:
    """Raises NotFound or SharedView."""
    row = await get(db, who, view_id)
    who.name(row.owner == SHARED)
    await db.execute(_DELETE, {"tenant_id": who.tenant_id, "id": view_id})


def _name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise Invalid(f"a name has 1 to {NAME_CHARS_MAX} characters", "/name")
    return name


def _config(config: Mapping[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(config)) > CONFIG_BYTES_MAX:
        raise Invalid(f"a view has at most {CONFIG_BYTES_MAX} bytes", "/config")
    return dict(config)
