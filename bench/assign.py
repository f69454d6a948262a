"""Assignments a second: 500 agents, 100,000 conversations waiting in 50 queues.

`assign_decisions` is the floor alone, in memory: whom each next conversation is offered to, with skills, capacity and
the order of priority and waiting. `assign_offers` is what is committed: from the moment the agents are there to the last
offer in PostgreSQL, through the RouterHost and the ConversationHost, each with its row for the reports and its live
event. The peer is a queue in the database: a connection an agent at work takes the next conversation of its queue with
`SELECT … FOR UPDATE SKIP LOCKED`, in the same table under the same row-level security, with an index made for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis

from actors.shell import calm_collector
from bench.common import figure, local_hub, note
from cli.local.stack import LocalStack
from hub.errors import Unavailable
from hub.ids import new_id
from hub.routing.floor import Agent, Floor, Waiting
from hub.routing.people import People
from hub.routing.queue import QueueSettings
from models.db import SCHEMA, app_url

CONNECTIONS = 32
LANGUAGES = ("english", "german", "french", "spanish")
PATIENCE_S = 120.0
SETTLE_S = 12.0  # until the router has read what waits, and read it again


@dataclass(frozen=True, slots=True)
class Sizes:
    """Waiting conversations, agents, how many each takes, queues."""

    waiting: int
    agents: int
    capacity: int
    queues: int


FULL = Sizes(100_000, 500, 20, 50)
QUICK = Sizes(20_000, 100, 20, 50)


def measure_all(quick: bool) -> list[dict[str, Any]]:
    sizes = QUICK if quick else FULL
    decisions = decide(sizes)
    with local_hub(with_gateway=False, with_carrier=False) as (stack, _):
        return asyncio.run(run(stack, sizes, decisions))


def decide(sizes: Sizes) -> float:
    """Decisions a second: agents fill up, finish at random and are given the next, until nobody waits."""
    calm_collector()
    rng = Random(1)
    queues = [UUID(int=number) for number in range(1, sizes.queues + 1)]
    floor = Floor()
    floor.furnish({q: QueueSettings(skills={LANGUAGES[n % 4]: 1 + n % 3}) for n, q in enumerate(queues)})
    now = datetime.now(UTC)
    floor.seat(
        Agent(
            UUID(int=10_000 + n),
            sizes.capacity,
            {each: rng.randint(1, 5) for each in LANGUAGES if rng.random() < 0.7},
        )
        for n in range(sizes.agents)
    )
    for number in range(sizes.waiting):
        since = now - timedelta(seconds=rng.randrange(7200))
        queue = queues[number % len(queues)]
        floor.wait(Waiting(UUID(int=10**6 + number), queue, since, rng.randint(-1, 2)))
    made, began = 0, perf_counter()
    while floor.waiting:
        offers = floor.assign(now)
        if not offers:
            break
        made += len(offers)
        for contact_id in rng.sample(list(floor.held), len(floor.held) // 2):
            floor.leave(contact_id)
    took = perf_counter() - began
    note(f"{made} decisions, {len(floor.waiting)} could be served by nobody")
    return made / took


async def run(stack: LocalStack, sizes: Sizes, decisions: float) -> list[dict[str, Any]]:
    """The committed figures beside the peer's, on one hub."""
    note("preparing two tenants")
    url = app_url(stack.database_url, stack.secret_key).set(drivername="postgresql")
    with psycopg.connect(stack.database_url, autocommit=True) as db:
        db.execute(f"SET search_path = {SCHEMA}")
        ours, theirs = (_tenant(db, sizes) for _ in range(2))
        db.execute(
            "CREATE INDEX bench_waiting ON conversations (tenant_id, queue_id, priority DESC, waiting_since) "
            "WHERE status = 'open' AND assignee_id IS NULL"
        )
        db.execute("ANALYZE")
    note("the peer assigns")
    peer = await _peer(url.render_as_string(hide_password=False), theirs, sizes)
    note("the router assigns")
    offers = await _router(stack, ours, sizes)
    with psycopg.connect(stack.database_url, autocommit=True) as db:
        db.execute(f"DROP INDEX {SCHEMA}.bench_waiting")
    words = f"SELECT … FOR UPDATE SKIP LOCKED a conversation, {CONNECTIONS} connections"
    return [
        figure("assign_decisions", decisions, "assignments/s", words, peer),
        figure("assign_offers", offers, "assignments/s", words, peer),
    ]


def _tenant(db: psycopg.Connection[Any], sizes: Sizes) -> UUID:
    """A tenant with agents, queues and waiting conversations, written as they would be after a flood."""
    tenant = new_id()
    values: dict[str, Any] = {
        "tenant": tenant,
        "slug": f"bench-{tenant}",
        "agents": sizes.agents,
        "capacity": sizes.capacity,
        "queues": sizes.queues,
        "waiting": sizes.waiting,
    }
    statements = (
        "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (%(tenant)s, 'organization', 'Bench', %(slug)s, 0)",
        "INSERT INTO tenant_closure (ancestor_id, descendant_id, depth) VALUES (%(tenant)s, %(tenant)s, 0)",
        "INSERT INTO users (tenant_id, id, email, name, password_hash, roles) SELECT %(tenant)s, gen_random_uuid(), "
        "n || %(slug)s, 'Agent ' || n, '', '{support_agent}' FROM generate_series(1, %(agents)s) n",
        "INSERT INTO agents (tenant_id, id, kind, capacity) SELECT tenant_id, id, 'person', %(capacity)s FROM users "
        "WHERE tenant_id = %(tenant)s",
        "INSERT INTO queues (tenant_id, id, name, settings) SELECT %(tenant)s, gen_random_uuid(), 'Queue ' || n, '{}' "
        "FROM generate_series(1, %(queues)s) n",
        "INSERT INTO contacts (tenant_id, id, name) SELECT %(tenant)s, gen_random_uuid(), 'Person' "
        "FROM generate_series(1, %(waiting)s)",
        "INSERT INTO conversations (tenant_id, contact_id, status, queue_id, waiting_since, opened_at, last_at, priority) "
        "SELECT c.tenant_id, c.id, 'open', q.id, now() - c.n * interval '10 ms', now(), now(), c.n %% 4 - 1 "
        "FROM (SELECT *, row_number() OVER () AS n FROM contacts WHERE tenant_id = %(tenant)s) c "
        "JOIN (SELECT id, row_number() OVER () AS n FROM queues WHERE tenant_id = %(tenant)s) q "
        "ON q.n = c.n %% %(queues)s + 1",
    )
    for statement in statements:
        db.execute(statement, values)
    return tenant


_NEXT = """
    UPDATE conversations v SET assignee_id = %(agent)s, waiting_since = NULL, version = version + 1
    FROM (SELECT contact_id FROM conversations WHERE tenant_id = %(tenant)s AND queue_id = %(queue)s AND status = 'open'
          AND assignee_id IS NULL ORDER BY priority DESC, waiting_since LIMIT 1 FOR UPDATE SKIP LOCKED) n
    WHERE v.tenant_id = %(tenant)s AND v.contact_id = n.contact_id
"""


async def _peer(url: str, tenant: UUID, sizes: Sizes) -> float:
    """As many as the agents take, one transaction each, on connections that stay in the tenant's scope."""

    async def scoped(db: AsyncConnection[Any]) -> None:
        await db.execute(
            f"SELECT set_config('search_path', '{SCHEMA}', false), set_config('hub.read_tenants', '{{{tenant}}}', false), "
            f"set_config('hub.write_tenants', '{{{tenant}}}', false)"
        )
        await db.set_autocommit(True)

    wanted = sizes.agents * sizes.capacity
    async with AsyncConnectionPool(
        url,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        open=False,
        kwargs={"autocommit": True},
        configure=scoped,
    ) as pool:
        await pool.wait()
        async with pool.connection() as db:
            rows = await (await db.execute("SELECT id FROM queues")).fetchall()
        queues = [row[0] for row in rows]
        todo = iter(range(wanted))

        async def worker() -> None:
            async with pool.connection() as db:
                for number in todo:
                    values = {"tenant": tenant, "agent": new_id(), "queue": queues[number % len(queues)]}
                    done = await db.execute(_NEXT, values)
                    if done.rowcount != 1:
                        raise RuntimeError("there was nothing to assign")

        began = perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
        return wanted / (perf_counter() - began)


async def _router(stack: LocalStack, tenant: UUID, sizes: Sizes) -> float:
    """Offers a second, from the agents' coming to the last offer that is committed."""
    wanted = sizes.agents * sizes.capacity
    redis = Redis.from_url(stack.redis_url)
    people = People(redis)
    async with await AsyncConnection.connect(stack.database_url, autocommit=True) as db:
        await db.execute(f"SET search_path = {SCHEMA}")
        rows = await (await db.execute("SELECT id FROM users WHERE tenant_id = %s", (tenant,))).fetchall()
        # Somebody busy opens the floor: reading what waits is no part of an assignment.
        await people.come(tenant, rows[0][0], "busy")
        await asyncio.sleep(SETTLE_S)
        began = perf_counter()
        for first in range(0, len(rows), CONNECTIONS):
            some = rows[first : first + CONNECTIONS]
            await asyncio.gather(*(people.come(tenant, row[0], "online") for row in some))
        offered = "SELECT count(*) FROM conversations WHERE tenant_id = %s AND offered_to IS NOT NULL"
        while perf_counter() - began < PATIENCE_S:
            row = await (await db.execute(offered, (tenant,))).fetchone()
            if row is not None and row[0] >= wanted:
                await redis.aclose()
                return wanted / (perf_counter() - began)
            await asyncio.sleep(0.05)
    raise Unavailable("the router did not offer everything in time")
