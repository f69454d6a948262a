"""All SQL of provider templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.whatsapp_events import TemplateNews
from hub.ids import new_id
from models.media import message_templates as table

LEASE = timedelta(minutes=1)
_CLAIM = text(
    """
    UPDATE message_templates t SET due_at = :lease, attempts = attempts + 1
    WHERE t.tenant_id = :tenant AND t.id IN (
        SELECT id FROM message_templates WHERE tenant_id = :tenant AND wish IS NOT NULL AND due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING t.*
    """
)


async def one(db: AsyncConnection, tenant_id: UUID, template_id: UUID, lock: bool = False) -> Row[Any] | None:
    query = select(table).where(table.c.tenant_id == tenant_id, table.c.id == template_id)
    return (await db.execute(query.with_for_update() if lock else query)).one_or_none()


async def named(
    db: AsyncConnection, tenant_id: UUID, account_id: UUID, name: str, language: str
) -> Row[Any] | None:
    where = (
        table.c.tenant_id == tenant_id,
        table.c.account_id == account_id,
        table.c.name == name,
        table.c.language == language,
    )
    return (await db.execute(select(table).where(*where))).one_or_none()


async def page(
    db: AsyncConnection,
    tenant_id: UUID,
    *,
    account_id: UUID | None,
    status: str | None,
    search: str,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Templates of a tenant, newest first."""
    query = select(table).where(table.c.tenant_id == tenant_id)
    if account_id is not None:
        query = query.where(table.c.account_id == account_id)
    if status:
        query = query.where(table.c.status == status)
    if search:
        query = query.where(table.c.name.contains(search, autoescape=True))
    if after is not None:
        query = query.where(table.c.id < after)
    return (await db.execute(query.order_by(table.c.id.desc()).limit(limit))).all()


async def counts(db: AsyncConnection, tenant_id: UUID, account_id: UUID, since: datetime) -> tuple[int, int]:
    """(templates of the account, those made since)."""
    where = (table.c.tenant_id == tenant_id, table.c.account_id == account_id)
    query = select(func.count(), func.count().filter(table.c.created_at >= since)).where(*where)
    total, recent = (await db.execute(query)).one()
    return int(total), int(recent)


async def add(db: AsyncConnection, row: Mapping[str, Any]) -> None:
    await db.execute(table.insert().values(**row))


async def change(db: AsyncConnection, tenant_id: UUID, template_id: UUID, **values: Any) -> None:
    where = (table.c.tenant_id == tenant_id, table.c.id == template_id)
    await db.execute(table.update().where(*where).values(updated_at=func.now(), **values))


async def remove(db: AsyncConnection, tenant_id: UUID, template_id: UUID) -> None:
    await db.execute(table.delete().where(table.c.tenant_id == tenant_id, table.c.id == template_id))


async def claim(db: AsyncConnection, tenant_id: UUID, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Templates whose wish is due, leased to the caller."""
    values = {"tenant": tenant_id, "now": now, "lease": now + LEASE, "limit": limit}
    return (await db.execute(_CLAIM, values)).all()


async def write_synced(
    db: AsyncConnection, tenant_id: UUID, account_id: UUID, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Take over what the provider has; a template with a wish of ours keeps its own words until it is told."""
    for row in rows:
        fresh = insert(table).values(tenant_id=tenant_id, id=new_id(), account_id=account_id, **row)
        kept = {name: fresh.excluded[name] for name in row if name not in ("name", "language")}
        await db.execute(
            fresh.on_conflict_do_update(
                index_elements=["tenant_id", "account_id", "name", "language"],
                set_=kept | {"updated_at": func.now()},
                where=table.c.wish.is_(None),
            )
        )


async def mark_gone(db: AsyncConnection, tenant_id: UUID, account_id: UUID, present: Sequence[str]) -> None:
    """What the provider does not list any more is deleted there."""
    where = (
        table.c.tenant_id == tenant_id,
        table.c.account_id == account_id,
        table.c.wish.is_(None),
        table.c.provider_template_id.is_not(None),
        table.c.provider_template_id.not_in(present),
    )
    await db.execute(table.update().where(*where).values(status="DELETED", updated_at=func.now()))


async def apply_news(db: AsyncConnection, tenant_id: UUID, account_id: UUID, news: TemplateNews) -> bool:
    """Write what the webhook says. False when we know no such template."""
    values: dict[str, Any] = {"provider_template_id": news.provider_template_id, "updated_at": func.now()}
    if news.status:
        values |= {"status": STATUS_OF.get(news.status, news.status), "reason": news.reason or None}
    if news.category:
        values["category"] = news.category
    if news.quality:
        values["quality"] = news.quality
    by_name = (table.c.name == news.name) & (table.c.language == news.language)
    where = (
        table.c.tenant_id == tenant_id,
        table.c.account_id == account_id,
        (table.c.provider_template_id == news.provider_template_id) | by_name,
    )
    done = await db.execute(table.update().where(*where).values(**values).returning(table.c.id))
    return done.first() is not None


# Two events of the webhook are no status: a template that is reinstated is approved again.
STATUS_OF = {"REINSTATED": "APPROVED"}
