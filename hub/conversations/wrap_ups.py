"""Wrap-up codes: a short list of a tenant's own, one of which an agent names when a conversation is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Invalid
from models.db import insert_rows
from models.wrap_ups import wrap_ups

CODES_MAX = 50
CODE_CHARS_MAX = 60
_PUT = (
    "ON CONFLICT (tenant_id) DO UPDATE SET codes = EXCLUDED.codes, required = EXCLUDED.required, "
    "version = EXCLUDED.version, updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by"
)


@dataclass(frozen=True, slots=True)
class WrapUps:
    """A tenant's list. `version` 0: it has set none."""

    codes: tuple[str, ...] = ()
    required: bool = False
    version: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""

    def chosen(self, code: str | None) -> str | None:
        """The code as the list writes it. Raises Invalid for one that is not on it, and for none where one is needed."""
        if code is None:
            if self.required and self.codes:
                raise Invalid(f"say what became of it: one of {', '.join(self.codes)}", "/wrap_up")
            return None
        found = next((each for each in self.codes if each.casefold() == code.strip().casefold()), None)
        if found is None:
            raise Invalid("this is no wrap-up code of yours", "/wrap_up")
        return found


def checked(codes: Sequence[str]) -> list[str]:
    """Codes, trimmed. Raises Invalid, naming the place, for one that is empty, too long or there twice."""
    found: list[str] = []
    seen: set[str] = set()
    for place, code in enumerate(codes):
        name = " ".join(code.split())
        if not 0 < len(name) <= CODE_CHARS_MAX:
            raise Invalid(f"1 to {CODE_CHARS_MAX} characters", f"/codes/{place}")
        if name.casefold() in seen:
            raise Invalid("this code is on the list already", f"/codes/{place}")
        seen.add(name.casefold())
        found.append(name)
    if len(found) > CODES_MAX:
        raise Invalid(f"at most {CODES_MAX} codes", "/codes")
    return found


async def held(db: AsyncConnection, tenant_id: UUID) -> WrapUps:
    """The tenant's list."""
    row = (await db.execute(select(wrap_ups).where(wrap_ups.c.tenant_id == tenant_id))).one_or_none()
    if row is None:
        return WrapUps()
    return WrapUps(tuple(row.codes), row.required, row.version, row.updated_at, row.updated_by)


async def put(
    db: AsyncConnection,
    tenant_id: UUID,
    before: WrapUps,
    codes: Sequence[str],
    required: bool,
    actor: str,
    now: datetime,
) -> None:
    """Set the list as a whole. What was said before stays as it was said. Raises Invalid."""
    row = {
        "tenant_id": tenant_id,
        "codes": checked(codes),
        "required": required,
        "version": before.version + 1,
        "updated_at": now,
        "updated_by": actor,
    }
    await insert_rows(db, wrap_ups, [row], _PUT)
