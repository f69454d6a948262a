"""Defaults of queues as people set them, and what the tenants below make of them: over a real database."""

from __future__ import annotations

from hub.directory import load
from hub.ids import encode_id
from models.db import Scope, transaction
from tests.api.conftest import World
from tests.api.whole_hub import problem

PATH = "/v1/queue-defaults"
HOURS = {"time_zone": "Europe/Berlin", "week": {"monday": [{"start": "09:00", "end": "17:00"}]}}


async def test_a_tenant_below_inherits_what_it_does_not_set(world: World) -> None:
    async with (
        await world.sign_in("acme", "org_admin") as top,
        await world.sign_in("north", "supervisor") as boss,
    ):
        queue = (await boss.post("/v1/queues", json={"name": "Inheriting"})).json()
        nothing = await boss.get(PATH)
        assert (nothing.headers["etag"], nothing.json()["sources"]) == ('"0"', {})
        body = {"hours": HOURS, "service_levels": {"normal": {"first_response_s": 900}}, "locked": ["hours"]}
        problem(await top.put(PATH, json=body), 428, "precondition-required")
        made = await top.put(PATH, json=body, headers={"If-Match": '"0"'})
        assert made.status_code == 200, made.text
        problem(await top.put(PATH, json={}, headers={"If-Match": '"0"'}), 412, "stale")
        problem(await top.put(PATH, json={"hours": {}}, headers={"If-Match": '"1"'}), 422, "invalid")
        own = {"hours": {**HOURS, "time_zone": "UTC"}, "service_levels": {"normal": {"first_response_s": 60}}}
        seen = (await boss.put(PATH, json=own, headers={"If-Match": '"0"'})).json()
        assert seen["effective"]["hours"]["time_zone"] == "Europe/Berlin"
        assert (seen["sources"]["hours"]["locked"], seen["sources"]["service_levels"]["own"]) == (True, True)
        assert seen["own"]["hours"]["time_zone"] == "UTC"
    tenant_id = world.tenants["north"]
    async with transaction(world.app.state.engine, Scope.of(tenant_id)) as db:
        directory = await load(db, tenant_id)
    settings = {encode_id("que", key): each for key, each in directory.queue_settings.items()}[queue["id"]]
    assert settings.hours is not None
    assert (settings.hours.time_zone, settings.level(0).first_response_s) == ("Europe/Berlin", 60)
    async with await world.sign_in("north", "support_agent") as agent:
        problem(await agent.put(PATH, json={}, headers={"If-Match": '"1"'}), 403, "permission-missing")
