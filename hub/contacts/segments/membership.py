"""Which of a tenant's segments some contacts are in: what routing rules of segments ask at every message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.errors import ConditionInvalid
from hub.contacts.segments.service import condition_sql
from hub.errors import NotFound

log = structlog.get_logger()

_MEMBERS = "SELECT c.id FROM contacts c WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS uuid[])) AND ({condition})"


async def memberships(
    db: AsyncConnection, tenant_id: UUID, segment_ids: Collection[UUID], contact_ids: Collection[UUID]
) -> Mapping[UUID, frozenset[UUID]]:
    """The segments, of `segment_ids`, of each contact that is in one.

    A segment that cannot be asked any more has no members: a rule of it must not hold messages back.
    """
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for segment_id in segment_ids:
        try:
            condition = await condition_sql(db, tenant_id, segment_id)
        except (NotFound, ConditionInvalid) as error:
            log.warning("segment_not_usable", segment=str(segment_id), error=error.code)
            continue
        values = {"tenant_id": tenant_id, "ids": list(contact_ids), **condition.values}
        rows = await db.execute(text(_MEMBERS.format(condition=condition.sql)), values)
        for contact_id in rows.scalars():
            found[contact_id].add(segment_id)
    return {contact_id: frozenset(segments) for contact_id, segments in found.items()}
