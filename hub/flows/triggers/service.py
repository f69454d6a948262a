"""Use cases of what begins flows: what publishing sets up, and what falls due."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts.segments import service as segments
from hub.contacts.segments import store as segment_store
from hub.errors import HubError
from hub.flows.definition import Flow
from hub.flows.nodes.start import ScheduleTrigger
from hub.flows.triggers import store, store_snapshots
from hub.flows.triggers.plan import awaited, first_fires, next_fire, scheduled, zone_of
from hub.ids import encode_id
from models.db import sqlstate

SLICE = 10_000
"""So many people begin in one transaction."""
LOOK_EVERY_S = 5
REST = 20
"""A segment is looked at again after so many times as long as the look took."""
LOOK_EVERY_S_MAX = 600
AFTER_FAILURE = timedelta(minutes=1)
TIMEOUT_MS = 60_000
MEMORY = "64MB"
CANCELED = "57014"


# Publishing


async def published(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, flow: Flow, *, now: datetime
) -> None:
    """Let the flow's starts wait for what they are for. A schedule that has not changed keeps its next time."""
    before = {row.node: row for row in await store.triggers(db, tenant_id, flow_id)}
    kept = {(row.node, row.zone): row for row in await store.schedules(db, tenant_id, flow_id)}
    await store.forget(db, tenant_id, flow_id)
    rows = []
    for each in awaited(flow):
        old = before.get(each.node)
        done = old is not None and old.kind == "entry" and old.segment_id == each.segment_id and not old.whole
        rows.append(
            {
                "tenant_id": tenant_id,
                "flow_id": flow_id,
                "node": each.node,
                "kind": each.kind,
                "event": each.event,
                "segment_id": each.segment_id,
                "whole": each.whole and not done,
            }
        )
    await store.add_triggers(db, rows)
    await _schedule(db, tenant_id, flow_id, flow, kept, now)
    await store_snapshots.prune(db, tenant_id)
    wanted = {each.segment_id for each in awaited(flow) if each.segment_id is not None}
    await store_snapshots.keep(db, tenant_id, sorted(wanted), now)


async def _schedule(
    db: AsyncConnection,
    tenant_id: UUID,
    flow_id: UUID,
    flow: Flow,
    kept: dict[tuple[str, str], Row[Any]],
    now: datetime,
) -> None:
    found = scheduled(flow)
    if not found:
        return
    tenant = ZoneInfo(await segment_store.time_zone(db, tenant_id))
    by_contact = any(trigger.zone == "contact" for trigger in found.values())
    zones = await store.zones(db, tenant_id) if by_contact else []
    rows = []
    for node, trigger in found.items():
        for zone, at in first_fires(trigger, zones, tenant, now).items():
            row = _row(tenant_id, flow_id, node, zone, trigger, at)
            old = kept.get((node, zone))
            if old is not None and old.trigger == row["trigger"]:
                row |= {name: getattr(old, name) for name in ("next_at", "last_at", "firing_at", "reached")}
            rows.append(row)
    await store.add_schedules(db, rows)


def _row(
    tenant_id: UUID, flow_id: UUID, node: str, zone: str, trigger: ScheduleTrigger, at: datetime
) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "flow_id": flow_id,
        "node": node,
        "zone": zone,
        "trigger": trigger.model_dump(mode="json"),
        "segment_id": trigger.segment,
        "next_at": at,
        "last_at": None,
        "firing_at": None,
        "reached": None,
    }


async def archived(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> None:
    """Nothing begins the flow any more."""
    await store.forget(db, tenant_id, flow_id)
    await store_snapshots.prune(db, tenant_id)


# Schedules


async def fire_one(db: AsyncConnection, tenant_id: UUID, now: datetime) -> bool:
    """Do the next piece of a schedule that is due: at most SLICE people. False when none is due.

    One that should have fired several times while nobody looked fires once. Where the segment cannot be read, it is tried again.
    """
    row = await store.due_schedule(db, tenant_id, now)
    if row is None:
        return False
    trigger = ScheduleTrigger.model_validate(row.trigger)
    planned = row.firing_at or row.next_at
    zones = [each.zone for each in await store.schedules(db, tenant_id, row.flow_id) if each.node == row.node]
    await segment_store.limit(db, timeout_ms=TIMEOUT_MS, memory=MEMORY)
    try:
        async with db.begin_nested():
            condition = await segments.condition_sql(db, tenant_id, row.segment_id, now=now)
            seen, last = await store.fire(
                db,
                row,
                condition,
                f"schedule:{row.node}:{planned.isoformat()}",
                of_zone=trigger.zone == "contact",
                rest=[zone for zone in zones if zone],
                now=now,
                most=SLICE,
            )
    except (HubError, DBAPIError) as error:
        await store.change_schedule(
            db, row, firing_at=planned, next_at=now + AFTER_FAILURE, error=_why(error)
        )
        return True
    if seen == SLICE:
        await store.change_schedule(db, row, firing_at=planned, reached=last)
    else:
        await _next_time(db, row, trigger, planned, now)
    return True


async def _next_time(
    db: AsyncConnection, row: Row[Any], trigger: ScheduleTrigger, planned: datetime, now: datetime
) -> None:
    tenant = ZoneInfo(await segment_store.time_zone(db, row.tenant_id))
    following = next_fire(trigger, zone_of(row.zone, tenant), now)
    if following is None:
        await store.drop_schedule(db, row)
        return
    values = {"next_at": following, "last_at": planned, "firing_at": None, "reached": None}
    await store.change_schedule(db, row, **values, error="")
    if trigger.zone == "contact" and row.zone == "":  # zones that nobody had when it was published
        zones = await store.zones(db, row.tenant_id)
        fires = first_fires(trigger, zones, tenant, now)
        rows = [_row(row.tenant_id, row.flow_id, row.node, zone, trigger, at) for zone, at in fires.items()]
        await store.add_schedules(db, rows)


# Segments


async def look_at_one(db: AsyncConnection, tenant_id: UUID, now: datetime) -> bool:
    """Compare one segment that is due with its snapshot. False when none is due.

    The first look, and the first one after the segment's condition was changed, remembers who is in it and begins nothing.
    """
    row = await store_snapshots.due(db, tenant_id, now)
    if row is None:
        return False
    began = perf_counter()
    known = row.primed_at is not None and row.version == row.now_version
    name = encode_id("seg", row.segment_id)
    await segment_store.limit(db, timeout_ms=TIMEOUT_MS, memory=MEMORY)
    most = SLICE if known else 2**62
    try:
        async with db.begin_nested():
            condition = await segments.condition_sql(db, tenant_id, row.segment_id, now=now)
            joined, gone = await store_snapshots.compare(
                db, row, condition, name=name, fires=known, now=now, most=most
            )
            await store_snapshots.begin_present(db, row, name, now)
    except (HubError, DBAPIError) as error:
        await store_snapshots.change(
            db, tenant_id, row.segment_id, error=_why(error), look_at=now + AFTER_FAILURE
        )
        return True
    took_s = perf_counter() - began
    rest_s = 0 if max(joined, gone) >= most else min(max(LOOK_EVERY_S, REST * took_s), LOOK_EVERY_S_MAX)
    await store_snapshots.change(
        db,
        tenant_id,
        row.segment_id,
        version=row.now_version,
        primed_at=row.primed_at or now,
        look_at=now + timedelta(seconds=rest_s),
        took_ms=round(took_s * 1000),
        error="",
    )
    return True


def _why(error: HubError | DBAPIError) -> str:
    """Why a segment could not be read, for people. Raises what is nobody's fault but ours."""
    if isinstance(error, HubError):
        return str(error)[:200]
    if sqlstate(error) != CANCELED:
        raise error
    return "the segment could not be read in time"
