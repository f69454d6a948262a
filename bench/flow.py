"""Flows: how fast the engine runs on one core, and how long a step of a simulation takes through the API.

- `flow_steps`: nodes a second of the engine in one process, over whole sessions of a survey of the usual kind: a greeting
  with a value, a question, a branch on a condition, a tag, a wait, the goodbye.
- `flow_sessions`: those sessions a second, each begun, answered and ended, its state through JSON at every wait.
- `flow_read`: a document of 500 nodes read and checked.
- `simulation_step_p95`: a step of a simulation of 500 nodes, through the gateway's application in this process,
  with its database and its Valkey.
- `flow_advances`: sessions that replies advance, webhook to commit, through a whole hub (flow_inbound.py).
- `builder_…`: the same document in the builder (builder.py), where there are a browser and a built web app.
"""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from bench import builder, flow_inbound
from bench.common import figure, local_hub, note, quantile
from hub.conditions.predicate import Facts
from hub.errors import Unavailable
from hub.flows.definition import Flow, read
from hub.flows.engine import advance, begin_at
from hub.flows.inputs import Begin, Input, Reply, TimeUp
from hub.flows.session import Session
from hub.flows.world import Person, Tenant, World
from hub.ids import new_id
from hub.settings import Settings
from hub.tenancy import keys
from hub.tenancy.tree import NewTenant, create_tenant
from models.db import Scope, transaction

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SECONDS, SECONDS_QUICK = 8.0, 2.0
NODES = 500
STEPS, STEPS_QUICK = 300, 100
P95_MS_MAX = 50.0
VIP = {"rules": [{"field": "tag", "operator": "has", "value": "vip"}]}
SURVEY: dict[str, Any] = {
    "spec_version": 2,
    "nodes": [
        {"id": "start", "type": "start"},
        {
            "id": "hello",
            "type": "send",
            "data": {"content": {"type": "text", "text": "Hello {{ name }}, happy?"}},
        },
        {
            "id": "ask",
            "type": "ask",
            "data": {"kind": "choice", "choices": [{"name": "yes"}, {"name": "no"}], "save_as": "happy"},
        },
        {"id": "vip", "type": "branch", "data": {"cases": [{"name": "vip", "condition": VIP}]}},
        {"id": "tag", "type": "tag", "data": {"tag": "asked"}},
        {"id": "later", "type": "wait", "data": {"duration": {"amount": 1, "unit": "days"}}},
        {
            "id": "bye",
            "type": "send",
            "data": {"content": {"type": "text", "text": "You said {{ happy }}. Bye"}},
        },
    ],
    "edges": [
        {"source": "start", "target": "hello"},
        {"source": "hello", "target": "ask"},
        {"source": "ask", "port": "yes", "target": "vip"},
        {"source": "vip", "port": "vip", "target": "tag"},
        {"source": "tag", "target": "later"},
        {"source": "later", "target": "bye"},
    ],
}


def measure_all(quick: bool) -> list[dict[str, Any]]:
    note("the engine in this process")
    steps, sessions = engine(SECONDS_QUICK if quick else SECONDS)
    found = [
        figure("flow_steps", steps, "steps/s"),
        figure("flow_sessions", sessions, "sessions/s"),
        figure("flow_read", reading(), "ms"),
    ]
    p95 = stepping(STEPS_QUICK if quick else STEPS)
    found.append(figure("simulation_step_p95", p95, "ms", value_at_most=P95_MS_MAX))
    found += flow_inbound.measure_all(quick)
    try:
        return [*found, *builder.measure(large(), quick)]
    except Unavailable as why:
        note(f"the builder is left out: {why.detail}")
        return found


def engine(seconds: float) -> tuple[float, float]:
    """(nodes, sessions) a second."""
    flow, tenant = read(SURVEY), Tenant()
    steps = sessions = 0
    begin = perf_counter()
    while perf_counter() - begin < seconds:
        for _ in range(100):
            person = Person(UUID(int=sessions), {"name": "Ann"}, Facts(tags=frozenset({"vip"})))
            steps += _one(flow, World(tenant, person))
            sessions += 1
    taken = perf_counter() - begin
    return steps / taken, sessions / taken


def _one(flow: Flow, world: World) -> int:
    """A whole session; returns its steps."""
    session: Session | None = begin_at("bench", flow)
    now, steps = NOW, 0
    given: Input = Begin()
    while session is not None:
        sprint = advance(flow, session, given, now, random.Random(1), world)
        if sprint.status not in ("waiting", "ended"):
            raise RuntimeError(f"a session is {sprint.status}: {sprint.reason}")
        steps += len(sprint.steps)
        session = (
            None
            if sprint.session is None
            else Session.from_json(json.loads(json.dumps(sprint.session.to_json())))
        )
        if session is not None and session.waiting is not None:
            given = (
                Reply(text="yes") if session.waiting.kind == "reply" else TimeUp(token=session.waiting.token)
            )
            now += timedelta(days=2)
    return steps


def large() -> dict[str, Any]:
    """A document of 500 nodes: questions and texts one after the other."""
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    edges = [{"source": "start", "port": "next", "target": "n1"}]
    for nth in range(1, NODES):
        if nth % 2:
            data: dict[str, Any] = {"content": {"type": "text", "text": f"Question {nth}, {{{{ name }}}}?"}}
            nodes.append({"id": f"n{nth}", "type": "send", "data": data})
        else:
            nodes.append({"id": f"n{nth}", "type": "ask", "data": {"save_as": f"answer_{nth % 50}"}})
        if nth + 1 < NODES:
            edges.append(
                {"source": f"n{nth}", "port": "next" if nth % 2 else "answer", "target": f"n{nth + 1}"}
            )
    return {"spec_version": 2, "nodes": nodes, "edges": edges}


def reading() -> float:
    """Milliseconds to read the large document, the best of five: what else ran meanwhile is not the reader's."""
    document, taken = large(), []
    for _ in range(5):
        begin = perf_counter()
        read(document)
        taken.append(perf_counter() - begin)
    return min(taken) * 1_000


def stepping(count: int) -> float:
    """The 95th percentile of a step through the API, in milliseconds."""
    with local_hub(with_ray=False, with_gateway=False, with_carrier=False) as (_, settings):
        return quantile(asyncio.run(_stepping(settings, count)), 0.95)


async def _stepping(settings: Settings, count: int) -> list[float]:
    app = create_app(settings, connect_hub=False)
    async with app.router.lifespan_context(app):
        headers = {"Authorization": f"Bearer {await _program(app.state.engine)}"}
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as http:
            return await _steps(http, count)


async def _program(engine: AsyncEngine) -> str:
    """A tenant's key that may read flows."""
    key = keys.new_key()
    async with transaction(engine, Scope.nothing()) as db:
        tenant_id = await create_tenant(db, Scope.nothing(), None, NewTenant("Bench", "platform", "bench"))
        await db.execute(
            text(
                "INSERT INTO api_keys (tenant_id, id, name, key_hash, last4, scopes) "
                "VALUES (:tenant, :id, 'bench', :hash, :last4, '{campaigns:read}')"
            ),
            {"tenant": tenant_id, "id": new_id(), "hash": keys.hash_secret(key), "last4": key[-4:]},
        )
    return key


async def _steps(http: httpx2.AsyncClient, count: int) -> list[float]:
    """Milliseconds of each step: simulations begun, answered forty times, and begun anew."""
    taken: list[float] = []
    while len(taken) < count:
        made = await http.post("/v1/flow-simulations", json={"document": large(), "seed": len(taken)})
        step = f"/v1/flow-simulations/{made.raise_for_status().json()['id']}/step"
        for action in [{"do": "begin"}, *[{"do": "reply", "text": "as always"}] * 40]:
            begin = perf_counter()
            (await http.post(step, json={"action": action})).raise_for_status()
            taken.append((perf_counter() - begin) * 1_000)
    return taken
