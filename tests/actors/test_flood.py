"""A flood from one number: nothing of it is lost, and nobody else pays for it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
from redis.asyncio import Redis

from actors.messages import DONE
from hub.compliance.policy import FLOOD_PER_MINUTE
from hub.realtime import stream_key
from models.contacts import consents
from models.conversations import messages
from tests.actors.desk import Desk

FLOOD, AT_ONCE, OTHERS = 2_000, 400, 5


async def test_two_thousand_from_one_number_are_kept_and_the_others_are_served(
    desk: Desk, redis: Redis
) -> None:
    host: Any = desk.conversations()
    flooder = await desk.contact("+15550001")
    for batch in range(FLOOD // AT_ONCE):
        others = [await desk.contact(f"+1555100{batch}{number}") for number in range(OTHERS)]
        items = [desk.arrived(flooder, f"gossip {batch} {number}") for number in range(AT_ONCE)]
        place = AT_ONCE // 2
        items[place:place] = [desk.arrived(each, "order is late") for each in others]
        assert await host.receive(items) == [DONE] * len(items)
        assert host.classifiers.asked.pop().count("order is late") == OTHERS
        assert [(await desk.conversation(each)).queue_id for each in others] == [
            desk.queues["Orders"]
        ] * OTHERS

    kept = await desk.rows(messages, messages.c.contact_id == flooder, order=messages.c.id)
    assert [row.body for row in kept] == [
        f"gossip {batch} {number}" for batch in range(FLOOD // AT_ONCE) for number in range(AT_ONCE)
    ]
    assert sum(row.intent is not None for row in kept) == FLOOD_PER_MINUTE
    state = await desk.conversation(flooder)
    assert (state.unread, state.intent, state.queue_id) == (FLOOD, "gossip", desk.queues["General"])
    assert state.memo["burst"]["until"] is not None

    told: Counter[str] = Counter()
    entries: Any = await redis.xrange(stream_key(desk.tenant_id))
    for event in (orjson.loads(event) for _, fields in entries for event in fields.values()):
        told[event["type"]] += event["type"] != "conversation.updated"
    assert told["message.created"] == FLOOD_PER_MINUTE + OTHERS * FLOOD // AT_ONCE
    assert told["messages.arrived"] == FLOOD // AT_ONCE


async def test_no_automatic_answer_goes_to_a_flood_but_stop_is_obeyed(desk: Desk) -> None:
    host: Any = desk.conversations()
    flooder = await desk.contact("+15550001")
    items = [desk.arrived(flooder, "hours") for _ in range(100)]
    assert await host.receive(items) == [DONE] * 100
    answers = [body for direction, body, _ in await desk.thread(flooder) if direction == "out"]
    assert answers == ["9 to 19"] * FLOOD_PER_MINUTE
    assert await host.receive([desk.arrived(flooder, "STOP", line="whatsapp")]) == [DONE]
    assert [row.state for row in await desk.rows(consents, consents.c.contact_id == flooder)] == ["opted_out"]
