"""The supervisors' wallboard, and reports of queues and agents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import channel_views
from api.deps import Db, require
from api.requests import HubRoute
from api.schemas import supervision as schemas
from api.schemas.common import QueueId, UserId
from hub.channels import health_report
from hub.contacts.exporting.formats import Csv
from hub.errors import Forbidden
from hub.routing.people import People
from hub.supervision import service
from hub.supervision.intervals import Interval
from hub.supervision.service import Asked
from hub.tenancy.caller import Caller
from models.db import snapshot

router = APIRouter(prefix="/v1", tags=["supervision"], route_class=HubRoute)
Supervisor = Annotated[Caller, require("reports:read")]
Answerer = Annotated[Caller, require("inbox:write")]
First = Annotated[
    date | None,
    Query(
        alias="from",
        description="The first day, where the tenant is; without it the last one.",
        examples=["2026-11-23"],
    ),
]
Last = Annotated[
    date | None, Query(alias="to", description="The last day; without it today.", examples=["2026-11-26"])
]
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.get("/wallboard", operation_id="wallboard")
async def wallboard(request: Request, caller: Supervisor) -> schemas.Wallboard:
    """The acting tenant's floor: who waits, who works, what of today was in time, and how the providers do."""
    state = request.app.state
    seen = await People(state.redis).of(caller.tenant_id)
    now = datetime.now(UTC)
    async with snapshot(state.engine, caller.scope) as db:
        board = await service.wallboard(db, caller, seen, now)
    healths = await health_report.of_accounts(state.redis, {row.id: row.provider for row in board.accounts})
    accounts = [
        schemas.BoardAccount(
            id=row.id,
            name=row.name,
            provider=row.provider,
            status=row.status,
            health=channel_views.health(healths[row.id]) if row.id in healths else None,
        )
        for row in board.accounts
    ]
    return schemas.Wallboard(
        at=board.at,
        since=board.since,
        time_zone=board.time_zone,
        now=schemas.StandingOut.model_validate(board.now),
        today=schemas.TodayOut.model_validate(board.today),
        queues=[schemas.BoardQueue.model_validate(line) for line in board.queues],
        agents=[schemas.BoardAgent.model_validate(line) for line in board.agents],
        messages=[
            schemas.MessageCount(
                channel_kind=row.channel_kind,
                direction=row.direction,
                status=row.status,
                count=row._mapping["count"],
            )
            for row in board.messages
        ],
        accounts=accounts,
    )


@router.get(
    "/reports/queues", operation_id="report_queues", response_model=schemas.QueueReport, responses=_FILE
)
async def queues(
    db: Db,
    caller: Supervisor,
    first: First = None,
    last: Last = None,
    interval: Interval = "day",
    queue_id: QueueId | None = None,
    format: Annotated[schemas.Format, Query()] = "json",
) -> Response | schemas.QueueReport:
    """What happened in the queues, by hour (at most 31 days) or by day (at most 366), where the tenant is."""
    asked = Asked(first, last, interval, "queue_id", queue_id)
    if format == "csv":
        return await _file(db, caller, asked, "queues")
    return schemas.QueueReport.model_validate(await service.report(db, caller.tenant_id, asked, _now()))


@router.get(
    "/reports/agents", operation_id="report_agents", response_model=schemas.AgentReport, responses=_FILE
)
async def agents(
    db: Db,
    caller: Supervisor,
    first: First = None,
    last: Last = None,
    interval: Interval = "day",
    agent_id: UserId | None = None,
    format: Annotated[schemas.Format, Query()] = "json",
) -> Response | schemas.AgentReport:
    """What the agents did, people and bots, by hour (at most 31 days) or by day (at most 366)."""
    asked = Asked(first, last, interval, "agent_id", agent_id)
    if format == "csv":
        return await _file(db, caller, asked, "agents")
    return schemas.AgentReport.model_validate(await service.report(db, caller.tenant_id, asked, _now()))


@router.get("/me/report", operation_id="report_me")
async def me(
    db: Db, caller: Answerer, first: First = None, last: Last = None, interval: Interval = "day"
) -> schemas.OwnReport:
    """What the caller did: their own figures, and nobody else's."""
    if caller.user_id is None:
        raise Forbidden("a program has no figures of its own: ask for its bot's")
    asked = Asked(first, last, interval, "agent_id", caller.user_id)
    return schemas.OwnReport.model_validate(await service.report(db, caller.tenant_id, asked, _now()))


async def _file(db: AsyncConnection, caller: Caller, asked: Asked, what: str) -> Response:
    """CSV in which no cell is a formula."""
    columns, rows = await service.table(db, caller.tenant_id, asked, _now())
    kind = Csv()
    return Response(
        kind.begin(columns) + kind.rows(rows),
        media_type=kind.media_type,
        headers={"Content-Disposition": f'attachment; filename="{what}-{_now():%Y-%m-%d}.csv"'},
    )


def _now() -> datetime:
    return datetime.now(UTC)
