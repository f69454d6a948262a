"""SQL of exports: whole contacts of a chunk of ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

_THESE = text(
    """
    SELECT c.id, c.name, c.language, c.time_zone, c.attributes, c.created_at, c.updated_at,
      (SELECT v.last_inbound_at FROM conversations v WHERE v.tenant_id = c.tenant_id AND v.contact_id = c.id) AS last_inbound_at,
      COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'address', a.address) ORDER BY a.kind, a.position, a.address)
        FROM contact_addresses a WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.id), '[]') AS addresses,
      COALESCE((SELECT jsonb_agg(t.tag ORDER BY t.tag) FROM contact_tags t
        WHERE t.tenant_id = c.tenant_id AND t.contact_id = c.id), '[]') AS tags,
      COALESCE((SELECT jsonb_object_agg(n.channel_kind, n.state) FROM consents n
        WHERE n.tenant_id = c.tenant_id AND n.contact_id = c.id AND n.purpose = 'all'), '{}') AS consents
    FROM contacts c WHERE c.tenant_id = ANY(CAST(:tenants AS uuid[])) AND c.id = ANY(CAST(:ids AS uuid[])) ORDER BY c.id
    """
)


async def these(db: AsyncConnection, tenants: Sequence[UUID], ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The contacts of these ids, oldest first."""
    return (await db.execute(_THESE, {"tenants": list(tenants), "ids": list(ids)})).all()
