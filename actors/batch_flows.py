"""Flows in a batch of turns: what must be read before, the rows that come of them, changes of the contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.messages import Command
from hub.contacts import store as contacts_store
from hub.contacts import store_attributes
from hub.contacts.changes import Change, apply
from hub.contacts.contact import ATTRIBUTES_MAX, TAGS_MAX
from hub.contacts.segments.loading import surroundings
from hub.contacts.service_changes import write_changes
from hub.contacts.service_common import state_of
from hub.conversations.journeys import History
from hub.conversations.state import (
    BeginFlow,
    CallTurn,
    ChangeContact,
    Conversation,
    Effect,
    ExitFlow,
    FlowCall,
    FlowInput,
    FlowWork,
    MoveFlow,
    PassToFlow,
    Ran,
    RecordEvent,
    TagContact,
    Turn,
)
from hub.conversations.store import Key
from hub.directory import Directory
from hub.errors import Invalid
from hub.flows import store_runs
from hub.flows.book import Version
from hub.flows.definition import Flow, read
from hub.flows.faults import FlowInvalid
from hub.flows.inputs import Resume
from hub.flows.triggers.chained import begun_by
from hub.ids import new_id, uuid_of
from hub.routing.fields import Record
from hub.routing.loading import SEGMENTS_MAX, flow_needs
from hub.voice.flow_calls import call_turns
from models.contacts import contact_events
from models.db import Db, Insert, Scope, transaction
from models.flow_triggers import flow_begins
from models.pipe import Pool
from models.pipe import read as read_rows

if TYPE_CHECKING:
    from actors.batch import Batch

FLOW_EVENTS = (BeginFlow, FlowInput, ExitFlow, MoveFlow, FlowCall)

log = structlog.get_logger()


class Outdated(Exception):
    """The tenant's directory knows an attribute that is not there any more."""

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(tenant_id)
        self.tenant_id = tenant_id


async def know(batch: Batch, places: Sequence[int]) -> None:
    """Read the versions that live sessions run on, and the past of those who may begin.

    Who resumes a session has just repaired something, which the directory shall know.
    """
    events = ((batch.items[place].tenant_id, batch.items[place].event) for place in places)
    resumed = {
        key for key, event in events if isinstance(event, FlowInput) and isinstance(event.given, Resume)
    }
    if resumed:
        batch.directories |= await batch.host.directories.anew(resumed)
    lacking: dict[UUID, set[Version]] = defaultdict(set)
    for key, state in batch.working.items():
        if state.sessions:
            lacking[key[0]] |= batch.directories[key[0]].routing.book.lacks(state.sessions)
    for tenant_id, wanted in lacking.items():
        if wanted:
            await _read_versions(batch.host.engine, batch.directories[tenant_id], wanted)
    begins: dict[UUID, set[UUID]] = defaultdict(set)
    keys: dict[UUID, set[str]] = defaultdict(set)
    for place in places:
        item = batch.items[place]
        key = item.tenant_id, item.contact_id
        if isinstance(item.event, BeginFlow | PassToFlow):
            begins[item.tenant_id].add(item.contact_id)
            named = item.event.key if isinstance(item.event, BeginFlow) else None
            keys[item.tenant_id].update([named] if named is not None else ())
        elif key in batch.routed and key not in batch.fresh:
            begins[item.tenant_id].add(item.contact_id)
    for tenant_id, contacts in begins.items():
        batch.histories.update(await _histories(batch.host.pool, tenant_id, contacts, keys[tenant_id]))


async def _histories(pool: Pool, tenant_id: UUID, contacts: set[UUID], keys: set[str]) -> dict[Key, History]:
    rows = await read_rows(pool, Scope.of(tenant_id), *store_runs.history_query(tenant_id, contacts, keys))
    flows: dict[UUID, set[UUID]] = defaultdict(set)
    begun: dict[UUID, set[tuple[UUID, str]]] = defaultdict(set)
    for row in rows:
        flows[row.contact_id].add(row.flow_id)
        if row.key is not None:
            begun[row.contact_id].add((row.flow_id, row.key))
    return {
        (tenant_id, contact): History(frozenset(flows[contact]), frozenset(begun[contact]))
        for contact in contacts
    }


async def _read_versions(engine: AsyncEngine, directory: Directory, wanted: set[Version]) -> None:
    table = directory.routing
    found: dict[Version, Flow | None] = dict.fromkeys(wanted)
    async with transaction(engine, Scope.of(directory.tenant_id)) as db:
        for row in await store_runs.documents(db, directory.tenant_id, wanted):
            try:
                found[row.flow_id, row.version] = read(row.document)
            except FlowInvalid:
                continue
        flows = [flow for flow in found.values() if flow is not None]
        asked = [one for flow in flows for node in flow.nodes.values() for _, one in node.conditions()]
        if asked:
            try:
                named = await surroundings(db, directory.tenant_id, asked, SEGMENTS_MAX)
                table.book.tenant.learn(*named)
            except Invalid as error:  # its conditions cannot be read then: who comes to one is stuck there
                log.warning("flow_segments_not_usable", error=error.code)
    table.book.remember(found)
    directory.flow_needs = flow_needs(table)


def after(record: Record, effects: Iterable[Effect]) -> Record:
    """What is known of a contact after a turn, for the next one of the same batch."""
    tags, values = set(record.facts.tags), dict(record.facts.values)
    variables = dict(record.variables)
    for effect in effects:
        match effect:
            case TagContact(tag):
                tags.add(tag)
            case ChangeContact(changed, attributes):
                for tag, on in changed.items():
                    (tags.add if on else tags.discard)(tag)
                values |= {f"attribute.{key}": value for key, value in attributes.items()}
                variables |= attributes
            case _:
                pass
    return replace(
        record, facts=replace(record.facts, tags=frozenset(tags), values=values), variables=variables
    )


def remembered(history: History, ran: Iterable[Ran]) -> History:
    flows = {each.inside.flow_id for each in ran}
    keys = {(each.inside.flow_id, each.key) for each in ran if each.key is not None}
    return History(history.flows | flows, history.keys | keys)


# Rows


def inserts(turns: Iterable[Turn], directories: Mapping[UUID, Directory], now: datetime) -> list[Insert]:
    """What the turns' flows write; nothing of turns without flows."""
    sessions: dict[Key, dict[str, Any]] = {}
    steps: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    work: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    begins: list[dict[str, Any]] = []
    calls: list[tuple[UUID, UUID, CallTurn]] = []
    for turned in turns:
        for ran in turned.ran:
            row = session_row(turned.state, ran, now)
            before = sessions.get((row["tenant_id"], row["id"]))
            begun = {} if before is None else {name: before[name] for name in ("trigger", "key")}
            sessions[row["tenant_id"], row["id"]] = row | begun
            versions = directories[turned.state.tenant_id].routing.book.versions
            steps += _step_rows(turned.state.tenant_id, ran, versions, now)
            goals += _goal_rows(turned.state.tenant_id, ran, now)
        for effect in turned.effects:
            match effect:
                case FlowWork():
                    work.append(_work_row(turned.state, effect, now))
                case RecordEvent():
                    events.append(_event_row(turned.state, effect, now))
                    flows = directories[turned.state.tenant_id].routing.book.flows
                    begins += _begin_rows(events[-1], flows, effect.chain, now)
                case CallTurn():
                    calls.append((turned.state.tenant_id, turned.state.contact_id, effect))
                case _:
                    pass
    return [
        store_runs.sessions(list(sessions.values())),
        store_runs.steps(steps),
        store_runs.goals(goals),
        store_runs.work(work),
        Insert(contact_events, events),
        Insert(flow_begins, begins, "ON CONFLICT DO NOTHING"),
        *(call_turns(calls, now) if calls else ()),
    ]


def session_row(state: Conversation, ran: Ran, now: datetime) -> dict[str, Any]:
    session, over = ran.inside.session, ran.status in ("ended", "exited")
    waiting = session.waiting
    return {
        "tenant_id": state.tenant_id,
        "id": ran.inside.id,
        "flow_id": ran.inside.flow_id,
        "version": session.version,
        "contact_id": state.contact_id,
        "state": session.to_json(),
        "status": ran.status,
        "node": session.node,
        "reason": ran.reason,
        "outcome": ran.outcome,
        "trigger": ran.trigger,
        "key": ran.key,
        "origin": UUID(session.origin) if session.origin else None,
        "due_at": None if over or waiting is None else waiting.until,
        "steps": ran.inside.steps,
        "started_at": now,
        "updated_at": now,
        "ended_at": now if over else None,
    }


def _step_rows(
    tenant_id: UUID, ran: Ran, versions: Mapping[UUID, int], now: datetime
) -> Iterable[dict[str, Any]]:
    first, own = ran.inside.steps - len(ran.steps), ran.inside.flow_id
    for place, step in enumerate(ran.steps):
        flow_id = uuid_of(step.flow_id)
        yield {
            "tenant_id": tenant_id,
            "session_id": ran.inside.id,
            "seq": first + place,
            "flow_id": flow_id,
            "version": ran.inside.session.version
            if flow_id == own
            else step.version or versions.get(flow_id, 0),
            "node": step.node,
            "port": step.port,
            "at": now,
        }


def _goal_rows(tenant_id: UUID, ran: Ran, now: datetime) -> Iterable[dict[str, Any]]:
    for goal in ran.goals:
        yield {
            "tenant_id": tenant_id,
            "session_id": ran.inside.id,
            "name": goal.name,
            "flow_id": ran.inside.flow_id,
            "version": ran.inside.session.version,
            "value_micros": goal.value_micros,
            "at": now,
        }


def _work_row(state: Conversation, effect: FlowWork, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": state.tenant_id,
        "id": new_id(),
        "contact_id": state.contact_id,
        "session_id": effect.session_id,
        "kind": effect.kind,
        "payload": effect.payload,
        "due_at": now,
        "attempts": 0,
        "created_at": now,
    }


def _event_row(state: Conversation, effect: RecordEvent, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": state.tenant_id,
        "id": new_id(),
        "contact_id": state.contact_id,
        "name": effect.name,
        "at": now,
        "received_at": now,
        "key": None,
        "properties": effect.properties,
    }


def _begin_rows(
    event: Mapping[str, Any], flows: Mapping[UUID, Flow], chain: int, now: datetime
) -> Iterable[dict[str, Any]]:
    """The contact begins the flows that wait for the event."""
    for flow_id, node, key in begun_by(flows, event["name"], event["id"], chain):
        yield {
            "tenant_id": event["tenant_id"],
            "id": new_id(),
            "flow_id": flow_id,
            "node": node,
            "contact_id": event["contact_id"],
            "key": key,
            "trigger": "event",
            "given": event["properties"],
            "due_at": now,
        }


# Changes of contacts


def changes(turns: Iterable[Turn]) -> dict[UUID, dict[UUID, Change]]:
    """What becomes of contacts, by tenant; of two changes of one the later counts."""
    found: dict[UUID, dict[UUID, Change]] = defaultdict(dict)
    for turned in turns:
        for effect in turned.effects:
            if isinstance(effect, ChangeContact):
                state = turned.state
                change = found[state.tenant_id].setdefault(state.contact_id, Change(state.contact_id))
                on = {tag for tag, wanted in effect.tags.items() if wanted}
                off = set(effect.tags) - on
                change.attributes = {**change.attributes, **effect.attributes}
                change.add_tags = sorted({*change.add_tags, *on} - off)
                change.remove_tags = sorted({*change.remove_tags, *off} - on)
    return dict(found)


async def change_contacts(db: Db, wanted: Mapping[UUID, Mapping[UUID, Change]]) -> None:
    """Write them in the turn's transaction. One that would give a contact too much of something is left out.

    Raises Outdated when an attribute was deleted a moment ago.
    """
    for tenant_id, group in wanted.items():
        definitions = await store_attributes.definitions(db, tenant_id)
        if any(key not in definitions for change in group.values() for key in change.attributes):
            raise Outdated(tenant_id)
        rows = await contacts_store.lock(db, tenant_id, sorted(group))
        states = {row.id: state_of(row) for row in rows}
        fitting = []
        for contact_id, state in states.items():
            then = apply(state, group[contact_id]).after
            if len(then.tags) > TAGS_MAX or len(then.attributes) > ATTRIBUTES_MAX:
                log.warning("flow_change_left_out", contact=str(contact_id))
                continue
            fitting.append(group[contact_id])
        await write_changes(db, tenant_id, states, fitting, definitions, "flow")


def shown(batch: Batch) -> set[Key]:
    """Whose conversations the screens must hear of: not of somebody who talks with nobody, and for whom only flows ran."""
    keys: set[Key] = set()
    for place in batch.turns:
        item = batch.items[place]
        key = item.tenant_id, item.contact_id
        flows_only = isinstance(item, Command) and isinstance(item.event, FLOW_EVENTS)
        if not flows_only or batch.working[key].status != "idle" or batch.before[key].status != "idle":
            keys.add(key)
    return keys
