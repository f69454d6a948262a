"""A tenant that can send and receive: accounts, channels, prices, money, queues, rules. For seeding, runs and benches."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx2
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cli.demo.desks import ensure_flow as ensure_flow
from cli.demo.desks import ensure_queues as ensure_queues
from cli.demo.desks import ensure_rules as ensure_rules
from cli.demo.desks import ensure_settings as ensure_settings
from cli.demo.desks import ensure_skills as ensure_skills
from cli.demo.desks import intent_rule as intent_rule
from cli.demo.desks import keyword_rule as keyword_rule
from hub.billing import service as billing
from hub.channels.secrets import seal, unseal
from hub.errors import Conflict, Unavailable
from hub.ids import encode_id, new_id
from hub.intents import store as intent_store
from hub.settings import Settings
from hub.templates.provider_templates import service as templates
from hub.templates.provider_templates.definition import NewTemplate
from hub.tenancy import service as people
from hub.tenancy.tree import NewTenant, create_tenant
from models.channels import channels, provider_accounts
from models.db import Scope, bind, insert_rows, transaction
from models.tenancy import tenants
from training.train import TrainedVersion

CURRENCY = "EUR"
SMS_PRICES = {
    "": Decimal("0.0450"),
    "1": Decimal("0.0079"),
    "44": Decimal("0.0400"),
    "4477": Decimal("0.0350"),
}
RCS_PRICES = {"": Decimal("0.0600"), "1": Decimal("0.0300")}
WHATSAPP_PRICES = {"": Decimal("0.0520"), "1": Decimal("0.0250")}
VOICE_PRICES = {"": Decimal("0.1200"), "1": Decimal("0.0140"), "44": Decimal("0.0250")}  # a minute
PASSWORD = "parley-demo"
CARRIER_WAIT_S = 60.0
PROVIDERS = {"sms": "twilio", "voice": "twilio", "whatsapp": "whatsapp_cloud", "rcs": "google_rcs"}


@dataclass(slots=True)
class Line:
    """One channel of a workspace with everything a peer needs to play its provider."""

    channel_id: UUID
    account_id: UUID
    external_id: str
    number: str
    provider_address: str
    secrets: Mapping[str, str]


@dataclass(slots=True)
class Workspace:
    """What a run needs to know of its tenant. `lines` by kind of channel; queues by name."""

    tenant_id: UUID
    name: str
    lines: dict[str, Line] = field(default_factory=dict)
    queues: dict[str, UUID] = field(default_factory=dict)


async def everybody(db: AsyncConnection) -> Scope:
    """A scope over all tenants, bound to this transaction: for the operator's own commands."""
    found = frozenset((await db.execute(text("SELECT tenant_ids()"))).scalar_one())
    scope = Scope(found, found)
    await bind(db, scope)
    return scope


async def root_id(db: AsyncConnection) -> UUID | None:
    """The platform, or None in an empty hub."""
    await everybody(db)
    return (await db.execute(select(tenants.c.id).where(tenants.c.parent_id.is_(None)))).scalar()


async def ensure_tenant(engine: AsyncEngine, parent_id: UUID | None, new: NewTenant) -> UUID:
    """The tenant with this slug, made when missing."""
    async with transaction(engine, Scope.nothing()) as db:
        scope = await everybody(db)
        found: UUID | None = (
            await db.execute(select(tenants.c.id).where(tenants.c.slug == new.slug))
        ).scalar()
        return found or await create_tenant(db, scope, parent_id, new)


async def ensure_user(
    engine: AsyncEngine, tenant_id: UUID, email: str, name: str, roles: Sequence[str]
) -> None:
    """A person with the demo password; one who is there stays as they are."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        try:
            await people.create_user(db, tenant_id, email, name, PASSWORD, roles)
        except people.EmailTaken:
            return


def _credentials(provider: str) -> dict[str, str]:
    if provider == "smpp":
        return {"password": secrets.token_hex(4)}  # eight letters are all that SMPP has room for
    if provider == "twilio":
        return {"auth_token": secrets.token_hex(16)}
    if provider == "google_rcs":
        key = generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {"client_token": secrets.token_hex(16), "private_key": pem.decode()}
    return {
        "access_token": secrets.token_urlsafe(24),
        "app_secret": secrets.token_hex(16),
        "verify_token": secrets.token_hex(16),
    }


def _settings(provider: str, account_id: UUID, external: str, hub: Settings) -> dict[str, Any]:
    """What an account says beside its secrets."""
    match provider:
        case "whatsapp_cloud":  # the local carrier takes more than Meta's 80 messages a second
            return {"waba_id": str(account_id.int % 10**14), "limits": {"channel_messages_per_s": 0}}
        case "google_rcs":
            return {"client_email": _robot(account_id), "token_url": f"{hub.carrier_url}/rcs/token"}
        case "smpp":
            return {"host": smsc_of(hub), "system_id": external, "window": 100}
    return {}


def smsc_of(hub: Settings) -> str:
    """Where the local carrier speaks SMPP."""
    return f"{urlsplit(hub.carrier_url).hostname}:{hub.carrier_smpp_port}"


def _robot(account_id: UUID) -> str:
    """The service account's name at the local carrier."""
    return f"hub-{account_id.hex}@carrier.example"


async def ensure_line(
    engine: AsyncEngine,
    settings: Settings,
    tenant_id: UUID,
    kind: str,
    name: str,
    number: str,
    provider: str = "",
    beside: bool = False,
) -> Line:
    """The tenant's channel of this kind with its provider account at the local carrier, made when missing.

    `provider`: another one than the kind's usual; `beside`: the one with this number, so that a tenant may have several.
    """
    provider = provider or PROVIDERS[kind]
    key = settings.secret_key.get_secret_value()
    async with transaction(engine, Scope.of(tenant_id)) as db:
        query = select(channels).where(channels.c.tenant_id == tenant_id, channels.c.kind == kind)
        query = query.where(channels.c.provider == provider)
        if beside:
            query = query.where(channels.c.address == number)
        channel = (await db.execute(query.limit(1))).one_or_none()
        if channel is not None:
            where = provider_accounts.c.id == channel.account_id
            account = (await db.execute(select(provider_accounts).where(where))).one()
            opened = unseal(account.credentials, secret_key=key, row_id=account.id)
            return Line(
                channel.id, account.id, account.external_id, channel.address, channel.provider_address, opened
            )
        account_id, channel_id = new_id(), new_id()
        opened = _credentials(provider)
        external = f"AC{account_id.hex}" if provider == "twilio" else str(account_id.int % 10**15)
        address = number if provider in ("twilio", "smpp") else str(channel_id.int % 10**15)
        await insert_rows(
            db,
            provider_accounts,
            [
                {
                    "tenant_id": tenant_id,
                    "id": account_id,
                    "provider": provider,
                    "name": f"{name} at the local carrier",
                    "external_id": external,
                    "base_url": settings.carrier_url,
                    "credentials": seal(opened, secret_key=key, row_id=account_id),
                    "settings": _settings(provider, account_id, external, settings),
                    "created_at": _now(),
                }
            ],
        )
        row = {
            "tenant_id": tenant_id,
            "id": channel_id,
            "account_id": account_id,
            "kind": kind,
            "provider": provider,
            "name": name,
            "address": number,
            "provider_address": address,
            "status": "active",
            "created_at": _now(),
        }
        await insert_rows(db, channels, [row])
        return Line(channel_id, account_id, external, number, address, opened)


def _now() -> datetime:
    return datetime.now(UTC)


_FOLLOW = text(
    "UPDATE provider_accounts SET settings = settings || jsonb_build_object('token_url', CAST(:token_url AS text)) "
    "WHERE provider = 'google_rcs' AND name LIKE '% at the local carrier'"
)


_FOLLOW_SMPP = text(
    "UPDATE provider_accounts SET settings = settings || jsonb_build_object('host', CAST(:host AS text)) "
    "WHERE provider = 'smpp' AND name LIKE '% at the local carrier'"
)


async def follow_carrier(engine: AsyncEngine, settings: Settings) -> None:
    """Accounts at the local carrier follow it to its present address: its port may differ from the last start's."""
    async with transaction(engine, Scope.nothing()) as db:
        await everybody(db)
        local = provider_accounts.c.name.like("% at the local carrier")
        await db.execute(provider_accounts.update().where(local).values(base_url=settings.carrier_url))
        await db.execute(_FOLLOW, {"token_url": f"{settings.carrier_url}/rcs/token"})
        await db.execute(_FOLLOW_SMPP, {"host": smsc_of(settings)})


async def ensure_prices(engine: AsyncEngine, tenant_id: UUID) -> None:
    """The platform's rate cards: every tenant below it is priced by them."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await billing.ensure_rate_card(db, tenant_id, "SMS list prices", "sms", CURRENCY, SMS_PRICES)
        await billing.ensure_rate_card(db, tenant_id, "Voice list prices", "voice", CURRENCY, VOICE_PRICES)
        await billing.ensure_rate_card(
            db, tenant_id, "WhatsApp list prices", "whatsapp", CURRENCY, WHATSAPP_PRICES
        )
        await billing.ensure_rate_card(db, tenant_id, "RCS list prices", "rcs", CURRENCY, RCS_PRICES)


async def ensure_template(
    engine: AsyncEngine, tenant_id: UUID, line: Line, template: Mapping[str, Any]
) -> None:
    """A WhatsApp template by name; a new one is submitted as soon as the hub runs."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        with suppress(Conflict):
            new = NewTemplate.model_validate(template)
            await templates.create(db, tenant_id, line.account_id, new, datetime.now(UTC))


async def ensure_money(engine: AsyncEngine, tenant_id: UUID, amount_micros: int) -> None:
    """A wallet; a new one is funded."""
    async with transaction(engine, Scope.of(tenant_id)) as db:
        wallet = await billing.ensure_wallet(db, tenant_id, CURRENCY)
        if wallet.balance_micros == 0 and wallet.held_micros == 0 and amount_micros:
            await billing.top_up(
                db, tenant_id, new_id(), amount_micros, CURRENCY, reference="opening balance"
            )


async def publish_model(engine: AsyncEngine, tenant_id: UUID, trained: TrainedVersion) -> UUID:
    """Store a trained version for the tenant and make it the live one."""
    report = trained.report
    version_id = new_id()
    row = {
        "id": version_id,
        "encoder_id": report.encoder_id,
        "encoder_sha256": report.encoder_sha256,
        "data_sha256": report.data_sha256,
        "labels": sorted(report.rows_per_label),
        "report": report.model_dump(mode="json"),
        "artifact": trained.data,
    }
    async with transaction(engine, Scope.of(tenant_id)) as db:
        await intent_store.insert(db, tenant_id, row)
        await intent_store.publish(db, tenant_id, version_id)
    return version_id


def carrier_account(line: Line, kind: str, label: str, public_url: str) -> dict[str, Any]:
    """The account as the carrier must know it: the same secrets, and where our webhooks are."""
    account = encode_id("acc", line.account_id)
    if kind in ("sms", "voice"):
        base = f"{public_url}/webhooks/twilio/{account}"
        number = {"address": line.number, "kind": "long_code", "label": label}
        if kind == "sms":
            number["webhook_url"] = f"{base}/message"
        else:
            number |= {"voice_url": f"{base}/voice", "voice_status_url": f"{base}/voice-status"}
        return {
            "provider": "twilio",
            "account_sid": line.external_id,
            "auth_token": line.secrets["auth_token"],
            "numbers": [number],
        }
    if kind == "rcs":
        return _rcs_account(line, label, f"{public_url}/webhooks/google/{account}")
    url = f"{public_url}/webhooks/whatsapp/{account}"
    number = {
        "address": line.number,
        "phone_number_id": line.provider_address,
        "kind": "whatsapp",
        "webhook_url": url,
        "label": label,
    }
    return {
        "provider": "whatsapp",
        "app_id": line.external_id,
        "access_token": line.secrets["access_token"],
        "app_secret": line.secrets["app_secret"],
        "waba_id": str(line.account_id.int % 10**14),
        "numbers": [number],
    }


def smpp_account(line: Line, label: str) -> dict[str, Any]:
    """An SMPP account as the carrier must know it: no webhooks, everything comes over the bind."""
    return {
        "provider": "smpp",
        "system_id": line.external_id,
        "password": line.secrets["password"],
        "numbers": [{"address": line.number, "label": label}],
    }


def _rcs_account(line: Line, label: str, webhook_url: str) -> dict[str, Any]:
    """An RCS partner: the carrier knows the public half of the key."""
    key = load_pem_private_key(line.secrets["private_key"].encode(), None)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "provider": "google_rcs",
        "partner_id": line.external_id,
        "client_email": _robot(line.account_id),
        "public_key": public.decode(),
        "client_token": line.secrets["client_token"],
        "numbers": [{"address": line.provider_address, "webhook_url": webhook_url, "label": label}],
    }


async def tell_carrier(settings: Settings, accounts: Sequence[Mapping[str, Any]]) -> None:
    """Register accounts with the local carrier, waiting until it is up. Raises Unavailable."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CARRIER_WAIT_S
    async with httpx2.AsyncClient(base_url=settings.carrier_url, trust_env=False, timeout=10) as client:
        while True:
            try:
                answer = await client.put("/carrier/accounts", json=list(accounts))
            except httpx2.HTTPError:
                if loop.time() > deadline:
                    raise Unavailable(f"the carrier at {settings.carrier_url} does not answer") from None
                await asyncio.sleep(0.2)
                continue
            if answer.status_code != 200:
                raise Unavailable(f"the carrier refused the accounts: {answer.text[:200]}")
            return
