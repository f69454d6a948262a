"""Use cases of provider templates. What the provider must be told is a wish in the row; a job tells it and writes the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.base import Account
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.http import ProviderClient
from hub.channels.whatsapp_cloud import answered
from hub.errors import Conflict, Invalid, NotFound, Throttled
from hub.ids import new_id
from hub.templates.provider_templates import store, whatsapp
from hub.templates.provider_templates.definition import NewTemplate, TemplateText

TEMPLATES_MAX = 250
CREATED_PER_HOUR_MAX = 100
EDIT_EVERY = timedelta(hours=24)
EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
ATTEMPTS_MAX = 6
PAGES_MAX = 100


async def create(
    db: AsyncConnection, tenant_id: UUID, account_id: UUID, new: NewTemplate, now: datetime
) -> UUID:
    """Note a new template; a job submits it. Raises Conflict for a name that is taken, Throttled and Invalid at a limit."""
    if await store.named(db, tenant_id, account_id, new.name, new.language) is not None:
        raise Conflict(f"there is a template {new.name} in {new.language} already")
    total, recent = await store.counts(db, tenant_id, account_id, now - timedelta(hours=1))
    if total >= TEMPLATES_MAX:
        raise Invalid(f"an account has at most {TEMPLATES_MAX} templates", "/name")
    if recent >= CREATED_PER_HOUR_MAX:
        raise Throttled(f"WhatsApp takes {CREATED_PER_HOUR_MAX} new templates an hour", 600)
    template_id = new_id()
    row = {
        "tenant_id": tenant_id,
        "id": template_id,
        "account_id": account_id,
        "name": new.name,
        "language": new.language,
        "category": new.category,
        "parameter_format": "NAMED" if new.named else "POSITIONAL",
        "components": new.components(),
        "status": "SUBMITTING",
        "wish": "create",
        "due_at": now,
    }
    await store.add(db, row)
    return template_id


async def held(db: AsyncConnection, tenant_id: UUID, template_id: UUID, lock: bool = False) -> Row[Any]:
    """Raises NotFound."""
    row = await store.one(db, tenant_id, template_id, lock)
    if row is None:
        raise NotFound("there is no such template")
    return row


async def edit(
    db: AsyncConnection, tenant_id: UUID, template_id: UUID, text: TemplateText, now: datetime
) -> None:
    """Note new words of a template. Raises Conflict where WhatsApp would not take them now."""
    row = await held(db, tenant_id, template_id, lock=True)
    if row.wish is not None:
        raise Conflict("the provider has not been told of the last change yet")
    if row.status not in EDITABLE:
        raise Conflict(f"a template that is {row.status} cannot be changed")
    if row.status == "APPROVED" and row.edited_at is not None and now - row.edited_at < EDIT_EVERY:
        raise Conflict("an approved template can be changed once in 24 hours")
    await store.change(
        db,
        tenant_id,
        template_id,
        category=text.category,
        components=text.components(),
        parameter_format="NAMED" if text.named else "POSITIONAL",
        status="SUBMITTING",
        reason=None,
        wish="edit",
        due_at=now,
        attempts=0,
        edited_at=now,
    )


async def delete(db: AsyncConnection, tenant_id: UUID, template_id: UUID, now: datetime) -> None:
    """Note that a template shall go. One that the provider never saw is gone at once."""
    row = await held(db, tenant_id, template_id, lock=True)
    if row.provider_template_id is None and row.attempts == 0:
        await store.remove(db, tenant_id, template_id)
        return
    await store.change(
        db, tenant_id, template_id, status="PENDING_DELETION", wish="delete", due_at=now, attempts=0
    )


async def tell(client: ProviderClient, account: Account, row: Row[Any]) -> dict[str, Any]:
    """Tell the provider one wish; the values that the row gets. Raises SendRefused, SendOutcomeUnknown."""
    done: dict[str, Any] = {"wish": None, "due_at": None, "attempts": 0, "reason": None}
    match row.wish:
        case "create":
            answer = answered(*await client.post(whatsapp.create(account, row)))
            try:
                created = {
                    "provider_template_id": str(answer["id"]),
                    "status": str(answer.get("status", "PENDING")),
                    "category": str(answer.get("category", row.category)).lower(),
                }
            except (KeyError, TypeError):
                raise SendOutcomeUnknown("the answer names no template") from None
            return done | created
        case "edit":
            answered(*await client.post(whatsapp.edit(account, row)))
            return done | {"status": "PENDING"}
    try:
        answered(*await client.post(whatsapp.delete(account, row)))
    except SendRefused as refused:
        if refused.provider_code != "100":  # it is gone already
            raise
    return done | {"status": "DELETED"}


async def read_all(client: ProviderClient, account: Account) -> list[dict[str, Any]]:
    """Every template of the account at the provider. Raises SendRefused, SendOutcomeUnknown."""
    found: list[dict[str, Any]] = []
    after = ""
    for _ in range(PAGES_MAX):
        answer = answered(*await client.get(whatsapp.page(account, after)))
        try:
            rows, after = whatsapp.listed(answer)
        except (KeyError, TypeError, AttributeError):
            raise SendOutcomeUnknown("the answer is no list of templates") from None
        found += rows
        if not after:
            return found
    raise SendOutcomeUnknown("the list has no end")


async def write_all(
    db: AsyncConnection, tenant_id: UUID, account_id: UUID, rows: list[dict[str, Any]]
) -> None:
    """Take over what the provider has."""
    await store.write_synced(db, tenant_id, account_id, rows)
    await store.mark_gone(db, tenant_id, account_id, [row["provider_template_id"] for row in rows])
