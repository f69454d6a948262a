"""Use cases of supervisors: the floor at one moment, and reports of days past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels import store_accounts
from hub.contacts.exporting.columns import Column
from hub.errors import Invalid
from hub.overview.service import midnight
from hub.routing import service as routing
from hub.routing import store as floor
from hub.routing import store_queues
from hub.routing.hours import is_open
from hub.routing.people import Seen
from hub.supervision import board, store_board, store_reports
from hub.supervision.board import Board, QueueLine
from hub.supervision.figures import COUNTS, Figures, Report, of_row, put_together
from hub.supervision.intervals import Interval, Span, local, span
from hub.supervision.store_reports import ROWS_MAX, Key
from hub.tenancy import store as tenancy
from hub.tenancy.caller import Caller

MEASURED = (
    "first_response_median_s",
    "first_response_p90_s",
    "handling_median_s",
    "handling_p90_s",
    "mean_score",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A report of whole days where the tenant is; without days of today. `only`: one queue or one agent."""

    first: date | None
    last: date | None
    interval: Interval
    key: Key
    only: UUID | None = None


async def wallboard(db: AsyncConnection, caller: Caller, seen: Mapping[UUID, Seen], now: datetime) -> Board:
    """The acting tenant's floor; `db` sees one moment throughout. Accounts are those that the caller may see."""
    tenant_id = caller.tenant_id
    zone = await _zone(db, tenant_id)
    since = midnight(now, zone)
    stands = await store_board.standing(db, tenant_id)
    happened = await store_board.happened(db, tenant_id, since)
    able = await floor.able_agents(db, tenant_id)
    defaults = await routing.defaults_of(db, tenant_id)
    queues = []
    for row in await store_queues.page(db, [tenant_id], archived=False):
        settings = routing.settings_of(row, defaults)
        queues.append(
            QueueLine(
                row.id,
                row.name,
                board.standing((each for each in stands if each.queue_id == row.id), now),
                board.today(each for each in happened if each.queue_id == row.id),
                board.online(able, seen, row.id, settings),
                is_open(settings.hours, now),
            )
        )
    people = await store_queues.agent_rows(db, tenant_id)
    return Board(
        at=now,
        since=since,
        time_zone=zone,
        now=board.standing(stands, now),
        today=board.today(happened),
        queues=queues,
        agents=board.agent_lines(people, able, await store_board.held(db, tenant_id), seen),
        messages=await store_board.messages(db, tenant_id, since),
        accounts=await store_accounts.accounts(db, list(caller.readable))
        if caller.may("channels:read")
        else [],
    )


async def report(db: AsyncConnection, tenant_id: UUID, asked: Asked, now: datetime) -> Report:
    """Raises Invalid, naming the place."""
    days = await _span(db, tenant_id, asked, now)
    bounds = days.bounds()
    rows = await store_reports.figures(db, tenant_id, asked.key, bounds, asked.only, apart=False)
    names = await _names(db, tenant_id, asked.key, [row for row in rows if row.of_key])
    return put_together(days.time_zone, days.interval, bounds, rows, names)


async def table(
    db: AsyncConnection, tenant_id: UUID, asked: Asked, now: datetime
) -> tuple[list[Column], list[list[Any]]]:
    """The report as a file has it: a line for each queue or agent in each interval in which something happened.

    Raises Invalid, naming the place.
    """
    days = await _span(db, tenant_id, asked, now)
    bounds = days.bounds()
    rows = await store_reports.figures(db, tenant_id, asked.key, bounds, asked.only, apart=True)
    if len(rows) > ROWS_MAX:
        raise Invalid(f"a file has at most {ROWS_MAX} lines: ask for fewer days", "/to")
    names = await _names(db, tenant_id, asked.key, rows)
    starts = local(bounds, days.time_zone)
    heads = ("from", "to", "queue" if asked.key == "queue_id" else "agent", *COUNTS, *MEASURED)
    lines = [
        [starts[row.bucket - 1], starts[row.bucket], names.get(row.key, ""), *_cells(of_row(row))]
        for row in rows
    ]
    return [Column(head, head) for head in heads], lines


def _cells(figures: Figures) -> list[Any]:
    measured = (getattr(figures, name) for name in MEASURED)
    return [
        *(getattr(figures, name) for name in COUNTS),
        *(None if each is None else round(each, 1) for each in measured),
    ]


async def _span(db: AsyncConnection, tenant_id: UUID, asked: Asked, now: datetime) -> Span:
    return span(asked.first, asked.last, asked.interval, await _zone(db, tenant_id), now)


async def _zone(db: AsyncConnection, tenant_id: UUID) -> str:
    acting = await tenancy.tenant(db, tenant_id)
    return acting.time_zone if acting else "UTC"


async def _names(db: AsyncConnection, tenant_id: UUID, key: Key, rows: Sequence[Any]) -> dict[UUID, str]:
    ids = {row.key for row in rows if row.key is not None}
    return await store_reports.names(db, tenant_id, key, list(ids))
