"""A contact comes into being with its first message: in one transaction, once, whoever races."""

from __future__ import annotations

import asyncio

from actors.messages import DONE, Arrived
from hub.channels.base import InboundMessage
from hub.contacts.contact import NewContact
from hub.errors import NotFound
from hub.ids import new_id
from models.contacts import contact_addresses, contacts
from models.conversations import messages
from tests.actors.desk import Desk
from tests.actors.test_gone_contacts import gateway, text
from tests.actors.test_segment_rules import segment_rule

NUMBER = "+15550001"  # desk.arrived writes from it
NOBODY_YET = {"combinator": "and", "rules": [{"field": "name", "operator": "=", "value": "Ada"}]}


def first(desk: Desk, body: str, name: str = "Ada") -> Arrived:
    """A text of somebody whom nobody knows."""
    fresh = NewContact(desk.tenant_id, new_id(), NUMBER, name)
    arrived: Arrived = desk.arrived(fresh.id, body)
    return arrived._replace(fresh=fresh)


async def test_the_first_message_makes_the_contact(desk: Desk) -> None:
    arrived = first(desk, "hello")
    assert await desk.conversations().receive([arrived]) == [DONE]
    (contact,) = await desk.rows(contacts)
    assert (contact.id, contact.name) == (arrived.contact_id, "Ada")
    (address,) = await desk.rows(contact_addresses)
    assert (address.kind, address.address, address.contact_id) == ("phone", NUMBER, arrived.contact_id)
    assert [body for _, body, _ in await desk.thread(arrived.contact_id)] == ["hello"]


async def test_two_first_messages_of_one_person_in_a_batch_make_one_contact(desk: Desk) -> None:
    one = first(desk, "one")
    two = desk.arrived(one.contact_id, "two")._replace(fresh=one.fresh)
    assert await desk.conversations().receive([one, two]) == [DONE] * 2
    assert await desk.count(contacts) == 1
    assert [body for _, body, _ in await desk.thread(one.contact_id)] == ["one", "two"]


async def test_who_comes_second_is_not_found_and_nothing_of_it_is_written(desk: Desk) -> None:
    there, late, other = await desk.contact(NUMBER), first(desk, "late"), await desk.contact("+15550009")
    answers = await desk.conversations().receive([late, desk.arrived(other, "of somebody else")])
    assert isinstance(answers[0], NotFound)
    assert answers[1] == DONE
    assert {row.id for row in await desk.rows(contacts)} == {there, other}
    assert await desk.count(messages, messages.c.contact_id == late.contact_id) == 0


async def test_two_gateways_that_see_a_number_first_at_once_agree(desk: Desk) -> None:
    host = desk.conversations()
    gateways = [gateway(desk, host) for _ in range(3)]
    answers = await asyncio.gather(
        *(text(desk, each, NUMBER, f"text {n}") for n, each in enumerate(gateways))
    )
    assert answers == [DONE] * 3
    (contact,) = await desk.rows(contacts)
    assert sorted(body for _, body, _ in await desk.thread(contact.id)) == ["text 0", "text 1", "text 2"]
    for each in gateways:
        await each._resolver.close()


async def test_a_contact_whose_first_message_failed_is_made_by_the_next(desk: Desk) -> None:
    host = desk.conversations()
    inbounds = gateway(desk, host)
    found = await inbounds._contact(desk.tenant_id, InboundMessage("in:x", "+15550100", NUMBER, "hi", "x"))
    assert isinstance(found, NewContact)  # and the mail with it never came to a host
    assert await text(desk, inbounds, NUMBER, "again") == DONE
    (contact,) = await desk.rows(contacts)
    assert [body for _, body, _ in await desk.thread(contact.id)] == ["again"]
    await inbounds._resolver.close()


async def test_rules_of_segments_know_somebody_new(desk: Desk) -> None:
    await segment_rule(desk, "Adas", NOBODY_YET, "General")
    arrived = first(desk, "order 1")
    assert await desk.conversations().receive([arrived]) == [DONE]
    assert (await desk.conversation(arrived.contact_id)).queue_id == desk.queues["General"]
