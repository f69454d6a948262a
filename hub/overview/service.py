"""The home page: what happened today and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.billing import service as billing
from hub.billing.store import WalletState
from hub.errors import NotFound
from hub.overview import store
from hub.tenancy import store as tenancy
from hub.tenancy.caller import Caller


@dataclass(frozen=True, slots=True)
class Home:
    """Rows of the store, in the sections of the page; `wallet` is None without the right or without a wallet."""

    conversations: Row[Any]
    messages_today: Row[Any]
    queues: Sequence[Row[Any]]
    campaigns: Sequence[Row[Any]]
    wallet: WalletState | None
    intents_today: Sequence[Row[Any]]


def midnight(now: datetime, time_zone: str) -> datetime:
    """The last midnight before `now` where the tenant is."""
    return now.astimezone(ZoneInfo(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)


async def home(db: AsyncConnection, caller: Caller, now: datetime) -> Home:
    """The counts of the acting tenant and everything below it."""
    tenants = list(caller.readable)
    acting = await tenancy.tenant(db, caller.tenant_id)
    since = midnight(now, acting.time_zone if acting else "UTC")
    return Home(
        conversations=await store.conversation_counts(db, tenants, caller.user_id),
        messages_today=await store.message_counts(db, tenants, since),
        queues=await store.queue_counts(db, tenants),
        campaigns=await store.live_campaigns(db, tenants) if caller.may("campaigns:read") else [],
        wallet=await _wallet(db, caller),
        intents_today=await store.intent_counts(db, tenants, since),
    )


async def _wallet(db: AsyncConnection, caller: Caller) -> WalletState | None:
    if not caller.may("wallet:read"):
        return None
    try:
        return await billing.wallet_view(db, caller.tenant_id)
    except NotFound:
        return None
