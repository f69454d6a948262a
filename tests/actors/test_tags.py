"""Rules that tag a conversation and tell a webhook, over a real host and database."""

from __future__ import annotations

from typing import Any

import orjson

from actors.messages import DONE
from hub.conversations import store
from hub.conversations.desk import SetTags
from hub.ids import encode_id, new_id
from models.db import Scope, transaction
from models.webhooks import webhook_deliveries, webhook_endpoints
from tests.actors.desk import Desk
from tests.actors.test_conversation import now
from tests.actors.test_routing_rules import set_rules
from tests.hub.routing.rules import keyword, queue, rule


async def test_a_rule_tags_and_tells_and_people_find_by_tag(desk: Desk) -> None:
    hook = new_id()
    row = {
        "tenant_id": desk.tenant_id,
        "id": hook,
        "url": "https://crm.example/hooks",
        "events": ["message.failed"],
    }
    made = rule(
        1,
        [keyword("refund")],
        {"type": "tag", "tag": "money", "on": "conversation"},
        {"type": "webhook", "endpoint_id": hook},
        queue(desk.queues["Orders"]),
    )
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(webhook_endpoints.insert().values(**row, secrets=b""))
    await set_rules(desk, made)

    host: Any = desk.conversations()
    asked, other = await desk.contact("+15550001"), await desk.contact("+15550002")
    assert await host.receive([desk.arrived(asked, "refund"), desk.arrived(other, "gossip")]) == [DONE, DONE]
    (delivery,) = await desk.rows(webhook_deliveries)
    data = orjson.loads(delivery.body)["data"]
    assert (delivery.endpoint_id, delivery.event, delivery.state) == (hook, "rule.matched", "pending")
    assert (data["rule"]["name"], data["message"]["body"]) == (made.name, "refund")
    assert data["conversation"]["id"] == encode_id("cnv", asked)

    await host.receive([desk.command(other, SetTags(("money", "vip"), (), now(), "user"))])
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        found = {
            tag: {state.contact_id for state in await store.page(db, desk.tenant_id, status=None, tag=tag)}
            for tag in ("money", "vip", "none")
        }
        counts = await store.tag_counts(db, desk.tenant_id, 10)
    assert found == {"money": {asked, other}, "vip": {other}, "none": set()}
    assert [tuple(each) for each in counts] == [("money", 2, 2), ("vip", 1, 1)]
