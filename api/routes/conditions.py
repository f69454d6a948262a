"""Conditions over contacts: their fields, counts, samples, reasons and words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request

from api.deps import Db, require
from api.leaving import while_connected
from api.requests import HubRoute
from api.schemas import conditions as schemas
from hub.conditions.catalog import Catalog, FieldSpec
from hub.conditions.parse import parse
from hub.conditions.plan import check
from hub.conditions.words import words
from hub.contacts.segments import loading, service, service_saved, store
from hub.errors import Invalid
from hub.tenancy.caller import Caller

router = APIRouter(prefix="/v1/segments", tags=["segments"], route_class=HubRoute)

Reader = Annotated[Caller, require("contacts:read")]


@router.get("/fields", operation_id="list_condition_fields")
async def fields(db: Db, caller: Reader) -> schemas.ConditionFields:
    """What a condition may ask of a contact: for each field its operators and, where they are few, its values."""
    return shown_fields(await loading.fields(db, caller.tenant_id))


def shown_fields(catalog: Catalog) -> schemas.ConditionFields:
    """A catalog for a builder."""
    return schemas.ConditionFields(fields=[shown_field(spec) for spec in catalog.fields.values()])


def shown_field(spec: FieldSpec) -> schemas.ConditionField:
    """A field for a builder."""
    return schemas.ConditionField(
        name=spec.name,
        label=spec.label,
        type=spec.type,
        group=spec.group,
        operators=[schemas.Operator(name=name, label=label) for name, label in spec.operators.items()],
        choices=None
        if spec.choices is None
        else [schemas.Choice(value=value, label=label) for value, label in spec.choices],
    )


@router.post("/count", operation_id="count_condition")
async def count(body: schemas.CountIn, db: Db, caller: Reader, request: Request) -> schemas.Count:
    """How many contacts a condition has at this moment. Hang up to stop a count that is not needed any more."""
    found = await while_connected(
        request,
        service.count(
            db,
            caller.tenant_id,
            body.condition,
            now=datetime.now(UTC),
            by_channel=body.by_channel,
            per_rule=body.per_rule,
        ),
    )
    rules = None if found.rules is None else [schemas.RuleCount(path=p, count=n) for p, n in found.rules]
    return schemas.Count(
        count=found.count,
        by_channel=found.by_channel,
        unreachable=found.unreachable,
        rules=rules,
        took_ms=found.took_ms,
    )


@router.post("/sample", operation_id="sample_condition")
async def sample(body: schemas.SampleIn, db: Db, caller: Reader, request: Request) -> schemas.Sample:
    """Up to ten contacts of a condition, the newest first."""
    ids = await while_connected(
        request,
        service.sample(db, caller.tenant_id, body.condition, now=datetime.now(UTC), most=body.limit),
    )
    rows = await store.people(db, caller.tenant_id, ids)
    return schemas.Sample(items=[schemas.SampledContact.model_validate(row) for row in rows])


@router.post("/explain", operation_id="explain_condition")
async def explain(body: schemas.ExplainIn, db: Db, caller: Reader) -> schemas.Explanation:
    """Why a contact is in a condition or segment, or is not: each rule with its answer and what the contact has."""
    asked = body.condition if body.condition is not None else body.segment_id
    if asked is None or (body.condition is not None and body.segment_id is not None):
        raise Invalid("give a condition or a segment_id", "/condition")
    tree = await service_saved.explain(db, caller.tenant_id, asked, body.contact_id, now=datetime.now(UTC))
    return schemas.Explanation.model_validate({"in": tree["result"], "tree": tree})


@router.post("/words", operation_id="say_condition")
async def say(body: schemas.WordsIn, db: Db, caller: Reader) -> schemas.Words:
    """The condition in plain English. `parse` reads exactly these words."""
    loaded = await loading.load(
        db, caller.tenant_id, body.condition, now=datetime.now(UTC), pointer=service.POINTER, strict=True
    )
    return schemas.Words(words=words(body.condition, loaded.catalog))


@router.post("/parse", operation_id="parse_condition")
async def read_words(body: schemas.ParseIn, db: Db, caller: Reader) -> schemas.Parsed:
    """The condition that the words say; 422 `words-invalid` names the `position` of what cannot be read."""
    catalog = await loading.fields(db, caller.tenant_id)
    condition = parse(body.words, catalog)
    check(condition, catalog, service.POINTER)
    return schemas.Parsed(condition=condition)
