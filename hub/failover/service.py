"""Use cases of attempts. They take `db` and never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from hub import door
from hub.compliance import service as compliance
from hub.compliance.policy import Policy
from hub.failover import store
from hub.failover.attempts import Chosen

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


async def write(db: AsyncConnection, chosen: Sequence[Chosen], now: datetime) -> None:
    """The attempts, what the sender owes and the plans of what is left. Raises Conflict when one is written already."""
    await door.store(db, [each.outgoing for each in chosen], now)
    watched = [each for each in chosen if each.outgoing.plan is not None]
    keys = [(each.outgoing.channel.tenant_id, each.outgoing.id, _due_at(each, now)) for each in watched]
    await store.watch(db, keys)


async def write_first(db: AsyncConnection, chosen: Sequence[Chosen], policy: Policy, now: datetime) -> None:
    """First attempts: those that would be one too many are refused, and nobody takes over from them."""
    await compliance.refuse_too_often(db, [each.outgoing for each in chosen], policy.caps, now)
    await write(db, chosen, now)


def _due_at(chosen: Chosen, now: datetime) -> datetime:
    """When somebody looks whether the next channel must take over."""
    outgoing = chosen.outgoing
    if outgoing.refused is not None:
        return now
    if chosen.timeout_s is None:
        return NEVER
    return (outgoing.due_at or now) + timedelta(seconds=chosen.timeout_s)
