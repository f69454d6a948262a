"""Use cases of routing rules: see, save, restore, try, try on the past. Each takes `db` and never commits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.compliance import service as compliance
from hub.conditions.catalog import Catalog
from hub.contacts.segments import loading as segments
from hub.errors import Conflict, NotFound
from hub.ids import encode_id
from hub.routing import store_rules
from hub.routing.checking import check, never_reached
from hub.routing.compiled import Targets, told_by
from hub.routing.fields import INTENT, NO_RECORD, Heard, Message, Record, routing_catalog
from hub.routing.loading import Around, LoadedRules, load_rules
from hub.routing.rule import NO_RULES, RuleList
from hub.routing.store_records import records_of, records_query
from hub.routing.trying import BackTest, Past, Tried, back_test, try_message
from hub.tenancy import audit_log
from hub.tenancy.audit_log import Record as AuditRecord
from models.channels import channels
from models.tenancy import tenants

BACK_TEST_DAYS = 7
BACK_TEST_MESSAGES_MAX = 5_000
RECORDS_AT_ONCE = 500
VERSIONS_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is allowed and hardly meant; `rule_id` None: of the whole list."""

    rule_id: UUID | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Held:
    """The tenant's list as people see it, with all that surrounds it. Version 0: it has none of its own."""

    own: RuleList
    version: int
    updated_at: datetime | None
    updated_by: str
    loaded: LoadedRules
    warnings: Sequence[Notice]
    zone: str


async def around(db: AsyncConnection, tenant_id: UUID) -> tuple[Around, str]:
    """What the rules may speak of, and the tenant's time zone."""
    tenant = (await db.execute(select(tenants).where(tenants.c.id == tenant_id))).one()
    lines = select(channels.c.id, channels.c.name).where(
        channels.c.tenant_id == tenant_id, channels.c.status != "archived"
    )
    policy = await compliance.effective(db, tenant_id)
    found = Around(
        tenant_id,
        tenant.brand.get("product_name") or tenant.name,
        await store_rules.queue_names(db, tenant_id),
        await store_rules.active_people(db, tenant_id),
        {row.id: row.name for row in await db.execute(lines.order_by(channels.c.name))},
        tenant.intent_version_id,
        policy.words,
        hooks=await store_rules.hooks(db, tenant_id),
    )
    return found, tenant.time_zone


async def fields(db: AsyncConnection, tenant_id: UUID) -> Catalog:
    """What a rule may ask, with the values there are, for a builder."""
    found, _ = await around(db, tenant_id)
    contact = await segments.fields(db, tenant_id)
    labels = await store_rules.intents(db, tenant_id)
    return routing_catalog(contact, intents=labels, channels=found.channels, queues=found.queues)


async def held(db: AsyncConnection, tenant_id: UUID) -> Held:
    """The tenant's list, those above it, and what is odd about them."""
    row = await store_rules.own(db, tenant_id)
    own = NO_RULES if row is None else RuleList.model_validate(row.document)
    where, zone = await around(db, tenant_id)
    loaded = await load_rules(db, where)
    warned = warnings_of(loaded, await store_rules.intents(db, tenant_id))
    if row is None:
        return Held(own, 0, None, "", loaded, warned, zone)
    return Held(own, row.version, row.updated_at, row.updated_by, loaded, warned, zone)


def warnings_of(loaded: LoadedRules, labels: Sequence[str]) -> list[Notice]:
    """Rules that cannot be used or are never reached, intents that the model does not know, and no queue at all."""
    rules = [each.standing.rule for each in loaded.rules]
    found = [Notice(each.standing.rule.id, "unusable", each.problem) for each in loaded.rules if each.problem]
    for each in loaded.rules:
        if each.compiled is not None and len(each.compiled.hooks) < len(told_by(each.standing)):
            detail = f"“{each.standing.rule.name}” tells an endpoint that is switched off or gone"
            found.append(Notice(each.standing.rule.id, "no-webhook", detail))
    usable = [each.active for each in loaded.rules]
    found += [Notice(rules[each.place].id, "never-reached", each.detail) for each in never_reached(usable)]
    for compiled in usable:
        asked = {value for kind, value in (compiled and compiled.anchors) or () if kind == INTENT}
        strange = sorted(asked - set(labels)) if labels else []
        if compiled and strange:
            detail = f"“{compiled.name}” asks for {', '.join(strange)}, which the model does not know"
            found.append(Notice(compiled.id, "unknown-intent", detail))
    if loaded.table.fallback_queue_id is None:
        found.append(Notice(None, "no-queue", "there is no queue for what no rule decides"))
    return found


async def put(
    db: AsyncConnection,
    tenant_id: UUID,
    rules: RuleList,
    version: int,
    record: AuditRecord,
    now: datetime,
) -> None:
    """Make this the tenant's list, over `version`. Raises RulesInvalid, and Conflict when somebody was faster."""
    where, _ = await around(db, tenant_id)
    await _check(db, where, rules)
    saved = await store_rules.save(db, tenant_id, rules, version, record.actor, now)
    if saved is None:
        raise Conflict("the rules were changed meanwhile")
    told = replace(
        record,
        action="routing_rules.set",
        target=encode_id("ten", tenant_id),
        data={"rules": len(rules.rules), "version": saved},
    )
    await audit_log.append(db, tenant_id, told)


async def _check(db: AsyncConnection, where: Around, rules: RuleList) -> None:
    loaded = await load_rules(db, where, rules)
    flows = {row.id: row.name for row in await store_rules.flow_documents(db, where.tenant_id)}
    above = {each.standing.rule.id for each in loaded.rules if each.standing.source is not None}
    check(rules, loaded.catalog, Targets(where.queues, flows, where.users, where.hooks), above)


async def version(db: AsyncConnection, tenant_id: UUID, number: int) -> RuleList:
    """An earlier list. Raises NotFound."""
    row = await store_rules.version(db, tenant_id, number)
    if row is None:
        raise NotFound("there is no such version")
    return RuleList.model_validate(row.document)


@dataclass(frozen=True, slots=True)
class Trial:
    """A message to try the rules on; `contact_id` None: nobody in particular; `draft` None: the rules as they are."""

    text: str
    channel_kind: str
    channel_id: UUID | None
    at: datetime
    contact_id: UUID | None
    heard: Heard | None
    draft: RuleList | None


async def tried(
    db: AsyncConnection, tenant_id: UUID, trial: Trial, floor: float
) -> tuple[Tried, LoadedRules]:
    """What the rules would do with a message. Raises NotFound for an unknown contact, RulesInvalid for a draft."""
    where, zone = await around(db, tenant_id)
    if trial.draft is not None:
        await _check(db, where, trial.draft)
    loaded = await load_rules(db, where, trial.draft)
    record, first = None, False
    if trial.contact_id is not None:
        found = await _records(db, tenant_id, [loaded], [trial.contact_id], trial.at)
        if trial.contact_id not in found:
            raise NotFound("there is no such contact")
        record = found[trial.contact_id]
        first = record.facts.values.get("last_inbound_at") is None
    at = trial.at.astimezone(ZoneInfo(zone))
    message = Message(trial.text, trial.channel_kind, trial.channel_id, at, first)
    heard = trial.heard
    if heard is None and where.intent_version_id is None:
        heard = Heard(None, 0.0)
    return try_message(loaded, message, heard, record, floor), loaded


async def _records(
    db: AsyncConnection,
    tenant_id: UUID,
    lists: Sequence[LoadedRules],
    contact_ids: Sequence[UUID],
    now: datetime,
) -> dict[UUID, Record]:
    """What any of these lists asks of the contacts."""
    needs = reduce(or_, (loaded.needs for loaded in lists))
    found: dict[UUID, Record] = {}
    for start in range(0, len(contact_ids), RECORDS_AT_ONCE):
        query, values = records_query(tenant_id, contact_ids[start : start + RECORDS_AT_ONCE], needs, now)
        found |= records_of(await db.execute(query, values))
    return found


@dataclass(frozen=True, slots=True)
class Compared:
    """A back-test with the tables that it compared."""

    result: BackTest
    current: LoadedRules
    draft: LoadedRules


async def back_tested(
    db: AsyncConnection, tenant_id: UUID, draft: RuleList, floor: float, now: datetime
) -> Compared:
    """The newest messages of the last days with the rules as they are and with the draft. Raises RulesInvalid."""
    where, zone = await around(db, tenant_id)
    await _check(db, where, draft)
    current, other = await load_rules(db, where), await load_rules(db, where, draft)
    since = now - timedelta(days=BACK_TEST_DAYS)
    rows = await store_rules.recent(db, tenant_id, since, BACK_TEST_MESSAGES_MAX + 1)
    complete = len(rows) <= BACK_TEST_MESSAGES_MAX
    rows = rows[:BACK_TEST_MESSAGES_MAX]
    people = list(dict.fromkeys(row.contact_id for row in rows))
    asked = current.needs.contact or other.needs.contact
    known = await _records(db, tenant_id, [current, other], people, now) if asked else {}
    past = [_past(row, ZoneInfo(zone), known.get(row.contact_id, NO_RECORD)) for row in rows]
    result = await asyncio.to_thread(
        back_test, past, current.table, other.table, floor, since=since, complete=complete
    )
    return Compared(result, current, other)


def _past(row: Any, zone: ZoneInfo, record: Record) -> Past:
    message = Message(row.body, row.channel_kind, row.channel_id, row.created_at.astimezone(zone), row.first)
    heard = Heard(row.intent, row.confidence or 0.0)
    return Past(row.id, row.contact_id, row.name, message, heard, record)
