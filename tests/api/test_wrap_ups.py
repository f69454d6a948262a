"""Wrap-up codes by the API: set as a whole, chosen at closing, told by the timeline."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from hub.ids import encode_id, new_id
from hub.settings import Settings
from models.db import Scope, transaction
from tests.api.conftest import World
from tests.api.test_isolation import InProcess

PATH = "/v1/wrap-up-codes"


async def test_a_conversation_is_closed_with_what_became_of_it(
    world: World, engine: AsyncEngine, settings: Settings
) -> None:
    world.app.state.hub = hub = InProcess(settings)
    tenant, contact_id = world.tenants["north"], new_id()
    async with transaction(engine, Scope.of(tenant)) as db:
        for statement in (
            "INSERT INTO contacts (tenant_id, id, name) VALUES (:tenant, :id, 'Asha')",
            "INSERT INTO conversations (tenant_id, contact_id, status) VALUES (:tenant, :id, 'open')",
        ):
            await db.execute(text(statement), {"tenant": tenant, "id": contact_id})
    close = f"/v1/conversations/{encode_id('cnv', contact_id)}/close"
    async with await world.sign_in("north", "supervisor") as http:
        assert (await http.get(PATH)).headers["etag"] == '"0"'
        body = {"codes": ["Solved", "  Not a   customer "], "required": True}
        put = await http.put(PATH, json=body, headers={"If-Match": '"0"'})
        assert (put.status_code, put.json()["codes"]) == (200, ["Solved", "Not a customer"]), put.text
        assert (await http.put(PATH, json=body, headers={"If-Match": '"0"'})).status_code == 412
        for wrong in ({}, {"wrap_up": "Eaten"}):
            refused = await http.post(close, json=wrong)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/wrap_up")
        assert (await http.post(close)).status_code == 422
        closed = await http.post(close, json={"wrap_up": "solved"})
        assert closed.json()["status"] == "closed", closed.text
        timeline = f"/v1/contacts/{encode_id('con', contact_id)}/timeline?kinds=closed"
        (entry,) = (await http.get(timeline)).json()["items"]
        assert entry["data"] == {"wrap_up": "Solved"}
    async with await world.sign_in("north", "support_agent") as agent:
        assert (await agent.get(PATH)).json()["required"] is True
        assert (await agent.put(PATH, json=body, headers={"If-Match": "*"})).status_code == 403
    await hub.close()
