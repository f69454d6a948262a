"""Use cases of outgoing webhooks: endpoints that people keep, their secrets, tests and replays. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.secrets import seal, unseal
from hub.channels.service_accounts import Admin
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import encode_id, new_id
from hub.webhooks import events, store
from hub.webhooks.endpoint import ENDPOINTS_MAX, EVENTS, SECRET_KEPT, allowed_hosts, check_url
from hub.webhooks.signing import check_secret, new_secret


async def held(db: AsyncConnection, tenant_id: UUID, endpoint_id: UUID, *, lock: bool = False) -> Row[Any]:
    """One endpoint. Raises NotFound."""
    row = await store.endpoint(db, tenant_id, endpoint_id, lock=lock)
    if row is None:
        raise NotFound("there is no such webhook endpoint")
    return row


async def create(
    db: AsyncConnection, admin: Admin, url: str, description: str, wanted: Sequence[str], secret: str | None
) -> tuple[UUID, str]:
    """A new endpoint; returns its id and its secret, which is shown this once. Raises Invalid or Conflict."""
    tenant_id = admin.caller.tenant_id
    check_url(url, allowed_hosts(admin.settings.webhook_hosts))
    if len(await store.endpoint_rows(db, tenant_id)) >= ENDPOINTS_MAX:
        raise Conflict(f"a tenant has at most {ENDPOINTS_MAX} webhook endpoints")
    endpoint_id = new_id()
    secret = _given(secret)
    row = {
        "tenant_id": tenant_id,
        "id": endpoint_id,
        "url": url,
        "description": description,
        "events": _events(wanted),
        "enabled": True,
        "secrets": seal({"current": secret}, secret_key=admin.key, row_id=endpoint_id),
        "version": 1,
        "created_at": admin.now,
        "updated_at": admin.now,
        "updated_by": admin.caller.principal,
    }
    await store.insert_endpoint(db, row)
    await admin.note(db, "webhook.created", encode_id("whe", endpoint_id), events=row["events"])
    return endpoint_id, secret


async def change(db: AsyncConnection, admin: Admin, row: Row[Any], **values: Any) -> None:
    """Change what is named: url, description, events, enabled. Enabling forgets why it was switched off."""
    if "url" in values:
        check_url(values["url"], allowed_hosts(admin.settings.webhook_hosts))
    if "events" in values:
        values["events"] = _events(values["events"])
    changed = sorted(name for name, value in values.items() if value != getattr(row, name))
    if not changed:
        return
    if values.get("enabled"):
        values |= {"disabled_reason": "", "failing_since": None}
    await _write(db, admin, row, **values)
    await admin.note(db, "webhook.changed", encode_id("whe", row.id), changed=changed)


async def rotate(db: AsyncConnection, admin: Admin, row: Row[Any], secret: str | None) -> str:
    """A new secret; the one it replaces signs beside it for another day. Returns the new one."""
    opened = unseal(row.secrets, secret_key=admin.key, row_id=row.id)
    secret = _given(secret)
    sealed = seal({"current": secret, "old": opened["current"]}, secret_key=admin.key, row_id=row.id)
    await _write(db, admin, row, secrets=sealed, old_secret_until=admin.now + SECRET_KEPT)
    await admin.note(db, "webhook.secret_rotated", encode_id("whe", row.id))
    return secret


async def remove(db: AsyncConnection, admin: Admin, row: Row[Any]) -> None:
    """The endpoint goes with its log; what it was still owed is not sent."""
    await store.delete_endpoint(db, row.tenant_id, row.id)
    await admin.note(db, "webhook.deleted", encode_id("whe", row.id))


async def test(db: AsyncConnection, admin: Admin, row: Row[Any]) -> Row[Any]:
    """Send it a `ping`. Raises Conflict for one that is switched off."""
    if not row.enabled:
        raise Conflict("the endpoint is switched off")
    ping = events.ping(row.tenant_id, row.id, admin.now)
    await store.insert_deliveries(db, [ping])
    return await delivery(db, row.tenant_id, row.id, ping["id"])


async def delivery(db: AsyncConnection, tenant_id: UUID, endpoint_id: UUID, delivery_id: UUID) -> Row[Any]:
    """One delivery of an endpoint. Raises NotFound."""
    found = await store.delivery(db, tenant_id, endpoint_id, delivery_id)
    if found is None:
        raise NotFound("there is no such delivery")
    return found


async def replay(
    db: AsyncConnection, row: Row[Any], now: datetime, *, delivery_id: UUID | None, since: datetime | None
) -> int:
    """Send ended deliveries again under their old ids: one, or all that failed since a moment. Returns how many.

    Raises NotFound, or Conflict for an endpoint that is switched off.
    """
    if delivery_id is not None:
        await delivery(db, row.tenant_id, row.id, delivery_id)
    if not row.enabled:
        raise Conflict("the endpoint is switched off")
    return await store.again(db, row.tenant_id, row.id, now, delivery_id=delivery_id, failed_since=since)


async def _write(db: AsyncConnection, admin: Admin, row: Row[Any], **values: Any) -> None:
    stamp = {"version": row.version + 1, "updated_at": admin.now, "updated_by": admin.caller.principal}
    await store.change_endpoint(db, row.tenant_id, row.id, **values, **stamp)


def _events(wanted: Sequence[str]) -> list[str]:
    """In the order of the table, each once. Raises Invalid for an unknown one and for none."""
    for place, name in enumerate(wanted):
        if name not in EVENTS:
            raise Invalid(f"an event is one of {', '.join(EVENTS)}", f"/events/{place}")
    if not wanted:
        raise Invalid("at least one event", "/events")
    return [name for name in EVENTS if name in wanted]


def _given(secret: str | None) -> str:
    if secret is None:
        return new_secret()
    check_secret(secret)
    return secret
