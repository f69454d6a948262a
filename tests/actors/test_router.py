"""RouterHost with plain await on the real database and Redis: offers, agents who come and go, timers, hosts that die."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from actors.conversation import ConversationHost
from actors.messages import DONE, Command
from actors.router import RouterHost
from cli.demo import workspace as ws
from hub.clock import FrozenClock
from hub.conversations.desk import Accept, Offer, WaitForContact
from hub.conversations.state import AgentReply, Assign
from hub.errors import Conflict, Unavailable
from hub.ids import new_id
from hub.routing import store_rules
from hub.routing.people import People, Seen
from hub.routing.rule import Rule, RuleList, ToAgent
from hub.routing.store import standing
from models.conversations import conversations
from models.db import Scope, insert_rows, transaction
from models.routing import agents, queue_events, queues
from models.tenancy import users
from tests.actors.desk import Desk


class Mail:
    """Commands to a host in this process; `lost` ones never arrive, as when the host has died."""

    def __init__(self, host: ConversationHost, tenant_id: UUID) -> None:
        self.host = host
        self.tenant_id = tenant_id
        self.lost = 0
        self.said = 0

    def ask(self, item: Command) -> asyncio.Future[Any]:
        return asyncio.ensure_future(self._ask(item))

    async def _ask(self, item: Command) -> Any:
        if item.tenant_id != self.tenant_id:  # another test's, in the same database
            raise Unavailable("not of this test")
        if self.lost:
            self.lost -= 1
            raise Unavailable("conversation-0 does not answer")
        self.said += 1
        (answer,) = await self.host.receive([item])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None: ...


class Told:
    """The port to the routers, without a wire."""

    def __init__(self, router: RouterHost, tenant_id: UUID) -> None:
        self.router = router
        self.floors = frozenset({tenant_id})
        self.deaf = False
        self.telling: set[asyncio.Task[None]] = set()

    def note(self, states: Any, directories: Any) -> None:
        if not self.deaf:
            for state in states:
                news = [(state.tenant_id, standing(state, "sms"))]
                self.telling.add(asyncio.create_task(self.router.changed(news)))

    async def close(self) -> None: ...


class Floor:
    """A desk with a router, people and a clock that the test moves."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.host: Any = desk.conversations()
        self.clock = FrozenClock(datetime.now(UTC))
        self.mail = Mail(self.host, desk.tenant_id)
        self.router: Any = self.start()
        self.people = People(self.router.redis)

    def start(self) -> Any:
        """A router that knows nothing: what a restart leaves."""
        router: Any = self.desk.host(RouterHost, "router-0")
        router.clock, router.conversations = self.clock, self.mail
        self.host.routers = Told(router, self.desk.tenant_id)
        self.router = router
        return router

    async def agent(self, name: str, roles: Sequence[str] = ("support_agent",), **row: Any) -> UUID:
        agent_id, tenant_id = new_id(), self.desk.tenant_id
        person = {"tenant_id": tenant_id, "id": agent_id, "email": f"{agent_id}@example.com", "name": name}
        async with transaction(self.desk.engine, Scope.of(tenant_id)) as db:
            await insert_rows(db, users, [person | {"password_hash": "", "roles": list(roles)}])
            await insert_rows(db, agents, [{"tenant_id": tenant_id, "id": agent_id, "kind": "person", **row}])
        return agent_id

    async def come(self, agent_id: UUID, status: Any = "online") -> None:
        await self.people.come(self.desk.tenant_id, agent_id, status)

    async def vanish(self, *agent_ids: UUID) -> None:
        """Their beats are over."""
        beats = {agent_id.hex: 1.0 for agent_id in agent_ids}
        await self.router.redis.zadd(f"t:{self.desk.tenant_id.hex}:beats", beats)

    async def open(self, count: int) -> list[UUID]:
        contacts = [await self.desk.contact(f"+1555100{number}") for number in range(count)]
        assert (
            await self.host.receive([self.desk.arrived(each, "gossip") for each in contacts])
            == [DONE] * count
        )
        return contacts

    async def round(self) -> int:
        """One look at this tenant's floor; other tests' floors are on the same servers."""
        made: int = await self.router._look(self.desk.tenant_id)
        await asyncio.sleep(0)  # let the router hear of it
        return made

    async def asked(self, contacts: Sequence[UUID]) -> list[UUID | None]:
        return [(await self.desk.conversation(each)).offered_to for each in contacts]

    async def owners(self, contacts: Sequence[UUID]) -> list[UUID | None]:
        return [(await self.desk.conversation(each)).assignee_id for each in contacts]

    async def say(self, contact: UUID, event: Any) -> Any:
        return await self.mail.ask(self.desk.command(contact, event))

    async def accept(self, contact: UUID, agent_id: UUID) -> Any:
        return await self.say(contact, Accept(agent_id, self.clock.now()))

    async def configure(self, name: str, **settings: Any) -> None:
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            change = update(queues).where(queues.c.tenant_id == self.desk.tenant_id, queues.c.name == name)
            await db.execute(change.values(settings=settings))
        self.host.directories._known.clear()
        self.router.directories._known.clear()

    async def rule(self, *rules: Rule) -> None:
        """These in place of the desk's rules."""
        document = RuleList(rules=rules, fallback_queue_id=self.desk.queues["General"])
        async with transaction(self.desk.engine, Scope.of(self.desk.tenant_id)) as db:
            await store_rules.save(db, self.desk.tenant_id, document, 1, "system", self.clock.now())
        self.host.directories._known.clear()


@pytest.fixture
def floor(desk: Desk) -> Floor:
    return Floor(desk)


async def test_nothing_is_offered_while_nobody_is_there(floor: Floor) -> None:
    contacts = await floor.open(1)
    assert await floor.round() == 0
    assert await floor.asked(contacts) == [None]


async def test_offers_fill_the_room_and_acceptance_keeps_it(floor: Floor) -> None:
    ann = await floor.agent("Ann", capacity=2)
    contacts = await floor.open(3)
    await floor.come(ann)
    assert await floor.round() == 2
    assert await floor.asked(contacts) == [ann, ann, None]
    await floor.accept(contacts[0], ann)
    assert await floor.round() == 0
    assert await floor.owners(contacts) == [ann, None, None]
    kinds = [row.kind for row in await floor.desk.rows(queue_events, order=queue_events.c.id)]
    assert kinds.count("offered") == 2
    assert kinds.count("accepted") == 1


async def test_who_does_not_answer_in_time_is_passed_over(floor: Floor) -> None:
    ann, bob = await floor.agent("Ann"), await floor.agent("Bob")
    (contact,) = await floor.open(1)
    await floor.come(ann)
    await floor.round()
    await floor.come(bob)
    assert await floor.router.fire() == 0
    floor.clock.advance(timedelta(seconds=31))
    assert await floor.router.fire() == 1
    await floor.round()
    assert await floor.asked([contact]) == [bob]
    floor.clock.advance(timedelta(seconds=100))
    await floor.router.fire()
    await floor.vanish(bob)
    floor.clock.advance(timedelta(seconds=61))
    await floor.round()
    assert await floor.asked([contact]) == [ann], "after a while everybody may be asked again"


async def test_all_agents_vanish_at_once_and_everything_unanswered_is_back(floor: Floor) -> None:
    agent_ids = [await floor.agent(f"Agent {number}") for number in range(3)]
    for agent_id in agent_ids:
        await floor.come(agent_id)
    contacts = await floor.open(8)
    assert await floor.round() == 8
    owners = dict(zip(contacts, await floor.asked(contacts), strict=True))
    for contact in contacts[:4]:
        await floor.accept(contact, owners[contact])  # type: ignore[arg-type]
    await floor.vanish(*agent_ids)
    await floor.round()
    assert await floor.owners(contacts) == [None] * 8
    assert await floor.asked(contacts) == [None] * 8
    assert not any(seen.here for seen in (await floor.people.of(floor.desk.tenant_id)).values())
    late = await floor.agent("Late", capacity=8)
    await floor.come(late)
    floor.clock.advance(timedelta(seconds=5))
    assert await floor.round() == 8, "nobody is lost"


async def test_away_gives_back_and_busy_keeps(floor: Floor) -> None:
    ann, bob = await floor.agent("Ann", capacity=1), await floor.agent("Bob", capacity=1)
    await floor.come(ann)
    await floor.come(bob)
    contacts = await floor.open(2)
    await floor.round()
    for contact, agent_id in zip(contacts, await floor.asked(contacts), strict=True):
        await floor.accept(contact, agent_id)  # type: ignore[arg-type]
    await floor.come(ann, "away")
    await floor.come(bob, "busy")
    await floor.round()
    assert sorted(map(str, await floor.owners(contacts))) == sorted([str(bob), "None"])
    assert await floor.people.of(floor.desk.tenant_id) == {ann: Seen("away", True), bob: Seen("busy", True)}


async def test_an_agent_whose_rights_are_withdrawn_gets_nothing_and_keeps_nothing_unanswered(
    floor: Floor,
) -> None:
    ann = await floor.agent("Ann", capacity=1)
    await floor.come(ann)
    contacts = await floor.open(2)
    await floor.round()
    taken = next(c for c, a in zip(contacts, await floor.asked(contacts), strict=True) if a == ann)
    await floor.accept(taken, ann)
    async with transaction(floor.desk.engine, Scope.of(floor.desk.tenant_id)) as db:
        await db.execute(update(users).where(users.c.id == ann).values(roles=["analyst"]))
    floor.clock.advance(timedelta(seconds=4))
    await floor.round()
    assert await floor.owners(contacts) == [None, None]
    assert await floor.asked(contacts) == [None, None]


async def test_what_was_answered_is_given_to_others_when_the_contact_writes_after_hours(floor: Floor) -> None:
    ann, bob = await floor.agent("Ann", capacity=1), await floor.agent("Bob", capacity=2)
    await floor.come(ann)
    answered, put_off = await floor.open(2)
    for contact in (answered, put_off):
        await floor.say(contact, Assign(ann, floor.clock.now(), "Ann"))
        await floor.say(contact, AgentReply(new_id(), ann, "Hi", floor.clock.now()))
    await floor.say(put_off, WaitForContact(floor.clock.now()))
    await floor.come(bob)
    await floor.people.leave(floor.desk.tenant_id, ann)
    await floor.round()
    await floor.round()
    assert await floor.owners([answered, put_off]) == [ann, ann], "it stays until the contact writes"
    floor.start()  # a router that never saw her go
    await floor.round()
    await floor.host.receive([floor.desk.arrived(each, "gossip") for each in (answered, put_off)])
    await floor.round()
    assert await floor.owners([answered, put_off]) == [None, None]
    assert await floor.asked([answered, put_off]) == [bob, bob]
    state = await floor.desk.conversation(answered)
    assert state.reason == "back in the queue: Ann is not at work"


async def test_what_a_rule_or_somebody_gives_to_a_person_who_is_not_at_work_is_offered_to_others(
    floor: Floor,
) -> None:
    absent, bob = await floor.agent("Absent"), await floor.agent("Bob")
    to_absent = ws.keyword_rule("absent", queue_id=floor.desk.queues["Orders"])
    await floor.rule(to_absent.model_copy(update={"actions": (ToAgent(user_id=absent),)}))
    await floor.come(bob)
    contact = await floor.desk.contact("+15551009")
    await floor.host.receive([floor.desk.arrived(contact, "absent")])
    assert await floor.owners([contact]) == [absent]
    (other,) = await floor.open(1)
    await floor.say(other, Assign(absent, floor.clock.now(), "Absent"))
    await floor.round()
    assert await floor.owners([contact, other]) == [None, None]
    await floor.round()
    assert await floor.asked([contact, other]) == [bob, bob]


async def test_who_takes_and_answers_without_saying_that_they_are_here_keeps_it_for_a_while(
    floor: Floor,
) -> None:
    ann, bob, tenant_id = await floor.agent("Ann"), await floor.agent("Bob"), floor.desk.tenant_id
    await floor.come(bob, "busy")
    (contact,) = await floor.open(1)
    await floor.people.act(tenant_id, ann)
    await floor.accept(contact, ann)
    await floor.round()
    assert await floor.owners([contact]) == [ann]
    assert (await floor.people.of(tenant_id))[ann] == Seen("offline", True)
    await floor.vanish(ann)
    await floor.round()
    assert await floor.owners([contact]) == [None]


async def test_who_answers_from_a_tenant_above_is_no_stranger(floor: Floor) -> None:
    visitor, bob = new_id(), await floor.agent("Bob")
    await floor.come(bob, "busy")
    (contact,) = await floor.open(1)
    await floor.people.act(floor.desk.tenant_id, visitor)
    await floor.accept(contact, visitor)
    await floor.round()
    assert await floor.owners([contact]) == [visitor]


async def test_what_cannot_go_back_to_a_queue_is_asked_about_once(floor: Floor) -> None:
    ann, bob = await floor.agent("Ann"), await floor.agent("Bob")
    (contact,) = await floor.open(1)
    await floor.say(contact, Assign(ann, floor.clock.now()))
    async with transaction(floor.desk.engine, Scope.of(floor.desk.tenant_id)) as db:
        where = conversations.c.tenant_id == floor.desk.tenant_id
        await db.execute(update(conversations).where(where).values(queue_id=None))
        await db.execute(delete(queues).where(queues.c.tenant_id == floor.desk.tenant_id))
    floor.host = floor.mail.host = floor.desk.conversations("conversation-1")
    await floor.come(bob)
    said = floor.mail.said
    for _ in range(3):
        await floor.round()
    assert floor.mail.said == said + 1
    assert await floor.owners([contact]) == [ann]


async def test_a_host_that_dies_while_offering_leaves_nobody_behind(floor: Floor) -> None:
    ann = await floor.agent("Ann")
    await floor.come(ann)
    contacts = await floor.open(2)
    floor.mail.lost = 1
    assert await floor.round() == 1
    assert await floor.round() == 1, "the one that was lost is read again and offered again"
    assert await floor.asked(contacts) == [ann, ann]
    floor.start()  # the router dies, too: its offers are in PostgreSQL
    assert await floor.round() == 0
    floor.clock.advance(timedelta(seconds=31))
    assert await floor.router.fire() == 2
    assert await floor.asked(contacts) == [None, None]


async def test_an_old_memory_is_put_right_by_the_conversation(floor: Floor) -> None:
    ann = await floor.agent("Ann")
    (contact,) = await floor.open(1)
    await floor.come(ann, "busy")
    await floor.round()
    floor.host.routers.deaf = True
    somebody = await floor.agent("Somebody")
    await floor.come(somebody, "busy")
    await floor.say(contact, Assign(somebody, floor.clock.now()))
    await floor.come(ann)
    assert await floor.round() == 0
    assert (await floor.asked([contact]), await floor.owners([contact])) == ([None], [somebody])


async def test_two_accept_in_the_same_millisecond_at_two_hosts(floor: Floor) -> None:
    (contact,) = await floor.open(1)
    hosts = [floor.desk.conversations(f"conversation-{number}") for number in range(2)]
    agents_ = [new_id(), new_id()]
    now = floor.clock.now()
    for host in hosts:
        await host.activate([(floor.desk.tenant_id, contact)])
    answers = await asyncio.gather(
        *(
            host.receive([floor.desk.command(contact, Accept(agent_id, now))])
            for host, agent_id in zip(hosts, agents_, strict=True)
        )
    )
    won = [
        agent_id
        for agent_id, (answer,) in zip(agents_, answers, strict=True)
        if not isinstance(answer, Exception)
    ]
    lost = [answer for (answer,) in answers if isinstance(answer, Exception)]
    assert await floor.owners([contact]) == won
    assert [type(error) for error in lost] == [Conflict]


async def test_timers_of_a_long_outage_fire_once(floor: Floor) -> None:
    overflow = {"wait_s": 60, "queue_id": str(floor.desk.queues["Orders"])}
    await floor.configure("General", service_levels={"normal": {"first_response_s": 60}}, overflow=overflow)
    (contact,) = await floor.open(1)
    floor.clock.advance(timedelta(hours=9))
    assert await floor.router.fire() == 1
    assert await floor.router.fire() == 0
    state = await floor.desk.conversation(contact)
    assert (state.queue_id, state.priority) == (floor.desk.queues["Orders"], 1)
    kinds = [row.kind for row in await floor.desk.rows(queue_events, order=queue_events.c.id)]
    assert sorted(kinds) == ["breached", "entered", "entered", "left"]


async def test_an_offer_that_is_repeated_is_refused(floor: Floor) -> None:
    ann = await floor.agent("Ann")
    (contact,) = await floor.open(1)
    now = floor.clock.now()
    offer = Offer(ann, now + timedelta(seconds=30), now)
    await floor.say(contact, offer)
    with pytest.raises(Conflict):
        await floor.say(contact, offer)
