"""What screens hear of flows that moved."""

from __future__ import annotations

import orjson

from cli.demo import workspace as ws
from hub.conversations.state import Conversation, Turn
from hub.ids import encode_id
from hub.realtime import stream_key
from tests.actors.desk import Desk


async def test_a_flow_that_moved_is_told_once_for_many_turns(desk: Desk) -> None:
    host = desk.conversations()
    flow = await ws.ensure_flow(
        desk.engine,
        desk.tenant_id,
        "Questions",
        {
            "spec_version": 2,
            "nodes": [
                {
                    "id": "start",
                    "type": "start",
                    "data": {"trigger": {"kind": "keyword", "words": ["go"]}},
                },
                {"id": "ask", "type": "ask"},
                {"id": "again", "type": "ask"},
            ],
            "edges": [
                {"source": "start", "target": "ask"},
                {"source": "ask", "port": "answer", "target": "again"},
            ],
        },
    )
    contacts = [await desk.contact(number) for number in ("+15550001", "+15550002")]
    for text in ("go", "well"):
        await host.receive([desk.arrived(contact, text) for contact in contacts])

    async def told() -> list[object]:
        entries = await host.redis.xrange(stream_key(desk.tenant_id))
        events = [orjson.loads(value) for _, fields in entries for value in fields.values()]
        return [event for event in events if event["type"] == "flows.moved"]

    assert await told() == []
    await host.flow_news.tell()
    await host.flow_news.tell()
    assert await told() == [{"type": "flows.moved", "flow_ids": [encode_id("flw", flow)]}]
    host.flow_news.note([Turn(Conversation(desk.tenant_id, contacts[0]))])
    await host.flow_news.tell()
    assert len(await told()) == 1, "a turn without a flow tells nothing"
