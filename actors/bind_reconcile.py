"""Sends over a bind whose sender never reported: what the bind remembers, then query_sm for the parts that have an id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.bind_calls import Told, bind_host, told_of
from hub import outbox
from hub.channels import parts_store
from hub.channels.base import Account, Channel
from hub.channels.delivery import FINAL_FAILURES, TOOK_PLACE, Status
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.channels.sms_smpp import settings_of
from hub.channels.sms_smpp_receipts import STATES
from hub.deliveries import Report
from hub.errors import HubError
from hub.webhooks import telling
from models.db import Scope, transaction

if TYPE_CHECKING:
    from actors.sender import SenderHost

_OVER = FINAL_FAILURES | TOOK_PLACE


async def decide_over_bind(host: SenderHost, row: Any, channel: Channel) -> bool:
    """Decide one send. False: nobody knows yet, its receipt may still tell."""
    try:
        account = await host.account(channel.account_id)
        answers = await bind_host(host.settings, account.id).call("fate", row.message_id)
        if answers:
            told = told_of(settings_of(account), row, channel, answers)
            if not isinstance(told.error, SendOutcomeUnknown):
                await _record(host, row, channel, told)
                return True
        return await _query(host, account, row, channel)
    except HubError:
        return False


async def _record(host: SenderHost, row: Any, channel: Channel, told: Told) -> None:
    """Write what the bind remembers as its sender would have."""
    now, key = host.clock.now(), (row.tenant_id, row.message_id)
    error = told.error
    async with transaction(host.engine, Scope.of(row.tenant_id)) as db:
        await parts_store.record(db, [{**part, "at": now} for part in told.parts])
        if told.held_s is not None or (isinstance(error, SendRefused) and error.retryable):
            await outbox.later(db, [key], [now])
            return
        status = Status.SENT if error is None else Status.FAILED
        code = error.provider_code if isinstance(error, SendRefused) else None
        report = Report(
            row.tenant_id,
            channel.id,
            row.message_id,
            told.provider_message_id,
            status,
            now,
            code,
            str(error) if error else None,
        )
        await telling.apply(db, [report], True, host.directories, now)
        await outbox.done(db, [key])


async def _query(host: SenderHost, account: Account, row: Any, channel: Channel) -> bool:
    """Ask the SMSC about the parts whose ids we have; True when that decides the message."""
    async with transaction(host.engine, Scope.of(row.tenant_id)) as db:
        parts = await parts_store.of_messages(db, [row.tenant_id], [row.message_id])
    reports = []
    for part in parts:
        if part.provider_message_id is None or Status(part.status) in _OVER:
            continue
        found = await bind_host(host.settings, account.id).call(
            "query", account.id, channel.provider_address, part.provider_message_id
        )
        if found is not None and found[0] in STATES:
            code = str(found[1]) if found[1] else None
            reports.append(
                Report(
                    row.tenant_id,
                    channel.id,
                    None,
                    part.provider_message_id,
                    STATES[found[0]],
                    host.clock.now(),
                    code,
                )
            )
    if not reports:
        return False
    async with transaction(host.engine, Scope.of(row.tenant_id)) as db:
        applied = await telling.apply(db, reports, True, host.directories, host.clock.now())
        decided = any(Status(changed.status) in _OVER for changed in applied.changed)
        if decided:
            await outbox.done(db, [(row.tenant_id, row.message_id)])
    return decided
