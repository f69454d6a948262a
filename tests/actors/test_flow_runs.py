"""Sessions of flows in the hosts: rows, effects, timers, work, and what survives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from actors.attempts import Attempts
from actors.conversation import ConversationHost
from actors.flow_begin import Beginning, begin
from actors.flow_work import FlowWork
from actors.messages import Item
from cli.demo import workspace as ws
from hub.channels.delivery import Status
from hub.clock import SystemClock
from hub.conversations.state import FlowInput, HandBack
from hub.directory import Directories
from hub.errors import Conflict
from hub.flows import service
from hub.flows.asking import Asker
from hub.flows.inputs import Resume, TimeUp
from hub.ids import encode_id, new_id
from models.contacts import attribute_definitions, contact_events, contact_tags, contacts
from models.conversations import messages
from models.db import Scope, insert_rows, transaction
from models.flow_runs import flow_goals, flow_sessions, flow_steps, flow_work
from models.routing import flows
from tests.actors.desk import Desk
from tests.actors.test_send_task import launched


def node(place: str, kind: str, **data: Any) -> dict[str, Any]:
    return {"id": place, "type": kind, "data": data}


def edge(source: str, target: str, port: str = "next") -> dict[str, Any]:
    return {"source": source, "port": port, "target": target}


def flow_document(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    return {"spec_version": 2, "nodes": nodes, "edges": edges}


class Mail:
    """`Conversations` for one host in this process."""

    def __init__(self, host: ConversationHost) -> None:
        self.host = host

    def ask(self, item: Item) -> asyncio.Future[Any]:
        return asyncio.ensure_future(self._one(item))

    async def _one(self, item: Item) -> Any:
        (answer,) = await self.host.receive([item])
        if isinstance(answer, Exception):
            raise answer
        return answer


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_key_begins_one_session_and_a_goal_counts_once(desk: Desk) -> None:
    flow = await ws.ensure_flow(
        desk.engine,
        desk.tenant_id,
        "Goal",
        flow_document(
            [
                node(
                    "start", "start", trigger={"kind": "api"}, save={"total": "cart.total"}, reentry="always"
                ),
                node("goal", "goal", name="ordered", value_micros=5),
                node("again", "goal", name="ordered", value_micros=5),
                node("wait", "wait", duration={"amount": 3, "unit": "days"}),
            ],
            [edge("start", "goal"), edge("goal", "again"), edge("again", "wait")],
        ),
    )
    contact = await desk.contact("+15550001")
    mail, gone = Mail(desk.conversations()), UUID(int=5)
    asked = [Beginning(contact, "k", {"cart": {"total": 7}}), Beginning(contact, "k"), Beginning(gone, "k")]
    found = await begin(mail, desk.tenant_id, flow, asked, at=now(), trigger="event")
    assert [each.status for each in found] == ["begun", "again", "gone"]
    later = await begin(Mail(desk.conversations()), desk.tenant_id, flow, asked[:1], at=now())
    assert [each.status for each in later] == ["again"], "another host asks the database"
    (row,) = await desk.rows(flow_sessions)
    assert (row.id, row.status, row.node, row.trigger, row.steps) == (
        found[0].session_id,
        "waiting",
        "wait",
        "event",
        4,
    )
    assert row.state["variables"] == {"total": 7}
    assert row.due_at is not None
    assert [(each.node, each.port) for each in await desk.rows(flow_steps, order=flow_steps.c.seq)] == [
        ("start", "next"),
        ("goal", "next"),
        ("again", "next"),
        ("wait", ""),
    ]
    assert [(each.name, each.value_micros) for each in await desk.rows(flow_goals)] == [("ordered", 5)]


@pytest.mark.parametrize(
    ("rule", "after_wait", "after_end"),
    [("always", "begun", "begun"), ("not_while_inside", "refused", "begun"), ("once", "refused", "refused")],
)
async def test_who_may_begin_again(desk: Desk, rule: str, after_wait: str, after_end: str) -> None:
    nodes = [node("start", "start", trigger={"kind": "api"}, reentry=rule), node("ask", "ask")]
    document = flow_document(nodes, [edge("start", "ask")])
    flow = await ws.ensure_flow(desk.engine, desk.tenant_id, "Again", document)
    contact = await desk.contact("+15550001")
    host = desk.conversations()

    async def once_more() -> str:
        (found,) = await begin(Mail(host), desk.tenant_id, flow, [Beginning(contact)], at=now())
        return found.status

    assert await once_more() == "begun"
    assert await once_more() == after_wait
    for _ in range(2):
        await host.receive([desk.arrived(contact, "hello")])
    assert await once_more() == after_end


# --- what is carried out after the commit ---------------------------------------------------------------------------


class Later(SystemClock):
    """The clock of a worker, moved on by the test."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class Run:
    """A host and the worker beside it."""

    desk: Desk
    host: ConversationHost
    work: FlowWork
    clock: Later

    async def begin(self, flow: UUID, contact: UUID, **values: Any) -> UUID:
        asked = [Beginning(contact, None, values)]
        (found,) = await begin(Mail(self.host), self.desk.tenant_id, flow, asked, at=now())
        assert found.status == "begun", found
        assert found.session_id is not None
        return found.session_id

    async def later(self, **span: int) -> None:
        """Let time pass, and everything that comes due happen."""
        self.clock.ahead += timedelta(**span)
        for _ in range(8):
            if not await self.work.look():
                break
            await self.work.settle()

    async def session(self, session_id: UUID) -> Any:
        (row,) = await self.desk.rows(flow_sessions, flow_sessions.c.id == session_id)
        return row


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[tuple[ConversationHost, FlowWork, Later]]:
    """A host, what its flows leave to be done, and the clock of both."""
    host, clock = desk.conversations(), Later()
    host.clock = clock
    directories = Directories(desk.engine)
    wallets: Any = host.wallets
    attempts = Attempts(desk.settings, desk.engine, host.redis, wallets, directories, clock)
    work = FlowWork(desk.engine, Mail(host), attempts, directories, clock, Asker(set()))
    yield host, work, clock
    await work.close()
    await attempts.close()


@pytest.fixture
async def run(desk: Desk) -> AsyncIterator[Run]:
    async with at_work(desk) as found:
        yield Run(desk, *found)


SAY = {"type": "text", "text": "Hello {{ name or 'you' }}"}


async def flow_of(desk: Desk, nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> UUID:
    """A flow that the API begins, under a name of its own."""
    start = node("start", "start", trigger={"kind": "api"}, reentry="always", save={"total": "total"})
    document = flow_document([start, *nodes], [edge("start", nodes[0]["id"]), *edges])
    return await ws.ensure_flow(desk.engine, desk.tenant_id, f"Flow {nodes[0]['id']}", document)


async def test_a_question_without_an_answer_goes_on_when_its_time_is_over(run: Run) -> None:
    desk = run.desk
    flow = await flow_of(
        desk,
        [
            node("ask", "ask", content=SAY, timeout={"amount": 2, "unit": "hours"}),
            node("bye", "send", content={"type": "text", "text": "Bye"}),
        ],
        [edge("ask", "bye", "timeout")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    await run.later(minutes=1)
    assert [body for _, body, _ in await desk.thread(contact)] == ["Hello you"]
    await run.later(days=9)
    await run.later()
    assert [body for _, body, _ in await desk.thread(contact)] == ["Hello you", "Bye"], (
        "a late timer fires once"
    )
    row = await run.session(session)
    assert (row.status, row.due_at) == ("ended", None)


async def test_a_campaign_s_question_without_an_answer_goes_on_once_when_its_time_is_over(run: Run) -> None:
    desk = run.desk
    await desk.fund(1_000_000)
    flow = await ws.ensure_flow(
        desk.engine,
        desk.tenant_id,
        "Asked by a campaign",
        flow_document(
            [
                node("start", "start"),
                node("ask", "ask", timeout={"amount": 3, "unit": "days"}),
                node("late", "tag", tag="late"),
                node("thank", "send", content={"type": "text", "text": "Thank you"}),
            ],
            [edge("start", "ask"), edge("ask", "late", "timeout"), edge("ask", "thank", "answer")],
        ),
    )
    campaign = await launched(desk, count=2, flow=flow)
    await campaign.send(1)
    silent, prompt = campaign.people
    await run.host.receive([desk.arrived(prompt, "well")])
    await run.later(days=2)
    assert await desk.rows(contact_tags, contact_tags.c.tag == "late") == []
    await run.later(days=2)
    await run.later(days=9)
    assert [row.contact_id for row in await desk.rows(contact_tags, contact_tags.c.tag == "late")] == [silent]
    ways = [(row.session_id, row.node, row.port) for row in await desk.rows(flow_steps)]
    assert [port for _, place, port in ways if place == "ask" and port] == ["answer", "timeout"]
    assert {row.status for row in await desk.rows(flow_sessions)} == {"ended"}


async def attribute(desk: Desk, key: str, kind: str) -> UUID:
    made = new_id()
    row = {"tenant_id": desk.tenant_id, "id": made, "key": key, "label": key, "type": kind, "choices": []}
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await insert_rows(db, attribute_definitions, [row])
    return made


async def test_tags_and_attributes_change_with_the_turn(run: Run) -> None:
    desk = run.desk
    await attribute(desk, "orders", "number")
    asks = {"rules": [{"field": "attribute.orders", "operator": ">=", "value": 7}]}
    flow = await flow_of(
        desk,
        [
            node("on", "tag", tag="new"),
            node("set", "set", name="orders", value="{{ total }}"),
            node("event", "emit_event", event="journey.begun", properties={"total": "{{ total }}"}),
            node("wait", "wait", duration={"amount": 1, "unit": "days"}),
            node("off", "tag", tag="new", remove=True),
            node("branch", "branch", cases=[{"name": "many", "condition": asks}]),
            node("many", "tag", tag="many"),
        ],
        [
            *(edge(one, two) for one, two in pairwise(["on", "set", "event", "wait", "off", "branch"])),
            edge("branch", "many", "many"),
        ],
    )
    contact = await desk.contact("+15550001")
    await run.begin(flow, contact, total=8)
    (person,) = await desk.rows(contacts)
    assert person.attributes == {"orders": 8}
    assert [row.tag for row in await desk.rows(contact_tags)] == ["new"]
    assert [(row.name, row.properties) for row in await desk.rows(contact_events)] == [
        ("journey.begun", {"total": "8"})
    ]
    await run.later(days=1, minutes=1)
    assert [row.tag for row in await desk.rows(contact_tags)] == ["many"]


async def test_an_attribute_that_is_deleted_under_a_flow_leaves_it_stuck_until_it_is_repaired(
    run: Run,
) -> None:
    desk = run.desk
    made = await attribute(desk, "orders", "number")
    flow = await flow_of(
        desk,
        [
            node("wait", "wait", duration={"amount": 1, "unit": "days"}),
            node("set", "set", name="orders", value="{{ total }}"),
        ],
        [edge("wait", "set")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact, total=8)
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        await db.execute(attribute_definitions.delete().where(attribute_definitions.c.id == made))
    run.host.directories = Directories(desk.engine)
    await run.later(days=1, minutes=1)
    row = await run.session(session)
    assert (row.status, row.node, row.reason) == ("stuck", "set", "there is no attribute 'orders' any more")
    await attribute(desk, "orders", "number")
    run.host.directories = Directories(desk.engine)
    (answer,) = await run.host.receive([desk.command(contact, FlowInput(session, Resume(), now()))])
    assert answer["status"] == "ended"
    (person,) = await desk.rows(contacts)
    assert person.attributes == {"orders": 8}


async def test_people_get_it_and_give_it_back(run: Run) -> None:
    desk = run.desk
    flow = await flow_of(
        desk,
        [
            node("people", "hand_over", queue="orders", come_back=True, save_as="found"),
            node("thanks", "send", content={"type": "text", "text": "Noted: {{ found }}"}),
            node("goal", "goal", name="helped"),
        ],
        [edge("people", "thanks", "closed"), edge("thanks", "goal")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    state = await desk.conversation(contact)
    assert (state.status, state.queue_id) == ("open", desk.queues["Orders"])
    await run.host.receive([desk.arrived(contact, "are you there?")])
    assert (await desk.conversation(contact)).status == "open", "people have it: the flow takes no reply"
    (answer,) = await run.host.receive([desk.command(contact, HandBack(now(), "user:1", outcome="done"))])
    assert (answer["conversation"]["status"], answer["conversation"]["waiting_flows"]) == ("closed", [])
    await run.later()
    assert [body for _, body, _ in await desk.thread(contact)] == ["are you there?", "Noted: done"]
    assert (await run.session(session)).status == "ended"
    assert [row.name for row in await desk.rows(flow_goals)] == ["helped"]
    (again,) = await run.host.receive([desk.command(contact, HandBack(now(), "user:1"))])
    assert isinstance(again, Conflict)


async def test_who_asked_last_gets_the_reply(run: Run) -> None:
    desk = run.desk
    flows = [
        await flow_of(
            desk, [node(name, "ask", content=SAY), node("t", "tag", tag=name)], [edge(name, "t", "answer")]
        )
        for name in ("first", "second")
    ]
    contact = await desk.contact("+15550001")
    for flow in flows:
        await run.begin(flow, contact)
    replies = [desk.arrived(contact, "a"), desk.arrived(contact, "b")]
    await run.host.receive(replies)  # in one batch, as two of the same second are
    assert [row.tag for row in await desk.rows(contact_tags, order=contact_tags.c.tag)] == ["first", "second"]
    assert {row.status for row in await desk.rows(flow_sessions)} == {"ended"}


async def test_stop_ends_every_session(run: Run) -> None:
    desk = run.desk
    asks = await flow_of(desk, [node("ask", "ask", content=SAY)], [])
    waits = await flow_of(desk, [node("wait", "wait", duration={"amount": 1, "unit": "days"})], [])
    contact = await desk.contact("+15550001")
    for flow in (asks, waits):
        await run.begin(flow, contact)
    await run.host.receive([desk.arrived(contact, "STOP")])
    rows = await desk.rows(flow_sessions)
    assert {(row.status, row.reason, row.due_at) for row in rows} == {
        ("exited", "the contact opted out", None)
    }


async def test_a_session_waits_for_the_fate_of_its_message(run: Run) -> None:
    desk = run.desk
    wait_for = {"status": "delivered", "timeout": {"amount": 1, "unit": "hours"}}
    sends = node("send", "send", content=SAY, channels=[{"channel": "sms"}], wait_for=wait_for)
    failed = node("failed", "tag", tag="failed")
    flow = await flow_of(
        desk,
        [sends, node("there", "tag", tag="there"), failed],
        [edge("send", "there"), edge("send", "failed", "failed")],
    )
    for number, status, tags in (
        ("+15550001", Status.DELIVERED, ["there"]),
        ("+15550002", Status.UNDELIVERED, ["failed", "there"]),
    ):
        contact = await desk.contact(number)
        session = await run.begin(flow, contact)
        await run.later()
        (message,) = await desk.rows(messages, messages.c.contact_id == contact)
        assert (message.origin, message.origin_id, message.channel_kind) == ("flow", flow, "sms")
        for each in (Status.SENT, status):
            await run.host.receive([desk.report(each, message.id, f"p{number}")])
            await run.later()
        assert (await run.session(session)).status == "ended"
        assert [row.tag for row in await desk.rows(contact_tags, order=contact_tags.c.tag)] == tags


async def test_a_message_that_no_channel_can_carry_stands_in_the_thread_with_its_reason(run: Run) -> None:
    desk = run.desk
    gone = encode_id("chn", UUID(int=7))
    flow = await flow_of(
        desk,
        [node("send", "send", content=SAY, channels=[{"channel": gone}]), node("t", "tag", tag="t")],
        [edge("send", "t")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    await run.later()
    (message,) = await desk.rows(messages, messages.c.contact_id == contact)
    assert (message.status, message.reason, message.body) == ("refused", "no-channel", "Hello you")
    assert (message.origin, message.origin_id) == ("flow", flow)
    assert await desk.rows(flow_work) == []
    assert (await run.session(session)).status == "ended"
    assert await desk.owed() == 0


async def test_a_host_that_dies_loses_no_session(run: Run) -> None:
    desk = run.desk
    flow = await flow_of(
        desk, [node("ask", "ask", content=SAY), node("t", "tag", tag="t")], [edge("ask", "t", "answer")]
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    later = desk.conversations("conversation-1")
    await later.receive([desk.arrived(contact, "yes")])
    assert (await run.session(session)).status == "ended"
    (answer,) = await run.host.receive([desk.command(contact, FlowInput(session, TimeUp(token=1), now()))])
    assert answer["status"] == "gone", "the one that was left behind looks before it acts"


async def publish(desk: Desk, flow: UUID, document: dict[str, Any], **wish: Any) -> int:
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        row = await service.held(db, desk.tenant_id, flow)
        await service.save(db, row, document, changed_by="user:1", now=now())
        return await service.publish(
            db, row, "", service.InFlight(**wish), created_by="user:1", now=now() - timedelta(minutes=1)
        )


@pytest.mark.parametrize(
    ("wish", "status", "version", "node_", "tag"),
    [
        ({"do": "finish"}, "waiting", 1, "ask", "old"),
        ({"do": "migrate", "nodes": {"ask": "asked"}}, "waiting", 2, "asked", "new"),
        ({"do": "migrate"}, "stuck", 2, "ask", ""),
        ({"do": "exit"}, "exited", 1, "ask", ""),
    ],
    ids=["finish", "migrate", "migrate to nothing", "exit"],
)
async def test_what_a_new_version_does_with_those_inside(
    run: Run, wish: dict[str, Any], status: str, version: int, node_: str, tag: str
) -> None:
    desk = run.desk
    flow = await flow_of(
        desk, [node("ask", "ask", content=SAY), node("tag", "tag", tag="old")], [edge("ask", "tag", "answer")]
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    start = node("start", "start", trigger={"kind": "api"})
    after = [start, node("asked", "ask", content=SAY), node("tag", "tag", tag="new")]
    await publish(
        desk, flow, flow_document(after, [edge("start", "asked"), edge("asked", "tag", "answer")]), **wish
    )
    run.host.directories = Directories(desk.engine)
    await run.later()
    row = await run.session(session)
    assert (row.status, row.version, row.node) == (status, version, node_)
    (made,) = await desk.rows(flows, flows.c.id == flow)
    assert made.in_flight is None, "done"
    await run.host.receive([desk.arrived(contact, "well")])
    assert [each.tag for each in await desk.rows(contact_tags)] == ([tag] if tag else [])


WAIT = node("wait", "wait", duration={"amount": 2, "unit": "days"})


@pytest.mark.parametrize("asks_first", [True, False], ids=["ask to wait", "wait to ask"])
async def test_who_moves_to_a_step_of_another_kind_begins_that_step(run: Run, asks_first: bool) -> None:
    desk = run.desk
    ask = node("ask", "ask", content=SAY, timeout={"amount": 1, "unit": "hours"})
    first, then = (ask, WAIT) if asks_first else (WAIT, ask)
    way = {"ask": "answer", "wait": "next"}
    flow = await flow_of(
        desk, [first, node("tag", "tag", tag="old")], [edge(first["id"], "tag", way[first["id"]])]
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    await run.later()
    start = node("start", "start", trigger={"kind": "api"})
    after = [start, then, node("tag", "tag", tag="new")]
    edges = [edge("start", then["id"]), edge(then["id"], "tag", way[then["id"]])]
    await publish(desk, flow, flow_document(after, edges), do="migrate", nodes={first["id"]: then["id"]})
    run.host.directories = Directories(desk.engine)
    await run.later(minutes=1)
    row = await run.session(session)
    assert (row.status, row.version, row.node, row.state["waiting"]["kind"]) == (
        ("waiting", 2, "wait", "time") if asks_first else ("waiting", 2, "ask", "reply")
    )
    assert [body for _, body, _ in await desk.thread(contact)] == ["Hello you"], (
        "a question is asked on arrival"
    )
    await run.host.receive([desk.arrived(contact, "well")])
    if asks_first:
        assert await desk.rows(contact_tags) == []
        await run.later(days=3)
    assert [each.tag for each in await desk.rows(contact_tags)] == ["new"]
    assert (await run.session(session)).status == "ended"


class Elsewhere:
    """Another system: an order's state, an endless answer, or none at all."""

    def __init__(self) -> None:
        self.under_way: set[asyncio.Task[Any]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.under_way.add(task)
        path = (await reader.readline()).decode().split()[1]
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        with suppress(ConnectionError):
            if path == "/orders":
                writer.write(f'{head}{{"state": "sent"}}'.encode())
            elif path == "/much":
                writer.write(head.encode())
                for _ in range(800):
                    writer.write(b"x" * 65_536)
                    await writer.drain()
            else:
                await reader.read()  # until whoever asks has had enough
            await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("path", "tags"), [("/orders", ["sent"]), ("/much", ["failed"]), ("/never", ["failed"])]
)
async def test_a_webhook_answers_or_does_not(run: Run, path: str, tags: list[str]) -> None:
    desk = run.desk
    elsewhere = Elsewhere()
    server = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    run.work._asker = Asker({f"localhost:{port}"})
    flow = await flow_of(
        desk,
        [
            node(
                "hook",
                "webhook",
                url=f"http://localhost:{port}{path}",
                timeout_s=1,
                retries=0,
                save={"state": "state"},
            ),
            node("tag", "tag", tag="sent"),
            node("failed", "tag", tag="failed"),
        ],
        [edge("hook", "tag"), edge("hook", "failed", "failed")],
    )
    contact = await desk.contact("+15550001")
    session = await run.begin(flow, contact)
    await run.later()
    await run.later()
    assert [row.tag for row in await desk.rows(contact_tags)] == tags
    assert (await run.session(session)).status == "ended"
    assert await desk.rows(flow_work) == []
    await run.work.close()
    await asyncio.gather(*elsewhere.under_way)
    server.close()
    await server.wait_closed()


async def test_a_webhook_never_leads_into_the_house() -> None:
    asker = Asker(set())
    answer = await asker.ask({"token": 1, "method": "GET", "url": "http://localhost:1/x", "timeout_s": 1})
    await asker.close()
    assert (answer.status, answer.error) == (0, "the name has no public address")
