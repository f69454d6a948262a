"""Sends of unknown outcome: ask the provider, or wait for its receipt; send again only what certainly never arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.bind_reconcile import decide_over_bind
from hub import outbox
from hub.channels import SMPP_SMS, adapter_of
from hub.channels.base import Channel, ProviderRequest
from hub.channels.delivery import FINAL_FAILURES, RANK, Status
from hub.channels.errors import SendOutcomeUnknown
from hub.channels.sms_twilio import TwilioSms
from hub.channels.voice_twilio import TwilioVoice
from hub.deliveries import Report
from hub.webhooks import telling
from models.conversations import messages
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.sender import SenderHost

LIMIT = 100
SKEW = timedelta(seconds=5)  # between the provider's clock and ours
GIVE_UP = timedelta(hours=24)


async def reconcile(host: SenderHost, before: datetime) -> int:
    """Decide sends claimed before `before` whose sender never reported. Returns how many were decided."""
    async with transaction(host.engine, Scope.nothing()) as db:
        tenants = await outbox.tenants_with_stranded(db, before)
    if not tenants:
        return 0
    async with transaction(host.engine, Scope.of(*tenants)) as db:
        rows = await outbox.stranded(db, tenants, host.name, before, LIMIT)
    directories = await host.directories.get({row.tenant_id for row in rows})
    decided = 0
    for row in rows:
        channel = directories[row.tenant_id].channels.get(row.channel_id)
        decided += await _decide(host, row, channel)
    return decided


async def _decide(host: SenderHost, row: Any, channel: Channel | None) -> bool:
    status = Status(row.status)
    if status in FINAL_FAILURES or RANK.get(status, 0) >= RANK[Status.SENT]:
        return await _close(host, row, None)  # its receipt came first
    now = host.clock.now()
    if channel is None:
        return await _close(
            host, row, _report(row, Status.FAILED, now, reason="the channel is not there any more")
        )
    adapter = adapter_of(channel)
    if channel.provider == SMPP_SMS.provider and await decide_over_bind(host, row, channel):
        return True
    if not isinstance(adapter, TwilioSms | TwilioVoice):
        if now - row.created_at > GIVE_UP:
            return await _close(
                host, row, _report(row, Status.EXPIRED, now, reason="the provider never confirmed")
            )
        return False  # no way to ask: the receipt decides
    try:
        found = await _search(host, adapter, row, channel)
    except SendOutcomeUnknown:
        return False
    if found:
        return await _close(host, row, _report(row, Status.SENT, now, provider_id=found))
    async with transaction(host.engine, Scope.of(row.tenant_id)) as db:
        await outbox.later(db, [(row.tenant_id, row.message_id)], [now])
    return True


async def _search(
    host: SenderHost, adapter: TwilioSms | TwilioVoice, row: Any, channel: Channel
) -> str | None:
    """The provider's id of this message, or None when the provider has no message that can be it."""
    account = await host.account(channel.account_id)
    headers = adapter.request_headers(account)
    request = ProviderRequest(adapter.search_url(account, channel, row.address), headers, b"")
    status, body = await host.client.get(request)
    if status != 200:
        raise SendOutcomeUnknown(f"HTTP {status}")
    since = row.created_at.astimezone(UTC) - SKEW
    candidates = [sid for sid, date in adapter.found(body, row.body) if parsedate_to_datetime(date) >= since]
    async with transaction(host.engine, Scope.of(row.tenant_id)) as db:
        taken = await _already_ours(db, row, candidates)
    return next((sid for sid in candidates if sid not in taken), None)


async def _already_ours(db: AsyncConnection, row: Any, candidates: list[str]) -> set[str]:
    """Provider ids that other messages of this channel have: two equal texts to one person are two messages."""
    where = (
        messages.c.tenant_id == row.tenant_id,
        messages.c.channel_id == row.channel_id,
        messages.c.provider_message_id.in_(candidates),
        messages.c.id != row.message_id,
    )
    return set((await db.execute(select(messages.c.provider_message_id).where(*where))).scalars())


async def _close(host: SenderHost, row: Any, report: Report | None) -> bool:
    async with transaction(host.engine, Scope.of(row.tenant_id)) as db:
        if report is not None:
            await telling.apply(db, [report], True, host.directories, host.clock.now())
        await outbox.done(db, [(row.tenant_id, row.message_id)])
    return True


def _report(
    row: Any, status: Status, at: datetime, provider_id: str | None = None, reason: str | None = None
) -> Report:
    return Report(row.tenant_id, row.channel_id, row.message_id, provider_id, status, at, None, reason)
