"""Rules over what is known of contacts, of queues and of the time, in a batch of messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from actors.messages import Arrived
from cli.demo import workspace as ws
from hub import directory
from hub.contacts.contact import NewContact
from hub.ids import encode_id, id_of_moment, new_id
from hub.routing import store_rules
from hub.routing.rule import Rule, RuleList
from models.contacts import contact_events, contacts
from models.conversations import messages
from models.db import Scope, insert_rows, transaction
from models.tenancy import users
from tests.actors.desk import Desk
from tests.hub.routing.rules import asks, queue, rule


async def set_rules(desk: Desk, *rules: Rule) -> None:
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        row = await store_rules.own(db, desk.tenant_id)
        document = RuleList(rules=rules, fallback_queue_id=desk.queues["General"])
        assert await store_rules.save(db, desk.tenant_id, document, row.version, "system", datetime.now(UTC))


async def went(desk: Desk, host: Any, contact_id: UUID, text: str = "hi there") -> tuple[str, int]:
    """(the queue's name, the priority) after a message."""
    (answer,) = await host.receive([desk.arrived(contact_id, text)])
    assert answer == "done"
    row = await desk.conversation(contact_id)
    names = {key: name for name, key in desk.queues.items()}
    return names[row.queue_id], row.priority


async def test_what_is_known_of_the_writers_decides_in_one_batch(desk: Desk) -> None:
    now = datetime.now(UTC)
    campaign_id = new_id()
    buyer, answering, other = [await desk.contact(f"+1555000{n}") for n in (1, 2, 3)]
    sent = {
        "tenant_id": desk.tenant_id,
        "id": id_of_moment(now - timedelta(hours=1)),
        "contact_id": answering,
        "channel_id": desk.sms.channel_id,
        "channel_kind": "sms",
        "direction": "out",
        "origin": "campaign",
        "origin_id": campaign_id,
        "address": "+15550002",
        "body": "Hello",
        "status": "delivered",
    }
    event = {
        "tenant_id": desk.tenant_id,
        "contact_id": buyer,
        "id": id_of_moment(now - timedelta(days=1)),
        "name": "bought",
        "at": now - timedelta(days=1),
        "properties": {"total": 250},
    }
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, messages, [sent])
        await insert_rows(db, contact_events, [event])
    big = {
        "at_least": 1,
        "within": {"amount": 7, "unit": "days"},
        "where": [{"property": "total", "operator": ">", "value": 200}],
    }
    await set_rules(
        desk,
        rule(1, [asks("event.bought", "happened", big)], queue(desk.queues["Orders"], 2)),
        rule(
            2,
            [asks("message.campaign", "=", encode_id("cmp", campaign_id))],
            queue(desk.queues["Orders"], 1),
        ),
        rule(3, [asks("message.inbound", "happened", {"at_least": 2})], queue(desk.queues["Orders"], -1)),
    )
    host = desk.conversations()
    await host.receive([desk.arrived(each, "hi") for each in (buyer, answering, other)])
    found = {each: await desk.conversation(each) for each in (buyer, answering, other)}
    orders, general = desk.queues["Orders"], desk.queues["General"]
    assert [(found[each].queue_id, found[each].priority) for each in found] == [
        (orders, 2),
        (orders, 1),
        (general, 0),
    ]
    (row,) = await desk.rows(messages, messages.c.contact_id == buyer)
    assert row.routing == {
        "rule": encode_id("rul", UUID(int=1)),
        "name": "r1",
        "reason": "rule “r1”",
    }


async def test_somebody_who_writes_for_the_first_time_is_known_by_the_message(desk: Desk) -> None:
    await set_rules(
        desk,
        rule(
            1,
            [asks("message.first", "=", True), asks("country", "=", "US")],
            {"type": "answer", "text": "Welcome {{ name }}"},
            queue(desk.queues["Orders"]),
        ),
    )
    host, contact_id = desk.conversations(), new_id()
    first = desk.arrived(contact_id, "hi")
    new = NewContact(desk.tenant_id, contact_id, "+15550007", "Ann")
    (answer,) = await host.receive([Arrived(desk.tenant_id, contact_id, first.event, new)])
    assert answer == "done"
    assert (await desk.conversation(contact_id)).queue_id == desk.queues["Orders"]
    assert [(way, body) for way, body, _ in await desk.thread(contact_id)] == [
        ("in", "hi"),
        ("out", "Welcome Ann"),
    ]
    (person,) = await desk.rows(contacts, contacts.c.id == contact_id)
    assert person.name == "Ann"


async def test_the_lengths_of_queues_are_counted_anew_while_the_rules_stay(desk: Desk) -> None:
    orders = desk.queues["Orders"]
    full = asks(f"queue.{encode_id('que', orders)}", ">=", 2)
    await set_rules(desk, rule(1, [full], queue(desk.queues["General"], -1)), rule(2, [], queue(orders)))
    host = desk.conversations()
    host.directories = directory.Directories(desk.engine, ttl_s=0.0)
    people = [await desk.contact(f"+1555010{n}") for n in range(3)]
    found = [await went(desk, host, each) for each in people]
    assert found == [("Orders", 0), ("Orders", 0), ("General", -1)]


async def test_a_person_who_left_gets_nothing_by_a_rule(desk: Desk) -> None:
    ann = new_id()
    row = {
        "tenant_id": desk.tenant_id,
        "id": ann,
        "email": f"{ann.hex}@example.com",
        "name": "Ann",
        "password_hash": "",
        "status": "active",
        "roles": ["support_agent"],
    }
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, users, [row])
    await set_rules(desk, rule(1, [], {"type": "agent", "user_id": ann}))
    first, second = await desk.contact("+15550001"), await desk.contact("+15550002")
    await desk.conversations().receive([desk.arrived(first, "hi")])
    assert (await desk.conversation(first)).assignee_id == ann
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(users.update().where(users.c.id == ann).values(status="disabled"))
    await desk.conversations().receive([desk.arrived(second, "hi")])
    left = await desk.conversation(second)
    assert (left.assignee_id, left.queue_id) == (None, desk.queues["General"])


async def test_who_a_flow_gives_up_is_known_to_the_rules(desk: Desk) -> None:
    await set_rules(
        desk,
        rule(1, [asks("message.keyword", "in", ["survey"])], {"type": "flow", "flow_id": desk.survey}),
        rule(2, [asks("name", "=", "Ann")], queue(desk.queues["Orders"], 2)),
    )
    host, contact_id = desk.conversations(), await desk.contact("+15550001")
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(contacts.update().where(contacts.c.id == contact_id).values(name="Ann"))
    await host.receive([desk.arrived(contact_id, "survey")])
    assert await went(desk, host, contact_id, "what is this?") == ("Orders", 2)


async def test_a_flow_that_hands_over_whoever_answers_as_expected_finds_the_rules_too(desk: Desk) -> None:
    asking = {
        "start": "ask",
        "nodes": {
            "ask": {"type": "wait_for_reply", "choices": {"person": ["person"]}},
            "over": {"type": "hand_over"},
        },
        "edges": [{"source": "ask", "port": "person", "target": "over"}],
    }
    flow_id = await ws.ensure_flow(desk.engine, desk.tenant_id, "Asking", asking)
    await set_rules(
        desk,
        rule(1, [asks("message.keyword", "in", ["ask"])], {"type": "flow", "flow_id": flow_id}),
        rule(2, [asks("tag", "hasNot", "vip")], queue(desk.queues["Orders"], 1)),
    )
    host, contact_id = desk.conversations(), await desk.contact("+15550001")
    await host.receive([desk.arrived(contact_id, "ask")])
    assert await went(desk, host, contact_id, "person") == ("Orders", 1)


async def test_the_classifier_is_asked_only_where_it_matters(desk: Desk) -> None:
    await set_rules(
        desk,
        rule(1, [asks("message.keyword", "in", ["agent"])], queue(desk.queues["Orders"])),
        rule(2, [asks("message.intent", "=", "order")], queue(desk.queues["Orders"])),
        rule(3, [asks("message.keyword", "in", ["late"])], queue(desk.queues["Orders"])),
    )
    host = desk.conversations()
    for place, said in enumerate(("agent", "order now", "late")):
        await host.receive([desk.arrived(await desk.contact(f"+1555020{place}"), said)])
    assert host.classifiers.asked == [["order now"], ["late"]]
