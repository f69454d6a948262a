"""All SQL of flows: rows, drafts, versions, tests, who uses one, and what a flow meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from models.channels import channels
from models.db import insert_rows
from models.flows import flow_drafts, flow_tests, flow_versions
from models.intents import intent_versions
from models.media import message_templates
from models.routing import flows, queues
from models.tenancy import tenants

_USES = text(
    "SELECT 'routing_rule' AS kind, CAST(rule ->> 'id' AS uuid) AS id, rule ->> 'name' AS name "
    "FROM rule_lists, jsonb_array_elements(document -> 'rules') AS rule WHERE tenant_id = :tenant_id "
    "AND rule -> 'actions' @> jsonb_build_array(jsonb_build_object('flow_id', CAST(:flow_id AS text))) UNION ALL "
    "SELECT 'campaign', id, name FROM campaigns WHERE tenant_id = :tenant_id AND flow_id = :flow_id "
    "AND status IN ('draft', 'running', 'paused') ORDER BY 1, 3 LIMIT 50"
)
_CALLERS = text(
    "SELECT id, name FROM flows WHERE tenant_id = :tenant_id AND id <> :flow_id AND definition IS NOT NULL "
    "AND position(:public_id IN CAST(definition AS text)) > 0 ORDER BY name LIMIT 50"
)
_NUMBERS = text(
    "SELECT DISTINCT ON (c.id) a.address FROM (SELECT id FROM contacts WHERE tenant_id = :tenant_id ORDER BY id DESC LIMIT :most) c "
    "JOIN contact_addresses a ON a.tenant_id = :tenant_id AND a.contact_id = c.id AND a.kind = 'phone' ORDER BY c.id"
)


def _is(tenant_id: UUID, flow_id: UUID) -> tuple[Any, Any]:
    return flows.c.tenant_id == tenant_id, flows.c.id == flow_id


async def get(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, *, lock: bool = False) -> Row[Any] | None:
    query = select(flows).where(*_is(tenant_id, flow_id))
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def page(
    db: AsyncConnection, tenant_id: UUID, *, search: str, archived: bool, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Flows, newest first, without their documents."""
    columns = [column for column in flows.c if column.name != "definition"]
    query = select(*columns).where(flows.c.tenant_id == tenant_id)
    query = query.where(flows.c.archived_at.is_not(None) if archived else flows.c.archived_at.is_(None))
    if search:
        query = query.where(flows.c.name.icontains(search, autoescape=True))
    if after is not None:
        query = query.where(flows.c.id < after)
    return (await db.execute(query.order_by(flows.c.id.desc()).limit(limit))).all()


async def add(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, flows, [row])


async def change(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, **values: Any) -> None:
    await db.execute(update(flows).where(*_is(tenant_id, flow_id)).values(**values))


async def published(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(id, name, definition) of what runs."""
    where = flows.c.tenant_id == tenant_id, flows.c.definition.is_not(None)
    return (await db.execute(select(flows.c.id, flows.c.name, flows.c.definition).where(*where))).all()


async def uses(
    db: AsyncConnection, tenant_id: UUID, flow_id: UUID, public_id: str
) -> list[tuple[str, UUID, str]]:
    """(kind, id, name) of the rules, open campaigns and flows that lead into a flow."""
    values = {"tenant_id": tenant_id, "flow_id": flow_id}
    found = [(row.kind, row.id, row.name) for row in await db.execute(_USES, values)]
    rows = await db.execute(_CALLERS, {**values, "public_id": public_id})
    return [*found, *(("flow", row.id, row.name) for row in rows)]


# Drafts


async def draft(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> Row[Any] | None:
    where = flow_drafts.c.tenant_id == tenant_id, flow_drafts.c.flow_id == flow_id
    return (await db.execute(select(flow_drafts).where(*where))).one_or_none()


async def save_draft(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    written = insert(flow_drafts).values(**row)
    names = ("document", "version", "updated_by", "updated_at")
    changes = {name: written.excluded[name] for name in names}
    await db.execute(written.on_conflict_do_update(index_elements=["tenant_id", "flow_id"], set_=changes))


# Versions


async def add_version(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, flow_versions, [row])


async def last_version(db: AsyncConnection, tenant_id: UUID, flow_id: UUID) -> int:
    where = flow_versions.c.tenant_id == tenant_id, flow_versions.c.flow_id == flow_id
    return int((await db.execute(select(func.max(flow_versions.c.version)).where(*where))).scalar() or 0)


async def versions(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """The newest ones, without their documents."""
    columns = [column for column in flow_versions.c if column.name != "document"]
    where = flow_versions.c.tenant_id == tenant_id, flow_versions.c.flow_id == flow_id
    query = select(*columns).where(*where).order_by(flow_versions.c.version.desc()).limit(limit)
    return (await db.execute(query)).all()


async def version(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, number: int) -> Row[Any] | None:
    where = flow_versions.c.tenant_id == tenant_id, flow_versions.c.flow_id == flow_id
    query = select(flow_versions).where(*where, flow_versions.c.version == number)
    return (await db.execute(query)).one_or_none()


# Tests


async def tests(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, limit: int) -> Sequence[Row[Any]]:
    where = flow_tests.c.tenant_id == tenant_id, flow_tests.c.flow_id == flow_id
    return (await db.execute(select(flow_tests).where(*where).order_by(flow_tests.c.id).limit(limit))).all()


async def add_test(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await insert_rows(db, flow_tests, [row])


async def drop_test(db: AsyncConnection, tenant_id: UUID, flow_id: UUID, test_id: UUID) -> bool:
    where = flow_tests.c.tenant_id == tenant_id, flow_tests.c.flow_id == flow_id, flow_tests.c.id == test_id
    return (await db.execute(delete(flow_tests).where(*where))).rowcount > 0


# What a flow meets


async def channel_names(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(id, kind) of the channels that are there."""
    where = channels.c.tenant_id == tenant_id, channels.c.status != "archived"
    return (await db.execute(select(channels.c.id, channels.c.kind).where(*where))).all()


async def newest_numbers(db: AsyncConnection, tenant_id: UUID, most: int) -> Sequence[str]:
    """A phone number of each of the newest contacts that have one."""
    return (await db.execute(_NUMBERS, {"tenant_id": tenant_id, "most": most})).scalars().all()


async def template_states(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    """(name, language, status) of the provider's templates."""
    table = message_templates
    query = select(table.c.name, table.c.language, table.c.status).where(table.c.tenant_id == tenant_id)
    return (await db.execute(query)).all()


async def queue_names(db: AsyncConnection, tenant_id: UUID) -> Sequence[str]:
    return (await db.execute(select(queues.c.name).where(queues.c.tenant_id == tenant_id))).scalars().all()


async def live_labels(db: AsyncConnection, tenant_id: UUID) -> Sequence[str] | None:
    """The intents of the tenant's live model; None without one."""
    live = select(tenants.c.intent_version_id).where(tenants.c.id == tenant_id).scalar_subquery()
    where = intent_versions.c.tenant_id == tenant_id, intent_versions.c.id == live
    return (await db.execute(select(intent_versions.c.labels).where(*where))).scalar()
