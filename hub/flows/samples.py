"""Use case: what a simulation must know of a real contact whose copy it plays for, beside what the copy shows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.flows import service
from hub.flows.definition import Flow
from hub.flows.sim_contact import segments_of
from hub.routing.loading import needs_of_flows
from hub.routing.store_records import records_of, records_query


async def segments(
    db: AsyncConnection, tenant_id: UUID, contact_id: UUID, flow: Flow, now: datetime
) -> tuple[UUID, ...]:
    """Of the segments that the flow asks for, those with the contact in them which its copy cannot know by itself."""
    tenant = await service.tenant_of(db, tenant_id, flow)
    if not tenant.segments:
        return ()
    needs = needs_of_flows([flow, *tenant.flows.values()], tenant)
    query, values = records_query(tenant_id, [contact_id], needs, now)
    record = records_of(await db.execute(query, values)).get(contact_id)
    return () if record is None else segments_of(record.facts, now.astimezone(tenant.zone), tenant.segments)
