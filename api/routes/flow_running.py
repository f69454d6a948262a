"""Flows while they run: who begins them, what they wait for, and their experiments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Db, require
from api.people import Hasher, country
from api.requests import HubRoute
from api.schemas import flow_running as schemas
from api.schemas.common import FieldError, FlowId
from api.schemas.timeline import Who
from hub.flows import service as flows
from hub.flows.experiments import service as experiments
from hub.flows.experiments.experiment import ArmReport
from hub.flows.triggers import asked, store, store_snapshots
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/flows/{flow_id}", tags=["flows"], route_class=HubRoute)
Reader = Annotated[Caller, require("campaigns:read")]
Starter = Annotated[Caller, require("campaigns:start")]


@router.post("/sessions", status_code=202, operation_id="begin_flow")
async def begin_flow(
    flow_id: FlowId, body: schemas.NewSessions, db: Db, caller: Starter, hasher: Hasher
) -> schemas.NewSessionResults:
    """Let up to 1,000 contacts begin the flow. One bad item is reported and harms no other; so is one whom the start's rule
    of re-entry refuses. Accepted ones begin in a moment. 409 `flow-not-published`.
    """
    if body.create_missing:
        caller.require("contacts:write")
    results = await asked.ask(
        db,
        await flows.get(db, caller.tenant_id, flow_id),
        [_wanted(item) for item in body.contacts],
        node=body.start,
        now=datetime.now(UTC),
        default_country=await country(db, caller),
        create_missing=body.create_missing,
        hasher=hasher,
    )
    statuses = [each.status for each in results]
    return schemas.NewSessionResults(
        results=[_result(each) for each in results],
        accepted=statuses.count("accepted"),
        duplicates=statuses.count("duplicate"),
        refused=statuses.count("refused"),
        errors=statuses.count("error"),
    )


@router.get("/triggers", operation_id="get_flow_triggers")
async def flow_triggers(flow_id: FlowId, db: Db, caller: Reader) -> schemas.FlowTriggers:
    """What the published flow waits for, and when its schedules fire next."""
    await flows.get(db, caller.tenant_id, flow_id)
    waiting = []
    for row in await store.triggers(db, caller.tenant_id, flow_id):
        seen = None
        if row.segment_id is not None:
            seen = await store_snapshots.get(db, caller.tenant_id, row.segment_id)
        waiting.append(
            schemas.AwaitedTrigger(
                node=row.node,
                kind=row.kind,
                event=row.event,
                segment_id=row.segment_id,
                looked_at=None if seen is None else seen.primed_at,
                error="" if seen is None else seen.error,
            )
        )
    schedules = await store.schedules(db, caller.tenant_id, flow_id)
    runs = [schemas.NextRun.model_validate(row) for row in schedules]
    return schemas.FlowTriggers(waiting=waiting, schedules=runs)


@router.get("/experiments", operation_id="list_flow_experiments")
async def flow_experiments(flow_id: FlowId, db: Db, caller: Reader) -> schemas.Experiments:
    """The experiments of the published flow with what is known of their arms."""
    row = await flows.get(db, caller.tenant_id, flow_id)
    found = await experiments.experiments(db, row)
    return schemas.Experiments(items=[await _experiment(db, caller, each) for each in found])


@router.post("/experiments/{node}/decision", operation_id="decide_flow_experiment")
async def decide(
    flow_id: FlowId, node: str, body: schemas.DecisionIn, db: Db, caller: Starter
) -> schemas.Experiment:
    """Choose a winner, stop an arm, or take that back; it holds for whoever comes to the split from now on. 409
    `experiment-decided` where it would change nothing.
    """
    row = await flows.held(db, caller.tenant_id, flow_id)
    found = await experiments.decide(
        db,
        row,
        node,
        body.kind,
        body.arm,
        body.reason,
        actor=caller.principal,
        now=datetime.now(UTC),
    )
    return await _experiment(db, caller, found)


def _wanted(item: schemas.NewSession) -> asked.Wanted:
    attribute = item.contact.attribute
    return asked.Wanted(
        item.contact.id,
        item.contact.address,
        None if attribute is None else (attribute.key, attribute.value),
        item.variables,
        item.key,
    )


def _result(each: asked.Asked) -> schemas.NewSessionResult:
    error = None
    if each.error is not None:
        pointer = f"/contacts/{each.index}{getattr(each.error, 'pointer', '')}"
        error = FieldError(pointer=pointer, code=each.error.code, detail=str(each.error))
    return schemas.NewSessionResult(
        index=each.index, status=each.status, contact_id=each.contact_id, error=error
    )


async def _experiment(
    db: AsyncConnection, caller: Caller, found: experiments.Experiment
) -> schemas.Experiment:
    people = await names.actors(db, list(caller.readable), {row.actor for row in found.decisions})
    test = found.split.test
    assert test is not None
    return schemas.Experiment(
        node=found.node,
        goal=test.goal,
        automatic=test.automatic,
        confidence=test.confidence,
        state=found.report.state,
        winner=found.report.winner,
        since=found.since,
        entries=found.report.entries,
        entries_planned=found.report.entries_planned,
        arms=[_arm(each) for each in found.report.arms],
        decisions=[
            schemas.ExperimentDecision(**{**row._mapping, "actor": Who.model_validate(people[row.actor])})
            for row in found.decisions
        ],
    )


def _arm(arm: ArmReport) -> schemas.ExperimentArm:
    own = arm.numbers
    return schemas.ExperimentArm(
        name=arm.name,
        status=arm.status,
        share=arm.share,
        entries=own.entries,
        conversions=own.conversions,
        rate=arm.rate,
        rate_low=arm.low,
        rate_high=arm.high,
        opt_outs=own.opt_outs,
        opt_out_rate=arm.opt_out_rate,
        opt_out_low=arm.opt_out_low,
        opt_out_high=arm.opt_out_high,
        cost_micros=own.cost_micros,
        cost_per_conversion_micros=arm.cost_per_conversion_micros,
        likely_best=arm.likely_best,
        ratio=arm.ratio,
        ratio_low=arm.ratio_low,
        ratio_high=arm.ratio_high,
        p_value=arm.p_value,
    )
