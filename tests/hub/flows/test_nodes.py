"""Every node type by its cases: the node between a start and one end a port, inputs one after the other, what comes out.

A case: `data` of the node, `on_call`, `given` inputs (after the first run), `contact`, `variables`, `now`, and `expect`: `leaves` (its
port, or null where it stays), `effects` of the whole run, `variables`, `waits`, `status`, `reason`.
"""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from hub.conditions.catalog import AttributeSpec, contact_catalog
from hub.conditions.predicate import Facts, facts_of_attributes
from hub.flows import effects
from hub.flows.definition import Flow, read
from hub.flows.engine import advance, begin_at
from hub.flows.inputs import INPUT, Begin, TimeUp
from hub.flows.nodes import NODES
from hub.flows.world import Person, Tenant, World

CASES = Path(__file__).parent / "cases"
FILES = sorted(CASES.glob("*/*.json"))
OTHER = {
    "spec_version": 2,
    "nodes": [{"id": "s", "type": "start"}, {"id": "t", "type": "tag", "data": {"tag": "inner"}}],
}
SUB_FLOW = UUID(int=7)


def flow_of(case: dict[str, Any], kind: str) -> Flow:
    ports = NODES[kind].model_validate(case["data"]).out_ports()
    nodes = [{"id": "it", "type": kind, "data": case["data"]}]
    edges = []
    if kind != "start":
        nodes.append({"id": "start", "type": "start", "data": case.get("start", {})})
        edges.append({"source": "start", "target": "it"})
    for port in ports:
        nodes.append({"id": f"→{port}", "type": "end", "data": {}})
        edges.append({"source": "it", "port": port, "target": f"→{port}"})
    return read({"spec_version": 2, "nodes": nodes, "edges": edges})


def world_of(case: dict[str, Any]) -> World:
    contact = case.get("contact", {})
    attributes = contact.get("attributes", {})
    catalog = contact_catalog([AttributeSpec("city", "City", "text"), AttributeSpec("age", "Age", "number")])
    inner = read(OTHER | {"edges": [{"source": "s", "target": "t"}]})
    tenant = Tenant(catalog=catalog, flows={SUB_FLOW.hex: inner}, zone=ZoneInfo("Europe/Berlin"))
    profile = {"name": contact.get("name", "Ann"), **attributes}
    facts = Facts(
        values={"name": profile["name"], **facts_of_attributes(attributes)},
        tags=frozenset(contact.get("tags", ())),
    )
    zone = ZoneInfo(contact["zone"]) if "zone" in contact else None
    return World(tenant, Person(UUID(int=contact.get("id", 1)), profile, facts, zone))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_node_does_what_its_case_says(path: Path) -> None:
    case, kind = json.loads(path.read_text()), path.parent.name
    flow, world, rng = flow_of(case, kind), world_of(case), random.Random(1)
    now = datetime.fromisoformat(case.get("now", "2026-03-02T10:00:00+00:00"))
    session = begin_at("ab", flow, on_call=case.get("on_call", False))
    given: Any = Begin(values=case.get("begin", {}))
    done: list[dict[str, Any]] = []
    steps: list[Any] = []
    for raw in [None, *case.get("given", [])]:
        if raw is not None:
            assert session is not None, "the flow has ended before the last input"
            now = datetime.fromisoformat(raw.pop("at")) if "at" in raw else now
            token = session.waiting.token if session.waiting else 0
            given = INPUT.validate_python(
                raw if raw["type"] not in ("time_up", "webhook", "delivery") else {"token": token, **raw}
            )
            if isinstance(given, TimeUp) and session.waiting and session.waiting.until:
                now = max(now, session.waiting.until)
        sprint = advance(flow, session, given, now, rng, world)
        session = sprint.session
        done += [effects.to_json(effect) for effect in sprint.effects]
        steps += [step for step in sprint.steps if step.node == "it"]
    found = {
        "leaves": steps[-1].port or None,
        "effects": done,
        "variables": dict(session.variables) if session else None,
        "waits": session.waiting.kind if session and session.waiting else None,
        "until": session.waiting.until.isoformat()
        if session and session.waiting and session.waiting.until
        else None,
        "status": sprint.status,
        "reason": sprint.reason,
    }
    expected = case["expect"]
    assert {name: found[name] for name in expected} == expected


def test_every_node_type_has_cases() -> None:
    assert {path.parent.name for path in FILES} == set(NODES)


@pytest.mark.parametrize("kind", NODES)
def test_a_node_type_explains_itself(kind: str) -> None:
    node = NODES[kind]
    assert (node.__doc__ or "").strip()
    assert node.title
    assert node.group
    assert json.dumps(node.model_json_schema())
