"""All SQL of channels: accounts, channels, the inbox and unrouted events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels.base import Account, Channel, ChannelKind
from hub.channels.secrets import unseal
from hub.ids import new_id
from models.channels import inbox, unrouted_events
from models.db import Db, Insert, encode_rows, insert_rows, put

_ACCOUNT = text("SELECT * FROM provider_account(:id)")
_CHANNEL = text("SELECT * FROM channel_of_account(:account, :address)")


def channel_from_row(row: Any) -> Channel:
    kind = ChannelKind(row.kind)
    return Channel(
        row.id,
        row.tenant_id,
        row.account_id,
        kind,
        row.provider,
        row.name,
        row.address,
        row.provider_address,
        row.status,
    )


async def account(db: AsyncConnection, account_id: UUID, secret_key: str) -> Account | None:
    """A provider account with opened credentials, found before any tenant is known."""
    row = (await db.execute(_ACCOUNT, {"id": account_id})).one_or_none()
    if row is None:
        return None
    secrets = unseal(row.credentials, secret_key=secret_key, row_id=row.id)
    settings = dict(row.settings)
    limits = settings.pop("limits", {})  # ours, as `secrets` is; the rest is the provider's own model
    settings.pop("secrets", None)  # when each was set, and by whom
    return Account(
        row.id,
        row.tenant_id,
        row.provider,
        row.external_id,
        row.base_url,
        secrets,
        settings,
        row.status,
        limits,
    )


async def channel_of_account(db: AsyncConnection, account_id: UUID, provider_address: str) -> Channel | None:
    """The channel that has this number at this account, whoever's it is."""
    row = (await db.execute(_CHANNEL, {"account": account_id, "address": provider_address})).one_or_none()
    return None if row is None else channel_from_row(row)


def claims(rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Inbox rows written as done; answers the (channel, event key) that were new or still pending.

    A key that is missing from the answer was done before: its effects are committed, it must not run again.
    """
    suffix = (
        "ON CONFLICT (tenant_id, channel_id, event_key) DO UPDATE SET done_at = EXCLUDED.done_at "
        "WHERE inbox.done_at IS NULL RETURNING channel_id, event_key"
    )
    return Insert(inbox, rows, suffix, exact=True)


async def keep_pending(db: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write raw events that no host could take now; a sweeper delivers them later."""
    await insert_rows(db, inbox, rows, "ON CONFLICT DO NOTHING")


# What came back unmatched waits twice as long each time, so that it does not stand before what is new.
_DUE = func.now() - inbox.c.received_at > func.make_interval(
    0, 0, 0, 0, 0, 0, func.least(func.power(2, inbox.c.attempts), 21_600)
)


async def pending(db: AsyncConnection, before: datetime, limit: int) -> Sequence[Any]:
    """Events that have waited since before `before`: the least tried first, then the oldest."""
    rows = await db.execute(
        select(inbox)
        .where(inbox.c.done_at.is_(None), inbox.c.received_at < before, _DUE)
        .order_by(inbox.c.attempts, inbox.c.received_at)
        .limit(limit)
    )
    return rows.all()


async def give_up(db: AsyncConnection, tenant_id: UUID, channel_id: UUID, event_key: str, error: str) -> None:
    """Mark a pending event as done with the reason why it could not be used."""
    where = (inbox.c.tenant_id == tenant_id, inbox.c.channel_id == channel_id, inbox.c.event_key == event_key)
    await db.execute(inbox.update().where(*where).values(done_at=func.now(), error=error))


async def keep_unrouted(
    db: AsyncConnection, account: Account, event_key: str, reason: str, payload: Mapping[str, Any]
) -> None:
    """Record a verified event whose number no channel has. Repeats are no-ops."""
    row = {
        "tenant_id": account.tenant_id,
        "id": new_id(),
        "account_id": account.id,
        "event_key": event_key,
        "reason": reason,
        "payload": payload,
    }
    await insert_rows(db, unrouted_events, [row], "ON CONFLICT DO NOTHING")


_REOPEN = text(
    "UPDATE inbox i SET done_at = NULL, attempts = attempts + 1 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS r(tenant_id uuid, channel_id uuid, event_key text) "
    "WHERE i.tenant_id = r.tenant_id AND i.channel_id = r.channel_id AND i.event_key = r.event_key"
)


async def reopen(db: Db, keys: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Make (tenant, channel, event key) rows pending again: a report that beat the answer to its own send."""
    if keys:
        rows = [{"tenant_id": t, "channel_id": c, "event_key": k} for t, c, k in keys]
        await put(db, _REOPEN, {"rows": encode_rows(rows)})
