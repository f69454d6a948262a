"""Use cases of provider accounts and channels: made, changed, looked at and taken away by people. Never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.channels import store_accounts as store
from hub.channels.accounts import (
    BASE_URL,
    KINDS,
    SECRETS,
    ChangeAccount,
    NewAccount,
    check_addresses,
)
from hub.channels.base import ChannelKind
from hub.channels.secrets import seal, unseal
from hub.errors import Conflict, Invalid, NotFound
from hub.ids import encode_id, new_id
from hub.settings import Settings
from hub.tenancy import audit_log
from hub.tenancy.audit_log import Record
from hub.tenancy.caller import Caller

UNDER_WAY = timedelta(hours=24)


@dataclass(eq=False)
class MessagesUnderWay(Conflict):
    """Messages are still under way on this channel. Pause the account, wait for them, then try again."""

    code: ClassVar[str] = "messages-under-way"
    detail: str = ""
    messages: int = 0


@dataclass(eq=False)
class ChannelTaken(Conflict):
    """This account already has a channel with this number."""

    code: ClassVar[str] = "channel-taken"


@dataclass(eq=False)
class AccountLent(Conflict):
    """Other tenants send by this account. Their channels must go first."""

    code: ClassVar[str] = "account-lent"
    detail: str = ""
    channels: int = 0


@dataclass(frozen=True, slots=True)
class SecretState:
    """One secret of an account: when it was last set and by whom (an actor's word), or that it is not set."""

    name: str
    set_at: datetime | None
    set_by: str | None


@dataclass(frozen=True, slots=True)
class Admin:
    """Who changes something, from where, and what the hub is set to."""

    caller: Caller
    settings: Settings
    ip: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def key(self) -> str:
        return self.settings.secret_key.get_secret_value()

    async def note(self, db: AsyncConnection, action: str, target: str, **data: Any) -> None:
        """An entry of the audit log: names of what changed, never a secret's value."""
        record = Record(self.caller.principal, action, target, data, self.ip)
        await audit_log.append(db, self.caller.tenant_id, record, self.now)


def secret_states(row: Row[Any], key: str) -> list[SecretState]:
    """Which secrets of an account are set. Values stay closed."""
    held = unseal(row.credentials, secret_key=key, row_id=row.id)
    marks = row.settings.get("secrets", {})
    found = []
    for name in SECRETS.get(row.provider, tuple(held)):
        if name not in held:
            found.append(SecretState(name, None, None))
            continue
        mark = marks.get(name)
        at = datetime.fromisoformat(mark["at"]) if mark else row.created_at
        found.append(SecretState(name, at, mark["by"] if mark else "system"))
    return found


async def held_account(
    db: AsyncConnection, caller: Caller, account_id: UUID, *, lock: bool = False
) -> Row[Any]:
    """An account of the caller's own, to change; without `lock` also one of a tenant below. Raises NotFound."""
    tenants = [caller.tenant_id] if lock else list(caller.readable)
    row = await store.account(db, tenants, account_id, lock=lock)
    if row is None:
        raise NotFound("there is no such provider account")
    return row


async def held_channel(
    db: AsyncConnection, caller: Caller, channel_id: UUID, *, lock: bool = False
) -> Row[Any]:
    """A channel of the caller's own, to change; without `lock` also one of a tenant below. Raises NotFound."""
    tenants = [caller.tenant_id] if lock else list(caller.readable)
    row = await store.channel(db, tenants, channel_id, lock=lock)
    if row is None:
        raise NotFound("there is no such channel")
    return row


async def create_account(db: AsyncConnection, admin: Admin, new: NewAccount) -> UUID:
    """A new account; its secrets are sealed before they are written. Raises Invalid."""
    base_url = (new.base_url or BASE_URL[new.provider]).rstrip("/")
    settings = new.given_settings()
    check_addresses(new.provider, base_url, settings, admin.settings.provider_hosts)
    account_id, secrets = new_id(), new.given_secrets()
    row = {
        "tenant_id": admin.caller.tenant_id,
        "id": account_id,
        "provider": new.provider,
        "name": new.name.strip(),
        "external_id": new.external_id(),
        "base_url": base_url,
        "credentials": seal(secrets, secret_key=admin.key, row_id=account_id),
        "settings": {**settings, "limits": _limits(new.limits), "secrets": _marks(admin, secrets)},
        "created_at": admin.now,
    }
    await store.insert_account(db, row)
    await admin.note(
        db,
        "provider_account.created",
        encode_id("acc", account_id),
        provider=new.provider,
        name=row["name"],
        secrets=sorted(secrets),
    )
    return account_id


def _limits(limits: Any) -> dict[str, Any]:
    written: dict[str, Any] = limits.model_dump(exclude_none=True)
    return written


def _marks(admin: Admin, names: Sequence[str] | Mapping[str, str]) -> dict[str, Any]:
    return {name: {"at": admin.now.isoformat(), "by": admin.caller.principal} for name in names}


async def change_account(db: AsyncConnection, admin: Admin, row: Row[Any], change: ChangeAccount) -> None:
    """Change a held account. Raises Invalid."""
    if change.provider != row.provider:
        raise Invalid(f"this is an account of {row.provider}: that stays", "/provider")
    given, secrets = change.given_settings(), change.given_secrets()
    settings = {**row.settings, **given}
    base_url = (change.base_url or row.base_url).rstrip("/")
    if change.base_url is not None or given:
        check_addresses(row.provider, base_url, settings, admin.settings.provider_hosts)
    values: dict[str, Any] = {"base_url": base_url}
    if change.name is not None:
        values["name"] = change.name.strip()
    if change.status is not None:
        values["status"] = change.status
    if change.limits is not None:
        settings["limits"] = _limits(change.limits)
    if secrets:
        held = unseal(row.credentials, secret_key=admin.key, row_id=row.id)
        values["credentials"] = seal({**held, **secrets}, secret_key=admin.key, row_id=row.id)
        settings["secrets"] = {**settings.get("secrets", {}), **_marks(admin, secrets)}
    values["settings"] = settings
    changed = [
        name for name, value in values.items() if name != "credentials" and getattr(row, name) != value
    ]
    if not changed and not secrets:
        return
    await store.update_account(db, row.tenant_id, row.id, values)
    await _note_change(db, admin, row, values, secrets)


async def _note_change(
    db: AsyncConnection,
    admin: Admin,
    row: Row[Any],
    values: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> None:
    target = encode_id("acc", row.id)
    if secrets:
        await admin.note(db, "provider_account.secrets_changed", target, secrets=sorted(secrets))
    status = values.get("status", row.status)
    if status != row.status:
        await admin.note(db, f"provider_account.{'paused' if status == 'paused' else 'resumed'}", target)
    plain = {
        name: {"from": getattr(row, name), "to": values[name]}
        for name in ("name", "base_url")
        if name in values and values[name] != getattr(row, name)
    }
    ours = {"secrets"}
    before = {name: value for name, value in row.settings.items() if name not in ours}
    after = {name: value for name, value in values["settings"].items() if name not in ours}
    names = sorted(name for name in before | after if before.get(name) != after.get(name))
    if plain or names:
        await admin.note(db, "provider_account.changed", target, **plain, settings=names)


async def delete_account(db: AsyncConnection, admin: Admin, row: Row[Any]) -> None:
    """Archive the account's channels, and delete it with its credentials. Raises MessagesUnderWay, AccountLent."""
    foreign = await store.lent(db, row.tenant_id, row.id)
    if foreign:
        raise AccountLent(f"{foreign} channels of other tenants send by it", foreign)
    own = await store.channel_rows(db, [row.tenant_id], row.id)
    waiting = 0
    for channel in own:
        waiting += await store.under_way(db, row.tenant_id, channel.id, admin.now - UNDER_WAY)
    if waiting:
        raise MessagesUnderWay(f"{waiting} messages are under way", waiting)
    for channel in own:
        await store.update_channel(db, row.tenant_id, channel.id, {"status": store.ARCHIVED})
        await admin.note(db, "channel.deleted", encode_id("chn", channel.id), name=channel.name)
    await store.delete_account(db, row.tenant_id, row.id)
    await admin.note(db, "provider_account.deleted", encode_id("acc", row.id), name=row.name)


async def create_channel(
    db: AsyncConnection,
    admin: Admin,
    account: Row[Any],
    *,
    kind: ChannelKind,
    name: str,
    address: str,
    provider_address: str,
) -> UUID:
    """A number at a held account; one that was there before comes back with its history. Raises Invalid, ChannelTaken."""
    if kind not in KINDS.get(account.provider, (ChannelKind.SMS,)):
        raise Invalid(f"an account of {account.provider} has no {kind} channels", "/kind")
    same = account.provider in ("twilio", "sip", "smpp")
    if not same and not provider_address:
        raise Invalid("say what the provider calls the number", "/provider_address")
    row = {
        "tenant_id": admin.caller.tenant_id,
        "id": new_id(),
        "account_id": account.id,
        "kind": kind.value,
        "provider": account.provider,
        "name": name.strip(),
        "address": address,
        "provider_address": address if same else provider_address,
        "status": "active",
        "created_at": admin.now,
    }
    channel_id = await store.put_channel(db, row)
    if channel_id is None:
        raise ChannelTaken()
    data = {"name": row["name"], "kind": kind.value, "account": encode_id("acc", account.id)}
    await admin.note(db, "channel.created", encode_id("chn", channel_id), **data)
    return channel_id


async def rename_channel(db: AsyncConnection, admin: Admin, row: Row[Any], name: str) -> None:
    """Give a held channel another name."""
    if name.strip() == row.name:
        return
    await store.update_channel(db, row.tenant_id, row.id, {"name": name.strip()})
    change = {"from": row.name, "to": name.strip()}
    await admin.note(db, "channel.changed", encode_id("chn", row.id), name=change)


async def delete_channel(db: AsyncConnection, admin: Admin, row: Row[Any]) -> None:
    """Archive a held channel: its messages keep it, nothing is sent or taken by it. Raises MessagesUnderWay."""
    waiting = await store.under_way(db, row.tenant_id, row.id, admin.now - UNDER_WAY)
    if waiting:
        raise MessagesUnderWay(f"{waiting} messages are under way", waiting)
    await store.update_channel(db, row.tenant_id, row.id, {"status": store.ARCHIVED})
    await admin.note(db, "channel.deleted", encode_id("chn", row.id), name=row.name)
