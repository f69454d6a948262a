"""Flows that enter others, in the hosts: figures of both, and what becomes of those inside when the inner one is published anew."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from cli.demo import workspace as ws
from hub.directory import Directories
from hub.flows import service_live, store_sessions
from hub.flows.live import Figures
from hub.ids import encode_id
from models.contacts import contact_tags
from models.db import Scope, transaction
from models.flow_runs import flow_sessions, flow_steps
from tests.actors.desk import Desk
from tests.actors.test_flow_runs import Run, edge, flow_document, node, publish, run

__all__ = ["run"]

INNER = flow_document(
    [node("go", "start"), node("ask", "ask"), node("old", "tag", tag="old")],
    [edge("go", "ask"), edge("ask", "old", "answer")],
)
ANEW = flow_document(
    [node("go", "start"), node("other", "ask"), node("new", "tag", tag="new")],
    [edge("go", "other"), edge("other", "new", "answer")],
)


def outer_document(inner: UUID) -> dict[str, Any]:
    nodes = [
        node("start", "start", trigger={"kind": "api"}, reentry="always"),
        node("sub", "sub_flow", flow_id=encode_id("flw", inner)),
        node("done", "tag", tag="done"),
    ]
    return flow_document(nodes, [edge("start", "sub"), edge("sub", "done")])


async def two_flows(desk: Desk) -> tuple[UUID, UUID]:
    """A flow that enters another one."""
    inner = await ws.ensure_flow(desk.engine, desk.tenant_id, "Inner", INNER)
    await publish(desk, inner, INNER)
    return await ws.ensure_flow(desk.engine, desk.tenant_id, "Outer", outer_document(inner)), inner


async def figures(desk: Desk, flow: UUID, version: int, document: dict[str, Any]) -> Figures:
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        return await service_live.figures_of(db, desk.tenant_id, flow, version, document, None, None)


async def test_who_waits_in_a_sub_flow_has_left_neither_flow(run: Run) -> None:
    desk = run.desk
    outer, inner = await two_flows(desk)
    people = [await desk.contact(f"+1555000{nth}") for nth in range(5)]
    for contact in people:
        await run.begin(outer, contact)
    await run.host.receive([desk.arrived(people[0], "well"), desk.arrived(people[1], "STOP")])

    version = next(row.version for row in await desk.rows(flow_sessions))
    outside = await figures(desk, outer, version, outer_document(inner))
    told = {each.node: (each.entered, each.passed, each.waiting, each.left) for each in outside.nodes}
    assert told == {"start": (5, 5, 0, 0), "sub": (5, 1, 3, 1), "done": (1, 1, 0, 1)}
    assert {(way.source, way.port): way.count for way in outside.ways} == {
        ("start", "next"): 5,
        ("sub", "next"): 1,
        ("done", "next"): 1,
    }
    within = await figures(desk, inner, 2, INNER)
    told = {each.node: (each.entered, each.passed, each.waiting, each.left) for each in within.nodes}
    assert told == {"go": (5, 5, 0, 0), "ask": (5, 1, 3, 1), "old": (1, 1, 0, 1)}

    steps = await desk.rows(flow_steps)
    rows = Counter((row.flow_id, row.node, row.port) for row in steps if row.port)
    assert rows[outer, "sub", "in"] == 5
    for flow, found in ((outer, outside), (inner, within)):
        for way in found.ways:
            assert way.count == rows[flow, way.source, way.port]
    waiting = [row for row in await desk.rows(flow_sessions) if row.status == "waiting"]
    assert sum(each.waiting for each in within.nodes) == len(waiting)


async def test_a_sub_flow_that_is_published_anew_is_left_as_it_was_entered(run: Run) -> None:
    desk = run.desk
    outer, inner = await two_flows(desk)
    contact, later = await desk.contact("+15550001"), await desk.contact("+15550002")
    session = await run.begin(outer, contact)
    await publish(desk, inner, ANEW, do="exit")
    run.host.directories = Directories(desk.engine)
    await run.later()
    async with transaction(desk.engine, Scope.of(desk.tenant_id)) as db:
        inside = await store_sessions.as_sub_flow(db, desk.tenant_id, inner)
        own = await store_sessions.in_flight(db, desk.tenant_id, inner)
    assert [tuple(each) for each in inside] == [(2, "ask", "waiting", 1)]
    assert own == []

    await run.begin(outer, later)
    await run.host.receive([desk.arrived(contact, "well"), desk.arrived(later, "well")])
    rows = await desk.rows(contact_tags)
    tags = {key: {row.tag for row in rows if row.contact_id == key} for key in (contact, later)}
    assert tags == {contact: {"old", "done"}, later: {"new", "done"}}
    assert (await run.session(session)).status == "ended"
    versions = {(row.node, row.version) for row in await desk.rows(flow_steps) if row.flow_id == inner}
    assert versions == {("go", 2), ("ask", 2), ("old", 2), ("go", 3), ("other", 3), ("new", 3)}
