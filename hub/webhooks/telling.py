"""Reports on messages, applied and told: what `hub.deliveries` decides, with the webhook events of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub import deliveries
from hub.deliveries import Applied, Report
from hub.directory import Directories
from hub.flows import receipts
from hub.webhooks import events
from models.db import Db, insert_rows
from models.webhooks import webhook_deliveries


async def apply(
    db: Db, reports: Sequence[Report], careful: bool, directories: Directories, now: datetime
) -> Applied:
    """`deliveries.apply`, and in the same transaction what the tenants' webhooks and flows will hear of it."""
    applied = await deliveries.apply(db, reports, careful)
    await receipts.note(db, applied.changed, now)
    if applied.ended:
        known = await directories.get({each.tenant_id for each in applied.ended})
        await insert_rows(db, webhook_deliveries, events.of_reports(applied, known, now))
    return applied
