"""The wallet's writer under concurrency, crashes and lost answers, and as a property of random histories."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hub.billing import service, wallet
from hub.billing.holds import HoldAnswer, HoldRequest, StoredHold, decide
from hub.billing.wallet import WalletWriter, WriterFenced
from hub.errors import Invalid, NotFound
from hub.ids import new_id
from models import billing
from models.db import Scope, admin_url, insert_rows, transaction
from tests.hub.billing.ledger_script import Ledger, money_findings, named, owe

UNIT = 1_000_000


async def funded(engine: AsyncEngine, tenant: UUID, micros: int = 100 * UNIT) -> Ledger:
    ledger = await Ledger(engine, tenant).open()
    await ledger.writer.top_up(new_id(), micros, "EUR")
    return ledger


async def states(engine: AsyncEngine, tenant: UUID) -> tuple[int, int]:
    async with transaction(engine, Scope.of(tenant)) as db:
        seen = await service.wallet_view(db, tenant)
    return seen.balance_micros, seen.held_micros


def single(micros: int, hold_id: UUID | None = None) -> HoldRequest:
    return HoldRequest(hold_id or new_id(), "single", (micros,), 900)


async def test_a_batch_is_answered_in_order(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await funded(engine, tenant, 10 * UNIT)
    first, second = single(6 * UNIT), single(5 * UNIT)
    other = HoldRequest(first.hold_id, "single", (1,), 900)
    batch = [first, second, first, other, single(4 * UNIT)]
    answers = await ledger.writer.apply(batch)
    assert [answer.state for answer in answers] == ["held", "refused", "exists", "conflict", "held"]
    assert [answer.hold_id for answer in answers] == [request.hold_id for request in batch]
    assert [answer.available_micros for answer in answers] == [4 * UNIT] * 4 + [0]
    assert await ledger.writer.apply([]) == []
    assert await states(engine, tenant) == (10 * UNIT, 10 * UNIT)


async def test_b29_a_campaign_block(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await funded(engine, tenant)
    block = HoldRequest(new_id(), "block", (15_800,) * 5_000, 3_600)
    answer = await ledger.ask(block)
    assert (answer.state, answer.granted, answer.held_micros) == ("held", 5_000, 79_000_000)
    rows = [
        {
            "tenant_id": tenant,
            "message_id": new_id(),
            "hold_id": block.hold_id,
            "kind": "capture",
            "amount_micros": 15_800,
            "revenue_account": "revenue:sms",
        }
        for _ in range(4_200)
    ]
    async with transaction(engine, Scope.of(tenant)) as db:
        await insert_rows(db, billing.settlements, rows)
    first = await ledger.writer.settle(4_000)
    second = await ledger.writer.settle(4_000)
    assert (first.drained, second.drained) == (4_000, 200)
    assert first.captured_micros + second.captured_micros == 66_360_000
    assert await ledger.writer.close_block(block.hold_id) == 12_640_000
    assert await states(engine, tenant) == (100 * UNIT - 66_360_000, 0)
    assert await money_findings(engine) == []


async def test_partial_grants_take_the_prefix_and_free_messages_cost_nothing(
    engine: AsyncEngine, tenant: UUID
) -> None:
    ledger = await funded(engine, tenant, 10)
    answer = await ledger.ask(HoldRequest(new_id(), "block", (0, 4, 0, 5, 2, 0, 1), 60, True))
    assert (answer.state, answer.granted, answer.held_micros, answer.available_micros) == ("held", 4, 9, 1)
    answer = await ledger.ask(HoldRequest(new_id(), "block", (0, 2, 1), 60, True))
    assert (answer.state, answer.granted, answer.held_micros) == ("held", 1, 0)
    answer = await ledger.ask(HoldRequest(new_id(), "block", (2, 0), 60, True))
    assert (answer.state, answer.granted) == ("refused", 0)


async def test_200_parallel_holds_of_the_last_unit(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await funded(engine, tenant, UNIT)
    answers = await asyncio.gather(*(ledger.ask(single(UNIT)) for _ in range(200)))
    assert sorted(answer.state for answer in answers) == ["held"] + ["refused"] * 199
    assert await states(engine, tenant) == (UNIT, UNIT)


async def test_one_of_two_writers_survives(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await funded(engine, tenant, UNIT)
    rival = WalletWriter(engine, tenant)

    async def insist(writer: WalletWriter) -> list[HoldAnswer]:
        held = []
        for _ in range(20):
            try:
                held += await writer.apply([single(UNIT // 10)])
            except WriterFenced:
                await writer.open()
        return held

    await rival.open()
    answers = chain.from_iterable(await asyncio.gather(insist(ledger.writer), insist(rival)))
    assert sum(answer.state == "held" for answer in answers) == 10
    assert await states(engine, tenant) == (UNIT, UNIT)


async def test_a_writer_must_be_open_and_have_a_wallet(engine: AsyncEngine, tenant: UUID) -> None:
    writer = WalletWriter(engine, tenant)
    with pytest.raises(WriterFenced):
        await writer.apply([single(1)])
    with pytest.raises(NotFound):
        await writer.open()


async def test_a_connection_killed_inside_the_transaction(
    engine: AsyncEngine, tenant: UUID, database_url: str
) -> None:
    ledger = await funded(engine, tenant)
    admin = create_async_engine(admin_url(database_url))
    request = single(7 * UNIT)
    try:
        async with admin.connect() as blocker, admin.connect() as killer:
            await blocker.execute(
                text("SELECT 1 FROM app.wallets WHERE tenant_id = :t FOR UPDATE"), {"t": tenant}
            )
            asked = asyncio.create_task(ledger.ask(request))
            await kill_a_waiting_backend(killer)
            await blocker.rollback()
            assert (await asked).state == "held"
    finally:
        await admin.dispose()
    assert await states(engine, tenant) == (100 * UNIT, 7 * UNIT)


async def kill_a_waiting_backend(db: AsyncConnection) -> None:
    """End the one backend of the application that waits for a row lock; wait until there is one."""
    statement = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND usename = 'hub_app' AND wait_event_type = 'Lock'"
    )
    while not (await db.execute(statement)).all():
        await db.rollback()
        await asyncio.sleep(0.01)


def lose_answers(monkeypatch: pytest.MonkeyPatch, *, noticed: bool) -> list[int]:
    """The next commit succeeds, but its answer is lost. `noticed`: the driver knows that the connection broke."""
    lost = [0]

    @asynccontextmanager
    async def forgetful(engine: AsyncEngine, scope: Scope) -> AsyncIterator[AsyncConnection]:
        async with transaction(engine, scope) as db:
            yield db
        if not lost[0]:
            lost[0] = 1
            raise OperationalError("COMMIT", {}, ConnectionError("gone"), connection_invalidated=noticed)

    monkeypatch.setattr(wallet, "transaction", forgetful)
    return lost


async def test_a_lost_commit_is_asked_again_by_the_writer(
    engine: AsyncEngine, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await funded(engine, tenant)
    batch = [single(UNIT), HoldRequest(new_id(), "block", (UNIT,) * 3, 60)]
    lost = lose_answers(monkeypatch, noticed=True)
    answers = await ledger.writer.apply(batch)
    assert lost == [1]
    assert [(answer.state, answer.granted, answer.held_micros) for answer in answers] == [
        ("exists", 1, UNIT),
        ("exists", 3, 3 * UNIT),
    ]
    assert await states(engine, tenant) == (100 * UNIT, 4 * UNIT)


async def test_a_blind_retry_of_an_unknown_batch_changes_nothing(
    engine: AsyncEngine, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await funded(engine, tenant)
    batch = [single(UNIT), single(2 * UNIT)]
    lose_answers(monkeypatch, noticed=False)
    with pytest.raises(DBAPIError):
        await ledger.writer.apply(batch)
    assert {answer.state for answer in await ledger.writer.apply(batch)} == {"exists"}
    await owe(engine, tenant, "capture", batch[0].hold_id, batch[0].hold_id, UNIT)
    lose_answers(monkeypatch, noticed=False)
    with pytest.raises(DBAPIError):
        await ledger.writer.settle()
    assert (await ledger.writer.settle()).drained == 0
    source = new_id()
    lose_answers(monkeypatch, noticed=True)
    assert (await ledger.writer.top_up(source, UNIT, "EUR")).replayed
    assert await states(engine, tenant) == (100 * UNIT, 2 * UNIT)
    assert await money_findings(engine) == []


async def test_the_audit_is_clean_while_money_moves(engine: AsyncEngine, tenant: UUID) -> None:
    ledger = await funded(engine, tenant)

    async def spend() -> None:
        for _ in range(15):
            batch = [single(1_000) for _ in range(20)]
            await ledger.writer.apply(batch)
            for request in batch[:5]:
                await owe(engine, tenant, "capture", request.hold_id, request.hold_id, 1_000)

    async def settle() -> None:
        for _ in range(15):
            await ledger.writer.settle()
            await ledger.writer.expire()

    async def look() -> list[Any]:
        return [finding for _ in range(5) for finding in await money_findings(engine)]

    found = await asyncio.gather(look(), spend(), settle(), spend())
    assert found[0] == []


async def test_requests_are_checked_and_travel(engine: AsyncEngine) -> None:
    good = HoldRequest(new_id(), "block", (1, 2), 60, True)
    assert pickle.loads(pickle.dumps(good)) == good
    answer = HoldAnswer(good.hold_id, "held", 2, 3, 4)
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert pickle.loads(pickle.dumps(WriterFenced("x"))).code == "writer-fenced"
    for kind, amounts, ttl in (
        ("single", (1, 2), 60),
        ("single", (), 60),
        ("block", (), 60),
        ("block", (-1,), 60),
        ("block", (1,), 0),
        ("other", (1,), 60),
        ("block", (2**62, 2**62), 60),
    ):
        with pytest.raises(Invalid):
            HoldRequest(new_id(), kind, amounts, ttl)  # type: ignore[arg-type]


def test_an_overdrawn_wallet_grants_only_what_is_free() -> None:
    decision = decide(5, True, {}, [single(1), single(0)])
    assert [answer.state for answer in decision.answers] == ["refused", "held"]


@pytest.mark.parametrize(
    ("state", "captured", "answer"),
    [
        ("open", 0, "exists"),
        ("captured", 5, "exists"),
        ("closed", 5, "exists"),
        ("closed", 0, "expired"),
        ("voided", 0, "expired"),
        ("expired", 5, "expired"),
    ],
)
def test_a_repeated_request_after_its_hold_ended(state: str, captured: int, answer: str) -> None:
    request = single(9)
    stored = StoredHold(request.hold_id, state, request.fingerprint(), 1, 9, captured)
    assert decide(100, False, {request.hold_id: stored}, [request]).answers[0].state == answer


HOLDS = st.sampled_from(["s1", "s2", "b1", "b2"])
MESSAGES = st.sampled_from(["m1", "m2", "m3"])
PRICES = {"s1": 700, "s2": 0, "b1": 300, "b2": 450}
STEPS = st.one_of(
    st.tuples(st.just("hold"), HOLDS, st.booleans()),
    st.tuples(st.sampled_from(["capture", "release"]), HOLDS, MESSAGES),
    st.tuples(st.just("settle"), st.integers(1, 4)),
    st.tuples(st.sampled_from(["age", "close"]), HOLDS),
    st.tuples(st.sampled_from(["expire", "take_over"])),
    st.tuples(st.just("top_up"), st.integers(1, 900)),
    st.tuples(st.just("limit"), st.integers(0, 900)),
)


async def new_tenant(engine: AsyncEngine) -> UUID:
    tenant = new_id()
    async with transaction(engine, Scope.of(tenant)) as db:
        values = {"id": tenant, "slug": str(tenant)}
        await db.execute(
            text(
                "INSERT INTO tenants (id, kind, name, slug, depth) VALUES (:id, 'organization', 'T', :slug, 0)"
            ),
            values,
        )
        await db.execute(text("INSERT INTO tenant_closure VALUES (:id, :id, 0)"), values)
    return tenant


async def play(ledger: Ledger, step: tuple[Any, ...], charged: dict[UUID, int]) -> None:
    """Carry out one random step; note in `charged` what has been asked to be captured."""
    match step:
        case ("hold", name, partial):
            kind = "single" if name[0] == "s" else "block"
            amounts = (PRICES[name],) * (1 if kind == "single" else 3)
            await ledger.ask(HoldRequest(named(name), kind, amounts, 900, partial))  # type: ignore[arg-type]
        case ("capture" | "release" as kind, name, message):
            about = named(name if name[0] == "s" else name + message)
            try:
                await owe(ledger.engine, ledger.tenant, kind, named(name), about, PRICES[name])
            except DBAPIError:  # one settlement of a message at a time
                return
            if kind == "capture":
                charged[about] = PRICES[name]
        case ("settle", most):
            await ledger.writer.settle(most)
        case ("top_up", micros):
            await ledger.writer.top_up(new_id(), micros, "EUR")
        case ("limit", micros):
            await ledger.writer.set_credit_limit(micros)
        case (command, *names):
            await getattr(ledger, f"_{command}")(*names)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=30))
async def test_random_histories_keep_the_books(engine: AsyncEngine, steps: list[tuple[Any, ...]]) -> None:
    ledger = await Ledger(engine, await new_tenant(engine)).open()
    paid_in = 2_000
    await ledger.writer.top_up(new_id(), paid_in, "EUR")
    charged: dict[UUID, int] = {}
    for step in steps:
        await play(ledger, step, charged)
        paid_in += step[1] if step[0] == "top_up" else 0
    while (await ledger.writer.settle()).drained:
        pass
    assert await money_findings(engine) == []
    balance, _ = await states(engine, ledger.tenant)
    assert paid_in - balance == sum(charged.values())
