"""All SQL of a campaign's progress: what became of its messages, who answered, who waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.conversations import messages

_WAITING = text(
    "SELECT count(*) FROM outbox o JOIN messages m ON m.tenant_id = o.tenant_id AND m.id = o.message_id "
    "WHERE o.tenant_id = :tenant_id AND o.state = 'queued' AND o.due_at > :soon AND o.due_at < 'infinity' "
    "AND m.tenant_id = :tenant_id AND m.origin_id = :campaign_id AND m.origin = 'campaign'"
)
SOON = timedelta(minutes=2)  # a retry after a provider's fault is no wait that anybody must know of


async def waiting(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, now: datetime) -> int:
    """How many messages of the campaign wait for the end of quiet hours."""
    values = {"tenant_id": tenant_id, "campaign_id": campaign_id, "soon": now + SOON}
    return int((await db.execute(_WAITING, values)).scalar_one())


async def counts(db: AsyncConnection, tenant_id: UUID, campaign_id: UUID) -> tuple[dict[str, int], int]:
    """(messages by status, captured micros)."""
    captured = func.sum(messages.c.price_micros).filter(messages.c.settlement == "captured")
    stands = func.count().filter(messages.c.next_id.is_(None))  # of several attempts the one that stands
    query = (
        select(messages.c.status, stands.label("n"), func.coalesce(captured, 0).label("micros"))
        .where(
            messages.c.tenant_id == tenant_id,
            messages.c.origin_id == campaign_id,
            messages.c.origin == "campaign",
        )
        .group_by(messages.c.status)
    )
    rows = (await db.execute(query)).all()
    return {row.status: row.n for row in rows if row.n}, sum(int(row.micros) for row in rows)


_ANSWERS = text(
    """
    SELECT count(*) FILTER (WHERE v.last_inbound_at >= :since) AS answered,
           count(*) FILTER (WHERE EXISTS (SELECT 1 FROM consents n WHERE n.tenant_id = r.tenant_id
               AND n.contact_id = r.contact_id AND n.state = 'opted_out' AND n.changed_at >= :since)) AS opted_out
    FROM campaign_recipients r
    JOIN conversations v ON v.tenant_id = r.tenant_id AND v.contact_id = r.contact_id
    WHERE r.tenant_id = :tenant_id AND r.campaign_id = :campaign_id
    """
)


async def answers(
    db: AsyncConnection, tenant_id: UUID, campaign_id: UUID, since: datetime | None
) -> tuple[int, int]:
    """(recipients who wrote since the launch, recipients who opted out since)."""
    if since is None:
        return 0, 0
    values = {"tenant_id": tenant_id, "campaign_id": campaign_id, "since": since}
    row = (await db.execute(_ANSWERS, values)).one()
    return row.answered, row.opted_out
