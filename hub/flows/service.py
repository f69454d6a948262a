"""Use cases of flows: make, edit drafts, look, publish, restore, put away, keep tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, null
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.contacts import store_attributes
from hub.contacts.segments import loading
from hub.contacts.segments import store as segments_store
from hub.errors import Invalid, NotFound
from hub.flows import store
from hub.flows.definition import Flow, dump, read, refuse_huge
from hub.flows.errors import FlowArchived, FlowExists, FlowInUse, FlowNotReady
from hub.flows.experiments import running as experiments
from hub.flows.faults import Fault, FlowInvalid, invalid
from hub.flows.kept_runs import FlowTest, differences
from hub.flows.nodes import SubFlow
from hub.flows.preflight import Finding, Surroundings, inspect
from hub.flows.service_funds import with_funds
from hub.flows.triggers import service as triggers
from hub.flows.world import Tenant
from hub.ids import encode_id, new_id
from hub.routing import loading as routing

NAME_CHARS_MAX = 80
TESTS_MAX = 50
EMPTY: Mapping[str, Any] = {
    "spec_version": 2,
    "nodes": [{"id": "start", "type": "start", "data": {}, "position": {"x": 0, "y": 0}}],
    "edges": [],
    "comments": [],
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is edited. `version` 0: nobody has edited it since it was published."""

    document: Mapping[str, Any]
    version: int
    updated_by: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """What is wrong with a document (`faults`: it cannot even be read), and what its tests do."""

    faults: tuple[dict[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    tests: tuple[dict[str, Any], ...] = ()

    @property
    def ready(self) -> bool:
        errors = any(each.severity == "error" for each in self.findings)
        return not self.faults and not errors and all(test["passed"] for test in self.tests)


@dataclass(frozen=True, slots=True)
class InFlight:
    """What becomes of sessions in earlier versions: finish, migrate (to the same nodes, or as `nodes` says) or exit."""

    do: str = "finish"
    nodes: Mapping[str, str] = field(default_factory=dict)


async def create(
    db: AsyncConnection,
    tenant_id: UUID,
    name: str,
    description: str,
    document: Mapping[str, Any] | None,
    *,
    created_by: str,
    now: datetime,
) -> UUID:
    """A new flow that has a draft only. Raises FlowExists, and FlowInvalid for a document that cannot be kept."""
    flow_id = new_id()
    row = {
        "tenant_id": tenant_id,
        "id": flow_id,
        "name": check_name(name),
        "description": description,
        "version": 0,
    }
    try:
        await store.add(db, {**row, "created_at": now})
    except IntegrityError as error:
        raise FlowExists(f"there is already a flow {name!r}") from error
    await _save(db, tenant_id, flow_id, dict(document or EMPTY), 1, created_by, now)
    return flow_id


def check_name(name: str) -> str:
    trimmed = name.strip()
    if not 0 < len(trimmed) <= NAME_CHARS_MAX or not trimmed.isprintable():
        raise Invalid(f"a name has 1 to {NAME_CHARS_MAX} characters", "/name")
    return trimmed


async def get(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, *, lock: bool = False) -> Row[Any]:
    """Raises NotFound."""
    row = await store.get(db, tenant_id, flow_id, lock=lock)
    if row is None:
        raise NotFound("there is no such flow")
    return row


async def held(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Row[Any]:
    """A flow that is about to be changed. Raises NotFound, FlowArchived."""
    row = await get(db, tenant_id, flow_id, lock=True)
    if row.archived_at is not None:
        raise FlowArchived("an archived flow does not change any more")
    return row


async def rename(db: AsyncConnection, row: Row[Any], name: str | None, description: str | None) -> None:
    """Raises FlowExists."""
    values: dict[str, Any] = {"revision": row.revision + 1}
    if name is not None:
        values["name"] = check_name(name)
    if description is not None:
        values["description"] = description
    try:
        await store.change(db, row.tenant_id, row.id, **values)
    except IntegrityError as error:
        raise FlowExists(f"there is already a flow {name!r}") from error


async def archive(db: AsyncConnection, row: Row[Any], now: datetime) -> None:
    """Put a flow away: nothing begins it, sessions inside end by their next input. Raises FlowInUse."""
    found = await store.uses(db, row.tenant_id, row.id, encode_id("flw", row.id))
    if found:
        prefix = {"campaign": "cmp", "routing_rule": "rul", "flow": "flw"}
        uses = tuple(
            {"kind": kind, "id": encode_id(prefix[kind], each), "name": name} for kind, each, name in found
        )
        names = ", ".join(use["name"] for use in uses[:3])
        raise FlowInUse(f"it is used by {names}{' and more' if len(uses) > 3 else ''}", uses)
    await store.change(db, row.tenant_id, row.id, archived_at=now, definition=None)
    await triggers.archived(db, row.tenant_id, row.id)
    await experiments.published(db, row.tenant_id, row.id, None, now)


# Drafts


async def draft_of(db: AsyncConnection, row: Row[Any]) -> Draft:
    """The draft, or what is published where nobody edited it since."""
    found = await store.draft(db, row.tenant_id, row.id)
    if found is not None:
        return Draft(found.document, found.version, found.updated_by, found.updated_at)
    document = row.definition or EMPTY
    try:
        document = dump(read(document))
    except FlowInvalid:  # shown as it is stored: the look names what is wrong
        document = dict(document)
    return Draft(document, 0, "", row.created_at)


async def save(
    db: AsyncConnection, row: Row[Any], document: Mapping[str, Any], *, changed_by: str, now: datetime
) -> int:
    """Save the draft of a held flow, as unfinished as it is; returns its version. Raises FlowInvalid for its size."""
    before = await store.draft(db, row.tenant_id, row.id)
    version = (before.version if before is not None else 0) + 1
    await _save(db, row.tenant_id, row.id, document, version, changed_by, now)
    return version


async def _save(
    db: AsyncConnection,
    tenant_id: UUID,
    flow_id: UUID,
    document: Mapping[str, Any],
    version: int,
    changed_by: str,
    now: datetime,
) -> None:
    refuse_huge(document)
    if not isinstance(document.get("nodes"), list | Mapping):
        raise invalid([Fault("/nodes", "wrong-type", "`nodes` is a list")])
    row = {"tenant_id": tenant_id, "flow_id": flow_id, "document": dict(document), "version": version}
    await store.save_draft(db, {**row, "updated_by": changed_by, "updated_at": now})


# Publishing


async def surroundings(db: AsyncConnection, tenant_id: UUID, own_id: UUID | None = None) -> Surroundings:
    """What a flow of the tenant meets."""
    labels = await store.live_labels(db, tenant_id)
    channels = await store.channel_names(db, tenant_id)
    running = await store.published(db, tenant_id)
    return Surroundings(
        catalog=await loading.fields(db, tenant_id),
        channels={row.kind for row in channels} | {encode_id("chn", row.id) for row in channels},
        templates={
            (row.name, row.language): row.status.lower() for row in await store.template_states(db, tenant_id)
        },
        queues={name.casefold() for name in await store.queue_names(db, tenant_id)},
        intents=set(labels or ()),
        flows=_read(running),
        names={row.id.hex: row.name for row in running},
        own_id=own_id,
    )


def _read(running: Iterable[Any]) -> dict[str, Flow]:
    found = {}
    for row in running:
        try:
            found[row.id.hex] = read(row.definition)
        except FlowInvalid:
            continue  # as good as gone, as for hub/directory.py
    return found


async def tenant_of(db: AsyncConnection, tenant_id: UUID, flow: Flow) -> Tenant:
    """What a run of the flow needs to know, for simulations and tests: as the hosts know it."""
    enters = any(isinstance(node, SubFlow) for node in flow.nodes.values())
    entered = _read(await store.published(db, tenant_id)) if enters else {}
    flows = [flow, *entered.values()]
    nodes = [node for each in flows for node in each.nodes.values()]
    conditions = [condition for node in nodes for _, condition in node.conditions()]
    catalog, segments = await routing.fields_and_segments(db, tenant_id, conditions)
    return Tenant(
        catalog=catalog,
        segments=segments,
        flows=entered,
        zone=ZoneInfo(await segments_store.time_zone(db, tenant_id)),
        definitions=await store_attributes.definitions(db, tenant_id),
        decisions=await experiments.in_force(db, tenant_id),
        templates=await routing.templates(db, tenant_id, flows),
    )


async def look(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, document: Any) -> Look:
    """Everything that is wrong or doubtful with a document, and what the flow's tests do with it."""
    try:
        flow = read(document)
    except FlowInvalid as error:
        return Look(faults=error.errors)
    around = await with_funds(db, tenant_id, flow, await surroundings(db, tenant_id, flow_id))
    tenant = await tenant_of(db, tenant_id, flow)
    tests = []
    for row in await store.tests(db, tenant_id, flow_id, TESTS_MAX):
        found = differences(flow, FlowTest.model_validate(row.run), tenant, flow_id.hex)
        tests.append({"id": row.id, "name": row.name, "passed": not found, "differences": found[:20]})
    return Look((), tuple(inspect(flow, around)), tuple(tests))


async def publish(
    db: AsyncConnection,
    row: Row[Any],
    note: str,
    wish: InFlight | None = None,
    *,
    created_by: str,
    now: datetime,
) -> int:
    """Make the draft of a held flow the version that runs; returns its number. Raises FlowInvalid, FlowNotReady, and
    Invalid for a mapping to a node that it does not have.
    """
    draft = await draft_of(db, row)
    flow = read(draft.document)
    wish = wish or InFlight()
    for before, after in wish.nodes.items():
        if after not in flow.nodes:
            raise Invalid(f"the new version has no node {after!r}", f"/in_flight/mapping/{before}")
    seen = await look(db, row.tenant_id, row.id, draft.document)
    if not seen.ready:
        errors = tuple(asdict(each) for each in seen.findings if each.severity == "error")
        failed = tuple(
            {"name": test["name"], "differences": test["differences"]}
            for test in seen.tests
            if not test["passed"]
        )
        words = [each["words"] for each in errors] + [f"the test {test['name']!r} fails" for test in failed]
        raise FlowNotReady("; ".join(words[:3]), errors, failed)
    last = await store.last_version(db, row.tenant_id, row.id)
    if row.definition is not None and last < row.version:  # made before there were versions
        await _remember(db, row, row.version, row.definition, "", "", row.created_at)
    number: int = max(last, row.version) + 1
    document = dump(flow)
    await _remember(db, row, number, document, note, created_by, now)
    moving = (
        None if wish.do == "finish" else {"do": wish.do, "nodes": dict(wish.nodes), "at": now.isoformat()}
    )
    await store.change(
        db,
        row.tenant_id,
        row.id,
        definition=document,
        version=number,
        in_flight=null() if moving is None else moving,
    )
    await triggers.published(db, row.tenant_id, row.id, flow, now=now)
    await experiments.published(db, row.tenant_id, row.id, flow, now)
    return number


async def _remember(
    db: AsyncConnection, row: Row[Any], number: int, document: Any, note: str, created_by: str, now: datetime
) -> None:
    values = {"tenant_id": row.tenant_id, "flow_id": row.id, "version": number, "document": document}
    await store.add_version(db, {**values, "note": note, "created_by": created_by, "created_at": now})


async def version(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, number: int) -> Row[Any]:
    """Raises NotFound."""
    found = await store.version(db, tenant_id, flow_id, number)
    if found is None:
        raise NotFound("there is no such version")
    return found


# Tests


async def keep_test(
    db: AsyncConnection, row: Row[Any], name: str, run: FlowTest, *, created_by: str, now: datetime
) -> UUID:
    """Keep a run as a test of a held flow. Raises FlowExists for its name, Invalid for too many."""
    if len(await store.tests(db, row.tenant_id, row.id, TESTS_MAX)) >= TESTS_MAX:
        raise Invalid(f"a flow has at most {TESTS_MAX} tests", "/name")
    test_id = new_id()
    values = {"tenant_id": row.tenant_id, "id": test_id, "flow_id": row.id, "name": check_name(name)}
    try:
        await store.add_test(
            db,
            {**values, "run": run.model_dump(mode="json"), "created_by": created_by, "created_at": now},
        )
    except IntegrityError as error:
        raise FlowExists(f"the flow has already a test {name!r}") from error
    return test_id
