"""Messages are found by their words: several languages, filters, pages, one's own tenant alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from actors.search_work import SearchWork
from hub.clock import FrozenClock
from hub.ids import id_of_moment, new_id
from hub.search import store
from hub.search.words import words_of
from models.conversations import messages
from models.db import Scope, insert_rows, transaction
from models.search import message_terms, search_marks
from tests.actors.desk import Desk

BODIES = {
    "order": "Where is my ORDER number 4711?",
    "orders": "two orders are late",
    "german": "Die Rückerstattung für Straße 5 fehlt",
    "french": "Où est ma commande à l'école",
    "chinese": "我的订单在哪里",
    "thai": "สินค้าของฉันอยู่ที่ไหน",
    "russian": "Где мой ЗАКАЗ",
    "mail": "write to ann.lee@example.com please",
}


async def write(desk: Desk, body: str, at: datetime | None = None, **more: Any) -> UUID:
    message_id = UUID(int=id_of_moment(at).int | (new_id().int & (2**80 - 1))) if at else new_id()
    row = {
        "tenant_id": desk.tenant_id,
        "id": message_id,
        "contact_id": await desk.contact("+15550001"),
        "channel_id": desk.sms.channel_id,
        "channel_kind": "sms",
        "direction": "in",
        "origin": "contact",
        "address": "+15550001",
        "body": body,
        "status": "received",
    } | more
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, messages, [row])
    return message_id


async def find(desk: Desk, query: str, scope: Scope | None = None, **more: Any) -> list[str]:
    asked: dict[str, Any] = {
        "channel": None,
        "direction": None,
        "since": None,
        "until": None,
        "after": None,
        "limit": 50,
    } | more
    async with transaction(desk.engine, scope or Scope.of(desk.tenant_id)) as db:
        return [row.body for row in await store.find(db, desk.tenant_id, words_of(query), **asked)]


@pytest.fixture
def work(desk: Desk) -> SearchWork:
    return SearchWork(desk.engine)


async def test_messages_of_many_languages_are_found_by_the_beginnings_of_their_words(
    desk: Desk, work: SearchWork
) -> None:
    for body in BODIES.values():
        await write(desk, body)
    await write(desk, "our order of the week", origin="campaign", direction="out")
    assert await find(desk, "order") == []
    await work.fill()
    for query, names in {
        "order": ["orders", "order"],
        "ORDER num": ["order"],
        '"my order"': ["order"],
        '"order my"': [],
        "ruckerst": ["german"],
        "ecole ou": ["french"],
        "订单": ["chinese"],
        "单订": [],
        "ของฉัน": ["thai"],
        "заказ": ["russian"],
        "ann.lee@example.com": ["mail"],
        "4711": ["order"],
        "order missing": [],
        "' | ! & :* ) (": [],
    }.items():
        assert await find(desk, query) == [BODIES[name] for name in names], query
    assert await find(desk, "order", scope=Scope.of(new_id())) == []  # the function keeps to the scope


async def test_filters_and_pages(desk: Desk, work: SearchWork) -> None:
    day = datetime(2026, 1, 2, tzinfo=UTC)
    ids = [
        await write(
            desk,
            f"parcel {number}",
            day + timedelta(days=number),
            channel_kind="sms" if number % 2 else "whatsapp",
            direction="in" if number < 2 else "out",
        )
        for number in range(4)
    ]
    await work.fill()
    assert await find(desk, "parcel", limit=2) == ["parcel 3", "parcel 2"]
    assert await find(desk, "parcel", limit=2, after=ids[2]) == ["parcel 1", "parcel 0"]
    assert await find(desk, "parcel", channel="sms", direction="in") == ["parcel 1"]
    between = {"since": day + timedelta(days=1), "until": day + timedelta(days=3)}
    assert await find(desk, "parcel", **between) == ["parcel 2", "parcel 1"]


async def test_the_mark_moves_on_and_leaves_nothing_behind(desk: Desk) -> None:
    clock = FrozenClock(datetime.now(UTC))
    work = SearchWork(desk.engine, clock)
    await write(desk, "first")
    await work.fill()
    assert await desk.count(message_terms) == 1
    (mark,) = await desk.rows(search_marks)
    await write(
        desk, "late but not too late", clock.now() - timedelta(seconds=60)
    )  # committed after younger ones
    clock.advance(timedelta(seconds=30))
    await work.fill()
    assert await find(desk, "late") == ["late but not too late"]
    (moved,) = await desk.rows(search_marks)
    assert moved.upto > mark.upto
