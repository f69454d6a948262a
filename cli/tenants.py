"""Which tenant a command means."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.errors import CliError
from hub.errors import Invalid
from hub.ids import decode_id
from models.db import Scope, transaction
from models.tenancy import tenants


async def find_tenant(engine: AsyncEngine, named: str) -> UUID:
    """The tenant with this id or slug; the only one there is for an empty name. Raises CliError, listing slugs."""
    async with transaction(engine, Scope.nothing()) as db:
        everybody = frozenset((await db.execute(text("SELECT tenant_ids()"))).scalar_one())
    try:
        known: UUID | None = decode_id("ten", named)
    except Invalid:
        known = None
    async with transaction(engine, Scope(everybody, frozenset())) as db:
        rows = (await db.execute(select(tenants.c.id, tenants.c.slug).order_by(tenants.c.slug))).all()
    found = [row.id for row in rows if row.id == known or row.slug == named or (not named and len(rows) == 1)]
    if not found:
        slugs = ", ".join(row.slug for row in rows[:20])
        what = f"there is no tenant {named}: choose" if named else "say which tenant, with --tenant:"
        raise CliError(f"{what} one of {slugs}")
    tenant_id: UUID = found[0]
    return tenant_id
