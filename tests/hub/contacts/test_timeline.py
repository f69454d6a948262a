"""Three sources, one order: every page has what a sort of everything would give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.contacts import service_timeline
from hub.contacts.service_timeline import Wanted
from hub.contacts.timeline import Place, decode, encode, id_bound, place_of_event, place_of_id, steps
from hub.errors import Invalid
from models.db import Scope, transaction
from tests.hub.contacts.people import make, message

START = datetime(2026, 3, 1, tzinfo=UTC)


def uuid7_at(at: datetime, random: Random) -> UUID:
    milliseconds = int(at.timestamp() * 1000)
    return UUID(
        int=milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)
    )


def test_a_bound_of_ids_divides_them_as_their_places_are_divided() -> None:
    random = Random(7)
    places: list[Place] = []
    ids: list[UUID] = []
    for _ in range(60):
        at = START + timedelta(microseconds=random.randrange(4_000))
        identifier = uuid7_at(at, random)
        ids.append(identifier)
        places += [
            place_of_id(identifier),
            place_of_event(at, uuid7_at(START + timedelta(milliseconds=random.randrange(9)), random)),
        ]
    for place in places:
        bound = id_bound(place)
        assert all((identifier < bound) == (place_of_id(identifier) < place) for identifier in ids)
        assert decode(encode(place), "before") == place


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "a" * 31, "a" * 33, "é"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        decode(cursor, "before")


async def plant(engine: AsyncEngine, tenant: UUID, count: int) -> UUID:
    random = Random(3)
    async with transaction(engine, Scope.of(tenant)) as db:
        contact = await make(db, tenant, "+447700900123", "Asha")
        for nth in range(count):
            at = START + timedelta(microseconds=random.randrange(count * 700))
            identifier = uuid7_at(at, random)
            values: dict[str, Any] = {"t": tenant, "c": contact, "id": identifier, "at": at}
            match nth % 3:
                case 0:
                    kind = "sms" if nth % 2 else "whatsapp"
                    await message(
                        db, tenant, contact, f"text {nth}", id=identifier, created_at=at, channel_kind=kind
                    )
                case 1:
                    sql = "INSERT INTO activities (tenant_id, contact_id, id, at, kind) VALUES (:t, :c, :id, :at, :kind)"
                    await db.execute(text(sql), values | {"kind": random.choice(["tags", "note", "consent"])})
                case _:
                    sql = "INSERT INTO contact_events (tenant_id, contact_id, id, at, name) VALUES (:t, :c, :id, :at, 'seen')"
                    await db.execute(text(sql), values)
    return contact


async def test_pages_up_and_down_are_one_list(engine: AsyncEngine, tenant: UUID) -> None:
    contact = await plant(engine, tenant, 120)

    async def page(**wanted: Any) -> service_timeline.Timeline:
        async with transaction(engine, Scope.of(tenant)) as db:
            return await service_timeline.page(db, [tenant], contact, Wanted(**wanted))

    whole = (await page(limit=200)).entries
    assert len(whole) == 120
    assert [entry.place for entry in whole] == sorted((entry.place for entry in whole), reverse=True)
    for limit in (1, 7, 50):
        walked, cursor, pages = [], "", []
        while True:
            found = await page(limit=limit, before=cursor)
            walked += found.entries
            pages.append(found)
            if found.older is None:
                break
            cursor = found.older
        assert [entry.place for entry in walked] == [entry.place for entry in whole]
        assert pages[0].newer is None
        up, cursor = list(pages[-1].entries), pages[-1].newer or ""
        while cursor:
            found = await page(limit=limit, after=cursor)
            up = [*found.entries, *up]
            cursor = found.newer or ""
        assert [entry.place for entry in up] == [entry.place for entry in whole]
    for kinds, channel in ((["message"], ""), (["note", "event"], ""), ([], "sms"), (["tags"], "")):
        found = (await page(limit=200, kinds=kinds, channel=channel)).entries
        wanted = [
            entry.place
            for entry in whole
            if (not kinds or entry.kind in kinds)
            and (not channel or (entry.kind == "message" and entry.row.channel_kind == channel))
        ]
        assert [entry.place for entry in found] == wanted
    middle = whole[60].place.moment
    around = await page(limit=5, around=middle)
    assert all(entry.place.moment <= middle for entry in around.entries)
    above = await page(limit=3, after=around.newer or "")
    assert [e.place for e in (*above.entries, *around.entries)] == [
        e.place for e in whole[whole_index(whole, above.entries[0].place) :][:8]
    ]


def whole_index(whole: list[Any], place: Place) -> int:
    return next(n for n, entry in enumerate(whole) if entry.place == place)


class Row:
    direction, status, created_at = "out", "read", START
    sent_at, delivered_at = START + timedelta(seconds=1), START + timedelta(seconds=2)
    read_at: datetime | None = START + timedelta(seconds=3)
    failed_at: datetime | None = None


def test_the_steps_of_a_message() -> None:
    row = Row()
    assert [step["status"] for step in steps(row)] == ["queued", "sent", "delivered", "read"]
    row.read_at, row.failed_at, row.status = None, START + timedelta(seconds=4), "undelivered"
    assert [step["status"] for step in steps(row)] == ["queued", "sent", "delivered", "undelivered"]
    row.direction = "in"
    assert [step["status"] for step in steps(row)] == ["received"]
