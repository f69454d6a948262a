"""From what happened to a session: who is to begin goes to the hosts, and goes from the table when it is done."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from actors.flow_trigger_work import FlowTriggerWork
from actors.messages import Item
from hub.contacts.events import service as events
from hub.contacts.events.event import NewEvent
from hub.contacts.suppression import AddressHasher
from hub.errors import Unavailable
from hub.flows import service as flows
from hub.flows.triggers.chained import CHAIN_MAX
from models.contacts import contact_events
from models.db import Scope, transaction
from models.flow_runs import flow_sessions
from models.flow_triggers import flow_begins
from tests.actors.desk import Desk
from tests.actors.test_flow_runs import Later, Mail, edge, flow_document, node, now

JOURNEY = flow_document(
    [
        node("go", "start", trigger={"kind": "event", "event": "cart"}, save={"total": "total"}),
        node("wait", "ask"),
    ],
    [edge("go", "wait")],
)


async def journey(desk: Desk) -> None:
    """A published flow that an event begins; unlike `ensure_flow` through publishing."""
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        flow_id = await flows.create(db, desk.tenant_id, "Cart", "", JOURNEY, created_by="", now=now())
        await flows.publish(db, await flows.held(db, desk.tenant_id, flow_id), "", created_by="", now=now())


async def told(desk: Desk, contact_id: UUID, key: str) -> None:
    event = NewEvent("cart", contact_id, key=key, properties={"total": 7})
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await events.take(
            db,
            desk.tenant_id,
            [event],
            now=now(),
            default_country="US",
            create_missing=False,
            hasher=AddressHasher("secret"),
        )


async def test_an_event_becomes_a_session(desk: Desk) -> None:
    await journey(desk)
    contact = await desk.contact("+15550001")
    work = FlowTriggerWork(desk.engine, Mail(desk.conversations()))
    await told(desk, contact, "e1")
    await told(desk, contact, "e1")
    assert await work.round() == 1
    (row,) = await desk.rows(flow_sessions)
    assert (row.contact_id, row.trigger, row.status, row.node) == (contact, "event", "waiting", "wait")
    assert row.state["variables"]["total"] == 7
    assert await desk.rows(flow_begins) == []
    await told(desk, contact, "e2")  # another one, but the contact is inside
    assert await work.round() == 1
    assert len(await desk.rows(flow_sessions)) == 1
    assert await desk.rows(flow_begins) == []
    assert await work.round() == 0


async def test_who_could_not_begin_is_asked_again(desk: Desk) -> None:
    host = desk.conversations()
    first = await desk.contact("+15550001")
    await host.receive(
        [desk.arrived(first, "hello", uuid4().hex)]
    )  # the host knows its tenant now, without the flow
    await journey(desk)
    await told(desk, first, "e1")
    work = FlowTriggerWork(desk.engine, Mail(host))
    assert await work.round() == 1
    assert await desk.rows(flow_sessions) == []
    (row,) = await desk.rows(flow_begins)
    assert row.attempts == 1
    assert row.due_at - now() < timedelta(seconds=10)


class Deaf:
    """Hosts, while they are down."""

    def __init__(self, mail: Mail) -> None:
        self.mail, self.is_down = mail, True

    def ask(self, item: Item) -> asyncio.Future[Any]:
        if not self.is_down:
            return self.mail.ask(item)
        down: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        down.set_exception(Unavailable("no host answers"))
        return down


async def test_whoever_is_to_begin_is_not_forgotten_while_the_hosts_are_down(desk: Desk) -> None:
    await journey(desk)
    contact, clock = await desk.contact("+15550001"), Later()
    await told(desk, contact, "e1")
    hosts = Deaf(Mail(desk.conversations()))
    work = FlowTriggerWork(desk.engine, hosts, clock)
    waits = []
    for _ in range(40):
        await work.round()
        (row,) = await desk.rows(flow_begins)
        waits.append(round((row.due_at - clock.now()).total_seconds() / 60))
        clock.ahead += row.due_at - clock.now()
    assert waits[:6] == [1, 2, 4, 8, 15, 15]
    hosts.is_down = False
    await work.round()
    assert await desk.rows(flow_begins) == []
    assert len(await desk.rows(flow_sessions)) == 1


async def test_an_event_that_a_flow_records_begins_flows_but_not_for_ever(desk: Desk) -> None:
    document = flow_document(
        [
            node(
                "go",
                "start",
                trigger={"kind": "event", "event": "cart"},
                save={"total": "total"},
                reentry="always",
            ),
            node("again", "emit_event", event="cart", properties={"total": "{{ total }}!"}),
        ],
        [edge("go", "again")],
    )
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        flow_id = await flows.create(db, desk.tenant_id, "Round", "", document, created_by="", now=now())
        await flows.publish(db, await flows.held(db, desk.tenant_id, flow_id), "", created_by="", now=now())
    contact = await desk.contact("+15550001")
    await told(desk, contact, "e1")
    work = FlowTriggerWork(desk.engine, Mail(desk.conversations()))
    for _ in range(CHAIN_MAX + 3):
        await work.round()
    rows = await desk.rows(flow_sessions, order=flow_sessions.c.id)
    totals = [str(row.state["variables"]["total"]) for row in rows]
    assert totals == [f"7{'!' * nth}" for nth in range(CHAIN_MAX + 1)]
    assert await desk.rows(flow_begins) == []
    assert await desk.count(contact_events) == CHAIN_MAX + 2, "the last one is recorded, too"
