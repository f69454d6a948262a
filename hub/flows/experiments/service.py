"""Use cases of experiments: report, decide by hand, decide by the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, ClassVar
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.errors import Conflict, Invalid, NotFound
from hub.flows import store as flow_store
from hub.flows.definition import Flow, read
from hub.flows.experiments import store
from hub.flows.experiments.decided import Decided, Kind, fold
from hub.flows.experiments.experiment import Numbers, Report, due, report, running_arms
from hub.flows.experiments.running import splits_of
from hub.flows.faults import FlowInvalid
from hub.flows.nodes.split import Split
from hub.ids import new_id

LOOK_EVERY_S = 30
REST = 50
"""The numbers are looked at again after so many times as long as the look took."""
SYSTEM = "system"
REASON_CHARS_MAX = 500

log = structlog.get_logger()


@dataclass(eq=False)
class ExperimentDecided(Conflict):
    """The experiment does not stand so that this can be decided."""

    code: ClassVar[str] = "experiment-decided"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A split with a test, as it is published: what was decided of it and what is known.

    `since`: the numbers count from here. `decisions`: of this experiment, the newest first.
    """

    node: str
    split: Split
    since: datetime
    decided: Decided
    report: Report
    decisions: Sequence[Row[Any]]


async def experiments(db: AsyncConnection, row: Row[Any]) -> list[Experiment]:
    """All experiments of a flow as it is published, in the order of its nodes."""
    flow = _flow(row)
    return (
        []
        if flow is None
        else [await _one(db, row, place, split) for place, split in splits_of(flow).items()]
    )


async def experiment(db: AsyncConnection, row: Row[Any], node: str) -> Experiment:
    """Raises NotFound when the published flow has no such experiment."""
    flow = _flow(row)
    split = None if flow is None else splits_of(flow).get(node)
    if split is None:
        raise NotFound("the published flow has no such experiment")
    return await _one(db, row, node, split)


def _flow(row: Row[Any]) -> Flow | None:
    try:
        return None if row.definition is None else read(row.definition)
    except FlowInvalid:
        return None


async def _one(db: AsyncConnection, row: Row[Any], node: str, split: Split) -> Experiment:
    rows = await store.decisions(db, row.tenant_id, row.id, node)
    own = [each for each in rows if each.signature == split.signature]
    decided = fold(own)
    versions, began = await _versions(db, row, node, split)
    since = max(began, decided.since or began)
    assert split.test is not None
    found = await store.numbers(
        db, row.tenant_id, row.id, node, goal=split.test.goal, versions=versions, since=since
    )
    return Experiment(node, split, since, decided, report(split, decided, _numbers(found)), own[::-1])


def _numbers(rows: Iterable[Row[Any]]) -> Mapping[str, Numbers]:
    return {
        row.arm: Numbers(row.entries, row.conversions, row.opt_outs, int(row.cost_micros)) for row in rows
    }


async def _versions(
    db: AsyncConnection, row: Row[Any], node: str, split: Split
) -> tuple[list[int], datetime]:
    """The newest versions in which the split is the same experiment, and when the first of them was published."""
    versions: list[int] = []
    began = row.created_at
    for each in await store.versions(db, row.tenant_id, row.id, node):
        try:
            same = each.data is not None and Split.model_validate(each.data).signature == split.signature
        except ValidationError:
            same = False
        if not same:
            break
        versions.append(each.version)
        began = each.created_at
    return versions or [row.version], began


async def decide(
    db: AsyncConnection,
    row: Row[Any],
    node: str,
    kind: Kind,
    arm: str,
    reason: str,
    *,
    actor: str,
    now: datetime,
) -> Experiment:
    """Decide by hand, of a held flow. Raises NotFound, Invalid for an arm that is not there, ExperimentDecided where it
    would change nothing or stop the last arm.
    """
    found = await experiment(db, row, node)
    _check(found, kind, arm)
    if len(reason) > REASON_CHARS_MAX:
        raise Invalid(f"a reason has at most {REASON_CHARS_MAX} characters", "/reason")
    await _write(db, row, found, kind, arm, reason, actor, now)
    return await experiment(db, row, node)


def _check(found: Experiment, kind: Kind, arm: str) -> None:
    if arm not in found.split.weights and (arm or kind != "resume"):
        raise Invalid("there is no such arm", "/arm")
    decided, running = found.decided, running_arms(found.split, found.decided)
    if kind != "resume" and decided.winner:
        raise ExperimentDecided(f"{decided.winner} has won; take that back first")
    if kind == "stop" and arm not in running:
        raise ExperimentDecided("the arm is stopped already")
    if kind == "stop" and len(running) < 2:
        raise ExperimentDecided("people must be able to go somewhere: this is the last arm")
    if (
        kind == "resume"
        and not decided.winner
        and (arm not in decided.stopped if arm else not decided.stopped)
    ):
        raise ExperimentDecided("nothing is decided that could be taken back")


async def _write(
    db: AsyncConnection,
    row: Row[Any],
    found: Experiment,
    kind: Kind,
    arm: str,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    numbers = {each.name: asdict(each.numbers) for each in found.report.arms}
    values = {"tenant_id": row.tenant_id, "id": new_id(), "flow_id": row.id, "node": found.node}
    values |= {"signature": found.split.signature, "kind": kind, "arm": arm, "actor": actor}
    await store.add_decision(db, {**values, "reason": reason, "numbers": numbers, "at": now})


async def look_at_one(db: AsyncConnection, tenant_id: UUID, now: datetime) -> bool:
    """Look at the numbers of one experiment that is due, and decide what they call for. False when none is due."""
    look = await store.due(db, tenant_id, now)
    if look is None:
        return False
    began = perf_counter()
    row = await flow_store.get(db, tenant_id, look.flow_id, lock=True)
    flow = None if row is None else _flow(row)
    split = None if flow is None else splits_of(flow).get(look.node)
    if row is not None and split is not None:
        found = await _one(db, row, look.node, split)
        numbers = {arm.name: arm.numbers for arm in found.report.arms}
        for each in due(split, found.decided, numbers):
            await _write(db, row, found, each.kind, each.arm, each.reason, SYSTEM, now)
            log.info("experiment_decided", flow=str(row.id), node=look.node, kind=each.kind)
    rest = max(LOOK_EVERY_S, REST * (perf_counter() - began))
    await store.look_again(db, look, now + timedelta(seconds=rest))
    return True
