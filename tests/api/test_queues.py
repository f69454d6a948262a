"""Queues and agents as people set them up, and presence: without actor hosts, over a real database and Redis."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import encode_id, new_id
from models.db import Scope, transaction
from models.tenancy import users
from tests.api.conftest import World
from tests.api.whole_hub import problem

HOURS = {"time_zone": "Europe/Berlin", "week": {"monday": [{"start": "09:00", "end": "17:00"}]}}


async def test_a_queue_is_made_changed_by_who_saw_it_and_put_away(world: World) -> None:
    async with await world.sign_in("north", "supervisor") as boss:
        other = (await boss.post("/v1/queues", json={"name": "Spare"})).json()
        member = encode_id("usr", world.users["north", "support_agent"])
        settings: dict[str, Any] = {
            "skills": {"german": 3},
            "hours": HOURS,
            "service_levels": {"normal": {"first_response_s": 300}},
            "overflow": {"wait_s": 120, "queue_id": other["id"]},
        }
        made = await boss.post(
            "/v1/queues", json={"name": "Care", "settings": settings, "member_ids": [member]}
        )
        assert made.status_code == 201, made.text
        care = made.json()
        path = f"/v1/queues/{care['id']}"
        assert care["settings"]["overflow"] == settings["overflow"]
        assert [each["id"] for each in care["members"]] == [member]
        problem(await boss.post("/v1/queues", json={"name": "Care"}), 409, "queue-exists")
        problem(await boss.patch(path, json={"name": "Help"}), 428, "precondition-required")
        seen = made.headers["etag"]
        changed = await boss.patch(
            path,
            json={"settings": {**settings, "accept_s": 45}, "member_ids": []},
            headers={"If-Match": seen},
        )
        assert (changed.json()["settings"]["accept_s"], changed.json()["members"]) == (45, [])
        problem(await boss.patch(path, json={"name": "Help"}, headers={"If-Match": seen}), 412, "stale")
        problem(await boss.delete(f"/v1/queues/{other['id']}"), 409, "queue-in-use")
        assert (await boss.get("/v1/skills")).json()["items"] == ["german"]
        stats = (await boss.get(f"{path}/stats")).json()
        assert (stats["waiting"], stats["estimated_wait_s"], stats["agents_online"]) == (0, None, 0)
        assert (await boss.delete(path)).status_code == 204
        assert "Care" not in [each["name"] for each in (await boss.get("/v1/queues")).json()["items"]]
        away = (await boss.get("/v1/queues?archived=true")).json()["items"]
        assert [each["name"] for each in away] == ["Care"]
        back = await boss.patch(path, json={"archived": False}, headers={"If-Match": "*"})
        assert back.json()["archived_at"] is None


async def test_queues_are_listed_of_the_tree_below_or_of_the_acting_tenant_alone(world: World) -> None:
    async with (
        await world.sign_in("acme", "supervisor") as above,
        await world.sign_in("north", "supervisor") as below,
    ):
        mine = (await above.post("/v1/queues", json={"name": "Ours"})).json()
        theirs = (await below.post("/v1/queues", json={"name": "Theirs"})).json()
        everything = (await above.get("/v1/queues")).json()["items"]
        assert [(each["id"], each["tenant_id"]) for each in everything] == [
            (mine["id"], encode_id("ten", world.tenants["acme"])),
            (theirs["id"], encode_id("ten", world.tenants["north"])),
        ]
        own = (await above.get("/v1/queues?own=true")).json()["items"]
        assert [each["id"] for each in own] == [mine["id"]]


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"hours": {**HOURS, "time_zone": "Mars"}}, "/settings/hours/time_zone"),
        ({"skills": {"german": 9}}, "/settings/skills/german"),
        ({"accept_s": 1}, "/settings/accept_s"),
        ({"strategy": "lottery"}, "/settings/strategy"),
        ({"service_levels": {"asap": {}}}, "/settings/service_levels/asap/[key]"),
        ({"overflow": {"wait_s": 60, "queue_id": encode_id("que", new_id())}}, "/settings/overflow/queue_id"),
        ({"nobody": 1}, "/settings/nobody"),
    ],
)
async def test_what_is_wrong_is_named(world: World, wanted: dict[str, Any], pointer: str) -> None:
    async with await world.sign_in("north", "supervisor") as boss:
        answer = await boss.post("/v1/queues", json={"name": "Care", "settings": wanted})
        assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == pointer


async def test_a_queue_does_not_hand_over_to_itself(world: World) -> None:
    async with await world.sign_in("north", "supervisor") as boss:
        made = (await boss.post("/v1/queues", json={"name": "Ring"})).json()
        settings = {"overflow": {"wait_s": 60, "queue_id": made["id"]}}
        answer = await boss.patch(
            f"/v1/queues/{made['id']}", json={"settings": settings}, headers={"If-Match": "*"}
        )
        assert problem(answer, 422, "invalid")["errors"][0]["pointer"] == "/settings/overflow/queue_id"


async def test_who_may_what(world: World) -> None:
    async with await world.sign_in("north", "support_agent") as agent:
        assert (await agent.get("/v1/queues")).status_code == 200
        problem(await agent.post("/v1/queues", json={"name": "Mine"}), 403, "permission-missing")
        somebody = encode_id("usr", world.users["north", "supervisor"])
        answer = await agent.put(f"/v1/agents/{somebody}/presence", json={"status": "away"})
        problem(answer, 403, "forbidden")
    async with await world.sign_in("north", "supervisor") as boss:
        made = (await boss.post("/v1/queues", json={"name": "Ours"})).json()
    async with await world.sign_in("rival", "supervisor") as rival:
        problem(await rival.get(f"/v1/queues/{made['id']}"), 404, "not-found")
        problem(await rival.delete(f"/v1/queues/{made['id']}"), 404, "not-found")


async def test_agents_have_skills_room_and_presence(world: World) -> None:
    async with await world.sign_in("north", "support_agent") as agent:
        assert (await agent.get("/v1/me/presence")).json() == {"status": "offline"}
        assert (await agent.put("/v1/me/presence", json={"status": "busy"})).status_code == 200
        assert (await agent.get("/v1/me/presence")).json() == {"status": "busy"}
    async with await world.sign_in("north", "supervisor") as boss:
        found = {each["id"]: each for each in (await boss.get("/v1/agents")).json()["items"]}
        me = encode_id("usr", world.users["north", "support_agent"])
        assert set(found) == {me, encode_id("usr", world.users["north", "supervisor"])}
        assert (found[me]["presence"], found[me]["capacity"], found[me]["version"]) == ("busy", 5, 0)
        path, change = f"/v1/agents/{me}", {"capacity": 3, "skills": {"german": 4}, "weights": {"voice": 3}}
        changed = await boss.put(path, json=change, headers={"If-Match": '"0"'})
        assert changed.json()["skills"] == {"german": 4}
        problem(await boss.put(path, json=change, headers={"If-Match": '"0"'}), 412, "stale")


async def test_a_bot_is_an_agent_through_the_api(world: World, engine: AsyncEngine) -> None:
    async with await world.sign_in("north", "supervisor") as boss:
        bot = (await boss.post("/v1/agents", json={"name": "Order bot", "capacity": 20})).json()
    admin = users.c.id == world.users["north", "sub_org_admin"]
    async with transaction(engine, Scope.of(world.tenants["north"])) as db:
        await db.execute(update(users).where(admin).values(roles=["sub_org_admin", "supervisor"]))
    async with await world.program("north", "inbox:write", "inbox:read", role="sub_org_admin") as program:
        path = f"/v1/agents/{bot['id']}"
        assert (await program.put(f"{path}/presence", json={"status": "online"})).status_code == 200
        assert (await program.get(path)).json()["presence"] == "online"
        assert (await program.put(f"{path}/presence", json={"status": "offline"})).status_code == 200
        assert (await program.get(path)).json()["presence"] == "offline"
        problem(await program.put("/v1/me/presence", json={"status": "online"}), 403, "forbidden")
