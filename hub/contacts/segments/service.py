"""Use cases of conditions over contacts: as SQL for others, counted, sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.conditions.catalog import CHANNELS
from hub.conditions.model import Group, Rule, read, rules_of
from hub.conditions.nodes import InSegment
from hub.conditions.plan import plan_rule
from hub.conditions.sql import CompiledCondition, compile_condition
from hub.contacts.segments import store
from hub.contacts.segments.loading import Loaded, load
from hub.errors import NotFound, Unavailable
from hub.ids import encode_id
from models.db import sqlstate

SAMPLE_MAX = 10
COUNT_TIMEOUT_MS = 10_000
COUNT_MEMORY = "64MB"
POINTER = "/condition"
_CANCELED = "57014"


@dataclass(eq=False)
class SegmentTooSlow(Unavailable):
    """Counting this condition takes too long."""

    code: ClassVar[str] = "segment-too-slow"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many contacts a condition has; by kind of channel where asked; of each rule alone where asked."""

    count: int
    by_channel: dict[str, int] | None
    unreachable: int | None
    rules: list[tuple[str, int]] | None
    took_ms: float


async def condition_sql(
    db: AsyncConnection,
    tenant_id: UUID,
    condition: Group | dict[str, Any] | UUID,
    alias: str = "c",
    *,
    now: datetime | None = None,
    prefix: str = "cond",
    pointer: str = "",
) -> CompiledCondition:
    """A boolean expression over `contacts alias` for a condition, or for the members of the segment with this id.

    It names the tenant itself; its values are named `prefix_0`, `prefix_1`… Raises NotFound for an unknown or archived
    segment, ConditionInvalid (SegmentCycle) with places below `pointer`.
    """
    at = now or datetime.now(UTC)
    if isinstance(condition, UUID):
        rows = await store.named(db, tenant_id, [condition])
        if not rows:
            raise NotFound("there is no such segment")
        if rows[0].condition is None:
            plan = InSegment(condition)
            return compile_condition(plan, tenant_id=tenant_id, now=at, alias=alias, prefix=prefix)
        loaded = await load(db, tenant_id, read(rows[0].condition), now=at, pointer=pointer, own=condition)
    else:
        loaded = await load(db, tenant_id, read(condition, pointer), now=at, pointer=pointer)
    return compiled(loaded, tenant_id, alias=alias, prefix=prefix)


def condition_of(row: Any) -> Group:
    """The condition of a segment's row: of a static one, to be in it."""
    if row.condition is not None:
        return read(row.condition)
    return Group(rules=[Rule(field="segment", operator="in", value=encode_id("seg", row.id))])


def compiled(loaded: Loaded, tenant_id: UUID, *, alias: str = "c", prefix: str = "cond") -> CompiledCondition:
    """The SQL of a condition that is loaded."""
    return compile_condition(
        loaded.plan,
        tenant_id=tenant_id,
        now=loaded.now,
        segments=loaded.segments,
        indexed=loaded.indexed,
        alias=alias,
        prefix=prefix,
    )


async def count(
    db: AsyncConnection,
    tenant_id: UUID,
    condition: Group,
    *,
    now: datetime,
    by_channel: bool = True,
    per_rule: bool = False,
) -> Counted:
    """Count a condition now. Raises ConditionInvalid, or SegmentTooSlow after ten seconds."""
    began = perf_counter()
    loaded = await load(db, tenant_id, condition, now=now, pointer=POINTER, strict=True)
    sql = compiled(loaded, tenant_id)
    await store.limit(db, timeout_ms=COUNT_TIMEOUT_MS, memory=COUNT_MEMORY)
    try:
        channels, unreachable = None, None
        if by_channel:
            row = await store.count_by_channel(db, tenant_id, sql)
            total, unreachable = row.total, row.unreachable
            channels = {kind: getattr(row, kind) for kind in CHANNELS}
        else:
            total = await store.count(db, sql)
        rules = await _rule_counts(db, tenant_id, loaded) if per_rule else None
    except DBAPIError as error:
        raise too_slow(error) from error
    return Counted(total, channels, unreachable, rules, round((perf_counter() - began) * 1000, 1))


async def _rule_counts(db: AsyncConnection, tenant_id: UUID, loaded: Loaded) -> list[tuple[str, int]]:
    """The count of every rule by itself, with its pointer inside the condition."""
    found = []
    for place, rule in rules_of(loaded.condition):
        alone = compile_condition(
            plan_rule(rule, loaded.catalog),
            tenant_id=tenant_id,
            now=loaded.now,
            segments=loaded.segments,
            indexed=loaded.indexed,
        )
        found.append((place, await store.count(db, alone)))
    return found


async def sample(
    db: AsyncConnection, tenant_id: UUID, condition: Group, *, now: datetime, most: int = SAMPLE_MAX
) -> Sequence[UUID]:
    """The ids of some contacts of a condition, the newest first."""
    loaded = await load(db, tenant_id, condition, now=now, pointer=POINTER, strict=True)
    await store.limit(db, timeout_ms=COUNT_TIMEOUT_MS, memory=COUNT_MEMORY)
    try:
        return await store.sample(db, compiled(loaded, tenant_id), most)
    except DBAPIError as error:
        raise too_slow(error) from error


def too_slow(error: DBAPIError) -> Exception:
    """The error to raise in the place of one of the database's: the statement's time was up, or something else."""
    if sqlstate(error) == _CANCELED:
        return SegmentTooSlow(
            f"it was not counted within {COUNT_TIMEOUT_MS // 1000} s; a rule with a shorter time may help"
        )
    return error
