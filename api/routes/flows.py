"""Flows: documents, drafts, versions, publishing, kept runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags, simulations
from api.deps import Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.routes.conditions import shown_field
from api.routes.flow_exchange import faults_of
from api.schemas import flows as schemas
from api.schemas.common import PAGE_DEFAULT, FlowId, FlowTestId, Limit
from api.simulations import Kept
from hub.channels.content import CONTENT
from hub.conditions.catalog import FieldSpec
from hub.contacts.segments import loading
from hub.errors import Invalid, NotFound, Stale
from hub.flows import service, store
from hub.flows.kept_runs import kept
from hub.flows.nodes import NODES
from hub.flows.service import InFlight
from hub.flows.world import VARIABLE, VARIABLES, catalog_of
from hub.tenancy import names
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/flows", tags=["flows"], route_class=HubRoute)
nodes = APIRouter(prefix="/v1/flow-nodes", tags=["flows"], route_class=HubRoute)

Reader = Annotated[Caller, require("campaigns:read")]
Writer = Annotated[Caller, require("campaigns:write")]
Starter = Annotated[Caller, require("campaigns:start")]
SEARCH_CHARS_MAX = 80
VERSIONS_SHOWN_MAX = 200


@nodes.get("", operation_id="list_flow_nodes")
async def flow_nodes(caller: Reader) -> schemas.FlowNodes:
    """The types of nodes, each with the JSON schema of its `data`."""
    items = [
        schemas.FlowNode(
            type=node.type,
            title=node.title,
            group=node.group,
            description=(node.__doc__ or "").strip(),
            ports=[schemas.FlowPort(**asdict(port)) for port in node.ports],
            data_schema=node.model_json_schema(),
        )
        for node in NODES.values()
    ]
    return schemas.FlowNodes(items=items, content_schema=CONTENT.json_schema())


@nodes.get("/fields", operation_id="list_flow_fields")
async def flow_fields(db: Db, caller: Reader) -> schemas.FlowFields:
    """What conditions inside a flow may ask: of the contact, of the last reply, and of variables by their type."""
    own = catalog_of((), await loading.fields(db, caller.tenant_id))
    kinds = [FieldSpec(VARIABLE, kind, kind, VARIABLES) for kind in ("text", "number", "date", "boolean")]
    return schemas.FlowFields(
        fields=[shown_field(spec) for spec in own.fields.values()],
        variables=[shown_field(spec) for spec in kinds],
    )


@router.get("", operation_id="list_flows")
async def flow_list(
    db: Db,
    caller: Reader,
    search: str = "",
    archived: bool = False,
    limit: Limit = PAGE_DEFAULT,
    starting_after: FlowId | None = None,
) -> schemas.FlowPage:
    """Newest first. `search` is a piece of the name."""
    rows = await store.page(
        db,
        caller.tenant_id,
        search=search[:SEARCH_CHARS_MAX],
        archived=archived,
        after=starting_after,
        limit=limit + 1,
    )
    items = [schemas.Flow.model_validate(row) for row in rows[:limit]]
    return schemas.FlowPage(items=items, has_more=len(rows) > limit)


@router.post("", status_code=201, operation_id="create_flow")
async def create_flow(body: schemas.NewFlow, db: Db, caller: Writer, response: Response) -> schemas.Flow:
    """A flow with a draft. 409 `flow-exists` when the name is taken."""
    flow_id = await service.create(
        db,
        caller.tenant_id,
        body.name,
        body.description,
        body.document,
        created_by=caller.principal,
        now=datetime.now(UTC),
    )
    return await _one(db, caller, flow_id, response)


@router.get("/{flow_id}", operation_id="get_flow")
async def get_flow(flow_id: FlowId, db: Db, caller: Reader, response: Response) -> schemas.Flow:
    """A flow without its document; its ETag is that of name and description."""
    return await _one(db, caller, flow_id, response)


@router.patch("/{flow_id}", operation_id="update_flow")
async def update_flow(
    flow_id: FlowId,
    body: schemas.PatchFlow,
    db: Db,
    caller: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.Flow:
    """Change name or description."""
    row = await service.held(db, caller.tenant_id, flow_id)
    etags.match(if_match, row.revision)
    await service.rename(db, row, body.name, body.description)
    return await _one(db, caller, flow_id, response)


@router.delete("/{flow_id}", status_code=204, operation_id="archive_flow")
async def archive_flow(flow_id: FlowId, db: Db, caller: Starter) -> None:
    """Put a flow away. 409 `flow-in-use` lists the `uses` that keep it: rules, open campaigns, other flows."""
    row = await service.get(db, caller.tenant_id, flow_id, lock=True)
    if row.archived_at is None:
        await service.archive(db, row, datetime.now(UTC))


@router.get("/{flow_id}/draft", operation_id="get_flow_draft")
async def get_draft(flow_id: FlowId, db: Db, caller: Reader, response: Response) -> schemas.FlowDraft:
    """What is edited; where nobody has edited it since, what is published."""
    draft = await service.draft_of(db, await service.get(db, caller.tenant_id, flow_id))
    etags.mark(response, draft.version)
    people = await _people(db, caller, [draft.updated_by])
    return schemas.FlowDraft(
        document=dict(draft.document),
        version=draft.version,
        updated_by=people[draft.updated_by],
        updated_at=draft.updated_at,
    )


@router.put("/{flow_id}/draft", operation_id="save_flow_draft")
async def save_draft(
    flow_id: FlowId,
    body: schemas.DraftIn,
    db: Db,
    caller: Writer,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.SavedDraft:
    """Save the draft, as unfinished as it is, with the ETag of the draft that was edited; `faults` says what is wrong."""
    row = await service.held(db, caller.tenant_id, flow_id)
    await _match(db, caller, if_match, row)
    now = datetime.now(UTC)
    version = await service.save(db, row, body.document, changed_by=caller.principal, now=now)
    etags.mark(response, version)
    return schemas.SavedDraft(version=version, updated_at=now, faults=faults_of(body.document))


@router.post("/{flow_id}/inspect", operation_id="inspect_flow")
async def inspect_flow(flow_id: FlowId, db: Db, caller: Reader, body: schemas.InspectIn) -> schemas.FlowLook:
    """What is wrong or doubtful with a document, or with the draft, and what the flow's tests do with it."""
    row = await service.get(db, caller.tenant_id, flow_id)
    document: Any = body.document
    if document is None:
        document = (await service.draft_of(db, row)).document
    return _look(await service.look(db, caller.tenant_id, flow_id, document))


@router.post("/{flow_id}/publish", operation_id="publish_flow")
async def publish_flow(
    flow_id: FlowId, db: Db, caller: Starter, body: schemas.PublishIn, dry_run: bool = False
) -> schemas.Published:
    """Make the draft the version that runs. 409 `flow-not-ready` lists `findings` and failed `tests`; a dry run answers
    with all of them.
    """
    row = await service.held(db, caller.tenant_id, flow_id)
    draft = await service.draft_of(db, row)
    if dry_run:
        number = max(await store.last_version(db, caller.tenant_id, flow_id), row.version) + 1
    else:
        wish = InFlight(body.in_flight.do, body.in_flight.mapping)
        number = await service.publish(
            db, row, body.note, wish, created_by=caller.principal, now=datetime.now(UTC)
        )
    look = await service.look(db, caller.tenant_id, flow_id, draft.document)
    return schemas.Published(version=number, dry_run=dry_run, look=_look(look))


@router.get("/{flow_id}/versions", operation_id="list_flow_versions")
async def flow_versions(flow_id: FlowId, db: Db, caller: Reader) -> schemas.FlowVersions:
    """The published versions, the newest first."""
    await service.get(db, caller.tenant_id, flow_id)
    rows = await store.versions(db, caller.tenant_id, flow_id, VERSIONS_SHOWN_MAX + 1)
    people = await _people(db, caller, [row.created_by for row in rows])
    items = [
        schemas.FlowVersion(**{**row._mapping, "created_by": people[row.created_by]})
        for row in rows[:VERSIONS_SHOWN_MAX]
    ]
    return schemas.FlowVersions(items=items, has_more=len(rows) > VERSIONS_SHOWN_MAX)


@router.get("/{flow_id}/versions/{version}", operation_id="get_flow_version")
async def flow_version(flow_id: FlowId, version: int, db: Db, caller: Reader) -> schemas.FlowVersionDocument:
    """A published version, as it was."""
    row = await service.version(db, caller.tenant_id, flow_id, version)
    people = await _people(db, caller, [row.created_by])
    return schemas.FlowVersionDocument(**{**row._mapping, "created_by": people[row.created_by]})


@router.post("/{flow_id}/restore", operation_id="restore_flow")
async def restore_flow(
    flow_id: FlowId, body: schemas.RestoreFlowIn, db: Db, caller: Writer, response: Response
) -> schemas.SavedDraft:
    """Make an earlier version the draft."""
    row = await service.held(db, caller.tenant_id, flow_id)
    earlier = await service.version(db, caller.tenant_id, flow_id, body.version)
    now = datetime.now(UTC)
    number = await service.save(db, row, earlier.document, changed_by=caller.principal, now=now)
    etags.mark(response, number)
    return schemas.SavedDraft(version=number, updated_at=now, faults=faults_of(earlier.document))


@router.get("/{flow_id}/tests", operation_id="list_flow_tests")
async def flow_tests(flow_id: FlowId, db: Db, caller: Reader) -> schemas.FlowTests:
    """The runs that are kept as tests, the oldest first; publishing runs them."""
    await service.get(db, caller.tenant_id, flow_id)
    rows = await store.tests(db, caller.tenant_id, flow_id, service.TESTS_MAX)
    return schemas.FlowTests(items=[schemas.FlowTest.model_validate(row) for row in rows], has_more=False)


@router.post("/{flow_id}/tests", status_code=201, operation_id="keep_flow_test")
async def keep_flow_test(
    flow_id: FlowId, body: schemas.NewFlowTest, db: Db, caller: Writer, redis: Kept
) -> schemas.FlowTest:
    """Keep a simulation's run, or one that is written out, as a test of the flow. Not a real contact's: a test stays when
    the contact is erased.
    """
    row = await service.held(db, caller.tenant_id, flow_id)
    run = body.run
    if body.simulation_id is not None:
        simulation = (await simulations.load(redis, caller.tenant_id, body.simulation_id)).simulation
        if simulation.sample:
            raise Invalid("a test keeps no real contact's values: play it for a made one", "/simulation_id")
        run = kept(simulation)
    if run is None:
        raise Invalid("give either simulation_id or run", "/run")
    now = datetime.now(UTC)
    test_id = await service.keep_test(db, row, body.name, run, created_by=caller.principal, now=now)
    return schemas.FlowTest(id=test_id, name=body.name, run=run.model_dump(mode="json"), created_at=now)


@router.delete("/{flow_id}/tests/{test_id}", status_code=204, operation_id="drop_flow_test")
async def drop_flow_test(flow_id: FlowId, test_id: FlowTestId, db: Db, caller: Writer) -> None:
    """Forget a test."""
    if not await store.drop_test(db, caller.tenant_id, flow_id, test_id):
        raise NotFound("there is no such test")


async def _one(db: AsyncConnection, caller: Caller, flow_id: UUID, response: Response) -> schemas.Flow:
    row = await service.get(db, caller.tenant_id, flow_id)
    etags.mark(response, row.revision)
    return schemas.Flow.model_validate(row)


def _look(found: service.Look) -> schemas.FlowLook:
    return schemas.FlowLook(
        ready=found.ready,
        faults=[schemas.FlowFault(**each) for each in found.faults],
        findings=[schemas.FlowFinding(**asdict(each)) for each in found.findings],
        tests=[schemas.FlowTestResult(**each) for each in found.tests],
    )


async def _people(db: AsyncConnection, caller: Caller, words: Iterable[str]) -> dict[str, str]:
    known = await names.actors(db, list(caller.readable), set(words))
    return {word: actor.name or actor.kind for word, actor in known.items()}


async def _match(db: AsyncConnection, caller: Caller, if_match: str | None, row: Any) -> None:
    """Compare If-Match with the draft's version; a stale one is told who changed it and when."""
    draft = await service.draft_of(db, row)
    try:
        etags.match(if_match, draft.version)
    except Stale:
        people = await _people(db, caller, [draft.updated_by])
        etags.match(if_match, draft.version, people[draft.updated_by], draft.updated_at)
