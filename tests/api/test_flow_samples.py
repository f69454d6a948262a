"""A simulation, and the flow's kept tests, know of the tenant what the hosts know."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import text

from hub.ids import decode_id
from models.db import Scope, transaction
from tests.api.test_flows import ok
from tests.api.test_segments import condition, plant


def flow_of(*nodes: dict[str, Any], **ports: str) -> dict[str, Any]:
    """A start and these nodes in a row, each reached by the port named for the one before it."""
    row = [{"id": "start", "type": "start"}, *nodes]
    names = [each["id"] for each in row]
    pairs = itertools.pairwise(names)
    edges = [{"source": a, "port": ports.get(a, "next"), "target": b} for a, b in pairs]
    return {"spec_version": 2, "nodes": row, "edges": edges}


async def begun(client: Any, body: dict[str, Any]) -> Any:
    """The first frame of a simulation."""
    made = await ok(await client.post("/v1/flow-simulations", json=body), 201)
    step = {"action": {"do": "begin"}}
    return (await ok(await client.post(f"/v1/flow-simulations/{made['id']}/step", json=step)))["last"]


async def test_a_value_that_its_attribute_refuses_leaves_it_stuck(world: Any) -> None:
    age = {"id": "set", "type": "set", "data": {"target": "attribute", "name": "age", "value": "abc"}}
    async with await world.sign_in("north", "org_admin") as client:
        attribute = {"key": "age", "type": "number", "label": "Age"}
        await ok(await client.post("/v1/attributes", json=attribute), 201)
        frame = await begun(client, {"document": flow_of(age)})
        assert (frame["status"], "age" in frame["reason"]) == ("stuck", True)


async def test_a_template_that_is_not_approved_leaves_it_stuck(world: Any) -> None:
    content = {"type": "template", "name": "winback", "language": "en", "text": "We miss you"}
    data = {"content": content, "channels": [{"channel": "whatsapp"}]}
    async with await world.sign_in("north", "campaign_manager") as client:
        frame = await begun(client, {"document": flow_of({"id": "send", "type": "send", "data": data})})
        assert (frame["status"], "winback" in frame["reason"]) == ("stuck", True)


async def test_a_sample_is_in_its_segments_and_leaves_those_it_can_leave(world: Any) -> None:
    people = await plant(world)
    async with await world.sign_in("north", "org_admin") as client:

        async def segment(name: str, **how: Any) -> str:
            made = await ok(await client.post("/v1/segments", json={"name": name, **how}), 201)
            return str(made["id"])

        listed = await segment("Listed", kind="static")
        ids = {
            "listed": listed,
            "vip": await segment(
                "Vips", condition=condition({"field": "tag", "operator": "has", "value": "vip"})
            ),
            "told": await segment(
                "Unreached", condition=condition({"field": "last_inbound_at", "operator": "null"})
            ),
        }
        tenant = world.tenants["north"]
        async with transaction(world.app.state.engine, Scope.of(tenant)) as db:
            await db.execute(
                text("INSERT INTO segment_members (tenant_id, segment_id, contact_id) VALUES (:t, :s, :c)"),
                {"t": tenant, "s": decode_id("seg", listed), "c": decode_id("con", people["Asha"])},
            )

        def branch(name: str, of: str) -> dict[str, Any]:
            rule = {"field": "segment", "operator": "in", "value": ids[of]}
            return {
                "id": name,
                "type": "branch",
                "data": {"cases": [{"name": "yes", "condition": condition(rule)}]},
            }

        tag = {"id": "tag", "type": "tag", "data": {"tag": "vip", "remove": True}}
        document = flow_of(
            branch("a", "listed"), branch("b", "told"), branch("c", "vip"), tag, branch("d", "vip"),
            a="yes", b="yes", c="yes",
        )  # fmt: skip
        frame = await begun(client, {"document": document, "contact_id": people["Asha"]})
        assert [port for _, port in frame["steps"]] == ["next", "yes", "yes", "yes", "next", "other"]
        frame = await begun(client, {"document": document, "contact_id": people["Chen"]})
        assert frame["steps"][-1] == ["a", "other"]
        made = {"name": "Made", "tags": ["vip"]}
        frame = await begun(client, {"document": flow_of(branch("c", "vip")), "contact": made})
        assert frame["steps"][-1] == ["c", "yes"]


async def test_a_winner_holds_in_the_simulation_and_in_the_tests_of_the_flow(world: Any) -> None:
    arms = [{"name": name, "weight": 1} for name in "AB"]
    split = {"id": "x", "type": "split", "data": {"arms": arms, "test": {"goal": "ordered"}}}
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json={"name": "Won", "document": flow_of(split)}), 201)
        at, body = f"/v1/flows/{flow['id']}", {"flow_id": flow["id"]}
        await ok(await client.post(f"{at}/publish", json={}))
        first = (await begun(client, body))["steps"][-1][1]
        other = "B" if first == "A" else "A"
        await ok(
            await client.post(
                f"{at}/experiments/x/decision", json={"kind": "winner", "arm": other, "reason": ""}
            )
        )
        assert (await begun(client, body))["steps"][-1] == ["x", other]
        run = {
            "actions": [{"do": "begin"}],
            "expect": [{"status": "ended", "steps": [["start", "next"], ["x", other]]}],
        }
        await ok(await client.post(f"{at}/tests", json={"name": "the winner", "run": run}), 201)
        await ok(await client.post(f"{at}/publish", json={}))


async def test_a_call_has_a_price_also_where_nothing_is_sent(world: Any) -> None:
    call = {"id": "call", "type": "call", "data": {}}
    async with await world.sign_in("north", "campaign_manager") as client:
        contact = {"name": "Ann", "phone": "+447700900001"}
        frame = await begun(client, {"document": flow_of(call), "contact": contact})
        assert frame["effects"][0]["type"] == "place_call"
        ((cost),) = frame["costs"]
        assert (cost["effect"], cost["channel"]) == (0, "voice")
