"""Rules of a segment hold for its members, as they are at the moment of the message."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hub.ids import encode_id, new_id
from hub.routing import store_rules
from hub.routing.rule import RuleList
from models.contacts import contact_tags
from models.db import Scope, insert_rows, transaction
from models.segments import segments
from tests.actors.desk import Desk
from tests.hub.routing.rules import asks, rule

VIP = {"combinator": "and", "not": False, "rules": [{"field": "tag", "operator": "has", "value": "vip"}]}
BROKEN = {"combinator": "and", "rules": [{"field": "attribute.gone", "operator": "=", "value": "x"}]}


async def segment_rule(desk: Desk, name: str, condition: object, queue: str) -> None:
    """Messages with the intent `order` of the segment's members go to `queue`."""
    segment_id = new_id()
    segment = {
        "tenant_id": desk.tenant_id,
        "id": segment_id,
        "name": name,
        "kind": "dynamic",
        "condition": condition,
    }
    first = rule(
        7,
        [asks("segment", "in", encode_id("seg", segment_id)), asks("message.intent", "=", "order")],
        {"type": "queue", "queue_id": desk.queues[queue]},
    )
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, segments, [segment])
        mine = await store_rules.own(db, desk.tenant_id)
        before = RuleList.model_validate(mine.document)
        rules = before.model_copy(update={"rules": (first, *before.rules)})
        await store_rules.save(db, desk.tenant_id, rules, mine.version, "system", datetime.now(UTC))


async def tag(desk: Desk, contact_id: UUID, name: str) -> None:
    row = {"tenant_id": desk.tenant_id, "tag": name, "contact_id": contact_id}
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, contact_tags, [row])


async def test_members_and_others_in_one_batch_go_different_ways(desk: Desk) -> None:
    await segment_rule(desk, "VIPs", VIP, "General")
    host = desk.conversations()
    member, other = await desk.contact("+15550001"), await desk.contact("+15550002")
    await tag(desk, member, "vip")
    await host.receive([desk.arrived(member, "order 1"), desk.arrived(other, "order 2")])
    assert (await desk.conversation(member)).queue_id == desk.queues["General"]
    assert (await desk.conversation(other)).queue_id == desk.queues["Orders"]


async def test_membership_is_asked_at_each_message(desk: Desk) -> None:
    await segment_rule(desk, "VIPs", VIP, "General")
    host = desk.conversations()
    first, later = await desk.contact("+15550001"), await desk.contact("+15550002")
    await host.receive([desk.arrived(first, "order 1")])
    await tag(desk, later, "vip")
    await host.receive([desk.arrived(later, "order 2")])
    assert (await desk.conversation(first)).queue_id == desk.queues["Orders"]
    assert (await desk.conversation(later)).queue_id == desk.queues["General"]


async def test_a_segment_that_cannot_be_asked_has_no_members(desk: Desk) -> None:
    await segment_rule(desk, "Broken", BROKEN, "General")
    contact = await desk.contact("+15550001")
    (answer,) = await desk.conversations().receive([desk.arrived(contact, "order 1")])
    assert answer == "done"
    assert (await desk.conversation(contact)).queue_id == desk.queues["Orders"]
