"""How provider accounts, channels and their health look in answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Who as CallerOf
from api.deps import client_ip
from api.schemas import channels as schemas
from api.schemas.timeline import Who
from hub.channels import health_report, service_accounts
from hub.channels import store_accounts as store
from hub.channels.accounts import details_of
from hub.channels.health_report import AccountHealth, ErrorCount
from hub.channels.service_accounts import Admin
from hub.channels.throttle import Limits
from hub.ids import encode_id
from hub.settings import Settings
from hub.tenancy import names
from hub.tenancy.caller import Caller


def _admin(request: Request, caller: CallerOf) -> Admin:
    return Admin(caller, request.app.state.settings, client_ip(request))


Acting = Annotated[Admin, Depends(_admin)]
"""Who changes something, with what the use cases need of the hub."""


async def accounts(
    request: Request, db: AsyncConnection, caller: Caller, rows: Sequence[Row[Any]]
) -> list[schemas.ProviderAccountOut]:
    """Accounts with their channels, the state of their secrets, and their health."""
    settings: Settings = request.app.state.settings
    key = settings.secret_key.get_secret_value()
    numbers: dict[UUID, list[schemas.ChannelOut]] = {}
    for channel in await store.channel_rows(db, list(caller.readable)):
        numbers.setdefault(channel.account_id, []).append(schemas.ChannelOut.model_validate(channel))
    states = {row.id: service_accounts.secret_states(row, key) for row in rows}
    words = {one.set_by for found in states.values() for one in found if one.set_by}
    people = await names.actors(db, list(caller.readable), words)
    healths = await health_report.of_accounts(request.app.state.redis, {row.id: row.provider for row in rows})
    return [
        schemas.ProviderAccountOut(
            id=row.id,
            tenant_id=row.tenant_id,
            provider=row.provider,
            name=row.name,
            status=row.status,
            base_url=row.base_url,
            details=details_of(row.provider, row.external_id, row.settings),
            limits=Limits.model_validate(row.settings.get("limits", {})),
            secrets=[
                schemas.SecretOut(
                    name=one.name,
                    set=one.set_at is not None,
                    set_at=one.set_at,
                    set_by=Who.model_validate(people[one.set_by]) if one.set_by else None,
                )
                for one in states[row.id]
            ],
            webhooks=webhooks(settings.public_url, row.provider, row.id),
            channels=numbers.get(row.id, []),
            health=health(healths[row.id]) if row.id in healths else None,
            version=row.version,
            created_at=row.created_at,
        )
        for row in rows
    ]


def webhooks(public_url: str, provider: str, account_id: UUID) -> list[schemas.WebhookOut]:
    """What is to be entered at the provider, so that its news reaches the hub."""
    account = encode_id("acc", account_id)
    match provider:
        case "twilio":
            base = f"{public_url}/webhooks/twilio/{account}"
            return [
                schemas.WebhookOut(purpose="messages", url=f"{base}/message"),
                schemas.WebhookOut(purpose="calls", url=f"{base}/voice"),
                schemas.WebhookOut(purpose="call_status", url=f"{base}/voice-status"),
            ]
        case "whatsapp_cloud":
            return [schemas.WebhookOut(purpose="events", url=f"{public_url}/webhooks/whatsapp/{account}")]
        case "google_rcs":
            return [schemas.WebhookOut(purpose="events", url=f"{public_url}/webhooks/google/{account}")]
        case _:
            return []


def errors(found: Sequence[ErrorCount]) -> list[schemas.ErrorOut]:
    return [schemas.ErrorOut.model_validate(one) for one in found]


def health(found: AccountHealth) -> schemas.AccountHealthOut:
    window, breaker = found.window, found.breaker
    mean_ms = round(window.latency_ms / window.sent) if window.sent else None
    return schemas.AccountHealthOut(
        state=breaker.state.value,
        until=found.until,
        reason=breaker.reason,
        code=breaker.code,
        score=found.score,
        sent_per_s=found.sent_per_s,
        window=schemas.WindowOut(
            sent=window.sent,
            accepted=window.accepted,
            refused=window.refused,
            unknown=window.unknown,
            delivered=window.delivered,
            failed=window.failed,
            mean_latency_ms=mean_ms,
        ),
        errors=errors(found.errors),
    )


def minutes(found: AccountHealth | None) -> list[schemas.MinuteOut]:
    return [
        schemas.MinuteOut(
            at=datetime.fromtimestamp(at, UTC),
            sent=window.sent,
            accepted=window.accepted,
            refused=window.refused,
            unknown=window.unknown,
        )
        for at, window in (found.minutes if found else ())
    ]
