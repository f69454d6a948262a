"""Outgoing webhooks: endpoints, their delivery log, tests and replays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Response
from pydantic import SecretStr
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api import etags
from api.channel_views import Acting
from api.deps import Db, require
from api.etags import IfMatch
from api.requests import HubRoute
from api.schemas import webhook_endpoints as schemas
from api.schemas.common import PAGE_DEFAULT, DeliveryId, EndpointId, Limit
from hub.tenancy import names
from hub.tenancy.caller import Caller
from hub.webhooks import service, store

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhooks"], route_class=HubRoute)
Manager = Annotated[Caller, require("webhooks:manage")]


@router.get("", operation_id="list_webhook_endpoints")
async def list_endpoints(db: Db, caller: Manager) -> schemas.EndpointPage:
    """The tenant's endpoints, the oldest first; there are at most 20."""
    rows = await store.endpoint_rows(db, caller.tenant_id)
    counted = await store.counts(db, caller.tenant_id)
    return schemas.EndpointPage(items=[_endpoint(row, counted) for row in rows], has_more=False)


@router.post("", status_code=201, operation_id="create_webhook_endpoint")
async def create_endpoint(
    body: schemas.NewWebhookEndpoint, db: Db, caller: Manager, admin: Acting, response: Response
) -> schemas.WebhookEndpoint:
    """Tell this address of events from now on. The answer holds the secret, this once."""
    found, secret = await service.create(
        db, admin, body.url, body.description, body.events, _opened(body.secret)
    )
    return await _one(db, caller, found, response, secret)


@router.get("/{endpoint_id}", operation_id="get_webhook_endpoint")
async def get_endpoint(
    endpoint_id: EndpointId, db: Db, caller: Manager, response: Response
) -> schemas.WebhookEndpoint:
    """One endpoint, with how its deliveries went."""
    return await _one(db, caller, endpoint_id, response)


@router.patch("/{endpoint_id}", operation_id="update_webhook_endpoint")
async def update_endpoint(
    endpoint_id: EndpointId,
    body: schemas.ChangeWebhookEndpoint,
    db: Db,
    caller: Manager,
    admin: Acting,
    response: Response,
    if_match: IfMatch = None,
) -> schemas.WebhookEndpoint:
    """Change what the body names. Enabling it again sends what it is still owed."""
    row = await _held(db, caller, endpoint_id, if_match)
    await service.change(db, admin, row, **body.model_dump(exclude_none=True))
    return await _one(db, caller, endpoint_id, response)


@router.delete("/{endpoint_id}", status_code=204, operation_id="delete_webhook_endpoint")
async def delete_endpoint(
    endpoint_id: EndpointId, db: Db, caller: Manager, admin: Acting, if_match: IfMatch = None
) -> None:
    """Take it away with its log."""
    await service.remove(db, admin, await _held(db, caller, endpoint_id, if_match))


@router.post("/{endpoint_id}/rotate-secret", operation_id="rotate_webhook_secret")
async def rotate_secret(
    endpoint_id: EndpointId,
    body: schemas.RotateSecret,
    db: Db,
    caller: Manager,
    admin: Acting,
    response: Response,
) -> schemas.WebhookEndpoint:
    """A new secret, shown this once. For 24 hours the former one signs beside it."""
    row = await service.held(db, caller.tenant_id, endpoint_id, lock=True)
    secret = await service.rotate(db, admin, row, _opened(body.secret))
    return await _one(db, caller, endpoint_id, response, secret)


@router.post("/{endpoint_id}/test", status_code=202, operation_id="test_webhook_endpoint")
async def test_endpoint(
    endpoint_id: EndpointId, db: Db, caller: Manager, admin: Acting
) -> schemas.WebhookDelivery:
    """Send it a `ping` now; look at the delivery for what became of it."""
    row = await service.held(db, caller.tenant_id, endpoint_id)
    return _delivery(await service.test(db, admin, row))


@router.post("/{endpoint_id}/replay", status_code=202, operation_id="replay_failed_webhooks")
async def replay_failed(
    endpoint_id: EndpointId, body: schemas.ReplayFailed, db: Db, caller: Manager
) -> schemas.Replayed:
    """Send again what failed since a moment, under the same ids."""
    row = await service.held(db, caller.tenant_id, endpoint_id)
    count = await service.replay(db, row, datetime.now(UTC), delivery_id=None, since=body.since)
    return schemas.Replayed(deliveries=count)


@router.get("/{endpoint_id}/deliveries", operation_id="list_webhook_deliveries")
async def list_deliveries(
    endpoint_id: EndpointId,
    db: Db,
    caller: Manager,
    state: schemas.DeliveryState | None = None,
    event: schemas.EventName | None = None,
    limit: Limit = PAGE_DEFAULT,
    starting_after: DeliveryId | None = None,
) -> schemas.DeliveryPage:
    """The log of 30 days, newest first."""
    await service.held(db, caller.tenant_id, endpoint_id)
    rows = await store.log(
        db,
        caller.tenant_id,
        endpoint_id,
        state=state,
        event=event,
        after=starting_after,
        limit=limit + 1,
    )
    return schemas.DeliveryPage(items=[_delivery(row) for row in rows[:limit]], has_more=len(rows) > limit)


@router.get("/{endpoint_id}/deliveries/{delivery_id}", operation_id="get_webhook_delivery")
async def get_delivery(
    endpoint_id: EndpointId, delivery_id: DeliveryId, db: Db, caller: Manager
) -> schemas.WebhookDeliveryDetail:
    """One delivery with what was sent and what was answered."""
    row = await service.delivery(db, caller.tenant_id, endpoint_id, delivery_id)
    return _detail(row)


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/replay", status_code=202, operation_id="replay_webhook_delivery"
)
async def replay_delivery(
    endpoint_id: EndpointId, delivery_id: DeliveryId, db: Db, caller: Manager
) -> schemas.WebhookDelivery:
    """Send it again under the same id; one that is still being tried is left alone."""
    row = await service.held(db, caller.tenant_id, endpoint_id)
    await service.replay(db, row, datetime.now(UTC), delivery_id=delivery_id, since=None)
    return _delivery(await service.delivery(db, caller.tenant_id, endpoint_id, delivery_id))


async def _held(db: AsyncConnection, caller: Caller, endpoint_id: Any, if_match: str | None) -> Row[Any]:
    row = await service.held(db, caller.tenant_id, endpoint_id, lock=True)
    known = await names.actors(db, list(caller.readable), [row.updated_by])
    etags.match(if_match, row.version, known[row.updated_by].name, row.updated_at)
    return row


async def _one(
    db: AsyncConnection, caller: Caller, endpoint_id: Any, response: Response, secret: str | None = None
) -> schemas.WebhookEndpoint:
    row = await service.held(db, caller.tenant_id, endpoint_id)
    etags.mark(response, row.version)
    counted = await store.counts(db, caller.tenant_id)
    return _endpoint(row, counted).model_copy(update={"secret": secret})


def _endpoint(row: Row[Any], counted: dict[Any, dict[str, int]]) -> schemas.WebhookEndpoint:
    found = {"pending": 0, "delivered": 0, "failed": 0} | counted.get(row.id, {})
    return schemas.WebhookEndpoint(**{**row._mapping, "deliveries": schemas.DeliveryCounts(**found)})


def _delivery(row: Row[Any]) -> schemas.WebhookDelivery:
    due_at = row.due_at if row.state == "pending" else None
    return schemas.WebhookDelivery(**{**row._mapping, "due_at": due_at})


def _detail(row: Row[Any]) -> schemas.WebhookDeliveryDetail:
    due_at = row.due_at if row.state == "pending" else None
    return schemas.WebhookDeliveryDetail(**{**row._mapping, "due_at": due_at, "body": orjson.loads(row.body)})


def _opened(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
