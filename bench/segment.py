"""Segments at a million contacts and ten million events: how long a live count takes, beside the best SQL by hand.

Everything is measured as the application role under row-level security, through the same services that the API calls, in
rounds that take turns; a figure is the median of its rounds.

- `segment_count`: a segment of five rules counted live (fields loaded, condition checked, compiled, counted), beside the
  query that an expert would write for the same question, on the same connection with the same settings.
- `segment_ten`: the median over ten standard segments of the median time of their live count. Each stands below by name.
- `segment_reach`: the five rules counted by channel too.
- `contacts_page`: a page of the contact table at row 900,000 (after its landmark) beside the first page.
- `erasure`: one contact with everything it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bench.common import figure, local_hub, note
from bench.segment_data import Planted, Size, populate
from bench.segment_questions import BY_HAND, FIVE_RULES, standard
from hub.conditions.model import Group, read
from hub.contacts import service_erasure, service_listing
from hub.contacts.listing import Filter
from hub.contacts.segments import service, store
from hub.contacts.suppression import AddressHasher
from hub.tenancy.audit_log import Record
from models.db import Scope, app_url, make_engine, transaction

FULL, QUICK = Size(1_000_000, 10_000_000), Size(100_000, 1_000_000)
ROUNDS = 9
PAGE = 100
EVERY = 500
DEEP_SHARE = 0.9
ERASED = 5
COUNT_RATIO = 1.3
TEN_MS = 300.0
PAGE_RATIO = 1.3  # "no more than at row 1", with room for noise in a page of a millisecond or two
ERASURE_MS = 1_000.0

Once = Callable[[], Awaitable[Any]]


def measure_all(quick: bool) -> list[dict[str, Any]]:
    size = QUICK if quick else FULL
    with local_hub(with_ray=False, with_gateway=False, with_carrier=False) as (stack, settings):
        planted = populate(stack.database_url, size)
        url = app_url(stack.database_url, stack.secret_key)
        return asyncio.run(run(make_engine(url, pool=2, application_name="parley bench"), planted, settings))


async def run(engine: AsyncEngine, planted: Planted, settings: Any) -> list[dict[str, Any]]:
    """All figures, on a database that is populated."""
    bench = _Bench(engine, planted)
    try:
        return [
            await bench.count(),
            *await bench.ten(),
            await bench.reach(),
            await bench.page(),
            await bench.erasure(AddressHasher(settings.secret_key.get_secret_value())),
        ]
    finally:
        await engine.dispose()


@dataclass(frozen=True, slots=True)
class _Bench:
    engine: AsyncEngine
    planted: Planted

    @property
    def tenant(self) -> UUID:
        return self.planted.tenant

    async def _ms(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> tuple[float, Any]:
        """Milliseconds of a transaction with `work` in it, and what it gave."""
        began = perf_counter()
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            found = await work(db)
        return (perf_counter() - began) * 1000, found

    async def count(self) -> dict[str, Any]:
        note("five rules, beside SQL by hand")
        condition = read(FIVE_RULES)
        ours, by_hand = [], []
        for nth in range(ROUNDS + 1):
            now = datetime.now(UTC)
            took, counted = await self._ms(self._counting(condition, now))
            peer, number = await self._ms(self._by_hand(now))
            if counted.count != number:
                raise RuntimeError(f"the two disagree: {counted.count}, {number}")
            if nth:  # the first round warms both up
                ours.append(took)
                by_hand.append(peer)
        return figure(
            "segment_count",
            median(ours),
            "ms",
            "the best SQL by hand",
            median(by_hand),
            at_most=COUNT_RATIO,
        )

    def _counting(
        self, condition: Group, now: datetime, *, by_channel: bool = False
    ) -> Callable[[AsyncConnection], Awaitable[service.Counted]]:
        async def work(db: AsyncConnection) -> service.Counted:
            return await service.count(db, self.tenant, condition, now=now, by_channel=by_channel)

        return work

    def _by_hand(self, now: datetime) -> Callable[[AsyncConnection], Awaitable[int]]:
        async def work(db: AsyncConnection) -> int:
            await store.limit(db, timeout_ms=service.COUNT_TIMEOUT_MS, memory=service.COUNT_MEMORY)
            found = await db.execute(text(BY_HAND), {"tenant": self.tenant, "now": now})
            return int(found.scalar_one())

        return work

    async def ten(self) -> list[dict[str, Any]]:
        note("ten standard segments")
        conditions = {name: read(raw) for name, raw in standard(self.planted).items()}
        took: dict[str, list[float]] = {name: [] for name in conditions}
        members: dict[str, int] = {}
        for nth in range(ROUNDS + 1):
            for name, condition in conditions.items():
                ms, counted = await self._ms(self._counting(condition, datetime.now(UTC)))
                members[name] = counted.count
                if nth:
                    took[name].append(ms)
        each = {name: median(times) for name, times in took.items()}
        note("members: " + ", ".join(f"{name} {count:,}" for name, count in members.items()))
        return [
            figure("segment_ten", median(each.values()), "ms", value_at_most=TEN_MS),
            *(figure(f"segment_{name}", ms, "ms") for name, ms in each.items()),
        ]

    async def reach(self) -> dict[str, Any]:
        condition = read(FIVE_RULES)
        times = [
            (await self._ms(self._counting(condition, datetime.now(UTC), by_channel=True)))[0]
            for _ in range(ROUNDS)
        ]
        return figure("segment_reach", median(times), "ms")

    async def page(self) -> dict[str, Any]:
        note("the contact table at its end")

        async def marks(db: AsyncConnection) -> tuple[int, list[UUID]]:
            return await service_listing.landmarks(
                db, self.tenant, [self.tenant], Filter(), sort="-created", every=EVERY
            )

        _, (total, landmarks) = await self._ms(marks)
        deep = landmarks[int(total * DEEP_SHARE) // EVERY - 1]
        first, last = [], []
        for nth in range(ROUNDS * 5 + 1):
            begin, _ = await self._ms(self._page(None))
            end, _ = await self._ms(self._page(deep))
            if nth:
                first.append(begin)
                last.append(end)
        row = f"{int(total * DEEP_SHARE):,}"
        note(f"row {row}: {median(last):.2f} ms, row 1: {median(first):.2f} ms")
        return figure(
            "contacts_page", median(last), "ms", "the page at row 1", median(first), at_most=PAGE_RATIO
        )

    def _page(self, after: UUID | None) -> Callable[[AsyncConnection], Awaitable[Any]]:
        async def work(db: AsyncConnection) -> Any:
            rows, _ = await service_listing.page(
                db, self.tenant, [self.tenant], Filter(), sort="-created", after=after, limit=PAGE
            )
            if len(rows) != PAGE:
                raise RuntimeError(f"the page has {len(rows)} rows")
            return rows

        return work

    async def erasure(self, hasher: AddressHasher) -> dict[str, Any]:
        """Contacts with the most events: whoever has most to erase."""
        note("erasure")
        busiest = text(
            "SELECT contact_id FROM contact_events WHERE tenant_id = :tenant GROUP BY 1 ORDER BY count(*) DESC LIMIT :most"
        )
        times = []
        async with transaction(self.engine, Scope.of(self.tenant)) as db:
            people = (await db.execute(busiest, {"tenant": self.tenant, "most": ERASED})).scalars().all()
        for contact_id in people:

            async def work(db: AsyncConnection, contact_id: UUID = contact_id) -> Any:
                record = Record("system", "contact.erase", f"contact:{contact_id}", {})
                return await service_erasure.erase(
                    db, self.tenant, contact_id, reason="asked", hasher=hasher, record=record
                )

            times.append((await self._ms(work))[0])
        return figure("erasure", median(times), "ms", value_at_most=ERASURE_MS)
