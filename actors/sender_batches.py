"""Sends over kept connections: all of a claim that goes by one SMPP account leaves in one call."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from actors import sender as senders
from actors.bind_calls import Told, submit_over_bind
from hub.channels import SMPP_SMS
from hub.channels.base import Channel
from hub.channels.errors import SendOutcomeUnknown, SendRefused
from hub.errors import HubError

if TYPE_CHECKING:
    from actors.sender import Claim, SenderHost

HELD_S_MIN = 0.2

log = structlog.get_logger()

Batch = Sequence[tuple[Any, Channel]]


def account_batches(claim: Claim) -> tuple[list[Batch], list[Any]]:
    """The claim's sends that go by a bind, an account at a time, and the others one by one; live lane first in each."""
    batches: dict[UUID, list[tuple[Any, Channel]]] = {}
    single = []
    for row in claim.rows:
        channel = claim.directories[row.tenant_id].channels.get(row.channel_id)
        if channel is not None and channel.provider == SMPP_SMS.provider:
            batches.setdefault(channel.account_id, []).append((row, channel))
        else:
            single.append(row)
    return list(batches.values()), single


async def send_batch(host: SenderHost, batch: Batch) -> None:
    """Hand a batch to its bind; every row gets its outcome."""
    started = time.monotonic()
    account_id: UUID | None = None
    try:
        account = await host.account(batch[0][1].account_id)
        account_id, started = account.id, time.monotonic()
        told = await submit_over_bind(host.settings, account, batch)
    except HubError as failure:  # ours, before anybody was asked
        code = failure.provider_code if isinstance(failure, SendRefused) else failure.code
        told = [Told(error=SendRefused(str(failure), code)) for _ in batch]
        account_id = None
    except Exception as failure:  # a fault of ours after the batch may have left
        log.exception("send_failed", host=host.name)
        told = [Told(error=SendOutcomeUnknown(type(failure).__name__)) for _ in batch]
        account_id = None
    finally:
        host.free()
    now, latency_ms = host.clock.now(), round((time.monotonic() - started) * 1000)
    host.take(
        [_outcome(row, each, now, account_id, latency_ms) for (row, _), each in zip(batch, told, strict=True)]
    )


def _outcome(
    row: Any, told: Told, now: datetime, account_id: UUID | None, latency_ms: int
) -> senders.Outcome:
    held = told.held_s is not None
    return senders.Outcome(
        row,
        told.provider_message_id,
        told.error,
        now,
        None if held else account_id,
        latency_ms,
        now + timedelta(seconds=max(HELD_S_MIN, told.held_s or 0.0)) if held else None,
        [{**part, "at": now} for part in told.parts],
    )
