"""Holds a second on one hot wallet: the writer with group commit against a row lock for every message.

Both sides do the same work on the same tables under the same constraints and row-level security: one row in `holds` and
the wallet's `held_micros`, committed before the answer. They take turns in rounds, so that both see the same machine.
`wallet_reservations` is measured inside one process; `wallet_reservations_ray` is what callers in another process get
from the real WalletHost, with one call for all holds of a batch, as conversations and campaigns ask.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection as PsycopgConnection
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from actors import runtime
from actors.mailbox import Mailbox
from actors.ports import Wallets
from actors.shell import calm_collector
from bench.common import figure, local_hub, talk
from cli.local.stack import LocalStack
from hub.billing import service
from hub.billing.holds import HoldAnswer, HoldRequest
from hub.billing.wallet import WalletWriter
from hub.ids import new_id
from hub.settings import Settings
from models import billing
from models.db import SCHEMA, Scope, app_url, insert_rows, make_engine, transaction

CONNECTIONS = 32
CALLERS = 2_000  # waiting callers, as a few campaigns and many conversations have them at once
BATCH_MAX = 500
BATCH_DELAY_MS = 2.0
PRICE_MICROS = 7_900
TTL_S = 900
FUNDS_MICROS = 10**15
REQUIRED_RATIO = 40.0

ASKERS = 4  # processes that hold a batch at the same time
ASK = 500


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds, seconds a round and side, settlements."""

    rounds: int
    seconds: float
    settlements: int


FULL = Sizes(5, 6.0, 50_000)
QUICK = Sizes(3, 2.0, 10_000)
Once = Callable[[], Awaitable[object]]


def measure_all(quick: bool) -> list[dict[str, Any]]:
    """Without Ray first, so that its processes take nothing from either side; then through the host."""
    sizes = QUICK if quick else FULL
    with local_hub(with_ray=False, with_gateway=False, with_carrier=False) as (stack, _):
        figures = asyncio.run(run(stack.database_url, stack.secret_key, sizes))
    with local_hub(with_gateway=False, with_carrier=False) as (stack, _):
        return [*figures, through_ray(stack, sizes.seconds)]


def through_ray(stack: LocalStack, seconds: float) -> dict[str, Any]:
    """Holds a second that reach the wallet through its actor, in batches, from a process of its own."""
    found = asyncio.run(talk("bench.wallet", {"seconds": seconds}, stack.env))
    return figure("wallet_reservations_ray", found["rate"], "holds/s")


async def _through_ray(settings: Settings, seconds: float) -> float:
    url = app_url(settings.database_url, settings.secret_key.get_secret_value())
    engine = make_engine(url, pool=2, application_name="parley bench")
    tenant = await _new_wallet(engine)
    runtime.connect(settings)
    wallets = Wallets(settings)

    async def once() -> None:
        requests = [HoldRequest(new_id(), "single", (PRICE_MICROS,), TTL_S) for _ in range(ASK)]
        answers = await wallets.hold(tenant, requests)
        if any(answer.state != "held" for answer in answers):
            raise RuntimeError("a hold was not taken")

    await once()
    rate = ASK * await _rate(once, ASKERS, seconds)
    await _verify(engine, tenant)
    await engine.dispose()
    runtime.shutdown()
    return rate


async def run(database_url: str, secret_key: str, sizes: Sizes) -> list[dict[str, Any]]:
    """The figures of the wallet benchmark, on a migrated database; leaves two tenants behind. Raises if money is off."""
    calm_collector()  # as every process does that hosts wallets; for the peer's connections it is the same process
    engine = make_engine(app_url(database_url, secret_key), pool=4, application_name="parley bench")
    ours, theirs = await _new_wallet(engine), await _new_wallet(engine)
    writer = WalletWriter(engine, ours)
    await writer.open()
    mailbox: Mailbox[HoldRequest, HoldAnswer] = Mailbox(
        writer.apply, batch_max=BATCH_MAX, delay_ms=BATCH_DELAY_MS, in_flight=2
    )
    url = app_url(database_url, secret_key).set(drivername="postgresql").render_as_string(hide_password=False)
    grouped, locked = [], []
    async with AsyncConnectionPool(
        url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False, configure=_scoped(theirs)
    ) as pool:
        await pool.wait()
        for seconds_of_round in [
            min(0.5, sizes.seconds),
            *[sizes.seconds] * sizes.rounds,
        ]:  # the first round warms both up
            locked.append(await _rate(lambda: _lock_and_hold(pool, theirs), CONNECTIONS, seconds_of_round))
            grouped.append(await _rate(lambda: _hold(mailbox), CALLERS, seconds_of_round))
    await mailbox.close()
    for tenant in (ours, theirs):
        await _verify(engine, tenant)
    settled = await _settlements(engine, writer, ours, sizes.settlements)
    await engine.dispose()
    value, baseline = median(grouped[1:]), median(locked[1:])
    peer = f"SELECT … FOR UPDATE a message, {CONNECTIONS} connections"
    return [
        figure("wallet_reservations", value, "holds/s", peer, baseline, at_least=REQUIRED_RATIO),
        figure("wallet_settlements", settled, "settlements/s"),
    ]


async def _new_wallet(engine: AsyncEngine) -> UUID:
    tenant = new_id()
    values = {"id": tenant, "slug": f"bench-{tenant}"}
    async with transaction(engine, Scope.of(tenant)) as db:
        await db.execute(
            text(
                "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (:id, 'organization', 'Bench', :slug, 0)"
            ),
            values,
        )
        await db.execute(
            text("INSERT INTO tenant_closure (ancestor_id, descendant_id, depth) VALUES (:id, :id, 0)"),
            values,
        )
        await service.ensure_wallet(db, tenant, "EUR")
        await service.top_up(db, tenant, new_id(), FUNDS_MICROS, "EUR")
    return tenant


async def _rate(once: Once, callers: int, seconds: float) -> float:
    """Calls a second of `callers` tasks that each call again as soon as they are answered."""
    done = 0
    begin = perf_counter()
    end = begin + seconds

    async def caller() -> None:
        nonlocal done
        while perf_counter() < end:
            await once()
            done += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (perf_counter() - begin)


async def _hold(mailbox: Mailbox[HoldRequest, HoldAnswer]) -> None:
    answer = await mailbox.ask(HoldRequest(new_id(), "single", (PRICE_MICROS,), TTL_S))
    if answer.state != "held":
        raise RuntimeError(f"a hold was {answer.state}")


def _scoped(tenant: UUID) -> Callable[[PsycopgConnection[Any]], Awaitable[None]]:
    """Connections that stay in the tenant's scope: the peer does not pay for setting it in every transaction."""

    async def configure(db: PsycopgConnection[Any]) -> None:
        await db.execute(
            f"SELECT set_config('search_path', '{SCHEMA}', false), set_config('hub.read_tenants', '{{{tenant}}}', false), "
            f"set_config('hub.write_tenants', '{{{tenant}}}', false)"
        )
        await db.commit()

    return configure


async def _lock_and_hold(pool: AsyncConnectionPool[PsycopgConnection[Any]], tenant: UUID) -> None:
    """The peer: lock the wallet, look, insert the hold, move held, commit; one message a transaction."""
    async with pool.connection() as db, db.transaction():
        row = await (
            await db.execute(
                "SELECT balance_micros + credit_limit_micros - held_micros FROM wallets WHERE tenant_id = %s FOR UPDATE",
                (tenant,),
            )
        ).fetchone()
        if row is None or row[0] < PRICE_MICROS:
            raise RuntimeError("a hold was refused")
        await db.execute(
            "INSERT INTO holds (tenant_id, id, kind, amount_micros, expires_at) "
            "VALUES (%s, %s, 'single', %s, now() + %s * interval '1 second')",
            (tenant, new_id(), PRICE_MICROS, TTL_S),
        )
        await db.execute(
            "UPDATE wallets SET held_micros = held_micros + %s, updated_at = now() WHERE tenant_id = %s",
            (PRICE_MICROS, tenant),
        )


async def _verify(engine: AsyncEngine, tenant: UUID) -> None:
    """Every answered hold is in the books, on both sides."""
    async with transaction(engine, Scope.of(tenant)) as db:
        wallet = await service.wallet_view(db, tenant)
        total = (await db.execute(text("SELECT sum(amount_micros) FROM holds"))).scalar_one()
    if wallet.held_micros != total:
        raise RuntimeError(f"held {wallet.held_micros}, holds {total}")


async def _settlements(engine: AsyncEngine, writer: WalletWriter, tenant: UUID, count: int) -> float:
    """Captures and releases a second, of one block hold after another, nine of ten captured."""
    taken = 0.0
    for _ in range(count // 5_000):
        block = HoldRequest(new_id(), "block", (PRICE_MICROS,) * 5_000, TTL_S)
        await writer.apply([block])
        rows = [
            {
                "tenant_id": tenant,
                "message_id": new_id(),
                "hold_id": block.hold_id,
                "kind": "release" if place % 10 == 0 else "capture",
                "amount_micros": PRICE_MICROS,
                "revenue_account": "revenue:sms",
            }
            for place in range(5_000)
        ]
        async with transaction(engine, Scope.of(tenant)) as db:
            await insert_rows(db, billing.settlements, rows)
        begin = perf_counter()
        done = await writer.settle()
        taken += perf_counter() - begin
        if (done.captures, done.releases) != (4_500, 500):
            raise RuntimeError(f"settled {done}")
    return count / taken


if __name__ == "__main__":
    asked = json.loads(sys.stdin.buffer.read())
    print(json.dumps({"rate": asyncio.run(_through_ray(Settings(), asked["seconds"]))}))
