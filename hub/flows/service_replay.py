"""Use case: play real sessions of a flow again on its draft, and tell whose way changes. Nothing is sent or written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.flows import service, store_live, store_runs
from hub.flows.definition import Flow, read
from hub.flows.experiments import store as experiments
from hub.flows.experiments.decided import Decisions, Key, fold
from hub.flows.faults import FlowInvalid
from hub.flows.replay import Decided, Heard, Lived, Passed, Replayed, compare
from hub.flows.world import Person, Tenant
from hub.routing.loading import NO_NEEDS, needs_of_flows
from hub.routing.store_records import records_of, records_query

MESSAGES_MAX = 20_000
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Changed:
    """A session whose way would be another one."""

    id: UUID
    contact_id: UUID
    name: str
    version: int
    started_at: datetime
    replayed: Replayed


@dataclass
class Replay:
    """`unreadable`: of a version that is not on record or cannot be read any more."""

    same: int = 0
    unrepeatable: int = 0
    unreadable: int = 0
    changed: list[Changed] = field(default_factory=list)


async def replay(db: AsyncConnection, row: Row[Any], days: int, most: int, now: datetime) -> Replay:
    """The newest sessions of so many days on the flow's draft. Raises FlowInvalid for a draft that cannot be read."""
    draft = read((await service.draft_of(db, row)).document)
    sessions = await store_live.lived(db, row.tenant_id, row.id, now - timedelta(days=days), most)
    versions = await _versions(db, row, {session.version for session in sessions})
    tenant = await service.tenant_of(db, row.tenant_id, draft)
    persons = await _persons(db, row.tenant_id, sessions, [(draft, tenant), *versions.values()], now)
    decided = await _decided(db, row.tenant_id)
    told = await _lived(db, row, sessions, now)
    found = Replay()
    for nth, session in enumerate(sessions):
        if nth % AT_ONCE == 0:
            await asyncio.sleep(0)  # others want to be served meanwhile
        known = versions.get(session.version)
        if known is None:
            found.unreadable += 1
            continue
        own, its_tenant = known
        person = persons.get(session.contact_id, Person(session.contact_id))
        result = compare(told[session.id], own, draft, person, (its_tenant, tenant), decided)
        if result.verdict == "changed":
            found.changed.append(
                Changed(
                    session.id,
                    session.contact_id,
                    session.name,
                    session.version,
                    session.started_at,
                    result,
                )
            )
        elif result.verdict == "same":
            found.same += 1
        else:
            found.unrepeatable += 1
    return found


async def _versions(db: AsyncConnection, row: Row[Any], wanted: set[int]) -> dict[int, tuple[Flow, Tenant]]:
    found = {}
    for each in await store_runs.documents(db, row.tenant_id, [(row.id, number) for number in wanted]):
        try:
            flow = read(each.document)
        except FlowInvalid:
            continue
        found[each.version] = flow, await service.tenant_of(db, row.tenant_id, flow)
    return found


async def _persons(
    db: AsyncConnection,
    tenant_id: UUID,
    sessions: Sequence[Any],
    played: Iterable[tuple[Flow, Tenant]],
    now: datetime,
) -> Mapping[UUID, Person]:
    """The contacts as they are now: what they were then is not on record."""
    needs = NO_NEEDS
    for flow, tenant in played:
        needs |= needs_of_flows([flow, *tenant.flows.values()], tenant)
    contacts = {session.contact_id for session in sessions}
    query, values = records_query(tenant_id, contacts, needs, now)
    found = {}
    for contact_id, record in records_of(await db.execute(query, values)).items():
        name = record.facts.values.get("time_zone")
        zone = ZoneInfo(str(name)) if name else None
        found[contact_id] = Person(contact_id, record.variables, record.facts, zone)
    return found


async def _lived(
    db: AsyncConnection, row: Row[Any], sessions: Sequence[Any], now: datetime
) -> Mapping[UUID, Lived]:
    if not sessions:
        return {}
    steps: dict[UUID, list[Any]] = defaultdict(list)
    for step in await store_live.passed(db, row.tenant_id, row.id, [each.id for each in sessions]):
        steps[step.session_id].append(step)
    said: dict[UUID, list[Heard]] = defaultdict(list)
    since = min(session.started_at for session in sessions)
    contacts = list({session.contact_id for session in sessions})
    for each in await store_live.heard(db, row.tenant_id, contacts, since, MESSAGES_MAX):
        said[each.contact_id].append(_heard(each))
    began = await store_live.began(db, row.tenant_id, [each.id for each in sessions])
    first = {each.id: _heard(each) for each in began}
    return {
        session.id: Lived(
            session.id,
            row.id,
            session.version,
            steps[session.id][0].node if steps[session.id] else session.state["node"],
            session.state.get("variables", {}),
            session.started_at,
            session.ended_at or now,
            [Passed(step.node, step.port, step.at) for step in steps[session.id] if step.port],
            said[session.contact_id],
            first.get(session.id),
        )
        for session in sessions
    }


def _heard(row: Any) -> Heard:
    content = row.content or {}
    choice = str(content.get("id") or "") if content.get("type") == "reply" else ""
    return Heard(row.created_at, row.body, choice, row.intent, row.confidence or 0.0)


async def _decided(db: AsyncConnection, tenant_id: UUID) -> Decided:
    """What was decided of the tenant's experiments until a moment."""
    rows = await experiments.all_decisions(db, tenant_id)
    known: dict[int, Decisions] = {}

    def until(moment: datetime) -> Decisions:
        count = sum(row.at <= moment for row in rows)
        if count not in known:
            groups: dict[Key, list[Any]] = defaultdict(list)
            for row in rows:
                if row.at <= moment:
                    groups[row.flow_id.hex, row.node, row.signature].append(row)
            known[count] = {key: fold(group) for key, group in groups.items()}
        return known[count]

    return until
