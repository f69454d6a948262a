"""SQL of the reports: figures of queue events by interval, by queue or by agent, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

Key = Literal["queue_id", "agent_id"]
ROWS_MAX = 50_000

# By queue and time there is an index; a report of one day then reads that day, however old it is.
_FIGURES = """
    SELECT bucket, {key} AS key, grouping(bucket) = 0 AS of_interval, grouping({key}) = 0 AS of_key,
           count(*) FILTER (WHERE kind = 'entered')::int AS entered,
           count(*) FILTER (WHERE kind IN ('accepted', 'assigned'))::int AS taken,
           count(*) FILTER (WHERE kind IN ('declined', 'timed_out'))::int AS passed_up,
           count(*) FILTER (WHERE kind = 'answered')::int AS answered,
           count(*) FILTER (WHERE kind = 'answered' AND detail = 'in_time')::int AS in_time,
           count(*) FILTER (WHERE kind = 'answered' AND detail = 'late')::int AS late,
           count(*) FILTER (WHERE kind = 'closed')::int AS closed,
           count(*) FILTER (WHERE kind = 'closed' AND agent_id IS NULL)::int AS abandoned,
           count(*) FILTER (WHERE kind = 'breached')::int AS breached,
           count(*) FILTER (WHERE kind = 'rated')::int AS rated,
           avg(CASE WHEN kind = 'rated' THEN CAST(detail AS int) END)::float AS mean_score,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'answered') AS first_response_s,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'closed') AS handling_s
    FROM (
        SELECT kind, queue_id, agent_id, seconds, detail, width_bucket(at, CAST(:bounds AS timestamptz[])) AS bucket
        FROM queue_events
        WHERE tenant_id = :tenant_id AND at >= :first AND at < :last
        AND (queue_id = ANY (ARRAY(SELECT id FROM queues WHERE tenant_id = :tenant_id)) OR queue_id IS NULL)
        AND (CAST(:only AS uuid) IS NULL OR {key} = :only) {more}
    ) e GROUP BY GROUPING SETS ({sets}) ORDER BY 3 DESC, 1, 4 DESC, 2 LIMIT :most
"""
_MORE = {"queue_id": "", "agent_id": "AND agent_id IS NOT NULL"}
_TOGETHER = {
    key: text(_FIGURES.format(key=key, more=more, sets=f"(bucket), ({key}), ()"))
    for key, more in _MORE.items()
}
_APART = {
    key: text(_FIGURES.format(key=key, more=more, sets=f"(bucket, {key})")) for key, more in _MORE.items()
}
_NAMES = {
    "queue_id": text(
        "SELECT id, name FROM queues WHERE tenant_id = :tenant_id AND id = ANY (CAST(:ids AS uuid[]))"
    ),
    "agent_id": text(
        "SELECT id, name FROM users WHERE tenant_id = :tenant_id AND id = ANY (CAST(:ids AS uuid[])) "
        "UNION ALL SELECT id, name FROM agents WHERE tenant_id = :tenant_id AND kind = 'bot' AND id = ANY (CAST(:ids AS uuid[]))"
    ),
}


async def figures(
    db: AsyncConnection,
    tenant_id: UUID,
    key: Key,
    bounds: Sequence[datetime],
    only: UUID | None,
    *,
    apart: bool,
) -> Sequence[Row[Any]]:
    """Rows of each interval (`bucket`, 1 the first), of each `key` and of everything; `apart`: of each key in each
    interval instead, at most ROWS_MAX and one more. Spans are [median, nine in ten] in seconds or None.
    """
    values = {
        "tenant_id": tenant_id,
        "bounds": list(bounds),
        "first": bounds[0],
        "last": bounds[-1],
        "only": only,
        "most": ROWS_MAX + 1,
    }
    return (await db.execute((_APART if apart else _TOGETHER)[key], values)).all()


async def names(db: AsyncConnection, tenant_id: UUID, key: Key, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Of those that are still there."""
    rows = await db.execute(_NAMES[key], {"tenant_id": tenant_id, "ids": list(ids)})
    return {row.id: row.name for row in rows}
