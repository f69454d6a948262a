"""What a flow may cost its tenant, for the look at it: the audience, prices as they are now, and what the wallet can pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.billing.pricing import ANY_CATEGORY, NoRate, RateTable
from hub.billing.store import load_rates, read_wallet
from hub.channels.base import ChannelKind
from hub.contacts.segments import service as segments
from hub.contacts.segments import store as segments_store
from hub.errors import HubError
from hub.flows import store
from hub.flows.definition import Flow
from hub.flows.nodes.start import ScheduleTrigger, SegmentTrigger
from hub.flows.preflight import Surroundings
from hub.ids import encode_id
from hub.money import round_micros

SAMPLE = 200
"""So many of the newest contacts' numbers say what a message costs on the average."""
COUNT_TIMEOUT_MS = 1_000
MEMORY = "64MB"


async def with_funds(db: AsyncConnection, tenant_id: UUID, flow: Flow, around: Surroundings) -> Surroundings:
    """The surroundings with the money. A segment that cannot be counted in a moment counts as one contact."""
    rates = await load_rates(db, tenant_id)
    wallet = await read_wallet(db, tenant_id)
    numbers = await store.newest_numbers(db, tenant_id, SAMPLE) or [""]
    currency = "" if wallet is None else wallet.currency
    return replace(
        around,
        audience=await _audience(db, tenant_id, flow),
        price_micros=_prices(rates, await store.channel_names(db, tenant_id), numbers, currency),
        available_micros=0 if wallet is None else wallet.available_micros,
        currency=currency,
    )


async def _audience(db: AsyncConnection, tenant_id: UUID, flow: Flow) -> int:
    """The people of the largest segment that begins the flow at one time; one where each begins by themselves."""
    found = {1}
    for start in flow.starts.values():
        match start.trigger:
            case ScheduleTrigger(segment=segment):
                found.add(await _count(db, tenant_id, segment))
            case SegmentTrigger(segment=segment, on="entry", present=True):
                found.add(await _count(db, tenant_id, segment))
            case _:
                pass
    return max(found)


async def _count(db: AsyncConnection, tenant_id: UUID, segment_id: UUID) -> int:
    """0 for one that is gone or takes long to count."""
    try:
        async with db.begin_nested() as point:
            await segments_store.limit(db, timeout_ms=COUNT_TIMEOUT_MS, memory=MEMORY)
            found = await segments_store.count(db, await segments.condition_sql(db, tenant_id, segment_id))
            await point.rollback()  # the limit was for this alone
            return found
    except (HubError, DBAPIError):
        return 0


def _prices(
    rates: RateTable, channels: Iterable[Any], numbers: Iterable[str], currency: str
) -> Mapping[str, int]:
    """The average price of a message by kind of channel and by channel; what has no price in the currency is left out."""
    today = datetime.now(UTC).date()
    found: dict[str, int] = {}
    for row in channels:
        if row.kind == ChannelKind.VOICE:
            continue
        if row.kind not in found:
            seen = []
            for number in numbers:
                try:
                    rate = rates.resolve(row.kind, number, ANY_CATEGORY, today)
                except NoRate:
                    continue
                if currency in ("", rate.currency):
                    seen.append(rate.price)
            if seen:
                found[row.kind] = round_micros(sum(seen, Decimal()) / len(seen))
        if row.kind in found:
            found[encode_id("chn", row.id)] = found[row.kind]
    return found
