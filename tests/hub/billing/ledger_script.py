"""Money tests as a table. One line is one request, its result, and the wallet after it:

    hold    h1  12.00        -> held     | 10.00  3.00  12.00      (balance, available, held)

Amounts are in main units. Names stand for ids, the same name for the same id. Commands:

    top_up  NAME AMOUNT [TAX]         booked | exists | conflict | invalid
    limit   AMOUNT                    set
    hold    NAME AMOUNT               held | exists | refused | conflict | expired
    block   NAME COUNT x AMOUNT       the same, and how many were granted; `part` after it: any prefix will do
    capture HOLD[/MESSAGE] AMOUNT     captured | late | captured+late | nothing
    release HOLD[/MESSAGE] AMOUNT     released | nothing
    owe     capture|release HOLD[/MESSAGE] AMOUNT      waiting: like the two above, but nothing is booked yet
    settle                            how many rows were taken
    age     HOLD                      aged: its time is over
    expire                            how many holds ended
    close   HOLD                      what went back
    take_over                         taken: another writer opens the wallet

The audit's money checks run after every line.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.billing import service
from hub.billing.audit import Finding, audit
from hub.billing.holds import HoldAnswer, HoldRequest
from hub.billing.store import Settled
from hub.billing.wallet import WalletWriter, WriterFenced
from hub.errors import Conflict, Invalid
from hub.money import format_micros, parse_micros
from models import billing
from models.db import Scope, insert_rows, transaction

MONEY_CHECKS = {"I1", "I2", "I3", "I4", "I5", "I6", "I11", "I13"}


def named(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


async def owe(engine: AsyncEngine, tenant: UUID, kind: str, hold: UUID, message: UUID, micros: int) -> None:
    """What a sender writes when a message's fate is known."""
    row = {
        "tenant_id": tenant,
        "message_id": message,
        "hold_id": hold,
        "kind": kind,
        "amount_micros": micros,
        "revenue_account": "revenue:sms",
    }
    async with transaction(engine, Scope.of(tenant)) as db:
        await insert_rows(db, billing.settlements, [row])


async def money_findings(engine: AsyncEngine) -> list[Finding]:
    """The audit without the checks that need messages, which money tests do not write."""
    return [finding for finding in await audit(engine) if finding.code in MONEY_CHECKS]


class Ledger:
    """A wallet under test."""

    def __init__(self, engine: AsyncEngine, tenant: UUID) -> None:
        self.engine = engine
        self.tenant = tenant
        self.writer = WalletWriter(engine, tenant)

    async def open(self, currency: str = "EUR") -> Ledger:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            await service.ensure_wallet(db, self.tenant, currency)
        await self.writer.open()
        return self

    async def check(self, script: str) -> None:
        """Run the lines of `script`; the first that differs fails with the line it should have been."""
        for line in filter(None, map(str.strip, script.splitlines())):
            request, _, expected = (part.strip() for part in line.partition("->"))
            wanted_result, _, wanted_wallet = (part.strip() for part in expected.partition("|"))
            command, *words = request.split()
            result = await getattr(self, f"_{command}")(*words)
            wallet = await self.wallet()
            assert (result, wallet) == (wanted_result, wanted_wallet.split()), (
                f"{line}\n   was: -> {result} | {wallet}"
            )
            assert await money_findings(self.engine) == [], line

    async def wallet(self) -> list[str]:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            state = await service.wallet_view(db, self.tenant)
        amounts = (state.balance_micros, state.available_micros, state.held_micros)
        return [_short(micros) for micros in amounts] + ["overdrawn"] * state.overdrawn

    async def _top_up(self, name: str, amount: str, tax: str = "0") -> str:
        try:
            done = await self.writer.top_up(named(name), parse_micros(amount), "EUR", parse_micros(tax))
        except Conflict:
            return "conflict"
        except Invalid:
            return "invalid"
        return "exists" if done.replayed else "booked"

    async def _limit(self, amount: str) -> str:
        await self.writer.set_credit_limit(parse_micros(amount))
        return "set"

    async def _hold(self, name: str, amount: str) -> str:
        return (await self.ask(HoldRequest(named(name), "single", (parse_micros(amount),), 900))).state

    async def _block(self, name: str, count: str, _: str, amount: str, part: str = "") -> str:
        answer = await self.ask(
            HoldRequest(named(name), "block", (parse_micros(amount),) * int(count), 900, bool(part))
        )
        return f"{answer.state} {answer.granted}"

    async def ask(self, request: HoldRequest) -> HoldAnswer:
        return (await self.writer.apply([request]))[0]

    async def _owe(self, kind: str, path: str, amount: str) -> str:
        hold, _, message = path.partition("/")
        await owe(self.engine, self.tenant, kind, named(hold), named(message or hold), parse_micros(amount))
        return "waiting"

    async def _capture(self, path: str, amount: str) -> str:
        await self._owe("capture", path, amount)
        return _settled(await self.writer.settle())

    async def _release(self, path: str, amount: str) -> str:
        await self._owe("release", path, amount)
        return _settled(await self.writer.settle())

    async def _settle(self) -> str:
        return str((await self.writer.settle()).drained)

    async def _age(self, name: str) -> str:
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            statement = text("UPDATE holds SET expires_at = now() - interval '1 second' WHERE id = :id")
            await db.execute(statement, {"id": named(name)})
        return "aged"

    async def _expire(self) -> str:
        return str((await self.writer.expire()).holds)

    async def _close(self, name: str) -> str:
        return _short(await self.writer.close_block(named(name)))

    async def _take_over(self) -> str:
        before = self.writer
        self.writer = WalletWriter(self.engine, self.tenant)
        await self.writer.open()
        try:
            await before.apply([HoldRequest(named("too late"), "single", (1,), 900)])
        except WriterFenced:
            return "taken"
        return "both write"


def _settled(done: Settled) -> str:
    words: Sequence[tuple[str, int]] = (
        ("captured", done.captures),
        ("late", done.late),
        ("released", done.releases),
    )
    return "+".join(word for word, count in words if count) or "nothing"


def _short(micros: int) -> str:
    """12.500000 to 12.50: cut after the cents where nothing follows."""
    return format_micros(micros).removesuffix("0000")
