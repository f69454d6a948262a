"""Routing rules of the acting tenant: the list, its versions, trying a message, and trying a draft on the past."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.deps import Db, Who, client_ip, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.routes.conditions import shown_fields
from api.schemas import routing as schemas
from api.schemas.conditions import ConditionFields
from api.schemas.segments import RestoreIn
from hub import realtime
from hub.errors import Invalid, Unavailable
from hub.routing import service_rules as service
from hub.routing import store_rules
from hub.routing.fields import Heard
from hub.routing.loading import LoadedRules, PlacedRule
from hub.routing.rule import RuleList
from hub.routing.service_rules import Held, Trial
from hub.routing.trying import outcome
from hub.routing.views import condition_words, does
from hub.tenancy import names
from hub.tenancy.audit_log import Record
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/routing-rules", tags=["routing"], route_class=HubRoute)

Reader = Annotated[Caller, require("queues:read")]
Writer = Annotated[Caller, require("routing:write")]
NAMES_SHOWN_MAX = 20


def _announcer(request: Request, background: BackgroundTasks, caller: Who) -> Callable[[], None]:
    def announce() -> None:
        event = {"type": "routing.updated"}
        background.add_task(realtime.publish, request.app.state.redis, [(caller.tenant_id, event)])

    return announce


Announce = Annotated[Callable[[], None], Depends(_announcer)]


@router.get("", operation_id="get_routing_rules", response_model=schemas.Rules)
async def get_rules(caller: Reader, db: Db, response: Response) -> dict[str, Any]:
    """The rules in their order, those from above included. Without a list of its own the tenant's ETag is `"0"`."""
    return await _shown(db, caller, response)


@router.put("", operation_id="put_routing_rules", response_model=schemas.Rules)
async def put_rules(
    body: schemas.RulesIn,
    caller: Writer,
    db: Db,
    request: Request,
    response: Response,
    announce: Announce,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Set the tenant's own list as a whole. It counts within seconds. 422 `routing-rules-invalid` names rule and place."""
    await _put(db, caller, request, if_match, _list(body))
    announce()
    return await _shown(db, caller, response)


@router.get("/fields", operation_id="list_routing_fields")
async def fields(db: Db, caller: Reader) -> ConditionFields:
    """What a rule may ask of a message, its contact, the time and the queues: operators, and values where they are few."""
    return shown_fields(await service.fields(db, caller.tenant_id))


@router.get("/targets", operation_id="list_routing_targets")
async def targets(db: Db, caller: Reader) -> schemas.Targets:
    """The queues, flows, people and webhook endpoints that a rule may lead to."""
    around, _ = await service.around(db, caller.tenant_id)
    flows = await store_rules.flow_documents(db, caller.tenant_id)
    return schemas.Targets(
        queues=[schemas.QueueTarget(id=key, name=name) for key, name in around.queues.items()],
        flows=[schemas.FlowTarget(id=row.id, name=row.name) for row in flows],
        users=[schemas.UserTarget(id=key, name=name) for key, name in around.users.items()],
        webhooks=[schemas.EndpointTarget(id=key, name=name) for key, name in around.hooks.items()],
    )


@router.get("/versions", operation_id="list_routing_rules_versions")
async def rules_versions(db: Db, caller: Reader) -> schemas.RulesVersions:
    """The lists that were saved, the newest first."""
    most = service.VERSIONS_SHOWN_MAX
    rows = await store_rules.versions(db, caller.tenant_id, most + 1)
    people = await _people(db, caller, (row.created_by for row in rows))
    items = []
    for row in rows[:most]:
        rules = row.document["rules"]
        items.append(
            schemas.RulesVersion(
                version=row.version,
                rules=len(rules),
                names=[rule["name"] for rule in rules[:NAMES_SHOWN_MAX]],
                created_by=people.get(row.created_by, ""),
                created_at=row.created_at,
            )
        )
    return schemas.RulesVersions(items=items, has_more=len(rows) > most)


@router.post("/restore", operation_id="restore_routing_rules", response_model=schemas.Rules)
async def restore(
    body: RestoreIn,
    caller: Writer,
    db: Db,
    request: Request,
    response: Response,
    announce: Announce,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Make an earlier list the newest version. 422 when it names what is not there any more."""
    rules = await service.version(db, caller.tenant_id, body.version)
    await _put(db, caller, request, if_match, rules)
    announce()
    return await _shown(db, caller, response)


@router.post("/test", operation_id="test_routing_rules")
async def test_rules(body: schemas.TestIn, caller: Reader, db: Db, request: Request) -> schemas.Tested:
    """Try a message: which rule has it, why, and every condition's answer. Nothing is written or sent."""
    if body.contact_id is not None:
        caller.require("contacts:read")
    heard, heard_by = await _heard(body, caller, db, request)
    trial = Trial(
        body.text,
        body.channel_kind.value,
        body.channel_id,
        body.at or datetime.now(UTC),
        body.contact_id,
        heard,
        None if body.draft is None else _list(body.draft, "/draft"),
    )
    floor = request.app.state.settings.confidence_floor
    tried, loaded = await service.tried(db, caller.tenant_id, trial, floor)
    flows = await _flow_names(db, caller)
    return schemas.Tested(
        rule_id=tried.rule_id,
        reason=tried.reason,
        missing=tried.missing,
        command=tried.command,
        outcome=None
        if tried.to is None
        else schemas.Outcome.model_validate(outcome(tried.to, loaded.table, flows)),
        tags=list(tried.tags),
        answers=list(tried.answers),
        intent=None if heard is None else heard.intent,
        confidence=None if heard is None or heard.intent is None else heard.confidence,
        heard_by=heard_by,
        rules=[schemas.TestedRule.model_validate(row) for row in tried.rules],
    )


@router.post("/back-test", operation_id="back_test_routing_rules")
async def back_test(body: schemas.RulesIn, caller: Reader, db: Db, request: Request) -> schemas.BackTested:
    """Try a draft on the messages of the last 7 days, at most the newest 5,000: what would go elsewhere?

    Each message counts as if it began a conversation; what is asked of contacts is answered as of now.
    """
    caller.require("inbox:read")
    floor = request.app.state.settings.confidence_floor
    found = await service.back_tested(db, caller.tenant_id, _list(body), floor, datetime.now(UTC))
    flows = await _flow_names(db, caller)
    result = found.result
    placed = [*found.current.rules, *found.draft.rules]
    rules = {each.standing.rule.id: each.standing.rule.name for each in placed}
    counted = [(key, name) for key, name in rules.items() if result.before[key] or result.after[key]]
    return schemas.BackTested(
        messages=result.messages,
        since=result.since,
        complete=result.complete,
        moved=result.moved,
        rules=[
            schemas.BackTestRule(id=key, name=name, now=result.before[key], draft=result.after[key])
            for key, name in [*counted, (None, "")]
        ],
        items=[
            schemas.MovedMessage(
                message_id=each.past.id,
                contact_id=each.past.contact_id,
                contact_name=each.past.contact_name,
                text=each.past.message.text,
                at=each.past.message.at,
                before=schemas.Outcome.model_validate(outcome(each.before, found.current.table, flows)),
                after=schemas.Outcome.model_validate(outcome(each.after, found.draft.table, flows)),
                was=each.was,
                now=each.now,
            )
            for each in result.shown
        ],
    )


async def _heard(
    body: schemas.TestIn, caller: Caller, db: AsyncConnection, request: Request
) -> tuple[Heard | None, Any]:
    """The intent that the caller gives, else what the live model says, else nothing (None: it cannot be asked now)."""
    if body.intent is not None:
        return Heard(body.intent, body.confidence), "given"
    around, _ = await service.around(db, caller.tenant_id)
    if around.intent_version_id is None or not body.text.strip():
        return Heard(None, 0.0), None
    try:
        said = await request.app.state.hub.understand(caller.tenant_id, around.intent_version_id, body.text)
    except Unavailable:
        return None, None
    return Heard(said.intent, said.confidence), "model"


async def _put(
    db: AsyncConnection, caller: Caller, request: Request, if_match: str | None, rules: RuleList
) -> None:
    row = await store_rules.own(db, caller.tenant_id)
    version = 0 if row is None else row.version
    people = {} if row is None else await _people(db, caller, [row.updated_by])
    by, at = ("", None) if row is None else (people.get(row.updated_by, ""), row.updated_at)
    etags.match(if_match, version, by, at)
    record = Record(caller.principal, "", "", {}, client_ip(request), request.scope.get("hub.request_id", ""))
    await service.put(db, caller.tenant_id, rules, version, record, datetime.now(UTC))


def _list(body: schemas.RulesIn, pointer: str = "") -> RuleList:
    """Raises Invalid with the place of what does not fit together."""
    rules = []
    for nth, each in enumerate(body.rules):
        try:
            rules.append(each.rule())
        except ValidationError as error:
            detail = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise Invalid(f"rule {nth + 1} “{each.name}”: {detail}", f"{pointer}/rules/{nth}") from None
    try:
        return RuleList(rules=tuple(rules), fallback_queue_id=body.fallback_queue_id)
    except ValidationError as error:
        detail = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Invalid(detail, f"{pointer}/rules") from None


async def _shown(db: AsyncConnection, caller: Caller, response: Response) -> dict[str, Any]:
    held = await service.held(db, caller.tenant_id)
    etags.mark(response, held.version)
    flows = await _flow_names(db, caller)
    people = await _people(db, caller, [held.updated_by])
    return _view(held, flows, people.get(held.updated_by, ""))


def _view(held: Held, flows: dict[UUID, str], by: str) -> dict[str, Any]:
    loaded = held.loaded
    views = [(each.standing.source is not None, _rule_view(each, loaded, flows)) for each in loaded.rules]
    queue_id = loaded.table.fallback_queue_id
    return {
        "before": [view for above, view in views if above and view["locked"]],
        "rules": [view for above, view in views if not above],
        "after": [view for above, view in views if above and not view["locked"]],
        "fallback_queue_id": held.own.fallback_queue_id,
        "fallback_queue": None if queue_id is None else loaded.table.queues[queue_id],
        "warnings": [
            {"rule_id": each.rule_id, "code": each.code, "detail": each.detail} for each in held.warnings
        ],
        "version": held.version,
        "updated_at": held.updated_at,
        "updated_by": by,
    }


def _rule_view(placed: PlacedRule, loaded: LoadedRules, flows: dict[UUID, str]) -> dict[str, Any]:
    standing, rule = placed.standing, placed.standing.rule
    view: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "enabled": rule.enabled,
        "locked": rule.locked,
        "words": condition_words(rule, loaded.catalog),
        "does": does(standing, loaded, flows),
        "problem": placed.problem,
    }
    if standing.source is not None:
        return view | {"tenant": standing.source.tenant}
    actions = [action.model_dump() for action in rule.actions]
    return view | {"continue": rule.continue_, "condition": rule.condition, "actions": actions}


async def _flow_names(db: AsyncConnection, caller: Caller) -> dict[UUID, str]:
    return {row.id: row.name for row in await store_rules.flow_documents(db, caller.tenant_id)}


async def _people(db: AsyncConnection, caller: Caller, words: Iterable[str]) -> dict[str, str]:
    known = await names.actors(db, list(caller.readable), {word for word in words if word})
    return {word: actor.name or actor.kind for word, actor in known.items()}
