"""What a turn must know of its tenant: names, channels, routing, prices. Read whole, kept for seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.billing.pricing import RateTable
from hub.billing.store import load_rates
from hub.channels.base import Channel
from hub.channels.store import channel_from_row
from hub.compliance import service as compliance
from hub.compliance.policy import NO_POLICY, Policy
from hub.routing import loading as routing
from hub.routing import store_defaults
from hub.routing.loading import NO_NEEDS, Around, Needs, load_rules
from hub.routing.queue import Queues, QueueSettings
from hub.routing.queue_defaults import Effective, effective, settings_with
from hub.routing.table import RoutingTable
from hub.tenancy.permissions import may_answer
from hub.webhooks import store as webhook_store
from hub.webhooks.endpoint import Subscription
from models import channels as channel_tables
from models import routing as routing_tables
from models.billing import wallets
from models.db import Scope, transaction
from models.tenancy import tenants, users

TTL_S = 3.0

log = structlog.get_logger()


@dataclass(slots=True)
class Directory:
    """One tenant's names and rules at one moment."""

    tenant_id: UUID
    brand: str
    currency: str
    default_country: str
    channels: Mapping[UUID, Channel]
    queues: Mapping[UUID, str]
    users: Mapping[UUID, str]
    routing: RoutingTable
    rates: RateTable
    time_zone: str = "UTC"
    policy: Policy = NO_POLICY
    former_channels: Mapping[UUID, Channel] = field(default_factory=dict)
    """Archived ones: their messages still name them."""
    routing_needs: Needs = NO_NEEDS
    zone: tzinfo = UTC
    queue_settings: Queues = field(default_factory=dict)
    archived_queues: frozenset[UUID] = frozenset()
    """`queues` has their names."""
    unable: frozenset[UUID] = frozenset()
    """Those of `users` who may not answer conversations, or not any more."""
    bots: frozenset[UUID] = frozenset()
    """`users` has their names."""
    webhooks: Sequence[Subscription] = ()
    flow_needs: Needs = NO_NEEDS


async def load(db: AsyncConnection, tenant_id: UUID) -> Directory:
    """Read the directory of `tenant_id`; the transaction's scope must allow it."""
    tenant = (await db.execute(select(tenants).where(tenants.c.id == tenant_id))).one()
    people = (await db.execute(select(users).where(users.c.tenant_id == tenant_id))).all()
    senders = await db.execute(
        select(channel_tables.channels)
        .where(channel_tables.channels.c.tenant_id == tenant_id)
        .order_by(channel_tables.channels.c.created_at)
    )
    known = [channel_from_row(row) for row in senders]
    wallet_currency = select(wallets.c.currency).where(wallets.c.tenant_id == tenant_id)
    queues = await _queues(db, tenant_id)
    queue_names = {row.id: row.name for row in queues}
    bots = (await db.execute(_BOTS, {"tenant_id": tenant_id})).all()
    policy = await compliance.effective(db, tenant_id)
    defaults = effective(await store_defaults.levels(db, tenant_id), tenant_id)
    hooks = await webhook_store.subscriptions(db, tenant_id)
    brand = tenant.brand.get("product_name") or tenant.name
    archived = frozenset(row.id for row in queues if row.archived_at is not None)
    unable = frozenset(
        person.id for person in people if person.status != "active" or not may_answer(person.roles)
    )
    around = Around(
        tenant_id,
        brand,
        {row.id: row.name for row in queues if row.archived_at is None},
        {person.id: person.name for person in people if person.status == "active"}
        | {bot.id: bot.name for bot in bots},
        {channel.id: channel.name for channel in known},
        tenant.intent_version_id,
        policy.words,
        {channel.id: channel.kind.value for channel in known if channel.status != "archived"},
        ZoneInfo(tenant.time_zone),
        policy.flood_limit,
        dict.fromkeys((each.id for each in hooks), ""),
        archived,
        unable,
    )
    rules = await load_rules(db, around)
    return Directory(
        tenant_id,
        brand,
        (await db.execute(wallet_currency)).scalar() or tenant.currency,
        tenant.default_country,
        {channel.id: channel for channel in known if channel.status != "archived"},
        queue_names,
        {each.id: each.name for each in (*people, *bots)},
        rules.table,
        await load_rates(db, tenant_id),
        tenant.time_zone,
        policy,
        {channel.id: channel for channel in known if channel.status == "archived"},
        rules.needs,
        ZoneInfo(tenant.time_zone),
        _settings_of(queues, defaults),
        archived,
        unable,
        frozenset(bot.id for bot in bots),
        hooks,
        rules.flow_needs,
    )


def _settings_of(queues: Sequence[Any], defaults: Effective) -> Queues:
    found: dict[UUID, QueueSettings] = {}
    for row in queues:
        own = None
        try:
            own = None if row.settings is None else QueueSettings.model_validate(row.settings)
        except ValidationError:
            log.warning("queue_settings_unread", queue=str(row.id))  # it works as one without any
        settings = settings_with(own, defaults)
        if settings is not None:
            found[row.id] = settings
    return found


_BOTS = text("SELECT id, name FROM agents WHERE tenant_id = :tenant_id AND kind = 'bot'")


async def _queues(db: AsyncConnection, tenant_id: UUID) -> Sequence[Any]:
    table = routing_tables.queues
    return (
        await db.execute(select(table).where(table.c.tenant_id == tenant_id).order_by(table.c.name))
    ).all()


# A row that is written anew has another xmin: the mark of a directory is the same as long as nothing of it was written.
_MARKS = text(
    """
    SELECT w.id, md5(concat_ws('|',
        (SELECT x.xmin::text FROM tenants x WHERE x.id = w.id),
        (SELECT x.currency FROM wallets x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM channels x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM queues x WHERE x.tenant_id = w.id),
        rule_lists_mark(w.id),
        (SELECT string_agg(x.tenant_id::text || x.version, ',' ORDER BY x.distance) FROM queue_defaults_for(w.id) x),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM segments x WHERE x.tenant_id = w.id AND x.kind = 'dynamic'),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM attribute_definitions x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM flows x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.name || x.language || x.status, ',' ORDER BY x.id) FROM message_templates x WHERE x.tenant_id = w.id),
        (SELECT count(*)::text FROM flow_decisions x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.id::text || x.name || x.status || x.roles::text, ',' ORDER BY x.id) FROM users x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.id::text || x.name, ',' ORDER BY x.id) FROM agents x WHERE x.tenant_id = w.id AND x.kind = 'bot'),
        (SELECT string_agg(x.tenant_id::text || x.version, ',' ORDER BY x.distance) FROM messaging_policies_for(w.id) x),
        (SELECT string_agg(x.id::text || x.events::text, ',' ORDER BY x.id) FROM webhook_endpoints x
            WHERE x.tenant_id = w.id AND x.enabled),
        (SELECT sum(hashtextextended(r::text, 0))::text FROM rates_for(w.id) r)
    )) AS mark
    FROM unnest(CAST(:tenants AS uuid[])) AS w(id)
    """
)


class _Kept(NamedTuple):
    read_at: float
    mark: str
    directory: Directory


class Directories:
    """Directories of the tenants a process serves.

    One older than `ttl_s` is looked at again in the background while it is still used, and read anew when something of
    it was written; one older than twice that is waited for.
    """

    def __init__(self, engine: AsyncEngine, ttl_s: float = TTL_S) -> None:
        self._engine = engine
        self._ttl_s = ttl_s
        self._known: dict[UUID, _Kept] = {}
        self._refreshing: dict[UUID, asyncio.Task[None]] = {}

    async def get(self, tenant_ids: Iterable[UUID]) -> dict[UUID, Directory]:
        """The directories of these tenants. Raises sqlalchemy NoResultFound for a tenant that does not exist."""
        wanted = set(tenant_ids)
        now = time.monotonic()
        missing: list[UUID] = []
        for tenant_id in wanted:
            age = now - self._known[tenant_id].read_at if tenant_id in self._known else 2 * self._ttl_s
            if age >= 2 * self._ttl_s:
                missing.append(tenant_id)
            elif age >= self._ttl_s and tenant_id not in self._refreshing:
                task = asyncio.create_task(self._read([tenant_id]))
                self._refreshing[tenant_id] = task
                task.add_done_callback(partial(self._refreshed, tenant_id))
        if missing:
            await self._read(missing)
        return {tenant_id: self._known[tenant_id].directory for tenant_id in wanted}

    def _refreshed(self, tenant_id: UUID, task: asyncio.Task[None]) -> None:
        self._refreshing.pop(tenant_id, None)
        if not task.cancelled() and task.exception() is not None:
            log.warning("directory_refresh_failed", error=type(task.exception()).__name__)

    async def _read(self, tenant_ids: Sequence[UUID]) -> None:
        async with transaction(self._engine, Scope.of(*tenant_ids)) as db:
            rows = await db.execute(_MARKS, {"tenants": list(tenant_ids)})
            for tenant_id, mark in rows.all():
                kept = self._known.get(tenant_id)
                same = kept is not None and kept.mark == mark
                directory = kept.directory if kept is not None and same else await load(db, tenant_id)
                if same and directory.routing.waiting_fields:
                    directory.routing.waiting = await routing.waiting(db, tenant_id, directory.routing)
                self._known[tenant_id] = _Kept(time.monotonic(), mark, directory)

    async def anew(self, tenant_ids: Iterable[UUID]) -> dict[UUID, Directory]:
        """As they are written now, for whoever cannot go on with what was known."""
        wanted = list(tenant_ids)
        await self._read(wanted)
        return {tenant_id: self._known[tenant_id].directory for tenant_id in wanted}

    async def knowing(self, wanted: Iterable[tuple[UUID, UUID]]) -> dict[UUID, Directory]:
        """The directories of (tenant, channel) pairs. One that lacks a channel is read anew: it may have just been added."""
        pairs = set(wanted)
        found = await self.get({tenant_id for tenant_id, _ in pairs})
        old = {
            tenant_id
            for tenant_id, channel_id in pairs
            if channel_id not in found[tenant_id].channels
            and channel_id not in found[tenant_id].former_channels
        }
        if old:
            await self._read(list(old))
        return {tenant_id: self._known[tenant_id].directory for tenant_id in found}

    async def one(self, tenant_id: UUID) -> Directory:
        return (await self.get((tenant_id,)))[tenant_id]

    async def with_agent(self, tenant_id: UUID, agent_id: UUID) -> Directory:
        """A tenant's directory, read anew when it lacks somebody who may answer: they may have just been given the right."""
        found = await self.one(tenant_id)
        if agent_id not in found.users or agent_id in found.unable:
            await self._read([tenant_id])
        return self._known[tenant_id].directory

    async def with_bot(self, tenant_id: UUID, bot_id: UUID) -> Directory:
        """A tenant's directory, read anew when it lacks a bot: it may have just been added."""
        if bot_id not in (await self.one(tenant_id)).bots:
            await self._read([tenant_id])
        return self._known[tenant_id].directory
