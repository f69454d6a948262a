"""A flow at work, by API: figures out of the rows, and real sessions on the draft."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.ids import decode_id, new_id
from models.conversations import messages
from models.db import Scope, insert_rows, transaction
from models.flow_runs import flow_sessions, flow_steps
from tests.api.test_flows import channel, document, ok
from tests.api.test_segments import plant

WAYS = {
    "Asha": [("start", "next"), ("hi", "next"), ("ask", ""), ("ask", "yes"), ("tag", "next")],
    "Ben": [("start", "next"), ("hi", "next"), ("ask", "")],
}


async def live_through(world: Any, flow_id: UUID, people: dict[str, str]) -> None:
    """Asha answered after a minute and is through; Ben waits."""
    tenant_id, begun = world.tenants["north"], datetime.now(UTC) - timedelta(hours=2)
    ids = {name: new_id() for name in WAYS}
    contacts = {name: decode_id("con", people[name]) for name in WAYS}
    async with transaction(world.app.state.engine, Scope.of(tenant_id)) as db:
        own = {"tenant_id": tenant_id, "flow_id": flow_id, "version": 1}
        rows = [
            {
                **own,
                "id": ids[name],
                "contact_id": contacts[name],
                "state": {"flow_id": flow_id.hex, "node": way[-1][0], "variables": {}, "origin": ""},
                "status": "ended" if name == "Asha" else "waiting",
                "node": way[-1][0],
                "started_at": begun,
                "ended_at": begun + timedelta(minutes=1) if name == "Asha" else None,
            }
            for name, way in WAYS.items()
        ]
        await insert_rows(db, flow_sessions, rows)
        steps = [
            {
                **own,
                "session_id": ids[name],
                "seq": nth,
                "node": node,
                "port": port,
                "at": begun + timedelta(minutes=nth > 2),
            }
            for name, way in WAYS.items()
            for nth, (node, port) in enumerate(way)
        ]
        await insert_rows(db, flow_steps, steps)
        line = (await db.execute(text("SELECT id FROM channels"))).scalar_one()
        said = {
            "tenant_id": tenant_id,
            "id": new_id(),
            "contact_id": contacts["Asha"],
            "channel_id": line,
            "channel_kind": "sms",
            "direction": "in",
            "origin": "contact",
            "address": "+447700900999",
            "body": "Yes",
            "status": "received",
            "created_at": begun + timedelta(seconds=50),
        }
        await insert_rows(db, messages, [said])


async def test_a_flow_at_work_and_its_sessions_on_the_draft(world: Any) -> None:
    await channel(world)
    people = await plant(world)
    async with await world.sign_in("north", "campaign_manager") as client:
        flow = await ok(await client.post("/v1/flows", json={"name": "Lived", "document": document()}), 201)
        at = f"/v1/flows/{flow['id']}"
        assert (await client.get(f"{at}/live")).status_code == 404
        await ok(await client.post(f"{at}/publish", json={}))
        await live_through(world, decode_id("flw", flow["id"]), people)

        found = await ok(await client.get(f"{at}/live"))
        assert [
            [each[name] for name in ("node", "entered", "passed", "waiting", "left")]
            for each in found["nodes"]
        ] == [["start", 2, 2, 0, 0], ["hi", 2, 2, 0, 0], ["ask", 2, 1, 1, 0], ["tag", 1, 1, 0, 1]]
        assert {(each["source"], each["port"]): each["count"] for each in found["ways"]} == {
            ("start", "next"): 2,
            ("hi", "next"): 2,
            ("ask", "yes"): 1,
            ("tag", "next"): 1,
        }
        assert (found["started"], found["inside"]) == (2, [{"version": 1, "sessions": 1}])
        late = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        assert (await ok(await client.get(f"{at}/live", params={"since": late})))["ways"] == []

        same = await ok(await client.post(f"{at}/replay", json={}))
        assert (same["played"], same["same"], same["changed"], same["unrepeatable"]) == (2, 2, [], 0)
        other = document()
        other["nodes"][2]["data"]["choices"][0]["name"] = "sure"
        other["edges"][2]["port"] = "sure"
        await ok(await client.put(f"{at}/draft", json={"document": other}, headers={"If-Match": "*"}))
        [changed] = (await ok(await client.post(f"{at}/replay", json={"days": 2})))["changed"]
        assert (changed["contact_id"], changed["contact_name"]) == (people["Asha"], "Asha")
        assert (changed["was"][2], changed["now"][2], changed["parted"]) == (
            ["ask", "yes"],
            ["ask", "other"],
            2,
        )
    async with await world.sign_in("north", "analyst") as client:
        assert (await client.get(f"{at}/live")).status_code == 200


async def test_everybody_who_is_stuck_is_in_one_list_over_all_flows(world: Any) -> None:
    await channel(world)
    people = await plant(world)
    tenant_id = world.tenants["north"]
    async with await world.sign_in("north", "campaign_manager") as client:
        made = [
            await ok(await client.post("/v1/flows", json={"name": name, "document": document()}), 201)
            for name in ("One", "Two")
        ]
        ids = [decode_id("flw", each["id"]) for each in made]
        contact = decode_id("con", people["Asha"])
        state = {"node": "hi", "variables": {}, "origin": ""}
        rows = [
            {
                "tenant_id": tenant_id,
                "id": new_id(),
                "flow_id": flow_id,
                "version": 1,
                "contact_id": contact,
                "state": {**state, "flow_id": flow_id.hex},
                "status": status,
                "node": "hi",
                "reason": "there is no attribute 'wish' any more" if status == "stuck" else "",
                "started_at": datetime.now(UTC),
            }
            for flow_id, status in (
                (ids[0], "stuck"),
                (ids[1], "stuck"),
                (ids[1], "stuck"),
                (ids[0], "waiting"),
            )
        ]
        async with transaction(world.app.state.engine, Scope.of(tenant_id)) as db:
            await insert_rows(db, flow_sessions, rows)
        found = await ok(await client.get("/v1/flow-sessions/stuck?limit=2"))
        assert [(each["name"], each["count"]) for each in found["flows"]] == [("Two", 2), ("One", 1)]
        assert ([each["flow_id"] for each in found["items"]], found["has_more"]) == (
            [made[1]["id"]] * 2,
            True,
        )
        last = found["items"][-1]["id"]
        (rest,) = (await ok(await client.get(f"/v1/flow-sessions/stuck?starting_after={last}")))["items"]
        assert (rest["flow_id"], rest["reason"]) == (made[0]["id"], "there is no attribute 'wish' any more")
