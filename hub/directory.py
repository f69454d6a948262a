"""What a turn must know of its tenant: names, channels, routing, prices. Read whole, kept for seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from hub.billing.pricing import RateTable
from hub.billing.store import load_rates
from hub.channels.base import Channel
from hub.channels.store import channel_from_row
from hub.compliance import service as compliance
from hub.compliance.policy import NO_POLICY, Policy
from hub.flows.definition import Flow
from hub.flows.definition import read as read_flow
from hub.flows.faults import FlowInvalid
from hub.routing.table import RoutingTable, Rule, build
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


async def load(db: AsyncConnection, tenant_id: UUID) -> Directory:
    """Read the directory of `tenant_id`; the transaction's scope must allow it."""
    tenant = (await db.execute(select(tenants).where(tenants.c.id == tenant_id))).one()
    people = (await db.execute(select(users.c.id, users.c.name).where(users.c.tenant_id == tenant_id))).all()
    senders = await db.execute(
        select(channel_tables.channels)
        .where(channel_tables.channels.c.tenant_id == tenant_id)
        .order_by(channel_tables.channels.c.created_at)
    )
    known = [channel_from_row(row) for row in senders]
    wallet_currency = select(wallets.c.currency).where(wallets.c.tenant_id == tenant_id)
    queue_names = await _queues(db, tenant_id)
    policy = await compliance.effective(db, tenant_id)
    brand = tenant.brand.get("product_name") or tenant.name
    table = await _routing(db, tenant_id, brand, queue_names, tenant.intent_version_id, policy)
    return Directory(
        tenant_id,
        table.brand,
        (await db.execute(wallet_currency)).scalar() or tenant.currency,
        tenant.default_country,
        {channel.id: channel for channel in known if channel.status != "archived"},
        queue_names,
        {person.id: person.name for person in people},
        table,
        await load_rates(db, tenant_id),
        tenant.time_zone,
        policy,
        {channel.id: channel for channel in known if channel.status == "archived"},
    )


async def _queues(db: AsyncConnection, tenant_id: UUID) -> dict[UUID, str]:
    table = routing_tables.queues
    rows = await db.execute(
        select(table.c.id, table.c.name).where(table.c.tenant_id == tenant_id).order_by(table.c.name)
    )
    return {row.id: row.name for row in rows}


async def _routing(
    db: AsyncConnection,
    tenant_id: UUID,
    brand: str,
    queues: Mapping[UUID, str],
    version: UUID | None,
    policy: Policy,
) -> RoutingTable:
    table = routing_tables.routing_rules
    found = await db.execute(
        select(table).where(table.c.tenant_id == tenant_id).order_by(table.c.position, table.c.id)
    )
    rules = [Rule(r.id, r.kind, r.match, r.threshold, r.queue_id, r.flow_id, r.segment_id) for r in found]
    documents = await db.execute(
        select(routing_tables.flows).where(
            routing_tables.flows.c.tenant_id == tenant_id, routing_tables.flows.c.definition.is_not(None)
        )
    )
    flows: dict[UUID, Flow] = {}
    for row in documents:
        try:
            flows[row.id] = read_flow(row.definition)
        except FlowInvalid:
            continue  # a flow that does not read is as good as gone: its sessions are routed to people
    return build(brand, rules, queues, flows, version, words=policy.words)


# A row that is written anew has another xmin: the mark of a directory is the same as long as nothing of it was written.
_MARKS = text(
    """
    SELECT w.id, md5(concat_ws('|',
        (SELECT x.xmin::text FROM tenants x WHERE x.id = w.id),
        (SELECT x.currency FROM wallets x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM channels x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM queues x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM routing_rules x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.xmin::text, ',' ORDER BY x.id) FROM flows x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.id::text || x.name, ',' ORDER BY x.id) FROM users x WHERE x.tenant_id = w.id),
        (SELECT string_agg(x.tenant_id::text || x.version, ',' ORDER BY x.distance) FROM messaging_policies_for(w.id) x),
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
                self._known[tenant_id] = _Kept(time.monotonic(), mark, directory)

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
