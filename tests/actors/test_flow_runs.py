"""Sessions of flows in the hosts: rows, effects, timers, work, and what survives."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from actors.conversation import ConversationHost
from actors.flow_begin import Beginning, begin
from actors.messages import Item
from cli.demo import workspace as ws
from models.flow_runs import flow_goals, flow_sessions, flow_steps
from tests.actors.desk import Desk


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
